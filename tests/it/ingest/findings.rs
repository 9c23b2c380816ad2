//! What is odd about a file, or about the path that leads to it, reaches whoever gets the event.

use std::fs;

use serde_json::Value;

use crate::support::{HubFolder, repository};

/// Code and place of the findings of each event of a subscriber.
fn findings(hub: &HubFolder, subscriber: &str) -> Vec<Vec<(String, String)>> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let of = |event: &Value| {
        let findings = event["data"]["findings"].as_array().unwrap().iter();
        findings.map(|finding| (text(&finding["code"]), text(&finding["place"]))).collect()
    };
    hub.delivered(subscriber).iter().map(of).collect()
}

fn message(patient: &str) -> String {
    format!(
        "MSH|^~\\&|HIS|SEND|GW|RCV|20260401||ADT^A08^ADT_A01|1|P|2.5||||||~ISO IR87||ISO 2022-1994\rEVN||20260401\rPID|||{patient}^^^^PI||X^Y^^^^^L^I\r"
    )
}

#[test]
fn a_batch_with_a_wrong_count_says_so_in_each_of_its_events() {
    let hub = HubFolder::new();
    hub.hl7_feed("lab", "3210500033", "drop");
    let before = format!("BHS|^~\\&\r{}{}", message("0000001"), message("0000002"));
    hub.write("drop/batch.hl7", format!("{before}BTS|3\r"));
    let (code, report) = hub.drain();
    assert_eq!((code, report["feeds"][0]["accepted"].as_u64()), (0, Some(2)), "{report:#}");
    let first = ("batch-count".to_owned(), format!("byte {}", before.len()));
    let found = findings(&hub, "referral");
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|findings| findings.first() == Some(&first)), "{found:?}");
}

#[test]
fn a_file_name_of_another_patient_is_a_finding() {
    let hub = HubFolder::new();
    let case = fs::read(repository().join("fixtures/cases/adt_a08_utf16/input")).unwrap();
    for (patient, named) in [("0000123", "0000123"), ("0000124", "0000999")] {
        let folder = format!("st/000/012/{patient}/-/ADT-00");
        hub.write(&format!("{folder}/{named}_-_ADT-00_1_20260401093015123_01_1"), &case);
    }
    hub.ssmix2_feed("twin", "3210500033", "st");
    let (code, report) = hub.drain();
    assert_eq!((code, report["feeds"][0]["accepted"].as_u64()), (0, Some(2)), "{report:#}");
    let of_path = |findings: &Vec<(String, String)>| {
        findings.first().is_some_and(|(code, place)| code == "path-patient" && place == "file name")
    };
    let found = findings(&hub, "referral");
    assert_eq!(found.iter().filter(|findings| of_path(findings)).count(), 1, "{found:?}");
    for event in hub.delivered("referral") {
        let findings = event["data"]["findings"].to_string();
        assert!(!findings.contains("0000999") && !findings.contains("0000124"), "{findings}");
    }
}
