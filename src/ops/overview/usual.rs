//! What is known of feeds from the watch over them: what usually comes at this hour, and which of them are silent. The
//! judgement is that of the alerts, so that the start page and the alarm never disagree.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::config::Config;
use crate::ops::alerts::{self, Alarm, AlertError};

/// What is usual, by feed, and who is silent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Usual {
    per_minute: Arc<BTreeMap<String, f64>>,
    silent: BTreeMap<String, Timestamp>,
}

impl Usual {
    /// Messages a minute of a feed; nothing while too little is known.
    pub fn per_minute(&self, feed: &str) -> Option<f64> {
        self.per_minute.get(feed).copied()
    }

    /// Since when a feed is silent, where it is.
    pub fn silent_since(&self, feed: &str) -> Option<Timestamp> {
        self.silent.get(feed).copied()
    }

    /// What is usual is that.
    pub fn new(per_minute: impl IntoIterator<Item = (String, f64)>) -> Self {
        Self { per_minute: Arc::new(per_minute.into_iter().collect()), silent: BTreeMap::new() }
    }

    /// The same, and these feeds are silent.
    pub fn with_silent(self, silent: BTreeMap<String, Timestamp>) -> Self {
        Self { silent, ..self }
    }
}

/// What feeds usually give at this hour of the week.
///
/// # Errors
///
/// The file of their rhythms can't be read.
pub fn usual(config: &Config, now: Timestamp) -> Result<Usual, AlertError> {
    Ok(Usual::new(alerts::usual(config, now)?.into_iter().map(|(feed, hourly)| (feed, hourly / 60.0))))
}

/// Feeds that are silent, with the moment of their last message, or that in which it was noticed.
///
/// # Errors
///
/// The file of the alerts can't be read.
pub fn silent(config: &Config) -> Result<BTreeMap<String, Timestamp>, AlertError> {
    let open = alerts::open(config)?.into_iter().filter(|alert| alert.alarm == Alarm::FeedSilent);
    let since = open.map(|alert| {
        let last = alert.details.get("last").and_then(|last| last.parse().ok());
        (alert.subject, last.unwrap_or(alert.since))
    });
    Ok(since.collect())
}
