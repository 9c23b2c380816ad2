//! What lies in a feed's sources now, against what its ledger knows of it. Nothing is taken in, and nothing is written.
//!
//! A file belongs to the day on which it was written (its modification time). What is counted of one day can so be held
//! against what was accepted on that day.

mod drop_folder;
mod look;
mod tree;

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::settings::{FeedSettings, Source, labels};
use crate::envelope::Identifying;
use crate::store::{Ledger, Place, StoreError};
use drop_folder::DropFolder;
use look::Look;
use tree::StorageTree;

/// Differences of a sort that are told one by one; the others are counted.
const ODD_MAX: usize = 1_000;

/// The days that are asked for, in that zone, and the moment at which it is looked.
#[derive(Debug, Clone)]
pub struct Span {
    /// First day.
    pub from: Date,
    /// Last day.
    pub until: Date,
    /// Zone in which days begin.
    pub zone: TimeZone,
    /// Now.
    pub now: Timestamp,
}

impl Span {
    /// The day of a moment in nanoseconds since 1970; none where it is not told, or not asked for.
    pub(super) fn day(&self, mtime: i64) -> Option<Date> {
        let at = Timestamp::from_nanosecond(i128::from(mtime)).ok().filter(|_| mtime > 0)?;
        let day = at.to_zoned(self.zone.clone()).date();
        (self.from..=self.until).contains(&day).then_some(day)
    }
}

/// Files of one data type.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lying {
    /// In the storage, whatever their condition flag is.
    pub files: u64,
    /// Those with condition flag 2: replaced by a newer one.
    pub superseded: u64,
    /// Those with condition flag 0: deleted.
    pub deleted: u64,
    /// Those that the ledger knows.
    pub in_ledger: u64,
}

impl Lying {
    /// The sum of both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            files: self.files + other.files,
            superseded: self.superseded + other.superseded,
            deleted: self.deleted + other.deleted,
            in_ledger: self.in_ledger + other.in_ledger,
        }
    }
}

/// Why storage and ledger differ about a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Missed {
    /// It changed less than the source's `settle` ago.
    NotSettled,
    /// It looks half-written, and is waited for.
    Growing,
    /// It can't be opened.
    Unreadable,
    /// Its name begins with a dot, it is a link, or it lies where none belongs.
    RefusedName,
    /// Nothing is the matter with it: no pass of the feed has met it.
    NotTaken,
    /// It looks otherwise than when it was taken.
    Changed,
    /// The ledger knows it, and there is no such file any more.
    FileGone,
    /// A transaction storage told of it, and its file never came.
    NeverCame,
}

/// A file about which storage and ledger differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Odd {
    /// Why.
    pub why: Missed,
    /// Day on which it was written; none where that is not known, or on none that was asked for.
    pub day: Option<Date>,
    /// Data type, or the source's label where there are none.
    pub data_type: String,
    /// Path below the source's root: of a storage it holds the patient's id.
    pub path: Identifying,
    /// What tells it from others without saying which: 16 hexadecimal digits, as in the log.
    pub digest: String,
    /// BLAKE3 of each message in it, hexadecimal; empty where it was not read.
    pub hashes: Vec<String>,
}

/// The content of a file that the ledger knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// Day on which it was written.
    pub day: Date,
    /// Data type, or the source's label.
    pub data_type: String,
    /// Path below the source's root.
    pub path: Identifying,
    /// What stands for the path.
    pub digest: String,
    /// BLAKE3 of each message in it, hexadecimal.
    pub hashes: Vec<String>,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stock {
    /// All files, by data type.
    pub all: BTreeMap<String, Lying>,
    /// Those of the days that were asked for.
    pub days: BTreeMap<Date, BTreeMap<String, Lying>>,
    /// Files that ledger and storage differ about, at most 1,000 of each sort.
    pub odd: Vec<Odd>,
    /// How many there are, by sort.
    pub odd_counts: BTreeMap<Missed, u64>,
    /// Contents of those days, which the history should know. Not of what came by a transaction storage first, nor of
    /// extension storages: their messages are other bytes than a file's.
    pub contents: Vec<Content>,
    /// Labels of sources that can't be read.
    pub away: Vec<String>,
}

impl Stock {
    fn count(&mut self, data_type: &str, day: Option<Date>, lying: Lying) {
        let add = |types: &mut BTreeMap<String, Lying>| {
            let sum = types.entry(data_type.to_owned()).or_default();
            *sum = sum.and(lying);
        };
        add(&mut self.all);
        if let Some(day) = day {
            add(self.days.entry(day).or_default());
        }
    }

    fn tell(&mut self, odd: Odd) {
        let count = self.odd_counts.entry(odd.why).or_default();
        *count += 1;
        // Those of the days that are asked for come before all others.
        if odd.day.is_some() || usize::try_from(*count).is_ok_and(|count| count <= ODD_MAX) {
            self.odd.push(odd);
        }
    }
}

/// The ledger can't be read.
#[derive(Debug, thiserror::Error)]
#[error("the ledger of feed {feed} can't be read")]
pub struct StockError {
    /// Feed.
    feed: String,
    /// Cause.
    #[source]
    source: StoreError,
}

/// Walks the sources of a feed and compares them with its ledger.
///
/// # Errors
/// The ledger can't be read. A source that can't is told in [`Stock::away`].
pub fn stock(settings: &FeedSettings, ledger: &Ledger, span: &Span) -> Result<Stock, StockError> {
    let mut stock = Stock::default();
    let failed = |source| StockError { feed: settings.name.clone(), source };
    for (label, source) in labels(&settings.sources).into_iter().zip(&settings.sources) {
        let look = Look::new(source, settings.bytes_max, span);
        let place = |label: String| Place { feed: settings.name.clone(), source: label };
        match source {
            Source::Ssmix2 { standard, extension, .. } => {
                let mut tree = StorageTree::new(&look, ledger, place(label.clone()), standard, false);
                tree.take_stock(&mut stock).map_err(failed)?;
                if let Some(extension) = extension {
                    let label = format!("{label}.extension");
                    let mut tree = StorageTree::new(&look, ledger, place(label), &extension.root, true);
                    tree.take_stock(&mut stock).map_err(failed)?;
                }
            }
            Source::Hl7Files { path, after, .. } | Source::Checkup { path, after, .. } => {
                let mut folder = DropFolder::new(&look, ledger, place(label.clone()), path, *after);
                folder.take_stock(&mut stock).map_err(failed)?;
            }
        }
    }
    Ok(stock)
}
