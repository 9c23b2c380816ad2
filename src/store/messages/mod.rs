//! The message store: every accepted message as it was accepted, envelope and body, in files of a day.
//!
//! `<folder>/<day>.<number>.msgs`: the day on which the hub took the message from its lane, in the hub's zone, and a
//! number from 1. Nobody writes into a file that another process began, so that a record that was not written to its end
//! is the last of its file, and is left behind there; several processes may share the folder. Layout: [`record`].
//!
//! What was kept is with the operating system: it outlives the process, but the last records may be lost with the power.
//! No promise rests on it: what must not be lost lies in the broker. A batch that came again stands here twice; who reads
//! drops the repeat by its id.

mod reader;
mod record;

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

pub use reader::{Places, Reader, find};

use crate::envelope::{Envelope, Lane};

/// Folder of the message store in the data folder.
pub const MESSAGES: &str = "messages";
/// How the files' names end.
const EXTENSION: &str = "msgs";

/// A message as it was taken from its lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its lane of the ingest queue.
    pub lane: Lane,
    /// Its place in the lane, from 1; on RabbitMQ that of its outbox's series.
    pub sequence: u64,
    /// Header; nothing was decided yet.
    pub envelope: Envelope,
    /// Body; empty where the envelope claims it.
    pub body: Bytes,
}

/// Where a message is kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Kept {
    /// Name of the file.
    pub file: String,
    /// Where it begins in it, in bytes.
    pub offset: u64,
}

/// The message store could not be written or read.
#[derive(Debug, thiserror::Error)]
#[error("the message store failed at {}", path.display())]
pub struct MessagesError {
    /// File or folder.
    path: PathBuf,
    /// Cause.
    #[source]
    source: io::Error,
}

fn at(path: &Path) -> impl Fn(io::Error) -> MessagesError + '_ {
    |source| MessagesError { path: path.to_owned(), source }
}

/// The file that is being written.
#[derive(Debug)]
struct Open {
    day: Date,
    path: PathBuf,
    file: File,
    /// Bytes in it.
    length: u64,
}

/// The message store, written by this process.
#[derive(Debug)]
pub struct Messages {
    folder: PathBuf,
    zone: TimeZone,
    open: Mutex<Option<Open>>,
}

impl Messages {
    /// The store in a folder, which is made with the first message. A day begins in that zone.
    pub fn new(folder: PathBuf, zone: TimeZone) -> Self {
        Self { folder, zone, open: Mutex::new(None) }
    }

    /// Keeps messages, all of them or none, and says where each is.
    ///
    /// # Errors
    /// If they can't be written.
    pub fn keep<'m>(
        &self,
        now: Timestamp,
        messages: impl IntoIterator<Item = &'m Message>,
    ) -> Result<Vec<Kept>, MessagesError> {
        let mut bytes = Vec::new();
        let mut offsets = Vec::new();
        for message in messages {
            offsets.push(bytes.len() as u64);
            record::write(&mut bytes, message).map_err(at(&self.folder))?;
        }
        if offsets.is_empty() {
            return Ok(Vec::new());
        }
        let mut slot = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let day = now.to_zoned(self.zone.clone()).date();
        let mut open = match slot.take().filter(|open| open.day == day) {
            Some(open) => open,
            None => self.begin(day)?,
        };
        // Of a file that could not be written to its end nothing more is known: the next batch begins another.
        open.file.write_all(&bytes).map_err(|source| open.undo(source))?;
        let file = open.path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        let start = open.length;
        open.length += bytes.len() as u64;
        *slot = Some(open);
        Ok(offsets.into_iter().map(|offset| Kept { file: file.clone(), offset: start + offset }).collect())
    }

    /// A file of its own, for the hub's user only.
    fn begin(&self, day: Date) -> Result<Open, MessagesError> {
        fs::create_dir_all(&self.folder).map_err(at(&self.folder))?;
        let last =
            files(&self.folder)?.into_iter().filter(|file| file.day == day).map(|file| file.number).max();
        let mut number = last.unwrap_or(0) + 1;
        loop {
            let path = self.folder.join(format!("{day}.{number:04}.{EXTENSION}"));
            match OpenOptions::new().append(true).create_new(true).mode(0o600).open(&path) {
                Ok(file) => return Ok(Open { day, path, file, length: 0 }),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
                Err(error) => return Err(at(&path)(error)),
            }
        }
    }
}

impl Open {
    /// Takes back what was written of a batch, as far as the disk lets it.
    fn undo(&self, source: io::Error) -> MessagesError {
        // What stays is left behind by who reads it.
        let _left = self.file.set_len(self.length);
        at(&self.path)(source)
    }
}

/// A file of the store.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DayFile {
    /// Day on which its messages were taken.
    pub day: Date,
    /// Which of the day's, from 1.
    pub number: u32,
    /// Where it is.
    pub path: PathBuf,
}

/// The files of a store, the oldest first; none where there is no such folder.
///
/// # Errors
/// If the folder can't be read.
pub fn files(folder: &Path) -> Result<Vec<DayFile>, MessagesError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(at(folder))?,
    };
    let mut files = Vec::new();
    for entry in entries {
        files.extend(day_file(entry.map_err(at(folder))?.path()));
    }
    files.sort_unstable();
    Ok(files)
}

/// A file by its name; nothing where it is not one of the store's.
fn day_file(path: PathBuf) -> Option<DayFile> {
    let mut parts = path.file_name()?.to_str()?.split('.');
    let (day, number) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    (parts.next() == Some(EXTENSION) && parts.next().is_none()).then_some(DayFile { day, number, path })
}

#[cfg(test)]
mod tests;
