//! Delivery kind `folder`: CloudEvents as NDJSON, one file a day, for services without a broker client and for people
//! who want to look.
//!
//! A crash between writing and acknowledging makes the broker hand out a copy again; the folder recognises it by
//! lane and sequence among its last lines, so that every copy stands there once.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::CloudEvent;
use crate::broker::Delivery;
use crate::envelope::Lane;

/// The folder did not take the lines.
#[derive(Debug, thiserror::Error)]
#[error("could not write to {}", path.display())]
pub struct FolderError {
    /// File or folder.
    path: PathBuf,
    /// Cause.
    #[source]
    source: io::Error,
}

/// Lines looked back at for repeats: more than all lanes together can have unacknowledged.
const TAIL_LINES: usize = 16_384;
/// Bytes read at a time from the end.
const TAIL_STEP_BYTES: u64 = 1 << 20;

/// An open delivery folder.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    open: Option<(String, File)>,
    written: HashSet<(u16, u64)>,
}

#[derive(Deserialize)]
struct Mark {
    lane: u16,
    sequence: u64,
}

impl Folder {
    /// Opens the folder, cuts a torn last line and learns which copies its last lines are.
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        let fail = |source| FolderError { path: path.to_owned(), source };
        fs::create_dir_all(path).map_err(fail)?;
        let mut written = HashSet::new();
        for file in newest_files(path).map_err(fail)? {
            if written.len() >= TAIL_LINES {
                break;
            }
            for line in tail(&file).map_err(|source| FolderError { path: file.clone(), source })? {
                if let Ok(mark) = serde_json::from_str::<Mark>(&line) {
                    written.insert((mark.lane, mark.sequence));
                }
            }
        }
        Ok(Self { path: path.to_owned(), open: None, written })
    }

    /// Whether the copy was written before a crash kept it from being acknowledged.
    pub fn holds(&self, lane: Lane, delivery: &Delivery) -> bool {
        delivery.redelivered && self.written.contains(&(lane.0, delivery.sequence))
    }

    /// Appends the events to the file of `day` (`YYYY-MM-DD`) and makes them durable: all of them or none.
    pub fn append(&mut self, day: &str, events: &[CloudEvent<'_>]) -> Result<(), FolderError> {
        let path = self.path.join(format!("{day}.ndjson"));
        let fail = |source| FolderError { path: path.clone(), source };
        let mut lines = Vec::new();
        for event in events {
            serde_json::to_writer(&mut lines, event).map_err(|error| fail(error.into()))?;
            lines.push(b'\n');
        }
        let file = self.file(day, &path).map_err(fail)?;
        let before = file.seek(SeekFrom::End(0)).map_err(fail)?;
        if let Err(error) = file.write_all(&lines).and_then(|()| file.sync_data()) {
            // Whatever part of the lines got there must go, or the next attempt would follow a torn line.
            file.set_len(before).map_err(fail)?;
            return Err(fail(error));
        }
        Ok(())
    }

    fn file(&mut self, day: &str, path: &Path) -> io::Result<&mut File> {
        if self.open.as_ref().is_none_or(|(open, _)| open != day) {
            fs::create_dir_all(&self.path)?;
            let file = OpenOptions::new().create(true).append(true).open(path)?;
            File::open(&self.path)?.sync_all()?;
            self.open = Some((day.to_owned(), file));
        }
        self.open.as_mut().map(|(_, file)| file).ok_or_else(|| io::Error::other("no file is open"))
    }
}

fn newest_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "ndjson") {
            files.push(path);
        }
    }
    files.sort_unstable_by(|a, b| b.cmp(a));
    Ok(files)
}

/// The last lines of a file, after its torn last line (if it has one) is cut away.
fn tail(path: &Path) -> io::Result<Vec<String>> {
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    let mut start = file.metadata()?.len();
    let mut bytes: Vec<u8> = Vec::new();
    while start > 0 && bytes.iter().filter(|&&b| b == b'\n').count() <= TAIL_LINES {
        let step = TAIL_STEP_BYTES.min(start);
        start -= step;
        file.seek(SeekFrom::Start(start))?;
        let mut chunk = vec![0; usize::try_from(step).map_err(io::Error::other)?];
        file.read_exact(&mut chunk)?;
        chunk.append(&mut bytes);
        bytes = chunk;
    }
    let whole = bytes.iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
    if whole < bytes.len() {
        file.set_len(start + u64::try_from(whole).map_err(io::Error::other)?)?;
        file.sync_all()?;
    }
    bytes.truncate(whole);
    Ok(bytes.split(|&b| b == b'\n').map(|line| String::from_utf8_lossy(line).into_owned()).collect())
}
