//! The stages, as simple as they can be: each is a process with tasks.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use musubi::broker::rabbitmq::amqp::Amqp;
use musubi::broker::rabbitmq::{History, Options, Outbox, RabbitMq};
use musubi::broker::{Broker, BrokerError, Consumer, Delivery, Publication, topology};
use musubi::envelope::{Envelope, Identifying, Lane};
use rand::Rng;
use rand::rngs::StdRng;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::oracle::Oracle;
use crate::broker_contract;

pub(super) const LANES: u16 = 3;
pub(super) const SUBSCRIBERS: [&str; 3] = ["all", "even", "some"];
const BACK_OFF: Duration = Duration::from_millis(300);

/// What all processes share: chance, and the eyes of the test.
#[derive(Clone)]
pub(super) struct Common {
    pub(super) dice: Arc<Mutex<StdRng>>,
    pub(super) oracle: Arc<Mutex<Oracle>>,
    pub(super) prefetch: u16,
    /// How often the registry changed.
    pub(super) registry: Arc<AtomicU64>,
}

/// What a router has seen of the registry: it decides its answers.
#[derive(Clone)]
pub(super) struct Seen(Arc<AtomicU64>);

impl Seen {
    fn revision(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn version(&self) -> u8 {
        (self.revision() % 3) as u8
    }

    /// Hears of changes, each some time after it was made.
    async fn follow(self, common: Common) {
        loop {
            common.pause(600).await;
            if self.revision() < common.registry.load(Ordering::Relaxed) {
                self.0.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

impl Common {
    pub(super) fn below(&self, end: u32) -> u32 {
        self.dice.lock().unwrap().random_range(0..end)
    }

    async fn pause(&self, most: u32) {
        let time = self.below(most + 1);
        sleep(Duration::from_millis(time.into())).await;
    }

    pub(super) fn options(&self, history: impl Into<History>) -> Options {
        Options { lanes: LANES, prefetch: self.prefetch, history: history.into() }
    }
}

/// Tells tasks to stop, in the order in which they wait: a `watch` wakes in any.
#[derive(Clone, Default)]
struct Stop(Arc<(AtomicBool, Notify)>);

impl Stop {
    fn tell(&self) {
        self.0.0.store(true, Ordering::Relaxed);
        self.0.1.notify_waiters();
    }

    fn is_told(&self) -> bool {
        self.0.0.load(Ordering::Relaxed)
    }

    async fn told(&self) {
        let told = self.0.1.notified();
        if !self.is_told() {
            told.await;
        }
    }
}

/// A process: its client's name and what it does. Dropped, it is dead.
pub(super) struct Process {
    pub(super) client: String,
    stop: Stop,
    tasks: JoinSet<()>,
}

impl Process {
    fn new(client: &str) -> Self {
        Self { client: client.into(), stop: Stop::default(), tasks: JoinSet::new() }
    }

    /// Tells it to stop and waits until it has, up to a time.
    pub(super) async fn stop(mut self, patience: Duration) -> Option<Self> {
        self.stop.tell();
        let all = async {
            while let Some(ended) = self.tasks.join_next().await {
                ended.unwrap();
            }
        };
        tokio::time::timeout(patience, all).await.is_err().then_some(self)
    }

    /// Kills it: nothing of it is left after.
    pub(super) async fn kill(mut self) {
        self.tasks.shutdown().await;
        // What its tasks had begun ends with them, one after the other.
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
    }

    /// Panics if a task of it did.
    pub(super) fn check(&mut self) {
        while let Some(ended) = self.tasks.try_join_next() {
            ended.unwrap();
        }
    }
}

/// Ids of a facility's messages: `<facility>-<serial>-p<patient>`.
pub(super) fn accepted(feed: &str, serial: usize, patient: u32) -> Publication {
    let id = format!("{feed}-{serial:04}-p{patient}");
    let lane = Lane::of(feed, &patient.to_string(), LANES);
    let ingest = (&topology::ingest(), lane.0);
    let mut publication =
        broker_contract::message(&[ingest, (&topology::accepted(feed), 0)], &id, id.clone());
    publication.envelope.patient = Identifying(patient.to_string());
    publication
}

/// Who gets a message, by its id; the second version of the routing table answers otherwise.
pub(super) fn recipients(id: &str, version: u8) -> Vec<&'static str> {
    let digit = |place: usize| {
        id.as_bytes().iter().filter(|byte| byte.is_ascii_digit()).nth(place).copied().unwrap_or(0)
    };
    let (serial, tens) = (digit(4), digit(3));
    let mut names = vec!["all"];
    if serial % 2 == 0 {
        names.push("even");
    }
    if (serial + tens) % 3 == version % 3 {
        names.push("some");
    }
    names
}

/// An adapter: publishes what `next` gives, and forwards its outbox.
pub(super) fn adapter(
    amqp: Arc<dyn Amqp>,
    client: &str,
    outbox: Outbox,
    common: &Common,
    mut next: impl FnMut() -> Option<Vec<Publication>> + Send + 'static,
) -> Process {
    let mut process = Process::new(client);
    let broker = Arc::new(RabbitMq::new(amqp, Some(outbox), common.options("")));
    let forward = Arc::clone(&broker);
    process.tasks.spawn(async move {
        let (_never, told) = watch::channel(false);
        forward.run(told).await.unwrap();
    });
    let common = common.clone();
    process.tasks.spawn(async move {
        broker.declare(&topology::ingest()).await.unwrap();
        while let Some(batch) = next() {
            // An error or the end of the process: what of it was taken shows in the outbox.
            broker.publish(batch).await.unwrap();
            common.pause(700).await;
        }
    });
    process
}

/// A router: all lanes, as far as the broker gives them to it. Where the registry changes it follows that, else it stays
/// at its version.
pub(super) fn router(
    amqp: Arc<dyn Amqp>,
    client: &str,
    version: u8,
    follows: bool,
    common: &Common,
) -> Process {
    let mut process = Process::new(client);
    let seen = Seen(Arc::new(AtomicU64::new(version.into())));
    if follows {
        seen.0.store(common.registry.load(Ordering::Relaxed), Ordering::Relaxed);
        process.tasks.spawn(seen.clone().follow(common.clone()));
    }
    let answers = seen.clone();
    let history = History::new(move || format!("revision {}", answers.revision()));
    let broker = Arc::new(RabbitMq::new(amqp, None, common.options(history)));
    for lane in (0..LANES).map(Lane) {
        let (broker, common, stop) = (Arc::clone(&broker), common.clone(), process.stop.clone());
        let seen = seen.clone();
        process.tasks.spawn(async move {
            while !stop.is_told() {
                let ended = route_lane(&broker, lane, &seen, follows, &common, &stop).await;
                is_expected(ended);
                sleep(BACK_OFF).await;
            }
        });
    }
    process
}

async fn route_lane(
    broker: &RabbitMq,
    lane: Lane,
    seen: &Seen,
    follows: bool,
    common: &Common,
    stop: &Stop,
) -> Result<(), BrokerError> {
    let mut consumer = broker.consume(&topology::ingest(), lane).await?;
    loop {
        let most = 1 + common.below(8) as usize;
        let batch = tokio::select! {
            biased;
            () = stop.told() => None,
            batch = consumer.receive(most) => Some(batch?),
        };
        let Some(batch) = batch else {
            consumer.close().await;
            return Ok(());
        };
        let mut answers = Vec::new();
        for delivery in &batch {
            if follows {
                common.pause(100).await;
            }
            answers.extend(copies(delivery, lane, seen.version()));
        }
        settle(&mut *consumer, batch.len(), answers).await?;
    }
}

/// Tries again as long as it is refused.
async fn settle(
    consumer: &mut dyn Consumer,
    count: usize,
    follow: Vec<Publication>,
) -> Result<(), BrokerError> {
    loop {
        match consumer.settle(count, follow.clone()).await {
            Err(BrokerError::Refused { .. }) => sleep(BACK_OFF).await,
            other => return other,
        }
    }
}

fn copies(delivery: &Delivery, lane: Lane, version: u8) -> Option<Publication> {
    let names = recipients(&delivery.envelope.id, version);
    let to: Vec<_> = names.into_iter().map(|name| (topology::subscriber(name), lane)).collect();
    let envelope = Envelope { event: None, ..delivery.envelope.clone() };
    Some(Publication { to, envelope, body: Bytes::clone(&delivery.body) })
}

/// A delivery to one subscriber: it holds what it got before it acknowledges.
pub(super) fn delivery(
    amqp: Arc<dyn Amqp>,
    client: &str,
    subscriber: &'static str,
    common: &Common,
) -> Process {
    let mut process = Process::new(client);
    let broker = Arc::new(RabbitMq::new(amqp, None, common.options("")));
    for lane in (0..LANES).map(Lane) {
        let (broker, common, stop) = (Arc::clone(&broker), common.clone(), process.stop.clone());
        process.tasks.spawn(async move {
            while !stop.is_told() {
                is_expected(deliver_lane(&broker, subscriber, lane, &common, &stop).await);
                sleep(BACK_OFF).await;
            }
        });
    }
    process
}

async fn deliver_lane(
    broker: &RabbitMq,
    subscriber: &'static str,
    lane: Lane,
    common: &Common,
    stop: &Stop,
) -> Result<(), BrokerError> {
    let mut consumer = broker.consume(&topology::subscriber(subscriber), lane).await?;
    loop {
        let most = 1 + common.below(8) as usize;
        let batch = tokio::select! {
            biased;
            () = stop.told() => return Ok(()),
            batch = consumer.receive(most) => batch?,
        };
        for delivery in &batch {
            common.oracle.lock().unwrap().got(subscriber, lane, delivery);
        }
        common.pause(30).await;
        consumer.settle(batch.len(), Vec::new()).await?;
    }
}

/// Only what a stage can live with may end its work.
fn is_expected(ended: Result<(), BrokerError>) {
    match ended {
        Ok(()) | Err(BrokerError::Away { .. } | BrokerError::Refused { .. }) => {}
        Err(error) => panic!("{error}"),
    }
}
