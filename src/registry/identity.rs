//! Which network id a facility's local id stands for.

use jiff::Timestamp;

use super::{Fact, Merge, RecordId, Registry};
use crate::envelope::Identifying;

/// Most merges that are followed from one local id to the next: more is a cycle that was not refused.
const MERGES_MAX: usize = 32;

/// Whom a facility's local id stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity<'r> {
    /// The card was shown there.
    Linked {
        /// Network id.
        network_id: &'r Identifying,
        /// The link.
        link: &'r RecordId,
    },
    /// No link is in force: only the facility knows who it is.
    Unlinked,
    /// Links to several network ids are in force, after a merge of records that were linked to different ones: nobody
    /// can say who it is.
    Ambiguous,
}

/// The local ids that a fact is found by.
pub(super) fn local_ids(fact: &Fact) -> Vec<&Identifying> {
    match fact {
        Fact::Link(link) => vec![&link.local_id],
        Fact::Merge(merge) | Fact::Unmerge(merge) => vec![&merge.former, &merge.into],
        Fact::Removal(removal) => vec![&removal.local_id],
        _ => Vec::new(),
    }
}

impl Registry {
    /// Whom a facility's local id stands for at that time. A merge moves the links of the record that is no more to the
    /// one that stays.
    pub fn identity(&self, facility: &str, local_id: &str, at: Timestamp) -> Identity<'_> {
        let mut found = Identity::Unlinked;
        for id in self.one_person(facility, local_id, at) {
            for (link_id, fact) in self.of_local_id(facility, &id) {
                let Fact::Link(link) = fact else { continue };
                let counts = link.local_id.0 == id
                    && link.period.holds(at)
                    && !self.is_removed(facility, &id, link.period.from, at);
                match &found {
                    _ if !counts => {}
                    Identity::Linked { network_id, .. } if network_id.0 != link.network_id.0 => {
                        return Identity::Ambiguous;
                    }
                    Identity::Linked { .. } => {}
                    _ => found = Identity::Linked { network_id: &link.network_id, link: link_id },
                }
            }
        }
        found
    }

    /// All local ids of a facility that stand for the same person, this one first: those that were merged into one
    /// record with it.
    pub fn one_person(&self, facility: &str, local_id: &str, at: Timestamp) -> Vec<String> {
        let mut ids = vec![local_id.to_owned()];
        let mut next = 0;
        while let Some(id) = ids.get(next).cloned().filter(|_| next < MERGES_MAX) {
            for other in self.merged_with(facility, &id, at) {
                if !ids.contains(&other) {
                    ids.push(other);
                }
            }
            next += 1;
        }
        ids
    }

    /// The merges that lead from one local id of a person to another.
    pub(super) fn merges_to(
        &self,
        facility: &str,
        local_id: &str,
        other: &str,
        at: Timestamp,
    ) -> Vec<RecordId> {
        // Each id with the one that it was reached from.
        let mut reached = vec![(local_id.to_owned(), None)];
        let mut next = 0;
        while let Some((id, _)) = reached.get(next).cloned().filter(|_| next < MERGES_MAX) {
            for joined in self.merged_with(facility, &id, at) {
                if !reached.iter().any(|(known, _)| *known == joined) {
                    reached.push((joined, Some(next)));
                }
            }
            next += 1;
        }
        let mut merges = Vec::new();
        let mut here = reached.iter().position(|(id, _)| id == other);
        while let Some((id, Some(before))) = here.and_then(|here| reached.get(here)) {
            let from = reached.get(*before).map_or("", |(id, _)| id.as_str());
            let joins = |merge: &Merge| {
                merge.at <= at
                    && [(&*merge.former.0, &*merge.into.0), (&*merge.into.0, &*merge.former.0)]
                        .contains(&(id.as_str(), from))
            };
            let of_pair = self
                .of_local_id(facility, id)
                .filter(|(_, fact)| matches!(fact, Fact::Merge(merge) if joins(merge)));
            merges.extend(of_pair.map(|(id, _)| id.clone()).last());
            here = Some(*before);
        }
        merges
    }

    /// Whether the two records of a merge are one.
    pub(super) fn are_joined(&self, merge: &Merge, at: Timestamp) -> bool {
        self.merged_with(&merge.facility, &merge.former.0, at).contains(&merge.into.0)
    }

    /// The other sides of merges that are in force: the last word on a pair of ids counts.
    fn merged_with(&self, facility: &str, local_id: &str, at: Timestamp) -> Vec<String> {
        let mut last: Vec<(String, Timestamp, bool)> = Vec::new();
        for (_, fact) in self.of_local_id(facility, local_id) {
            let (merge, joins) = match fact {
                Fact::Merge(merge) => (merge, true),
                Fact::Unmerge(merge) => (merge, false),
                _ => continue,
            };
            let other = if merge.former.0 == local_id { &merge.into.0 } else { &merge.former.0 };
            if merge.at > at {
                continue;
            }
            match last.iter_mut().find(|(known, ..)| known == other) {
                Some(word) if word.1 <= merge.at => (word.1, word.2) = (merge.at, joins),
                Some(_) => {}
                None => last.push((other.clone(), merge.at, joins)),
            }
        }
        last.into_iter().filter(|(.., joins)| *joins).map(|(other, ..)| other).collect()
    }

    /// Whether the facility's record was removed after that link was made.
    fn is_removed(&self, facility: &str, local_id: &str, since: Timestamp, at: Timestamp) -> bool {
        self.of_local_id(facility, local_id).any(
            |(_, fact)| matches!(fact, Fact::Removal(removal) if removal.at >= since && removal.at <= at),
        )
    }
}
