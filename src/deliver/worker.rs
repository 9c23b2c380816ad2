//! One subscriber, one lane: takes the copies in order and retries until the subscriber has them.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::tz::TimeZone;
use tokio::sync::watch;
use tracing::{error, warn};

use super::{CloudEvent, Counts, DeliverError, Folder, FolderError};
use crate::broker::{Broker, BrokerError, Consumer, Delivery, Publication, topology};
use crate::clock::Clock;
use crate::envelope::Lane;
use crate::telemetry::causes;

/// Copies taken at a time.
const BATCH: usize = 256;
/// Wait after the first failed attempt; it doubles up to [`BACK_OFF_MAX`].
const BACK_OFF: Duration = Duration::from_millis(100);
const BACK_OFF_MAX: Duration = Duration::from_secs(30);

/// Delivers one lane of one subscriber of kind `folder`.
pub struct Worker {
    /// Subscriber.
    pub subscriber: String,
    /// Lane.
    pub lane: Lane,
    /// The broker.
    pub broker: Arc<dyn Broker>,
    /// The subscriber's folder, shared by its lanes.
    pub folder: Arc<Folder>,
    /// Counters, shared by the subscriber's lanes.
    pub counts: Arc<Counts>,
    /// Clock: the day names the file.
    pub clock: Arc<dyn Clock>,
    /// Zone in which a day begins.
    pub zone: TimeZone,
    /// Attempts before the worker leaves the copies parked in their queue and ends; `None` never gives up.
    pub attempts_max: Option<u32>,
}

impl Worker {
    /// Delivers until told to stop, or until it gives up.
    pub async fn run(self, mut stop: watch::Receiver<bool>) -> Result<(), DeliverError> {
        let fail = |source| DeliverError::Broker { subscriber: self.subscriber.clone(), source };
        let queue = topology::subscriber(&self.subscriber);
        let mut consumer = self.broker.consume(&queue, self.lane).await.map_err(fail)?;
        loop {
            let batch = tokio::select! {
                biased;
                _ = stop.wait_for(|&stop| stop) => return Ok(()),
                batch = consumer.receive(BATCH) => batch.map_err(fail)?,
            };
            let delivered = tokio::select! {
                biased;
                delivered = self.deliver(consumer.as_mut(), &batch) => delivered.map_err(fail)?,
                _ = stop.wait_for(|&stop| stop) => return Ok(()),
            };
            if !delivered {
                return Ok(());
            }
        }
    }

    /// Writes a batch, however often it takes, and acknowledges it. `false`: given up.
    async fn deliver(&self, consumer: &mut dyn Consumer, batch: &[Delivery]) -> Result<bool, BrokerError> {
        let mut wait = BACK_OFF;
        for attempt in 1_u32.. {
            let Err(failure) = self.write(batch).await else {
                let dead = self.dead(batch);
                let (given_up, delivered) = (dead.len(), batch.len() - dead.len());
                consumer.settle(batch.len(), dead).await?;
                Counts::add(&self.counts.delivered, delivered);
                Counts::add(&self.counts.dead, given_up);
                return Ok(true);
            };
            let failure = causes(&failure);
            if self.attempts_max.is_some_and(|most| attempt >= most) {
                error!(subscriber = self.subscriber, lane = self.lane.0, failure, "parked: not delivered");
                self.counts.gave_up.store(true, Ordering::Relaxed);
                return Ok(false);
            }
            warn!(
                subscriber = self.subscriber,
                lane = self.lane.0,
                attempt,
                failure,
                "not delivered; trying again"
            );
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(BACK_OFF_MAX);
        }
        Ok(false)
    }

    /// Copies that are no events: they go to the dead-letter queue, where an operator finds them.
    fn dead(&self, batch: &[Delivery]) -> Vec<Publication> {
        let strange = batch.iter().filter(|delivery| delivery.envelope.event.is_none());
        let to = vec![(topology::dead(&self.subscriber), self.lane)];
        strange
            .map(|Delivery { envelope, body, .. }| Publication {
                to: to.clone(),
                envelope: envelope.clone(),
                body: body.clone(),
            })
            .collect()
    }

    async fn write(&self, batch: &[Delivery]) -> Result<(), FolderError> {
        let mut lines = Vec::new();
        for delivery in batch.iter().filter(|delivery| !self.folder.holds(self.lane, delivery)) {
            if let Some(event) = CloudEvent::of(delivery, self.lane) {
                event.write_line(&mut lines).map_err(FolderError::unwritable)?;
            }
        }
        let day = self.clock.now().to_zoned(self.zone.clone()).date().to_string();
        self.folder.append(day, lines).await
    }
}
