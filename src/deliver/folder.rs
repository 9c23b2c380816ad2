//! Delivery kind `folder`: CloudEvents as NDJSON, one file a day, for services without a broker client and for people
//! who want to look.
//!
//! A crash between writing and acknowledging makes the broker hand out a copy again; the folder recognises it by
//! lane, sequence and id among its last lines, so that every copy stands there once. The id is compared because a
//! broker that lost its store counts from 1 again.
//!
//! Another process may have had the subscriber before, and while this one stood by. So nothing is read, and no torn
//! line cut, before the first copy is here to be written; and whenever the file is not as long as it was left, its last
//! lines are read again.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use serde::Deserialize;
use tokio::sync::oneshot;

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

impl FolderError {
    fn unwritable(error: serde_json::Error) -> Self {
        Self { path: PathBuf::new(), source: error.into() }
    }
}

/// Lines looked back at for repeats: more than all lanes together can have unacknowledged.
const TAIL_LINES: usize = 16_384;
/// Bytes read at a time from the end.
const TAIL_STEP_BYTES: u64 = 1 << 20;

/// An open delivery folder. One thread writes; what all lanes hand in while it waits for the disk is made durable
/// together.
#[derive(Debug)]
pub struct Folder {
    orders: Sender<Order>,
}

/// What tells a copy from every other.
#[derive(Debug, PartialEq, Eq, Hash, Deserialize)]
struct Mark {
    lane: Lane,
    sequence: u64,
    id: String,
}

/// An event as it stands in the file.
#[derive(Debug)]
struct Line {
    mark: Mark,
    bytes: Vec<u8>,
}

/// Lines for the file of a day.
#[derive(Debug)]
struct Order {
    day: String,
    lines: Vec<Line>,
    done: oneshot::Sender<Result<(), FolderError>>,
}

impl Folder {
    /// Makes the folder where it is missing.
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        let fail = |source| FolderError { path: path.to_owned(), source };
        fs::create_dir_all(path).map_err(fail)?;
        let (orders, received) = mpsc::channel();
        let writer = Writer { path: path.to_owned(), open: None, written: HashSet::new(), left_at: None };
        let thread = thread::Builder::new().name("delivery".to_owned());
        thread.spawn(move || writer.run(&received)).map_err(fail)?;
        Ok(Self { orders })
    }

    /// Appends the events to the file of `day` (`YYYY-MM-DD`), but for those that are there already.
    pub async fn take(&self, day: String, lane: Lane, copies: &[&Delivery]) -> Result<(), FolderError> {
        let mut lines = Vec::new();
        for event in copies.iter().filter_map(|copy| CloudEvent::of(copy, lane)) {
            let mark = Mark { lane: event.lane, sequence: event.sequence, id: event.id.to_owned() };
            let mut bytes = Vec::new();
            event.write_line(&mut bytes).map_err(FolderError::unwritable)?;
            lines.push(Line { mark, bytes });
        }
        self.append(day, lines).await
    }

    /// Appends lines to the file of `day` (`YYYY-MM-DD`) and makes them durable: all of them or none.
    async fn append(&self, day: String, lines: Vec<Line>) -> Result<(), FolderError> {
        let gone = || FolderError { path: PathBuf::new(), source: io::Error::other("the writer has ended") };
        let (done, answer) = oneshot::channel();
        self.orders.send(Order { day, lines, done }).map_err(|_| gone())?;
        answer.await.unwrap_or_else(|_| Err(gone()))
    }
}

/// The writing thread's own.
struct Writer {
    path: PathBuf,
    open: Option<(String, File)>,
    /// Copies that the last lines of the folder are, but for those of this writer.
    written: HashSet<Mark>,
    /// How long the open file was when it was last looked at; `None` before.
    left_at: Option<u64>,
}

impl Writer {
    /// Serves orders until the folder is dropped.
    fn run(mut self, orders: &Receiver<Order>) {
        while let Ok(first) = orders.recv() {
            let mut group = vec![first];
            group.extend(orders.try_iter());
            while !group.is_empty() {
                let day = group[0].day.clone();
                let (today, later) = group.into_iter().partition(|order| order.day == day);
                self.serve(&day, today);
                group = later;
            }
        }
    }

    fn serve(&mut self, day: &str, group: Vec<Order>) {
        let path = self.path.join(format!("{day}.ndjson"));
        let lines: Vec<_> = group.iter().flat_map(|order| &order.lines).collect();
        let written = self.write(day, &path, &lines);
        for order in group {
            let told = match &written {
                Ok(()) => Ok(()),
                Err(error) => {
                    let source = io::Error::new(error.kind(), error.to_string());
                    Err(FolderError { path: path.clone(), source })
                }
            };
            // A worker that has gone gets the copies again.
            drop(order.done.send(told));
        }
    }

    fn write(&mut self, day: &str, path: &Path, lines: &[&Line]) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        let length = self.file(day, path)?.metadata()?.len();
        if self.left_at != Some(length) {
            self.look_back()?;
        }
        let new = lines.iter().filter(|line| !self.written.contains(&line.mark));
        let bytes: Vec<u8> = new.flat_map(|line| &line.bytes).copied().collect();
        let file = self.file(day, path)?;
        let before = file.seek(SeekFrom::End(0))?;
        let written = file.write_all(&bytes).and_then(|()| file.sync_data());
        if written.is_err() {
            // Whatever part of the lines got there must go, or the next attempt would follow a torn line.
            file.set_len(before)?;
        }
        self.left_at = Some(file.metadata()?.len());
        written
    }

    /// Learns which copies the last lines are; cuts a torn one.
    fn look_back(&mut self) -> io::Result<()> {
        self.written.clear();
        for file in newest_files(&self.path)? {
            if self.written.len() >= TAIL_LINES {
                break;
            }
            let marks = tail(&file)?.into_iter().filter_map(|line| serde_json::from_str(&line).ok());
            self.written.extend(marks);
        }
        Ok(())
    }

    fn file(&mut self, day: &str, path: &Path) -> io::Result<&mut File> {
        // Somebody may have taken the file away since: what is written to it then would be nowhere.
        let stays = |file: &File| Ok::<_, io::Error>(same(&file.metadata()?, path));
        let current = match &self.open {
            Some((open, file)) => open == day && stays(file)?,
            None => false,
        };
        if !current {
            fs::create_dir_all(&self.path)?;
            let file = OpenOptions::new().create(true).append(true).open(path)?;
            File::open(&self.path)?.sync_all()?;
            self.open = Some((day.to_owned(), file));
            self.left_at = None;
        }
        self.open.as_mut().map(|(_, file)| file).ok_or_else(|| io::Error::other("no file is open"))
    }
}

/// Whether the path still leads to the file.
fn same(open: &fs::Metadata, path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|now| (now.dev(), now.ino()) == (open.dev(), open.ino()))
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
    let (mut chunks, mut lines) = (Vec::new(), 0);
    while start > 0 && lines <= TAIL_LINES {
        let step = TAIL_STEP_BYTES.min(start);
        start -= step;
        file.seek(SeekFrom::Start(start))?;
        let mut chunk = vec![0; usize::try_from(step).map_err(io::Error::other)?];
        file.read_exact(&mut chunk)?;
        lines += chunk.iter().filter(|&&b| b == b'\n').count();
        chunks.push(chunk);
    }
    chunks.reverse();
    let mut bytes = chunks.concat();
    let whole = bytes.iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
    if whole < bytes.len() {
        file.set_len(start + u64::try_from(whole).map_err(io::Error::other)?)?;
        file.sync_all()?;
    }
    bytes.truncate(whole);
    Ok(bytes.split(|&b| b == b'\n').map(|line| String::from_utf8_lossy(line).into_owned()).collect())
}
