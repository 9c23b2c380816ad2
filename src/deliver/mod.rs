//! Stage 5: one subscriber's copies leave the hub: attempt, retry, park.
//!
//! A subscriber of kind `queue` reads its own durable queue: a copy is delivered when it lies there, and nothing of
//! this module runs for it. For the others [`Workers`] take the copies, each lane in order. What can't be delivered
//! stays parked in the subscriber's queue, in its order, and goes out when the subscriber can take it again.
//!
//! Invariant: a copy is acknowledged only after the subscriber has it durably.

mod cloud_event;
mod folder;
mod worker;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::broker::BrokerError;

pub use cloud_event::CloudEvent;
pub use folder::{Folder, FolderError};
pub use worker::Workers;

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
}

/// A subscriber and how it is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscriber {
    /// Name in `routes.toml`.
    pub name: String,
    /// Delivery kind.
    pub deliver: Kind,
}

/// What became of a subscriber's copies since the start.
#[derive(Debug, Default)]
pub struct Counts {
    /// The subscriber has it.
    pub delivered: AtomicU64,
    /// It was given up.
    pub dead: AtomicU64,
    /// A worker ended with copies parked in its lane: there is no use in waiting for them.
    pub gave_up: AtomicBool,
}

impl Counts {
    pub(crate) fn add(counter: &AtomicU64, count: usize) {
        counter.fetch_add(u64::try_from(count).unwrap_or(u64::MAX), Ordering::Relaxed);
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
