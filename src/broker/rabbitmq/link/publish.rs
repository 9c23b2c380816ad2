//! Publishing with confirms, in a window.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{Channel, Confirmation, Connection};

use super::error::answer;
use super::line::Line;
use super::message::{properties, short};
use crate::broker::rabbitmq::amqp::Outgoing;
use crate::broker::{BrokerError, topology};

/// How long a confirm may take while the server does not say that it takes nothing.
const CONFIRM: Duration = Duration::from_secs(30);

/// How often a waiting publisher looks whether the server still says so.
const LOOK: Duration = Duration::from_secs(1);

/// The publishing half of a link.
pub(super) struct Publisher {
    line: Line,
    window: usize,
    /// Channels in confirm mode with nothing open.
    idle: Mutex<Vec<Channel>>,
}

type Confirm<'a> = Pin<Box<dyn Future<Output = lapin::Result<Confirmation>> + Send + 'a>>;

/// A message that was written and not yet confirmed.
struct Open<'a> {
    queue: &'a str,
    confirm: Confirm<'a>,
}

impl Publisher {
    pub(super) fn new(line: Line, window: u16) -> Self {
        Self { line, window: usize::from(window.max(1)), idle: Mutex::default() }
    }

    /// One call has one channel to itself. After an error the channel is closed, and with it all that was open.
    pub(super) async fn publish(&self, batch: &[Outgoing]) -> Result<(), BrokerError> {
        let (connection, channel) = self.channel().await?;
        let mut open: VecDeque<Open<'_>> = VecDeque::with_capacity(self.window.min(batch.len()));
        for message in batch {
            if open.len() >= self.window {
                settle(&connection, &mut open).await?;
            }
            open.push_back(write(&channel, message).await?);
        }
        while !open.is_empty() {
            settle(&connection, &mut open).await?;
        }
        drop(open);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(channel);
        Ok(())
    }

    async fn channel(&self) -> Result<(std::sync::Arc<Connection>, Channel), BrokerError> {
        let connection = self.line.connection().await;
        while let Some(channel) = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop() {
            if channel.status().connected() {
                return Ok((connection, channel));
            }
        }
        let (connection, channel) = self.line.channel().await?;
        channel
            .confirm_select(ConfirmSelectOptions::default())
            .await
            .map_err(|error| answer("asking for confirms", &error))?;
        Ok((connection, channel))
    }
}

/// Hands a message to the connection. lapin takes it at the first poll; that it is on its way need not be awaited before
/// the next is handed over.
async fn write<'a>(channel: &'a Channel, message: &'a Outgoing) -> Result<Open<'a>, BrokerError> {
    let queue = message.queue.as_str();
    let (exchange, key) = topology::route(queue, message.header.as_ref().map(|header| &header.envelope));
    let key = short(&key)?;
    let properties = properties(message.header.as_ref())?;
    let options = BasicPublishOptions { mandatory: true, immediate: false };
    let mut confirm: Confirm<'a> = Box::pin(async move {
        channel.basic_publish(exchange.into(), key, options, &message.body, properties).await?.await
    });
    match poll_fn(|context| Poll::Ready(confirm.as_mut().poll(context))).await {
        Poll::Ready(Err(error)) => Err(answer(&format!("publishing to {queue}"), &error)),
        // Taken: lapin confirms nothing in the same moment, but if it did it would be no loss.
        Poll::Ready(Ok(confirmation)) => {
            Ok(Open { queue, confirm: Box::pin(std::future::ready(Ok(confirmation))) })
        }
        Poll::Pending => Ok(Open { queue, confirm }),
    }
}

/// Waits for the oldest open message.
async fn settle(connection: &Connection, open: &mut VecDeque<Open<'_>>) -> Result<(), BrokerError> {
    let Some(Open { queue, confirm }) = open.pop_front() else { return Ok(()) };
    let refused = |why: &str| BrokerError::Refused { what: format!("a message for {queue}: {why}") };
    match patiently(connection, confirm).await {
        None => {
            Err(BrokerError::Away { what: format!("no confirm from {queue} within {} s", CONFIRM.as_secs()) })
        }
        Some(Err(error)) => Err(answer(&format!("publishing to {queue}"), &error)),
        Some(Ok(Confirmation::Ack(None))) => Ok(()),
        Some(Ok(Confirmation::Ack(Some(returned)) | Confirmation::Nack(Some(returned)))) => {
            Err(refused(returned.reply_text.as_str()))
        }
        Some(Ok(Confirmation::Nack(None))) => Err(refused("not confirmed (nack)")),
        Some(Ok(Confirmation::NotRequested)) => Err(refused("the channel gives no confirms")),
    }
}

/// Waits [`CONFIRM`] long, and as long as the server says that it is blocked.
async fn patiently<T>(connection: &Connection, work: impl Future<Output = T>) -> Option<T> {
    let mut work = std::pin::pin!(work);
    let mut waited = Duration::ZERO;
    while waited < CONFIRM {
        match tokio::time::timeout(LOOK, work.as_mut()).await {
            Ok(done) => return Some(done),
            Err(_) if connection.status().blocked() => waited = Duration::ZERO,
            Err(_) => waited += LOOK,
        }
    }
    None
}
