//! Why the registry could not be opened, or did not take a batch.

use std::io;
use std::path::PathBuf;

use tokio::task::JoinError;

use crate::broker::BrokerError;
use crate::registry::Refusal;
use crate::registry::csv::Fault;
use crate::store::LogError;

/// Faults that are listed: who imports the wrong file need not read all of them.
const LISTED: usize = 50;

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
    /// Something in a batch must not be said.
    #[error("{} of the entries can't be taken", .0.len())]
    Refused(Vec<Refusal>),
    /// Files that are imported at the start say something that can't be taken; nothing of them was.
    #[error("the files of [registry] import can't be taken, and nothing of them was:{}", listed(.0))]
    Import(Vec<Fault>),
    /// The files that are imported at the start can't be read.
    #[error("the files of [registry] import in {} can't be read", folder.display())]
    Files {
        /// Folder.
        folder: PathBuf,
        /// Cause.
        #[source]
        source: io::Error,
    },
    /// A fault of the hub.
    #[error("the work on the registry's log failed: a fault of the hub, please report it")]
    Failed(#[source] JoinError),
}

impl RegistryError {
    /// Whether files of the configuration have to be changed.
    pub const fn is_configuration(&self) -> bool {
        matches!(self, Self::Import(_))
    }

    /// Whether trying again later can help.
    pub const fn passes(&self) -> bool {
        match self {
            Self::Log(error) => !matches!(error, LogError::Damaged { .. } | LogError::Line),
            Self::Broker(error) => error.passes(),
            Self::Behind | Self::Files { .. } => true,
            Self::Json(_) | Self::Failed(_) | Self::Refused(_) | Self::Import(_) => false,
        }
    }
}

/// A line for each of the first faults.
fn listed(faults: &[Fault]) -> String {
    let lines: String = faults.iter().take(LISTED).map(|fault| format!("\n  {fault}")).collect();
    match faults.len().checked_sub(LISTED) {
        Some(more @ 1..) => format!("{lines}\n  and {more} more"),
        _ => lines,
    }
}
