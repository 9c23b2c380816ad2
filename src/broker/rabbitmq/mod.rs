//! RabbitMQ behind the channel port.
//!
//! ```text
//! publish -> outbox (this machine's disk) -> forward -> musubi.ingest.NN -> lane  (router)
//!                                                       musubi.to.<subscriber>  -> strand (delivery)
//! ```
//! - `publish` is taken by the *outbox*, an embedded broker: whole, and durable on this machine's disk. It works while
//!   RabbitMQ is away. `forward` moves it on, with numbers.
//! - A lane of the ingest queue is worked on by whoever holds its *token* (`grip`, `token`): one process at a time,
//!   which knows from the token what was taken and which numbers were given. `lane` settles.
//! - Every other queue is one queue on RabbitMQ, read by one process at a time; `strand` takes it apart into lanes.
//! - `balance` says how many lanes a process should hold.
//!
//! The wire is behind [`amqp::Amqp`]: `Link` in the program, a model with faults in the simulation.

pub mod amqp;
mod balance;
mod forward;
mod grip;
mod history;
mod lane;
mod link;
mod message;
mod settings;
mod strand;
mod token;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::FutureExt as _;
use tokio::sync::{mpsc, watch};
use tokio::time::sleep;

use self::amqp::{Amqp, Outgoing, Subscription};
use self::balance::Lanes;
use self::lane::LaneConsumer;
use self::message::{delivery, unnumbered};
use self::strand::Strands;
use super::topology::{self, Role};
use super::{Broker, BrokerError, Consumer, Delivery, Publication, QueueName};
use crate::envelope::Lane;

pub use history::History;
pub use link::{Difference, LineState, Link, LinkState};
pub use settings::{PREFETCH, Settings, Tls};

/// How often a publisher that found the outbox full looks again.
const FULL: Duration = Duration::from_millis(200);

/// Where publications are made durable before RabbitMQ has them.
#[derive(Clone)]
pub struct Outbox {
    /// A broker on this machine's disk, used by nobody else.
    pub broker: Arc<dyn Broker>,
    /// What tells its numbers from those of other outboxes: the journal's number.
    pub series: u64,
    /// Bytes that it has on disk.
    pub bytes: Arc<dyn Fn() -> u64 + Send + Sync>,
    /// `publish` waits while there are more.
    pub bytes_max: u64,
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbox").field("series", &self.series).field("bytes_max", &self.bytes_max).finish()
    }
}

/// What a process is told.
#[derive(Debug, Clone)]
pub struct Options {
    /// Parallel strands of the ingest queue.
    pub lanes: u16,
    /// Messages handed to one consumer and not yet acknowledged.
    pub prefetch: u16,
    /// What makes a router's answers.
    pub history: History,
}

/// What a process has of a queue and did not acknowledge: RabbitMQ counts it as no longer waiting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InHand {
    /// The queue.
    pub queue: QueueName,
    /// How many messages.
    pub messages: u64,
    /// When the oldest of them was accepted, RFC 3339, where one says so.
    pub oldest: Option<String>,
}

/// What the parts of this broker share.
struct Shared {
    amqp: Arc<dyn Amqp>,
    options: Options,
    lanes: Arc<Lanes>,
    /// Where this process is counted as a router, while it is one.
    registration: tokio::sync::Mutex<Option<Box<dyn Subscription>>>,
}

impl Shared {
    /// Counts the routers, this one among them. Nothing ever lies in the queue at which they register.
    async fn routers(&self) -> Result<u32, BrokerError> {
        let queue = topology::routers().on_rabbitmq(Lane(0));
        let mut registration = self.registration.lock().await;
        let lasts =
            registration.as_mut().is_some_and(|registered| registered.next().now_or_never().is_none());
        if !lasts {
            self.amqp.declare(&queue).await?;
            *registration = Some(self.amqp.consume(&queue, 1).await?);
        }
        Ok(self.amqp.count(&queue).await?.consumers)
    }

    /// Publishes; where a queue is gone it is declared again, and the batch sent again.
    async fn publish(&self, batch: Vec<Outgoing>) -> Result<(), BrokerError> {
        if batch.is_empty() {
            return Ok(());
        }
        match self.amqp.publish(batch.clone()).await {
            Err(BrokerError::Refused { .. }) => {
                let queues: BTreeSet<&str> = batch.iter().map(|outgoing| outgoing.queue.as_str()).collect();
                for queue in queues {
                    self.amqp.declare(queue).await?;
                }
                self.amqp.publish(batch).await
            }
            other => other,
        }
    }
}

/// A queue's lanes, while somebody uses them. Locked while it is being registered at, which may take until it is this
/// process' turn.
type Entry = Arc<tokio::sync::Mutex<Weak<Strands>>>;

/// RabbitMQ as the stages see it.
pub struct RabbitMq {
    shared: Arc<Shared>,
    outbox: Option<Outbox>,
    /// Queues that this process reads, while it does.
    strands: Mutex<BTreeMap<QueueName, Entry>>,
    /// Queues whose part of the outbox has to be forwarded.
    forwarded: Mutex<HashSet<QueueName>>,
    forward: mpsc::UnboundedSender<QueueName>,
    queues: Mutex<Option<mpsc::UnboundedReceiver<QueueName>>>,
}

impl RabbitMq {
    /// The broker behind `amqp`. Without an outbox what is published goes to RabbitMQ at once, unnumbered.
    pub fn new(amqp: Arc<dyn Amqp>, outbox: Option<Outbox>, options: Options) -> Self {
        let (forward, queues) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            amqp,
            options,
            lanes: Arc::default(),
            registration: tokio::sync::Mutex::default(),
        });
        let queues = Mutex::new(Some(queues));
        Self { shared, outbox, strands: Mutex::default(), forwarded: Mutex::default(), forward, queues }
    }

    /// Moves what lies in the outbox to RabbitMQ until told to stop. Run it once; without an outbox it only waits.
    pub async fn run(&self, mut stop: watch::Receiver<bool>) -> Result<(), BrokerError> {
        let queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let (Some(outbox), Some(mut queues)) = (&self.outbox, queues) {
            return forward::run(&self.shared, outbox, &mut queues, stop).await;
        }
        // Nobody left to say stop is as good as being told.
        drop(stop.wait_for(|&stop| stop).await);
        Ok(())
    }

    /// The lanes on which this process works.
    pub fn lanes_held(&self) -> Vec<Lane> {
        self.shared.lanes.held()
    }

    fn lanes(&self) -> impl Iterator<Item = Lane> + use<> {
        (0..self.shared.options.lanes).map(Lane)
    }

    /// The queue's names on RabbitMQ.
    fn names(&self, queue: &QueueName) -> Vec<String> {
        match queue.role() {
            Role::Ingest | Role::Progress => self.lanes().map(|lane| queue.on_rabbitmq(lane)).collect(),
            _ => vec![queue.on_rabbitmq(Lane(0))],
        }
    }

    /// From now on the queue's part of the outbox is moved on.
    fn forward(&self, queue: &QueueName) {
        let new = self.forwarded.lock().unwrap_or_else(PoisonError::into_inner).insert(queue.clone());
        if new {
            // When this broker has stopped, the outbox keeps what it has.
            drop(self.forward.send(queue.clone()));
        }
    }

    async fn room(&self, outbox: &Outbox) {
        if (outbox.bytes)() <= outbox.bytes_max {
            return;
        }
        tracing::warn!(
            bytes_max = outbox.bytes_max,
            "the outbox is full: nothing is taken until RabbitMQ has taken some of it"
        );
        while (outbox.bytes)() > outbox.bytes_max / 10 * 9 {
            sleep(FULL).await;
        }
    }

    /// Where there is an outbox, a queue that was declared in it may not be on RabbitMQ yet.
    async fn exists(&self, name: &str) -> Result<(), BrokerError> {
        if self.outbox.is_some() { self.shared.amqp.declare(name).await } else { Ok(()) }
    }

    fn entry(&self, queue: &QueueName) -> Entry {
        let mut strands = self.strands.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(strands.entry(queue.clone()).or_default())
    }

    async fn strands(&self, queue: &QueueName) -> Result<Arc<Strands>, BrokerError> {
        let entry = self.entry(queue);
        let mut entry = entry.lock().await;
        if let Some(open) = entry.upgrade().filter(|strands| !strands.is_lost()) {
            return Ok(open);
        }
        let strands = Arc::new(Strands::open(&self.shared, queue).await?);
        *entry = Arc::downgrade(&strands);
        Ok(strands)
    }

    /// The queues of which this process has messages that it did not acknowledge.
    pub fn in_hand(&self) -> Vec<InHand> {
        let lanes = &self.shared.lanes;
        let oldest = lanes.oldest().map(|at| at.to_string());
        let ingest = InHand { queue: topology::ingest(), messages: lanes.open(), oldest };
        let entries = self.strands.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let others = entries.into_iter().filter_map(|(queue, entry)| {
            let strands = entry.try_lock().ok()?.upgrade()?;
            Some(InHand { queue, messages: strands.outstanding(), oldest: strands.oldest() })
        });
        [ingest].into_iter().chain(others).filter(|in_hand| in_hand.messages > 0).collect()
    }

    /// Messages that this process has of a queue and did not acknowledge.
    fn outstanding(&self, queue: &QueueName) -> u64 {
        if queue.role() == Role::Ingest {
            return self.shared.lanes.open();
        }
        let entry = self.entry(queue);
        let strands = entry.try_lock().ok().and_then(|entry| entry.upgrade());
        strands.map_or(0, |strands| strands.outstanding())
    }
}

#[async_trait]
impl Broker for RabbitMq {
    /// With an outbox RabbitMQ need not be there: whoever reads or writes a queue there declares it.
    async fn declare(&self, queue: &QueueName) -> Result<(), BrokerError> {
        if let Some(outbox) = &self.outbox {
            outbox.broker.declare(queue).await?;
            if queue.role() != Role::Accepted && outbox.broker.depth(queue).await? > 0 {
                self.forward(queue);
            }
            return Ok(());
        }
        for name in self.names(queue) {
            self.shared.amqp.declare(&name).await?;
        }
        Ok(())
    }

    async fn publish(&self, batch: Vec<Publication>) -> Result<(), BrokerError> {
        let Some(outbox) = &self.outbox else {
            return self.shared.publish(unnumbered(batch)).await;
        };
        self.room(outbox).await;
        let queues: BTreeSet<QueueName> =
            batch.iter().flat_map(|publication| &publication.to).map(|(queue, _)| queue.clone()).collect();
        outbox.broker.publish(batch).await?;
        queues.iter().filter(|queue| queue.role() != Role::Accepted).for_each(|queue| self.forward(queue));
        Ok(())
    }

    async fn consume(&self, queue: &QueueName, lane: Lane) -> Result<Box<dyn Consumer>, BrokerError> {
        match (queue.role(), &self.outbox) {
            (Role::Accepted, Some(outbox)) => outbox.broker.consume(queue, lane).await,
            (Role::Ingest, _) => Ok(Box::new(LaneConsumer::new(Arc::clone(&self.shared), lane))),
            _ => {
                let strands = self.strands(queue).await?;
                let shared = Arc::clone(&self.shared);
                Ok(Box::new(Strands::consume(strands, shared, queue.clone(), lane)?))
            }
        }
    }

    async fn depth(&self, queue: &QueueName) -> Result<u64, BrokerError> {
        let mut depth = match &self.outbox {
            Some(outbox) => outbox.broker.depth(queue).await?,
            None => 0,
        };
        if queue.role() == Role::Accepted {
            return Ok(depth);
        }
        for name in self.names(queue) {
            self.exists(&name).await?;
            depth += self.shared.amqp.count(&name).await?.ready;
        }
        Ok(depth + self.outstanding(queue))
    }

    async fn peek(&self, queue: &QueueName, lane: Lane, most: usize) -> Result<Vec<Delivery>, BrokerError> {
        let own = match &self.outbox {
            Some(outbox) => outbox.broker.peek(queue, lane, most).await?,
            None => Vec::new(),
        };
        let mut found = Vec::new();
        if queue.role() != Role::Accepted {
            let is_laned = matches!(queue.role(), Role::Ingest | Role::Progress);
            let look = if is_laned { most } else { usize::MAX };
            let name = queue.on_rabbitmq(lane);
            self.exists(&name).await?;
            let waiting = self.shared.amqp.peek(&name, look).await?;
            let of_lane = waiting.into_iter().filter(|incoming| {
                is_laned || incoming.header.as_ref().is_some_and(|header| header.lane == lane)
            });
            found.extend(of_lane.map(|incoming| delivery(incoming).1));
        }
        found.extend(own);
        found.truncate(most);
        Ok(found)
    }
}
