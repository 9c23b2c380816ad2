//! From the outbox to RabbitMQ: every lane of every queue that this process publishes to, oldest first.
//!
//! A message keeps the number that the outbox gave it, so what is sent again after a lost confirmation is recognised
//! where it arrives. The outbox forgets a batch only when all of it is confirmed.
//!
//! Lanes move on by themselves, but for a message that joins lanes: it moves only when all that lay in the lower ones
//! before it has moved.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::sleep;
use tracing::warn;

use super::amqp::Number;
use super::message::outgoing;
use super::{Outbox, Shared};
use crate::broker::{BrokerError, Consumer, Delivery, QueueName};
use crate::envelope::{Join, JoinRole, Lane};

/// Pause after a refusal.
const BACK_OFF: Duration = Duration::from_secs(1);

/// How often a lane looks whether a lower one has moved on.
const LOOK: Duration = Duration::from_millis(50);

/// The lanes of which all must have moved that lies before a message.
fn before(join: &Join) -> &[Lane] {
    if join.role == JoinRole::Begins { &join.others } else { &[] }
}

/// Moves what lies in the outbox, queue by queue as they are named, until told to stop.
pub(super) async fn run(
    shared: &Arc<Shared>,
    outbox: &Outbox,
    queues: &mut mpsc::UnboundedReceiver<QueueName>,
    stop: watch::Receiver<bool>,
) -> Result<(), BrokerError> {
    let mut lanes = JoinSet::new();
    let mut told = stop.clone();
    loop {
        tokio::select! {
            biased;
            _ = told.wait_for(|&stop| stop) => break,
            Some(ended) = lanes.join_next() => ended.unwrap_or(Err(BrokerError::Closed))?,
            Some(queue) = queues.recv() => {
                for lane in (0..shared.options.lanes).map(Lane) {
                    let forward = Forward { shared: shared.clone(), queue: queue.clone(), lane };
                    lanes.spawn(forward.run(outbox.clone(), stop.clone()));
                }
            }
        }
    }
    while let Some(ended) = lanes.join_next().await {
        ended.unwrap_or(Err(BrokerError::Closed))?;
    }
    Ok(())
}

/// One lane of one queue.
struct Forward {
    shared: Arc<Shared>,
    queue: QueueName,
    lane: Lane,
}

impl Forward {
    async fn run(self, outbox: Outbox, mut stop: watch::Receiver<bool>) -> Result<(), BrokerError> {
        let mut waiting = outbox.broker.consume(&self.queue, self.lane).await?;
        loop {
            tokio::select! {
                biased;
                // A batch that is broken off here is sent again, with its numbers.
                _ = stop.wait_for(|&stop| stop) => return Ok(()),
                moved = self.step(waiting.as_mut(), &outbox) => moved?,
            }
        }
    }

    async fn step(&self, waiting: &mut dyn Consumer, outbox: &Outbox) -> Result<(), BrokerError> {
        let batch = waiting.receive(usize::from(self.shared.options.prefetch)).await?;
        let count = batch.len();
        for lower in batch.iter().filter_map(|delivery| delivery.envelope.join.as_ref()).flat_map(before) {
            while let Err(error) = self.moved_before(outbox, *lower).await {
                let (queue, lane) = (&self.queue, self.lane.0);
                warn!(%queue, lane, %error, "the outbox can't be read; trying again");
                sleep(BACK_OFF).await;
            }
        }
        while let Err(error) = self.send(&batch, outbox.series).await {
            let (queue, lane) = (&self.queue, self.lane.0);
            warn!(%queue, lane, %error, "not taken by RabbitMQ; trying again");
            sleep(BACK_OFF).await;
        }
        loop {
            match waiting.settle(count, Vec::new()).await {
                Err(BrokerError::Store { place, source }) => {
                    warn!(place, %source, "the outbox can't note what RabbitMQ has taken; trying again");
                    sleep(BACK_OFF).await;
                }
                settled => return settled,
            }
        }
    }

    /// Waits until all that lies in another lane now has moved. The depth of all lanes is no less than that of one.
    async fn moved_before(&self, outbox: &Outbox, lane: Lane) -> Result<(), BrokerError> {
        let first = || async {
            let oldest = outbox.broker.peek(&self.queue, lane, 1).await?;
            Ok::<_, BrokerError>(oldest.first().map(|delivery| delivery.sequence))
        };
        let depth = outbox.broker.depth(&self.queue).await?;
        let Some(end) = first().await?.map(|sequence| sequence.saturating_add(depth)) else { return Ok(()) };
        while first().await?.is_some_and(|sequence| sequence < end) {
            sleep(LOOK).await;
        }
        Ok(())
    }

    async fn send(&self, batch: &[Delivery], series: u64) -> Result<(), BrokerError> {
        let copies = batch.iter().map(|Delivery { sequence, envelope, body, .. }| {
            let number = Number { series, sequence: *sequence };
            outgoing(&self.queue, self.lane, number, envelope.clone(), body.clone())
        });
        self.shared.publish(copies.collect()).await
    }
}
