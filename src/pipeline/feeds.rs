//! The feeds of a process at work.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use tokio::sync::{Semaphore, watch};

use super::error::HubError;
use super::hub::{Hub, Mode, Tasks};
use super::report::FeedReport;
use crate::config;
use crate::disposition::Disposition;
use crate::ingest::{Feed, FeedCounts};
use crate::telemetry::causes;

/// Feeds that read files at the same time.
const PASSES: usize = 8;

/// The feeds at work, by name.
pub(super) type Sources = BTreeMap<String, Source>;

/// A feed at work.
pub(super) struct Source {
    pub(super) counts: Arc<FeedCounts>,
    /// Why it gave up, in a drain.
    failed: Arc<OnceLock<String>>,
}

impl Source {
    /// Why the feed could not finish, or can't go on now.
    pub(super) fn failure(&self) -> Option<String> {
        self.failed.get().cloned().or_else(|| self.counts.failing())
    }

    /// What it picked up; how much of it was invalid is known to the router.
    pub(super) fn report(&self, feed: &str, invalid: Option<u64>) -> FeedReport {
        FeedReport {
            feed: feed.to_owned(),
            files: self.counts.files(),
            accepted: self.counts.accepted(),
            unchanged: self.counts.unchanged(),
            invalid,
            failed: self.failed.get().cloned(),
        }
    }
}

/// Opens the feeds, each on the journal and ledger of its home, and starts them.
pub(super) async fn start_feeds(
    hub: &Hub,
    mode: Mode,
    stop: &watch::Receiver<bool>,
    tasks: &mut Tasks,
) -> Result<Sources, HubError> {
    let mut sources = Sources::new();
    let passes = Arc::new(Semaphore::new(PASSES));
    let feeds = hub.part.feeds(&hub.config);
    for (home, broker) in &hub.channel.homes {
        for config::Feed { settings, .. } in
            feeds.iter().filter(|feed| home.feeds.contains(&feed.settings.name))
        {
            let (ledger, claims, clock) = (home.ledger.clone(), hub.claims(), hub.clock.clone());
            let lanes = hub.channel.lanes;
            let feed = Feed::open(settings.clone(), lanes, broker.clone(), ledger, claims, clock).await?;
            hub.fit_feed(&settings.name, &feed.counts());
            let feed = feed.taking_turns(passes.clone());
            let source = Source { counts: feed.counts(), failed: Arc::default() };
            if mode == Mode::Watch {
                for listener in feed.listeners().await? {
                    let stop = stop.clone();
                    tasks.spawn(async move { Ok(listener.run(stop).await?) });
                }
            }
            tasks.spawn(pick_up(feed, mode, stop.clone(), source.failed.clone()));
            sources.insert(settings.name.clone(), source);
        }
    }
    Ok(sources)
}

async fn pick_up(
    mut feed: Feed,
    mode: Mode,
    stop: watch::Receiver<bool>,
    failed: Arc<OnceLock<String>>,
) -> Result<(), HubError> {
    match mode {
        Mode::Watch => Ok(feed.watch(stop).await?),
        Mode::Drain => match feed.drain(stop).await {
            // A share that is away is that feed's matter; the others go on.
            Err(error) if error.disposition() == Disposition::Retry => {
                drop(failed.set(causes(&error)));
                Ok(())
            }
            other => Ok(other?),
        },
    }
}
