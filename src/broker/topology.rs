//! Every queue name of the hub is spelled here and nowhere else.

use std::fmt;
use std::sync::Arc;

/// Name of a queue.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QueueName(Arc<str>);

impl QueueName {
    /// The queue of a name that a broker's store recorded.
    pub(crate) fn recorded(name: &str) -> Self {
        Self(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
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

/// What a feed published: the same messages as in [`ingest`], read back by the feed itself to bring its pick-up
/// ledger up to date. Taken in one step with the acceptance, it makes a repeat after a crash recognisable.
pub fn accepted(feed: &str) -> QueueName {
    QueueName(format!("accepted.{feed}").into())
}

/// Events for one subscriber, in lanes.
pub fn subscriber(name: &str) -> QueueName {
    QueueName(format!("to.{name}").into())
}

/// Events that could not be delivered to one subscriber: an operator fixes a link.
pub fn dead(subscriber: &str) -> QueueName {
    QueueName(format!("dead.{subscriber}").into())
}

/// Messages that make no sense: an integrator fixes a mapping.
pub fn invalid() -> QueueName {
    QueueName("invalid".into())
}
