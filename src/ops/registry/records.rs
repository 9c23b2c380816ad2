//! Records with all their versions, for people and programs that look.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::registry::{Entry, Facility, Fact, RecordId, Registry};

/// A record.
#[derive(Debug, Serialize)]
pub struct Record {
    /// Names it.
    pub id: RecordId,
    /// Whether it is in force now.
    pub in_force: bool,
    /// Its versions, the oldest first; the last one counts.
    pub versions: Vec<Entry>,
}

fn record(registry: &Registry, id: &RecordId, at: Timestamp) -> Record {
    let versions = registry.history(id).to_vec();
    Record { id: id.clone(), in_force: registry.is_in_force(id, at), versions }
}

/// All records of a network id, the oldest first.
pub fn of_patient(registry: &Registry, network_id: &str, at: Timestamp) -> Vec<Record> {
    sorted(registry.of_network_id(network_id).map(|(id, _)| record(registry, id, at)).collect())
}

/// A facility and its contracts, the oldest first.
pub fn of_facility(registry: &Registry, code: &str, at: Timestamp) -> Vec<Record> {
    sorted(registry.of_facility(code).map(|(id, _)| record(registry, id, at)).collect())
}

/// All facilities, in order of their codes.
pub fn facilities(registry: &Registry, at: Timestamp) -> Vec<Record> {
    let own = |code: &str| registry.of_facility(code).find(|(_, fact)| fact.as_str() == "facility");
    let ids = registry.facilities().filter_map(|code| own(code).map(|(id, _)| id));
    ids.map(|id| record(registry, id, at)).collect()
}

/// A facility with what is agreed with it, and how much of its patients is known.
#[derive(Debug)]
pub struct Agreed {
    /// The facility as it was entered last.
    pub facility: Facility,
    /// Whether it takes part now.
    pub in_force: bool,
    /// Contracts in force, with the other facility where there is one.
    pub contracts: Vec<String>,
    /// Facts in force that name it because of a patient, by their word.
    pub counts: BTreeMap<&'static str, u64>,
}

/// All facilities with what is agreed, in order of their codes.
pub fn agreed(registry: &Registry, at: Timestamp) -> Vec<Agreed> {
    let agreed = |record: Record| {
        let Fact::Facility(facility) = record.versions.last()?.fact.clone() else { return None };
        let contracts = registry.of_facility(&facility.code).filter_map(|(_, fact)| match fact {
            Fact::Contract(contract) if contract.period.holds(at) => Some(match &contract.with {
                Some(with) => format!("{} ({with})", contract.kind.as_str()),
                None => contract.kind.as_str().to_owned(),
            }),
            _ => None,
        });
        let contracts = contracts.collect();
        let mut counts = BTreeMap::new();
        for (_, fact) in registry.of_patients_of(&facility.code).filter(|(_, fact)| fact.period().holds(at)) {
            *counts.entry(fact.as_str()).or_default() += 1;
        }
        Some(Agreed { facility, in_force: record.in_force, contracts, counts })
    };
    facilities(registry, at).into_iter().filter_map(agreed).collect()
}

/// Every version of the records of a network id, or of the record of that id, in the order of entry.
pub fn history(registry: &Registry, id: &str) -> Vec<Entry> {
    let of_network_id = registry.of_network_id(id).flat_map(|(id, _)| registry.history(id));
    let of_record = registry.history(&RecordId(id.to_owned()));
    let mut entries: Vec<_> = of_network_id.chain(of_record).cloned().collect();
    entries.sort_by_key(|entry| entry.recorded_at);
    entries
}

/// How many records of each kind there are, and how many of them are in force.
pub fn counts(registry: &Registry, at: Timestamp) -> BTreeMap<&'static str, (u64, u64)> {
    let mut counts = BTreeMap::new();
    for (_, fact) in registry.all() {
        let (all, in_force): &mut (u64, u64) = counts.entry(fact.as_str()).or_default();
        *all += 1;
        *in_force += u64::from(fact.period().holds(at));
    }
    counts
}

fn sorted(mut records: Vec<Record>) -> Vec<Record> {
    let since = |record: &Record| record.versions.first().map(|entry| entry.fact.period().from);
    records.sort_by(|a, b| (since(a), &a.id).cmp(&(since(b), &b.id)));
    records
}
