//! Where the messages of a comparison come from.

mod feed;
mod files;
mod sample;
mod since;

use std::path::PathBuf;

use jiff::Timestamp;
use serde::Serialize;

use super::side::Message;
use super::{DiffError, Options};
use crate::config::{Config, Feed};
use crate::ops::inspect::feed_of;
pub(super) use feed::{absolute, is_same as is_same_source};

/// The messages that are compared.
#[derive(Debug, Clone)]
pub enum Traffic {
    /// What the hub decided since then, by its history, as far as the sources of the feeds still hold it.
    Since(Timestamp),
    /// A file, or all files of a folder or storage.
    Messages {
        /// File or folder.
        path: PathBuf,
        /// The feed that they would come by; else the one whose source holds the path, else the first.
        feed: Option<String>,
    },
    /// What the sources of a feed hold now.
    Feed(String),
}

/// Messages of the traffic that were not compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Missing {
    /// Feed, where they belong to one.
    pub feed: Option<String>,
    /// Why.
    pub why: Why,
    /// How many; files where nobody knows what they hold.
    pub messages: u64,
}

/// Why messages were not compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// No source of the feed holds these bytes any more: they were replaced, or came over a connection.
    Gone,
    /// The sources of the feed can't be read.
    Away(String),
    /// Neither configuration has the feed.
    NoFeed,
    /// It is no message.
    NoMessage,
    /// A file can't be read.
    Unreadable,
}

/// Takes a message; whether another one is wanted.
type Take<'t> = &'t mut dyn FnMut(Message) -> bool;

/// Gives every message of the traffic to `take`.
pub(super) fn each(
    traffic: &Traffic,
    old: &Config,
    new: &Config,
    options: &Options<'_>,
    take: Take<'_>,
) -> Result<Vec<Missing>, DiffError> {
    match traffic {
        Traffic::Since(from) => since::each(*from, old, new, options, take),
        Traffic::Feed(name) => feed::each(name, old, new, options, take),
        Traffic::Messages { path, feed } => {
            let of_source = || [old, new].into_iter().find_map(|config| feed_of(path, config));
            let feed = feed.clone().or_else(|| of_source().map(|feed| feed.name.clone()));
            files::each(path, feed.as_deref(), old, new, options, take)
        }
    }
}

fn named<'c>(config: &'c Config, name: &str) -> Option<&'c Feed> {
    config.feeds.iter().find(|feed| feed.settings.name == name)
}
