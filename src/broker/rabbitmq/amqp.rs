//! What the hub asks of an AMQP 0-9-1 server, and no more: the seam between the protocol of this module's parent and
//! the wire. `lapin` stands behind it in the program, a model with faults in the simulation.

use async_trait::async_trait;
use bytes::Bytes;

use crate::broker::BrokerError;
use crate::envelope::{Envelope, Lane};

/// A number that a message was given by whoever wrote it first: the same whenever it is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Number {
    /// Who counts: an outbox, or 0 for the routers of a lane.
    pub series: u64,
    /// From 1, without a gap, per queue and lane.
    pub sequence: u64,
}

/// Header of a message of the hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The envelope.
    pub envelope: Envelope,
    /// The lane: also where the queue has no lanes of its own.
    pub lane: Lane,
    /// Its number.
    pub number: Number,
}

/// A message to be published to a queue by name, through the default exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The queue's name on the server.
    pub queue: String,
    /// Header; a record of the hub's own has none.
    pub header: Option<Header>,
    /// Body.
    pub body: Bytes,
}

/// A message that came from a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// Delivery tag of its channel.
    pub tag: u64,
    /// It has been handed out before.
    pub redelivered: bool,
    /// Header; `None` for a record of the hub's own, and where another program's message can't be read as one.
    pub header: Option<Header>,
    /// Body.
    pub body: Bytes,
}

/// What a passive declaration tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// Messages that are with no consumer.
    pub ready: u64,
    /// Registered consumers. Of a queue with single active consumer RabbitMQ counts the active one only.
    pub consumers: u32,
}

/// An AMQP server. Every call waits, with back-off, for a connection where there is none, and answers
/// [`BrokerError::Away`] when the connection is lost while it is at work.
#[async_trait]
pub trait Amqp: Send + Sync {
    /// Makes sure that a durable queue exists, with the arguments that the topology gives it.
    async fn declare(&self, queue: &str) -> Result<(), BrokerError>;

    /// Publishes persistent and mandatory; returns when every message is confirmed. Messages to one queue keep their
    /// order. After an error any of them may have been taken.
    ///
    /// # Errors
    /// [`BrokerError::Away`]; [`BrokerError::Refused`] where a message came back or was negatively confirmed.
    async fn publish(&self, batch: Vec<Outgoing>) -> Result<(), BrokerError>;

    /// Registers as a consumer of a queue with single active consumer, on a channel of its own.
    async fn consume(&self, queue: &str, prefetch: u16) -> Result<Box<dyn Subscription>, BrokerError>;

    /// Reads a stream from its first message on, and what is published to it from then on. What is acknowledged makes
    /// room for more to be sent; it stays in the stream.
    async fn follow(&self, stream: &str, prefetch: u16) -> Result<Box<dyn Subscription>, BrokerError>;

    /// What a queue holds.
    async fn count(&self, queue: &str) -> Result<Count, BrokerError>;

    /// Looks at up to `most` ready messages, oldest first, and gives them back. A queue with single active consumer
    /// shows nothing while it has a consumer.
    async fn peek(&self, queue: &str, most: usize) -> Result<Vec<Incoming>, BrokerError>;
}

/// A registered consumer. Dropped, its channel is closed and what was not acknowledged goes back to its place.
#[async_trait]
pub trait Subscription: Send + Sync {
    /// The next message. Cancel-safe.
    ///
    /// # Errors
    /// [`BrokerError::Away`] where the connection or channel was lost or the queue is gone; the subscription is over.
    async fn next(&mut self) -> Result<Incoming, BrokerError>;

    /// Acknowledges one message, or all up to it.
    async fn acknowledge(&mut self, tag: u64, and_all_before: bool) -> Result<(), BrokerError>;

    /// Asks for no more messages. Those that are open can still be acknowledged; the next consumer gets what comes
    /// after them, so this is for one that holds all it was sent.
    async fn cancel(&mut self) -> Result<(), BrokerError> {
        Ok(())
    }

    /// Closes the channel and waits until the server has done so.
    async fn close(self: Box<Self>);
}
