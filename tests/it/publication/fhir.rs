//! FHIR bodies: what the profiles require is there, references lead somewhere, and values are of FHIR's types.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use musubi::canonical::Kind;
use musubi::config::{Config, Files};
use musubi::fhir::offers;
use musubi::route::Routes;
use serde_json::Value;

use super::cases::{cases, copies, envelope};
use super::samples::documents;
use crate::support::{corpus, files_below, repository};

/// Elements that a profile of JP Core 1.2 or, for those without a profile of their own, FHIR R4 requires (minimum
/// cardinality 1 in the profile's or the base resource's definition), with where that is said.
///
/// Those of a base resource hold for its profiles: JP_Patient (identifier, identifier.value), JP_Observation_LabResult
/// (category, code.coding, code.text, subject, effective, specimen), JP_Observation_Common (category with a code of
/// JP_SimpleObservationCategory), JP_MedicationRequest (identifier of Rp and within Rp, authoredOn, subject) say more.
const REQUIRED: &[(&str, &[&str])] = &[
    ("JP_Patient", &["identifier", "identifier.value"]),
    ("JP_Organization", &["identifier"]),
    ("JP_Practitioner", &[]),
    ("JP_Location", &[]),
    ("JP_Encounter", &["status", "class"]),
    ("JP_Condition_Diagnosis", &["subject", "clinicalStatus|verificationStatus"]),
    ("JP_Specimen_Common", &[]),
    ("JP_ServiceRequest_Common", &["status", "intent", "subject"]),
    (
        "JP_Observation_LabResult",
        &[
            "status",
            "category",
            "category.coding.code",
            "code",
            "code.coding",
            "code.text",
            "subject",
            "effectiveDateTime",
            "specimen",
        ],
    ),
    ("JP_Observation_Common", &["status", "category", "category.coding.code", "code"]),
    (
        "JP_MedicationRequest",
        &["identifier", "status", "intent", "medicationCodeableConcept", "subject", "authoredOn"],
    ),
    ("JP_DocumentReference", &["status", "content", "content.attachment"]),
];

/// Codes of the required bindings of FHIR R4.
const STATUS: &[(&str, &[&str])] = &[
    ("Encounter", &["planned", "arrived", "in-progress", "onleave", "finished", "cancelled"]),
    ("ServiceRequest", &["active", "on-hold", "revoked", "completed", "entered-in-error", "unknown"]),
    (
        "Observation",
        &["registered", "preliminary", "final", "corrected", "cancelled", "entered-in-error", "unknown"],
    ),
    ("MedicationRequest", &["active", "on-hold", "cancelled", "stopped", "entered-in-error"]),
    ("DocumentReference", &["current", "entered-in-error"]),
];

/// A subscriber that gets every kind that has a FHIR body.
fn all_as_fhir() -> (Config, Arc<Routes>) {
    let kinds = Kind::ALL.into_iter().filter(|kind| offers(*kind)).map(Kind::as_str).collect::<Vec<_>>();
    let config = config(&kinds, "").unwrap_or_else(|faults| panic!("{faults}"));
    let routes = Arc::clone(&config.routes);
    (config, routes)
}

fn config(kinds: &[&str], keys: &str) -> Result<Config, String> {
    let routes = format!(
        "version = 1\n[[subscriber]]\nname = \"s\"\ndeliver = {{ kind = \"queue\" }}\n\
         [[disclosure]]\nname = \"some\"\nfields = [\"patient.id\"]\n\
         [[route]]\nname = \"r\"\ntopic = \"t\"\nto = [\"s\"]\nkinds = {kinds:?}\nbasis = \"addressed\"\n\
         send = \"fhir\"\n{keys}\n"
    );
    let feed = |name: &str| fs::read_to_string(repository().join(format!("feeds/{name}.toml"))).unwrap();
    let hub = fs::read_to_string(repository().join("hub.toml")).unwrap();
    let files: Files = [
        ("hub.toml", hub),
        ("feeds/izumo-chuo.toml", feed("izumo-chuo")),
        ("feeds/hamada-kenko.toml", feed("hamada-kenko")),
        ("routes.toml", routes),
    ]
    .into_iter()
    .collect();
    let (config, faults) = Config::check(&files, Path::new("/"));
    config.ok_or_else(|| faults.iter().map(|fault| format!("{fault}\n")).collect())
}

#[test]
fn a_route_of_fhir_is_refused_where_it_can_not_be_right() {
    assert!(config(&["patient"], "").is_ok());
    let faults = config(&["patient", "merge", "message"], "").unwrap_err();
    assert!(faults.contains("no FHIR body is made of merge, message"), "{faults}");
    let faults = config(&["patient"], "disclose = \"some\"").unwrap_err();
    assert!(faults.contains("made from the whole event"), "{faults}");
}

#[test]
fn every_case_of_a_kind_with_a_fhir_body_has_what_its_profiles_require() {
    let (config, routes) = all_as_fhir();
    let mut kinds = BTreeSet::new();
    let mut profiles = BTreeMap::new();
    for case in cases() {
        let bodies = case.copies(&config, &routes);
        let again = case.copies(&config, &routes);
        for (copy, other) in bodies.iter().zip(&again) {
            assert_eq!(copy.body, other.body, "{}: the same event is the same bundle", case.name);
            let routed = copy.envelope.event.as_ref().unwrap();
            assert_eq!(routed.media_type, "application/fhir+json");
            let bundle: Value = serde_json::from_slice(&copy.body).unwrap();
            for profile in check(&bundle, &case.name) {
                *profiles.entry(profile).or_insert(0) += 1;
            }
            kinds.insert(routed.event_type.split('.').next().unwrap().to_owned());
        }
    }
    for document in documents(&config, &routes) {
        let bundle: Value = serde_json::from_slice(&document.copy.body).unwrap();
        for profile in check(&bundle, &document.place) {
            *profiles.entry(profile).or_insert(0) += 1;
        }
        let routed = document.copy.envelope.event.unwrap();
        kinds.insert(routed.event_type.split('.').next().unwrap().to_owned());
    }
    println!("{profiles:?}");
    let expected = Kind::ALL.into_iter().filter(|kind| offers(*kind));
    let without: Vec<_> = expected.filter(|kind| !kinds.contains(kind.as_str())).collect();
    assert!(without.is_empty(), "no fixture shows the bundle of {without:?}");
}

/// Other people's messages are dirtier than ours: of every one a sound bundle is made.
#[test]
fn every_file_of_the_corpus_that_has_a_fhir_body_has_a_sound_one() {
    let Some(corpus) = corpus() else { return };
    let (config, routes) = all_as_fhir();
    let mut bundles = 0;
    for file in files_below(&corpus.join("hl7v2")) {
        let envelope = envelope(&config, "izumo-chuo", None, "patient.created.v1");
        for copy in copies(fs::read(&file).unwrap(), &envelope, &routes) {
            if copy.envelope.event.is_some() {
                check(&serde_json::from_slice(&copy.body).unwrap(), &file.display().to_string());
                bundles += 1;
            }
        }
    }
    println!("{bundles} bundles");
    assert!(bundles > 500, "only {bundles}");
}

/// Checks a bundle and gives the profiles of its resources.
fn check(bundle: &Value, place: &str) -> Vec<String> {
    assert_eq!(
        (&bundle["resourceType"], &bundle["type"]),
        (&"Bundle".into(), &"collection".into()),
        "{place}"
    );
    let entries = bundle["entry"].as_array().unwrap();
    let urls: BTreeSet<_> = entries.iter().map(|entry| entry["fullUrl"].as_str().unwrap()).collect();
    assert_eq!(urls.len(), entries.len(), "{place}: a fullUrl stands twice");
    assert!(urls.iter().all(|url| url.starts_with("urn:uuid:") && url.len() == 45), "{place}: {urls:?}");
    check_values(bundle, "", &urls, place);
    entries.iter().map(|entry| check_resource(&entry["resource"], place)).collect()
}

fn check_resource(resource: &Value, place: &str) -> String {
    let profile = resource["meta"]["profile"][0].as_str().unwrap();
    let name = profile.strip_prefix("http://jpfhir.jp/fhir/core/StructureDefinition/").unwrap();
    let (_, required) =
        REQUIRED.iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("{profile}"));
    for path in *required {
        let there = path.split('|').any(|path| present(resource, &path.split('.').collect::<Vec<_>>()));
        assert!(there, "{place}: {name} lacks {path}\n{resource:#}");
    }
    let resource_type = resource["resourceType"].as_str().unwrap();
    if let Some((_, words)) = STATUS.iter().find(|(known, _)| *known == resource_type) {
        assert!(words.contains(&resource["status"].as_str().unwrap()), "{place}: {resource:#}");
    }
    if name == "JP_MedicationRequest" {
        for system in ["Medication-RPGroupNumber", "MedicationAdministrationIndex"] {
            let ids = resource["identifier"].as_array().unwrap();
            let count = ids.iter().filter(|id| id["system"].as_str().unwrap().ends_with(system)).count();
            assert_eq!(count, 1, "{place}: {system}");
        }
    }
    // con-5 of Condition.
    let in_error = resource.pointer("/verificationStatus/coding/0/code") == Some(&"entered-in-error".into());
    assert!(!in_error || resource.get("clinicalStatus").is_none(), "{place}: {resource:#}");
    name.to_owned()
}

/// Whether each element of that path is there, or says that it is unknown.
fn present(value: &Value, path: &[&str]) -> bool {
    let says_unknown = |value: &Value| value.pointer("/extension/0/url").is_some_and(|url| url == ABSENT);
    match (value, path) {
        _ if says_unknown(value) => true,
        (_, []) => true,
        (Value::Array(list), _) => !list.is_empty() && list.iter().all(|value| present(value, path)),
        (Value::Object(object), [first, rest @ ..]) => match object.get(*first) {
            Some(value) => present(value, rest),
            None => object.get(&format!("_{first}")).is_some_and(says_unknown),
        },
        _ => false,
    }
}

const ABSENT: &str = "http://hl7.org/fhir/StructureDefinition/data-absent-reason";

/// FHIR R4, 2.6 and 2.24: nothing is null or empty, codes and times have their form, references lead somewhere.
fn check_values(value: &Value, key: &str, urls: &BTreeSet<&str>, place: &str) {
    match value {
        Value::Object(object) => {
            assert!(!object.is_empty(), "{place}: {key} is empty");
            for (key, value) in object {
                check_values(value, key, urls, place);
            }
        }
        Value::Array(list) => {
            assert!(!list.is_empty(), "{place}: {key} is empty");
            list.iter().for_each(|value| check_values(value, key, urls, place));
        }
        Value::String(text) => check_text(key, text, urls, place),
        Value::Null => panic!("{place}: {key} is null"),
        Value::Bool(_) | Value::Number(_) => {}
    }
}

fn check_text(key: &str, text: &str, urls: &BTreeSet<&str>, place: &str) {
    assert!(!text.trim().is_empty(), "{place}: {key} is blank");
    let good = match key {
        "reference" => urls.contains(text),
        "code" | "valueCode" | "status" => {
            text == text.split_whitespace().collect::<Vec<_>>().join(" ")
                && !text.chars().any(char::is_control)
        }
        "system" => text == "phone" || text.starts_with("http") || text.starts_with("urn:"),
        "birthDate" => text.len() <= 10,
        "effectiveDateTime" | "authoredOn" | "onsetDateTime" | "recordedDate" | "start" | "end" => {
            text.len() <= 10 || text.len() >= "2026-01-31T09:30:00+09:00".len()
        }
        "issued" | "timestamp" | "date" => text.len() >= "2026-01-31T09:30:00Z".len(),
        _ => !text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\r' | '\n')),
    };
    assert!(good, "{place}: {key} is {text:?}");
}

/// What a facility's own code is, can be told from the bundle only together with the facility.
#[test]
fn identifiers_and_local_codes_name_the_facility() {
    let (config, routes) = all_as_fhir();
    let case = cases().into_iter().find(|case| case.name == "oul_r22_flu_positive").unwrap();
    let copy = case.copies(&config, &routes).remove(0);
    let bundle: Value = serde_json::from_slice(&copy.body).unwrap();
    let patient = bundle["entry"]
        .as_array()
        .unwrap()
        .iter()
        .find(|entry| entry["resource"]["resourceType"] == "Patient");
    let id = &patient.unwrap()["resource"]["identifier"][0];
    let facility = &copy.envelope.facility;
    assert_eq!(id["system"], format!("urn:oid:1.2.392.100495.20.3.51.1{facility}"));
    assert_eq!(id["value"], "00000042", "the id of the path, as the envelope has it");
    let text = bundle.to_string();
    for system in text.split("\"system\":\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        let local = system.starts_with("urn:musubi:");
        assert!(!local || system.starts_with(&format!("urn:musubi:facility:{facility}:")), "{system}");
    }
}
