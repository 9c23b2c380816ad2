//! Why the registry could not be opened, or did not take a batch.

use tokio::task::JoinError;

use crate::broker::BrokerError;
use crate::store::LogError;

/// Why the registry could not be opened, or did not take a batch. Nothing of the batch was taken, except where the
/// broker is away: then it may have been, and to ask again changes nothing.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The log on this machine's disk.
    #[error("the registry's log can't be used")]
    Log(#[from] LogError),
    /// The stream of entries.
    #[error("the registry's stream can't be used")]
    Broker(#[from] BrokerError),
    /// An entry that can't be read or written.
    #[error("an entry of the registry's log is not one that this version knows")]
    Json(#[source] serde_json::Error),
    /// What other processes wrote was not seen yet.
    #[error("the registry's stream was not read to its end yet: RabbitMQ is away, or was until now")]
    Behind,
    /// A fault of the hub.
    #[error("the work on the registry's log failed: a fault of the hub, please report it")]
    Failed(#[source] JoinError),
}

impl RegistryError {
    /// Whether trying again later can help.
    pub const fn passes(&self) -> bool {
        match self {
            Self::Log(error) => !matches!(error, LogError::Damaged { .. } | LogError::Line),
            Self::Broker(error) => error.passes(),
            Self::Behind => true,
            Self::Json(_) | Self::Failed(_) => false,
        }
    }
}
