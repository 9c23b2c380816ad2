//! Replay to copies of storages, and of what is larger than a queue takes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::json;

use super::{all_to, drain, region};
use crate::support::{HubFolder, files_below};

const STORE: &str = "store-near";

/// Every file of a store with its bytes.
fn held(store: &Path) -> BTreeMap<String, Vec<u8>> {
    let name = |path: &Path| path.strip_prefix(store).unwrap().to_str().unwrap().to_owned();
    files_below(store).into_iter().map(|path| (name(&path), fs::read(&path).unwrap())).collect()
}

#[test]
fn a_store_is_the_same_after_a_replay_and_what_it_lost_comes_back() {
    let hub = region();
    let (store, far) = (hub.path("stores/near"), hub.path("stores/far"));
    let (had, of_others) = (held(&store), held(&far));
    assert!(had.len() > 200, "{}", had.len());
    all_to(&hub, STORE, &[]);
    drain(&hub);
    assert_eq!(held(&store), had, "twice changes nothing");
    fs::remove_dir_all(&store).unwrap();
    fs::create_dir(&store).unwrap();
    all_to(&hub, STORE, &[]);
    drain(&hub);
    let has = held(&store);
    let missing: Vec<_> = had.keys().filter(|name| !has.contains_key(*name)).collect();
    assert!(missing.is_empty(), "{missing:#?}");
    assert_eq!(has, had);
    assert_eq!(held(&far), of_others, "nobody else gets anything");
}

#[test]
fn a_message_of_20_mb_is_replayed_as_it_was_delivered() {
    let hub = HubFolder::new();
    hub.hl7_feed("izumo-chuo", "3210100018", "drop");
    let head = "MSH|^~\\&|HIS|A|B|C|20261122101500||ADT^A08^ADT_A01|1|P|2.5\rEVN||20261122\r\
                PID|1||0001^^^^PI||架空^太郎\rPV1|1|O\r";
    let line = format!("OBX|1|TX|10D4^架空^99X||{}||||||F\r", "島根".repeat(3_500));
    hub.write("drop/large.hl7", format!("{head}{}", line.repeat(1_000)));
    drain(&hub);
    let had = hub.delivered("referral");
    assert_eq!(had.len(), 1);
    let done = all_to(&hub, "referral", &[]);
    assert_eq!(done["done"]["copies"], 1, "{done:#}");
    drain(&hub);
    let mut has = hub.delivered("referral");
    assert_eq!(has.len(), 2);
    let mut again = has.pop().unwrap();
    assert_eq!(again["replay"], done["id"]);
    again.as_object_mut().unwrap().remove("replay");
    for own in ["lane", "sequence", "time"] {
        again[own] = json!(null);
        has[0][own] = json!(null);
    }
    assert!(again == has[0], "the same event");
}
