//! The suite over RabbitMQ: a model of it, and a real node.

use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use musubi::broker::embedded::{self, Embedded};
use musubi::broker::rabbitmq::amqp::Amqp;
use musubi::broker::rabbitmq::{Link, Options, Outbox, RabbitMq, Settings};
use musubi::broker::{Broker, BrokerError, Consumer, Delivery, Publication, QueueName};
use musubi::envelope::Lane;
use tokio::sync::{OnceCell, watch};
use tokio::task::JoinSet;

use super::{Place, contract};
use crate::support::amqp_model::{Server, Weather};
use crate::support::memory_broker::MemoryBroker;
use crate::support::rabbitmq::node;

const PREFETCH: u16 = 1_000;

/// One process with all stages: its broker, and the task that moves what is in its outbox.
pub(crate) struct Process {
    broker: Arc<RabbitMq>,
    _forward: (watch::Sender<bool>, JoinSet<Result<(), BrokerError>>),
}

impl Process {
    pub(crate) fn start(amqp: Arc<dyn Amqp>, outbox: Arc<dyn Broker>, lanes: u16) -> Arc<dyn Broker> {
        let outbox = Outbox { broker: outbox, series: 7, bytes: Arc::new(|| 0), bytes_max: u64::MAX };
        let options = Options { lanes, prefetch: PREFETCH, history: "same".into() };
        let broker = Arc::new(RabbitMq::new(amqp, Some(outbox), options));
        let (stop, told) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let forward = Arc::clone(&broker);
        tasks.spawn(async move { forward.run(told).await });
        Arc::new(Self { broker, _forward: (stop, tasks) })
    }
}

#[async_trait]
impl Broker for Process {
    async fn declare(&self, queue: &QueueName) -> Result<(), BrokerError> {
        self.broker.declare(queue).await
    }

    async fn publish(&self, batch: Vec<Publication>) -> Result<(), BrokerError> {
        self.broker.publish(batch).await
    }

    async fn consume(&self, queue: &QueueName, lane: Lane) -> Result<Box<dyn Consumer>, BrokerError> {
        self.broker.consume(queue, lane).await
    }

    async fn depth(&self, queue: &QueueName) -> Result<u64, BrokerError> {
        self.broker.depth(queue).await
    }

    async fn peek(&self, queue: &QueueName, lane: Lane, most: usize) -> Result<Vec<Delivery>, BrokerError> {
        self.broker.peek(queue, lane, most).await
    }
}

/// A model of a server, and the disk of one process.
struct Model {
    server: Server,
    outbox: MemoryBroker,
    openings: AtomicU64,
}

impl Place for Model {
    const AT_ONCE: bool = false;
    const STRICT: bool = false;
    const LANES: u16 = 16;

    fn new() -> Self {
        let server = Server::new(0, Weather::CALM);
        Self { server, outbox: MemoryBroker::default(), openings: AtomicU64::new(0) }
    }

    async fn open(&self) -> Arc<dyn Broker> {
        let name = format!("process {}", self.openings.fetch_add(1, Ordering::Relaxed));
        let broker = Process::start(self.server.client(&name), Arc::new(self.outbox.clone()), Self::LANES);
        // As the program does when it starts: what an earlier process left in the outbox moves on.
        for queue in self.outbox.queues() {
            broker.declare(&queue).await.unwrap();
        }
        broker
    }
}

mod model {
    use super::*;

    contract!(Model, tokio::test(start_paused = true));
}

/// A virtual host of a real node, and the disk of one process.
struct Real {
    settings: OnceCell<Settings>,
    outbox: tempfile::TempDir,
}

impl Place for Real {
    const AT_ONCE: bool = false;
    const STRICT: bool = false;
    const LANES: u16 = 16;

    fn new() -> Self {
        Self { settings: OnceCell::new(), outbox: tempfile::tempdir().unwrap() }
    }

    async fn open(&self) -> Arc<dyn Broker> {
        let node = async || Settings { prefetch: PREFETCH, ..node().await.settings().await };
        let settings = self.settings.get_or_init(node).await.clone();
        // The tasks of a process that was dropped end a moment later.
        let outbox = loop {
            match Embedded::open(self.outbox.path(), embedded::Settings::default()) {
                Err(BrokerError::Store { source, .. }) if source.kind() == ErrorKind::ResourceBusy => {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                outbox => break outbox.unwrap(),
            }
        };
        let queues: Vec<_> = outbox.queues().into_iter().map(|queue| queue.queue).collect();
        let broker = Process::start(Arc::new(Link::new(settings, "contract")), Arc::new(outbox), Self::LANES);
        for queue in queues {
            broker.declare(&queue).await.unwrap();
        }
        broker
    }
}

mod real {
    use super::*;

    contract!(Real, tokio::test(flavor = "multi_thread", worker_threads = 2));
}
