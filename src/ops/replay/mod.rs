//! Replay: messages that were accepted before are taken through the stages once more, as of now (today's consent, routes
//! and schemas), and one subscriber gets its copies of them again.
//!
//! A replay is *planned* first: the message store is read, and every message that is meant is judged without sending
//! anything, so that there is a count before it starts. Its plan is a list of places in the store, in the order of
//! acceptance; while it runs the plan is gone through from its position. State and position are durable, so that a replay
//! that was stopped or killed goes on without a gap; what it repeats carries the same id.
//!
//! A copy is marked with the replay, leaves through the subscriber's own queue, and is judged at delivery as any other. At
//! most so many a second are made, and none while much waits for the subscriber. Nobody else gets anything.

mod desk;
pub(super) mod pace;
mod plan;
mod run;
mod selection;
mod state;
mod words;

use serde::{Deserialize, Serialize};

use crate::store::messages::MessagesError;
use crate::store::{ClaimError, DayLogError};

pub use desk::Desk;
pub use selection::{Patient, Selection, time};
pub use state::{Counts, NotSent, Reason, Replay, State};

/// Folder of the replays in the data folder.
pub const REPLAYS: &str = "replays";
/// Copies a second, where nothing is said.
pub const RATE: u32 = 50;
/// Most copies a second that may be asked for.
pub const RATE_MAX: u32 = 10_000;
/// No copy is made while more than these wait for the subscriber.
const DEPTH_MAX: u64 = 1_000;

/// What somebody wants to be replayed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// What to whom.
    pub selection: Selection,
    /// Why.
    pub why: String,
    /// Copies a second; [`RATE`] where nothing is said.
    #[serde(default)]
    pub rate: Option<u32>,
}

/// Why something can't be done with a replay.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// Another process has the replays of this data folder.
    #[error("another process works on the replays of this data folder")]
    Elsewhere,
    /// There is no such replay.
    #[error("there is no replay {0}")]
    Unknown(String),
    /// It can't be planned so.
    #[error("{0}")]
    Bad(String),
    /// It is not in a state in which that can be done.
    #[error("the replay is {}: it can't be {what}", state.as_str())]
    Not {
        /// Its state.
        state: State,
        /// What was wanted.
        what: &'static str,
    },
    /// Its files can't be read or written.
    #[error("the replays can't be kept in {}", path.display())]
    Files {
        /// File or folder.
        path: std::path::PathBuf,
        /// Cause.
        #[source]
        source: std::io::Error,
    },
    /// The message store can't be read.
    #[error(transparent)]
    Store(#[from] MessagesError),
    /// What a message claims can't be read, or what it holds not be kept.
    #[error(transparent)]
    Claims(#[from] ClaimError),
    /// The history can't be written.
    #[error(transparent)]
    History(#[from] DayLogError),
    /// The broker failed.
    #[error(transparent)]
    Broker(#[from] crate::broker::BrokerError),
}

impl ReplayError {
    /// Whether it is worth trying again without anybody doing anything here.
    const fn passes(&self) -> bool {
        match self {
            Self::Claims(_) | Self::History(_) => true,
            Self::Broker(error) => error.passes(),
            _ => false,
        }
    }
}
