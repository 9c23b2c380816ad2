//! Why a feed could not go on.

use std::io;
use std::net::SocketAddr;

use crate::broker::BrokerError;
use crate::disposition::Disposition;
use crate::store::{ClaimError, StoreError};

/// Why a feed could not go on. What it had not acknowledged by then, it takes again.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The broker did not take a batch, or did not give back what it took. Effect indefinite: the feed reads
    /// `accepted.<feed>` again before it goes on.
    #[error("feed {feed}: the broker refused")]
    Broker {
        /// Feed.
        feed: String,
        /// Cause.
        #[source]
        source: BrokerError,
    },
    /// The ledger failed.
    #[error("feed {feed}: the ledger failed")]
    Ledger {
        /// Feed.
        feed: String,
        /// Cause.
        #[source]
        source: StoreError,
    },
    /// The folder of claims did not take or give what is too large for the broker.
    #[error("feed {feed}: the folder of claims failed")]
    Claims {
        /// Feed.
        feed: String,
        /// Cause.
        #[source]
        source: ClaimError,
    },
    /// The root of a source can't be listed.
    #[error("feed {feed}: the folder of source {source_label} can't be listed")]
    Source {
        /// Feed.
        feed: String,
        /// Label of the source.
        source_label: String,
        /// Cause.
        #[source]
        source: io::Error,
    },
    /// The address of a listener can't be used.
    #[error("feed {feed}: can't listen at {address}")]
    Listen {
        /// Feed.
        feed: String,
        /// Address and port.
        address: SocketAddr,
        /// Cause.
        #[source]
        source: io::Error,
    },
    /// The file work ended without an answer.
    #[error("feed {feed}: the file work ended early")]
    Ended {
        /// Feed.
        feed: String,
    },
}

impl IngestError {
    /// What the pipeline does about it.
    pub fn disposition(&self) -> Disposition {
        match self {
            Self::Broker { source: BrokerError::Damaged { .. } | BrokerError::Closed, .. } => {
                Disposition::Stop
            }
            Self::Broker { .. } | Self::Claims { .. } | Self::Source { .. } | Self::Listen { .. } => {
                Disposition::Retry
            }
            Self::Ledger { source, .. } => source.disposition(),
            Self::Ended { .. } => Disposition::Stop,
        }
    }
}

/// Why a pass over a source ended before its end.
#[derive(Debug)]
pub(super) enum Halt {
    /// Nobody takes the batches any more: the feed is stopping or has failed.
    Stopped,
    /// The ledger failed.
    Ledger(StoreError),
    /// The folder of claims failed.
    Claims(ClaimError),
    /// The source's root can't be listed.
    Root(io::Error),
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Self {
        Self::Ledger(error)
    }
}
