//! What the hub needs on RabbitMQ: show it, make it, compare it, hand it to administrators.

use std::time::Duration;

use serde::Serialize;

use crate::broker::BrokerError;
use crate::broker::rabbitmq::{Difference, Link, Settings};
use crate::broker::topology::{Argument, Arguments, Binding, Exchange, Queue, Topology};
use crate::config::{Broker, Config};

/// How long RabbitMQ may be away before the answer is that it is.
const PATIENCE: Duration = Duration::from_secs(20);

/// Why nothing can be said or done.
#[derive(Debug, thiserror::Error)]
pub enum TopologyError {
    /// There is nothing to make.
    #[error("the embedded broker makes its queues itself; [broker] kind = \"rabbitmq\" has a topology")]
    Embedded,
    /// No connection, or none that lasted.
    #[error("RabbitMQ can't be reached: {0}")]
    Away(String),
    /// The server refused.
    #[error("RabbitMQ differs")]
    Broker(#[from] BrokerError),
}

/// A definitions file of RabbitMQ, as `rabbitmqctl import_definitions` takes it.
#[derive(Debug, Serialize)]
pub struct Definitions {
    vhosts: Vec<Named>,
    queues: Vec<QueueEntry>,
    exchanges: Vec<ExchangeEntry>,
    bindings: Vec<BindingEntry>,
    policies: [(); 0],
}

#[derive(Debug, Serialize)]
struct Named {
    name: String,
}

#[derive(Debug, Serialize)]
struct QueueEntry {
    name: String,
    vhost: String,
    durable: bool,
    auto_delete: bool,
    arguments: Arguments,
}

#[derive(Debug, Serialize)]
struct ExchangeEntry {
    name: &'static str,
    vhost: String,
    r#type: &'static str,
    durable: bool,
    auto_delete: bool,
    internal: bool,
    arguments: Arguments,
}

#[derive(Debug, Serialize)]
struct BindingEntry {
    source: &'static str,
    vhost: String,
    destination: String,
    destination_type: &'static str,
    routing_key: &'static str,
    arguments: Arguments,
}

/// What a configuration needs.
///
/// # Errors
/// [`TopologyError::Embedded`]
pub fn of(config: &Config) -> Result<Topology, TopologyError> {
    settings(config)?;
    Ok(Topology::of(
        config.hub.broker.lanes(),
        config.subscribers.iter().map(|subscriber| subscriber.name.as_str()),
    ))
}

/// The same as a definitions file.
///
/// # Errors
/// [`TopologyError::Embedded`]
pub fn definitions(config: &Config) -> Result<Definitions, TopologyError> {
    let vhost = settings(config)?.vhost.clone();
    let Topology { queues, exchanges, bindings } = of(config)?;
    let queue = |Queue { name, arguments }| QueueEntry {
        name,
        vhost: vhost.clone(),
        durable: true,
        auto_delete: false,
        arguments,
    };
    let exchange = |Exchange { name, kind, arguments }| ExchangeEntry {
        name,
        vhost: vhost.clone(),
        r#type: kind,
        durable: true,
        auto_delete: false,
        internal: false,
        arguments,
    };
    let binding = |Binding { from, to, key }| BindingEntry {
        source: from,
        vhost: vhost.clone(),
        destination: to,
        destination_type: "queue",
        routing_key: key,
        arguments: Arguments::new(),
    };
    Ok(Definitions {
        vhosts: vec![Named { name: vhost.clone() }],
        queues: queues.into_iter().map(queue).collect(),
        exchanges: exchanges.into_iter().map(exchange).collect(),
        bindings: bindings.into_iter().map(binding).collect(),
        policies: [],
    })
}

/// Makes on the server what is not there yet.
///
/// # Errors
/// [`TopologyError`]
pub async fn apply(config: &Config) -> Result<(), TopologyError> {
    let (link, topology) = (link(config)?, of(config)?);
    patiently(&link, link.apply(&topology), PATIENCE).await
}

/// How the server differs. Changes nothing.
///
/// # Errors
/// [`TopologyError`]
pub async fn check(config: &Config) -> Result<Vec<Difference>, TopologyError> {
    check_within(config, PATIENCE).await
}

/// The same, if the server answers within that time.
///
/// # Errors
/// [`TopologyError`]
pub async fn check_within(config: &Config, patience: Duration) -> Result<Vec<Difference>, TopologyError> {
    let (link, topology) = (link(config)?, of(config)?);
    patiently(&link, link.check(&topology, config.hub.broker.lanes()), patience).await
}

/// An argument as people read it.
pub fn argument(value: &Argument) -> String {
    match value {
        Argument::Text(text) if text.is_empty() => "\"\"".to_owned(),
        Argument::Text(text) => text.clone(),
        Argument::Number(number) => number.to_string(),
        Argument::Flag(flag) => flag.to_string(),
    }
}

fn settings(config: &Config) -> Result<&Settings, TopologyError> {
    match &config.hub.broker {
        Broker::RabbitMq(settings) => Ok(settings),
        Broker::Embedded { .. } => Err(TopologyError::Embedded),
    }
}

fn link(config: &Config) -> Result<Link, TopologyError> {
    Ok(Link::new(settings(config)?.clone(), "topology"))
}

async fn patiently<T>(
    link: &Link,
    work: impl Future<Output = Result<T, BrokerError>>,
    patience: Duration,
) -> Result<T, TopologyError> {
    match tokio::time::timeout(patience, work).await {
        Ok(Err(BrokerError::Away { what })) => Err(TopologyError::Away(what)),
        Ok(done) => Ok(done?),
        Err(_) => {
            let trouble = link.state().borrow().consuming.trouble.clone();
            Err(TopologyError::Away(trouble.unwrap_or_else(|| "no answer".to_owned())))
        }
    }
}
