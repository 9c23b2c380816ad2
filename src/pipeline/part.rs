//! Which parts of the hub a process runs.

use crate::config::{self, Config};
use crate::deliver::Subscriber;

/// The parts that a process runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// All of them.
    All,
    /// Picking up from these feeds.
    Adapter(Vec<String>),
    /// Routing: a share of the lanes.
    Router,
    /// Delivering to these subscribers.
    Deliver(Vec<String>),
    /// None: only what operators look at and act on.
    Console,
}

impl Part {
    /// The verb that starts it.
    pub const fn role(&self) -> &'static str {
        match self {
            Self::All => "run",
            Self::Adapter(_) => "adapter",
            Self::Router => "router",
            Self::Deliver(_) => "deliver",
            Self::Console => "console",
        }
    }

    /// Names of the feeds or subscribers that it was started for.
    pub fn names(&self) -> &[String] {
        match self {
            Self::Adapter(names) | Self::Deliver(names) => names,
            Self::All | Self::Router | Self::Console => &[],
        }
    }

    /// Whether it asks what may go where: it routes or delivers.
    pub const fn asks_the_registry(&self) -> bool {
        !matches!(self, Self::Adapter(_))
    }

    /// Whether it routes.
    pub const fn routes(&self) -> bool {
        matches!(self, Self::All | Self::Router)
    }

    /// Whether operators can look at it and act through it.
    pub const fn is_operated(&self) -> bool {
        matches!(self, Self::All | Self::Router | Self::Console)
    }

    pub(super) fn feeds<'c>(&self, config: &'c Config) -> Vec<&'c config::Feed> {
        let mine = |feed: &&config::Feed| match self {
            Self::All => true,
            Self::Adapter(names) => names.contains(&feed.settings.name),
            Self::Router | Self::Deliver(_) | Self::Console => false,
        };
        config.feeds.iter().filter(mine).collect()
    }

    pub(super) fn subscribers<'c>(&self, config: &'c Config) -> Vec<&'c Subscriber> {
        let mine = |subscriber: &&Subscriber| match self {
            Self::All => true,
            Self::Deliver(names) => names.contains(&subscriber.name),
            Self::Adapter(_) | Self::Router | Self::Console => false,
        };
        config.subscribers.iter().filter(mine).collect()
    }
}
