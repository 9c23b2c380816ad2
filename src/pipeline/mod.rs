//! The stages in flow order: ingest -> decode -> normalise -> route -> deliver.
//!
//! The only module that calls more than one of them. [`process`] is a message's whole way through the pure stages;
//! [`Hub`] starts what feeds it and what takes from it.

pub use crate::decode::decode;
pub use crate::normalise::normalise;

mod again;
mod archive;
mod channel;
mod connection;
mod control;
mod crossing;
mod deliveries;
mod error;
mod feeds;
mod heads;
mod home;
mod hub;
mod in_force;
mod intake;
mod measure;
mod monitor;
mod original;
mod originals;
mod part;
mod process;
mod provision;
mod pseudonym;
mod pulse;
mod registrar;
mod registry;
mod renewed;
mod report;
mod router;
mod signs;
mod start;
mod status;
mod watch;
mod written;

pub use connection::Reach;
pub use control::ControlBus;
pub use error::HubError;
pub use hub::{Hub, Mode};
pub use in_force::InForce;
pub use intake::{Intake, IntakeError};
pub use monitor::{Check, Monitor, Readiness};
pub use original::Original;
pub use part::Part;
pub use process::{INVALID, Outcome, Processed, Routing, identify, process, process_both, understood};
pub use pseudonym::Pseudonyms;
pub use pulse::Flow;
pub use registry::{Register, RegistryError, Taken, files};
pub use renewed::{Again, NoCopy, Renewed, keep_attached, renew};
pub use report::{FeedReport, MessageReport, Report, ServiceCell, SubscriberReport};
pub use router::{Router, RouterCounts};
pub use signs::{FeedSigns, RoutedSigns, Signs, SubscriberSigns};
pub use status::{
    AwayStatus, BrokerStatus, ConfigurationStatus, DiskStatus, FeedStatus, HeldStatus, InvalidStatus,
    OutboxStatus, ProcessStatus, QueueStatus, ReloadAnswer, ReloadOutcome, SubscriberStatus, TopicStatus,
    processes,
};
