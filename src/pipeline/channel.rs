//! What carries the messages between the parts of the hub: the embedded broker, or RabbitMQ with outboxes before it.

use std::sync::Arc;

use super::error::HubError;
use super::home::Home;
use super::part::Part;
use crate::broker::{Broker, BrokerError, topology};
use crate::config::{self, Config};

/// The brokers of a process.
pub(super) struct Channel {
    /// Parallel strands of the ingest queue.
    pub(super) lanes: u16,
    /// What routers and deliveries work on.
    pub(super) broker: Arc<dyn Broker>,
    /// What feeds keep on this machine, and the broker that they publish to.
    pub(super) homes: Vec<(Home, Arc<dyn Broker>)>,
}

impl Channel {
    /// Opens what these parts need.
    pub(super) fn open(config: &Config, part: &Part) -> Result<Self, HubError> {
        let lanes = config.hub.broker.lanes();
        let feeds = part.feeds(config).iter().map(|feed| feed.settings.name.clone()).collect();
        match &config.hub.broker {
            config::Broker::Embedded { .. } if *part != Part::All => Err(HubError::OneProcess),
            config::Broker::Embedded { .. } => {
                let home = Home::of_hub(&config.hub.data_dir, lanes, feeds)?;
                let broker: Arc<dyn Broker> = Arc::new(home.journal.clone());
                Ok(Self { lanes, broker: broker.clone(), homes: vec![(home, broker)] })
            }
            config::Broker::RabbitMq(_) => Err(HubError::OneProcess),
        }
    }

    /// Messages that were accepted on this machine and are not yet where the routers work.
    pub(super) fn outbox_depth(&self) -> u64 {
        let queues = self.homes.iter().flat_map(|(home, _)| home.journal.queues());
        queues.filter(|depth| depth.queue == topology::ingest()).map(|depth| depth.depth()).sum()
    }

    /// Messages that wait for a router.
    pub(super) async fn ingest_depth(&self) -> Result<u64, BrokerError> {
        self.broker.depth(&topology::ingest()).await
    }
}
