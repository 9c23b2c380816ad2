//! The daily sheet (日次照合): per facility what lies in its storages, what the ledger knows of it, what was accepted and
//! what became of it. Where these differ the difference is named, with examples and what to do.
//!
//! A day is a day of the hub's zone. A file belongs to the day on which it was written, a message with all its copies to
//! the day on which it was accepted, whenever they were delivered.
//!
//! The order of looking makes a running hub no difference: first the storages with the ledger, then the queues, last the
//! history. What was in the ledger waits in the queue or stands in the history; what stands in neither was lost.

mod compose;
mod csv;
mod flow;
mod kept;
mod note;
mod past;
mod waiting;

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::path::PathBuf;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::broker::BrokerError;
use crate::config::Config;
pub use crate::ingest::{Lying, Missed};
use crate::ingest::{Span, Stock, StockError, stock};
use crate::pipeline::ControlBus;
use crate::store::Ledger;
use compose::Seen;
use flow::Flow;
use past::Past;
use waiting::Waiting;

pub(crate) use csv::csv;
pub(crate) use kept::keep_daily;
pub use kept::{Kept, KeptError, days, read};
pub(crate) use note::{advice, name};

/// Most days of one question.
pub const DAYS_MAX: i32 = 92;

/// Which sheets are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// First day.
    pub from: Date,
    /// Last day.
    pub until: Date,
    /// 10-digit code of the only facility; all where none is named.
    pub facility: Option<String>,
}

/// One day of the network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sheet {
    /// The day.
    pub day: Date,
    /// When it was looked.
    pub made_at: Timestamp,
    /// Facilities, by code.
    pub facilities: Vec<FacilitySheet>,
    /// What belongs to no facility that is known.
    pub differences: Vec<Difference>,
}

/// One day of one facility.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FacilitySheet {
    /// 10-digit code.
    pub facility: String,
    /// Name, where the registry knows it.
    pub name: String,
    /// Its feeds.
    pub feeds: Vec<String>,
    /// Files written on the day, by data type.
    pub storage: BTreeMap<String, Lying>,
    /// Files of all days.
    pub all_files: Lying,
    /// Messages accepted on the day.
    pub messages: Messages,
    /// Copies of these messages, by subscriber.
    pub subscribers: BTreeMap<String, Copies>,
    /// What differs.
    pub differences: Vec<Difference>,
}

/// Messages: `accepted = waiting + filtered + invalid + routed`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Messages {
    /// Accepted from the facility.
    pub accepted: u64,
    /// They wait for a router.
    pub waiting: u64,
    /// Nobody gets them.
    pub filtered: u64,
    /// They make no sense.
    pub invalid: u64,
    /// Somebody gets a copy.
    pub routed: u64,
}

/// Copies: `routed = delivered + parked + dead + withdrawn + discarded + waiting + lost`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copies {
    /// Made for the subscriber.
    pub routed: u64,
    /// The subscriber has them.
    pub delivered: u64,
    /// Parked.
    pub parked: u64,
    /// Given up.
    pub dead: u64,
    /// Given up, because their permission had ended.
    pub withdrawn: u64,
    /// Taken out by an operator.
    pub discarded: u64,
    /// In the subscriber's queue, or, where it reads its queue itself, taken from there.
    pub waiting: u64,
    /// Nobody knows.
    pub lost: u64,
}

/// How something differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Differs {
    /// A file that changed a moment ago: no difference yet.
    NotSettled,
    /// A file that looks half-written: no difference yet.
    Growing,
    /// A file that can't be opened.
    Unreadable,
    /// A file whose name or place no feed takes.
    RefusedName,
    /// A file that no pass has met.
    NotTaken,
    /// A file that was written anew since it was taken.
    Changed,
    /// A file that the ledger does not know, though the history knows its content: the ledger was lost.
    Forgotten,
    /// The ledger knows a file that is gone.
    FileGone,
    /// A transaction storage told of a file that never came.
    NeverCame,
    /// A source that can't be read now.
    SourceAway,
    /// The ledger is kept by another process.
    LedgerAway,
    /// A file that was accepted, and of which the history tells no decision.
    Undecided,
    /// A copy was decided, and is neither in a queue nor does the history tell its end.
    NoFate,
    /// The history tells what became of a copy, and not that it was decided.
    NoDecision,
    /// Lines of the history that can't be read.
    Torn,
}

impl From<Missed> for Differs {
    fn from(missed: Missed) -> Self {
        match missed {
            Missed::NotSettled => Self::NotSettled,
            Missed::Growing => Self::Growing,
            Missed::Unreadable => Self::Unreadable,
            Missed::RefusedName => Self::RefusedName,
            Missed::NotTaken => Self::NotTaken,
            Missed::Changed => Self::Changed,
            Missed::FileGone => Self::FileGone,
            Missed::NeverCame => Self::NeverCame,
        }
    }
}

impl Differs {
    /// Whether somebody has to look: not at what only takes its time.
    pub const fn is_difference(self) -> bool {
        !matches!(self, Self::NotSettled | Self::Growing | Self::LedgerAway)
    }
}

/// Something that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// How.
    pub what: Differs,
    /// Data type, subscriber, source or feed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub subject: String,
    /// How often.
    pub count: u64,
    /// A few of them: ids of messages, or stand-ins of paths as in the log.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<String>,
}

impl Sheet {
    /// Whether nothing differs.
    pub fn is_even(&self) -> bool {
        self.facilities.iter().all(FacilitySheet::is_even) && !any(&self.differences)
    }
}

impl FacilitySheet {
    /// Whether nothing differs.
    pub fn is_even(&self) -> bool {
        !any(&self.differences)
    }

    /// Files of the day, whatever their type.
    pub fn files(&self) -> Lying {
        self.storage.values().fold(Lying::default(), |sum, lying| sum.and(*lying))
    }
}

fn any(differences: &[Difference]) -> bool {
    differences.iter().any(|difference| difference.what.is_difference())
}

/// Why there is no sheet.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    /// Days.
    #[error("a sheet is of 1 to {DAYS_MAX} days, the first before the last")]
    Days,
    /// Facility.
    #[error("no feed is of facility {0}")]
    Facility(String),
    /// The ledger.
    #[error(transparent)]
    Stock(#[from] StockError),
    /// The queues.
    #[error("the queues can't be read")]
    Broker(#[from] BrokerError),
    /// The history.
    #[error("{} can't be read", path.display())]
    History {
        /// File or folder.
        path: PathBuf,
        /// Cause.
        #[source]
        source: io::Error,
    },
    /// The work was broken off.
    #[error("the hub is ending")]
    Ended,
}

/// Makes the sheets of some days, the first day first. Storages are walked, and files of these days are read.
///
/// # Errors
/// If ledger, queues or history can't be read. A storage that can't be read is told in the sheet.
pub async fn make(control: &ControlBus, wanted: &Wanted) -> Result<Vec<Sheet>, SheetError> {
    let days = wanted.from.until(wanted.until).map_err(|_| SheetError::Days)?.get_days();
    if !(0..DAYS_MAX).contains(&days) {
        return Err(SheetError::Days);
    }
    let config = control.config();
    let is_wanted = |code: &str| wanted.facility.as_deref().is_none_or(|facility| facility == code);
    let feeds = config.feeds.iter().map(|feed| &feed.settings).filter(|feed| is_wanted(&feed.facility));
    let feeds: Vec<_> = feeds.map(|feed| (feed.clone(), control.ledger(&feed.name).cloned())).collect();
    if let (Some(facility), true) = (&wanted.facility, feeds.is_empty()) {
        return Err(SheetError::Facility(facility.clone()));
    }
    let zone = config.hub.timezone.clone();
    let span = Span { from: wanted.from, until: wanted.until, zone, now: control.clock().now() };
    let walked = blocking(move || stocks(feeds, &span).map(|stocks| (stocks, span))).await?;
    let (stocks, span) = walked?;
    let waiting = Waiting::look(control, &config).await?;
    let looked = (config.clone(), wanted.clone());
    let read = blocking(move || history(&looked.0, &looked.1, stocks, waiting, span)).await?;
    let seen = read?;
    let names = names(control);
    Ok(compose::sheets(&config, wanted, &seen, &names))
}

/// What every facility is called.
fn names(control: &ControlBus) -> BTreeMap<String, String> {
    let registry = control.register().view().read();
    let facilities = super::registry::records::facilities(&registry, control.clock().now());
    let name = |record: &super::registry::records::Record| match &record.versions.last()?.fact {
        crate::registry::Fact::Facility(facility) => Some((facility.code.clone(), facility.name.clone())),
        _ => None,
    };
    facilities.iter().filter_map(name).collect()
}

type Feeds = Vec<(crate::ingest::FeedSettings, Option<Ledger>)>;

/// Stock of each feed whose ledger is here.
fn stocks(feeds: Feeds, span: &Span) -> Result<BTreeMap<String, Stock>, StockError> {
    let here = feeds.into_iter().filter_map(|(feed, ledger)| Some((feed, ledger?)));
    here.map(|(feed, ledger)| Ok((feed.name.clone(), stock(&feed, &ledger, span)?))).collect()
}

fn history(
    config: &Config,
    wanted: &Wanted,
    stocks: BTreeMap<String, Stock>,
    waiting: Waiting,
    span: Span,
) -> Result<Seen, SheetError> {
    let flow = Flow::read(config, wanted)?;
    let contents = stocks.values().flat_map(|stock| {
        let odd = stock.odd.iter().filter(|odd| odd.day.is_some()).flat_map(|odd| &odd.hashes);
        stock.contents.iter().flat_map(|content| &content.hashes).chain(odd)
    });
    let unknown: HashSet<String> = contents.filter(|hash| !flow.hashes.contains(*hash)).cloned().collect();
    let past = Past::read(config, wanted.from, unknown, &flow)?;
    Ok(Seen { stocks, waiting, flow, past, span })
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, SheetError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| SheetError::Ended)
}
