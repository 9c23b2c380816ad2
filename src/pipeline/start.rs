//! Before anybody works on RabbitMQ, what the topology says is made there, and the registry is known to its end.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tracing::{debug, warn};

use super::error::HubError;
use super::hub::{Hub, Tasks};
use super::part::Part;
use crate::broker::BrokerError;
use crate::broker::rabbitmq::Link;
use crate::broker::topology::Topology;
use crate::config::Config;
use crate::telemetry::causes;

/// Wait before another attempt.
const BACK_OFF: Duration = Duration::from_secs(1);

/// When the parts of a process may begin, and when they must end.
#[derive(Clone)]
pub(super) struct Start {
    ready: watch::Receiver<bool>,
    pub(super) halted: watch::Receiver<bool>,
}

impl Start {
    /// At once.
    pub(super) fn now(halted: watch::Receiver<bool>) -> Self {
        Self { ready: watch::channel(true).1, halted }
    }

    /// When RabbitMQ has what the hub's parts need.
    pub(super) fn when_made(
        link: &Arc<Link>,
        hub: &Hub,
        halted: watch::Receiver<bool>,
        tasks: &mut Tasks,
    ) -> Self {
        let (ready, is_ready) = watch::channel(false);
        let topology = needed(&hub.config, &hub.part).without_archive();
        let (link, register, stop) = (link.clone(), hub.register.clone(), halted.clone());
        let import = hub.config.hub.registry_import.clone();
        let (zone, clock) = (hub.config.hub.timezone.clone(), hub.clock.clone());
        if let Some(register) = register.clone() {
            let halted = halted.clone();
            tasks.spawn(async move { Ok(register.follow(halted).await?) });
        }
        tasks.spawn(async move {
            let mut stopped = stop.clone();
            let prepared = async {
                make(link, topology, stop).await?;
                if let Some(register) = register {
                    register.when_whole().await;
                    if let Some(folder) = import {
                        register.import(&folder, &zone, clock.now()).await?;
                    }
                }
                Ok::<(), HubError>(())
            };
            tokio::select! {
                biased;
                _ = stopped.wait_for(|&stop| stop) => return Ok(()),
                prepared = prepared => prepared?,
            }
            ready.send_replace(true);
            Ok(())
        });
        Self { ready: is_ready, halted }
    }

    /// Does the work once it may begin, unless it must end before.
    pub(super) async fn then(
        mut self,
        work: impl Future<Output = Result<(), HubError>>,
    ) -> Result<(), HubError> {
        let begins = tokio::select! {
            biased;
            _ = self.halted.wait_for(|&halted| halted) => false,
            ready = self.ready.wait_for(|&ready| ready) => ready.is_ok(),
        };
        if begins { work.await } else { Ok(()) }
    }
}

/// Only what a part uses and can't do without, so that its user on RabbitMQ need not be allowed more.
fn needed(config: &Config, part: &Part) -> Topology {
    let lanes = config.hub.broker.lanes();
    let all = config.subscribers.iter().map(|subscriber| subscriber.name.as_str());
    match part {
        Part::All | Part::Router | Part::Console => Topology::of(lanes, all),
        Part::Adapter(_) => Topology::of(lanes, []),
        Part::Deliver(names) => Topology::of(0, names.iter().map(String::as_str)),
    }
}

async fn make(
    link: Arc<Link>,
    topology: Topology,
    mut halted: watch::Receiver<bool>,
) -> Result<(), HubError> {
    loop {
        let applied = tokio::select! {
            _ = halted.wait_for(|&halted| halted) => return Ok(()),
            applied = link.apply(&topology) => applied,
        };
        match applied {
            Ok(()) => return Ok(()),
            Err(error @ BrokerError::Refused { .. }) => {
                let error = causes(&error);
                warn!(error, "RabbitMQ has queues otherwise than declared, or does not let them be declared");
                return Ok(());
            }
            Err(error) if error.passes() => debug!(error = causes(&error), "declaring again"),
            Err(error) => return Err(error.into()),
        }
        tokio::select! {
            _ = halted.wait_for(|&halted| halted) => return Ok(()),
            () = tokio::time::sleep(BACK_OFF) => {}
        }
    }
}
