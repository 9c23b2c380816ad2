//! What else a process tells of itself, for metrics and alerts: moments, ages and counts, nothing of a message.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Counts and moments, by the names of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Signs {
    /// Feeds that it picks up.
    pub feeds: BTreeMap<String, FeedSigns>,
    /// Messages that make no sense, by feed and code, since the process began; told by routers.
    pub invalid: BTreeMap<String, BTreeMap<String, u64>>,
    /// What became of messages since then; told by routers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub routed: Option<RoutedSigns>,
    /// Subscribers.
    pub subscribers: BTreeMap<String, SubscriberSigns>,
    /// Disk that the journals take.
    pub journal_bytes: u64,
    /// Events that the archive lacks.
    pub archive_missing: u64,
    /// Spans that did not reach the collector.
    pub spans_dropped: u64,
    /// Where its metrics are served.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics: Option<String>,
}

/// A feed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FeedSigns {
    /// Files seen.
    pub files: u64,
    /// Files that held nothing new.
    pub unchanged: u64,
}

/// What a router made of messages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoutedSigns {
    /// With at least one recipient.
    pub routed: u64,
    /// Wanted by nobody.
    pub filtered: u64,
    /// Copies by subscriber.
    pub copies: BTreeMap<String, u64>,
}

/// A subscriber.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SubscriberSigns {
    /// How often a copy was parked.
    pub parkings: u64,
    /// Copies whose permission ended before they left.
    pub withdrawn: u64,
    /// Attempts, by outcome.
    pub attempts: BTreeMap<String, u64>,
}
