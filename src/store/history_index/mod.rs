//! An index of the history: the day files are the truth, and the index can be made from them at any time.
//!
//! It is a SQLite database in a folder of its own beside the day files. Several processes may read it while one writes.
//! Whoever asks brings it up to date first: it knows how far it has read each day file. What is damaged, or was made by
//! another version, is thrown away and made anew.
//!
//! A message is known by a number that grows with time, so that every list of numbers is a list in the order of time:
//! what is rare (a patient, an order) leads to its numbers by a key, what is common (a feed, a state) by a *profile*,
//! the combination of such words, or by reading the newest messages one by one. What is not routine (waiting, parked,
//! dead, invalid) stands in a list of its own for each state.

mod derive;
mod digest;
mod drafts;
mod keys;
mod lines;
mod newest;
mod profile;
mod prune;
mod schema;
mod search;
#[cfg(test)]
mod tests;
mod words;
mod write;

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, TransactionBehavior};
use rustix::fs::{FlockOperation, flock};

use super::day_log::day_files;

pub use digest::Tally;
pub use keys::Key;
pub use profile::{Profile, State};
pub use search::{Copy, Hit, Hits, Search};

/// Folder of the index, in that of the history.
const FOLDER: &str = "index";
/// The database.
const FILE: &str = "history.sqlite";
/// Held by who throws a damaged index away.
const LOCK: &str = "lock";
/// Bytes of day files that one transaction takes in: others write in between.
const PIECE: usize = 16 << 20;

/// Bytes that may wait to be brought to their place.
const WAITING: u64 = 4 << 20;

/// Why the index can't be asked.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// A day file, or the folder.
    #[error("{} can't be read", path.display())]
    File {
        /// File or folder.
        path: PathBuf,
        /// Cause.
        #[source]
        source: io::Error,
    },
    /// A day file is shorter than it was: it is another one.
    #[error("the index of the history is of other day files")]
    Replaced,
    /// The database.
    #[error("the index of the history fails")]
    Database(#[from] rusqlite::Error),
}

impl IndexError {
    /// Whether nothing but making it anew helps.
    fn is_damage(&self) -> bool {
        use rusqlite::Error::{InvalidColumnType, QueryReturnedNoRows, SqlInputError, SqliteFailure};
        use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase, SchemaChanged};
        match self {
            Self::File { .. } => false,
            Self::Replaced => true,
            Self::Database(SqliteFailure(failure, _)) => {
                matches!(failure.code, DatabaseCorrupt | NotADatabase | SchemaChanged)
                    // Tables that are not there, or that are others.
                    || failure.extended_code == rusqlite::ffi::SQLITE_ERROR
            }
            Self::Database(error) => {
                matches!(error, InvalidColumnType(..) | QueryReturnedNoRows | SqlInputError { .. })
            }
        }
    }
}

/// The index of a folder of day files.
#[derive(Debug)]
pub struct Index {
    history: PathBuf,
    connection: Connection,
    effort: newest::Effort,
}

impl Index {
    /// Opens the index of a history, up to date with its day files.
    ///
    /// # Errors
    /// If a day file can't be read, or the disk does not take the index.
    pub fn open(history: &Path) -> Result<Self, IndexError> {
        match Self::opened(history).and_then(Self::updated) {
            Err(error) if error.is_damage() => {
                Self::discard(history)?;
                Self::opened(history).and_then(Self::updated)
            }
            opened => opened,
        }
    }

    /// Asks the index of a history, up to date. One that turns out to be damaged is made anew and asked again.
    ///
    /// # Errors
    /// If a day file can't be read, or the disk does not take the index.
    pub fn ask<T>(
        history: &Path,
        question: impl Fn(&Self) -> Result<T, IndexError>,
    ) -> Result<T, IndexError> {
        match Self::open(history).and_then(|index| question(&index)) {
            Err(error) if error.is_damage() => {
                Self::discard(history)?;
                question(&Self::open(history)?)
            }
            answer => answer,
        }
    }

    fn opened(history: &Path) -> Result<Self, IndexError> {
        let folder = history.join(FOLDER);
        let failed = |source| IndexError::File { path: folder.clone(), source };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(failed)?;
        let connection = schema::open(&folder.join(FILE))?;
        Ok(Self { history: history.to_owned(), connection, effort: newest::Effort::PAGE })
    }

    fn updated(mut self) -> Result<Self, IndexError> {
        self.update()?;
        Ok(self)
    }

    /// Takes in what the day files have more, and forgets those that are gone. Says how many steps it took in.
    ///
    /// # Errors
    /// If a day file can't be read, or the database fails.
    pub fn update(&mut self) -> Result<u64, IndexError> {
        let mut taken = 0;
        loop {
            let found = self.found()?;
            if !self.is_behind(&found)? {
                return Ok(taken);
            }
            let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let mut writer = write::Writer::new(&transaction, &self.history);
            let (steps, more) = match prune::forget_missing(&mut writer, &found)? {
                true => (0, true),
                false => lines::take_in(&mut writer, &found, PIECE)?,
            };
            writer.flush()?;
            let vacuum = writer.has_forgotten();
            transaction.commit()?;
            taken += steps;
            if vacuum {
                schema::give_back(&self.connection)?;
            }
            if !more {
                break;
            }
        }
        self.settle()?;
        Ok(taken)
    }

    /// Whoever opens the index next reads what was written and not brought to its place: that must not be much.
    fn settle(&self) -> Result<(), IndexError> {
        let waiting = fs::metadata(self.history.join(FOLDER).join(format!("{FILE}-wal")));
        if waiting.is_ok_and(|file| file.len() > WAITING) {
            schema::settle(&self.connection)?;
        }
        Ok(())
    }

    fn is_whole(&self) -> Result<bool, IndexError> {
        let said: String = self.connection.pragma_query_value(None, "quick_check", |row| row.get(0))?;
        Ok(said == "ok")
    }

    /// The day files by their names, and how long they are.
    fn found(&self) -> Result<BTreeSet<(String, u64)>, IndexError> {
        let failed = |source| IndexError::File { path: self.history.clone(), source };
        let mut found = BTreeSet::new();
        for path in day_files(&self.history).map_err(failed)? {
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
            match fs::metadata(&path) {
                Ok(file) => drop(found.insert((name.to_owned(), file.len()))),
                // It was pruned meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(IndexError::File { path, source }),
            }
        }
        Ok(found)
    }

    /// Whether the day files are other ones, or longer, than when the index was brought up to date.
    fn is_behind(&self, found: &BTreeSet<(String, u64)>) -> Result<bool, IndexError> {
        let mut statement = self.connection.prepare_cached("SELECT name, seen FROM files")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?)))?;
        let known: BTreeSet<(String, u64)> = rows
            .map(|row| row.map(|(name, seen)| (name, u64::try_from(seen).unwrap_or_default())))
            .collect::<Result<_, _>>()?;
        Ok(known != *found)
    }

    /// Throws the index of a history away, where it is still damaged once nobody else does so.
    fn discard(history: &Path) -> Result<(), IndexError> {
        let folder = history.join(FOLDER);
        let failed = |source| IndexError::File { path: folder.clone(), source };
        let _held = lock(&folder.join(LOCK)).map_err(failed)?;
        let whole = Self::opened(history).and_then(Self::updated).and_then(|index| index.is_whole());
        if matches!(whole, Ok(true)) {
            return Ok(());
        }
        for end in ["", "-wal", "-shm"] {
            match fs::remove_file(folder.join(format!("{FILE}{end}"))) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                removed => removed.map_err(failed)?,
            }
        }
        Ok(())
    }
}

/// Holds a lock as long as the file is open.
fn lock(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
    flock(&file, FlockOperation::LockExclusive)?;
    Ok(file)
}
