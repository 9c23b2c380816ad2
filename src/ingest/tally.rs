//! Counts the files of a source, each once, however many passes it takes until one is done with.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::content::{Hash, half};
use super::context::FeedCounts;

/// What of a source has been counted. The first pass counts every file that it is done with; a later one those
/// that are new to the ledger or were still awaited.
pub(super) struct Tally {
    counts: Arc<FeedCounts>,
    first: bool,
    /// The counts as the pass found them: files, and those without news.
    before: (u64, u64),
    files: Mutex<Files>,
}

/// Files that must be looked at again, and whether something of them was taken.
#[derive(Default)]
struct Files {
    /// Of the passes before.
    awaited: HashMap<Hash, bool>,
    /// Of this pass.
    waiting: HashMap<Hash, bool>,
}

/// What a look at a file gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// Something that had not been accepted before.
    News,
    /// Nothing.
    Same,
}

impl Tally {
    pub(super) fn new(counts: Arc<FeedCounts>) -> Self {
        Self { counts, first: true, before: (0, 0), files: Mutex::default() }
    }

    /// A pass begins.
    pub(super) fn begin(&mut self) {
        self.before = (self.counts.files(), self.counts.unchanged());
    }

    /// The pass came to its end, or broke off.
    pub(super) fn end(&mut self, is_whole: bool) {
        let files = self.files.get_mut().unwrap_or_else(PoisonError::into_inner);
        let waiting = std::mem::take(&mut files.waiting);
        if is_whole {
            files.awaited = waiting;
            self.first = false;
        } else {
            files.awaited.extend(waiting);
            if self.first {
                self.counts.take_back(self.before);
            }
        }
    }

    /// A file was looked at to its end. `is_new`: the ledger did not know it before.
    pub(super) fn done(&self, path: &str, is_new: bool, seen: Seen) {
        let mut files = self.files();
        let awaited = if files.awaited.is_empty() { None } else { files.awaited.remove(&key(path)) };
        if !self.first && !is_new && awaited.is_none() {
            return;
        }
        self.counts.add_files(1);
        if seen == Seen::Same && awaited != Some(true) {
            self.counts.add_unchanged(1);
        }
    }

    /// So many files are as the ledger knows them.
    pub(super) fn as_known(&self, files: usize) {
        if self.first {
            self.counts.add_files(files);
            self.counts.add_unchanged(files);
        }
    }

    /// A file, or its rest, must be looked at again in the next pass.
    pub(super) fn wait(&self, path: &str, is_new: bool, seen: Seen) {
        let key = key(path);
        let mut files = self.files();
        let awaited = files.awaited.get(&key).copied();
        if self.first || is_new || awaited.is_some() {
            files.waiting.insert(key, seen == Seen::News || awaited == Some(true));
        }
    }

    fn files(&self) -> MutexGuard<'_, Files> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(path: &str) -> Hash {
    half(blake3::hash(path.as_bytes()))
}
