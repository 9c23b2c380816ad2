//! The rhythms of all feeds, kept in a file beside the alerts.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::book::write_whole;
use super::rhythm::{Rhythm, Silence};

/// Looks further apart than that leave a gap in what is known.
const APART: SignedDuration = SignedDuration::from_mins(5);

/// The rhythms by feed.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Rhythms {
    feeds: BTreeMap<String, Rhythm>,
    /// Since when each is watched without a gap, and when it was looked at last.
    #[serde(skip)]
    watched: BTreeMap<String, (Timestamp, Timestamp)>,
}

impl Rhythms {
    /// Reads them; none where there is no file yet.
    pub(super) fn read(path: &Path) -> io::Result<Self> {
        match fs::read(path) {
            Ok(text) => serde_json::from_slice(&text).map_err(io::Error::from),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error),
        }
    }

    /// Writes them.
    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        write_whole(path, &serde_json::to_vec(self)?)
    }

    /// A feed brought so many messages since the look before.
    pub(super) fn note(
        &mut self,
        feed: &str,
        count: u32,
        last: Option<Timestamp>,
        now: Timestamp,
        zone: &TimeZone,
    ) {
        let rhythm = self.feeds.entry(feed.to_owned()).or_default();
        let watched = self.watched.entry(feed.to_owned()).or_insert((now, Timestamp::MIN));
        if now.duration_since(watched.1).abs() > APART {
            rhythm.interrupted();
            watched.0 = now;
        }
        watched.1 = now;
        rhythm.note(count, last, now, zone);
    }

    /// Judges the silence of a feed; nothing of one that was never heard.
    pub(super) fn silence(
        &self,
        feed: &str,
        now: Timestamp,
        longest: SignedDuration,
        zone: &TimeZone,
    ) -> Option<Silence> {
        let since = self.watched.get(feed)?.0;
        self.feeds.get(feed)?.silence(since, now, longest, zone)
    }

    /// When the last message of a feed came.
    pub(super) fn last(&self, feed: &str) -> Option<Timestamp> {
        self.feeds.get(feed)?.last
    }

    /// Messages an hour that are usual now, by feed, where that is known.
    pub(super) fn usual(&self, now: Timestamp, zone: &TimeZone) -> BTreeMap<String, f64> {
        let known =
            self.feeds.iter().filter_map(|(feed, rhythm)| Some((feed.clone(), rhythm.usual(now, zone)?)));
        known.collect()
    }
}
