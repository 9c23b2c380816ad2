//! Random registries and random messages of all kinds, through decode, normalise, route and deliver: no delivery ever
//! begins without a basis that a second, naive reading of the registry's entries confirms at that time, and no field
//! outside a disclosure leaves.
//!
//! A failing run prints its seed; `MUSUBI_SEED=<seed>` runs that one alone, `MUSUBI_SEEDS=<count>` more of them.

mod oracle;

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use musubi::broker::{Broker, topology};
use musubi::clock::{Clock, ManualClock};
use musubi::deliver::{Counts, Kind, Pace, Workers};
use musubi::registry::{
    Contract, ContractKind, EmergencyAccess, Merge, Removal, SensitiveConsent, Sensitivity,
};
use musubi::store::Claims;
use musubi::store::history::What;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::*;
use crate::support::memory_broker::{Fuse, MemoryBroker};
use crate::support::repository;

/// Seeds of a run without further wishes.
const SEEDS: u64 = 100;
const LANES: u16 = 2;
const SOURCES: [&str; 2] = [SOURCE, "3210500033"];
const VIEWERS: [&str; 2] = [VIEWER, "3240100013"];
const PATIENTS: [&str; 4] = ["00019990", "00019991", "00019992", "00019993"];
const NETWORK_IDS: [&str; 3] = ["900000000001", "900000000002", "900000000003"];
const SUBSCRIBERS: [&str; 5] = ["kita", "pharmacy", "er", "counts", "vault"];

const ROUTES: &str = r#"
[[subscriber]]
name = "kita"
facility = "3210200024"
deliver = { kind = "folder" }
[[subscriber]]
name = "pharmacy"
facility = "3240100013"
deliver = { kind = "folder" }
[[subscriber]]
name = "er"
facility = "3210200024"
deliver = { kind = "folder" }
[[subscriber]]
name = "counts"
deliver = { kind = "folder" }
[[subscriber]]
name = "vault"
deliver = { kind = "folder" }
[[disclosure]]
name = "evidence"
fields = ["patient.sex", "results.code", "results.interpretation", "specimens.material"]
[[route]]
name = "record"
topic = "record.shared"
to = ["kita"]
kinds = ["any"]
basis = "view-consent"
[[route]]
name = "dispensing"
topic = "pharmacy.record"
to = ["pharmacy"]
kinds = ["any"]
basis = "view-consent"
purpose = "pharmacy"
[[route]]
name = "emergency"
topic = "emergency.record"
to = ["er"]
kinds = ["any"]
basis = "emergency"
[[route]]
name = "evidence"
topic = "counts.evidence"
to = ["counts"]
kinds = ["lab-result"]
disclose = "evidence"
basis = "participation-agreement"
[[route]]
name = "copy"
topic = "vault.copy"
to = ["vault"]
kinds = ["any"]
basis = "entrusted"
"#;

/// Names the seed of a run that panics.
struct Seed(u64);

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("to see this run again: MUSUBI_SEED={}", self.0);
        }
    }
}

/// What runs came to: a test that delivers nothing, or denies nothing, shows nothing.
#[derive(Default, Debug)]
struct Tally {
    delivered: HashMap<String, u64>,
    withdrawn: u64,
    denied: u64,
    withheld: u64,
}

/// A region of which everything is random.
struct World<'w> {
    dice: StdRng,
    clock: ManualClock,
    routing: Routing,
    config: &'w Config,
    cases: &'w [Vec<u8>],
    broker: MemoryBroker,
    folder: tempfile::TempDir,
    entries: Vec<Entry>,
    /// Facility of each message by its id.
    sent: HashMap<String, &'static str>,
    read: HashMap<&'static str, usize>,
}

fn cases() -> Vec<Vec<u8>> {
    let folders = fs::read_dir(repository().join("fixtures/cases")).unwrap();
    folders.map(|case| fs::read(case.unwrap().path().join("input")).unwrap()).collect()
}

/// The message, about somebody else.
fn about(case: &[u8], patient: &str) -> Vec<u8> {
    let mut bytes = case.to_vec();
    for at in 0..bytes.len().saturating_sub(8) {
        if &bytes[at..at + 8] == b"00012345" {
            bytes[at..at + 8].copy_from_slice(patient.as_bytes());
        }
    }
    bytes
}

impl<'w> World<'w> {
    async fn new(seed: u64, config: &'w Config, cases: &'w [Vec<u8>]) -> Self {
        let broker = MemoryBroker::new(Fuse::default());
        for name in SUBSCRIBERS {
            for queue in [topology::subscriber(name), topology::parked(name), topology::dead(name)] {
                broker.declare(&queue).await.unwrap();
            }
        }
        broker.declare(&topology::invalid()).await.unwrap();
        Self {
            dice: StdRng::seed_from_u64(seed),
            clock: ManualClock::new(instant("2026-11-22T00:00:00Z")),
            routing: routing(config, View::default()),
            config,
            cases,
            broker,
            folder: tempfile::tempdir().unwrap(),
            entries: Vec::new(),
            sent: HashMap::new(),
            read: HashMap::new(),
        }
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.dice.random_range(0..of.len())]
    }

    fn hours(&mut self, hours: std::ops::Range<i64>) -> Timestamp {
        let by = jiff::SignedDuration::from_hours(self.dice.random_range(hours));
        self.clock.now().checked_add(by).unwrap()
    }

    fn period(&mut self) -> Period {
        let from = self.hours(-48..3);
        let until = self.dice.random_bool(0.25).then(|| self.hours(-10..10));
        Period { from, until: until.filter(|until| *until > from) }
    }

    fn fact(&mut self) -> Fact {
        let network_id = Identifying(self.pick(&NETWORK_IDS).to_owned());
        let facility = self.pick(&VIEWERS).to_owned();
        let source = self.pick(&SOURCES).to_owned();
        let local_id = Identifying(self.pick(&PATIENTS).to_owned());
        let other = Identifying(self.pick(&PATIENTS).to_owned());
        let (period, at) = (self.period(), self.hours(-20..3));
        match self.dice.random_range(0..100) {
            0..15 => Fact::Member(Member { network_id, period }),
            15..35 => Fact::Link(Link { facility: source, local_id, network_id, period }),
            35..55 => {
                let purpose = self.pick(&[Purpose::SharedRecord, Purpose::Pharmacy]);
                Fact::ViewConsent(ViewConsent { network_id, facility, purpose, period })
            }
            55..58 => {
                let category = Sensitivity::Hiv;
                Fact::SensitiveConsent(SensitiveConsent { network_id, facility, category, period })
            }
            58..68 => {
                let kind = self.pick(&[ContractKind::Participation, ContractKind::Entrusted]);
                Fact::Contract(Contract { kind, facility: source, with: None, rank: 0, period })
            }
            68..80 => Fact::Emergency(EmergencyAccess { network_id, facility, period }),
            80..90 if local_id != other => {
                Fact::Merge(Merge { facility: source, former: local_id, into: other, at })
            }
            90..97 if local_id != other => {
                Fact::Unmerge(Merge { facility: source, former: local_id, into: other, at })
            }
            _ => Fact::Removal(Removal { facility: source, local_id, at }),
        }
    }

    /// Something is entered: a fact, or the end of one.
    fn enter(&mut self) {
        let ends = self.dice.random_bool(0.4) && !self.entries.is_empty();
        let fact = if ends {
            let at = self.dice.random_range(0..self.entries.len());
            let until = self.hours(-3..2);
            oracle::ended(&self.entries[at].fact, until)
        } else {
            Some(self.fact())
        };
        if let Some(fact) = fact {
            let entry = entry(fact);
            self.entries.push(entry.clone());
            self.routing.registry.apply(entry);
        }
    }

    /// Everybody is linked, and consents.
    fn begin(&mut self) {
        let period = since("2026-11-01T00:00:00Z");
        let mut facts = Vec::new();
        for (number, network_id) in NETWORK_IDS.into_iter().enumerate() {
            let network_id = Identifying(network_id.into());
            facts.push(Fact::Member(Member { network_id: network_id.clone(), period }));
            for source in SOURCES {
                let (facility, local_id) = (source.to_owned(), Identifying(PATIENTS[number].to_owned()));
                let network_id = network_id.clone();
                facts.push(Fact::Link(Link { facility, local_id, network_id, period }));
            }
            for (facility, purpose) in VIEWERS.into_iter().zip([Purpose::SharedRecord, Purpose::Pharmacy]) {
                let (facility, network_id) = (facility.to_owned(), network_id.clone());
                facts.push(Fact::ViewConsent(ViewConsent { network_id, facility, purpose, period }));
            }
        }
        for fact in facts {
            if self.dice.random_bool(0.8) {
                self.entries.push(entry(fact.clone()));
                self.routing.registry.apply(entry(fact));
            }
        }
    }

    /// A message is routed.
    async fn send(&mut self, tally: &mut Tally) {
        let (facility, patient) = (self.pick(&SOURCES), self.pick(&PATIENTS));
        let case = self.dice.random_range(0..self.cases.len());
        let body = about(&self.cases[case], patient);
        let id = format!("{:032x}", self.sent.len() + 1);
        let envelope = accepted(facility, patient, &id, "");
        let lane = Lane::of(facility, patient, LANES);
        let original = Original::from(Bytes::from(body));
        let processed = process(&envelope, &original, lane, &self.routing, self.clock.now());
        if let Some(What::Decided(decision)) = processed.decision.as_ref().map(|step| &step.what) {
            tally.denied += decision.denials.len() as u64;
            tally.withheld +=
                decision.recipients.iter().filter(|one| !one.withheld.is_empty()).count() as u64;
        }
        self.sent.insert(id, facility);
        self.broker.publish(processed.follow).await.unwrap();
    }

    /// All that waits is delivered, or given up.
    async fn deliver(&mut self) {
        let (stop, stopped) = watch::channel(false);
        let mut working = JoinSet::new();
        for subscriber in &self.config.subscribers {
            let mut subscriber = subscriber.clone();
            subscriber.deliver = Kind::Folder { path: self.folder.path().join(&subscriber.name) };
            let workers = Workers {
                subscriber,
                lanes: LANES,
                broker: Arc::new(self.broker.clone()),
                counts: Arc::new(Counts::default()),
                clock: Arc::new(self.clock.clone()),
                zone: TimeZone::UTC,
                claims: Claims::new(self.folder.path().join("claims")),
                registry: self.routing.registry.clone(),
                history: None,
                attempts_max: None,
                pace: Pace::default(),
            };
            working.spawn(workers.run(stopped.clone()));
        }
        let waiting =
            || SUBSCRIBERS.iter().any(|name| !self.broker.all(&topology::subscriber(name)).is_empty());
        for _ in 0..20_000 {
            if !waiting() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert!(!waiting(), "something is stuck");
        stop.send_replace(true);
        while let Some(ended) = working.join_next().await {
            ended.unwrap().unwrap();
        }
    }

    /// Every line that was delivered since the last look has a basis now.
    fn judge(&mut self, tally: &mut Tally) {
        for name in SUBSCRIBERS {
            let text = text_of(&self.folder.path().join(name));
            let read = self.read.insert(name, text.lines().count()).unwrap_or_default();
            for line in text.lines().skip(read) {
                let event: Value = serde_json::from_str(line).unwrap();
                let facility = self.sent[event["id"].as_str().unwrap()];
                let at = self.clock.now();
                let asked = oracle::Asked { entries: &self.entries, facility, at };
                let patient = event["data"]["patient"]["id"].as_str();
                let may = match name {
                    "kita" => asked.may_view(patient, VIEWERS[0], Purpose::SharedRecord),
                    "pharmacy" => asked.may_view(patient, VIEWERS[1], Purpose::Pharmacy),
                    "er" => asked.in_emergency(patient, VIEWERS[0]),
                    "counts" => asked.takes_part(ContractKind::Participation),
                    _ => asked.takes_part(ContractKind::Entrusted),
                };
                assert!(may, "{name} got what it must not, at {at}: {}\n{:#?}", event["id"], self.entries);
                self.check_fields(name, &event["data"]);
                *tally.delivered.entry(name.to_owned()).or_default() += 1;
            }
        }
    }

    fn check_fields(&self, name: &str, data: &Value) {
        if name == "counts" {
            let allowed =
                ["change", "patient.sex", "results.code", "results.interpretation", "specimens.material"];
            for path in oracle::paths(data) {
                let listed = |field: &&str| path == **field || path.starts_with(&format!("{field}."));
                assert!(allowed.iter().any(listed), "{path} left");
            }
        }
        let viewer = VIEWERS.iter().zip(["kita", "pharmacy"]).find(|(_, viewer)| *viewer == name);
        let shows = |entry: &Entry| matches!(&entry.fact, Fact::SensitiveConsent(_));
        if viewer.is_some() {
            let text = data.to_string();
            let hiv = if self.entries.iter().any(shows) {
                &[][..]
            } else {
                &["HIV", "ＨＩＶ", "5F500", "\"B24\""][..]
            };
            for word in hiv.iter().chain(&["梅毒", "5E074", "5E075", "淋菌"]) {
                assert!(!text.contains(word), "{word} left: {text}");
            }
        }
    }
}

fn text_of(folder: &Path) -> String {
    let Ok(files) = fs::read_dir(folder) else { return String::new() };
    let paths: BTreeSet<_> = files.map(|file| file.unwrap().path()).collect();
    paths.iter().map(|path| fs::read_to_string(path).unwrap()).collect()
}

async fn run(seed: u64, config: &Config, cases: &[Vec<u8>], tally: &mut Tally) {
    let _seed = Seed(seed);
    let mut world = World::new(seed, config, cases).await;
    world.begin();
    for _ in 0..world.dice.random_range(0..10) {
        world.enter();
    }
    for _ in 0..world.dice.random_range(1..4) {
        for _ in 0..world.dice.random_range(4..16) {
            world.send(tally).await;
            if world.dice.random_bool(0.2) {
                world.enter();
            }
        }
        if world.dice.random_bool(0.5) {
            world.clock.advance(Duration::from_secs(world.dice.random_range(0..5) * 3600));
        }
        for _ in 0..world.dice.random_range(0..4) {
            world.enter();
        }
        world.deliver().await;
        world.judge(tally);
    }
    for name in SUBSCRIBERS {
        for dead in world.broker.all(&topology::dead(name)) {
            assert_eq!(dead.envelope.fault.unwrap().code, "consent-withdrawn");
            tally.withdrawn += 1;
        }
    }
}

#[test]
fn no_delivery_without_a_basis_and_no_field_outside_the_disclosure() {
    let number = |name| std::env::var(name).ok().map(|value| value.parse::<u64>().expect("a number"));
    let seed = number("MUSUBI_SEED");
    let seeds = seed.map_or(0..number("MUSUBI_SEEDS").unwrap_or(SEEDS), |seed| seed..seed + 1);
    let (config, cases) = (config(ROUTES), cases());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut tally = Tally::default();
    for seed in seeds {
        runtime.block_on(run(seed, &config, &cases, &mut tally));
    }
    if seed.is_none() {
        assert!(SUBSCRIBERS.iter().all(|name| tally.delivered.contains_key(*name)), "{tally:?}");
        assert!(tally.withdrawn > 20 && tally.denied > 200 && tally.withheld > 8, "{tally:?}");
    }
}
