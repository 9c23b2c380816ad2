//! Facilities, patients and what they consented to: the view that routing and delivery ask.
//!
//! The registry is a fold over a log of [`Entry`]s: the same entries in the same order give the same view, so every
//! process that follows the log has the same one. Nothing is ever removed: an entry with the identity of a record that
//! is there ([`Fact::record_id`]) is a new version of it, and the history is all versions.
//!
//! Pure: no I/O, no clock; the time at which a question is asked is handed in.

mod basis;
mod consent;
mod entry;
mod fact;
mod identity;
mod period;
mod view;

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;

pub use basis::{Basis, Purpose, Sensitivity};
pub use consent::{Answer, Asked, Grant};
pub use entry::{Entry, RecordId};
pub use fact::{
    Area, Contract, ContractKind, EmergencyAccess, Facility, FacilityRole, Fact, Link, Member, Membership,
    Merge, Removal, SensitiveConsent, ViewConsent,
};
pub use identity::Identity;
pub use period::Period;
pub use view::View;

/// The view: all entries, folded.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    /// Records with their versions, the last one in force.
    records: HashMap<RecordId, Vec<Entry>>,
    by_network_id: HashMap<String, Vec<RecordId>>,
    by_facility: HashMap<String, Vec<RecordId>>,
    /// Links, merges and removals of a facility's local id.
    by_local_id: HashMap<(String, String), Vec<RecordId>>,
    /// Instants at which a record comes into force or ends.
    boundaries: BTreeSet<Timestamp>,
    revision: u64,
}

impl Registry {
    /// Takes the next entry of the log. What an entry may say is checked before it is written there; here nothing is
    /// refused, so that all who follow the log agree.
    pub fn apply(&mut self, entry: Entry) {
        self.revision += 1;
        let id = entry.fact.record_id();
        let period = entry.fact.period();
        self.boundaries.extend([period.from].into_iter().chain(period.until));
        let versions = self.records.entry(id.clone()).or_default();
        if versions.is_empty() {
            if let Some(network_id) = entry.fact.network_id() {
                self.by_network_id.entry(network_id.0.clone()).or_default().push(id.clone());
            }
            if let Some(facility) = entry.fact.facility() {
                self.by_facility.entry(facility.to_owned()).or_default().push(id.clone());
                for local_id in identity::local_ids(&entry.fact) {
                    let key = (facility.to_owned(), local_id.0.clone());
                    self.by_local_id.entry(key).or_default().push(id.clone());
                }
            }
        }
        versions.push(entry);
    }

    /// How many entries were taken.
    pub const fn revision(&self) -> u64 {
        self.revision
    }

    /// Changes when an answer may change without a new entry: how many records came into force or ended until then.
    pub fn epoch(&self, at: Timestamp) -> u64 {
        self.boundaries.range(..=at).count() as u64
    }

    /// Whether anybody ever joined the network.
    pub fn has_members(&self) -> bool {
        !self.by_network_id.is_empty()
    }

    /// The versions of a record, the oldest first.
    pub fn history(&self, id: &RecordId) -> &[Entry] {
        self.records.get(id).map_or(&[], Vec::as_slice)
    }

    /// The version of a record that counts.
    pub fn record(&self, id: &RecordId) -> Option<&Entry> {
        self.history(id).last()
    }

    /// Whether the record is in force.
    pub fn is_in_force(&self, id: &RecordId, at: Timestamp) -> bool {
        self.record(id).is_some_and(|entry| entry.fact.period().holds(at))
    }

    /// All records of a network id.
    pub fn of_network_id(&self, network_id: &str) -> impl Iterator<Item = (&RecordId, &Fact)> {
        self.facts(self.by_network_id.get(network_id))
    }

    /// All records of a facility: its own, its contracts, the links and consents that name it.
    pub fn of_facility(&self, code: &str) -> impl Iterator<Item = (&RecordId, &Fact)> {
        self.facts(self.by_facility.get(code))
    }

    /// All links, merges and removals of a facility's local id.
    pub fn of_local_id(&self, facility: &str, local_id: &str) -> impl Iterator<Item = (&RecordId, &Fact)> {
        self.facts(self.by_local_id.get(&(facility.to_owned(), local_id.to_owned())))
    }

    /// All records, in no order.
    pub fn all(&self) -> impl Iterator<Item = (&RecordId, &Fact)> {
        self.facts(Some(self.records.keys()))
    }

    /// The facility of that code that is in force.
    pub fn facility(&self, code: &str, at: Timestamp) -> Option<&Facility> {
        self.of_facility(code).find_map(|(_, fact)| match fact {
            Fact::Facility(facility) if facility.period.holds(at) => Some(facility),
            _ => None,
        })
    }

    fn facts<'r>(
        &'r self,
        ids: Option<impl IntoIterator<Item = &'r RecordId>>,
    ) -> impl Iterator<Item = (&'r RecordId, &'r Fact)> {
        ids.into_iter().flatten().filter_map(|id| Some((id, &self.record(id)?.fact)))
    }
}
