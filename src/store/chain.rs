//! A folder with one file of lines a day, in which every line tells the hash of the one before: nothing in it can be
//! changed, removed or put elsewhere without a trace.
//!
//! A line is an object of JSON that begins with `"before"`: the BLAKE3 of the line before it, without its line end, in
//! the same file or in that of an earlier day; 64 zeros before the first. The file `head` holds where the chain ends, so
//! that its last lines can't be cut off. All processes of a data folder write into the one chain, one after the other.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::day_log::day_files;

/// File that tells where the chain ends.
const HEAD: &str = "head";
/// What the first line tells of the one before it.
const NOTHING: &str = "0000000000000000000000000000000000000000000000000000000000000000";
/// Bytes of the head: a day, a length and a hash, filled up with spaces.
const HEAD_BYTES: usize = 128;

/// A chain could not be written or read.
#[derive(Debug, thiserror::Error)]
#[error("{} can't be written or read", path.display())]
pub struct ChainError {
    /// File or folder.
    path: PathBuf,
    /// Cause.
    #[source]
    source: io::Error,
}

/// A chain in a folder.
#[derive(Debug, Clone)]
pub struct Chain {
    dir: PathBuf,
    zone: TimeZone,
}

/// Where a chain ends.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Head {
    /// The day whose file has the last line: `2026-11-22`.
    day: String,
    /// Length of that file.
    length: u64,
    /// Hash of the last line.
    hash: String,
}

/// A line as it is written.
#[derive(Serialize)]
struct Line<'r, T> {
    before: &'r str,
    #[serde(flatten)]
    record: &'r T,
}

/// What every line tells.
#[derive(Deserialize)]
struct Linked {
    before: String,
}

/// A chain that is whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Whole {
    /// Lines.
    pub lines: u64,
    /// Hash of the last line. Whoever keeps it elsewhere can tell later whether this was changed since.
    pub head: String,
}

/// The first place at which a chain is broken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Broken {
    /// File.
    pub file: PathBuf,
    /// Line from 1.
    pub line: u64,
    /// What is wrong there.
    pub why: &'static str,
}

impl Chain {
    /// The chain of a folder, which is made with the first line. A day begins in that zone.
    pub fn new(dir: PathBuf, zone: TimeZone) -> Self {
        Self { dir, zone }
    }

    /// Appends a record, an object of JSON. It is on the disk when this returns.
    ///
    /// # Errors
    ///
    /// If it can't be written.
    pub fn append<T: Serialize>(&self, at: Timestamp, record: &T) -> Result<(), ChainError> {
        let day = at.to_zoned(self.zone.clone()).date().to_string();
        self.write(&day, record).map_err(|source| self.error(source))
    }

    fn write<T: Serialize>(&self, day: &str, record: &T) -> io::Result<()> {
        fs::create_dir_all(&self.dir)?;
        let head_file = owned().read(true).write(true).create(true).open(self.dir.join(HEAD))?;
        // Let go of when the file is closed.
        head_file.lock()?;
        let head = self.recover(Head::read(&head_file)?)?;
        // The days of a chain never go back, though the clock may.
        let day = head.as_ref().map_or(day, |head| head.day.as_str().max(day));
        let before = head.as_ref().map_or(NOTHING, |head| &head.hash);
        let mut line = serde_json::to_vec(&Line { before, record })?;
        let hash = blake3::hash(&line).to_hex().to_string();
        line.push(b'\n');
        let path = self.file(day);
        let is_new = !path.exists();
        let mut file = owned().append(true).create(true).open(&path)?;
        let length = file.metadata()?.len();
        let written = file.write_all(&line).and_then(|()| file.sync_data());
        if written.is_err() {
            file.set_len(length)?;
        }
        written?;
        if is_new {
            File::open(&self.dir)?.sync_all()?;
        }
        Head { day: day.to_owned(), length: length + line.len() as u64, hash }.write(&head_file)
    }

    /// Where the chain ends: what was written after the head, before a process was killed, counts too. A torn line goes:
    /// nobody was answered.
    fn recover(&self, head: Option<Head>) -> io::Result<Option<Head>> {
        let mut end = head;
        for path in day_files(&self.dir)? {
            let day = day_of(&path);
            if end.as_ref().is_some_and(|end| day < end.day) {
                continue;
            }
            let from = end.as_ref().filter(|end| end.day == day).map_or(0, |end| end.length);
            let mut file = owned().read(true).write(true).open(&path)?;
            if file.metadata()?.len() <= from {
                continue;
            }
            file.seek(SeekFrom::Start(from))?;
            let mut rest = Vec::new();
            file.read_to_end(&mut rest)?;
            let whole = rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
            file.set_len(from + whole as u64)?;
            let lines = rest.get(..whole.saturating_sub(1)).unwrap_or_default();
            if let Some(last) = lines.rsplit(|byte| *byte == b'\n').next().filter(|last| !last.is_empty()) {
                let hash = blake3::hash(last).to_hex().to_string();
                end = Some(Head { day, length: from + whole as u64, hash });
            }
        }
        Ok(end)
    }

    /// Looks at every line. While others write, too: it looks up to the end that it found at first, or further.
    ///
    /// # Errors
    ///
    /// If the folder can't be read.
    pub fn verify(&self) -> Result<Result<Whole, Broken>, ChainError> {
        self.look().map_err(|source| self.error(source))
    }

    fn look(&self) -> io::Result<Result<Whole, Broken>> {
        let head_path = self.dir.join(HEAD);
        let head = match File::open(&head_path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            file => {
                let file = file?;
                file.lock_shared()?;
                Head::read(&file)?
            }
        };
        let (mut before, mut lines, mut is_ended) = (NOTHING.to_owned(), 0, head.is_none());
        for path in day_files(&self.dir)? {
            let mut file = BufReader::new(File::open(&path)?);
            for number in 1.. {
                let broken = |why| Ok(Err(Broken { file: path.clone(), line: number, why }));
                let mut line = Vec::new();
                if file.read_until(b'\n', &mut line)? == 0 {
                    break;
                }
                if line.pop() != Some(b'\n') {
                    // Being written, or cut off; in the second case the end that the head tells is not met.
                    break;
                }
                let Ok(linked) = serde_json::from_slice::<Linked>(&line) else {
                    return broken("it is not as it was written");
                };
                if linked.before != before {
                    return broken("the line before it was changed or removed, or this one stood elsewhere");
                }
                before = blake3::hash(&line).to_hex().to_string();
                lines += 1;
                is_ended |= head.as_ref().is_some_and(|head| head.hash == before);
            }
        }
        if (head.is_none() && lines > 0) || !is_ended {
            let why = "the end of the chain is not the one that was written: its last line was changed, or lines after it \
                       were removed";
            let (file, line) = self.last(head_path)?;
            return Ok(Err(Broken { file, line, why }));
        }
        Ok(Ok(Whole { lines, head: before }))
    }

    /// The last line that there is.
    fn last(&self, otherwise: PathBuf) -> io::Result<(PathBuf, u64)> {
        let Some(path) = day_files(&self.dir)?.pop() else { return Ok((otherwise, 1)) };
        let lines = BufReader::new(File::open(&path)?).split(b'\n').count();
        Ok((path, lines as u64))
    }

    /// Hands every line to `show`, the oldest first, without its line end; until it returns false.
    ///
    /// # Errors
    ///
    /// If the folder can't be read.
    pub fn read(&self, mut show: impl FnMut(&[u8]) -> bool) -> Result<(), ChainError> {
        let mut read = || {
            for path in day_files(&self.dir)? {
                for line in BufReader::new(File::open(&path)?).split(b'\n') {
                    if !show(&line?) {
                        return Ok(());
                    }
                }
            }
            Ok(())
        };
        read().map_err(|source| self.error(source))
    }

    fn file(&self, day: &str) -> PathBuf {
        self.dir.join(format!("{day}.ndjson"))
    }

    fn error(&self, source: io::Error) -> ChainError {
        ChainError { path: self.dir.clone(), source }
    }
}

impl Head {
    /// Nothing where the file is new.
    fn read(file: &File) -> io::Result<Option<Self>> {
        let mut bytes = [0; HEAD_BYTES];
        let length = file.read_at(&mut bytes, 0)?;
        let text = bytes.get(..length).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default();
        let mut words = text.split_whitespace();
        let (Some(day), Some(length), Some(hash)) = (words.next(), words.next(), words.next()) else {
            return Ok(None);
        };
        let length = length.parse().map_err(io::Error::other)?;
        Ok(Some(Self { day: day.to_owned(), length, hash: hash.to_owned() }))
    }

    fn write(&self, file: &File) -> io::Result<()> {
        let Self { day, length, hash } = self;
        // Of one length, in one piece: there is no moment at which it is half the old and half the new one.
        let text = format!("{:width$}\n", format!("{day} {length} {hash}"), width = HEAD_BYTES - 1);
        file.write_all_at(text.as_bytes(), 0)
    }
}

/// For the hub's user only.
fn owned() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}

fn day_of(path: &Path) -> String {
    path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}

#[cfg(test)]
#[path = "chain/tests.rs"]
mod tests;
