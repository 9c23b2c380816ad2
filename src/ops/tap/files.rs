//! A tap from outside: the day files of a data folder, followed as they grow. It sees all processes on that folder.

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::Filter;
use super::passed::{Passed, Reader};
use crate::config::Config;
use crate::store::{day_log::day_files, history::HISTORY};

/// Bytes of a file that are read at once.
const CHUNK: u64 = 1 << 20;

/// The history can't be read.
#[derive(Debug, thiserror::Error)]
#[error("{} can't be read", path.display())]
pub struct FilesError {
    path: PathBuf,
    #[source]
    source: io::Error,
}

/// The day files, followed.
pub struct Files {
    dir: PathBuf,
    /// How far each was read, and the piece of a line at its end.
    read: BTreeMap<PathBuf, (u64, Vec<u8>)>,
    reader: Reader,
    ready: VecDeque<Passed>,
}

impl Files {
    /// What is written from now on.
    ///
    /// # Errors
    ///
    /// The history can't be read.
    pub fn open(config: &Config, filter: Filter) -> Result<Self, FilesError> {
        let dir = config.hub.data_dir.join(HISTORY);
        let (read, ready) = (BTreeMap::new(), VecDeque::new());
        let mut files = Self { dir, read, reader: Reader::new(filter), ready };
        for path in files.all()? {
            let bytes = path.metadata().map_err(|source| failed(&path, source))?.len();
            files.read.insert(path, (bytes, Vec::new()));
        }
        Ok(files)
    }

    /// What has come since; nothing where nothing has.
    ///
    /// # Errors
    ///
    /// As [`Self::open`].
    pub fn passed(&mut self) -> Result<Option<Passed>, FilesError> {
        if self.ready.is_empty() {
            for path in self.all()? {
                self.look(&path).map_err(|source| failed(&path, source))?;
            }
            // Files of several processes lie side by side.
            self.ready.make_contiguous().sort_by_key(|passed| passed.at);
        }
        Ok(self.ready.pop_front())
    }

    fn all(&self) -> Result<Vec<PathBuf>, FilesError> {
        day_files(&self.dir).map_err(|source| failed(&self.dir, source))
    }

    fn look(&mut self, path: &Path) -> io::Result<()> {
        let (from, rest) = self.read.entry(path.to_owned()).or_default();
        let mut file = match File::open(path) {
            // It was pruned just now.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            file => file?,
        };
        file.seek(SeekFrom::Start(*from))?;
        *from += file.take(CHUNK).read_to_end(rest)? as u64;
        let Some(end) = rest.iter().rposition(|&byte| byte == b'\n') else { return Ok(()) };
        let lines: Vec<u8> = rest.drain(..=end).collect();
        let lines = lines.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
        self.ready.extend(lines.filter_map(|line| self.reader.read(line)));
        Ok(())
    }
}

fn failed(path: &Path, source: io::Error) -> FilesError {
    FilesError { path: path.to_owned(), source }
}
