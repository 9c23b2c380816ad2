//! Reads a file when it stands still and is complete.

use std::collections::HashMap;
use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use rustix::fs::OFlags;

use super::content::{Content, Hash, half};
use super::context::Context;
use super::hl7;
use crate::envelope::{Fault, Format};

const SKEWED_MAX: usize = 10_000;

/// What tells that a file has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stat {
    pub(super) size: u64,
    /// Nanoseconds since 1970.
    pub(super) mtime: i64,
}

impl Stat {
    /// Of a file that is there, but whose looks the system would not tell: young for ever.
    pub(super) const UNKNOWN: Self = Self { size: u64::MAX, mtime: i64::MAX };

    pub(super) fn of(metadata: &Metadata) -> Self {
        Self { size: metadata.len(), mtime: mtime(metadata) }
    }
}

/// Modification time in nanoseconds since 1970.
pub(super) fn mtime(metadata: &Metadata) -> i64 {
    use std::os::unix::fs::MetadataExt;
    metadata.mtime().saturating_mul(1_000_000_000).saturating_add(metadata.mtime_nsec())
}

/// Answer of [`Reader::read`].
pub(super) enum Reading {
    /// It is to be accepted, whole or with a fault.
    Ready(Content),
    /// It is still being written, or may be: look again.
    Pending,
    /// It was renamed or removed since it was listed.
    Gone,
}

/// Reads the files of one source.
pub(super) struct Reader {
    context: Arc<Context>,
    source: String,
    format: Format,
    settle: i64,
    limit: i64,
    /// Files whose time lies in the future: how they looked, and since when.
    skewed: Mutex<HashMap<Hash, (Stat, i64)>>,
}

impl Reader {
    pub(super) fn new(
        context: Arc<Context>,
        source: String,
        format: Format,
        settle: Duration,
        limit: Duration,
    ) -> Self {
        let nanoseconds = |time: Duration| i64::try_from(time.as_nanos()).unwrap_or(i64::MAX);
        let (settle, limit) = (nanoseconds(settle), nanoseconds(limit));
        Self { context, source, format, settle, limit: limit.max(settle), skewed: Mutex::default() }
    }

    /// Reads the file that looked so when it was listed. `name` is its path within the source, as text.
    pub(super) fn read(&self, full: &Path, name: &str, data_type: &str, stat: Stat) -> Reading {
        let quiet = self.quiet(name, stat);
        if quiet < self.settle {
            return Reading::Pending;
        }
        if stat == Stat::UNKNOWN {
            return self.unreadable(quiet, "its size and time can't be told");
        }
        if stat.size > self.context.bytes_max {
            let reason = format!("the file is larger than {} bytes", self.context.bytes_max);
            return Reading::Ready(Content::missing(fault("too-large", &reason, stat.size), false));
        }
        let bytes = match read_if_unchanged(full, stat) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Reading::Pending,
            Err(error) if error.kind() == ErrorKind::NotFound => return Reading::Gone,
            Err(error) => {
                self.context.trouble(&self.source, name, data_type, &error.kind().to_string());
                return self.unreadable(quiet, &error.kind().to_string());
            }
        };
        match incomplete(self.format, &bytes) {
            Some(_) if quiet < self.limit => Reading::Pending,
            fault => {
                self.context.read_after(quiet);
                Reading::Ready(Content::of(self.format, bytes, fault))
            }
        }
    }

    /// A file that can't be read is waited for, then reported without its content.
    pub(super) fn unreadable(&self, quiet: i64, what: &str) -> Reading {
        if quiet < self.limit {
            return Reading::Pending;
        }
        let reason = format!("the file can't be read: {what}");
        Reading::Ready(Content::missing(fault("unreadable", &reason, 0), true))
    }

    /// Whether what has been quiet for so long may be read.
    pub(super) fn may_read(&self, quiet: i64) -> bool {
        quiet >= self.settle
    }

    /// Whether what has been quiet for so long is no longer waited for.
    pub(super) fn waits_no_more(&self, quiet: i64) -> bool {
        quiet >= self.limit
    }

    /// Whether something that changed at `mtime` has stood still since.
    pub(super) fn is_settled(&self, mtime: i64) -> bool {
        self.context.now().saturating_sub(mtime) >= self.settle
    }

    /// Whether something that changed at `mtime` has been waited for long enough.
    pub(super) fn is_given_up(&self, mtime: i64) -> bool {
        self.context.now().saturating_sub(mtime) >= self.limit
    }

    /// How long a file has stood still: by its own time, or by ours where its time lies in the future.
    pub(super) fn quiet(&self, name: &str, stat: Stat) -> i64 {
        let now = self.context.now();
        if stat.mtime <= now {
            return now.saturating_sub(stat.mtime);
        }
        let mut skewed = self.skewed.lock().unwrap_or_else(PoisonError::into_inner);
        if skewed.len() >= SKEWED_MAX {
            skewed.clear();
        }
        let seen = skewed.entry(half(blake3::hash(name.as_bytes()))).or_insert((stat, now));
        if seen.0 != stat {
            *seen = (stat, now);
        }
        now.saturating_sub(seen.1)
    }
}

/// What is missing, if a file looks half-written.
pub(super) fn incomplete(format: Format, bytes: &[u8]) -> Option<Fault> {
    match format {
        Format::Hl7v2 | Format::Document => hl7::incomplete(bytes),
        Format::Checkup => {
            let checkup::Fault { code, reason, place } = checkup::completeness(bytes).err()?;
            Some(Fault { code: code.to_owned(), reason, place })
        }
    }
}

/// The bytes of a file, or None if it no longer looks as it did when it was listed.
fn read_if_unchanged(path: &Path, stat: Stat) -> io::Result<Option<Bytes>> {
    let mut bytes = Vec::with_capacity(usize::try_from(stat.size).unwrap_or_default());
    let mut file = open(path)?;
    Read::by_ref(&mut file).take(stat.size).read_to_end(&mut bytes)?;
    let same =
        Stat::of(&file.metadata()?) == stat && u64::try_from(bytes.len()).is_ok_and(|read| read == stat.size);
    Ok(same.then(|| bytes.into()))
}

/// Opens a file. One that has become a link or a pipe since it was listed is refused.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = File::options().read(true).custom_flags(flags.bits().cast_signed()).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(ErrorKind::InvalidInput.into()) }
}

/// How a file looks now; None if it is gone.
pub(super) fn stat(path: &Path) -> io::Result<Option<Stat>> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => Ok(Some(Stat::of(&metadata))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// A fault at a byte.
pub(super) fn fault(code: &str, reason: &str, byte: impl std::fmt::Display) -> Fault {
    Fault { code: code.into(), reason: reason.into(), place: format!("byte {byte}") }
}
