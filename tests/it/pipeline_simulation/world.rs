//! Facilities, a server, processes that come and go.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use musubi::broker::rabbitmq::{Outbox, RabbitMq};
use musubi::broker::{Broker, Delivery, topology};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::time::{Instant, sleep};

use super::oracle::Oracle;
use super::stages::{self, Common, LANES, Process, SUBSCRIBERS};
use crate::support::amqp_model::{Server, Weather};
use crate::support::memory_broker::MemoryBroker;

const FACILITIES: usize = 3;
const ROUTERS: usize = 3;
/// Messages of a facility.
const MESSAGES: usize = 30;
const PATIENTS: u32 = 5;
/// After the last fault everything is done in this time.
const PATIENCE: Duration = Duration::from_secs(1_200);

/// What kind of run a seed is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    pub(super) weather: Weather,
    /// Mean time between two faults.
    pub(super) calm: Duration,
    /// Routers of two versions of the routing table are at work.
    pub(super) mixed: bool,
    /// The registry changes while routers are at work, and not for all of them at once.
    pub(super) changing: bool,
    pub(super) prefetch: u16,
}

impl Plan {
    pub(super) fn of(seed: u64) -> Self {
        let mut dice = StdRng::seed_from_u64(seed ^ 0x504c_414e);
        let pick = |dice: &mut StdRng, choices: [u32; 3]| choices[dice.random_range(0..3)];
        Self {
            weather: Weather {
                slow: pick(&mut dice, [1, 2, 8]),
                losses: pick(&mut dice, [0, 40, 150]),
                refusals: pick(&mut dice, [0, 0, 60]),
            },
            calm: Duration::from_millis(pick(&mut dice, [100, 400, 1_500]).into()),
            mixed: dice.random_ratio(1, 5),
            prefetch: pick(&mut dice, [4, 16, 100]) as u16,
            changing: dice.random_ratio(1, 4),
        }
    }
}

/// A facility: its outbox outlives its processes.
pub(super) struct Facility {
    feed: String,
    outbox: MemoryBroker,
    pub(super) process: Option<Process>,
}

pub(super) struct World {
    pub(super) server: Server,
    pub(super) plan: Plan,
    pub(super) common: Common,
    pub(super) facilities: Vec<Facility>,
    pub(super) routers: Vec<Option<Process>>,
    pub(super) deliveries: Vec<(&'static str, Option<Process>)>,
    /// Queues in which a token was seen: there must always be one.
    tokens: BTreeSet<String>,
    /// Processes started so far.
    lives: u32,
}

impl World {
    pub(super) fn new(seed: u64, plan: Plan) -> Self {
        let mut oracle = Oracle::default();
        oracle.mixed = plan.mixed || plan.changing;
        let dice = Arc::new(Mutex::new(StdRng::seed_from_u64(seed)));
        let common = Common {
            dice,
            oracle: Arc::new(Mutex::new(oracle)),
            prefetch: plan.prefetch,
            registry: Arc::default(),
        };
        let facility = |n| Facility { feed: format!("f{n}"), outbox: MemoryBroker::default(), process: None };
        let mut deliveries: Vec<_> = SUBSCRIBERS.iter().map(|name| (*name, None)).collect();
        deliveries.push((SUBSCRIBERS[0], None));
        let server = Server::new(seed.wrapping_add(1), plan.weather);
        server.set_prefetch(plan.prefetch);
        Self {
            server,
            plan,
            common,
            facilities: (0..FACILITIES).map(facility).collect(),
            routers: (0..ROUTERS).map(|_| None).collect(),
            deliveries,
            tokens: BTreeSet::new(),
            lives: 0,
        }
    }

    fn name(&mut self, kind: &str) -> String {
        self.lives += 1;
        format!("{kind} {}", self.lives)
    }

    pub(super) async fn start_adapter(&mut self, place: usize) {
        let client = self.name("adapter");
        let facility = &mut self.facilities[place];
        let (feed, outbox) = (facility.feed.clone(), facility.outbox.clone());
        let own = topology::accepted(&feed);
        outbox.declare(&own).await.unwrap();
        outbox.declare(&topology::ingest()).await.unwrap();
        let (dice, content) = (Arc::clone(&self.common.dice), outbox.clone());
        let next = move || {
            let serial = content.all(&own).len();
            let mut dice = dice.lock().unwrap();
            let count = dice.random_range(1..=6).min(MESSAGES - serial);
            let message = |n| stages::accepted(&feed, serial + n, dice.random_range(0..PATIENTS));
            let batch: Vec<_> = (0..count).map(message).collect();
            (!batch.is_empty()).then_some(batch)
        };
        let series = place as u64 + 1;
        let outbox = Outbox { broker: Arc::new(outbox), series, bytes: Arc::new(|| 0), bytes_max: u64::MAX };
        let amqp = self.server.client(&client);
        facility.process = Some(stages::adapter(amqp, &client, outbox, &self.common, next));
    }

    pub(super) fn start_router(&mut self, place: usize) {
        let client = self.name("router");
        let version = if self.plan.mixed { self.common.below(2) as u8 } else { 0 };
        let amqp = self.server.client(&client);
        let follows = self.plan.changing;
        self.routers[place] = Some(stages::router(amqp, &client, version, follows, &self.common));
    }

    pub(super) fn start_delivery(&mut self, place: usize) {
        let client = self.name("deliver");
        let amqp = self.server.client(&client);
        let subscriber = self.deliveries[place].0;
        self.deliveries[place].1 = Some(stages::delivery(amqp, &client, subscriber, &self.common));
    }

    /// Somebody who looks at queues.
    pub(super) fn operator(&mut self) -> RabbitMq {
        let client = self.name("operator");
        RabbitMq::new(self.server.client(&client), None, self.common.options(""))
    }

    pub(super) async fn start_all(&mut self) {
        for place in 0..FACILITIES {
            if self.facilities[place].process.is_none() {
                self.start_adapter(place).await;
            }
        }
        (0..ROUTERS)
            .filter(|place| self.routers[*place].is_none())
            .collect::<Vec<_>>()
            .into_iter()
            .for_each(|place| self.start_router(place));
        let idle: Vec<_> =
            (0..self.deliveries.len()).filter(|place| self.deliveries[*place].1.is_none()).collect();
        idle.into_iter().for_each(|place| self.start_delivery(place));
    }

    /// No more faults: everything must come through.
    pub(super) async fn drain(&mut self) {
        self.server.set_weather(Weather::CALM);
        self.start_all().await;
        let end = Instant::now() + PATIENCE;
        while !self.is_done() {
            self.check();
            assert!(Instant::now() < end, "stuck: {}", self.state());
            sleep(Duration::from_secs(1)).await;
        }
        // What is still on its way is a repeat.
        sleep(Duration::from_secs(25)).await;
        assert!(self.is_done(), "{}", self.state());
        self.compare();
        self.check();
    }

    /// Everything that was accepted, in order.
    fn accepted(&self) -> Vec<Delivery> {
        let own = |facility: &Facility| facility.outbox.all(&topology::accepted(&facility.feed));
        self.facilities.iter().flat_map(own).collect()
    }

    fn versions(&self) -> &[u8] {
        match (self.plan.changing, self.plan.mixed) {
            (true, _) => &[0, 1, 2],
            (false, true) => &[0, 1],
            (false, false) => &[0],
        }
    }

    /// Whether every version of the routing table sends it to a subscriber, or one does.
    fn goes_to(&self, id: &str, subscriber: &str) -> (bool, bool) {
        let mut answers =
            self.versions().iter().map(|version| stages::recipients(id, *version).contains(&subscriber));
        (answers.clone().all(|yes| yes), answers.any(|yes| yes))
    }

    fn is_done(&self) -> bool {
        let accepted = self.accepted();
        let all_there = SUBSCRIBERS.iter().all(|subscriber| {
            let due = accepted.iter().map(|delivery| delivery.envelope.id.clone());
            let due: BTreeSet<_> = due.filter(|id| self.goes_to(id, subscriber).0).collect();
            self.common.oracle.lock().unwrap().has_all(subscriber, &due)
        });
        let queues = (0..LANES).map(|lane| format!("musubi.ingest.{lane:02}"));
        let mut queues = queues.chain(SUBSCRIBERS.iter().map(|name| format!("musubi.to.{name}")));
        let is_empty = |queue: String| self.server.content(&queue).is_none_or(|content| content.is_empty());
        accepted.len() == FACILITIES * MESSAGES && all_there && queues.all(is_empty)
    }

    fn compare(&self) {
        let accepted = self.accepted();
        for subscriber in SUBSCRIBERS {
            let mut patients: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
            let mut optional = BTreeSet::new();
            for Delivery { envelope, .. } in &accepted {
                let id = envelope.id.clone();
                let feed = id.get(0..2).unwrap().to_owned();
                match self.goes_to(&id, subscriber) {
                    (true, _) => patients.entry((feed, envelope.patient.0.clone())).or_default().push(id),
                    (false, true) => drop(optional.insert(id)),
                    _ => {}
                }
            }
            let patients: Vec<_> = patients.into_values().collect();
            self.common.oracle.lock().unwrap().compare(subscriber, &patients, &optional);
        }
    }

    pub(super) fn check(&mut self) {
        let deliveries = self.deliveries.iter_mut().filter_map(|(_, process)| process.as_mut());
        let adapters = self.facilities.iter_mut().filter_map(|facility| facility.process.as_mut());
        self.routers.iter_mut().flatten().chain(deliveries).chain(adapters).for_each(Process::check);
        for queue in (0..LANES).map(|lane| format!("musubi.progress.{lane:02}")) {
            let has_token = self.server.content(&queue).is_some_and(|content| !content.is_empty());
            if has_token {
                self.tokens.insert(queue);
            } else {
                assert!(!self.tokens.contains(&queue), "the last token of {queue} is gone: {}", self.state());
            }
        }
        let oracle = self.common.oracle.lock().unwrap();
        assert!(oracle.violations.is_empty(), "{:#?}\n{:?}", oracle.violations, self.plan);
    }

    /// What every queue holds, and who reads it.
    fn state(&self) -> String {
        let line = |queue: String| {
            let content = self.server.content(&queue).unwrap_or_default();
            let ids: Vec<_> = content
                .iter()
                .map(|stored| match &stored.header {
                    Some(header) => format!("{}:{}", header.number.sequence, header.envelope.id),
                    None => String::from_utf8_lossy(&stored.body).into_owned(),
                })
                .collect();
            format!("\n{queue} {:?} {}", self.server.consumers(&queue), ids.join(" "))
        };
        let outboxes = self.facilities.iter().map(|facility| facility.outbox.all(&topology::ingest()).len());
        let lines: String = self.server.queues().into_iter().map(line).collect();
        format!("{lines}\noutboxes {:?} {:?}", outboxes.collect::<Vec<_>>(), self.plan)
    }

    /// A fingerprint of all that subscribers got, in order.
    pub(super) fn trace(&self) -> u64 {
        let hash = self.common.oracle.lock().unwrap().trace.finalize();
        u64::from_le_bytes(hash.as_bytes()[..8].try_into().unwrap())
    }
}
