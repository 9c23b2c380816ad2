//! As many feeds as a prefecture has facilities, in one process.

use std::fs;

use serde_json::json;

use crate::support::{HubFolder, repository};

/// Every feed reads on a thread that may wait: they must not wait for each other.
#[test]
fn eight_hundred_and_sixty_one_feeds_are_drained() {
    let hub = HubFolder::new();
    let message = fs::read(repository().join("fixtures/cases/adt_a08_utf16/input")).unwrap();
    for number in 0..861 {
        let folder = format!("drop/{number:03}");
        hub.write(&format!("{folder}/one.hl7"), &message);
        hub.hl7_feed(&format!("facility-{number:03}"), &format!("32100{number:05}"), &folder);
    }
    let (code, report) = hub.drain();
    assert_eq!((code, &report["conserved"]), (0, &json!(true)), "{}", report["messages"]);
    assert_eq!(report["messages"]["accepted"], json!(861));
    assert_eq!(hub.delivered("referral").len(), 861);
}
