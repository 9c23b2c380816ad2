//! What a run did, and whether the counts add up.

use std::collections::BTreeMap;

use serde::Serialize;

/// What a feed picked up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FeedReport {
    /// Feed.
    pub feed: String,
    /// Files looked at.
    pub files: u64,
    /// Messages accepted: durable in the hub. A file may hold several.
    pub accepted: u64,
    /// Files that held nothing new.
    pub unchanged: u64,
    /// Messages among the accepted that make no sense; kept with place and reason. Known where routing is done in the
    /// same process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invalid: Option<u64>,
    /// Why the feed could not finish, where it could not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

/// What a subscriber got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SubscriberReport {
    /// Subscriber.
    pub subscriber: String,
    /// Copies routed to it in this run.
    pub routed: u64,
    /// Copies that waited for it when the run began.
    pub carried: u64,
    /// Copies made for it again in this run, by replays, or sent again from the dead letters; none of them is among the
    /// routed ones.
    #[serde(skip_serializing_if = "is_zero")]
    pub replayed: u64,
    /// Copies it has.
    pub delivered: u64,
    /// Copies that could not be delivered and wait for it to be reachable again.
    pub parked: u64,
    /// Copies on their way when the run was told to stop.
    pub waiting: u64,
    /// Copies given up.
    pub dead: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl SubscriberReport {
    /// carried + routed + replayed = delivered + parked + dead + waiting.
    pub const fn conserved(&self) -> bool {
        self.carried + self.routed + self.replayed == self.delivered + self.parked + self.dead + self.waiting
    }
}

impl FeedReport {
    fn followed_by(self, later: Self) -> Self {
        Self {
            files: self.files + later.files,
            accepted: self.accepted + later.accepted,
            unchanged: self.unchanged + later.unchanged,
            invalid: self.invalid.zip(later.invalid).map(|(one, other)| one + other),
            ..later
        }
    }
}

impl SubscriberReport {
    fn followed_by(self, later: Self) -> Self {
        Self {
            routed: self.routed + later.routed,
            carried: self.carried,
            replayed: self.replayed + later.replayed,
            delivered: self.delivered + later.delivered,
            dead: self.dead + later.dead,
            ..later
        }
    }
}

impl MessageReport {
    fn followed_by(self, later: Self) -> Self {
        Self {
            accepted: self.accepted + later.accepted,
            carried: self.carried,
            retried: self.retried + later.retried,
            routed: self.routed + later.routed,
            filtered: self.filtered + later.filtered,
            invalid: self.invalid + later.invalid,
            waiting: later.waiting,
            taken: self.taken.zip(later.taken).map(|(one, other)| one + other),
        }
    }
}

/// Two lists as one: what stands in both under one key is put together.
fn merged<T, K: Ord>(one: Vec<T>, other: Vec<T>, key: impl Fn(&T) -> K, both: impl Fn(T, T) -> T) -> Vec<T> {
    let mut together: BTreeMap<K, T> = one.into_iter().map(|item| (key(&item), item)).collect();
    for item in other {
        let item = match together.remove(&key(&item)) {
            Some(earlier) => both(earlier, item),
            None => item,
        };
        together.insert(key(&item), item);
    }
    together.into_values().collect()
}

/// The messages of all feeds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MessageReport {
    /// Accepted in this run.
    pub accepted: u64,
    /// Accepted before, not yet routed when the run began (it had been interrupted).
    pub carried: u64,
    /// Sent again in this run by operators: invalid messages, and edited copies of them.
    #[serde(skip_serializing_if = "is_zero")]
    pub retried: u64,
    /// With at least one recipient.
    pub routed: u64,
    /// Wanted by nobody.
    pub filtered: u64,
    /// Making no sense.
    pub invalid: u64,
    /// Accepted, not yet routed when the run ended. On RabbitMQ: still in the outboxes of this machine.
    pub waiting: u64,
    /// On RabbitMQ: taken from the lanes by this process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taken: Option<u64>,
}

impl MessageReport {
    /// carried + accepted + retried = routed + filtered + invalid + waiting; on RabbitMQ taken = routed + filtered + invalid,
    /// because other processes pick up and route too.
    pub const fn conserved(&self) -> bool {
        let handled = self.routed + self.filtered + self.invalid;
        match self.taken {
            Some(taken) => taken == handled,
            None => self.carried + self.accepted + self.retried == handled + self.waiting,
        }
    }
}

/// How many copies of a facility's messages went to a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServiceCell {
    /// 10-digit code.
    pub facility: String,
    /// Its name, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// First part of the topics.
    pub service: String,
    /// Copies routed in this run by this process.
    pub copies: u64,
}

/// What a run did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// By feed.
    pub feeds: Vec<FeedReport>,
    /// By subscriber.
    pub subscribers: Vec<SubscriberReport>,
    /// In sum.
    pub messages: MessageReport,
    /// By facility and service: the pairs for which there was a copy.
    pub matrix: Vec<ServiceCell>,
    /// Whether every count adds up that this process alone answers for: nothing was lost and nothing came from nowhere.
    pub conserved: bool,
    /// Whether other processes may have worked on the same queues.
    pub shared: bool,
    /// In a drain: why it ended before all was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broken_off: Option<String>,
}

impl Report {
    /// Puts the parts together and adds up.
    pub fn new(feeds: Vec<FeedReport>, subscribers: Vec<SubscriberReport>, messages: MessageReport) -> Self {
        let shared = messages.taken.is_some();
        let conserved =
            messages.conserved() && (shared || subscribers.iter().all(SubscriberReport::conserved));
        Self { feeds, subscribers, messages, matrix: Vec::new(), conserved, shared, broken_off: None }
    }

    /// The report of both this run and one that followed it in the same process: what waited between them is in neither.
    #[must_use]
    pub fn followed_by(self, later: Self) -> Self {
        let feeds = merged(self.feeds, later.feeds, |feed| feed.feed.clone(), FeedReport::followed_by);
        let subscribers = merged(
            self.subscribers,
            later.subscribers,
            |one| one.subscriber.clone(),
            SubscriberReport::followed_by,
        );
        let messages = self.messages.followed_by(later.messages);
        let key = |cell: &ServiceCell| (cell.facility.clone(), cell.service.clone());
        let sum =
            |one: ServiceCell, other: ServiceCell| ServiceCell { copies: one.copies + other.copies, ..other };
        let matrix = merged(self.matrix, later.matrix, key, sum);
        let conserved = self.conserved && later.conserved;
        let together = Self::new(feeds, subscribers, messages);
        Self { matrix, conserved, broken_off: later.broken_off, ..together }
    }

    /// Feeds that could not finish, and why.
    pub fn failed(&self) -> impl Iterator<Item = (&str, &str)> {
        self.feeds.iter().filter_map(|feed| Some((feed.feed.as_str(), feed.failed.as_deref()?)))
    }
}
