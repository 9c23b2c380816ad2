//! Whether a batch of entries may go into the log: all of it, or nothing.

mod alone;
mod together;

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::{Entry, Fact, RecordId, Registry, identity};

/// Why an entry of a batch can't be taken, and with it the batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Place of the entry in the batch, from 0.
    pub index: usize,
    /// A stable word for the reason, such as `unknown-facility`.
    pub code: Cow<'static, str>,
    /// For people: what is wrong and what to do; no patient data.
    pub reason: Cow<'static, str>,
    /// Place of the other entry of the batch that it contradicts, if that is where the other one is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<usize>,
}

/// A code and its reason.
type Why = (&'static str, &'static str);

impl Refusal {
    const fn new(index: usize, (code, reason): Why, other: Option<usize>) -> Self {
        Self { index, code: Cow::Borrowed(code), reason: Cow::Borrowed(reason), other }
    }
}

impl Registry {
    /// Whether all of a batch may be taken, seen with what is known and with the rest of the batch, whose order does not
    /// matter. What is known already is passed over ([`news`](Self::news) leaves it out).
    ///
    /// # Errors
    ///
    /// All that is wrong with it; then nothing of it may be taken.
    pub fn check(&self, batch: &[Entry]) -> Result<(), Vec<Refusal>> {
        let (new, conflicts) = self.sift(batch);
        let mut refusals = conflicts;
        for (index, id) in &new {
            let Some(entry) = batch.get(*index) else { continue };
            let wrong = alone::check(entry, self.record(id)).into_iter();
            refusals.extend(wrong.map(|why| Refusal::new(*index, why, None)));
        }
        let unsound: HashSet<_> = refusals.iter().map(|refusal| refusal.index).collect();
        refusals
            .extend(together::check(self, batch, &new).into_iter().filter(|r| !unsound.contains(&r.index)));
        refusals.sort_by_key(|refusal| refusal.index);
        if refusals.is_empty() { Ok(()) } else { Err(refusals) }
    }

    /// What of a batch is not known yet, in its order: this is what goes into the log.
    pub fn news(&self, batch: Vec<Entry>) -> Vec<Entry> {
        let new: BTreeSet<_> = self.sift(&batch).0.into_iter().map(|(index, _)| index).collect();
        let entries = batch.into_iter().enumerate().filter(|(index, _)| new.contains(index));
        entries.map(|(_, entry)| entry).collect()
    }

    /// Whether an entry says nothing new: it is as the record stands, or word for word an earlier version of it. A file
    /// that is imported again does not undo what was said since.
    fn is_known(&self, id: &RecordId, entry: &Entry) -> bool {
        let same =
            |known: &Entry| known.fact == entry.fact && known.who == entry.who && known.why == entry.why;
        self.record(id).is_some_and(|known| known.fact == entry.fact) || self.history(id).iter().any(same)
    }

    /// The entries that say something new, and those of which another one of the batch says something else.
    fn sift(&self, batch: &[Entry]) -> (Vec<(usize, RecordId)>, Vec<Refusal>) {
        let (mut new, mut conflicts) = (Vec::new(), Vec::new());
        let mut told: HashMap<RecordId, (usize, &Fact)> = HashMap::with_capacity(batch.len());
        for (index, entry) in batch.iter().enumerate() {
            let id = entry.fact.record_id();
            match told.get(&id) {
                Some((_, fact)) if **fact == entry.fact => {}
                Some((first, _)) => conflicts.push(Refusal::new(index, CONFLICT, Some(*first))),
                None => {
                    told.insert(id.clone(), (index, &entry.fact));
                    if !self.is_known(&id, entry) {
                        new.push((index, id));
                    }
                }
            }
        }
        (new, conflicts)
    }

    /// A registry of the records that facts have to do with, so that a batch can be tried on it.
    fn around<'f>(&self, facts: impl Iterator<Item = &'f Fact>) -> Self {
        let mut places: BTreeSet<u32> = BTreeSet::new();
        let mut seen = HashSet::new();
        for fact in facts {
            let of_network_id = fact.network_id().and_then(|id| self.by_network_id.get(&id.0));
            places.extend(of_network_id.into_iter().flatten());
            for facility in codes(fact).filter_map(|code| self.by_facility.get(code)) {
                places.extend(&facility.own);
            }
            let Some((code, facility)) =
                fact.facility().and_then(|code| self.by_facility.get_key_value(code))
            else {
                continue;
            };
            for id in identity::local_ids(fact) {
                for id in self.ever_merged(code, &id.0, &mut seen) {
                    places.extend(facility.by_local_id.get(&id).into_iter().flatten());
                }
            }
        }
        let mut around = Self::default();
        for record in places.into_iter().filter_map(|place| self.records.get(place as usize)) {
            record.versions.iter().cloned().for_each(|version| around.put(record.id.clone(), version));
        }
        around
    }
}

/// The facilities that a fact names.
fn codes(fact: &Fact) -> impl Iterator<Item = &str> {
    let with = if let Fact::Contract(contract) = fact { contract.with.as_deref() } else { None };
    fact.facility().into_iter().chain(with)
}

const CONFLICT: Why = ("conflict", "another row tells of the same record and says something else");

#[cfg(test)]
mod tests;
