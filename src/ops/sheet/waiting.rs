//! What waits in the queues.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;

use crate::broker::{Broker, BrokerError, Delivery, QueueName, topology};
use crate::config::{self, Config};
use crate::deliver::Kind;
use crate::envelope::Lane;
use crate::pipeline::ControlBus;

/// Messages of a lane that are looked at. Their bodies are in memory while they are.
const LANE_MAX: usize = 500;

/// What waits for routers and subscribers.
pub(super) struct Waiting {
    /// When it was looked.
    pub(super) at: Timestamp,
    /// Accepted and not yet routed: facility, and when it was accepted.
    pub(super) accepted: Vec<(String, Timestamp)>,
    /// Hashes of their contents.
    pub(super) hashes: HashSet<String>,
    /// Whether these are all.
    pub(super) is_whole: bool,
    /// By subscriber that the hub delivers to.
    pub(super) subscribers: BTreeMap<String, Copies>,
    /// Subscribers that read their queue themselves.
    pub(super) own_readers: HashSet<String>,
}

/// What waits for a subscriber.
#[derive(Default)]
pub(super) struct Copies {
    pub(super) ids: HashSet<String>,
    /// Whether these are all.
    pub(super) is_whole: bool,
}

impl Waiting {
    pub(super) async fn look(control: &ControlBus, config: &Config) -> Result<Self, BrokerError> {
        let lanes = config.hub.broker.lanes();
        let is_near = matches!(config.hub.broker, config::Broker::Embedded { .. });
        let reader = Reader { broker: &**control.broker(), lanes, is_near };
        let at = control.clock().now();
        let (ingest, is_whole) = reader.read(&topology::ingest()).await?;
        let accepted = ingest.iter().filter_map(|delivery| {
            let envelope = &delivery.envelope;
            Some((envelope.facility.clone(), envelope.accepted_at.parse().ok()?))
        });
        let mut subscribers = BTreeMap::new();
        for subscriber in config.subscribers.iter().filter(|subscriber| subscriber.deliver != Kind::Queue) {
            let (waiting, is_whole) = reader.read(&topology::subscriber(&subscriber.name)).await?;
            let ids = waiting.into_iter().map(|delivery| delivery.envelope.id).collect();
            subscribers.insert(subscriber.name.clone(), Copies { ids, is_whole });
        }
        let own = config.subscribers.iter().filter(|subscriber| subscriber.deliver == Kind::Queue);
        Ok(Self {
            at,
            accepted: accepted.collect(),
            hashes: ingest.iter().map(|delivery| delivery.envelope.origin.hash.clone()).collect(),
            is_whole,
            subscribers,
            own_readers: own.map(|subscriber| subscriber.name.clone()).collect(),
        })
    }

    /// How many of a facility's messages wait that were accepted when `is_then` says so.
    pub(super) fn accepted_of(&self, is_then: impl Fn(Timestamp) -> bool) -> HashMap<&str, u64> {
        let mut counts = HashMap::new();
        for (facility, _) in self.accepted.iter().filter(|(_, at)| is_then(*at)) {
            *counts.entry(facility.as_str()).or_default() += 1;
        }
        counts
    }
}

struct Reader<'b> {
    broker: &'b dyn Broker,
    lanes: u16,
    /// On this disk. On RabbitMQ messages are not looked at, only counted: to look is to take them out of the queue.
    is_near: bool,
}

impl Reader<'_> {
    /// Messages of a queue, and whether these are all. A queue that nobody declared yet is empty.
    async fn read(&self, queue: &QueueName) -> Result<(Vec<Delivery>, bool), BrokerError> {
        let depth = match self.broker.depth(queue).await {
            Err(BrokerError::UnknownQueue(_)) => 0,
            depth => depth?,
        };
        let mut found = Vec::new();
        if depth == 0 || !self.is_near {
            return Ok((found, depth == 0));
        }
        let mut is_whole = true;
        for lane in 0..self.lanes {
            let waiting = self.broker.peek(queue, Lane(lane), LANE_MAX).await?;
            is_whole &= waiting.len() < LANE_MAX;
            found.extend(waiting);
        }
        Ok((found, is_whole))
    }
}
