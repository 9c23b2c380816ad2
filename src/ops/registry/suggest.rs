//! Patients of several facilities who may be one person: read from delivered events, for people who ask for the card.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::envelope::Identifying;
use crate::registry::suggest::{Demographics, Suggestion, suggest};
use crate::registry::{Identity, Registry};

/// Where a CloudEvent names its facility.
const SOURCE: &str = "urn:musubi:facility:";

/// A patient at a facility.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct LocalId {
    /// Facility.
    pub facility: String,
    /// The patient's id there.
    pub local_id: Identifying,
}

/// Two patients who may be one person.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Pair {
    /// One that is linked, if one of them is.
    pub one: LocalId,
    /// One that is not linked.
    pub other: LocalId,
    /// The network id of the one that is linked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_id: Option<Identifying>,
    /// How much they have in common.
    #[serde(flatten)]
    pub suggestion: Suggestion,
}

/// Patients by facility and local id, with what the last event that said it says of them.
pub type Patients = BTreeMap<LocalId, Demographics>;

/// Reads all events (`*.ndjson`) of a folder that a subscriber's copies were delivered to. Lines that are no event of a
/// patient are passed over.
///
/// # Errors
///
/// The folder or a file can't be read.
pub fn patients(folder: &Path) -> io::Result<Patients> {
    let paths =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>();
    let mut paths = paths?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "ndjson"));
    paths.sort_unstable();
    let mut patients = Patients::new();
    for path in paths {
        for line in BufReader::new(fs::File::open(path)?).lines() {
            if let Ok(event) = serde_json::from_str::<Value>(&line?) {
                take(&mut patients, &event);
            }
        }
    }
    Ok(patients)
}

fn take(patients: &mut Patients, event: &Value) -> Option<()> {
    let facility = event["source"].as_str()?.strip_prefix(SOURCE)?.to_owned();
    let (patient, insurance) = (&event["data"]["patient"], &event["data"]["insurances"][0]);
    let id = |value: &Value| value.as_str().map(|text| Identifying(text.to_owned()));
    let known = patients.entry(LocalId { facility, local_id: id(&patient["id"])? }).or_default();
    let names = patient["names"].as_array().into_iter().flatten();
    for name in names.filter(|name| name["script"] == "phonetic") {
        let part = |part: &str| name[part].as_str().unwrap_or_default();
        known.kana = Some(Identifying(format!("{} {}", part("family"), part("given"))));
    }
    if let Some(day) = id(&patient["birth_date"]).filter(|day| day.0.len() == "1980-02-29".len()) {
        known.birth_date = Some(day);
    }
    if let Some(sex) = patient["sex"].as_str().filter(|sex| matches!(*sex, "male" | "female")) {
        known.sex = Some(sex.to_owned());
    }
    let numbers = insurance["insured_numbers"].as_array().into_iter().flatten().filter_map(id);
    if let Some(insurer) = id(&insurance["insurer_number"]) {
        known.insurance = [insurer].into_iter().chain(numbers).collect();
    }
    Some(())
}

/// Patients of different facilities who may be one person and are not both linked, the likeliest first.
pub fn pairs(patients: &Patients, registry: &Registry, at: Timestamp) -> Vec<Pair> {
    let mut by_birth_date: BTreeMap<&Identifying, Vec<(&LocalId, &Demographics)>> = BTreeMap::new();
    for (id, patient) in patients {
        if let Some(day) = &patient.birth_date {
            by_birth_date.entry(day).or_default().push((id, patient));
        }
    }
    let mut pairs = Vec::new();
    for same_day in by_birth_date.values() {
        for (place, (one, demographics)) in same_day.iter().enumerate() {
            for (other, others) in
                same_day.iter().skip(place + 1).filter(|(other, _)| other.facility != one.facility)
            {
                let Some(suggestion) = suggest(demographics, others) else { continue };
                pairs.extend(pair(one, other, suggestion, registry, at));
            }
        }
    }
    pairs.sort_by(|a, b| (b.suggestion.score, &a.one, &a.other).cmp(&(a.suggestion.score, &b.one, &b.other)));
    pairs
}

fn pair(
    one: &LocalId,
    other: &LocalId,
    suggestion: Suggestion,
    registry: &Registry,
    at: Timestamp,
) -> Option<Pair> {
    let linked = |id: &LocalId| match registry.identity(&id.facility, &id.local_id.0, at) {
        Identity::Linked { network_id, .. } => Some(network_id.clone()),
        Identity::Unlinked | Identity::Ambiguous => None,
    };
    let (one, other, network_id) = match (linked(one), linked(other)) {
        (Some(_), Some(_)) => return None,
        (None, Some(network_id)) => (other, one, Some(network_id)),
        (network_id, None) => (one, other, network_id),
    };
    Some(Pair { one: one.clone(), other: other.clone(), network_id, suggestion })
}
