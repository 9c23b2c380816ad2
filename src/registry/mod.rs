//! Facilities, patients and what they consented to: the view that routing and delivery ask.
//!
//! The registry is a fold over a log of [`Entry`]s: the same entries in the same order give the same view, so every
//! process that follows the log has the same one. Nothing is ever removed: an entry with the identity of a record that
//! is there ([`Fact::record_id`]) is a new version of it, and the history is all versions.
//!
//! Pure: no I/O, no clock; the time at which a question is asked is handed in.

mod basis;
mod change;
mod check;
mod code;
mod consent;
mod entry;
mod fact;
mod identity;
mod merges;
mod period;
mod query;
mod view;
pub mod csv;
pub mod suggest;
pub mod when;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;

pub use basis::{Basis, Purpose, Sensitivity};
pub use check::Refusal;
pub use consent::{Answer, Asked, Grant};
pub use entry::{Entry, HISTORY, RecordId};
pub use fact::{
    Area, Contract, ContractKind, EmergencyAccess, Facility, FacilityRole, Fact, HeldPatient, Hold, Link,
    Member, Membership, Merge, Removal, SensitiveConsent, ViewConsent,
};
pub use identity::Identity;
pub use period::Period;
pub use query::Subject;
pub use view::View;

/// The view: all entries, folded.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    /// In the order in which they were first told of; the indexes below are places in it.
    records: Vec<Record>,
    by_id: HashMap<RecordId, u32>,
    by_network_id: HashMap<String, Vec<u32>>,
    by_facility: BTreeMap<String, OfFacility>,
    /// What operators let wait.
    holds: Vec<u32>,
    /// Instants at which a record comes into force or ends.
    boundaries: BTreeSet<Timestamp>,
    revision: u64,
}

#[derive(Debug, Clone)]
struct Record {
    id: RecordId,
    /// The last one counts.
    versions: Vec<Entry>,
}

/// What a message asks of its facility (a few records) apart from what names it because of a patient (very many).
#[derive(Debug, Clone, Default)]
struct OfFacility {
    /// The facility itself and its contracts.
    own: Vec<u32>,
    /// Links, merges and removals by local id.
    by_local_id: HashMap<String, Vec<u32>>,
    /// Consents and whatever else a patient has with it.
    others: Vec<u32>,
}

impl Registry {
    /// Takes the next entry of the log. What an entry may say is checked before it is written there
    /// ([`check`](Self::check)); here nothing is refused, so that all who follow the log agree.
    pub fn apply(&mut self, entry: Entry) {
        self.put(entry.fact.record_id(), entry);
    }

    fn put(&mut self, id: RecordId, entry: Entry) {
        self.revision += 1;
        let period = entry.fact.period();
        self.boundaries.extend([period.from].into_iter().chain(period.until));
        if let Some(record) = self.by_id.get(&id).and_then(|place| self.records.get_mut(*place as usize)) {
            record.versions.push(entry);
            return;
        }
        // Four thousand million records fill no memory that there is.
        let Ok(place) = u32::try_from(self.records.len()) else { return };
        self.index(&entry.fact, place);
        self.by_id.insert(id.clone(), place);
        self.records.push(Record { id, versions: vec![entry] });
    }

    fn index(&mut self, fact: &Fact, place: u32) {
        if matches!(fact, Fact::Hold(_)) {
            self.holds.push(place);
        }
        if let Some(network_id) = fact.network_id() {
            self.by_network_id.entry(network_id.0.clone()).or_default().push(place);
        }
        let Some(code) = fact.facility() else { return };
        let facility = self.by_facility.entry(code.to_owned()).or_default();
        match fact {
            Fact::Facility(_) | Fact::Contract(_) => facility.own.push(place),
            Fact::Link(_) | Fact::Merge(_) | Fact::Unmerge(_) | Fact::Removal(_) => {
                for local_id in identity::local_ids(fact) {
                    facility.by_local_id.entry(local_id.0.clone()).or_default().push(place);
                }
            }
            _ => facility.others.push(place),
        }
    }

    /// How many entries were taken.
    pub const fn revision(&self) -> u64 {
        self.revision
    }

    /// Changes when an answer may change without a new entry: the last instant until then at which a record came into
    /// force or ended.
    pub fn epoch(&self, at: Timestamp) -> Option<Timestamp> {
        self.boundaries.range(..=at).next_back().copied()
    }

    /// Whether anybody ever joined the network.
    pub fn has_members(&self) -> bool {
        !self.by_network_id.is_empty()
    }

    /// The versions of a record, the oldest first.
    pub fn history(&self, id: &RecordId) -> &[Entry] {
        let record = self.by_id.get(id).and_then(|place| self.records.get(*place as usize));
        record.map_or(&[], |record| record.versions.as_slice())
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
        self.facts(self.by_network_id.get(network_id).map_or(&[], Vec::as_slice))
    }

    /// A facility's own records: itself and its contracts.
    pub fn of_facility(&self, code: &str) -> impl Iterator<Item = (&RecordId, &Fact)> {
        self.facts(self.by_facility.get(code).map_or(&[], |facility| facility.own.as_slice()))
    }

    /// What names a facility because of a patient: links, consents, care teams.
    pub fn of_patients_of(&self, code: &str) -> impl Iterator<Item = (&RecordId, &Fact)> {
        let facility = self.by_facility.get(code).into_iter();
        facility.flat_map(|facility| {
            let local = facility.by_local_id.values().chain([&facility.others]);
            local.flat_map(|places| self.facts(places))
        })
    }

    /// All links, merges and removals of a facility's local id.
    pub fn of_local_id(&self, facility: &str, local_id: &str) -> impl Iterator<Item = (&RecordId, &Fact)> {
        let places = self.by_facility.get(facility).and_then(|facility| facility.by_local_id.get(local_id));
        self.facts(places.map_or(&[], Vec::as_slice))
    }

    /// All records, in the order in which they were first told of.
    pub fn all(&self) -> impl Iterator<Item = (&RecordId, &Fact)> {
        self.records.iter().filter_map(|record| Some((&record.id, &record.versions.last()?.fact)))
    }

    /// The codes of all facilities that anything was told of, in their order.
    pub fn facilities(&self) -> impl Iterator<Item = &str> {
        self.by_facility.keys().map(String::as_str)
    }

    /// The facility of that code that is in force.
    pub fn facility(&self, code: &str, at: Timestamp) -> Option<&Facility> {
        self.of_facility(code).find_map(|(_, fact)| match fact {
            Fact::Facility(facility) if facility.period.holds(at) => Some(facility),
            _ => None,
        })
    }

    /// All that operators ever let wait.
    pub fn holds(&self) -> impl Iterator<Item = (&RecordId, &Hold)> {
        self.facts(&self.holds).filter_map(|(id, fact)| match fact {
            Fact::Hold(hold) => Some((id, hold)),
            _ => None,
        })
    }

    /// Whether all copies of a subscriber wait.
    pub fn is_held(&self, subscriber: &str, at: Timestamp) -> bool {
        let mut holds = self.holds().map(|(_, hold)| hold);
        holds.any(|hold| hold.patient.is_none() && hold.subscriber == subscriber && hold.period.holds(at))
    }

    /// Whether a subscriber's copies about a patient of a facility wait, though others go.
    pub fn is_patient_held(&self, subscriber: &str, facility: &str, local_id: &str, at: Timestamp) -> bool {
        self.holds().any(|(_, hold)| {
            let is_his =
                |patient: &HeldPatient| patient.facility == facility && patient.local_id.0 == local_id;
            hold.subscriber == subscriber
                && hold.period.holds(at)
                && hold.patient.as_ref().is_some_and(is_his)
        })
    }

    fn facts<'r>(&'r self, places: &'r [u32]) -> impl Iterator<Item = (&'r RecordId, &'r Fact)> {
        let records = places.iter().filter_map(|place| self.records.get(*place as usize));
        records.filter_map(|record| Some((&record.id, &record.versions.last()?.fact)))
    }
}
