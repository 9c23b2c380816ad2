//! The stages in flow order: ingest -> decode -> normalise -> route -> deliver.
//!
//! The only module that calls more than one of them. [`process`] is a message's whole way through the pure stages;
//! [`run`] starts what feeds it and what takes from it.

pub use crate::decode::decode;
pub use crate::normalise::normalise;

mod hub;
mod process;
mod pseudonym;
mod report;
mod router;

pub use hub::{Hub, HubError, Mode};
pub use process::{Outcome, Processed, Routing, process};
pub use pseudonym::Pseudonyms;
pub use report::{FeedReport, MessageReport, Report, SubscriberReport};
