//! The registry's log of this configuration, whoever has it: this process, a hub that runs, or RabbitMQ.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

use crate::broker::rabbitmq::{Link, Settings};
use crate::config::{self, Config};
use crate::ops::client::{ClientError, Hub, Wrong};
use crate::pipeline::{Register, RegistryError};
use crate::registry::{Entry, Refusal, Registry};
use crate::store::LogError;

pub use crate::pipeline::Taken as Submitted;

/// How long the way to RabbitMQ and through the stream may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Why nothing of a batch was taken.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// Something in it must not be said.
    #[error("{} of the entries can't be taken", .0.len())]
    Refused(Vec<Refusal>),
    /// The log can't be read or written.
    #[error("the registry's log can't be used")]
    Log(#[source] RegistryError),
    /// A hub has the log, and says nothing.
    #[error(
        "a hub runs on this data folder and has the registry's log: let it listen with [console] listen in hub.toml, \
         or stop it"
    )]
    Busy,
    /// The hub that has the log did not take the batch.
    #[error("the hub that runs did not take the entries")]
    Hub(#[source] ClientError),
    /// The files of the registry can't be read.
    #[error("{} can't be read", path.display())]
    Files {
        /// Folder.
        path: PathBuf,
        /// Cause.
        #[source]
        source: io::Error,
    },
    /// No runtime for the way to a hub or to RabbitMQ.
    #[error("the way to the hub can't be opened")]
    Runtime(#[source] io::Error),
}

impl From<ClientError> for SubmitError {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Refused { errors, .. } if !errors.is_empty() => {
                Self::Refused(errors.into_iter().map(refusal).collect())
            }
            other => Self::Hub(other),
        }
    }
}

fn refusal(Wrong { row, code, reason }: Wrong) -> Refusal {
    Refusal { index: row.saturating_sub(1), code: code.into(), reason: reason.into(), other: None }
}

impl From<RegistryError> for SubmitError {
    fn from(error: RegistryError) -> Self {
        match error {
            RegistryError::Refused(refusals) => Self::Refused(refusals),
            other => Self::Log(other),
        }
    }
}

/// The registry as it stands.
///
/// # Errors
///
/// The log can't be read, or RabbitMQ is away.
pub fn view(config: &Config) -> Result<Registry, SubmitError> {
    match &config.hub.broker {
        config::Broker::Embedded { .. } => Ok(Register::look(&Register::folder(&config.hub.data_dir))?),
        config::Broker::RabbitMq(settings) => {
            let register = follower(config, settings)?;
            let whole = async {
                register.when_whole().await;
                Ok(())
            };
            runtime()?.block_on(following(&register, whole))?;
            Ok(register.view().read().clone())
        }
    }
}

/// Enters a batch, whole or not at all: it is durable then.
///
/// # Errors
///
/// An entry is refused, or the log can't be written.
pub fn submit(config: &Config, batch: Vec<Entry>) -> Result<Submitted, SubmitError> {
    match &config.hub.broker {
        config::Broker::Embedded { .. } => match Register::open(&Register::folder(&config.hub.data_dir)) {
            Ok(register) => Ok(register.take(batch)?),
            Err(RegistryError::Log(LogError::Taken { .. })) => {
                let hub = Hub::of(config).ok_or(SubmitError::Busy)?;
                Ok(runtime()?.block_on(hub.post("/registry/entries", &batch))?)
            }
            Err(error) => Err(error.into()),
        },
        config::Broker::RabbitMq(settings) => {
            let register = follower(config, settings)?;
            Ok(runtime()?.block_on(following(&register, register.submit(batch)))?)
        }
    }
}

fn follower(config: &Config, settings: &Settings) -> Result<Arc<Register>, SubmitError> {
    let link = Arc::new(Link::new(settings.clone(), "registry"));
    Ok(Arc::new(Register::follower(&Register::folder(&config.hub.data_dir), link)?))
}

/// Follows the stream while something is done with the registry.
async fn following<T>(
    register: &Register,
    work: impl Future<Output = Result<T, RegistryError>>,
) -> Result<T, RegistryError> {
    let (_never, told) = watch::channel(false);
    tokio::select! {
        biased;
        done = timeout(PATIENCE, work) => done.unwrap_or(Err(RegistryError::Behind)),
        ended = register.follow(told) => Err(ended.err().unwrap_or(RegistryError::Behind)),
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, SubmitError> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(SubmitError::Runtime)
}
