//! How feeds and subscribers are, the worst first: what the console's first page, `musubi top` and `musubi status` show.
//!
//! All of it comes from what processes tell of themselves each second, from what the broker says of its queues, and from
//! the history of earlier weeks. Names and counts, nothing of a patient.

mod fault;
mod live;
mod parts;
mod rules;
mod trouble;
mod usual;

use jiff::Timestamp;
use serde::Serialize;

use super::replay::Replay;
use super::status::{Overview as Seen, State};
use crate::config::Config;
use crate::pipeline::{AwayStatus, ConfigurationStatus, DiskStatus, HeldStatus, OutboxStatus, Reach};

pub use fault::{Whose, whose};
pub use live::{Live, Looker};
pub use trouble::{Severity, Subject, Trouble, What};
pub use usual::{Usual, silent, usual};

/// How the hub is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Overview {
    /// When that was looked at.
    pub at: Timestamp,
    /// What somebody should look at, the worst first.
    pub troubles: Vec<Trouble>,
    /// Feeds, those in trouble first.
    pub feeds: Vec<FeedView>,
    /// Subscribers, those in trouble first.
    pub subscribers: Vec<SubscriberView>,
    /// Processes.
    pub processes: Vec<ProcessView>,
    /// Accepted messages that wait to be routed.
    pub ingest: Waiting,
    /// Messages that make no sense.
    pub invalid: Waiting,
    /// Copies that met no queue.
    pub unroutable: Waiting,
    /// The fullest disk of a data folder.
    pub disk: Option<DiskStatus>,
}

/// What waits in a queue.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Waiting {
    /// How many; nothing where the broker does not say.
    pub messages: Option<u64>,
    /// When the oldest was accepted, RFC 3339, where that is known: on RabbitMQ to who took it and did not finish.
    pub oldest: Option<String>,
}

/// A feed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FeedView {
    /// Name.
    pub feed: String,
    /// Name of the facility for people.
    pub title: String,
    /// 10-digit code of the facility.
    pub facility: String,
    /// The worst of its troubles.
    pub severity: Option<Severity>,
    /// Whether a process that is there picks up from it.
    pub served: bool,
    /// When the last message was accepted, RFC 3339.
    pub last_at: Option<String>,
    /// Messages a minute in the last minutes.
    pub per_minute: Option<f64>,
    /// Messages a minute usually, in this hour of the week; nothing while too little is known.
    pub usual_per_minute: Option<f64>,
    /// The last message of one that gives clearly less than it usually does, RFC 3339: the alerts judge that.
    pub silent_since: Option<String>,
    /// Accepted today.
    pub today: u64,
    /// Accepted on this machine and not yet passed on to RabbitMQ, where the feed has an outbox of its own.
    pub backlog: Option<u64>,
    /// Invalid messages today.
    pub invalid_today: u64,
    /// Why it can't go on at present.
    pub failing: Option<String>,
}

/// A subscriber.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SubscriberView {
    /// Name.
    pub subscriber: String,
    /// Kind of delivery, as in `routes.toml`.
    pub kind: &'static str,
    /// 10-digit code of the facility whose it is.
    pub facility: Option<String>,
    /// The worst of its troubles.
    pub severity: Option<Severity>,
    /// Who has to do something, where something is to be done.
    pub whose: Option<Whose>,
    /// Whether a process that is there delivers to it; one that reads its queue itself needs none.
    pub served: bool,
    /// What waits for it.
    pub waiting: Waiting,
    /// When a copy was delivered last, RFC 3339.
    pub last_at: Option<String>,
    /// Copies a minute in the last minutes.
    pub per_minute: Option<f64>,
    /// Delivered today.
    pub today: u64,
    /// Parked copies.
    pub parked: u64,
    /// Patients whose copies they are.
    pub parked_patients: u64,
    /// Of these, those whose copies an operator lets wait.
    pub parked_held: u64,
    /// Copies among the dead letters.
    pub dead: Option<u64>,
    /// Given up today.
    pub dead_today: u64,
    /// Of these, withdrawn: their permission had ended.
    pub withdrawn_today: u64,
    /// Since when and why nothing gets there.
    pub away: Option<AwayStatus>,
    /// It wants no more.
    pub gone: bool,
    /// What operators let wait, the longest first.
    pub held: Vec<HeldStatus>,
}

impl SubscriberView {
    /// What lets all its copies wait.
    fn held(&self) -> Option<&HeldStatus> {
        self.held.iter().find(|held| held.facility.is_none())
    }

    /// Patients whose copies an operator lets wait, the longest first.
    fn held_patients(&self) -> impl Iterator<Item = &HeldStatus> {
        self.held.iter().filter(|held| held.facility.is_some())
    }
}

/// A process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProcessView {
    /// Role, names and process id.
    pub title: String,
    /// Verb that started it.
    pub role: String,
    /// Machine.
    pub host: String,
    /// Whether it is there.
    pub state: State,
    /// When it began, RFC 3339.
    pub since: String,
    /// Its way to the broker.
    pub link: Reach,
    /// What it has in its outboxes.
    pub outboxes: Vec<OutboxStatus>,
    /// Its configuration, and what became of new ones.
    pub configuration: ConfigurationStatus,
}

impl Overview {
    /// Puts together what was seen at a moment, with the replays of the data folder.
    pub fn of(config: &Config, seen: &Seen, replays: &[Replay], usual: &Usual, now: Timestamp) -> Self {
        let parts = parts::Parts::of(seen);
        let mut overview = Self {
            at: now,
            troubles: Vec::new(),
            feeds: config.feeds.iter().map(|feed| parts.feed(feed, usual)).collect(),
            subscribers: config.subscribers.iter().map(|one| parts.subscriber(one)).collect(),
            processes: seen.processes.iter().map(parts::process).collect(),
            ingest: parts.waiting("ingest"),
            invalid: parts.waiting("invalid"),
            unroutable: parts.waiting("unroutable"),
            disk: parts.disk(),
        };
        overview.troubles = rules::troubles(config, seen, replays, &overview);
        overview.rank();
        overview
    }

    /// Puts those in trouble first.
    fn rank(&mut self) {
        let mut feeds = std::collections::HashMap::new();
        let mut subscribers = std::collections::HashMap::new();
        // The worst comes first.
        for trouble in &self.troubles {
            match trouble.subject() {
                Subject::Feed => {
                    for name in trouble.name.split(' ') {
                        feeds.entry(name).or_insert(trouble.severity);
                    }
                }
                Subject::Subscriber => {
                    subscribers.entry(trouble.name.as_str()).or_insert((trouble.severity, trouble.whose));
                }
                Subject::Hub | Subject::Process | Subject::Queue | Subject::Replay => {}
            }
        }
        for feed in &mut self.feeds {
            feed.severity = feeds.get(feed.feed.as_str()).copied();
        }
        for one in &mut self.subscribers {
            let found = subscribers.get(one.subscriber.as_str()).copied();
            (one.severity, one.whose) = (found.map(|found| found.0), found.map(|found| found.1));
        }
        let weight = |severity: Option<Severity>| (severity.is_none(), severity);
        self.feeds.sort_by(|one, other| {
            (weight(one.severity), &one.feed).cmp(&(weight(other.severity), &other.feed))
        });
        self.subscribers.sort_by(|one, other| {
            (weight(one.severity), &one.subscriber).cmp(&(weight(other.severity), &other.subscriber))
        });
    }

    /// What somebody may see of it who may see what belongs to a facility, or to the network (`None`).
    #[must_use]
    pub fn narrowed(&self, may: impl Fn(Option<&str>) -> bool) -> Self {
        let mut narrow = self.clone();
        if may(None) {
            return narrow;
        }
        narrow.feeds.retain(|feed| may(Some(&feed.facility)));
        narrow.subscribers.retain(|one| may(one.facility.as_deref()));
        // Of a patient that is held elsewhere he knows that there is one, not why.
        let seen_by_him = |held: &HeldStatus| held.facility.is_none() || may(held.facility.as_deref());
        for one in &mut narrow.subscribers {
            one.held.retain(seen_by_him);
        }
        narrow.processes.clear();
        narrow.troubles.retain_mut(|trouble| match trouble.subject() {
            Subject::Feed => narrow.feeds.iter().any(|feed| feed.feed == trouble.name),
            Subject::Subscriber => {
                if trouble.what == What::PatientsHeld {
                    trouble.reason = None;
                }
                narrow.subscribers.iter().any(|one| one.subscriber == trouble.name)
            }
            Subject::Hub | Subject::Process | Subject::Queue | Subject::Replay => false,
        });
        narrow
    }

    /// Whether somebody should be called.
    pub fn has_alarm(&self) -> bool {
        self.troubles.iter().any(|trouble| trouble.severity == Severity::Alarm)
    }
}

/// How long ago that was, in seconds; nothing where the time can't be read, and none where it is to come.
pub(crate) fn seconds_since(at: &str, now: Timestamp) -> Option<u64> {
    let at: Timestamp = at.parse().ok()?;
    Some(u64::try_from(now.duration_since(at).as_secs()).unwrap_or(0))
}
