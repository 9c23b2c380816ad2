//! The hub's own traffic: what it decided is found again, and compared by the configuration in force and an edited one.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{edit, json};
use crate::support::HubFolder;

/// How many copies on a topic a subscriber got.
fn delivered(hub: &HubFolder, subscriber: &str, topic: &str, kind: &str) -> u64 {
    let events = hub.delivered(subscriber);
    let is_wanted = |event: &&Value| {
        event["topic"] == topic && event["type"].as_str().is_some_and(|found| found.starts_with(kind))
    };
    events.iter().filter(is_wanted).count() as u64
}

/// Edits of three routes at once.
fn edit_all(hub: &HubFolder) {
    edit(
        hub,
        "routes.toml",
        "to     = [\"surveillance\"]\nkinds  = [\"encounter\"]",
        "to     = [\"surveillance\", \"tasks\"]\nkinds  = [\"encounter\"]",
    );
    edit(
        hub,
        "routes.toml",
        "kinds   = [\"allergy\"]",
        "kinds   = [\"allergy\"]\nfacilities = [\"matsue-kita\"]",
    );
    edit(
        hub,
        "routes.toml",
        "to      = [\"referral-desk\"]\nkinds   = [\"referral\", \"referral-reply\"]",
        "to      = [\"referral-desk\", \"health-record\"]\nkinds   = [\"referral\"]",
    );
}

/// Per subscriber how many copies come and how many go.
fn copies(comparison: &Value) -> BTreeMap<String, (u64, u64)> {
    let mut copies: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for class in comparison["classes"].as_array().unwrap() {
        for item in class["items"].as_array().unwrap().iter().filter(|item| item["item"] == "recipient") {
            for name in class["subscribers"].as_array().unwrap() {
                let (come, gone) = copies.entry(name.as_str().unwrap().to_owned()).or_default();
                let count = if item["how"] == "added" { come } else { gone };
                *count += class["messages"].as_u64().unwrap();
            }
        }
    }
    copies
}

#[test]
fn what_a_drain_decided_is_found_again_and_compared() {
    let hub = HubFolder::network();
    assert_eq!(hub.drain().0, 0);
    let same = hub.run(&["diff", "--since", "1h", "--json"]);
    let found = json(&same);
    assert_eq!(found["messages"], super::MESSAGES);
    assert_eq!((same.status.code(), &found["missing"]), (Some(0), &serde_json::json!([])), "{found}");
    edit_all(&hub);
    let output = hub.run(&["diff", "--since", "1h", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let found = copies(&json(&output));
    // What the hub really sent says how many it must be.
    let visits = delivered(&hub, "surveillance", "surveillance.visit", "encounter.");
    assert_eq!(found["tasks"], (visits, 0));
    let letters = delivered(&hub, "referral-desk", "referral.status", "referral.");
    let replies = delivered(&hub, "referral-desk", "referral.status", "referral-reply.");
    assert_eq!(found["health-record"], (letters, 0));
    assert_eq!(found["referral-desk"], (0, replies));
    assert!(visits > 20 && letters > 2 && replies > 0, "{visits} {letters} {replies}");
    // Consents may have come into force since: whoever got a copy no longer does.
    let allergies = delivered(&hub, "oki-record", "record.allergy", "allergy.");
    let (come, gone) = found["oki-record"];
    assert!(come == 0 && gone > 0 && gone <= allergies.max(2), "{gone} of {allergies}");
}

#[test]
fn what_is_gone_is_counted_and_what_was_moved_away_is_found() {
    let hub = HubFolder::new();
    hub.hl7_feed("izumo-chuo", "3210100018", "drop");
    let text = std::fs::read_to_string(hub.path("feeds/izumo-chuo.toml")).unwrap();
    hub.write("feeds/izumo-chuo.toml", text.replace("settle", "after = \"move\"\nsettle"));
    let message = |number: u32| {
        format!(
            "MSH|^~\\&|HIS||HUB||20261122090000||ADT^A28|{number}|P|2.5|||||JPN|ASCII\rPID|1||0000{number}^^^^PI||TEST^ONE^^^^^L||19580314|M\r"
        )
    };
    for number in 1..=3 {
        hub.write(&format!("drop/{number}.hl7"), message(number));
    }
    assert_eq!(hub.drain().0, 0);
    std::fs::remove_file(hub.path("drop/.done/2.hl7")).unwrap();
    let output = hub.run(&["diff", "--json"]);
    let found = json(&output);
    assert_eq!(output.status.code(), Some(0), "{found}");
    assert_eq!(found["messages"], 2);
    assert_eq!(found["missing"], serde_json::json!([{"feed": "izumo-chuo", "why": "gone", "messages": 1}]));
    assert!(hub.path("drop/.done/1.hl7").exists(), "nothing was moved");
    let left = std::fs::read_dir(hub.path("var")).unwrap().map(|entry| entry.unwrap().file_name());
    let left: Vec<_> = left.filter(|name| name.to_string_lossy().starts_with("reading-")).collect();
    assert!(left.is_empty(), "{left:?}");
    let sampled = json(&hub.run(&["diff", "--json", "--sample", "1"]));
    assert!(sampled["messages"].as_u64().unwrap() <= 1, "{sampled}");
    std::fs::rename(hub.path("drop"), hub.path("away")).unwrap();
    let away = json(&hub.run(&["diff", "--json"]));
    assert_eq!(away["missing"][0]["messages"], 3, "{away}");
    assert!(away["missing"][0]["why"]["away"].as_str().unwrap().contains("can't be listed"), "{away}");
}
