//! A storage of random histories through ingest, routing and delivery: the copy is the storage, byte for byte.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use musubi::broker::{Broker, Publication, topology};
use musubi::canonical::Kind;
use musubi::clock::SystemClock;
use musubi::deliver::{self, Counts, Pace, Subscriber, Workers};
use musubi::envelope::{Change, Fault, Lane};
use musubi::pipeline::{Original, Outcome, Pseudonyms, Routing, process};
use musubi::registry::View;
use musubi::route::{Basis, Route, Routes, Send};
use musubi::store::Claims;
use tokio::sync::watch;

use super::extension::{self, NOTES};
use super::simulation::{play, seeds};
use super::{Hub, place, ssmix2};
use crate::support::files_below;
use crate::support::memory_broker::{Fuse, MemoryBroker};
use crate::support::storage::message;

const LANES: u16 = 4;
const STORE: &str = "backup";

/// A routing table that sends everything to one store.
fn everything() -> Routing {
    let route = Route {
        name: "copy".into(),
        topic: "backup.copy".into(),
        to: vec![STORE.into()],
        kinds: Kind::ALL.into(),
        changes: vec![Change::Created, Change::Updated, Change::Deleted, Change::Superseded],
        facilities: None,
        invalid: true,
        condition: None,
        disclosure: None,
        address: None,
        otherwise: None,
        basis: Basis::Entrusted,
        purpose: None,
        send: Send::Original,
        meeting_hosts: Vec::new(),
        receipt: None,
    };
    Routing {
        routes: Arc::new(Routes::new(vec![route])),
        registry: View::default(),
        authority: None,
        zone: TimeZone::UTC,
        pseudonyms: Pseudonyms::new([7; 32]),
        archive: false,
    }
}

/// What the router makes of all that the hub accepted.
fn copies(hub: &Hub) -> Vec<Publication> {
    let routing = everything();
    let mut copies = Vec::new();
    for accepted in hub.broker.all(&topology::ingest()) {
        let lane = Lane::of(&accepted.envelope.facility, &accepted.envelope.patient.0, LANES);
        let original = Original::from(accepted.body.clone());
        let done = process(&accepted.envelope, &original, lane, &routing, Timestamp::UNIX_EPOCH);
        assert!(done.outcome != Outcome::Filtered, "{:?} was kept back", accepted.envelope.change);
        assert_eq!(done.outcome.recipients(), [STORE]);
        let store = topology::subscriber(STORE);
        copies
            .extend(done.follow.into_iter().filter(|copy| copy.to.iter().any(|(queue, _)| *queue == store)));
    }
    copies
}

/// Delivers copies to the store, in the order of their lanes.
async fn deliver(hub: &Hub, copies: &[Publication], store: &Path) {
    let broker = MemoryBroker::new(Fuse::default());
    for queue in [topology::subscriber(STORE), topology::parked(STORE), topology::dead(STORE)] {
        broker.declare(&queue).await.unwrap();
    }
    broker.publish(copies.to_vec()).await.unwrap();
    let counts = Arc::new(Counts::default());
    let (stop, stopped) = watch::channel(false);
    let kind = deliver::Kind::Ssmix2 { path: store.to_owned() };
    let workers = Workers {
        subscriber: Subscriber { name: STORE.into(), facility: None, deliver: kind, give_up_after: None },
        lanes: LANES,
        broker: Arc::new(broker),
        counts: counts.clone(),
        clock: Arc::new(SystemClock),
        registry: View::default(),
        history: None,
        zone: TimeZone::UTC,
        claims: Claims::new(hub.claims.path().to_owned()),
        attempts_max: None,
        pace: Pace::default(),
    };
    #[expect(clippy::disallowed_methods, reason = "a test ends with its tasks")]
    let task = tokio::spawn(workers.run(stopped));
    let all = u64::try_from(copies.len()).unwrap();
    for _ in 0..6_000 {
        if counts.delivered.load(Ordering::Relaxed) == all {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    stop.send_replace(true);
    task.await.unwrap().unwrap();
    assert_eq!(counts.delivered.load(Ordering::Relaxed), all, "not everything was delivered");
}

/// Files of a tree, by path.
fn tree(root: &Path) -> BTreeMap<String, Vec<u8>> {
    if !root.exists() {
        return BTreeMap::new();
    }
    let files = files_below(root).into_iter();
    files
        .map(|file| {
            let path = file.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            (path, std::fs::read(file).unwrap())
        })
        .collect()
}

#[track_caller]
fn assert_same(source: &Path, copy: &Path, what: &str) {
    let (source, copy) = (tree(source), tree(copy));
    let names = |tree: &BTreeMap<String, Vec<u8>>| tree.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&source), names(&copy), "{what}");
    for (path, bytes) in &source {
        let (bytes, copied) = (String::from_utf8_lossy(bytes), String::from_utf8_lossy(&copy[path]));
        assert_eq!(bytes, copied, "{what}: {path}");
    }
}

/// Plays a history and compares; some copies come a second time, as after a crash.
async fn round_trip(seed: u64, with_transaction: bool) {
    let (hub, _) = play(seed, with_transaction).await;
    let store = tempfile::tempdir().unwrap();
    let copies = copies(&hub);
    let what = format!("seed {seed}");
    let from = copies.len().saturating_sub(1 + usize::try_from(seed).unwrap() * 7 % 20);
    deliver(&hub, &copies, store.path()).await;
    deliver(&hub, &copies[from..], store.path()).await;
    assert_same(&hub.storage.path("standard"), &store.path().join("3210100018/ssmix2"), &what);
}

#[tokio::test]
async fn a_storage_comes_back_byte_for_byte() {
    for seed in seeds(25) {
        round_trip(seed, false).await;
    }
}

#[tokio::test]
async fn a_storage_with_transactions_comes_back_byte_for_byte() {
    for seed in seeds(25) {
        round_trip(seed, true).await;
    }
}

/// Where a file lies, and what others beside it are called, is for those who keep the file: an event leaves without it.
#[tokio::test]
async fn an_event_does_not_say_where_its_file_lies() {
    let mut hub = Hub::new(|storage| ssmix2(storage, false));
    hub.storage.put(&place("1"), "20260401090000000", 1, &message("0000123", 1));
    hub.wait(5);
    hub.drain().await;
    let accepted = hub.broker.all(&topology::ingest()).remove(0);
    assert!(accepted.envelope.stored.is_some());
    let original = Original::from(accepted.body.clone());
    for (send, is_told) in [(Send::Original, true), (Send::Canonical, false)] {
        let mut routing = everything();
        let routes = routing.routes.iter().map(|route| Route { send, ..route.clone() }).collect();
        routing.routes = Arc::new(Routes::new(routes));
        let done = process(&accepted.envelope, &original, Lane(0), &routing, Timestamp::UNIX_EPOCH);
        assert_eq!(done.follow[0].envelope.stored.is_some(), is_told);
        let mut senseless = accepted.envelope.clone();
        senseless.fault =
            Some(Fault { code: "too-large".into(), reason: String::new(), place: String::new() });
        let done = process(&senseless, &original, Lane(0), &routing, Timestamp::UNIX_EPOCH);
        assert_eq!(done.outcome, Outcome::Invalid(Vec::new()), "there are no bytes to send");
        assert_eq!(done.follow.len(), 1);
        // The queue of invalid messages is the hub's own, and keeps what a second decision needs.
        assert!(done.follow[0].envelope.stored.is_some());
    }
}

/// Renames that no other message follows: an update that was broken off, a deletion that took its time, a file that
/// made no sense.
#[tokio::test]
async fn renames_alone_come_back_too() {
    let mut hub = Hub::new(|storage| ssmix2(storage, false));
    let put = |hub: &Hub, order: &str, serial: u64, content: &str| {
        let time = format!("20260401{serial:09}");
        hub.storage.put(&place(order), &time, 1, content)
    };
    let broken_off = put(&hub, "1", 1, &message("0000123", 1));
    let older = put(&hub, "2", 2, &message("0000123", 2));
    let newer = put(&hub, "2", 3, &message("0000123", 3));
    let senseless = put(&hub, "3", 4, "");
    hub.wait(60);
    hub.drain().await;
    let older = hub.storage.reflag(&older, 2);
    hub.storage.reflag(&broken_off, 2);
    hub.storage.reflag(&newer, 0);
    hub.storage.reflag(&senseless, 0);
    hub.wait(60);
    hub.drain().await;
    hub.storage.reflag(&older, 0);
    hub.wait(60);
    hub.drain().await;
    let accepted = hub.accepted();
    assert_eq!(accepted.len(), 4 + 3 + 1, "{accepted:?}");
    hub.feed = None;
    hub.wait(60);
    hub.drain().await;
    assert_eq!(hub.accepted(), accepted, "each rename is told once");
    let store = tempfile::tempdir().unwrap();
    deliver(&hub, &copies(&hub), store.path()).await;
    assert_same(&hub.storage.path("standard"), &store.path().join("3210100018/ssmix2"), "renames");
}

/// Several messages in a file, nothing in it, no HL7 in it, a name that can't be read, and one that is no UTF-8.
#[tokio::test]
async fn odd_files_come_back_too() {
    let mut hub = Hub::new(|storage| ssmix2(storage, false));
    let folder = place("1").folder();
    let two = format!("FHS|^~\\&\r{}\r\n{}BTS|2\r\n", message("0000123", 1), message("0000123", 2));
    let time = "20260401090000000";
    hub.storage.put(&place("1"), time, 1, &two);
    hub.storage.put(&place("2"), time, 1, "");
    hub.storage.put(&place("3"), time, 2, "no HL7 at all");
    hub.storage.put(&place("4"), time, 2, &message("0000123", 4).replace('\r', "\r\n"));
    hub.storage.write(&format!("{folder}/100% strange"), message("0000123", 5).as_bytes());
    let own = std::os::unix::ffi::OsStringExt::from_vec(
        b"0000123_20260401_OML-11_\x8a\xb3_20260401090000000_01_1".to_vec(),
    );
    let own: std::ffi::OsString = own;
    std::fs::write(hub.storage.path(&folder).join(own), message("0000123", 6)).unwrap();
    hub.wait(60);
    hub.drain().await;
    let store = tempfile::tempdir().unwrap();
    deliver(&hub, &copies(&hub), store.path()).await;
    let copy = store.path().join("3210100018/ssmix2");
    assert_eq!(tree(&copy).len(), 6);
    assert_same(&hub.storage.path("standard"), &copy, "odd files");
}

/// Content folders as they come, change, are renamed and go; each stage is delivered before the next happens.
#[tokio::test]
async fn an_extension_storage_comes_back_byte_for_byte() {
    let mut hub = extension::hub();
    let store = tempfile::tempdir().unwrap();
    let path =
        |key: &str, hour: u8, flag| extension::folder(NOTES, key, &format!("20260401{hour:02}0000000"), flag);
    let (first, second) = (path("7", 9, 1), path("7", 10, 1));
    let folders: [&dyn Fn(&Hub); 6] = [
        &|hub| {
            hub.storage.write(&format!("{first}/main_document.xml"), b"<a/>");
            hub.storage.write(&format!("{first}/images/deep/one.jpg"), b"\xff\xd8\xff\xe0");
            hub.storage.write(&format!("{}/\u{753b}\u{50cf}.pdf", path("8", 9, 1)), &[b'%'; 3_000_000]);
        },
        &|hub| {
            hub.storage.reflag(&first, 2);
            hub.storage.write(&format!("{second}/a.pdf"), b"%PDF-2");
        },
        &|hub| hub.storage.write(&format!("{second}/b.pdf"), b"%PDF-3"),
        &|hub| std::fs::remove_file(hub.storage.path(&format!("{second}/a.pdf"))).unwrap(),
        &|hub| drop(hub.storage.reflag(&path("8", 9, 1), 0)),
        &|hub| {
            hub.storage.reflag(&path("7", 9, 2), 0);
            hub.storage.reflag(&second, 0);
        },
    ];
    for (stage, happen) in folders.iter().enumerate() {
        happen(&hub);
        hub.wait(60);
        hub.drain().await;
        deliver(&hub, &copies(&hub), store.path()).await;
        let copy = store.path().join("3210100018/ssmix2.extension");
        assert_same(&hub.storage.path("extension"), &copy, &format!("stage {stage}"));
    }
    assert!(store.path().join(".musubi/replaced/3210100018/ssmix2.extension").exists());
}
