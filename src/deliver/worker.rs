//! One subscriber: its lanes take the copies in order and retry until the subscriber has them.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::tz::TimeZone;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::{error, warn};

use super::{CloudEvent, Counts, DeliverError, Folder, FolderError};
use crate::broker::{Broker, BrokerError, Consumer, Delivery, Publication, topology};
use crate::clock::Clock;
use crate::envelope::Lane;
use crate::telemetry::causes;

/// Copies taken at a time.
const BATCH: usize = 64;
/// Wait after the first failed attempt; it doubles up to [`BACK_OFF_MAX`].
const BACK_OFF: Duration = Duration::from_millis(100);
const BACK_OFF_MAX: Duration = Duration::from_secs(30);

/// Delivers to one subscriber of kind `folder`.
pub struct Workers {
    /// Subscriber.
    pub subscriber: String,
    /// Its folder.
    pub path: PathBuf,
    /// Lanes of its queue; each is served on its own.
    pub lanes: u16,
    /// The broker.
    pub broker: Arc<dyn Broker>,
    /// Counters.
    pub counts: Arc<Counts>,
    /// Clock: the day names the file.
    pub clock: Arc<dyn Clock>,
    /// Zone in which a day begins.
    pub zone: TimeZone,
    /// Attempts before the copies are left parked in their queue; `None` never gives up.
    pub attempts_max: Option<u32>,
}

impl Workers {
    /// Delivers until told to stop, or until giving up. What is wrong with this subscriber's folder concerns no other.
    pub async fn run(self, mut stop: watch::Receiver<bool>) -> Result<(), DeliverError> {
        let mut attempts = Attempts::new(self.attempts_max);
        let folder = loop {
            match Folder::open(&self.path) {
                Ok(folder) => break Arc::new(folder),
                Err(failure) if attempts.again(&self, None, &failure, &mut stop).await => {}
                Err(_) => return Ok(()),
            }
        };
        let shared = Arc::new(self);
        let mut lanes = JoinSet::new();
        for lane in (0..shared.lanes).map(Lane) {
            let worker = Worker { shared: shared.clone(), lane, folder: folder.clone() };
            lanes.spawn(worker.run(stop.clone()));
        }
        while let Some(ended) = lanes.join_next().await {
            let failed = |_| DeliverError::Failed { subscriber: shared.subscriber.clone() };
            ended.map_err(failed)??;
        }
        Ok(())
    }
}

/// Waits between attempts, longer each time, and gives up when it is time to.
struct Attempts {
    made: u32,
    most: Option<u32>,
    wait: Duration,
}

impl Attempts {
    const fn new(most: Option<u32>) -> Self {
        Self { made: 0, most, wait: BACK_OFF }
    }

    /// After a failure: waits, and tells whether to try again. `false`: given up, or told to stop.
    async fn again(
        &mut self,
        workers: &Workers,
        lane: Option<Lane>,
        failure: &FolderError,
        stop: &mut watch::Receiver<bool>,
    ) -> bool {
        self.made += 1;
        let (subscriber, lane, attempt) = (&workers.subscriber, lane.map(|lane| lane.0), self.made);
        let failure = causes(failure);
        if self.most.is_some_and(|most| attempt >= most) {
            error!(subscriber, lane, failure, "parked: not delivered");
            workers.counts.gave_up.store(true, Ordering::Relaxed);
            return false;
        }
        warn!(subscriber, lane, attempt, failure, "not delivered; trying again");
        let wait = self.wait;
        self.wait = (wait * 2).min(BACK_OFF_MAX);
        tokio::select! {
            _ = stop.wait_for(|&stop| stop) => false,
            () = tokio::time::sleep(wait) => true,
        }
    }
}

/// Delivers one lane.
struct Worker {
    shared: Arc<Workers>,
    lane: Lane,
    folder: Arc<Folder>,
}

impl Worker {
    async fn run(self, mut stop: watch::Receiver<bool>) -> Result<(), DeliverError> {
        let fail = |source| DeliverError::Broker { subscriber: self.shared.subscriber.clone(), source };
        let queue = topology::subscriber(&self.shared.subscriber);
        let mut consumer = self.shared.broker.consume(&queue, self.lane).await.map_err(fail)?;
        loop {
            let batch = tokio::select! {
                biased;
                _ = stop.wait_for(|&stop| stop) => return Ok(()),
                batch = consumer.receive(BATCH) => batch.map_err(fail)?,
            };
            if !self.deliver(consumer.as_mut(), &batch, &mut stop).await.map_err(fail)? {
                return Ok(());
            }
        }
    }

    /// Writes a batch, however often it takes, and acknowledges it. `false`: given up, or told to stop while waiting
    /// for the next attempt. Writing and acknowledging are never broken off, so that the counts stay true.
    async fn deliver(
        &self,
        consumer: &mut dyn Consumer,
        batch: &[Delivery],
        stop: &mut watch::Receiver<bool>,
    ) -> Result<bool, BrokerError> {
        let mut attempts = Attempts::new(self.shared.attempts_max);
        while let Err(failure) = self.write(batch).await {
            if !attempts.again(&self.shared, Some(self.lane), &failure, stop).await {
                return Ok(false);
            }
        }
        let dead = self.dead(batch);
        let (given_up, delivered) = (dead.len(), batch.len() - dead.len());
        consumer.settle(batch.len(), dead).await?;
        Counts::add(&self.shared.counts.delivered, delivered);
        Counts::add(&self.shared.counts.dead, given_up);
        Ok(true)
    }

    /// Copies that are no events: they go to the dead-letter queue, where an operator finds them.
    fn dead(&self, batch: &[Delivery]) -> Vec<Publication> {
        let strange = batch.iter().filter(|delivery| delivery.envelope.event.is_none());
        let to = vec![(topology::dead(&self.shared.subscriber), self.lane)];
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
        let day = self.shared.clock.now().to_zoned(self.shared.zone.clone()).date().to_string();
        self.folder.append(day, lines).await
    }
}
