//! A folder with one file of lines a day, which grow at their end only.
//!
//! What was appended is with the operating system: it outlives the process, but the last lines may be lost with the
//! power. A process that was killed may have left a torn line behind; the next one begins a new line after it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use tokio::sync::broadcast;

/// Appends that who follows may be behind. Who is further behind misses the oldest; nobody waits for him.
const BEHIND: usize = 256;

/// The lines could not be written.
#[derive(Debug, thiserror::Error)]
#[error("{} can't be written", path.display())]
pub struct DayLogError {
    /// File.
    path: PathBuf,
    /// Cause.
    #[source]
    source: io::Error,
}

/// A folder of day files, written by this process.
#[derive(Debug)]
pub struct DayLog {
    dir: PathBuf,
    /// Tells the files of processes that share the folder from each other.
    process: Option<String>,
    zone: TimeZone,
    open: Mutex<Open>,
    followers: broadcast::Sender<Appended>,
}

#[derive(Debug, Default)]
struct Open {
    file: Option<(PathBuf, File)>,
    /// Lines appended so far.
    lines: u64,
}

/// What is appended from a moment on.
#[derive(Debug)]
pub struct Following {
    /// Lines that were appended before.
    pub before: u64,
    /// What comes.
    pub appended: broadcast::Receiver<Appended>,
}

/// Lines as they were appended.
#[derive(Debug, Clone)]
pub struct Appended {
    /// Lines that were appended before these. Who follows sees by it how many he missed.
    pub before: u64,
    /// Whole lines.
    pub lines: Bytes,
}

impl DayLog {
    /// The files `<day>.ndjson`, or `<day>.<process>.ndjson`, of a folder, which is made with the first line. A day begins
    /// in that zone.
    pub fn new(dir: PathBuf, process: Option<String>, zone: TimeZone) -> Self {
        let followers = broadcast::Sender::new(BEHIND);
        Self { dir, process, zone, open: Mutex::default(), followers }
    }

    /// What is appended from now on. Nothing is held back for who follows slowly.
    pub fn follow(&self) -> Following {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        Following { before: open.lines, appended: self.followers.subscribe() }
    }

    /// Appends a line of JSON for each record to the file of the day: all of them or none.
    ///
    /// # Errors
    /// If they can't be written.
    pub fn append<T: Serialize>(&self, at: Timestamp, records: &[T]) -> Result<(), DayLogError> {
        if records.is_empty() {
            return Ok(());
        }
        let day = at.to_zoned(self.zone.clone()).date();
        let process = self.process.as_deref().map(|process| format!(".{process}")).unwrap_or_default();
        let path = self.dir.join(format!("{day}{process}.ndjson"));
        let count = u64::try_from(records.len()).unwrap_or(u64::MAX);
        let written = lines(records).and_then(|lines| self.write(&path, lines, count));
        written.map_err(|source| DayLogError { path, source })
    }

    fn write(&self, path: &Path, lines: Vec<u8>, count: u64) -> io::Result<()> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let file = match &mut open.file {
            Some((known, file)) if known == path => file,
            open => &mut open.insert((path.to_owned(), begin(path)?)).1,
        };
        let before = file.metadata()?.len();
        let written = file.write_all(&lines);
        if written.is_err() {
            file.set_len(before)?;
            return written;
        }
        let before = open.lines;
        open.lines += count;
        if self.followers.receiver_count() > 0 {
            // Nobody follows any more: nobody misses it.
            drop(self.followers.send(Appended { before, lines: lines.into() }));
        }
        Ok(())
    }
}

fn lines<T: Serialize>(records: &[T]) -> io::Result<Vec<u8>> {
    let mut lines = Vec::new();
    for record in records {
        serde_json::to_writer(&mut lines, record)?;
        lines.push(b'\n');
    }
    Ok(lines)
}

/// Opens a day's file, for the hub's user only.
fn begin(path: &Path) -> io::Result<File> {
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir)?;
    }
    let mut file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)?;
    if file.seek(SeekFrom::End(0))? > 0 {
        let mut last = [0];
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
        if last != *b"\n" {
            file.write_all(b"\n")?;
        }
    }
    Ok(file)
}

/// The files of a folder of day files, the oldest day first; none where there is no such folder.
///
/// # Errors
/// If the folder can't be read.
pub fn day_files(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "ndjson") {
            files.push(path);
        }
    }
    files.sort_unstable();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn lines_stand_in_the_file_of_their_day_and_a_torn_one_is_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("history");
        assert!(day_files(&dir).unwrap().is_empty());
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let zone = TimeZone::get("Asia/Tokyo").unwrap();
        let log = DayLog::new(dir.clone(), None, zone.clone());
        log.append(at("2026-11-22T14:59:59Z"), &[1, 2]).unwrap();
        log.append(at("2026-11-22T15:00:00Z"), &[3]).unwrap();
        let first = dir.join("2026-11-22.ndjson");
        assert_eq!(fs::read_to_string(&first).unwrap(), "1\n2\n");
        assert_eq!(fs::metadata(&first).unwrap().permissions().mode() & 0o777, 0o600);
        let second = dir.join("2026-11-23.ndjson");
        fs::write(&second, "3\n{\"tor").unwrap();
        let log = DayLog::new(dir.clone(), None, zone.clone());
        log.append(at("2026-11-22T15:00:01Z"), &[4]).unwrap();
        assert_eq!(fs::read_to_string(&second).unwrap(), "3\n{\"tor\n4\n");
        let other = DayLog::new(dir.clone(), Some("router-7".into()), zone);
        other.append(at("2026-11-22T15:00:01Z"), &[5]).unwrap();
        let names: Vec<_> = day_files(&dir).unwrap();
        assert_eq!(names, [first, second, dir.join("2026-11-23.router-7.ndjson")]);
    }
}
