//! The network's services over the demo region: what arrives where it must, and nothing where it must not.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use serde_json::Value;

use crate::support::{HubFolder, files_below, repository};

/// The region, delivered once for all tests.
fn network() -> &'static HubFolder {
    static NETWORK: OnceLock<HubFolder> = OnceLock::new();
    NETWORK.get_or_init(|| {
        let hub = HubFolder::network();
        let (code, report) = hub.drain();
        assert_eq!((code, &report["conserved"]), (0, &Value::Bool(true)), "{report:#}");
        hub
    })
}

/// What a subscriber got: an empty list where it got nothing at all.
fn got(subscriber: &str) -> Vec<Value> {
    let hub = network();
    if hub.path("var/deliveries").join(subscriber).exists() { hub.delivered(subscriber) } else { Vec::new() }
}

/// How many copies of each topic.
fn topics(subscriber: &str) -> BTreeMap<String, usize> {
    let mut topics = BTreeMap::new();
    for event in got(subscriber) {
        *topics.entry(event["topic"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    topics
}

/// The facility that sent it, and the patient's id there.
fn origin(event: &Value) -> (&str, &str) {
    (event["source"].as_str().unwrap(), event["data"]["patient"]["id"].as_str().unwrap_or_default())
}

#[track_caller]
fn assert_topics(subscriber: &str, expected: &[(&str, usize)]) {
    let expected: BTreeMap<_, _> = expected.iter().map(|(topic, n)| ((*topic).to_owned(), *n)).collect();
    assert_eq!(topics(subscriber), expected, "{subscriber}");
}

#[test]
fn every_service_delivers_to_whom_it_must() {
    for name in ["chuo-record", "kita-record", "oki-record"] {
        println!("{name}: {:?}", topics(name));
    }
    for event in got("kita-record").iter().take(2) {
        println!("{event}");
    }
    assert_topics("kita-record", &[]);
}
