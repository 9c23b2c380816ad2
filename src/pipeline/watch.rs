//! Writes the status of this process while it runs.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use tokio::sync::watch;

use super::channel::Channel;
use super::connection::{Connection, Reach};
use super::deliveries::Served;
use super::feeds::Sources;
use super::heads::Heads;
use super::measure::{Known, measure};
use super::monitor::Monitor;
use super::part::Part;
use super::pulse::{Counted, Flow, Pulses};
use super::router::RouterCounts;
use super::signs::{FeedSigns, Signs};
use super::status::{
    self, AwayStatus, BrokerStatus, ConfigurationStatus, DiskStatus, FeedStatus, HeldStatus, InvalidStatus,
    OutboxStatus, ProcessStatus, QueueStatus, StatusFile, SubscriberStatus, TopicStatus,
};
use crate::broker::rabbitmq::InHand;
use crate::broker::topology;
use crate::clock::Clock;
use crate::config::{self, Hub};
use crate::registry::{Registry, View};
use crate::telemetry::Tracer;

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
    /// Tells what operators let wait.
    pub(super) registry: View,
    pub(super) configuration: Arc<Mutex<ConfigurationStatus>>,
    pub(super) monitor: Monitor,
    pub(super) tracer: Option<Tracer>,
}

impl Watched {
    /// Tells until told to stop.
    pub(super) async fn run(self, mut stop: watch::Receiver<bool>) {
        let began = self.clock.now();
        let since = began.to_string();
        let mut file = StatusFile::new(&self.hub.data_dir, self.part.role(), self.part.names());
        let (mut pulses, mut heads) = (Pulses::new(began, self.hub.timezone.clone()), Heads::default());
        let first = self.status(&since, &mut pulses, &heads);
        if let Some(before) = file.replace(&self.hub.data_dir, &first) {
            resume(&mut pulses, &before);
        }
        let mut known = self.known_queues();
        loop {
            heads.look(&self.channel).await;
            pulses.at(self.clock.now());
            let status = self.status(&since, &mut pulses, &heads);
            measure(&self.monitor.meter, &status, &mut known, self.clock.now());
            let failure = file.write(&status);
            self.monitor.note(&status, failure);
            tokio::select! {
                _ = stop.wait_for(|&stop| stop) => {
                    drop(file.write(&self.status(&since, &mut pulses, &heads)));
                    return file.end();
                }
                () = tokio::time::sleep(status::EVERY) => {}
            }
        }
    }

    fn status(&self, since: &str, pulses: &mut Pulses, heads: &Heads) -> ProcessStatus {
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
            feeds: self.feeds(pulses),
            lanes: self.lanes(),
            topics: self.topics(),
            subscribers: self.subscribers(pulses),
            queues: self.queues(heads),
            in_hand: self.in_hand(),
            invalid: self.invalid(pulses),
            disk: disk(&self.hub.data_dir),
            signs: self.signs(),
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

    fn feeds(&self, pulses: &mut Pulses) -> Vec<FeedStatus> {
        let feeds = self.sources.iter().map(|(feed, source)| FeedStatus {
            feed: feed.clone(),
            accepted: source.counts.accepted(),
            failing: source.failure(),
            flow: pulses.beat(Counted::Accepted, feed, source.counts.accepted()),
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

    fn subscribers(&self, pulses: &mut Pulses) -> Vec<SubscriberStatus> {
        let mut held = held(&self.registry.read(), self.clock.now());
        let delivered = self.served.iter().filter(|one| one.is_delivered());
        let told = delivered.map(|one| SubscriberStatus {
            held: held.remove(&one.subscriber.name).unwrap_or_default(),
            ..subscriber(one, pulses)
        });
        told.collect()
    }

    fn signs(&self) -> Signs {
        let feeds = self.sources.iter().map(|(feed, source)| {
            let counts = &source.counts;
            (feed.clone(), FeedSigns { files: counts.files(), unchanged: counts.unchanged() })
        });
        let served = self.served.iter().filter(|one| one.is_delivered());
        Signs {
            feeds: feeds.collect(),
            invalid: self.counts.faults(),
            routed: self.part.routes().then(|| self.counts.signs()),
            subscribers: served.map(|one| (one.subscriber.name.clone(), one.signs())).collect(),
            journal_bytes: self.channel.homes.iter().map(|(home, _)| home.journal.bytes_on_disk()).sum(),
            archive_missing: self.counts.archive_missing.load(Ordering::Relaxed),
            spans_dropped: self.tracer.as_ref().map_or(0, Tracer::dropped),
            metrics: self.monitor.address().map(|address| address.to_string()),
        }
    }

    fn invalid(&self, pulses: &mut Pulses) -> Vec<InvalidStatus> {
        let counted = self.counts.invalid.iter().map(|(feed, count)| (feed, count.load(Ordering::Relaxed)));
        let flows = counted.map(|(feed, count)| InvalidStatus {
            feed: feed.clone(),
            flow: pulses.beat(Counted::Invalid, feed, count),
        });
        flows.filter(|one| one.flow.last_at.is_some()).collect()
    }

    /// Queues on this disk, of which metrics tell also while they are empty.
    fn known_queues(&self) -> Known {
        if self.channel.remote.is_some() {
            return Known::default();
        }
        let queues = self.channel.homes.iter().flat_map(|(home, _)| home.journal.queues());
        Known { waiting: queues.map(|depth| depth.queue.to_string()).collect(), ..Known::default() }
    }

    fn in_hand(&self) -> Vec<QueueStatus> {
        let in_hand = self.channel.remote.iter().flat_map(|remote| remote.broker.in_hand());
        let told = in_hand.map(|InHand { queue, messages, oldest }| QueueStatus {
            queue: queue.to_string(),
            messages,
            oldest,
        });
        told.collect()
    }

    fn queues(&self, heads: &Heads) -> Vec<QueueStatus> {
        if self.channel.remote.is_some() {
            return Vec::new();
        }
        let queues = self.channel.homes.iter().flat_map(|(home, _)| home.journal.queues());
        let waiting = queues.filter(|depth| depth.depth() > 0);
        let told = waiting.map(|depth| QueueStatus {
            queue: depth.queue.to_string(),
            messages: depth.depth(),
            oldest: heads.oldest(&depth.queue).map(str::to_owned),
        });
        told.collect()
    }
}

fn subscriber(Served { subscriber, counts, .. }: &Served, pulses: &mut Pulses) -> SubscriberStatus {
    let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let (name, delivered, dead) = (&subscriber.name, read(&counts.delivered), read(&counts.dead));
    SubscriberStatus {
        subscriber: name.clone(),
        delivered,
        dead,
        gone: counts.gone.load(Ordering::Relaxed),
        parked: read(&counts.parked),
        parked_patients: read(&counts.parked_patients),
        parked_held: read(&counts.parked_held),
        flow: pulses.beat(Counted::Delivered, name, delivered),
        dead_today: pulses.beat(Counted::Dead, name, dead).today,
        withdrawn_today: pulses.beat(Counted::Withdrawn, name, read(&counts.withdrawn)).today,
        away: counts.away().map(|away| AwayStatus { since: away.since.to_string(), why: away.why }),
        held: Vec::new(),
    }
}

/// What operators let wait now, by subscriber, the longest first.
fn held(registry: &Registry, now: Timestamp) -> HashMap<String, Vec<HeldStatus>> {
    let mut holds: Vec<_> = registry.holds().filter(|(_, hold)| hold.period.holds(now)).collect();
    holds.sort_by_key(|(_, hold)| hold.period.from);
    let mut held: HashMap<_, Vec<_>> = HashMap::new();
    for (id, hold) in holds {
        let entry = registry.record(id);
        held.entry(hold.subscriber.clone()).or_default().push(HeldStatus {
            facility: hold.patient.as_ref().map(|patient| patient.facility.clone()),
            since: hold.period.from.to_string(),
            who: entry.map(|entry| entry.who.clone()).unwrap_or_default(),
            why: entry.map(|entry| entry.why.clone()).unwrap_or_default(),
        });
    }
    held
}

/// Goes on from what the process before told.
fn resume(pulses: &mut Pulses, before: &ProcessStatus) {
    let at = before.written_at.as_str();
    for feed in &before.feeds {
        pulses.resume(Counted::Accepted, &feed.feed, &feed.flow, at);
    }
    for InvalidStatus { feed, flow } in &before.invalid {
        pulses.resume(Counted::Invalid, feed, flow, at);
    }
    for one in &before.subscribers {
        let today = |today| Flow { today, ..Flow::default() };
        pulses.resume(Counted::Delivered, &one.subscriber, &one.flow, at);
        pulses.resume(Counted::Dead, &one.subscriber, &today(one.dead_today), at);
        pulses.resume(Counted::Withdrawn, &one.subscriber, &today(one.withdrawn_today), at);
    }
}

/// The disk of a folder, where the system tells.
fn disk(folder: &Path) -> Option<DiskStatus> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    Some(DiskStatus { free: disk.f_bavail * disk.f_frsize, total: disk.f_blocks * disk.f_frsize })
}
