//! Every queue name of the hub is spelled here and nowhere else.
//!
//! On RabbitMQ a laned queue is one quorum queue per lane (`musubi.ingest.07`); every other queue is one quorum queue
//! whose messages name their lane (`musubi.to.surveillance`), so that a subscriber reads one queue.

use std::fmt;
use std::sync::Arc;

/// What stands before every name on RabbitMQ, so that a virtual host can be shared.
const PREFIX: &str = "musubi.";

/// Name of a queue.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QueueName(Arc<str>);

/// What a queue is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Raw messages on their way to the router; laned.
    Ingest,
    /// Per lane, how far the routers have come; laned.
    Progress,
    /// A feed's own record of what it accepted; never leaves the machine of the feed.
    Accepted,
    /// A subscriber's events.
    Subscriber,
    /// A subscriber's events that wait behind one that it refused.
    Parked,
    /// A subscriber's events that were given up.
    Dead,
    /// Messages that make no sense.
    Invalid,
    /// Events that met no queue.
    Unroutable,
    /// All canonical events, to be read from a point in time.
    Archive,
}

impl QueueName {
    /// The queue of a name that a broker's store recorded.
    pub(crate) fn recorded(name: &str) -> Self {
        Self(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the queue is for.
    pub fn role(&self) -> Role {
        match self.0.split('.').next() {
            Some("ingest") => Role::Ingest,
            Some("progress") => Role::Progress,
            Some("accepted") => Role::Accepted,
            Some("parked") => Role::Parked,
            Some("dead") => Role::Dead,
            Some("invalid") => Role::Invalid,
            Some("unroutable") => Role::Unroutable,
            Some("archive") => Role::Archive,
            _ => Role::Subscriber,
        }
    }

    /// Its name on RabbitMQ. A laned queue has one per lane.
    pub fn on_rabbitmq(&self, lane: crate::envelope::Lane) -> String {
        match self.role() {
            Role::Ingest | Role::Progress => format!("{PREFIX}{}.{:02}", self.0, lane.0),
            _ => format!("{PREFIX}{}", self.0),
        }
    }
}

impl fmt::Display for QueueName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Raw messages on their way from the adapters to the router, in lanes.
pub fn ingest() -> QueueName {
    QueueName("ingest".into())
}

/// Per lane one message: how far the routers have come. Who holds it may work on the lane.
pub fn progress() -> QueueName {
    QueueName("progress".into())
}

/// What a feed published: the same messages as in [`ingest`], read back by the feed itself to bring its pick-up
/// ledger up to date. Taken in one step with the acceptance, it makes a repeat after a crash recognisable.
pub fn accepted(feed: &str) -> QueueName {
    QueueName(format!("accepted.{feed}").into())
}

/// The same of one source that takes messages from connections: it has a record of its own, because it publishes at
/// its own pace. `source` is its label in the feed.
pub fn accepted_by(feed: &str, source: &str) -> QueueName {
    QueueName(format!("accepted.{feed}.{source}").into())
}

/// Events for one subscriber, in lanes.
pub fn subscriber(name: &str) -> QueueName {
    QueueName(format!("to.{name}").into())
}

/// Events for one subscriber that wait because it refused an earlier one of the same patient, in lanes.
pub fn parked(subscriber: &str) -> QueueName {
    QueueName(format!("parked.{subscriber}").into())
}

/// Events that could not be delivered to one subscriber: an operator fixes a link.
pub fn dead(subscriber: &str) -> QueueName {
    QueueName(format!("dead.{subscriber}").into())
}

/// Messages that make no sense: an integrator fixes a mapping.
pub fn invalid() -> QueueName {
    QueueName("invalid".into())
}

/// Where the alternate exchange puts what met no queue.
pub fn unroutable() -> QueueName {
    QueueName("unroutable".into())
}

/// All canonical events, kept for replay.
pub fn archive() -> QueueName {
    QueueName("archive".into())
}
