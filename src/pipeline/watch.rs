//! Writes the status of this process while it runs.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use tokio::sync::watch;

use super::channel::Channel;
use super::connection::{Connection, Reach};
use super::deliveries::Served;
use super::feeds::Sources;
use super::measure::measure;
use super::monitor::Monitor;
use super::part::Part;
use super::router::RouterCounts;
use super::signs::{DiskSigns, FeedSigns, Signs};
use super::status::{
    self, BrokerStatus, ConfigurationStatus, FeedStatus, OutboxStatus, ProcessStatus, QueueStatus,
    StatusFile, SubscriberStatus,
};
use crate::broker::{Broker as _, topology};
use crate::clock::Clock;
use crate::config::{self, Hub};
use crate::telemetry::Tracer;

/// In how many looks the oldest messages are looked for once: that reads the disk.
const OLDEST_EVERY: u32 = 15;

/// What there is to tell of.
pub(super) struct Watched {
    pub(super) hub: Hub,
    pub(super) part: Part,
    pub(super) channel: Arc<Channel>,
    pub(super) connection: Option<Connection>,
    pub(super) sources: Arc<Sources>,
    pub(super) served: Arc<Vec<Served>>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) configuration: Arc<Mutex<ConfigurationStatus>>,
    pub(super) router: Arc<RouterCounts>,
    pub(super) monitor: Monitor,
    pub(super) tracer: Option<Tracer>,
}

impl Watched {
    /// Tells until told to stop.
    pub(super) async fn run(self, mut stop: watch::Receiver<bool>) {
        let since = self.clock.now().to_string();
        let mut file = StatusFile::new(&self.hub.data_dir, self.part.role());
        file.replace(&self.hub.data_dir, &self.status(&since, &BTreeMap::new()));
        let (mut queues, mut oldest, mut looks) = (BTreeMap::new(), BTreeMap::new(), 0_u32);
        loop {
            if looks.is_multiple_of(OLDEST_EVERY) {
                oldest = self.oldest().await;
            }
            looks = looks.wrapping_add(1);
            let status = self.status(&since, &oldest);
            measure(&self.monitor.meter, &status, &mut queues, self.clock.now());
            let failure = file.write(&status);
            self.monitor.note(&status, failure);
            tokio::select! {
                _ = stop.wait_for(|&stop| stop) => return file.end(),
                () = tokio::time::sleep(status::EVERY) => {}
            }
        }
    }

    fn status(&self, since: &str, oldest: &BTreeMap<String, String>) -> ProcessStatus {
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
            subscribers: self.subscribers(),
            queues: self.queues(),
            signs: self.signs(oldest),
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

    fn signs(&self, oldest: &BTreeMap<String, String>) -> Signs {
        let feeds = self.sources.iter().map(|(feed, source)| {
            let counts = &source.counts;
            let last = counts.last().map(|last| last.to_string());
            (feed.clone(), FeedSigns { files: counts.files(), unchanged: counts.unchanged(), last })
        });
        let served = self.served.iter().filter(|one| one.is_delivered());
        let subscribers = served.map(|one| (one.subscriber.name.clone(), one.signs()));
        Signs {
            feeds: feeds.collect(),
            invalid: self.router.faults(),
            routed: self.part.routes().then(|| self.router.signs()),
            subscribers: subscribers.collect(),
            oldest: oldest.clone(),
            journal_bytes: self.channel.homes.iter().map(|(home, _)| home.journal.bytes_on_disk()).sum(),
            disk: disk(&self.hub.data_dir),
            archive_missing: self.router.archive_missing.load(Ordering::Relaxed),
            spans_dropped: self.tracer.as_ref().map_or(0, Tracer::dropped),
            metrics: self.monitor.address().map(|address| address.to_string()),
        }
    }

    /// When the oldest message of each queue on this disk was accepted. What feeds read again is no backlog.
    async fn oldest(&self) -> BTreeMap<String, String> {
        let mut oldest: BTreeMap<String, String> = BTreeMap::new();
        for (home, _) in &self.channel.homes {
            for depth in home.journal.queues().into_iter().filter(|depth| depth.depth() > 0) {
                if depth.queue.role() == topology::Role::Accepted {
                    continue;
                }
                for (lane, _) in depth.lanes.iter().filter(|(_, waiting)| *waiting > 0) {
                    // A queue that can't be looked into is told of by who reads it.
                    let Ok(first) = home.journal.peek(&depth.queue, *lane, 1).await else { continue };
                    let Some(first) = first.into_iter().next() else { continue };
                    let at = first.envelope.accepted_at;
                    let known = oldest.entry(depth.queue.to_string()).or_insert_with(|| at.clone());
                    *known = earlier(known, &at);
                }
            }
        }
        oldest
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

/// The disk that a folder lies on.
fn disk(folder: &Path) -> Option<DiskSigns> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    Some(DiskSigns { free: disk.f_bavail * disk.f_frsize, size: disk.f_blocks * disk.f_frsize })
}

/// The earlier of two moments; as texts, zones and fractions would mislead.
fn earlier(one: &str, other: &str) -> String {
    let at = |text: &str| text.parse::<Timestamp>().ok();
    if at(other) < at(one) { other.to_owned() } else { one.to_owned() }
}
