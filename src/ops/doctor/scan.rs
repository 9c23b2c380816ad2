//! How fast a folder is walked, and how long a whole pass would take: one look at every folder and file.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

use crate::ops::survey::budget::Budget;
use crate::ops::survey::listing::shuffled;

/// A file so much ahead of this machine's clock comes from the future.
const AHEAD_NANOSECONDS: i128 = 2_000_000_000;

/// What a walk of limited length saw.
#[derive(Debug, Default)]
pub(super) struct Scan {
    pub(super) folders: u64,
    pub(super) files: u64,
    /// Files with a modification time in the future.
    pub(super) ahead: u64,
    /// By how many seconds the furthest of them.
    pub(super) ahead_seconds: u64,
    /// Folders and files that can't be read.
    pub(super) unreadable: u64,
    pub(super) took: Duration,
    /// The part of the folder that was walked, from 0 to 1; nothing where that can't be told.
    pub(super) share: Option<f64>,
}

impl Scan {
    /// Names a second.
    pub(super) fn rate(&self) -> f64 {
        (self.folders + self.files) as f64 / self.took.as_secs_f64().max(0.001)
    }

    /// How long a pass over all of it takes.
    pub(super) fn pass(&self) -> Option<Duration> {
        let share = self.share.filter(|share| *share > 0.0)?;
        Duration::try_from_secs_f64(self.took.as_secs_f64() / share).ok()
    }
}

/// Walks as far as the budget goes: the folders of the second level in an order of their own, so that the part that was
/// walked says something of the rest.
pub(super) fn scan(root: &Path, budget: &mut Budget<'_>) -> Scan {
    let begun = budget.now();
    let mut scan = Scan::default();
    let mut pieces = Vec::new();
    for first in scan.list(root, budget, begun) {
        pieces.extend(scan.list(&first, budget, begun));
    }
    let all = pieces.len();
    let mut done = 0;
    for piece in pieces {
        scan.below(piece, budget, begun);
        if budget.is_spent() {
            break;
        }
        done += 1;
    }
    scan.took = Duration::try_from(budget.now().duration_since(begun)).unwrap_or_default();
    scan.share = match (budget.is_whole(), all) {
        (true, _) => Some(1.0),
        (false, 0) => None,
        (false, all) => Some(done as f64 / all as f64),
    };
    scan
}

impl Scan {
    fn below(&mut self, folder: PathBuf, budget: &mut Budget<'_>, now: Timestamp) {
        let mut waiting = vec![folder];
        while let Some(folder) = waiting.pop() {
            waiting.extend(self.list(&folder, budget, now));
            if budget.is_spent() {
                return;
            }
        }
    }

    /// Counts what lies in a folder; the folders of it.
    fn list(&mut self, folder: &Path, budget: &mut Budget<'_>, now: Timestamp) -> Vec<PathBuf> {
        let Ok(entries) = shuffled(folder, budget) else {
            self.unreadable += 1;
            return Vec::new();
        };
        let mut folders = Vec::new();
        for entry in entries {
            let path = folder.join(&entry.name);
            match fs::symlink_metadata(&path) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(_) => self.unreadable += 1,
                Ok(_) if entry.is_folder => {
                    self.folders += 1;
                    folders.push(path);
                }
                Ok(metadata) => {
                    self.files += 1;
                    let ahead = metadata.modified().map_or(0, nanoseconds) - now.as_nanosecond();
                    if ahead > AHEAD_NANOSECONDS {
                        self.ahead += 1;
                        let seconds = u64::try_from(ahead / 1_000_000_000).unwrap_or(u64::MAX);
                        self.ahead_seconds = self.ahead_seconds.max(seconds);
                    }
                }
            }
        }
        folders
    }
}

fn nanoseconds(time: SystemTime) -> i128 {
    let since = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    i128::try_from(since).unwrap_or(i128::MAX)
}
