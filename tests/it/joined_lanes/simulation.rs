//! The stages over a broker in memory that crashes between any two steps, with subscribers that refuse and are slow.
//!
//! A failing run prints its seed; `MUSUBI_SEED=<seed>` runs that one alone, `MUSUBI_SEEDS=<count>` more of them. The
//! seed gives messages, lanes, crashes and answers; the moments within a run are the machine's.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use jiff::tz::TimeZone;
use musubi::broker::{Broker, topology};
use musubi::clock::{Clock, ManualClock};
use musubi::config::Config;
use musubi::deliver::{Counts, Http, Kind, Pace, Subscriber, Workers};
use musubi::envelope::Lane;
use musubi::ingest::{After, Feed, FeedSettings, Source};
use musubi::pipeline::{InForce, Pseudonyms, Router, RouterCounts, Routing};
use musubi::registry::View;
use musubi::store::{Claims, Ledger};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::facility::Facility;
use crate::support::HubFolder;
use crate::support::http_server::{HttpServer, Reply, Request};
use crate::support::memory_broker::{Fuse, MemoryBroker};
use crate::support::memory_kv::MemoryKv;

const FACILITY: &str = "3210100018";

/// Waits that a test can afford.
const PACE: Pace = Pace {
    away: Duration::from_millis(5),
    away_max: Duration::from_millis(20),
    parked: Duration::from_millis(40),
    parked_max: Duration::from_millis(80),
    held_max: Duration::from_millis(150),
    marker: Duration::from_millis(50),
    reopen: Duration::from_millis(10),
    stuck_after: 3,
    parked_copies: 2000,
};

/// `all` gets everything, `some` no merges: both are pushed to. `queue` reads its queue.
const ROUTES: &str = r#"version = 1
[[subscriber]]
name = "all"
deliver = { kind = "folder" }
[[subscriber]]
name = "some"
deliver = { kind = "folder" }
[[subscriber]]
name = "queue"
deliver = { kind = "queue" }
[[route]]
name = "everything"
topic = "all"
to = ["all", "queue"]
kinds = ["patient", "merge", "message"]
basis = "public-duty"
[[route]]
name = "patients"
topic = "patients"
to = ["some"]
kinds = ["patient"]
basis = "public-duty"
"#;

/// What lasts over crashes.
struct World {
    folder: HubFolder,
    broker: MemoryBroker,
    kv: Arc<MemoryKv>,
    fuse: Fuse,
    lanes: u16,
    in_force: Arc<InForce>,
    clock: Arc<dyn Clock>,
    servers: Vec<(&'static str, HttpServer)>,
    written: usize,
}

fn reply(dice: &mut StdRng, request: &Request) -> Reply {
    let poor = request.subject().ends_with(['1', '4']);
    match dice.random_range(0..100) {
        0..6 => Reply::Status(503),
        6..12 => Reply::Status(422),
        12..60 if poor => Reply::Status(422),
        _ => Reply::Status(200),
    }
}

impl World {
    async fn new(dice: &mut StdRng) -> Self {
        let folder = HubFolder::new();
        folder.hl7_feed("izumo", FACILITY, "drop");
        folder.write("routes.toml", ROUTES);
        std::fs::create_dir_all(folder.path("drop")).unwrap();
        let (config, faults) = Config::load(&folder.path(""));
        let config = config.unwrap_or_else(|| panic!("{faults:?}"));
        let fuse = Fuse::default();
        let routing = Routing {
            routes: config.routes.clone(),
            registry: View::default(),
            zone: TimeZone::UTC,
            authority: None,
            pseudonyms: Pseudonyms::new([7; 32]),
            archive: false,
        };
        let mut servers = Vec::new();
        for name in ["all", "some"] {
            let mut answers = StdRng::seed_from_u64(dice.random());
            servers.push((name, HttpServer::start(move |request| reply(&mut answers, request)).await));
        }
        let broker = MemoryBroker::new(fuse.clone());
        for name in ["all", "some", "queue"] {
            for queue in [topology::subscriber(name), topology::parked(name), topology::dead(name)] {
                broker.declare(&queue).await.unwrap();
            }
        }
        broker.declare(&topology::invalid()).await.unwrap();
        broker.declare(&topology::ingest()).await.unwrap();
        Self {
            kv: Arc::new(MemoryKv::new(fuse.clone())),
            folder,
            broker,
            fuse,
            lanes: dice.random_range(1..7),
            in_force: Arc::new(InForce::new(routing, String::new())),
            clock: Arc::new(ManualClock::new("2026-11-22T12:00:00Z".parse().unwrap())),
            servers,
            written: 0,
        }
    }

    /// Drops what was sent and not yet written.
    fn write(&mut self, facility: &Facility) {
        for (serial, sent) in facility.sent.iter().enumerate().skip(self.written) {
            let path = self.folder.path(&format!("drop/{serial:05}.hl7"));
            std::fs::write(&path, &sent.text).unwrap();
            touch(&path, serial);
        }
        self.written = facility.sent.len();
    }

    fn claims(&self) -> Claims {
        Claims::new(self.folder.path("claims"))
    }

    async fn feed(&self) -> Option<Feed> {
        let source = Source::Hl7Files {
            path: self.folder.path("drop"),
            after: After::Keep,
            settle: Duration::ZERO,
            incomplete_limit: Duration::from_secs(1),
            poll: Duration::from_millis(20),
        };
        let settings = FeedSettings {
            name: "izumo".into(),
            facility: FACILITY.into(),
            sources: vec![source],
            listeners: Vec::new(),
            bytes_max: 10_000,
        };
        let (broker, ledger) = (Arc::new(self.broker.clone()), Ledger::new(self.kv.clone()));
        Feed::open(settings, self.lanes, broker, ledger, self.claims(), self.clock.clone()).await.ok()
    }

    /// A process of the hub. It ends with what is returned.
    async fn start(&self) -> (JoinSet<()>, watch::Sender<bool>) {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let broker: Arc<dyn Broker> = Arc::new(self.broker.clone());
        let counts = Arc::new(RouterCounts::default());
        for router in
            Router::of_lanes(self.lanes, &broker, &self.in_force, &counts, &self.claims(), &self.clock)
        {
            let stopped = stopped.clone();
            tasks.spawn(async move { drop(router.run(stopped).await) });
        }
        for (name, server) in &self.servers {
            let http =
                Http { url: server.url(), ca_file: None, token_file: None, timeout: Duration::from_secs(5) };
            let workers = Workers {
                subscriber: Subscriber {
                    name: (*name).to_owned(),
                    facility: None,
                    deliver: Kind::Http(http),
                    give_up_after: None,
                },
                lanes: self.lanes,
                broker: broker.clone(),
                counts: Arc::new(Counts::default()),
                clock: self.clock.clone(),
                zone: TimeZone::UTC,
                claims: self.claims(),
                registry: View::default(),
                history: None,
                attempts_max: None,
                pace: PACE,
            };
            let stopped = stopped.clone();
            tasks.spawn(async move { drop(workers.run(stopped).await) });
        }
        if let Some(mut feed) = self.feed().await {
            tasks.spawn(async move { drop(feed.watch(stopped).await) });
        }
        (tasks, stop)
    }

    /// Waits until nothing of a process is left: its workers' lanes end a moment after them.
    async fn released(&self) {
        for queue in self.broker.queues() {
            for lane in (0..self.lanes).map(Lane) {
                while self.broker.consume(&queue, lane).await.is_err() {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
        }
    }

    fn is_done(&self) -> bool {
        let accepted = self.broker.published(&topology::ingest()).len();
        let queues = ["all", "some"].map(|name| [topology::subscriber(name), topology::parked(name)]);
        let copies = |queue| {
            let all = self.broker.all(queue);
            all.iter().filter(|copy| copy.envelope.event.is_some()).count()
        };
        accepted >= self.written
            && self.broker.all(&topology::ingest()).is_empty()
            && queues.iter().flatten().all(|queue| copies(queue) == 0)
    }

    /// Serials of messages, by the ids of their envelopes.
    fn serials(&self, ids: impl Iterator<Item = String>) -> Vec<usize> {
        let sent = self.broker.published(&topology::ingest());
        let of = |id: &String| {
            let envelope = sent.iter().find(|envelope| envelope.id == *id).unwrap();
            envelope.origin.file.0.strip_suffix(".hl7").unwrap().parse().unwrap()
        };
        ids.map(|id| of(&id)).collect()
    }
}

fn touch(path: &Path, serial: usize) {
    let time = UNIX_EPOCH + Duration::from_secs(1_700_000_000 + serial as u64);
    File::options().append(true).open(path).unwrap().set_modified(time).unwrap();
}

async fn run(seed: u64) {
    let mut dice = StdRng::seed_from_u64(seed);
    let mut facility = Facility::default();
    let mut world = World::new(&mut dice).await;
    let patients = dice.random_range(2..9);
    for _ in 0..dice.random_range(2..6) {
        for _ in 0..dice.random_range(3..30) {
            facility.something(&mut dice, patients);
        }
        world.write(&facility);
        let fuse = dice.random_bool(0.5).then(|| dice.random_range(0..400));
        world.fuse.set(fuse);
        let (mut tasks, _stop) = world.start().await;
        tokio::time::sleep(Duration::from_millis(dice.random_range(0..300))).await;
        tasks.shutdown().await;
        world.fuse.set(None);
        world.released().await;
        world.kv.crash(|ways| dice.random_range(0..ways));
    }
    let (mut tasks, _stop) = world.start().await;
    for _ in 0..6_000 {
        if world.is_done() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let left = |name| {
        world.broker.all(&topology::subscriber(name)).len() + world.broker.all(&topology::parked(name)).len()
    };
    assert!(
        world.is_done(),
        "seed {seed}: it does not come to an end: {} {} {}",
        world.broker.all(&topology::ingest()).len(),
        left("all"),
        left("some")
    );
    tasks.shutdown().await;
    let published = world.broker.published(&topology::subscriber("queue"));
    let queue = world.serials(published.into_iter().map(|envelope| envelope.id));
    facility.check("queue", seed, &queue, |_| true);
    for (name, server) in &world.servers {
        let taken = server.taken();
        let got = world.serials(taken.iter().map(|request| request.headers["idempotency-key"].clone()));
        facility.check(name, seed, &got, |sent| *name == "all" || !sent.is_kin);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_happens_a_joined_person_keeps_the_order() {
    let number = |name| std::env::var(name).ok().map(|value| value.parse::<u64>().unwrap());
    let seeds: Vec<u64> = match number("MUSUBI_SEED") {
        Some(seed) => vec![seed],
        None => (0..number("MUSUBI_SEEDS").unwrap_or(6)).map(|_| rand::random()).collect(),
    };
    println!("seeds {seeds:?}");
    let mut runs = JoinSet::new();
    for seed in seeds {
        runs.spawn(run(seed));
    }
    let mut ended = Vec::new();
    while let Some(run) = runs.join_next().await {
        ended.push(run);
    }
    ended.into_iter().for_each(|run| run.unwrap());
}
