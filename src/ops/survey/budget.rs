//! How much of a facility's output is looked at: a storage may hold millions of files on a slow share.

use std::time::Duration;

use jiff::Timestamp;

use crate::clock::Clock;

/// Bounds of one look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Names of files and folders that are listed.
    pub entries: u64,
    /// Files of one data type that are read.
    pub files_of_data_type: u64,
    /// Time for each part: a storage, a folder.
    pub time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { entries: 100_000, files_of_data_type: 100, time: Duration::from_secs(20) }
    }
}

/// What is left of the bounds.
pub(crate) struct Budget<'a> {
    clock: &'a dyn Clock,
    until: Timestamp,
    entries: u64,
    spent: bool,
    left_out: bool,
    progress: &'a dyn Fn(u64),
    seen: u64,
}

impl<'a> Budget<'a> {
    /// The whole of it, from now on. `progress` is told how many names were seen.
    pub(crate) fn new(limits: Limits, clock: &'a dyn Clock, progress: &'a dyn Fn(u64)) -> Self {
        let until = clock.now().saturating_add(limits.time).unwrap_or(Timestamp::MAX);
        Self { clock, until, entries: limits.entries, spent: false, left_out: false, progress, seen: 0 }
    }

    /// Counts a name; whether it may still be looked at.
    pub(crate) fn take(&mut self) -> bool {
        self.seen += 1;
        (self.progress)(self.seen);
        self.entries = self.entries.saturating_sub(1);
        if self.entries == 0 || self.seen % 16 == 1 && self.clock.now() >= self.until {
            self.spent = true;
        }
        !self.spent
    }

    /// Whether something had to be left out.
    pub(crate) const fn is_spent(&self) -> bool {
        self.spent
    }

    /// Notes that a folder has more names than are looked at.
    pub(crate) const fn leave_out(&mut self) {
        self.left_out = true;
    }

    /// Whether all was seen.
    pub(crate) const fn is_whole(&self) -> bool {
        !self.spent && !self.left_out
    }

    /// The time.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
