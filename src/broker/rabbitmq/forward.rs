//! From the outbox to RabbitMQ: every lane of every queue that this process publishes to, oldest first.
//!
//! A message keeps the number that the outbox gave it, so what is sent again after a lost confirmation is recognised
//! where it arrives. The outbox forgets a batch only when all of it is confirmed.

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
use crate::envelope::Lane;

/// Pause after a refusal.
const BACK_OFF: Duration = Duration::from_secs(1);

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
                moved = self.step(waiting.as_mut(), outbox.series) => moved?,
            }
        }
    }

    async fn step(&self, waiting: &mut dyn Consumer, series: u64) -> Result<(), BrokerError> {
        let batch = waiting.receive(usize::from(self.shared.options.prefetch)).await?;
        let count = batch.len();
        while let Err(error) = self.send(&batch, series).await {
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

    async fn send(&self, batch: &[Delivery], series: u64) -> Result<(), BrokerError> {
        let copies = batch.iter().map(|Delivery { sequence, envelope, body, .. }| {
            let number = Number { series, sequence: *sequence };
            outgoing(&self.queue, self.lane, number, envelope.clone(), body.clone())
        });
        self.shared.publish(copies.collect()).await
    }
}
