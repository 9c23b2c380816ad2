//! The router: one lane from the ingest queue to the subscribers' queues.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tracing::error;

use super::process::{Outcome, Routing, process};
use crate::broker::{Broker, BrokerError, Consumer, Delivery, topology};
use crate::envelope::Lane;

/// Messages taken at a time.
const BATCH: usize = 64;
/// Wait before a refused batch is tried again.
const BACK_OFF: Duration = Duration::from_secs(1);

/// What became of messages since the start.
#[derive(Debug, Default)]
pub(super) struct RouterCounts {
    /// Messages with at least one recipient.
    pub(super) routed: AtomicU64,
    /// Messages that nobody wanted.
    pub(super) filtered: AtomicU64,
    /// Invalid messages by feed.
    pub(super) invalid: BTreeMap<String, AtomicU64>,
    /// Invalid messages of feeds that are no longer configured.
    pub(super) invalid_unknown: AtomicU64,
    /// Copies by subscriber.
    pub(super) copies: BTreeMap<String, AtomicU64>,
}

impl RouterCounts {
    fn add(&self, outcomes: &[(String, Outcome)]) {
        let one = |counter: &AtomicU64| counter.fetch_add(1, Ordering::Relaxed);
        for (feed, outcome) in outcomes {
            match outcome {
                Outcome::Filtered => one(&self.filtered),
                Outcome::Invalid => one(self.invalid.get(feed).unwrap_or(&self.invalid_unknown)),
                Outcome::Routed(subscribers) => {
                    subscribers.iter().filter_map(|name| self.copies.get(name)).for_each(|copies| {
                        one(copies);
                    });
                    one(&self.routed)
                }
            };
        }
    }
}

/// Routes one lane.
pub(super) struct Router {
    pub(super) broker: Arc<dyn Broker>,
    pub(super) lane: Lane,
    pub(super) routing: Arc<Routing>,
    pub(super) counts: Arc<RouterCounts>,
}

impl Router {
    /// Routes until told to stop. A batch's copies and its acknowledgement are one step of the broker.
    pub(super) async fn run(self, mut stop: watch::Receiver<bool>) -> Result<(), BrokerError> {
        let mut consumer = self.broker.consume(&topology::ingest(), self.lane).await?;
        loop {
            let batch = tokio::select! {
                biased;
                _ = stop.wait_for(|&stop| stop) => return Ok(()),
                batch = consumer.receive(BATCH) => batch?,
            };
            if !self.route(consumer.as_mut(), &batch, &mut stop).await? {
                return Ok(());
            }
        }
    }

    /// `false`: told to stop while the broker refused; the batch stays in its lane.
    async fn route(
        &self,
        consumer: &mut dyn Consumer,
        batch: &[Delivery],
        stop: &mut watch::Receiver<bool>,
    ) -> Result<bool, BrokerError> {
        let mut outcomes = Vec::with_capacity(batch.len());
        let mut follow = Vec::with_capacity(batch.len());
        for delivery in batch {
            let done = process(&delivery.envelope, &delivery.body, self.lane, &self.routing);
            outcomes.push((delivery.envelope.origin.feed.clone(), done.outcome));
            follow.extend(done.follow);
        }
        loop {
            match consumer.settle(batch.len(), follow.clone()).await {
                Ok(()) => {
                    self.counts.add(&outcomes);
                    return Ok(true);
                }
                Err(BrokerError::Store { place, source }) => {
                    error!(lane = self.lane.0, place, %source, "the broker can't take the copies; trying again");
                }
                Err(other) => return Err(other),
            }
            tokio::select! {
                _ = stop.wait_for(|&stop| stop) => return Ok(false),
                () = tokio::time::sleep(BACK_OFF) => {}
            }
        }
    }
}
