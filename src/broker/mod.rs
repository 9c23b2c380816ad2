//! The channel port: what the stages ask of a message broker, whichever it is.
//!
//! Promises of every implementation, held by the contract suite in `tests/it`:
//! - `publish` returns only when the whole batch is durable (fsync or quorum); it is taken whole or not at all.
//! - a queue's lane gives its messages in the order of publication, numbered 1, 2, 3 … without a gap.
//! - `settle` makes what follows durable first and only then acknowledges. A crash finds both or neither: on the
//!   embedded broker they are one record, on RabbitMQ what follows carries the same numbers when it is sent again.
//! - what was not settled comes again after the consumer is dropped, or after a crash, in the same order.
//! - a lane has one consumer at a time: a second one is refused, or gets nothing before the first is gone.
//!
//! Where a broker elsewhere can't know or do more, on RabbitMQ: what was published is seen by who looks a moment later,
//! perhaps twice while it moves; what is open at another process' consumer is neither counted nor shown, and a message
//! that lay ready for a consumer that is gone may be marked as redelivered, though it was not handed out; a queue that
//! was never declared is refused where something enters the hub, and made where the hub itself reads or writes it.

pub mod embedded;
pub mod rabbitmq;
pub mod topology;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::FutureExt as _;

use crate::envelope::{Envelope, Lane};
pub use topology::QueueName;

/// A message on its way into one or more queues. The body is stored once, however many they are.
#[derive(Debug, Clone)]
pub struct Publication {
    /// Queues and the lane in each.
    pub to: Vec<(QueueName, Lane)>,
    /// Header.
    pub envelope: Envelope,
    /// Body, not looked into.
    pub body: Bytes,
}

/// A message handed to a consumer, not yet settled.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Place in the queue's lane, from 1, without a gap: what a subscriber compares to see a gap or a repeat.
    pub sequence: u64,
    /// It may have been handed out before (the broker was restarted or a consumer was lost since it came).
    pub redelivered: bool,
    /// Header.
    pub envelope: Envelope,
    /// Body.
    pub body: Bytes,
}

/// What a broker can answer instead of doing as asked.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// The queue was never declared.
    #[error("queue {0} is not declared")]
    UnknownQueue(QueueName),
    /// The lane already has a consumer.
    #[error("lane {} of queue {queue} already has a consumer", lane.0)]
    LaneTaken {
        /// Queue.
        queue: QueueName,
        /// Lane.
        lane: Lane,
    },
    /// More was settled than was received.
    #[error("settled {asked} deliveries of queue {queue}, but only {open} are open")]
    NotReceived {
        /// Queue.
        queue: QueueName,
        /// How many the caller wanted to settle.
        asked: usize,
        /// How many were open.
        open: usize,
    },
    /// The store under the broker refused: disk full, no permission, I/O error. Nothing of the batch was taken.
    #[error("the broker's store at {place} failed")]
    Store {
        /// File or folder.
        place: String,
        /// Cause.
        #[source]
        source: std::io::Error,
    },
    /// Bytes that were durable are no longer what was written.
    #[error("the broker's journal is damaged at {file}, byte {offset}: {what}")]
    Damaged {
        /// Segment file.
        file: String,
        /// Offset of the damaged group.
        offset: u64,
        /// What was found.
        what: String,
    },
    /// The connection to the broker was lost, or it did not answer in time. Effect indefinite: what was being
    /// published may have been taken, what was received and not settled comes again from a new consumer.
    #[error("the broker is away: {what}")]
    Away {
        /// What was lost or waited for.
        what: String,
    },
    /// The broker answered, but refused: returned or negatively confirmed a message, or a declaration.
    #[error("the broker refused {what}")]
    Refused {
        /// What, and in its words why.
        what: String,
    },
    /// The broker has been closed.
    #[error("the broker is closed")]
    Closed,
}

impl BrokerError {
    /// Whether trying again may help, with a new consumer where one was at work.
    pub const fn passes(&self) -> bool {
        matches!(self, Self::Away { .. } | Self::Refused { .. } | Self::Store { .. })
    }
}

/// A message broker.
#[async_trait]
pub trait Broker: Send + Sync {
    /// Makes sure that a durable queue exists.
    async fn declare(&self, queue: &QueueName) -> Result<(), BrokerError>;

    /// Takes a batch, whole or not at all; returns when it is durable.
    async fn publish(&self, batch: Vec<Publication>) -> Result<(), BrokerError>;

    /// Becomes the consumer of one lane.
    async fn consume(&self, queue: &QueueName, lane: Lane) -> Result<Box<dyn Consumer>, BrokerError>;

    /// Messages in the queue that are not settled, over all lanes.
    async fn depth(&self, queue: &QueueName) -> Result<u64, BrokerError>;

    /// The same of one lane, where the lanes of that queue are kept apart; nothing where they are one queue.
    async fn lane_depth(&self, _queue: &QueueName, _lane: Lane) -> Result<Option<u64>, BrokerError> {
        Ok(None)
    }

    /// Looks at up to `most` unsettled messages of a lane, oldest first, without becoming its consumer.
    async fn peek(&self, queue: &QueueName, lane: Lane, most: usize) -> Result<Vec<Delivery>, BrokerError>;
}

/// The one consumer of a lane. Dropping it gives back what it did not settle.
#[async_trait]
pub trait Consumer: Send + Sync {
    /// The next messages, oldest first, at least one and at most `most`; waits for the first.
    /// Cancel-safe: a call that is dropped takes nothing.
    async fn receive(&mut self, most: usize) -> Result<Vec<Delivery>, BrokerError>;

    /// The same without waiting: nothing where nothing is there now.
    async fn receive_ready(&mut self, most: usize) -> Result<Vec<Delivery>, BrokerError> {
        self.receive(most).now_or_never().unwrap_or_else(|| Ok(Vec::new()))
    }

    /// Makes `follow` durable and then acknowledges the `count` oldest open deliveries.
    async fn settle(&mut self, count: usize, follow: Vec<Publication>) -> Result<(), BrokerError>;

    /// Acknowledges the next `count` messages, which must be there, without handing them out: for a consumer that
    /// knows already what they say. Nothing may be open.
    async fn skip(&mut self, count: usize) -> Result<(), BrokerError> {
        let mut received = 0;
        while received < count {
            received += self.receive(count - received).await?.len();
        }
        self.settle(received, Vec::new()).await
    }

    /// Gives the lane back and waits until that is done, where a broker elsewhere has to hear of it.
    async fn close(self: Box<Self>) {}
}
