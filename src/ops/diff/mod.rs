//! The same messages by two configurations: which would be picked up, read, routed or disclosed otherwise.
//!
//! A message's whole way is taken twice, at the same instant and with the same registry, up to the bytes of every copy and
//! of its envelope. What **widens** is told apart: something leaves that did not before. Where it can't be told whether
//! it does, it counts as widening. Because no message may meet a rule, the rules are compared too ([`rules`]).

mod fields;
mod pair;
mod rules;
mod side;
mod tally;
mod traffic;

use std::io;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::Serialize;

use crate::config::Config;
use crate::pipeline::IntakeError;
use crate::registry::{Registry, View};
use side::{Both, Message};
use tally::Tally;

pub use fields::{How, Values};
pub use rules::{Rule, rules};
pub use tally::{Cell, Class, Counts, Example};
pub use traffic::{Missing, Traffic, Why};

/// What can be different, in the order of a message's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Category {
    /// Whether it is picked up.
    PickedUp,
    /// Whether it makes sense, and what is odd about it.
    Parsed,
    /// What it says.
    Mapped,
    /// Who gets it, by which route and on which topic.
    Routed,
    /// What of it leaves.
    Disclosed,
    /// On what ground.
    Basis,
}

/// One thing that is different.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(tag = "item", rename_all = "kebab-case")]
pub enum Item {
    /// The subscriber gets a copy that it did not get, or no longer does.
    Recipient {
        /// Added or removed.
        how: How,
        /// The route by which it gets it, or got it.
        route: String,
    },
    /// A field.
    Field {
        /// Its path, through lists.
        path: String,
        /// What became of it.
        how: How,
        /// Whether something leaves that did not before.
        widens: bool,
    },
    /// A word of the routes.
    Word {
        /// What it is: `topic`, `route`, `basis`, `disclosure`, `withheld` …
        name: &'static str,
        /// By the old configuration.
        old: Option<String>,
        /// By the new one.
        new: Option<String>,
        /// Whether something leaves that did not before.
        widens: bool,
    },
}

impl Item {
    fn word(name: &'static str, old: Option<&str>, new: Option<&str>, widens: bool) -> Self {
        Self::Word { name, old: old.map(str::to_owned), new: new.map(str::to_owned), widens }
    }

    /// Whether something leaves that did not before.
    pub fn widens(&self) -> bool {
        match self {
            Self::Recipient { how, .. } => *how == How::Added,
            Self::Field { widens, .. } | Self::Word { widens, .. } => *widens,
        }
    }
}

/// How messages are compared.
pub struct Options<'o> {
    /// Messages that are drawn from the traffic, and the seed of the draw; all of them where nothing is said.
    pub sample: Option<(usize, u64)>,
    /// Examples of each class.
    pub examples: usize,
    /// Whether examples show what leaves.
    pub values: bool,
    /// When messages are decided that were not decided before.
    pub now: Timestamp,
    /// Asked after every message; once it says so, what was found so far is told.
    pub stop: &'o dyn Fn() -> bool,
    /// Told how many messages were compared.
    pub progress: &'o dyn Fn(u64),
}

/// Why configurations can't be compared.
#[derive(Debug, thiserror::Error)]
pub enum DiffError {
    /// A file or folder of messages, or the history.
    #[error("{} can't be read", path.display())]
    Unreadable {
        /// File or folder.
        path: PathBuf,
        /// Cause.
        #[source]
        source: io::Error,
    },
    /// No such feed in either configuration.
    #[error("no feed is called {feed}: `musubi status` lists them")]
    NoFeed {
        /// As it was named.
        feed: String,
    },
    /// The feeds could not be read.
    #[error("the feed {feed} could not be read")]
    Intake {
        /// Feed.
        feed: String,
        /// Cause.
        #[source]
        source: IntakeError,
    },
}

/// What came of a comparison.
#[derive(Debug, Serialize)]
pub struct Comparison {
    /// Messages that were compared.
    pub messages: u64,
    /// Those that differ.
    pub differing: Counts,
    /// By what differs.
    pub categories: Vec<(Category, Counts)>,
    /// By feed, kind, subscriber and what differs.
    pub cells: Vec<Cell>,
    /// Differences that are alike, with examples.
    pub classes: Vec<Class>,
    /// Differences that are in no class, because there were too many.
    pub unclassed: u64,
    /// What the rules themselves say otherwise.
    pub rules: Vec<Rule>,
    /// Messages of the traffic that were not compared, and why.
    pub missing: Vec<Missing>,
    /// Whether it was stopped before its end.
    pub stopped: bool,
}

/// Something that leaves and did not before, or may.
#[derive(Debug, Serialize)]
pub struct Widening<'c> {
    /// To whom.
    pub subscribers: Vec<&'c str>,
    /// What.
    #[serde(flatten)]
    pub what: Widened<'c>,
}

/// How it is known that something leaves that did not before.
#[derive(Debug, Serialize)]
#[serde(tag = "known", rename_all = "kebab-case")]
pub enum Widened<'c> {
    /// By messages.
    Seen {
        /// Differences.
        class: &'c Class,
    },
    /// By the rules only.
    Possible {
        /// The rule.
        rule: &'c Rule,
    },
}

impl Comparison {
    /// Whether anything is different.
    pub fn differs(&self) -> bool {
        self.differing.messages > 0 || !self.rules.is_empty()
    }

    /// All that widens: what messages showed, and what the rules say beyond it.
    pub fn widenings(&self) -> Vec<Widening<'_>> {
        let classes = self.classes.iter().filter(|class| class.widening).map(|class| Widening {
            subscribers: class.subscribers.iter().map(String::as_str).collect(),
            what: Widened::Seen { class },
        });
        let rules = self.rules.iter().filter(|rule| rule.widens && !rule.seen).map(|rule| Widening {
            subscribers: rule.subscribers.iter().map(String::as_str).collect(),
            what: Widened::Possible { rule },
        });
        classes.chain(rules).collect()
    }
}

/// Takes the traffic through both configurations.
///
/// # Errors
/// The traffic can't be read.
pub fn compare(
    old: &Config,
    new: &Config,
    registry: Registry,
    traffic: &Traffic,
    options: &Options<'_>,
) -> Result<Comparison, DiffError> {
    let both = Both::new(old, new, View::of(registry));
    let (mut tally, mut messages, mut stopped) = (Tally::default(), 0, false);
    let missing = traffic::each(traffic, old, new, options, &mut |message: Message| {
        if (options.stop)() {
            stopped = true;
            return false;
        }
        both.compare(&message, options, &mut tally);
        messages += 1;
        (options.progress)(messages);
        true
    })?;
    let (differing, unclassed) = (tally.differing, tally.unclassed);
    let (categories, cells, classes) = (tally.categories(), tally.cells(), tally.into_classes());
    let mut rules = rules(old, new);
    rules.iter_mut().for_each(|rule| rule.seen = rule.is_seen_in(&classes));
    Ok(Comparison { messages, differing, categories, cells, classes, unclassed, rules, missing, stopped })
}
