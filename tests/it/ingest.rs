//! Files in, accepted messages out: each once, in order, whatever crashes.

mod counts;
mod extension;
mod findings;
mod growing;
mod index;
mod mllp;
mod odd_files;
mod roots;
mod round_trip;
mod simulation;
mod transactions;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use musubi::broker::{Delivery, topology};
use musubi::clock::ManualClock;
use musubi::envelope::Change;
use musubi::ingest::{After, Feed, FeedCounts, FeedSettings, IngestError, Pace, Source, settings};
use musubi::store::{Claims, Ledger};
use tempfile::TempDir;
use tokio::sync::watch;

use crate::support::memory_broker::{Fuse, MemoryBroker};
use crate::support::memory_kv::MemoryKv;
use crate::support::storage::{Place, Storage, message};

/// A feed over a storage that can crash and be opened again.
struct Hub {
    storage: Storage,
    broker: MemoryBroker,
    kv: Arc<MemoryKv>,
    fuse: Fuse,
    source: Source,
    /// Further roots of the same facility.
    more: Vec<Source>,
    claims: TempDir,
    feed: Option<Feed>,
}

fn ssmix2(storage: &Storage, with_transaction: bool) -> Source {
    Source::Ssmix2 {
        standard: storage.path("standard"),
        transaction: with_transaction.then(|| storage.path("transaction")),
        index: None,
        extension: None,
        settle: settings::SETTLE,
        incomplete_limit: settings::INCOMPLETE_LIMIT,
        poll: settings::POLL,
    }
}

fn hl7_files(path: PathBuf, after: After) -> Source {
    let (settle, incomplete_limit, poll) = (settings::SETTLE, settings::INCOMPLETE_LIMIT, settings::POLL);
    Source::Hl7Files { path, after, settle, incomplete_limit, poll }
}

impl Hub {
    fn new(source: impl FnOnce(&Storage) -> Source) -> Self {
        let start: Timestamp = "2026-04-01T00:00:00Z".parse().unwrap();
        Self::over(Storage::new(ManualClock::new(start)), source)
    }

    /// A hub that knows nothing yet, over a storage.
    fn over(storage: Storage, source: impl FnOnce(&Storage) -> Source) -> Self {
        let fuse = Fuse::default();
        let (broker, kv) = (MemoryBroker::new(fuse.clone()), Arc::new(MemoryKv::new(fuse.clone())));
        let source = source(&storage);
        let claims = tempfile::tempdir().unwrap();
        Self { storage, broker, kv, fuse, source, more: Vec::new(), claims, feed: None }
    }

    async fn open(&self) -> Result<Feed, IngestError> {
        let settings = FeedSettings {
            name: "izumo".into(),
            facility: "3210100018".into(),
            sources: [std::slice::from_ref(&self.source), &self.more].concat(),
            listeners: Vec::new(),
            bytes_max: 10_000,
        };
        let clock = Arc::new(self.storage.clock.clone());
        let (ledger, claims) = (Ledger::new(self.kv.clone()), Claims::new(self.claims.path().to_owned()));
        Feed::open(settings, 4, Arc::new(self.broker.clone()), ledger, claims, clock).await
    }

    /// One pass, by a feed that is opened if there is none. After an error there is none.
    async fn pass(&mut self) -> Result<Pace, IngestError> {
        let mut feed = match self.feed.take() {
            Some(feed) => feed,
            None => self.open().await?,
        };
        let (_stop, told) = watch::channel(false);
        let pace = feed.pass(&told).await?;
        self.feed = Some(feed);
        Ok(pace)
    }

    /// Passes until nothing is waited for.
    async fn drain(&mut self) {
        while self.pass().await.unwrap() != Pace::Idle {
            self.wait(1);
        }
    }

    fn wait(&self, seconds: u64) {
        self.storage.clock.advance(Duration::from_secs(seconds));
    }

    fn counts(&self) -> Arc<FeedCounts> {
        self.feed.as_ref().unwrap().counts()
    }

    /// What was accepted, as `<order>:<control id><change>`; a fault as `<order>!<code>`.
    fn accepted(&self) -> Vec<String> {
        self.broker.all(&topology::ingest()).iter().map(told).collect()
    }
}

fn sign(change: Change) -> char {
    match change {
        Change::Created => '+',
        Change::Updated => '~',
        Change::Deleted => '-',
        Change::Superseded => '.',
    }
}

fn control_id(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    text.split('|').nth(9).unwrap_or("?").to_owned()
}

fn told(delivery: &Delivery) -> String {
    let envelope = &delivery.envelope;
    let order = envelope.key.0.rsplit('/').next().unwrap();
    match &envelope.fault {
        Some(fault) => format!("{order}!{}", fault.code),
        None => format!("{order}:{}{}", control_id(&delivery.body), sign(envelope.change)),
    }
}

fn place(order: &str) -> Place {
    Place {
        patient: "0000123".into(),
        date: "20260401".into(),
        data_type: "OML-11".into(),
        order: order.into(),
    }
}

impl Storage {
    /// Writes a file of a version and returns its path.
    fn put(&self, place: &Place, time: &str, flag: u8, content: &str) -> String {
        let path = format!("{}/{}_{flag}", place.folder(), place.stem(time));
        self.write(&path, content.as_bytes());
        path
    }

    fn reflag(&self, path: &str, flag: u8) -> String {
        let to = format!("{}{flag}", path.strip_suffix(|last: char| last.is_ascii_digit()).unwrap());
        self.rename(path, &to);
        to
    }
}

const TR: &str = "transaction/2026/TR_20260401000000000_00001.DAT";

#[tokio::test]
async fn second_drain_finds_everything_unchanged() {
    let mut hub = Hub::new(|storage| ssmix2(storage, false));
    for order in 0..600 {
        hub.storage.put(&place(&order.to_string()), "20260401093015123", 1, &message("0000123", order));
    }
    hub.drain().await;
    let counts = hub.counts();
    assert_eq!((counts.files(), counts.accepted(), counts.unchanged()), (600, 600, 0));
    for _restart in 0..2 {
        hub.feed = None;
        hub.drain().await;
        let counts = hub.counts();
        assert_eq!((counts.files(), counts.accepted(), counts.unchanged()), (600, 0, 600));
    }
    assert_eq!(hub.accepted().len(), 600);
}

#[tokio::test]
async fn versions_of_a_record() {
    let mut hub = Hub::new(|storage| ssmix2(storage, false));
    let (record, patient) = (place("7"), "0000123");
    let first = hub.storage.put(&record, "20260401090000000", 1, &message(patient, 1));
    hub.wait(4);
    hub.drain().await;
    hub.storage.reflag(&first, 2);
    let second = hub.storage.put(&record, "20260401100000000", 1, &message(patient, 2));
    hub.wait(4);
    hub.drain().await;
    hub.storage.write(&second, message(patient, 3).as_bytes());
    hub.wait(4);
    hub.drain().await;
    hub.storage.reflag(&second, 0);
    hub.wait(4);
    hub.drain().await;
    hub.storage.put(&record, "20260401110000000", 0, &message(patient, 4));
    hub.wait(4);
    hub.drain().await;
    assert_eq!(hub.accepted(), ["7:1+", "7:2~", "7:3~", "7:3-", "7:4-"]);
}

#[tokio::test]
async fn a_half_written_file_waits_and_is_given_up_in_the_end() {
    let mut hub = Hub::new(|storage| ssmix2(storage, false));
    let empty = hub.storage.put(&place("1"), "20260401090000000", 1, "");
    hub.storage.put(&place("2"), "20260401090000001", 1, "MSH|^~\\&|HIS");
    let late = hub.storage.put(&place("3"), "20260401090000002", 1, "MSH|^~\\&|HIS");
    hub.wait(5);
    assert_eq!(hub.pass().await.unwrap(), Pace::Waiting);
    assert_eq!(hub.accepted(), Vec::<String>::new());
    hub.storage.write(&late, message("0000123", 3).as_bytes());
    hub.drain().await;
    assert_eq!(hub.accepted(), ["3:3+", "1!empty", "2!only-header"]);
    hub.storage.write(&empty, message("0000123", 1).as_bytes());
    hub.wait(4);
    hub.drain().await;
    assert_eq!(hub.accepted().last().unwrap(), "1:1+");
}

#[tokio::test]
async fn a_later_version_waits_for_a_half_written_one() {
    let mut hub = Hub::new(|storage| ssmix2(storage, false));
    let earlier = hub.storage.put(&place("7"), "20260401090000000", 1, "");
    hub.storage.put(&place("7"), "20260401100000000", 1, &message("0000123", 2));
    hub.storage.put(&place("8"), "20260401110000000", 1, &message("0000123", 3));
    hub.wait(5);
    assert_eq!(hub.pass().await.unwrap(), Pace::Waiting);
    assert_eq!(hub.accepted(), ["8:3+"]);
    hub.storage.write(&earlier, message("0000123", 1).as_bytes());
    hub.drain().await;
    assert_eq!(hub.accepted(), ["8:3+", "7:1+", "7:2~"]);
}

#[tokio::test]
async fn a_file_too_large_is_reported_without_content() {
    let mut hub = Hub::new(|storage| ssmix2(storage, false));
    hub.storage.put(&place("1"), "20260401090000000", 1, &"MSH|".repeat(3_000));
    let folder = place("2").folder();
    hub.storage.write(&format!("{folder}/notes_1"), message("0000123", 5).as_bytes());
    hub.drain().await;
    let mut accepted = hub.accepted();
    accepted.sort();
    assert_eq!(accepted, ["1!too-large", "notes_1!file-name"]);
    hub.feed = None;
    hub.wait(60);
    hub.drain().await;
    assert_eq!(hub.accepted().len(), 2);
}

#[tokio::test]
async fn transaction_records_make_the_storage_unchanged() {
    let mut hub = Hub::new(|storage| ssmix2(storage, true));
    let (record, patient) = (place("7"), "0000123");
    let add = |operation: &str, time: &str, serial: u64| {
        let text = format!("{}{}\r\n", record.header(operation, time), message(patient, serial));
        hub.storage.append(TR, text.as_bytes());
    };
    add("INS", "20260401090000000", 1);
    add("INS", "20260401100000000", 2);
    add("DEL", "20260401110000000", 3);
    hub.wait(4);
    hub.drain().await;
    hub.storage.put(&record, "20260401090000000", 0, &message(patient, 1));
    // The time in the storage may differ; then the content tells. Line ends may differ; then the name tells.
    hub.storage.put(&record, "20260401100000999", 0, &message(patient, 2));
    hub.storage.put(&record, "20260401110000000", 0, &message(patient, 3).replace('\r', "\n"));
    hub.wait(4);
    hub.drain().await;
    hub.feed = None;
    hub.drain().await;
    assert_eq!(hub.accepted(), ["7:1+", "7:2~", "7:3-"]);
}

#[tokio::test]
async fn a_torn_transaction_record_waits() {
    let mut hub = Hub::new(|storage| ssmix2(storage, true));
    let (record, patient) = (place("7"), "0000123");
    let text = format!("{}{}", record.header("INS", "20260401090000000"), message(patient, 1));
    let (head, tail) = text.split_at(120);
    hub.storage.append(TR, head.as_bytes());
    hub.wait(4);
    assert_eq!(hub.pass().await.unwrap(), Pace::Waiting);
    hub.storage.append(TR, tail.as_bytes());
    hub.drain().await;
    hub.storage.append(TR, b"#SSMIX,2.00,torn");
    hub.drain().await;
    assert_eq!(hub.accepted()[0], "7:1+");
    assert!(hub.accepted()[1].ends_with("!transaction-header-unfinished"));
    assert_eq!(hub.accepted().len(), 2);
}

/// Runs a pass that crashes after so many steps, for every number of steps until it does not.
async fn crash_anywhere(mut prepare: impl AsyncFnMut() -> Hub, expected: &[&str]) {
    for steps in 0.. {
        let mut hub = prepare().await;
        hub.fuse.set(Some(steps));
        let crashed = hub.pass().await.is_err();
        hub.fuse.set(None);
        if !crashed {
            assert!(steps > 10, "after {steps} steps");
            return;
        }
        hub.feed = None;
        hub.kv.crash(|_| 0);
        hub.drain().await;
        assert_eq!(hub.accepted(), expected, "crash after {steps} steps");
    }
}

#[tokio::test]
async fn a_record_without_a_header_comes_once_wherever_it_crashes() {
    let prepare = async || {
        let hub = Hub::new(|storage| ssmix2(storage, true));
        hub.storage.append(TR, b"lost\r#SSMIX,2.00\rMSH|1\r#SSMIX,2.00,unfinished\r");
        hub.wait(60);
        hub
    };
    let header = "TR_20260401000000000_00001.DAT@";
    let expected = [
        format!("{header}0!transaction-header-missing"),
        format!("{header}5!transaction-header-unreadable"),
        format!("{header}23!transaction-header-unreadable"),
    ];
    crash_anywhere(prepare, &expected.each_ref().map(String::as_str)).await;
}

#[tokio::test]
async fn a_file_of_several_messages_comes_once_wherever_it_crashes() {
    for after in [After::Keep, After::Move, After::Delete] {
        let prepare = async || {
            let hub = Hub::new(|storage| hl7_files(storage.path("drop"), after));
            let patient = "0000001";
            let text = format!("{}{}{}", message(patient, 1), message(patient, 2), message(patient, 3));
            hub.storage.write("drop/a.hl7", text.as_bytes());
            hub.wait(60);
            hub
        };
        crash_anywhere(prepare, &["a.hl7:1+", "a.hl7:2+", "a.hl7:3+"]).await;
    }
}

#[tokio::test]
async fn a_patient_larger_than_a_batch_comes_once_wherever_it_crashes() {
    let hub = Hub::new(|storage| ssmix2(storage, false));
    let orders = 0..1_030_u64;
    for order in orders.clone() {
        hub.storage.put(&place(&order.to_string()), "20260401090000000", 1, &message("0000123", order));
    }
    hub.wait(60);
    let mut storage = Some(hub.storage);
    for steps in 0.. {
        let mut hub = Hub::over(storage.take().unwrap(), |storage| ssmix2(storage, false));
        // The ledger is flushed, and what it covers settled, in the middle of the patient.
        hub.broker.slow_down(hub.storage.clock.clone());
        hub.fuse.set(Some(steps));
        let crashed = hub.pass().await.is_err();
        hub.fuse.set(None);
        hub.feed = None;
        hub.kv.crash(|ways| ways / 2);
        hub.drain().await;
        let accepted: BTreeSet<String> = hub.accepted().into_iter().collect();
        assert_eq!((accepted.len(), hub.accepted().len()), (1_030, 1_030), "crash after {steps} steps");
        if !crashed {
            return;
        }
        storage = Some(hub.storage);
    }
}

/// So many patients that several threads share them: each patient's messages still come once and in order.
#[tokio::test]
async fn many_patients_come_once_and_each_in_order_wherever_it_crashes() {
    const PATIENTS: usize = 300;
    let mut hub = Hub::new(|storage| ssmix2(storage, false));
    for patient in 0..PATIENTS {
        for (order, serial) in [("1", 1), ("2", 2), ("3", 3)] {
            let patient = format!("{:07}", patient * 37);
            let record = Place { patient: patient.clone(), ..place(order) };
            hub.storage.put(&record, &format!("2026040109000000{order}"), 1, &message(&patient, serial));
        }
    }
    hub.wait(60);
    for steps in 0.. {
        hub = Hub::over(hub.storage, |storage| ssmix2(storage, false));
        hub.fuse.set(Some(steps));
        let crashed = hub.pass().await.is_err();
        hub.fuse.set(None);
        hub.feed = None;
        hub.kv.crash(|ways| ways / 2);
        hub.drain().await;
        let mut patients: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for delivery in hub.broker.all(&topology::ingest()) {
            patients.entry(delivery.envelope.patient.0.clone()).or_default().push(told(&delivery));
        }
        assert_eq!(patients.len(), PATIENTS, "crash after {steps} steps");
        for told in patients.values() {
            assert_eq!(told, &["1:1+", "2:2+", "3:3+"], "crash after {steps} steps");
        }
        if !crashed {
            return;
        }
    }
}

#[tokio::test]
async fn two_files_of_one_version_come_once_each() {
    let mut hub = Hub::new(|storage| ssmix2(storage, false));
    hub.storage.put(&place("7"), "20260401090000000", 0, &message("0000123", 1));
    hub.storage.put(&place("7"), "20260401090000000", 1, &message("0000123", 2));
    hub.drain().await;
    hub.feed = None;
    hub.drain().await;
    assert_eq!(hub.accepted(), ["7:1.", "7:2+"]);
}

#[tokio::test]
async fn dropped_files_by_time_then_name_with_their_patients() {
    for (after, left) in [(After::Keep, 3), (After::Move, 0), (After::Delete, 0)] {
        let mut hub = Hub::new(|storage| hl7_files(storage.path("drop"), after));
        hub.storage.write("drop/b.hl7", message("0000001", 1).as_bytes());
        hub.storage
            .write("drop/a.hl7", format!("{}{}", message("0000002", 2), message("0000003", 3)).as_bytes());
        hub.wait(1);
        hub.storage.write("drop/0.hl7", message("0000004", 4).as_bytes());
        hub.drain().await;
        let accepted: BTreeSet<String> = hub.accepted().into_iter().collect();
        assert_eq!(accepted, ["a.hl7:2+", "a.hl7:3+", "b.hl7:1+", "0.hl7:4+"].map(String::from).into());
        let all = hub.broker.all(&topology::ingest());
        let patients: BTreeSet<&str> =
            all.iter().map(|delivery| delivery.envelope.patient.0.as_str()).collect();
        assert_eq!(patients, ["0000001", "0000002", "0000003", "0000004"].into());
        let files = |path: &str| {
            let entries = std::fs::read_dir(hub.storage.path(path)).into_iter().flatten();
            entries.filter(|entry| entry.as_ref().unwrap().path().is_file()).count()
        };
        assert_eq!((files("drop"), files("drop/.done")), (left, if after == After::Move { 3 } else { 0 }));
        hub.feed = None;
        hub.drain().await;
        assert_eq!(hub.accepted().len(), 4);
    }
}
