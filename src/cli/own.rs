//! Operating a data folder on which no hub runs: in a process of its own.

use std::sync::Arc;

use tokio::sync::watch;

use crate::clock::{Clock, SystemClock};
use crate::config::{Broker, Config};
use crate::ops::audit::{Act, Action, Audit, ChainError};
use crate::pipeline::{ControlBus, Hub, HubError, Mode, Part};

/// Whoever may use this machine, where nobody is logged in.
const LOCAL: &str = "local";

/// Who is logged in.
pub(super) fn account() -> String {
    let who = ["SUDO_USER", "LOGNAME", "USER"].into_iter().find_map(|name| std::env::var(name).ok());
    who.unwrap_or_else(|| LOCAL.to_owned())
}

/// Writes down what somebody does from this terminal, before it is done.
pub(super) fn note(config: &Config, action: Action, object: &str) -> Result<(), ChainError> {
    let who = match account().as_str() {
        LOCAL => LOCAL.to_owned(),
        account => format!("{LOCAL} {account}"),
    };
    let at = SystemClock.now();
    let act = Act { at, who, from: "terminal".to_owned(), action, object: object.to_owned(), done: true };
    Audit::of(config).note(&act)
}

/// Does something on a hub that is opened for it, and is closed then. On RabbitMQ it follows the registry meanwhile.
pub(super) async fn own<T, E: From<HubError>>(
    config: &Config,
    work: impl AsyncFnOnce(ControlBus) -> Result<T, E>,
) -> Result<T, E> {
    let (part, is_remote) = match &config.hub.broker {
        Broker::Embedded { .. } => (Part::All, false),
        Broker::RabbitMq(_) => (Part::Console, true),
    };
    let hub = Hub::open(config.clone(), part, Arc::new(SystemClock))?;
    let Some(control) = hub.control() else { return Err(HubError::OneProcess.into()) };
    let (_running, stop) = watch::channel(false);
    let work = work(control);
    let keeping = async {
        match is_remote {
            true => hub.run(Mode::Watch, stop, |_, _| {}).await.err(),
            false => std::future::pending().await,
        }
    };
    tokio::pin!(work);
    tokio::select! {
        done = &mut work => done,
        ended = keeping => match ended {
            Some(error) => Err(error.into()),
            None => work.await,
        },
    }
}
