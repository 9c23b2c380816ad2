//! How the server differs from what the topology says. Nothing is made or changed.

use std::fmt;

use lapin::options::{ExchangeDeclareOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use lapin::{Channel, ExchangeKind};
use serde::Serialize;

use super::Link;
use super::apply::table;
use super::message::short;
use crate::broker::BrokerError;
use crate::broker::topology::{Exchange, LANES_MAX, Queue, Topology, ingest};
use crate::envelope::Lane;

/// So many lanes missing in a row are the end of them.
const GAP: u16 = 64;

/// One way in which the server differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "difference", rename_all = "kebab-case")]
pub enum Difference {
    /// A queue or exchange is not there.
    Missing {
        /// `queue musubi.invalid`.
        what: String,
    },
    /// It is there with other arguments or of another type, or the user may not look.
    Otherwise {
        /// `queue musubi.invalid`.
        what: String,
        /// The server's words.
        says: String,
    },
    /// A lane beyond the configured number still holds messages: nobody reads it.
    Beyond {
        /// The lane's queue.
        queue: String,
        /// Messages in it.
        ready: u64,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { what } => write!(f, "{what} is missing"),
            Self::Otherwise { what, says } => write!(f, "{what} is otherwise: {says}"),
            Self::Beyond { queue, ready } => {
                write!(f, "queue {queue} is beyond the configured lanes and holds {ready} messages")
            }
        }
    }
}

impl Link {
    /// Compares the server with a topology of so many lanes. What is bound to an exchange can't be asked over AMQP;
    /// [`Link::apply`] binds again.
    ///
    /// # Errors
    /// [`BrokerError::Away`]
    pub async fn check(&self, topology: &Topology, lanes: u16) -> Result<Vec<Difference>, BrokerError> {
        let mut differences = Vec::new();
        for queue in &topology.queues {
            differences.extend(self.check_queue(queue).await?);
        }
        for exchange in &topology.exchanges {
            differences.extend(self.check_exchange(exchange).await?);
        }
        differences.extend(self.lanes_beyond(lanes).await?);
        Ok(differences)
    }

    /// Lanes are made from 0 on without a gap; an administrator may have deleted some.
    async fn lanes_beyond(&self, lanes: u16) -> Result<Vec<Difference>, BrokerError> {
        let (mut beyond, mut missing) = (Vec::new(), 0);
        for lane in (lanes..LANES_MAX).map(Lane) {
            let queue = ingest().on_rabbitmq(lane);
            match self.ask_queue(&Queue::named(&queue), true).await {
                Ok(0) => missing = 0,
                Ok(ready) => {
                    missing = 0;
                    beyond.push(Difference::Beyond { queue, ready });
                }
                Err(BrokerError::Refused { .. }) => missing += 1,
                Err(error) => return Err(error),
            }
            if missing > GAP {
                break;
            }
        }
        Ok(beyond)
    }

    async fn check_queue(&self, queue: &Queue) -> Result<Option<Difference>, BrokerError> {
        let what = format!("queue {}", queue.name);
        match self.ask_queue(queue, true).await {
            Ok(_) => {}
            Err(error) => return difference(what, error).map(Some),
        }
        // It is there: to declare it makes nothing, and the server compares.
        match self.ask_queue(queue, false).await {
            Ok(_) => Ok(None),
            Err(error) => difference(what, error).map(Some),
        }
    }

    async fn check_exchange(&self, exchange: &Exchange) -> Result<Option<Difference>, BrokerError> {
        let what = format!("exchange {}", exchange.name);
        for passive in [true, false] {
            if let Err(error) = self.ask_exchange(exchange, passive).await {
                return difference(what, error).map(Some);
            }
        }
        Ok(None)
    }

    /// Messages of the queue. `passive` is to ask only, not to compare and not to make.
    pub(super) async fn ask_queue(&self, queue: &Queue, passive: bool) -> Result<u64, BrokerError> {
        let name = short(&queue.name)?;
        let options = QueueDeclareOptions { passive, durable: true, ..QueueDeclareOptions::default() };
        let arguments = if passive { FieldTable::default() } else { table(&queue.arguments) };
        self.ask(&format!("queue {}", queue.name), async |channel: &Channel| {
            Ok(channel.queue_declare(name, options, arguments).await?.message_count().into())
        })
        .await
    }

    /// The same for an exchange.
    pub(super) async fn ask_exchange(&self, exchange: &Exchange, passive: bool) -> Result<(), BrokerError> {
        let Exchange { name, kind, arguments } = exchange;
        let kind = ExchangeKind::Custom((*kind).to_owned());
        let options = ExchangeDeclareOptions { passive, durable: true, ..ExchangeDeclareOptions::default() };
        let arguments = if passive { FieldTable::default() } else { table(arguments) };
        self.ask(&format!("exchange {name}"), async |channel: &Channel| {
            channel.exchange_declare((*name).into(), kind, options, arguments).await
        })
        .await
    }
}

fn difference(what: String, error: BrokerError) -> Result<Difference, BrokerError> {
    let BrokerError::Refused { what: says } = error else { return Err(error) };
    let says = says.strip_prefix(&format!("{what}: ")).unwrap_or(&says).to_owned();
    if says.starts_with("NOT_FOUND") {
        return Ok(Difference::Missing { what });
    }
    Ok(Difference::Otherwise { what, says })
}
