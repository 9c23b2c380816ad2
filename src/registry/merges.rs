//! Merges of a facility's local ids, and where they contradict each other.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::{Fact, Merge, RecordId, Registry, identity};

/// Records that can't be as they are told.
#[derive(Debug, Default)]
pub(super) struct Contradictions {
    /// Merges that lead from an id over others back to it.
    pub(super) cycles: BTreeSet<RecordId>,
    /// Unmerges of what is not merged then.
    pub(super) unfounded: BTreeSet<RecordId>,
}

/// The ids that are no more, each with those that stay in its place and the record that says so.
type Ways<'r> = BTreeMap<&'r str, Vec<(&'r str, &'r RecordId)>>;

impl Registry {
    /// All local ids that this one was ever merged with, over others too, itself first; what is in `seen` is passed
    /// over, and what is found goes there.
    pub(super) fn ever_merged(
        &self,
        facility: &str,
        id: &str,
        seen: &mut HashSet<(String, String)>,
    ) -> Vec<String> {
        let mut found = Vec::new();
        let mut next = vec![id.to_owned()];
        while let Some(id) = next.pop() {
            if !seen.insert((facility.to_owned(), id.clone())) {
                continue;
            }
            for (_, fact) in self.of_local_id(facility, &id) {
                if let Fact::Merge(_) | Fact::Unmerge(_) = fact {
                    next.extend(identity::local_ids(fact).into_iter().map(|id| id.0.clone()));
                }
            }
            found.push(id);
        }
        found
    }

    /// Follows the merges among these local ids in the order of their times.
    pub(super) fn contradictions(&self, facility: &str, ids: &[String]) -> Contradictions {
        let mut told = BTreeMap::new();
        for (id, fact) in ids.iter().flat_map(|id| self.of_local_id(facility, id)) {
            if let Fact::Merge(merge) | Fact::Unmerge(merge) = fact {
                told.insert((merge.at, self.by_id.get(id)), (id, fact, merge));
            }
        }
        let mut found = Contradictions::default();
        let mut ways = Ways::new();
        for (id, fact, merge) in told.into_values() {
            if matches!(fact, Fact::Unmerge(_)) {
                if !part(&mut ways, merge) {
                    found.unfounded.insert(id.clone());
                }
                continue;
            }
            if let Some(back) = way(&ways, &merge.into.0, &merge.former.0) {
                found.cycles.extend(back.into_iter().chain([id]).cloned());
            }
            ways.entry(&merge.former.0).or_default().push((&merge.into.0, id));
        }
        found
    }
}

/// Takes the merges of a pair of ids out, whichever of them stayed; whether there was one.
fn part(ways: &mut Ways<'_>, merge: &Merge) -> bool {
    let mut parted = false;
    for (former, into) in [(&merge.former.0, &merge.into.0), (&merge.into.0, &merge.former.0)] {
        let Some(to) = ways.get_mut(former.as_str()) else { continue };
        let before = to.len();
        to.retain(|(id, _)| id != into);
        parted |= to.len() < before;
    }
    parted
}

/// The records that lead from one id to the other, if they do.
fn way<'r>(ways: &Ways<'r>, from: &str, to: &str) -> Option<Vec<&'r RecordId>> {
    let mut seen = BTreeSet::new();
    let mut next = vec![(from, Vec::new())];
    while let Some((id, records)) = next.pop() {
        if id == to {
            return Some(records);
        }
        if !seen.insert(id) {
            continue;
        }
        for (into, record) in ways.get(id).into_iter().flatten() {
            next.push((into, records.iter().copied().chain([*record]).collect()));
        }
    }
    None
}
