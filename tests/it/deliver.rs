//! Delivery against subscribers that answer, refuse, hang, close and come back.

mod claimed;
mod hl7;
mod joined;
mod over_rabbitmq;
mod random;
mod receipts;
mod webhook;
mod withdrawn;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use jiff::tz::TimeZone;
use musubi::broker::{Broker, Delivery, Publication, topology};
use musubi::clock::ManualClock;
use musubi::deliver::{Counts, DeliverError, Http, Kind, Pace, Subscriber, Workers};
use musubi::envelope::{CANONICAL, Change, Envelope, Format, Identifying, Lane, Origin, Routed};
use musubi::registry::{RecordId, View};
use musubi::store::Claims;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::support::http_server::{HttpServer, Request};
use crate::support::memory_broker::{Fuse, MemoryBroker};

const NAME: &str = "s";
const LANES: u16 = 2;
const FACILITY: &str = "3210100018";

/// Waits that a test can afford.
const PACE: Pace = Pace {
    away: Duration::from_millis(5),
    away_max: Duration::from_millis(20),
    parked: Duration::from_millis(60),
    parked_max: Duration::from_millis(120),
    held_max: Duration::from_millis(150),
    marker: Duration::from_millis(50),
    reopen: Duration::from_millis(10),
    stuck_after: 3,
    parked_copies: 2000,
};

/// A broker with a subscriber's queues, and a clock.
struct Bench {
    broker: MemoryBroker,
    /// What the workers see in place of the broker.
    over: Option<Arc<dyn Broker>>,
    clock: ManualClock,
    pace: Pace,
    give_up_after: Option<Duration>,
    attempts_max: Option<u32>,
    published: usize,
    claims: TempDir,
    registry: View,
}

/// Workers at work.
struct Working {
    stop: watch::Sender<bool>,
    counts: Arc<Counts>,
    task: JoinHandle<Result<(), DeliverError>>,
}

impl Bench {
    async fn new() -> Self {
        let broker = MemoryBroker::new(Fuse::default());
        for queue in [topology::subscriber(NAME), topology::parked(NAME), topology::dead(NAME)] {
            broker.declare(&queue).await.unwrap();
        }
        Self {
            broker,
            over: None,
            clock: ManualClock::new("2026-11-22T12:00:00Z".parse().unwrap()),
            pace: PACE,
            give_up_after: None,
            attempts_max: None,
            published: 0,
            claims: tempfile::tempdir().unwrap(),
            registry: View::default(),
        }
    }

    /// A copy for a patient, as the router publishes it.
    async fn publish(&mut self, patient: &str) {
        self.publish_on(patient, &[]).await;
    }

    /// A copy whose permission rests on these records.
    async fn publish_on(&mut self, patient: &str, grounds: &[RecordId]) {
        self.published += 1;
        let lane = Lane::of(FACILITY, patient, LANES);
        let body = format!("{{\"number\":{}}}", self.published);
        let publication = Publication {
            to: vec![(topology::subscriber(NAME), lane)],
            envelope: on(grounds, envelope(&format!("{:032x}", self.published), patient)),
            body: Bytes::from(body),
        };
        self.broker.publish(vec![publication]).await.unwrap();
    }

    fn start(&self, deliver: Kind) -> Working {
        let counts = Arc::new(Counts::default());
        let (stop, stopped) = watch::channel(false);
        let workers = Workers {
            subscriber: Subscriber {
                name: NAME.to_owned(),
                facility: None,
                deliver,
                give_up_after: self.give_up_after,
            },
            lanes: LANES,
            broker: self.over.clone().unwrap_or_else(|| Arc::new(self.broker.clone())),
            counts: counts.clone(),
            clock: Arc::new(self.clock.clone()),
            zone: TimeZone::UTC,
            claims: Claims::new(self.claims.path().to_owned()),
            registry: self.registry.clone(),
            history: None,
            attempts_max: self.attempts_max,
            pace: self.pace,
        };
        #[expect(clippy::disallowed_methods, reason = "a test ends with its tasks")]
        let task = tokio::spawn(workers.run(stopped));
        Working { stop, counts, task }
    }

    fn waiting(&self) -> Vec<Delivery> {
        self.broker.all(&topology::subscriber(NAME))
    }

    /// Parked copies; a marker is none.
    fn parked(&self) -> Vec<Delivery> {
        let mut parked = self.broker.all(&topology::parked(NAME));
        parked.retain(|copy| copy.envelope.event.is_some());
        parked
    }

    fn dead(&self) -> Vec<Delivery> {
        self.broker.all(&topology::dead(NAME))
    }
}

impl Working {
    fn delivered(&self) -> u64 {
        self.counts.delivered.load(Ordering::Relaxed)
    }

    async fn stop(self) -> Arc<Counts> {
        self.stop.send_replace(true);
        let ended = tokio::time::timeout(Duration::from_secs(120), self.task).await;
        ended.expect("it goes on though it was told to stop").unwrap().unwrap();
        self.counts
    }

    /// As `kill -9` would: nothing more is done.
    async fn kill(self) {
        self.task.abort();
        assert!(self.task.await.is_err());
    }
}

fn envelope(id: &str, patient: &str) -> Envelope {
    Envelope {
        id: id.to_owned(),
        facility: FACILITY.to_owned(),
        patient: Identifying(patient.to_owned()),
        data_type: None,
        change: Change::Created,
        key: Identifying(id.to_owned()),
        version: "1".to_owned(),
        origin: Origin {
            feed: "izumo".to_owned(),
            file: Identifying::default(),
            offset: 0,
            hash: String::new(),
        },
        stored: None,
        accepted_at: "2026-11-22T12:00:00Z".to_owned(),
        format: Format::Hl7v2,
        claim: None,
        join: None,
        event: Some(Routed {
            event_type: "patient.created.v1".to_owned(),
            topic: "t".to_owned(),
            route: "r".to_owned(),
            basis: "addressed".to_owned(),
            grounds: Vec::new(),
            disclosure: None,
            media_type: CANONICAL.to_owned(),
            receipt: None,
            place: None,
            replay: None,
        }),
        fault: None,
        findings: Vec::new(),
    }
}

fn on(grounds: &[RecordId], mut envelope: Envelope) -> Envelope {
    let routed = envelope.event.as_mut().unwrap();
    routed.grounds = grounds.iter().map(|ground| ground.0.clone()).collect();
    envelope
}

fn http(server: &HttpServer) -> Kind {
    http_within(server, Duration::from_secs(30))
}

/// For subscribers that do not answer.
fn http_within(server: &HttpServer, timeout: Duration) -> Kind {
    Kind::Http(Http { url: server.url(), ca_file: None, token_file: None, timeout })
}

/// Waits until it is so; fails after forty seconds.
async fn until(what: &str, mut so: impl FnMut() -> bool) {
    for _ in 0..8000 {
        if so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("never: {what}");
}

/// The first delivery of each copy must be in the order of its patient's lane. Returns repeats.
fn in_order(taken: &[Request]) -> usize {
    let mut last: HashMap<&str, u64> = HashMap::new();
    let mut seen: BTreeMap<(u64, u64), &str> = BTreeMap::new();
    let mut repeats = 0;
    for request in taken {
        let (place, id) = (request.place(), request.headers["idempotency-key"].as_str());
        if let Some(before) = seen.insert(place, id) {
            assert_eq!(before, id, "two copies at one place");
            repeats += 1;
            continue;
        }
        let last = last.entry(request.subject()).or_default();
        assert!(place.1 > *last, "{place:?} after {last}");
        *last = place.1;
    }
    repeats
}
