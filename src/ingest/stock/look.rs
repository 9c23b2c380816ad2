//! Looks at one file: when it was written, whether it would be taken now, and what is in it.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use jiff::civil::Date;

use super::super::content::{Content, slice};
use super::super::read::{Stat, incomplete, open};
use super::super::settings::Source;
use super::{Missed, Odd, Span};
use crate::envelope::{Format, Identifying};

/// How the files of one source are looked at.
pub(super) struct Look<'a> {
    pub(super) span: &'a Span,
    format: Format,
    settle: i64,
    limit: i64,
    bytes_max: u64,
}

/// A file as it lies there.
pub(super) struct File<'f> {
    /// Label of its source in the ledger.
    pub(super) source: &'f str,
    pub(super) data_type: &'f str,
    /// Path below the source's root.
    pub(super) path: &'f str,
    pub(super) stat: Stat,
}

impl<'a> Look<'a> {
    pub(super) fn new(source: &Source, bytes_max: u64, span: &'a Span) -> Self {
        let nanoseconds = |time: Duration| i64::try_from(time.as_nanos()).unwrap_or(i64::MAX);
        let (settle, limit) = (nanoseconds(source.settle()), nanoseconds(source.incomplete_limit()));
        Self { span, format: source.format(), settle, limit: limit.max(settle), bytes_max }
    }

    pub(super) fn day(&self, stat: Stat) -> Option<Date> {
        self.span.day(stat.mtime)
    }

    /// Why the ledger does not know a file that looks so, as far as one can see.
    pub(super) fn why(&self, full: &Path, stat: Stat) -> Missed {
        let now = i64::try_from(self.span.now.as_nanosecond()).unwrap_or(i64::MAX);
        let quiet = now.saturating_sub(stat.mtime);
        if quiet < self.settle {
            return Missed::NotSettled;
        }
        match open(full).and_then(|_| fs::read(full)) {
            Ok(bytes) if quiet < self.limit && incomplete(self.format, &bytes).is_some() => Missed::Growing,
            Ok(_) => Missed::NotTaken,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Missed::NotSettled,
            Err(_) => Missed::Unreadable,
        }
    }

    /// BLAKE3 of each message in a file; nothing where it can't be read, or is too large to be taken.
    pub(super) fn hashes(&self, full: &Path, stat: Stat) -> Vec<String> {
        if stat.size > self.bytes_max {
            return Vec::new();
        }
        let Ok(bytes) = open(full).and_then(|_| fs::read(full)) else { return Vec::new() };
        let content = Content::of(self.format, bytes.into(), None);
        let hash = |range| blake3::hash(slice(&content.bytes, range)).to_hex().to_string();
        content.parts.iter().map(hash).collect()
    }

    /// A file about which storage and ledger differ.
    pub(super) fn odd(&self, file: &File<'_>, why: Missed, hashes: Vec<String>) -> Odd {
        Odd {
            why,
            day: self.day(file.stat),
            data_type: file.data_type.to_owned(),
            path: Identifying(file.path.to_owned()),
            digest: digest(file.source, file.path),
            hashes,
        }
    }
}

/// What stands for a path: the `path_hash` of the log.
pub(super) fn digest(source: &str, path: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(source.as_bytes()).update(&[0]).update(path.as_bytes());
    hasher.finalize().to_hex().chars().take(16).collect()
}
