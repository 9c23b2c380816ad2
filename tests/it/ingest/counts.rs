//! What a drain says of the files it saw: each once, however many passes it took.

use std::fs;
use std::time::Duration;

use musubi::ingest::{After, IngestError, Pace};
use serde_json::Value;

use super::{Hub, TR, hl7_files, message, place, ssmix2};
use crate::support::{HubFolder, copy_tree, files_below, repository};

fn counts(hub: &Hub) -> (u64, u64, u64) {
    let counts = hub.counts();
    (counts.files(), counts.accepted(), counts.unchanged())
}

#[tokio::test]
async fn files_that_had_to_be_waited_for_count_once() {
    let mut hub = Hub::new(|storage| ssmix2(storage, false));
    let time = "20260401090000000";
    hub.storage.put(&place("1"), time, 1, &message("0000123", 1));
    hub.wait(60);
    hub.drain().await;
    hub.feed = None;
    // One known and touched, one known and altered, one new: all young in the first pass.
    hub.storage.put(&place("2"), time, 1, &message("0000123", 2));
    hub.wait(60);
    hub.drain().await;
    hub.feed = None;
    hub.storage.put(&place("1"), time, 1, &message("0000123", 1));
    hub.storage.put(&place("2"), time, 1, &message("0000123", 4));
    hub.storage.put(&place("3"), time, 1, &message("0000123", 5));
    assert_eq!(hub.pass().await.unwrap(), Pace::Waiting);
    assert_eq!(counts(&hub), (0, 0, 0));
    hub.drain().await;
    assert_eq!(counts(&hub), (3, 2, 1));
    // From now on only what is new counts, once.
    hub.storage.put(&place("2"), time, 1, &message("0000123", 6));
    hub.storage.put(&place("4"), time, 1, "MSH|");
    hub.drain().await;
    hub.storage.put(&place("4"), time, 1, &message("0000123", 7));
    hub.drain().await;
    assert_eq!(counts(&hub), (4, 5, 1));
}

#[tokio::test]
async fn what_came_by_the_transaction_storage_is_unchanged_however_young() {
    for wait in [0, 60] {
        let mut hub = Hub::new(|storage| ssmix2(storage, true));
        for order in 1..4 {
            let record = place(&order.to_string());
            let text =
                format!("{}{}\r\n", record.header("INS", "20260401090000000"), message("0000123", order));
            hub.storage.append(TR, text.as_bytes());
            hub.storage.put(&record, "20260401090000000", 1, &message("0000123", order));
        }
        hub.storage.put(&place("4"), "20260401090000000", 1, &message("0000123", 4));
        hub.wait(wait);
        hub.drain().await;
        assert_eq!(counts(&hub), (5, 4, 3), "after {wait} s");
        hub.feed = None;
        hub.drain().await;
        assert_eq!(counts(&hub), (5, 0, 5), "after {wait} s");
    }
}

#[tokio::test]
async fn dropped_files_count_once() {
    let mut hub = Hub::new(|storage| hl7_files(storage.path("drop"), After::Keep));
    hub.storage.write("drop/a.hl7", message("0000001", 1).as_bytes());
    hub.storage.write("drop/b.hl7", b"MSH|");
    assert_eq!(hub.pass().await.unwrap(), Pace::Waiting);
    hub.drain().await;
    assert_eq!(counts(&hub), (2, 2, 0));
    hub.storage.write("drop/b.hl7", message("0000001", 2).as_bytes());
    hub.drain().await;
    assert_eq!(counts(&hub), (2, 3, 0));
    hub.feed = None;
    hub.storage.write("drop/a.hl7", message("0000001", 1).as_bytes());
    hub.drain().await;
    assert_eq!(counts(&hub), (2, 0, 2));
}

/// A pass that broke off is repeated, and so is what it counted.
#[tokio::test]
async fn a_pass_that_broke_off_counts_nothing_twice() {
    for steps in 0.. {
        let hub = Hub::new(|storage| hl7_files(storage.path("drop"), After::Keep));
        hub.storage.write("drop/a.hl7", message("0000001", 1).as_bytes());
        hub.wait(60);
        let mut feed = hub.open().await.unwrap();
        hub.fuse.set(Some(steps));
        let (_stop, told) = tokio::sync::watch::channel(false);
        let crashed = feed.pass(&told).await.is_err();
        hub.fuse.set(None);
        feed.pass(&told).await.unwrap();
        assert_eq!(feed.counts().files(), 1, "crash after {steps} steps");
        if !crashed {
            return;
        }
    }
}

#[tokio::test]
async fn what_was_confirmed_counts_though_the_ledger_failed() {
    let hub = Hub::new(|storage| hl7_files(storage.path("drop"), After::Keep));
    hub.storage.write("drop/a.hl7", message("0000001", 1).as_bytes());
    hub.wait(60);
    let mut feed = hub.open().await.unwrap();
    let (_stop, told) = tokio::sync::watch::channel(false);
    // Two steps to publish; the next one is the ledger's.
    hub.fuse.set(Some(2));
    assert!(matches!(feed.pass(&told).await, Err(IngestError::Ledger { .. })));
    hub.fuse.set(None);
    feed.pass(&told).await.unwrap();
    assert_eq!((hub.accepted().len(), feed.counts().accepted()), (1, 1));
}

/// The demo region, just copied or long settled: the same counts of every feed.
#[test]
fn a_fresh_copy_counts_like_a_settled_one() {
    let region = |age: Duration, settle: &str| {
        let hub = HubFolder::new();
        copy_tree(&repository().join("fixtures/region"), &hub.path("fixtures/region"));
        copy_tree(&repository().join("feeds"), &hub.path("feeds"));
        for feed in files_below(&hub.path("feeds")) {
            let text = fs::read_to_string(&feed).unwrap();
            fs::write(feed, format!("{text}\n{settle}")).unwrap();
        }
        // One time for all: a slow copy must not let a storage settle before its transaction storage.
        fs::write(hub.path("copied"), "").unwrap();
        let copied = fs::metadata(hub.path("copied")).unwrap().modified().unwrap();
        for file in files_below(&hub.path("fixtures")) {
            let file = fs::File::options().write(true).open(file).unwrap();
            file.set_modified(copied.checked_sub(age).unwrap()).unwrap();
        }
        let (code, report) = hub.drain();
        assert_eq!(code, 0, "{report:#}");
        report["feeds"].clone()
    };
    let settled: Value = region(Duration::from_secs(3_600), "");
    let izumo = settled.as_array().unwrap().iter().find(|feed| feed["feed"] == "izumo-chuo").unwrap();
    assert!(izumo["unchanged"].as_u64().unwrap() > 100, "{settled:#}");
    assert_eq!(region(Duration::ZERO, ""), settled);
    assert_eq!(region(Duration::ZERO, "settle = \"100ms\"\nincomplete_limit = \"1s\""), settled);
}
