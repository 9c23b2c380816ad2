//! A registered consumer.

use std::future::Future;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt;
use lapin::options::{BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicQosOptions};
use lapin::types::FieldTable;
use lapin::{Channel, Consumer};

use super::error::{answer, away, causes};
use super::message::{incoming, short};
use crate::broker::BrokerError;
use crate::broker::rabbitmq::amqp::{Incoming, Subscription};

/// How long the server may take to close a channel.
const CLOSE: Duration = Duration::from_secs(5);

/// A consumer and the channel that is its own.
pub(super) struct Subscribed {
    queue: String,
    parts: Option<Parts>,
}

struct Parts {
    channel: Channel,
    consumer: Consumer,
}

impl Subscribed {
    pub(super) async fn register(
        channel: Channel,
        queue: &str,
        prefetch: u16,
        arguments: FieldTable,
    ) -> Result<Self, BrokerError> {
        let what = format!("consuming {queue}");
        let refused = |error: lapin::Error| answer(&what, &error);
        channel.basic_qos(prefetch, BasicQosOptions::default()).await.map_err(refused)?;
        let consumer = channel
            .basic_consume(short(queue)?, "".into(), BasicConsumeOptions::default(), arguments)
            .await
            .map_err(refused)?;
        Ok(Self { queue: queue.into(), parts: Some(Parts { channel, consumer }) })
    }

    fn lost(&self, why: &str) -> BrokerError {
        BrokerError::Away { what: format!("consuming {}: {why}", self.queue) }
    }
}

#[async_trait]
impl Subscription for Subscribed {
    async fn next(&mut self) -> Result<Incoming, BrokerError> {
        let next = match &mut self.parts {
            Some(parts) => parts.consumer.next().await,
            None => None,
        };
        match next {
            Some(Ok(delivery)) => Ok(incoming(delivery)),
            Some(Err(error)) => Err(self.lost(&causes(&error))),
            None => Err(self.lost("the server ended it")),
        }
    }

    async fn acknowledge(&mut self, tag: u64, and_all_before: bool) -> Result<(), BrokerError> {
        let Some(Parts { channel, .. }) = &self.parts else { return Err(self.lost("it is closed")) };
        let options = BasicAckOptions { multiple: and_all_before };
        let what = format!("acknowledging to {}", self.queue);
        channel.basic_ack(tag, options).await.map_err(|error| away(&what, &error))
    }

    async fn cancel(&mut self) -> Result<(), BrokerError> {
        let Some(Parts { channel, consumer }) = &self.parts else { return Err(self.lost("it is closed")) };
        let what = format!("cancelling at {}", self.queue);
        let cancelled = channel.basic_cancel(consumer.tag(), BasicCancelOptions::default()).await;
        cancelled.map_err(|error| away(&what, &error))
    }

    async fn close(mut self: Box<Self>) {
        if let Some(parts) = self.parts.take() {
            parts.close().await;
        }
    }
}

impl Parts {
    /// Closes the channel with the consumer on it. To cancel the consumer first, as lapin does when a consumer is
    /// dropped, would let the next one in while messages are still open here: they would come to it after later ones.
    async fn close(self) {
        let Self { channel, consumer } = self;
        match tokio::time::timeout(CLOSE, channel.close(200, "done".into())).await {
            Ok(Ok(())) => {}
            // Whoever closed it first, it is closed.
            Ok(Err(error)) => tracing::debug!(error = causes(&error), "a channel was closed already"),
            Err(_) => tracing::debug!("the server does not close a channel"),
        }
        drop(consumer);
    }
}

impl Drop for Subscribed {
    /// lapin takes the close of the channel at the first poll; nobody waits for the answer.
    fn drop(&mut self) {
        let Some(parts) = self.parts.take() else { return };
        let mut closing = std::pin::pin!(parts.channel.close(200, "dropped".into()));
        let mut context = Context::from_waker(Waker::noop());
        if let Poll::Ready(Err(error)) = closing.as_mut().poll(&mut context) {
            tracing::debug!(error = causes(&error), "a channel was closed already");
        }
    }
}
