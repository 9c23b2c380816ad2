//! The wire: [`Amqp`] over RabbitMQ with lapin.
//!
//! Two connections: while an alarm is on, the server blocks every connection that publishes, acknowledgements included,
//! so consumers have one of their own. lapin's own recovery is off; whoever used a connection that was lost gets
//! [`BrokerError::Away`] and asks again.

mod apply;
mod check;
mod connect;
mod error;
mod line;
mod message;
mod publish;
mod server;
mod state;
mod subscription;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use lapin::Channel;
use lapin::options::{BasicGetOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use tokio::sync::watch;

use super::Settings;
use super::amqp::{Amqp, Count, Incoming, Outgoing, Subscription};
use crate::broker::BrokerError;
use crate::broker::topology::{Argument, Arguments, Queue, Topology};
use apply::table;
pub use check::Difference;
use error::answer;
use line::Line;
use message::{incoming, short};
use publish::Publisher;
pub use state::{LineState, LinkState};
use state::{Reporter, Side};
use subscription::Subscribed;

/// How long the server may take to answer.
const ANSWER: Duration = Duration::from_secs(30);

/// A consumer whose turn it is gets its messages at once; whoever waits longer has another before it.
const TURN: Duration = Duration::from_millis(500);

/// An AMQP server that is reached over and over again.
pub struct Link {
    publisher: Publisher,
    consuming: Line,
    prefetch: u16,
    state: watch::Sender<LinkState>,
}

impl Link {
    /// A link that connects when it is first used. `role` is what the server shows of this program: `router`.
    pub fn new(settings: Settings, role: &str) -> Self {
        let (window, prefetch) = (settings.window, settings.prefetch);
        let settings = Arc::new(settings);
        let state = watch::Sender::new(LinkState::default());
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let line = |side: Side| {
            let name = format!("musubi {role}@{host} ({})", side.as_str());
            Line::new(Arc::clone(&settings), name, Reporter { side, state: state.clone() })
        };
        Self {
            publisher: Publisher::new(line(Side::Publishing), window),
            consuming: line(Side::Consuming),
            prefetch,
            state: state.clone(),
        }
    }

    /// What is known of the connections, now and as it changes.
    pub fn state(&self) -> watch::Receiver<LinkState> {
        self.state.subscribe()
    }

    /// Does something on a channel of its own and closes it; waits for an answer, but not for ever.
    async fn ask<T>(
        &self,
        what: &str,
        work: impl AsyncFnOnce(&Channel) -> Result<T, lapin::Error>,
    ) -> Result<T, BrokerError> {
        let (_connection, channel) = self.consuming.channel().await?;
        let answered = tokio::time::timeout(ANSWER, work(&channel)).await;
        if channel.status().connected() {
            // A channel that can't be closed is closed by its drop.
            drop(tokio::time::timeout(ANSWER, channel.close(200, "done".into())).await);
        }
        match answered {
            Ok(Ok(answered)) => Ok(answered),
            Ok(Err(error)) => Err(answer(what, &error)),
            Err(_) => Err(BrokerError::Away { what: format!("{what}: no answer") }),
        }
    }
}

impl Link {
    async fn subscribe(
        &self,
        queue: &str,
        prefetch: u16,
        arguments: &Arguments,
    ) -> Result<Box<dyn Subscription>, BrokerError> {
        let (_connection, channel) = self.consuming.channel().await?;
        let registering = Subscribed::register(channel, queue, prefetch, table(arguments));
        match tokio::time::timeout(ANSWER, registering).await {
            Ok(subscribed) => Ok(Box::new(subscribed?)),
            Err(_) => Err(BrokerError::Away { what: format!("consuming {queue}: no answer") }),
        }
    }

    /// Looks at the first messages of a queue.
    ///
    /// A quorum queue hands out first what was given back, and puts what is given back behind what lies there so
    /// already. So every consumer of a queue has the same prefetch, who only looks as well: less would leave a rest that
    /// comes before what was seen, more would leave more than the next consumer takes at once.
    async fn peek_as_consumer(
        &self,
        queue: &str,
        most: usize,
        prefetch: u16,
    ) -> Result<Vec<Incoming>, BrokerError> {
        let mut seen = Vec::with_capacity(most);
        if most == 0 {
            return Ok(seen);
        }
        let mut subscription = self.consume(queue, prefetch).await?;
        while seen.len() < most {
            match tokio::time::timeout(TURN, subscription.next()).await {
                Ok(next) => seen.push(next?),
                Err(_) => break,
            }
        }
        subscription.close().await;
        Ok(seen)
    }
}

#[async_trait]
impl Amqp for Link {
    async fn declare(&self, queue: &str) -> Result<(), BrokerError> {
        self.apply(&Topology::around(queue)).await
    }

    async fn publish(&self, batch: Vec<Outgoing>) -> Result<(), BrokerError> {
        self.publisher.publish(&batch).await
    }

    async fn consume(&self, queue: &str, prefetch: u16) -> Result<Box<dyn Subscription>, BrokerError> {
        self.subscribe(queue, prefetch, &Arguments::new()).await
    }

    async fn follow(&self, stream: &str, prefetch: u16) -> Result<Box<dyn Subscription>, BrokerError> {
        let from_the_first = Arguments::from([("x-stream-offset", Argument::Text("first".to_owned()))]);
        self.subscribe(stream, prefetch, &from_the_first).await
    }

    async fn count(&self, queue: &str) -> Result<Count, BrokerError> {
        let name = short(queue)?;
        let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
        self.ask(&format!("queue {queue}"), async |channel| {
            let queue = channel.queue_declare(name, options, FieldTable::default()).await?;
            Ok(Count { ready: queue.message_count().into(), consumers: queue.consumer_count() })
        })
        .await
    }

    async fn peek(&self, queue: &str, most: usize) -> Result<Vec<Incoming>, BrokerError> {
        let ready = usize::try_from(self.count(queue).await?.ready).unwrap_or(usize::MAX);
        // Such a queue gives single messages to nobody: one has to be its consumer.
        if Queue::named(queue).has_single_active_consumer() {
            let most = most.min(ready).min(usize::from(self.prefetch));
            return self.peek_as_consumer(queue, most, self.prefetch).await;
        }
        // Messages that were got one by one come back in any order, as soon as there are many (3.10.8).
        if ready <= most.min(usize::from(u16::MAX)) {
            return self.peek_as_consumer(queue, ready, u16::MAX).await;
        }
        let name = short(queue)?;
        self.ask(&format!("looking into {queue}"), async |channel| {
            let mut seen = Vec::new();
            while seen.len() < most {
                match channel.basic_get(name.clone(), BasicGetOptions::default()).await? {
                    Some(message) => seen.push(incoming(message.delivery)),
                    None => break,
                }
            }
            Ok(seen)
        })
        .await
    }
}
