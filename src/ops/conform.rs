//! A storage against SS-MIX2: every file is read and checked, and what was found is added up by data type, rule and
//! place, so that the memory in use does not grow with the storage.
//!
//! A [`Report`] holds no patient's data: places instead of values, counts, and of an example what a vendor needs to
//! find the file without naming the patient. Only [`Example::path`] does, which is never serialised.

mod report;
mod tally;
mod walk;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use jiff::Timestamp;

pub use report::{DataTypeReport, Example, Report, Row};

use tally::Tally;
pub(super) use tally::looks_like_a_code;
use walk::Walk;

/// Why a storage can't be checked.
#[derive(Debug, thiserror::Error)]
pub enum ConformError {
    /// The root folder can't be listed.
    #[error("{path} can't be read")]
    Root {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// Nothing below the root is a file of a storage.
    #[error(
        "{path} holds no file of a standardised storage (patient 0-3 / 3-6 / patient / date / data type / file)"
    )]
    NoFile {
        /// The folder.
        path: PathBuf,
    },
    /// A worker ended early.
    #[error("the check broke off")]
    BrokenOff,
}

/// How far a check is, in folders of the second level.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// Folders that are done.
    pub done: usize,
    /// Folders that there are.
    pub total: usize,
}

/// Checks all files below `root`, on all cores. `progress` is called after each folder of the second level.
pub fn conform(
    root: &Path,
    facility: Option<&str>,
    made_at: Timestamp,
    progress: impl Fn(Progress) + Sync,
) -> Result<Report, ConformError> {
    let walk = Walk::new(root).map_err(|source| ConformError::Root { path: root.to_owned(), source })?;
    let (next, done, total) = (AtomicUsize::new(0), AtomicUsize::new(0), walk.folders());
    let work = || {
        let mut tally = Tally::default();
        while walk.folder(next.fetch_add(1, Ordering::Relaxed), &mut tally) {
            progress(Progress { done: done.fetch_add(1, Ordering::Relaxed) + 1, total });
        }
        tally
    };
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let tallies: Result<Vec<_>, _> = thread::scope(|scope| {
        let running: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        running.into_iter().map(thread::ScopedJoinHandle::join).collect()
    });
    let mut whole = Tally::default();
    for tally in tallies.map_err(|_| ConformError::BrokenOff)? {
        whole.add(tally);
    }
    if !whole.holds_a_file() {
        return Err(ConformError::NoFile { path: root.to_owned() });
    }
    Ok(whole.report(facility, made_at))
}
