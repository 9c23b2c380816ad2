//! Reading the message store.

use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use jiff::civil::Date;

use super::record::{START, Start};
use super::{Kept, Message, MessagesError, at, day_file, files};

/// Bytes read at a time.
const CHUNK: usize = 128 << 10;

/// Reads a file of the store from its beginning, message by message.
///
/// It ends where no whole message follows: at the end of the file, at a torn record, or where the file is damaged.
#[derive(Debug)]
pub struct Reader {
    path: PathBuf,
    file: BufReader<File>,
    /// Bytes of the file when it was opened.
    length: u64,
    /// Where the next message begins.
    next: u64,
    /// Of the message that was given last.
    start: Option<Start>,
}

impl Reader {
    /// Opens a file.
    ///
    /// # Errors
    /// If it can't be read.
    pub fn open(path: &Path) -> Result<Self, MessagesError> {
        let file = File::open(path).map_err(at(path))?;
        let length = file.metadata().map_err(at(path))?.len();
        let file = BufReader::with_capacity(CHUNK, file);
        Ok(Self { path: path.to_owned(), file, length, next: 0, start: None })
    }

    /// The next message without its body, and where it begins in the file. The body of the one before is passed over,
    /// unless it was read.
    ///
    /// # Errors
    /// If the file can't be read.
    #[expect(clippy::should_implement_trait, reason = "what it gives is completed by `body`")]
    pub fn next(&mut self) -> Result<Option<(u64, Message)>, MessagesError> {
        self.read_next().map_err(at(&self.path))
    }

    fn read_next(&mut self) -> io::Result<Option<(u64, Message)>> {
        if let Some(start) = self.start.take() {
            self.file.seek_relative(i64::from(start.body))?;
        }
        let offset = self.next;
        let mut bytes = [0; START];
        if self.length.saturating_sub(offset) < START as u64 || !filled(self.file.read_exact(&mut bytes))? {
            return Ok(None);
        }
        let Some(start) = Start::read(&bytes).filter(|start| start.length() <= self.length - offset) else {
            return Ok(None);
        };
        let mut header = vec![0; start.header as usize];
        if !filled(self.file.read_exact(&mut header))? {
            return Ok(None);
        }
        let Some(message) = start.message(&header) else { return Ok(None) };
        self.next = offset + start.length();
        self.start = Some(start);
        Ok(Some((offset, message)))
    }

    /// The body of the message that was given last; nothing where it is not what was written, or was asked for before.
    ///
    /// # Errors
    /// If the file can't be read.
    pub fn body(&mut self) -> Result<Option<Vec<u8>>, MessagesError> {
        let Some(start) = self.start.take() else { return Ok(None) };
        let mut body = vec![0; start.body as usize];
        let whole = filled(self.file.read_exact(&mut body)).map_err(at(&self.path))?;
        Ok(Some(body).filter(|body| whole && start.is_body(body)))
    }

    /// Bytes at the end of the file that no message could be read from, once there is none left.
    pub const fn left_behind(&self) -> u64 {
        self.length - self.next
    }

    /// The whole message that begins there.
    fn read_at(&mut self, offset: u64) -> Result<Option<Message>, MessagesError> {
        // It may have grown.
        self.length = self.file.get_ref().metadata().map_err(at(&self.path))?.len();
        if offset >= self.length {
            return Ok(None);
        }
        (self.next, self.start) = (offset, None);
        self.file.seek(SeekFrom::Start(offset)).map_err(at(&self.path))?;
        let Some((_, message)) = self.next()? else { return Ok(None) };
        Ok(self.body()?.map(|body| Message { body: body.into(), ..message }))
    }
}

/// Whether there was enough to be read.
fn filled(read: io::Result<()>) -> io::Result<bool> {
    match read {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        read => read.map(|()| true),
    }
}

/// Reads messages by their places; the file of the last one stays open.
#[derive(Debug)]
pub struct Places {
    folder: PathBuf,
    open: Option<(PathBuf, Reader)>,
}

impl Places {
    /// The places of the store in a folder.
    pub const fn new(folder: PathBuf) -> Self {
        Self { folder, open: None }
    }

    /// The message that is kept there; nothing where it is gone or damaged.
    ///
    /// # Errors
    /// If the store can't be read.
    pub fn read(&mut self, kept: &Kept) -> Result<Option<Message>, MessagesError> {
        // A place may come from elsewhere: nothing but the name of a file of this folder becomes a path.
        let file = day_file(self.folder.join(&kept.file)).map(|file| file.path);
        let Some(path) = file.filter(|path| path.parent() == Some(&self.folder)) else { return Ok(None) };
        let mut reader = match self.open.take().filter(|(open, _)| *open == path) {
            Some((_, reader)) => reader,
            None if !path.try_exists().map_err(at(&path))? => return Ok(None),
            None => Reader::open(&path)?,
        };
        let message = reader.read_at(kept.offset)?;
        self.open = Some((path, reader));
        Ok(message)
    }
}

/// The message of that id that was kept last on one of these days; nothing where there is none.
///
/// # Errors
/// If the store can't be read.
pub fn find(folder: &Path, id: &str, days: RangeInclusive<Date>) -> Result<Option<Message>, MessagesError> {
    for file in files(folder)?.into_iter().rev().filter(|file| days.contains(&file.day)) {
        let mut reader = Reader::open(&file.path)?;
        let mut found = None;
        while let Some((_, message)) = reader.next()? {
            if message.envelope.id == id
                && let Some(body) = reader.body()?
            {
                found = Some(Message { body: body.into(), ..message });
            }
        }
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}
