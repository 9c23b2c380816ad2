//! Stage 5: one subscriber's copies leave the hub: attempt, retry, park.
//!
//! A subscriber of kind `queue` reads its own durable queue: a copy is delivered when it lies there, and nothing of
//! this module runs for it. For the others [`Workers`] take the copies, each lane in order:
//! - A subscriber that is away lets its copies wait in their queue, in order.
//! - A message that it refuses, or that gets no answer while others do, is parked: it and every later copy for the
//!   same patient go to the subscriber's queue of parked copies, where they are retried at a slower pace. The others
//!   flow on. When the first goes through, the rest follow in order.
//! - What stays refused for too long is given up and goes to the subscriber's dead-letter queue.
//! - A subscriber that wants no more gets no more until the hub is started again.
//!
//! - Where a facility made patients one, the copies about them wait for the earlier ones in other lanes.
//!
//! Invariants: a copy is acknowledged only after the subscriber has it durably or another queue has it; a patient's
//! later copy is never attempted before an earlier one was delivered or given up; who was joined counts as one.

mod attempts;
mod claimed;
mod cloud_event;
mod folder;
mod http;
mod joined;
mod lane;
mod mllp;
mod outcome;
mod pace;
mod parked;
mod patients;
mod receipt;
mod record;
mod release;
mod sender;
mod ssmix2;
mod window;
mod workers;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

use crate::broker::{BrokerError, QueueName};

pub use attempts::Attempts;
pub use cloud_event::CloudEvent;
pub use folder::{Folder, FolderError};
pub use http::Http;
pub use mllp::{Link, LinkError, Mllp};
pub use pace::Pace;
pub use receipt::receipt_ids;
pub use sender::SenderError;
pub use workers::Workers;

/// How a subscriber takes its copies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// It reads its durable queue itself.
    Queue,
    /// One CloudEvent (JSON) a line in a file a day.
    Folder {
        /// Folder of the files; made where it is missing.
        path: PathBuf,
    },
    /// A copy of the storages that messages came from, file by file.
    Ssmix2 {
        /// Folder of the copies; never made, so that one on a disk that is not mounted is missed.
        path: PathBuf,
    },
    /// A webhook: one CloudEvent a request.
    Http(Http),
    /// An HL7 receiver: one message of the source, unchanged, a frame.
    Mllp(Mllp),
}

/// A subscriber and how it is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscriber {
    /// Name in `routes.toml`.
    pub name: String,
    /// 10-digit code of the facility whose subscriber it is, where it belongs to one: consents, contracts and
    /// addresses are looked up by it.
    pub facility: Option<String>,
    /// Delivery kind.
    pub deliver: Kind,
    /// How long a copy stays parked before it is given up; `None` for ever.
    pub give_up_after: Option<Duration>,
}

/// Default of [`Subscriber::give_up_after`].
pub const GIVE_UP_AFTER: Duration = Duration::from_secs(3 * 24 * 3600);

/// What became of a subscriber's copies since the start.
#[derive(Debug, Default)]
pub struct Counts {
    /// Parked copies that lay there at the start.
    pub found: AtomicU64,
    /// Copies that are parked now. The depth of their queue may count markers and repeats.
    pub parked: AtomicU64,
    /// Patients whose copies are parked now.
    pub parked_patients: AtomicU64,
    /// Of these, those whose copies an operator lets wait.
    pub parked_held: AtomicU64,
    /// The subscriber has it.
    pub delivered: AtomicU64,
    /// How often a copy was parked.
    pub parkings: AtomicU64,
    /// It was given up.
    pub dead: AtomicU64,
    /// Those of them whose permission had ended.
    pub withdrawn: AtomicU64,
    /// What attempts came to.
    pub attempts: Attempts,
    /// A worker ended with copies left in its lane: there is no use in waiting for them.
    pub gave_up: AtomicBool,
    /// The subscriber said that it wants no more.
    pub gone: AtomicBool,
    /// Changes when an operator wants parked patients to be tried now.
    pub(crate) hurry: watch::Sender<u64>,
    /// Set while nothing gets there.
    away: Mutex<Option<Away>>,
    /// Receipts of its copies, by the queue that they went to.
    receipts: Mutex<BTreeMap<QueueName, u64>>,
}

/// Why nothing gets to a subscriber.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Away {
    /// Since when.
    pub since: Timestamp,
    /// The last reason, in the words of the hub or the system; no contents, no text of the subscriber's.
    pub why: String,
}

impl Counts {
    /// Why nothing gets to the subscriber now, where nothing does.
    pub fn away(&self) -> Option<Away> {
        self.away.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Lets every parked patient be tried now.
    pub(crate) fn hurry(&self) {
        self.hurry.send_modify(|times| *times += 1);
    }

    fn set_away(&self, now: Timestamp, why: &str) {
        let mut away = self.away.lock().unwrap_or_else(PoisonError::into_inner);
        let since = away.as_ref().map_or(now, |away| away.since);
        *away = Some(Away { since, why: why.to_owned() });
    }

    fn set_reached(&self) {
        *self.away.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// How many receipts of its copies went to that queue.
    pub fn receipts_to(&self, queue: &QueueName) -> u64 {
        self.receipts.lock().unwrap_or_else(PoisonError::into_inner).get(queue).copied().unwrap_or(0)
    }

    fn add_receipt(&self, queue: &QueueName) {
        *self.receipts.lock().unwrap_or_else(PoisonError::into_inner).entry(queue.clone()).or_default() += 1;
    }

    fn add(counter: &AtomicU64, count: usize) {
        counter.fetch_add(u64::try_from(count).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Lets a counter go from what one lane told before to what it tells now.
    fn follow(counter: &AtomicU64, told: &mut usize, now: usize) {
        let before = std::mem::replace(told, now);
        Self::add(counter, now.saturating_sub(before));
        Self::subtract(counter, before.saturating_sub(now));
    }

    fn subtract(counter: &AtomicU64, count: usize) {
        counter.fetch_sub(u64::try_from(count).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

/// Why delivering stopped.
#[derive(Debug, thiserror::Error)]
pub enum DeliverError {
    /// The broker refused.
    #[error("subscriber {subscriber}: the broker did not do as asked")]
    Broker {
        /// Subscriber.
        subscriber: String,
        /// Cause.
        #[source]
        source: BrokerError,
    },
    /// A lane ended by panic: a fault of the hub.
    #[error("subscriber {subscriber}: a lane failed: a fault of the hub, please report it")]
    Failed {
        /// Subscriber.
        subscriber: String,
    },
}
