//! A hospital's system that writes as such systems do, against a hub that crashes between any two steps.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use musubi::broker::{Delivery, topology};
use musubi::envelope::Change;

use super::{Hub, TR, control_id, place, ssmix2, told};
use crate::support::storage::{Place, message};

/// A small generator of numbers, so that a seed replays.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (x ^ (x >> 31)) % end
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// A record as the hospital's system knows it.
#[derive(Default)]
struct Truth {
    /// Path and serial of each version's file.
    files: Vec<(String, u64)>,
    /// Serial of the current version.
    current: Option<u64>,
}

/// A hospital's system that does what such systems do.
pub(super) struct Hospital {
    random: Seeded,
    records: BTreeMap<String, (Place, Truth)>,
    serial: u64,
    with_transaction: bool,
    /// Files that are still being written, and what they will hold.
    unfinished: Vec<(String, String)>,
    /// Rest of a transaction record.
    torn: Option<String>,
    /// What to do next time: a new current version, or a delete message.
    owed: Vec<(String, String, u8, u64)>,
    /// Serials that were history, or gone again, before anybody could see them as current.
    written: BTreeSet<u64>,
}

impl Hospital {
    fn act(&mut self, hub: &Hub) {
        hub.storage.clock.advance(Duration::from_millis(50 + self.random.below(4_000)));
        if let Some(rest) = self.torn.take() {
            hub.storage.append(TR, rest.as_bytes());
        }
        let finished = std::mem::take(&mut self.unfinished);
        for (path, content) in &finished {
            hub.storage.write(path, content.as_bytes());
        }
        let owed = std::mem::take(&mut self.owed);
        for (order, time, flag, serial) in &owed {
            self.write(hub, order, time, *flag, *serial);
        }
        if !finished.is_empty() || !owed.is_empty() {
            return;
        }
        hub.storage.clock.advance(Duration::from_millis(5));
        let order = self.random.below(12).to_string();
        let action = self.random.below(10);
        let exists = self.records.contains_key(&order);
        match action {
            _ if !exists => self.insert(hub, &order),
            0..=3 => self.insert(hub, &order),
            4..=6 => self.delete(hub, &order),
            7 => self.rewrite(hub, &order),
            _ => {}
        }
    }

    fn insert(&mut self, hub: &Hub, order: &str) {
        let patient = format!("00001{}", 10 + self.random.below(3));
        let fresh = Place { patient, ..place(order) };
        let (record, _) = self.records.entry(order.to_owned()).or_insert((fresh, Truth::default()));
        let record = record.clone();
        self.serial += 1;
        let (serial, time) = (self.serial, hub.storage.time());
        self.log(hub, &record, "INS", &time, serial);
        let (_, truth) = self.records.get_mut(order).unwrap();
        truth.current = Some(serial);
        for (path, _) in truth.files.iter_mut().filter(|(path, _)| path.ends_with("_1")) {
            *path = hub.storage.reflag(path, 2);
        }
        self.later_or_now(hub, order, time, 1, serial);
    }

    fn delete(&mut self, hub: &Hub, order: &str) {
        let (record, truth) = self.records.get_mut(order).unwrap();
        if truth.current.take().is_none() {
            return;
        }
        let record = record.clone();
        self.serial += 1;
        let (serial, time) = (self.serial, hub.storage.time());
        self.log(hub, &record, "DEL", &time, serial);
        let (_, truth) = self.records.get_mut(order).unwrap();
        for (path, _) in truth.files.iter_mut().filter(|(path, _)| !path.ends_with("_0")) {
            *path = hub.storage.reflag(path, 0);
        }
        if self.with_transaction || self.random.chance(70) {
            self.later_or_now(hub, order, time, 0, serial);
        }
    }

    /// Corrects the current version without telling.
    fn rewrite(&mut self, hub: &Hub, order: &str) {
        let (record, truth) = self.records.get_mut(order).unwrap();
        let current = truth.files.iter_mut().find(|(path, _)| path.ends_with("_1"));
        let Some((path, serial)) = current.filter(|_| !self.with_transaction) else { return };
        self.serial += 1;
        (*serial, truth.current) = (self.serial, Some(self.serial));
        hub.storage.write(path, message(&record.patient, self.serial).as_bytes());
    }

    fn later_or_now(&mut self, hub: &Hub, order: &str, time: String, flag: u8, serial: u64) {
        if self.random.chance(20) {
            self.owed.push((order.to_owned(), time, flag, serial));
        } else {
            self.write(hub, order, &time, flag, serial);
        }
    }

    fn write(&mut self, hub: &Hub, order: &str, time: &str, flag: u8, serial: u64) {
        let (record, truth) = self.records.get_mut(order).unwrap();
        let content = message(&record.patient, serial);
        let begun = match self.random.below(6) {
            0 => "",
            1 => content.get(..20).unwrap(),
            _ => &content,
        };
        let path = hub.storage.put(record, time, flag, begun);
        truth.files.push((path.clone(), serial));
        self.written.insert(serial);
        if begun.len() < content.len() {
            self.unfinished.push((path, content));
        }
    }

    fn log(&mut self, hub: &Hub, record: &Place, operation: &str, time: &str, serial: u64) {
        if !self.with_transaction {
            return;
        }
        let text = format!("{}{}\r\n", record.header(operation, time), message(&record.patient, serial));
        let whole = self.random.chance(70);
        let cut = if whole { text.len() } else { usize::try_from(self.random.below(120)).unwrap() };
        let (head, rest) = text.split_at(cut);
        hub.storage.append(TR, head.as_bytes());
        self.torn = (!whole).then(|| rest.to_owned());
    }
}

/// Plays a hospital and a hub that crashes; then compares what was accepted with what happened.
async fn simulate(seed: u64, with_transaction: bool) {
    let (hub, hospital) = play(seed, with_transaction).await;
    verify(seed, &hub, &hospital);
}

/// A hospital's system at work, and a hub that crashes and in the end has taken all.
pub(super) async fn play(seed: u64, with_transaction: bool) -> (Hub, Hospital) {
    let mut hub = Hub::new(|storage| ssmix2(storage, with_transaction));
    let mut hospital = Hospital {
        random: Seeded(seed),
        records: BTreeMap::new(),
        serial: 0,
        with_transaction,
        unfinished: Vec::new(),
        torn: None,
        owed: Vec::new(),
        written: BTreeSet::new(),
    };
    for _round in 0..60 {
        hospital.act(&hub);
        if hospital.random.chance(60) {
            let fuse = hospital.random.chance(50).then(|| hospital.random.below(14));
            hub.fuse.set(fuse);
            let crashed = hub.pass().await.is_err();
            hub.fuse.set(None);
            if crashed {
                hub.feed = None;
                hub.kv.crash(|ways| usize::try_from(hospital.random.below(ways as u64)).unwrap());
            }
        }
    }
    while !hospital.owed.is_empty() || !hospital.unfinished.is_empty() || hospital.torn.is_some() {
        hospital.act(&hub);
    }
    hub.wait(30);
    hub.drain().await;
    hub.feed = None;
    hub.wait(30);
    hub.drain().await;
    (hub, hospital)
}

fn verify(seed: u64, hub: &Hub, hospital: &Hospital) {
    let all = hub.broker.all(&topology::ingest());
    let list = |order: &str| {
        let of = all.iter().filter(|delivery| delivery.envelope.key.0.ends_with(&format!("/{order}")));
        of.map(told).collect::<Vec<_>>().join(" ")
    };
    let mut once = BTreeSet::new();
    let twice: Vec<_> =
        all.iter().filter(|delivery| !once.insert(delivery.envelope.id.as_str())).map(told).collect();
    let histories: Vec<String> =
        twice.iter().map(|told| list(told.split([':', '!']).next().unwrap())).collect();
    assert!(twice.is_empty(), "seed {seed}: came twice: {twice:?} in {histories:?}");
    for (order, (_, truth)) in &hospital.records {
        let of = all.iter().filter(|delivery| delivery.envelope.key.0.ends_with(&format!("/{order}")));
        let of: Vec<&Delivery> = of.filter(|delivery| delivery.envelope.fault.is_none()).collect();
        let history = list(order);
        let mut current = None;
        let mut announced = Vec::new();
        let mut seen = BTreeSet::new();
        for delivery in &of {
            let serial: u64 = control_id(&delivery.body).parse().unwrap();
            match delivery.envelope.change {
                Change::Created => {
                    assert!(
                        announced.is_empty(),
                        "seed {seed}, {order}: created after {announced:?}: {history}"
                    );
                    current = Some(serial);
                }
                Change::Updated => {
                    assert!(!announced.is_empty(), "seed {seed}, {order}: updated first: {history}");
                    current = Some(serial);
                }
                Change::Deleted => current = None,
                Change::Superseded => {}
            }
            // A renamed version is told again, under an id of its own.
            let is_rename = delivery.envelope.change == Change::Superseded && seen.contains(&serial);
            if delivery.envelope.change != Change::Deleted && !is_rename {
                assert!(seen.insert(serial), "seed {seed}, {order}: {serial} came twice: {history}");
            }
            if delivery.envelope.change != Change::Superseded {
                announced.push(delivery.envelope.version.clone());
            }
        }
        assert_eq!(current, truth.current, "seed {seed}, {order}: {history}");
        assert!(announced.is_sorted(), "seed {seed}, {order}: out of order: {history}");
        for (_, serial) in &truth.files {
            let times = of.iter().filter(|delivery| control_id(&delivery.body) == serial.to_string()).count();
            assert!(times >= 1, "seed {seed}, {order}: {serial} is missing: {history}");
        }
    }
}

/// One seed to replay by `MUSUBI_SEED=…`, or a range.
pub(super) fn seeds(count: u64) -> std::ops::Range<u64> {
    match std::env::var("MUSUBI_SEED") {
        Ok(seed) => seed.parse().map(|seed: u64| seed..seed + 1).unwrap(),
        Err(_) => 0..count,
    }
}

#[tokio::test]
async fn simulation_of_a_storage() {
    for seed in seeds(60) {
        simulate(seed, false).await;
    }
}

#[tokio::test]
async fn simulation_of_a_storage_with_transactions() {
    for seed in seeds(60) {
        simulate(seed, true).await;
    }
}
