//! What carries the messages between the parts of the hub: the embedded broker, or RabbitMQ with outboxes before it.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::error::HubError;
use super::home::Home;
use super::hub::Tasks;
use super::part::Part;
use super::start::Start;
use crate::broker::rabbitmq::amqp::Amqp;
use crate::broker::rabbitmq::{History, Link, Options, Outbox, RabbitMq, Settings};
use crate::broker::{Broker, BrokerError, QueueName, topology};
use crate::config::{self, Config};

/// How long a question of how much waits may take.
const ANSWER: Duration = Duration::from_secs(3);

/// The brokers of a process.
pub(super) struct Channel {
    /// Parallel strands of the ingest queue.
    pub(super) lanes: u16,
    /// What routers and deliveries work on.
    pub(super) broker: Arc<dyn Broker>,
    /// What feeds keep on this machine, and the broker that they publish to.
    pub(super) homes: Vec<(Home, Arc<dyn Broker>)>,
    /// On RabbitMQ.
    pub(super) remote: Option<Remote>,
}

/// The way to RabbitMQ.
pub(super) struct Remote {
    pub(super) link: Arc<Link>,
    /// What routers and deliveries work on.
    pub(super) broker: Arc<RabbitMq>,
    /// For each home, what moves its outbox on.
    forwarders: Vec<Arc<RabbitMq>>,
}

impl Channel {
    /// Opens what these parts need. `history` tells routers that answer alike from others.
    pub(super) fn open(
        config: &Config,
        part: &Part,
        link: Option<Arc<Link>>,
        history: History,
    ) -> Result<Self, HubError> {
        let lanes = config.hub.broker.lanes();
        let feeds: Vec<_> = part.feeds(config).iter().map(|feed| feed.settings.name.clone()).collect();
        let data_dir = &config.hub.data_dir;
        match (&config.hub.broker, link) {
            (config::Broker::RabbitMq(settings), Some(link)) => {
                let homes =
                    if feeds.is_empty() { Vec::new() } else { Home::of_feeds(data_dir, lanes, &feeds)? };
                Ok(Self::remote(settings, link, history, homes))
            }
            _ => {
                let home = Home::of_hub(data_dir, lanes, feeds)?;
                let broker: Arc<dyn Broker> = Arc::new(home.journal.clone());
                Ok(Self { lanes, broker: broker.clone(), homes: vec![(home, broker)], remote: None })
            }
        }
    }

    fn remote(settings: &Settings, link: Arc<Link>, history: History, homes: Vec<Home>) -> Self {
        let options = Options { lanes: settings.lanes, prefetch: settings.prefetch, history };
        let rabbitmq = |outbox| {
            let amqp: Arc<dyn Amqp> = link.clone();
            Arc::new(RabbitMq::new(amqp, outbox, options.clone()))
        };
        let with_outbox = |home: &Home| {
            let (journal, series) = (home.journal.clone(), home.journal.journal_number());
            let measured = journal.clone();
            rabbitmq(Some(Outbox {
                broker: Arc::new(journal),
                series,
                bytes: Arc::new(move || measured.bytes_on_disk()),
                bytes_max: settings.outbox_bytes_max,
            }))
        };
        let forwarders: Vec<_> = homes.iter().map(with_outbox).collect();
        let homes = homes.into_iter().zip(&forwarders);
        let homes = homes.map(|(home, broker)| (home, broker.clone() as Arc<dyn Broker>)).collect();
        let broker = rabbitmq(None);
        Self {
            lanes: settings.lanes,
            broker: broker.clone(),
            homes,
            remote: Some(Remote { link, broker, forwarders }),
        }
    }

    /// Starts moving outboxes on.
    pub(super) fn start_forwarding(&self, start: &Start, tasks: &mut Tasks) {
        for forwarder in self.remote.iter().flat_map(|remote| &remote.forwarders) {
            let (forwarder, halted) = (forwarder.clone(), start.halted.clone());
            tasks.spawn(start.clone().then(async move { Ok(forwarder.run(halted).await?) }));
        }
    }

    /// Messages that were accepted on this machine and not yet passed on to RabbitMQ; on the embedded broker, those
    /// that wait for a router.
    pub(super) fn kept(&self) -> u64 {
        self.homes.iter().map(|(home, _)| home.depth(&topology::ingest())).sum()
    }

    /// Messages of a queue that are not settled, in outboxes too; `None` where RabbitMQ does not say.
    pub(super) async fn depth(&self, queue: &QueueName) -> Result<Option<u64>, BrokerError> {
        let Some(remote) = &self.remote else { return self.broker.depth(queue).await.map(Some) };
        if remote.link.state().borrow().consuming.connected.is_none() {
            return Ok(None);
        }
        let kept: u64 = self.homes.iter().map(|(home, _)| home.depth(queue)).sum();
        match timeout(ANSWER, self.broker.depth(queue)).await {
            Ok(Ok(depth)) => Ok(Some(kept + depth)),
            Ok(Err(error)) if !error.passes() => Err(error),
            Ok(Err(_)) | Err(_) => Ok(None),
        }
    }
}
