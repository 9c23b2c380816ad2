//! Reading queues: those of the embedded broker while no hub runs on it, those of RabbitMQ at any time.

use std::path::PathBuf;

use serde::Serialize;

use super::remote;
use crate::broker::embedded::{self, Embedded};
use crate::broker::{Broker, BrokerError, Delivery, QueueName, topology};
use crate::config::{self, Config};
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
    /// RabbitMQ did not answer in time.
    #[error("RabbitMQ can't be reached")]
    Unreachable,
    /// RabbitMQ gives a queue to one consumer at a time.
    #[error("queue {0} has another consumer: it is given to one at a time, in order")]
    Taken(QueueName),
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

/// Hands up to `most` of the events that wait for a subscriber to `each`, as CloudEvents in JSON, lane by lane or in
/// the order of the queue; with `take` they are acknowledged once `each` has returned `true` for all of a batch. `false`
/// ends the reading.
pub async fn events(
    config: &Config,
    subscriber: &str,
    take: bool,
    most: usize,
    mut each: impl FnMut(&str) -> bool,
) -> Result<(), QueueError> {
    let queue = topology::subscriber(subscriber);
    let show = |lane: Lane, delivery: &Delivery| match CloudEvent::of(delivery, lane) {
        Some(event) => Ok(each(&serde_json::to_string(&event)?)),
        None => Ok(true),
    };
    match &config.hub.broker {
        config::Broker::Embedded { .. } => embedded_events(config, &queue, take, most, show).await,
        config::Broker::RabbitMq(settings) if take => remote::take(settings, &queue, most, show).await,
        config::Broker::RabbitMq(settings) => remote::look(settings, &queue, most, show).await,
    }
}

async fn embedded_events(
    config: &Config,
    queue: &QueueName,
    take: bool,
    most: usize,
    mut show: impl FnMut(Lane, &Delivery) -> Result<bool, QueueError>,
) -> Result<(), QueueError> {
    let broker = open(config)?;
    broker.declare(queue).await?;
    let mut left = most;
    for lane in (0..config.hub.broker.lanes()).map(Lane) {
        let mut waiting = waiting(&broker, queue, lane).min(left);
        left -= waiting;
        let mut consumer = broker.consume(queue, lane).await?;
        while waiting > 0 {
            let batch = consumer.receive(BATCH.min(waiting)).await?;
            for delivery in &batch {
                if !show(lane, delivery)? {
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
    let mut show = |delivery: &Delivery| {
        let envelope = delivery.envelope.clone();
        each(&InvalidMessage {
            id: envelope.id,
            feed: envelope.origin.feed,
            data_type: envelope.data_type,
            offset: envelope.origin.offset,
            accepted_at: envelope.accepted_at,
            fault: envelope.fault,
            file: with_file.then_some(envelope.origin.file.0),
        });
    };
    let queue = topology::invalid();
    if let config::Broker::RabbitMq(settings) = &config.hub.broker {
        let show = |_, delivery: &Delivery| {
            show(delivery);
            Ok(true)
        };
        return remote::look(settings, &queue, usize::MAX, show).await;
    }
    let broker = open(config)?;
    broker.declare(&queue).await?;
    let mut waiting = waiting(&broker, &queue, Lane(0));
    let mut consumer = broker.consume(&queue, Lane(0)).await?;
    while waiting > 0 {
        let batch = consumer.receive(BATCH.min(waiting)).await?;
        waiting = waiting.saturating_sub(batch.len());
        batch.iter().for_each(&mut show);
    }
    Ok(())
}

/// Folder of the embedded broker.
pub(super) fn folder(config: &Config) -> PathBuf {
    config.hub.data_dir.join("broker")
}

fn open(config: &Config) -> Result<Embedded, BrokerError> {
    Embedded::open(&folder(config), embedded::Settings::default())
}

fn waiting(broker: &Embedded, queue: &QueueName, lane: Lane) -> usize {
    let queues = broker.queues().into_iter().filter(|depth| depth.queue == *queue);
    let lanes = queues.flat_map(|depth| depth.lanes).filter(|(waiting, _)| *waiting == lane);
    lanes.map(|(_, depth)| usize::try_from(depth).unwrap_or(usize::MAX)).sum()
}
