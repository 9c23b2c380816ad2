//! What the journal asks of a disk, small enough that a test can put a model of one in its place.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::iter;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{Advice, FallocateFlags, SeekFrom, fadvise, fallocate, seek};
use rustix::io::Errno;

const MARK: &str = "mark";

/// A folder of numbered segment files, with a mark beside them.
pub trait Storage: Send + Sync {
    /// The segments that are there, in any order.
    fn segments(&self) -> io::Result<Vec<u32>>;

    /// Makes a segment of `bytes` zero bytes, with its blocks reserved, in place of any of that number. File and
    /// name are durable when this returns.
    fn create(&self, segment: u32, bytes: u64) -> io::Result<Arc<dyn SegmentFile>>;

    /// Opens a segment.
    fn open(&self, segment: u32) -> io::Result<Arc<dyn SegmentFile>>;

    /// Removes a segment. A power loss may bring it back whole.
    fn remove(&self, segment: u32) -> io::Result<()>;

    /// Makes names durable.
    fn sync(&self) -> io::Result<()>;

    /// How an error names a segment.
    fn place(&self, segment: u32) -> String;

    /// The mark, if there is one.
    fn mark(&self) -> io::Result<Option<Vec<u8>>>;

    /// Puts a mark in place of any before. It is durable when this returns; a crash leaves the one or the other, whole.
    fn put_mark(&self, bytes: &[u8]) -> io::Result<()>;

    /// How an error names the mark.
    fn mark_place(&self) -> String;
}

/// One segment file.
pub trait SegmentFile: Send + Sync {
    /// Its length in bytes.
    fn bytes(&self) -> io::Result<u64>;

    /// Fills `buffer` from `offset`; fewer bytes than asked for mean the end of the file.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// The ranges, in order, outside of which there are only zeros. To be asked before anything is read: zeros
    /// that were read ahead may count as data.
    fn data(&self) -> io::Result<Vec<Range<u64>>>;

    /// Writes all of `bytes` at `offset`; not durable before [`SegmentFile::sync`].
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Makes everything written durable.
    fn sync(&self) -> io::Result<()>;

    /// Makes everything written durable and forgets what is cached, so that the next read tells what the disk has.
    fn reload(&self) -> io::Result<()>;
}

/// The real thing: files `journal/0000000001.seg` and so on in one folder, and its file `mark`.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    journal: PathBuf,
}

impl Folder {
    /// The folder at `path`; its `journal` is made durable if it is new.
    pub fn new(path: &Path) -> io::Result<Self> {
        let journal = path.join("journal");
        fs::create_dir_all(&journal)?;
        File::open(path)?.sync_all()?;
        Ok(Self { path: path.to_owned(), journal })
    }

    fn path(&self, segment: u32) -> PathBuf {
        self.journal.join(format!("{segment:010}.seg"))
    }
}

impl Storage for Folder {
    fn segments(&self) -> io::Result<Vec<u32>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.journal)? {
            let name = entry?.file_name();
            let number = name.to_str().and_then(|name| name.strip_suffix(".seg"));
            found.extend(number.and_then(|number| number.parse::<u32>().ok()));
        }
        Ok(found)
    }

    fn create(&self, segment: u32, bytes: u64) -> io::Result<Arc<dyn SegmentFile>> {
        let path = self.path(segment);
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&path)?;
        let made = reserve(&file, bytes).and_then(|()| file.sync_all()).and_then(|()| self.sync());
        if let Err(error) = made {
            // On a full disk the part that was reserved must not stay behind.
            fs::remove_file(&path)?;
            return Err(error);
        }
        Ok(Arc::new(file))
    }

    fn open(&self, segment: u32) -> io::Result<Arc<dyn SegmentFile>> {
        Ok(Arc::new(OpenOptions::new().read(true).write(true).open(self.path(segment))?))
    }

    fn remove(&self, segment: u32) -> io::Result<()> {
        fs::remove_file(self.path(segment))
    }

    fn sync(&self) -> io::Result<()> {
        File::open(&self.journal)?.sync_all()
    }

    fn place(&self, segment: u32) -> String {
        self.path(segment).display().to_string()
    }

    fn mark(&self) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.path.join(MARK)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn put_mark(&self, bytes: &[u8]) -> io::Result<()> {
        let new = self.path.join("mark.new");
        let mut file = File::create(&new)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&new, self.path.join(MARK))?;
        File::open(&self.path)?.sync_all()
    }

    fn mark_place(&self) -> String {
        self.path.join(MARK).display().to_string()
    }
}

/// Reserves blocks, so that a write inside the segment neither finds the disk full nor changes the file's length.
/// A file system without reservations gives only the length.
fn reserve(file: &File, bytes: u64) -> io::Result<()> {
    match fallocate(file, FallocateFlags::empty(), 0, bytes) {
        Ok(()) => Ok(()),
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => file.set_len(bytes),
        Err(error) => Err(error.into()),
    }
}

impl SegmentFile for File {
    fn bytes(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match FileExt::read_at(self, rest, offset + filled as u64) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }

    /// Skips what was reserved and never written; where the file system can't tell, everything may be data.
    fn data(&self) -> io::Result<Vec<Range<u64>>> {
        let mut ranges = Vec::new();
        let mut end = 0;
        loop {
            let start = match seek(self, SeekFrom::Data(end)) {
                Ok(start) => start,
                Err(Errno::NXIO) => return Ok(ranges),
                Err(Errno::INVAL | Errno::OPNOTSUPP) => return Ok(iter::once(0..self.bytes()?).collect()),
                Err(error) => return Err(error.into()),
            };
            end = seek(self, SeekFrom::Hole(start))?;
            ranges.push(start..end);
        }
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.write_all_at(bytes, offset)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }

    /// After a sync that failed, Linux keeps pages in its cache, as clean, that never came to disk.
    fn reload(&self) -> io::Result<()> {
        self.sync_data()?;
        Ok(fadvise(self, 0, None, Advice::DontNeed)?)
    }
}
