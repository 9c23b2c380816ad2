//! Why the hub could not start, or stopped.

use std::io;
use std::path::PathBuf;

use tokio::task::JoinError;

use super::registry::RegistryError;
use crate::broker::{BrokerError, QueueName};
use crate::deliver::DeliverError;
use crate::envelope::Lane;
use crate::ingest::IngestError;
use crate::store::StoreError;

/// Why the hub could not start, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// The broker.
    #[error("the broker did not do as asked")]
    Broker(#[from] BrokerError),
    /// A part of the hub was to run as a process of its own on the embedded broker.
    #[error(
        "the embedded broker belongs to one process: use `musubi run`, or set [broker] kind = \"rabbitmq\" in hub.toml"
    )]
    OneProcess,
    /// The data folder holds what another kind of broker kept.
    #[error(
        "{} was kept with another [broker] kind: go back to that kind, or name another data_dir, into which every feed \
         is picked up again from the beginning",
        path.display()
    )]
    OtherKind {
        /// What was found.
        path: PathBuf,
    },
    /// An adapter's folder.
    #[error("the folder {} of the adapters can't be used", path.display())]
    Home {
        /// Folder.
        path: PathBuf,
        /// Cause.
        #[source]
        source: io::Error,
    },
    /// An adapter's outbox: most often another process picks up one of the feeds that share it.
    #[error("the outbox in {}, in which {feeds} are kept, can't be opened", path.display())]
    Outbox {
        /// Folder.
        path: PathBuf,
        /// Names of the feeds.
        feeds: String,
        /// Cause.
        #[source]
        source: BrokerError,
    },
    /// The pick-up ledger.
    #[error("the pick-up ledger in {} can't be opened", path.display())]
    Ledger {
        /// Folder.
        path: PathBuf,
        /// Cause.
        #[source]
        source: StoreError,
    },
    /// The journal is another one than that beside which the ledger was kept.
    #[error(
        "the journal is not the one beside which the pick-up ledger in {} was kept: what was accepted before is gone \
         from the journal; restore the folder of the journal, or remove that ledger to pick everything up again",
        path.display()
    )]
    OtherJournal {
        /// Folder of the ledger.
        path: PathBuf,
    },
    /// The secret of the stand-ins.
    #[error("the secret in {} can't be read or made", path.display())]
    Pseudonyms {
        /// File.
        path: PathBuf,
        /// Cause.
        #[source]
        source: io::Error,
    },
    /// The secret of the stand-ins, which routers on RabbitMQ have to share, is not there.
    #[error(
        "the secret in {} is not there: copy it from the machine of another router; for the first one, make it with \
         `head -c 32 /dev/urandom > {}` and let only the hub's user read it",
        path.display(), path.display()
    )]
    NoPseudonyms {
        /// File.
        path: PathBuf,
    },
    /// Fewer lanes than before, with messages in those that would be left behind.
    #[error("queue {queue} has messages in lane {lane}, but hub.toml gives it {lanes} lanes; run with the old number until they are gone", lane = lane.0)]
    LaneLeftBehind {
        /// Queue.
        queue: QueueName,
        /// The highest such lane.
        lane: Lane,
        /// Lanes of `hub.toml`.
        lanes: u16,
    },
    /// The registry of facilities, patients and consents.
    #[error("the registry can't be used")]
    Registry(#[from] RegistryError),
    /// The token of the console and the API.
    #[error("the token in {} can't be read or made", path.display())]
    Token {
        /// File.
        path: PathBuf,
        /// Cause.
        #[source]
        source: io::Error,
    },
    /// A feed.
    #[error("picking up stopped")]
    Ingest(#[from] IngestError),
    /// Delivery.
    #[error("delivering stopped")]
    Deliver(#[from] DeliverError),
    /// A task ended by panic: a fault of the hub.
    #[error("a part of the hub failed: a fault of the hub, please report it")]
    Failed(#[from] JoinError),
}

impl HubError {
    /// Whether `hub.toml` has to be changed, or the call.
    pub const fn is_configuration(&self) -> bool {
        if let Self::Registry(error) = self {
            return error.is_configuration();
        }
        matches!(
            self,
            Self::OneProcess
                | Self::OtherKind { .. }
                | Self::LaneLeftBehind { .. }
                | Self::NoPseudonyms { .. }
        )
    }

    /// Whether trying again later can help.
    pub const fn passes(&self) -> bool {
        if let Self::Registry(error) = self {
            return error.passes();
        }
        let lasting = matches!(
            self,
            Self::Failed(_)
                | Self::OtherJournal { .. }
                | Self::Broker(BrokerError::Damaged { .. })
                | Self::Outbox { source: BrokerError::Damaged { .. }, .. }
        );
        !lasting && !self.is_configuration()
    }
}
