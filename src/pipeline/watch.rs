//! Writes the status of this process while it runs.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use super::channel::Channel;
use super::connection::{Connection, Reach};
use super::deliveries::Served;
use super::feeds::Sources;
use super::part::Part;
use super::router::RouterCounts;
use super::status::{
    self, BrokerStatus, ConfigurationStatus, FeedStatus, OutboxStatus, ProcessStatus, QueueStatus,
    StatusFile, SubscriberStatus, TopicStatus,
};
use crate::broker::topology;
use crate::clock::Clock;
use crate::config::{self, Hub};

/// What there is to tell of.
pub(super) struct Watched {
    pub(super) hub: Hub,
    pub(super) part: Part,
    pub(super) channel: Arc<Channel>,
    pub(super) connection: Option<Connection>,
    pub(super) sources: Arc<Sources>,
    pub(super) served: Arc<Vec<Served>>,
    pub(super) counts: Arc<RouterCounts>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) configuration: Arc<Mutex<ConfigurationStatus>>,
}

impl Watched {
    /// Tells until told to stop.
    pub(super) async fn run(self, mut stop: watch::Receiver<bool>) {
        let since = self.clock.now().to_string();
        let mut file = StatusFile::new(&self.hub.data_dir, self.part.role());
        file.replace(&self.hub.data_dir, &self.status(&since));
        loop {
            file.write(&self.status(&since));
            tokio::select! {
                _ = stop.wait_for(|&stop| stop) => return file.end(),
                () = tokio::time::sleep(status::EVERY) => {}
            }
        }
    }

    fn status(&self, since: &str) -> ProcessStatus {
        ProcessStatus {
            role: self.part.role().to_owned(),
            names: self.part.names().to_vec(),
            pid: std::process::id(),
            host: status::host(),
            since: since.to_owned(),
            written_at: self.clock.now().to_string(),
            configuration: self.configuration.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            broker: self.broker(since),
            outboxes: self.outboxes(),
            feeds: self.feeds(),
            lanes: self.lanes(),
            topics: self.topics(),
            subscribers: self.subscribers(),
            queues: self.queues(),
        }
    }

    fn broker(&self, since: &str) -> BrokerStatus {
        match self.connection.as_ref().map(Connection::condition) {
            Some(condition) => BrokerStatus {
                kind: "rabbitmq".to_owned(),
                link: condition.link,
                since: condition.since,
                reason: condition.reason,
            },
            None => BrokerStatus {
                kind: "embedded".to_owned(),
                link: Reach::Up,
                since: since.to_owned(),
                reason: None,
            },
        }
    }

    fn outboxes(&self) -> Vec<OutboxStatus> {
        let config::Broker::RabbitMq(settings) = &self.hub.broker else { return Vec::new() };
        let homes = self.channel.homes.iter().map(|(home, _)| OutboxStatus {
            feeds: home.feeds.clone(),
            messages: home.depth(&topology::ingest()),
            bytes: home.journal.bytes_on_disk(),
            bytes_max: settings.outbox_bytes_max,
        });
        homes.collect()
    }

    fn feeds(&self) -> Vec<FeedStatus> {
        let feeds = self.sources.iter().map(|(feed, source)| FeedStatus {
            feed: feed.clone(),
            accepted: source.counts.accepted(),
            failing: source.failure(),
        });
        feeds.collect()
    }

    fn lanes(&self) -> Option<Vec<u16>> {
        let held = match &self.channel.remote {
            Some(remote) => remote.broker.lanes_held().iter().map(|lane| lane.0).collect(),
            None => (0..self.channel.lanes).collect(),
        };
        self.part.routes().then_some(held)
    }

    fn topics(&self) -> Vec<TopicStatus> {
        self.counts.topics().into_iter().map(|(topic, copies)| TopicStatus { topic, copies }).collect()
    }

    fn subscribers(&self) -> Vec<SubscriberStatus> {
        let delivered = self.served.iter().filter(|one| one.is_delivered());
        let subscribers = delivered.map(|one| SubscriberStatus {
            subscriber: one.subscriber.name.clone(),
            delivered: one.counts.delivered.load(Ordering::Relaxed),
            dead: one.counts.dead.load(Ordering::Relaxed),
            gone: one.counts.gone.load(Ordering::Relaxed),
        });
        subscribers.collect()
    }

    fn queues(&self) -> Vec<QueueStatus> {
        if self.channel.remote.is_some() {
            return Vec::new();
        }
        let queues = self.channel.homes.iter().flat_map(|(home, _)| home.journal.queues());
        let waiting = queues.filter(|depth| depth.depth() > 0);
        waiting.map(|depth| QueueStatus { queue: depth.queue.to_string(), messages: depth.depth() }).collect()
    }
}
