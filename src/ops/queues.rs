//! Reading queues of the embedded broker while no hub runs on it.

use serde::Serialize;

use crate::broker::embedded::{self, Embedded};
use crate::broker::{Broker, BrokerError, QueueName, topology};
use crate::config::Config;
use crate::deliver::CloudEvent;
use crate::envelope::{Fault, Lane};

/// Messages read at a time.
const BATCH: usize = 256;

/// Why a queue could not be read.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The broker; most often another process has the data folder open.
    #[error("the queues can't be read")]
    Broker(#[from] BrokerError),
    /// An event could not be written as JSON.
    #[error("an event can't be shown")]
    Json(#[from] serde_json::Error),
}

/// A message that makes no sense, without its content.
#[derive(Debug, Serialize)]
pub struct InvalidMessage {
    /// Message id.
    pub id: String,
    /// Feed that it came from.
    pub feed: String,
    /// SS-MIX2 data type, where the source has one.
    pub data_type: Option<String>,
    /// Byte offset in its file.
    pub offset: u64,
    /// When it was accepted.
    pub accepted_at: String,
    /// Why, and where in it.
    pub fault: Option<Fault>,
    /// The file, relative to the source. Names the patient in an SS-MIX2 storage: only where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

/// Hands up to `most` of the events that wait for a subscriber to `each`, as CloudEvents in JSON, lane by lane; with
/// `take` they are acknowledged once `each` has returned `true` for all of a batch. `false` ends the reading.
pub async fn events(
    config: &Config,
    subscriber: &str,
    take: bool,
    most: usize,
    mut each: impl FnMut(&str) -> bool,
) -> Result<(), QueueError> {
    let broker = open(config)?;
    let queue = topology::subscriber(subscriber);
    broker.declare(&queue).await?;
    let mut left = most;
    for lane in (0..config.hub.broker.lanes()).map(Lane) {
        let mut waiting = waiting(&broker, &queue, lane).min(left);
        left -= waiting;
        let mut consumer = broker.consume(&queue, lane).await?;
        while waiting > 0 {
            let batch = consumer.receive(BATCH.min(waiting)).await?;
            for event in batch.iter().filter_map(|delivery| CloudEvent::of(delivery, lane)) {
                if !each(&serde_json::to_string(&event)?) {
                    return Ok(());
                }
            }
            waiting = waiting.saturating_sub(batch.len());
            if take {
                consumer.settle(batch.len(), Vec::new()).await?;
            }
        }
    }
    Ok(())
}

/// Hands the invalid messages to `each`, oldest first.
pub async fn invalid(
    config: &Config,
    with_file: bool,
    mut each: impl FnMut(&InvalidMessage),
) -> Result<(), QueueError> {
    let broker = open(config)?;
    let queue = topology::invalid();
    broker.declare(&queue).await?;
    let mut waiting = waiting(&broker, &queue, Lane(0));
    let mut consumer = broker.consume(&queue, Lane(0)).await?;
    while waiting > 0 {
        let batch = consumer.receive(BATCH.min(waiting)).await?;
        waiting = waiting.saturating_sub(batch.len());
        for delivery in batch {
            let envelope = delivery.envelope;
            each(&InvalidMessage {
                id: envelope.id,
                feed: envelope.origin.feed,
                data_type: envelope.data_type,
                offset: envelope.origin.offset,
                accepted_at: envelope.accepted_at,
                fault: envelope.fault,
                file: with_file.then_some(envelope.origin.file.0),
            });
        }
    }
    Ok(())
}

fn open(config: &Config) -> Result<Embedded, BrokerError> {
    Embedded::open(&config.hub.data_dir.join("broker"), embedded::Settings::default())
}

fn waiting(broker: &Embedded, queue: &QueueName, lane: Lane) -> usize {
    let queues = broker.queues().into_iter().filter(|depth| depth.queue == *queue);
    let lanes = queues.flat_map(|depth| depth.lanes).filter(|(waiting, _)| *waiting == lane);
    lanes.map(|(_, depth)| usize::try_from(depth).unwrap_or(usize::MAX)).sum()
}
