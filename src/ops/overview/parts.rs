//! What processes and broker say, found by name.

use std::collections::HashMap;

use super::usual::Usual;
use super::{FeedView, ProcessView, SubscriberView, Waiting};
use crate::config;
use crate::deliver::{Kind, Subscriber};
use crate::ops::status::{Overview as Seen, Process, State};
use crate::pipeline::{DiskStatus, FeedStatus, Flow, OutboxStatus, QueueStatus, SubscriberStatus};

/// What was seen, by name.
pub(super) struct Parts<'s> {
    feeds: HashMap<&'s str, Vec<&'s FeedStatus>>,
    subscribers: HashMap<&'s str, Vec<&'s SubscriberStatus>>,
    /// Invalid messages of today, by feed.
    invalid: HashMap<&'s str, u64>,
    /// Of feeds that have one of their own.
    outboxes: HashMap<&'s str, &'s OutboxStatus>,
    /// Nothing where the broker does not say.
    queues: Option<HashMap<&'s str, &'s QueueStatus>>,
    disks: Vec<DiskStatus>,
}

impl<'s> Parts<'s> {
    pub(super) fn of(seen: &'s Seen) -> Self {
        let mut parts = Self {
            feeds: HashMap::new(),
            subscribers: HashMap::new(),
            invalid: HashMap::new(),
            outboxes: HashMap::new(),
            queues: None,
            disks: Vec::new(),
        };
        // What one that is gone told last is no longer so.
        for process in seen.processes.iter().filter(|process| process.state != State::Gone) {
            let status = &process.status;
            status.feeds.iter().for_each(|feed| parts.feeds.entry(&feed.feed).or_default().push(feed));
            for one in &status.subscribers {
                parts.subscribers.entry(&one.subscriber).or_default().push(one);
            }
            for one in &status.invalid {
                *parts.invalid.entry(&one.feed).or_default() += one.flow.today;
            }
            for outbox in &status.outboxes {
                if let [feed] = outbox.feeds.as_slice() {
                    parts.outboxes.insert(feed, outbox);
                }
            }
            parts.disks.extend(status.disk);
        }
        let by_name = |queue: &'s QueueStatus| (queue.queue.as_str(), queue);
        parts.queues = seen.queues.as_ref().map(|queues| queues.iter().map(by_name).collect());
        parts
    }

    /// What waits in a queue. One that is not told of is empty.
    pub(super) fn waiting(&self, queue: &str) -> Waiting {
        let Some(queues) = &self.queues else { return Waiting::default() };
        let found = queues.get(queue);
        Waiting {
            messages: Some(found.map_or(0, |queue| queue.messages)),
            oldest: found.and_then(|queue| queue.oldest.clone()),
        }
    }

    pub(super) fn feed(&self, feed: &config::Feed, usual: &Usual) -> FeedView {
        let name = feed.settings.name.as_str();
        let found = self.feeds.get(name).map_or(&[][..], Vec::as_slice);
        let flow = together(found.iter().map(|one| &one.flow));
        FeedView {
            feed: name.to_owned(),
            title: feed.title.clone(),
            facility: feed.settings.facility.clone(),
            severity: None,
            served: !found.is_empty(),
            per_minute: flow.per_minute(),
            usual_per_minute: usual.per_minute(name),
            silent_since: usual.silent_since(name).map(|since| since.to_string()),
            last_at: flow.last_at,
            today: flow.today,
            backlog: self.outboxes.get(name).map(|outbox| outbox.messages),
            invalid_today: self.invalid.get(name).copied().unwrap_or(0),
            failing: found.iter().find_map(|one| one.failing.clone()),
        }
    }

    pub(super) fn subscriber(&self, one: &Subscriber) -> SubscriberView {
        let name = one.name.as_str();
        let found = self.subscribers.get(name).map_or(&[][..], Vec::as_slice);
        let flow = together(found.iter().map(|one| &one.flow));
        let sum = |count: fn(&SubscriberStatus) -> u64| found.iter().map(|one| count(one)).sum::<u64>();
        let parked = self.waiting(&format!("parked.{name}")).messages.unwrap_or(0);
        SubscriberView {
            subscriber: name.to_owned(),
            kind: kind(&one.deliver),
            facility: one.facility.clone(),
            severity: None,
            whose: None,
            served: !found.is_empty() || one.deliver == Kind::Queue,
            waiting: self.waiting(&format!("to.{name}")),
            per_minute: flow.per_minute(),
            last_at: flow.last_at,
            today: flow.today,
            // Who delivers knows them exactly; the depth of their queue may count markers.
            parked: if found.is_empty() { parked } else { sum(|one| one.parked) },
            parked_patients: sum(|one| one.parked_patients),
            parked_held: sum(|one| one.parked_held),
            dead: self.waiting(&format!("dead.{name}")).messages,
            dead_today: sum(|one| one.dead_today),
            withdrawn_today: sum(|one| one.withdrawn_today),
            away: found.iter().find_map(|one| one.away.clone()),
            gone: found.iter().any(|one| one.gone),
            held: found.iter().map(|one| one.held.clone()).find(|held| !held.is_empty()).unwrap_or_default(),
        }
    }

    /// The fullest.
    pub(super) fn disk(&self) -> Option<DiskStatus> {
        self.disks.iter().copied().min_by_key(|disk| disk.free)
    }
}

pub(super) fn process(process: &Process) -> ProcessView {
    let status = &process.status;
    ProcessView {
        title: process.title(),
        role: status.role.clone(),
        host: status.host.clone(),
        state: process.state,
        since: status.since.clone(),
        link: status.broker.link,
        outboxes: status.outboxes.clone(),
        configuration: status.configuration.clone(),
    }
}

/// What several processes count of one.
fn together<'f>(flows: impl Iterator<Item = &'f Flow>) -> Flow {
    flows.fold(Flow::default(), |sum, flow| Flow {
        // RFC 3339 in UTC to the same second is near enough.
        last_at: sum.last_at.max(flow.last_at.clone()),
        recent: sum.recent + flow.recent,
        recent_seconds: sum.recent_seconds.max(flow.recent_seconds),
        today: sum.today + flow.today,
    })
}

const fn kind(kind: &Kind) -> &'static str {
    match kind {
        Kind::Queue => "queue",
        Kind::Folder { .. } => "folder",
        Kind::Ssmix2 { .. } => "ssmix2",
        Kind::Http(_) => "http",
        Kind::Mllp(_) => "mllp",
    }
}
