//! A subscriber's folder, followed: the CloudEvents that delivery kind `folder` writes, one line each, one file a day.
//!
//! Files are read in the order of their days, and only as far as their last line end: a torn last line is waited
//! for. Repeats (by lane, sequence and id; of a replay by id) are passed over. A line that can't be read is handed on as
//! [`Line::Unreadable`] with its file and number, and the next line is read.
//!
//! Nothing is kept on disk. A reader that starts again reads the folder from its beginning.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::envelope::{Change, Identifying, Lane};

/// What stands before a facility's code in the source of an event.
const FACILITY: &str = "urn:musubi:facility:";

/// The folder could not be read.
#[derive(Debug, thiserror::Error)]
#[error("could not read {}", path.display())]
pub struct InboxError {
    /// File or folder.
    path: PathBuf,
    /// Cause.
    #[source]
    source: io::Error,
}

/// A CloudEvent as it stands in the folder.
#[derive(Deserialize)]
pub struct Event {
    /// The same for the same input.
    pub id: String,
    /// `urn:musubi:facility:` and the 10-digit code.
    pub source: String,
    /// `<kind>.<change>.v1`.
    #[serde(rename = "type")]
    pub event_type: String,
    /// The patient's id at the facility, or a stand-in where the disclosure keeps it back.
    pub subject: Identifying,
    /// When the hub accepted the message, RFC 3339.
    pub time: String,
    /// Topic of the route.
    pub topic: String,
    /// Consent basis of this copy.
    pub basis: String,
    /// Lane.
    pub lane: Lane,
    /// Place in the lane.
    pub sequence: u64,
    /// SS-MIX2 data type, of a record of a storage.
    pub datatype: Option<String>,
    /// The source's key of the record, or a stand-in: the same for all its versions. Messages of one file of a drop folder
    /// share it.
    pub recordkey: Identifying,
    /// The source's version of the record.
    pub recordversion: String,
    /// What happened to the record.
    pub change: Change,
    /// BLAKE3 of the original bytes.
    pub originhash: String,
    /// BLAKE3 of the bytes of `data`, where they lie among the claims.
    pub claimhash: Option<String>,
    /// The replay that made this copy again.
    pub replay: Option<String>,
    /// The canonical event.
    pub data: Option<Box<RawValue>>,
    /// The original bytes, base64, where the route sends those.
    pub data_base64: Option<String>,
}

impl Event {
    /// 10-digit code of the facility that the event comes from.
    pub fn facility(&self) -> &str {
        self.source.strip_prefix(FACILITY).unwrap_or(&self.source)
    }

    /// The kind of the event: the first word of its type.
    pub fn kind(&self) -> &str {
        self.event_type.split('.').next().unwrap_or_default()
    }

    /// What `data` holds, read as a `T`. The error does not quote it.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Unreadable> {
        let data = self.data.as_ref().ok_or(Unreadable::NoData)?;
        serde_json::from_str(data.get()).map_err(|error| Unreadable::of(&error))
    }

    /// Stands for its place and its id.
    fn mark(&self) -> u128 {
        mark(&[&self.lane.0.to_le_bytes(), &self.sequence.to_le_bytes(), self.id.as_bytes()])
    }

    /// Stands for its id, wherever it is.
    fn id_mark(&self) -> u128 {
        mark(&[self.id.as_bytes()])
    }
}

fn mark(parts: &[&[u8]]) -> u128 {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(part);
    }
    let mut first = [0; 16];
    hasher.finalize_xof().fill(&mut first);
    u128::from_le_bytes(first)
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, event_type, lane, sequence, .. } = self;
        write!(f, "Event {{ id: {id}, type: {event_type}, lane: {}, sequence: {sequence} }}", lane.0)
    }
}

/// Why a line, or the data of an event, can't be read. It never quotes what stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// The line is no JSON.
    #[error("no JSON, from column {0}")]
    Syntax(usize),
    /// A field is missing or of another type.
    #[error("not the fields that are expected, at column {0}")]
    Fields(usize),
    /// The event came without data.
    #[error("the event has no data of its own")]
    NoData,
}

impl Unreadable {
    fn of(error: &serde_json::Error) -> Self {
        if error.is_data() { Self::Fields(error.column()) } else { Self::Syntax(error.column()) }
    }
}

/// A complete line of the folder.
#[derive(Debug)]
pub enum Line {
    /// An event that was not there before.
    Event(Box<Event>),
    /// It can't be read.
    Unreadable(Unreadable),
}

/// Where a line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// The day on which it was delivered (`2026-11-23`): the file's name without its end.
    pub day: &'a str,
    /// Number of the line, from 1.
    pub line: u64,
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.ndjson:{}", self.day, self.line)
    }
}

/// How far a file was read.
#[derive(Debug, Clone, Copy, Default)]
struct Read {
    bytes: u64,
    lines: u64,
}

/// A folder that is followed.
#[derive(Debug)]
pub struct Inbox {
    folder: PathBuf,
    files: BTreeMap<String, Read>,
    seen: HashSet<u128>,
    is_out_of_order: bool,
}

impl Inbox {
    /// Follows a folder from its beginning. It may not be there yet.
    pub fn new(folder: &Path) -> Self {
        let (files, seen) = (BTreeMap::new(), HashSet::new());
        Self { folder: folder.to_owned(), files, seen, is_out_of_order: false }
    }

    /// Hands on every complete line that came since the last call, in the order of days and lines, and tells how many
    /// they were. Repeats are not handed on.
    pub fn read(&mut self, mut take: impl FnMut(Place<'_>, Line)) -> Result<u64, InboxError> {
        let newest = self.files.iter().rev().find(|(_, read)| read.lines > 0).map(|(day, _)| day.clone());
        self.is_out_of_order = false;
        let mut lines = 0;
        for day in self.days()? {
            let path = self.folder.join(format!("{day}.ndjson"));
            let before = self.files.get(&day).copied().unwrap_or_default();
            let after = self
                .read_file(&path, before, |line, content| take(Place { day: &day, line }, content))
                .map_err(|source| InboxError { path, source })?;
            let new = after.lines.saturating_sub(before.lines);
            self.is_out_of_order |= new > 0 && newest.as_ref().is_some_and(|newest| day < *newest);
            lines += new;
            self.files.insert(day, after);
        }
        Ok(lines)
    }

    /// Whether the last call of [`Self::read`] found lines of a day after it had read some of a later one: a reader whose
    /// result depends on the order of days must begin anew.
    pub const fn is_out_of_order(&self) -> bool {
        self.is_out_of_order
    }

    /// Whether it is no repeat. A copy of a replay has a place of its own, and the id that it had at first.
    fn is_new(&mut self, event: &Event) -> bool {
        let has_place = self.seen.insert(event.mark());
        let has_id = self.seen.insert(event.id_mark());
        has_place && (has_id || event.replay.is_none())
    }

    /// The days that have a file.
    fn days(&self) -> Result<Vec<String>, InboxError> {
        let fail = |source| InboxError { path: self.folder.clone(), source };
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(fail)?,
        };
        let mut days = Vec::new();
        for entry in entries {
            let name = entry.map_err(fail)?.file_name();
            days.extend(name.to_str().and_then(|name| name.strip_suffix(".ndjson")).map(str::to_owned));
        }
        days.sort_unstable();
        Ok(days)
    }

    fn read_file(&mut self, path: &Path, from: Read, mut take: impl FnMut(u64, Line)) -> io::Result<Read> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        // A file that is shorter than what was read of it is another one.
        let mut read = if length < from.bytes { Read::default() } else { from };
        if length == read.bytes {
            return Ok(read);
        }
        file.seek(SeekFrom::Start(read.bytes))?;
        let (mut file, mut bytes) = (BufReader::with_capacity(1 << 18, file), Vec::new());
        loop {
            bytes.clear();
            let count = file.read_until(b'\n', &mut bytes)?;
            let Some(line) = bytes.strip_suffix(b"\n") else { return Ok(read) };
            read.bytes += u64::try_from(count).map_err(io::Error::other)?;
            read.lines += 1;
            match serde_json::from_slice::<Box<Event>>(line) {
                Ok(event) if self.is_new(&event) => take(read.lines, Line::Event(event)),
                Ok(_) => {}
                Err(error) => take(read.lines, Line::Unreadable(Unreadable::of(&error))),
            }
        }
    }
}

#[cfg(test)]
mod tests;
