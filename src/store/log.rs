//! An append-only file of records, one a line: `<CRC-32C of the record, 8 hexadecimal digits> <record>`.
//!
//! A record is there whole or not at all, and durable before [`Log::append`] returns; nothing that was appended is ever
//! changed. A crash can leave a torn last line: the next opening cuts it off and keeps the piece beside the file. Damage
//! before the last line stops the opening. One process at a time has the file.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use rustix::fs::FallocateFlags;
use tracing::warn;

/// Digits of the checksum and the space behind them.
const HEAD: usize = 9;
/// Set apart on the disk before a record is written, so that a full disk refuses it before a byte is there.
const ROOM: u64 = 1 << 16;

/// A log, open.
#[derive(Debug)]
pub struct Log {
    path: PathBuf,
    file: File,
    /// Bytes of whole, durable records.
    bytes: u64,
    /// An append failed in a way that leaves unknown what is on the disk.
    broken: bool,
}

/// Why a log can't be opened or appended to.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// Another process has it.
    #[error("{} is open in another process", path.display())]
    Taken {
        /// File.
        path: PathBuf,
    },
    /// A record is no longer what was written.
    #[error("{} is damaged at line {line}", path.display())]
    Damaged {
        /// File.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
    },
    /// An earlier append failed half-way: what is on the disk shows when the file is opened anew.
    #[error("{} failed before and must be opened anew", path.display())]
    Broken {
        /// File.
        path: PathBuf,
    },
    /// A record would not be one line.
    #[error("a record of a log is one line")]
    Line,
    /// Disk full, no permission, I/O error. Nothing of the record was taken.
    #[error("{} can't be used", path.display())]
    Io {
        /// File.
        path: PathBuf,
        /// Cause.
        #[source]
        source: io::Error,
    },
}

impl Log {
    /// Opens the file, or makes it, and gives the records that are in it, oldest first. They are durable.
    pub fn open(path: &Path) -> Result<(Self, Vec<String>), LogError> {
        let failed = |source| LogError::Io { path: path.to_owned(), source };
        let file = make(path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(LogError::Taken { path: path.to_owned() }),
            Err(fs::TryLockError::Error(source)) => return Err(failed(source)),
        }
        let content = fs::read(path).map_err(failed)?;
        let (records, bytes) =
            read(&content).map_err(|line| LogError::Damaged { path: path.to_owned(), line })?;
        let mut log = Self { path: path.to_owned(), file, bytes, broken: false };
        if let Some(torn) = content.get(at(bytes)..).filter(|torn| !torn.is_empty()) {
            log.cut(torn).map_err(failed)?;
        }
        // What another process wrote and did not live to synchronise.
        log.file.sync_all().map_err(failed)?;
        Ok((log, records))
    }

    /// The records, oldest first.
    pub fn records(&self) -> Result<Vec<String>, LogError> {
        Self::look(&self.path)
    }

    /// The records of a file that another process may have, oldest first; none where there is no file.
    pub fn look(path: &Path) -> Result<Vec<String>, LogError> {
        let content = match fs::read(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            content => content.map_err(|source| LogError::Io { path: path.to_owned(), source })?,
        };
        let damaged = |line| LogError::Damaged { path: path.to_owned(), line };
        read(&content).map(|(records, _)| records).map_err(damaged)
    }

    /// Appends a record; it is durable then. After an error it is not there.
    pub fn append(&mut self, record: &str) -> Result<(), LogError> {
        if self.broken {
            return Err(LogError::Broken { path: self.path.clone() });
        }
        if record.contains('\n') {
            return Err(LogError::Line);
        }
        let line = format!("{:08x} {record}\n", crc32c::crc32c(record.as_bytes()));
        match self.write(line.as_bytes()) {
            Ok(()) => {
                self.bytes += line.len() as u64;
                Ok(())
            }
            Err(source) => {
                // A synchronisation that failed tells nothing of what reached the disk, and does not tell it again.
                let undone = self.file.set_len(self.bytes).and_then(|()| self.file.sync_all());
                self.broken = undone.is_err();
                Err(LogError::Io { path: self.path.clone(), source })
            }
        }
    }

    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        let room = (line.len() as u64).max(ROOM);
        match rustix::fs::fallocate(&self.file, FallocateFlags::KEEP_SIZE, self.bytes, room) {
            Ok(()) | Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => {}
            Err(error) => return Err(error.into()),
        }
        self.file.write_all(line)?;
        self.file.sync_data()
    }

    /// Cuts off what a crash left, and keeps it beside the file for whoever wants to look.
    fn cut(&mut self, torn: &[u8]) -> io::Result<()> {
        let mut aside = self.path.clone().into_os_string();
        aside.push(format!(".torn-{}", self.bytes));
        fs::write(&aside, torn)?;
        self.file.set_len(self.bytes)?;
        let (path, bytes) = (self.path.display(), torn.len());
        warn!(%path, bytes, "the last record was not written to its end; it was cut off and set aside");
        Ok(())
    }
}

fn make(path: &Path) -> io::Result<File> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    match File::options().append(true).read(true).open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        opened => return opened,
    }
    let file = File::options().append(true).read(true).create(true).open(path)?;
    file.sync_all()?;
    File::open(folder)?.sync_all()?;
    Ok(file)
}

/// The whole records and the bytes that they take, or the line that is damaged.
fn read(content: &[u8]) -> Result<(Vec<String>, u64), usize> {
    let (mut records, mut bytes) = (Vec::new(), 0);
    let mut lines = content.split_inclusive(|byte| *byte == b'\n').enumerate().peekable();
    while let Some((index, line)) = lines.next() {
        match record(line) {
            Some(record) => records.push(record.to_owned()),
            // Only one append at a time: what was not written to its end is the last line.
            None if lines.peek().is_none() => break,
            None => return Err(index + 1),
        }
        bytes += line.len() as u64;
    }
    Ok((records, bytes))
}

fn record(line: &[u8]) -> Option<&str> {
    let line = line.strip_suffix(b"\n")?;
    let (sum, record) = line.split_at_checked(HEAD)?;
    let sum = u32::from_str_radix(str::from_utf8(sum).ok()?.strip_suffix(' ')?, 16).ok()?;
    if crc32c::crc32c(record) == sum { str::from_utf8(record).ok() } else { None }
}

fn at(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(records: &[&str]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("below/log");
        let (mut log, before) = Log::open(&path).unwrap();
        assert!(before.is_empty());
        records.iter().for_each(|record| log.append(record).unwrap());
        (folder, path)
    }

    #[test]
    fn what_was_appended_is_there_in_order() {
        let (_folder, path) = written(&["one", "二", ""]);
        assert_eq!(Log::open(&path).unwrap().1, ["one", "二", ""]);
        let (mut log, _) = Log::open(&path).unwrap();
        assert!(matches!(log.append("a\nb"), Err(LogError::Line)));
        log.append("more").unwrap();
        drop(log);
        assert_eq!(Log::open(&path).unwrap().1.len(), 4);
    }

    #[test]
    fn one_process_has_it() {
        let (_folder, path) = written(&["one"]);
        let first = Log::open(&path).unwrap();
        assert!(matches!(Log::open(&path), Err(LogError::Taken { .. })));
        drop(first);
        Log::open(&path).unwrap();
    }

    #[test]
    fn damage_before_the_last_line_is_told_and_nothing_is_changed() {
        let (_folder, path) = written(&["one", "two", "three"]);
        let mut content = fs::read(&path).unwrap();
        content[HEAD] ^= 1;
        fs::write(&path, &content).unwrap();
        assert!(matches!(Log::open(&path), Err(LogError::Damaged { line: 1, .. })));
        assert_eq!(fs::read(&path).unwrap(), content);
    }

    #[test]
    fn a_full_disk_takes_nothing_of_a_record_and_later_all_of_it() {
        let (_folder, path) = written(&["one"]);
        let (mut log, _) = Log::open(&path).unwrap();
        let whole = fs::metadata(&path).unwrap().len();
        // A file that can't be written stands for a disk that is full: the record is refused, and nothing stays of it.
        let sound = std::mem::replace(&mut log.file, File::open(&path).unwrap());
        assert!(matches!(log.append("two"), Err(LogError::Io { .. })));
        assert_eq!(fs::metadata(&path).unwrap().len(), whole);
        assert!(matches!(log.append("two"), Err(LogError::Broken { .. })), "it could not be undone");
        (log.file, log.broken) = (sound, false);
        log.append("two").unwrap();
        drop(log);
        assert_eq!(Log::open(&path).unwrap().1, ["one", "two"]);
    }

    proptest! {
        #[test]
        fn wherever_it_is_torn_the_records_before_are_there(cut in 0_usize..40, garbage in proptest::collection::vec(any::<u8>().prop_filter("one line", |byte| *byte != b'\n'), 0..20)) {
            let (_folder, path) = written(&["one", "two"]);
            let before = fs::read(&path).unwrap();
            let (mut log, _) = Log::open(&path).unwrap();
            log.append("the record that is torn, 架空").unwrap();
            drop(log);
            let whole = fs::read(&path).unwrap();
            let end = (before.len() + cut).min(whole.len() - 1);
            fs::write(&path, [&whole[..end], &garbage[..]].concat()).unwrap();
            let (mut log, records) = Log::open(&path).unwrap();
            prop_assert_eq!(records, ["one", "two"]);
            log.append("three").unwrap();
            drop(log);
            prop_assert_eq!(Log::open(&path).unwrap().1, ["one", "two", "three"]);
        }
    }
}
