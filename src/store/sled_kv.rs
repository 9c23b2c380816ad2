//! [`Kv`] over sled 0.34.7, with the fences that this release lacks.
//!
//! Its `flush` only starts writing on Linux, so each flush is followed by an fsync of the log file; conf file and
//! folder are synced when they are created. A store that will not open (sled may panic on a damaged log) is set
//! aside under a new name and begun anew: all that lies in it can be rebuilt.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::kv::{BATCH_KEYS_MAX, Batch, Durability, Entries, Kv, StoreError};

const FORMAT_KEY: &[u8] = b"\0format";
const FORMAT: &[u8] = b"1";
const CACHE_BYTES: u64 = 32 << 20;

/// How often, and how long apart, a locked store is asked for.
const LOCK_ATTEMPTS: u32 = 40;
const LOCK_WAIT: Duration = Duration::from_millis(50);

/// Opens the database. One that has just been closed stays locked until its own threads have let go of it.
fn open_unlocked(config: &sled::Config) -> sled::Result<sled::Db> {
    for _ in 1..LOCK_ATTEMPTS {
        match config.open() {
            Err(sled::Error::Io(error)) if error.to_string().contains("could not acquire lock") => {
                std::thread::sleep(LOCK_WAIT);
            }
            opened => return opened,
        }
    }
    config.open()
}

/// A store on the local disk.
pub struct SledKv {
    db: sled::Db,
    log: File,
    dir: PathBuf,
}

impl SledKv {
    /// Opens the store in `dir`, or begins it. The second value is where a store that would not open was set
    /// aside: the caller then rebuilds.
    pub fn open(dir: &Path) -> Result<(Self, Option<PathBuf>), StoreError> {
        match Self::try_open(dir) {
            Err(StoreError::Damaged { what, .. }) => {
                let aside = set_aside(dir).map_err(|source| io_error(dir, source))?;
                tracing::warn!(store = %dir.display(), aside = %aside.display(), %what, "store would not open");
                Self::try_open(dir).map(|store| (store, Some(aside)))
            }
            opened => opened.map(|store| (store, None)),
        }
    }

    fn try_open(dir: &Path) -> Result<Self, StoreError> {
        fs::create_dir_all(dir).map_err(|source| io_error(dir, source))?;
        // A log that sled can't make sense of opens as an empty store: only a missing one may be empty.
        let is_new = !dir.join("db").try_exists().map_err(|source| io_error(dir, source))?;
        let config = sled::Config::new().path(dir).cache_capacity(CACHE_BYTES).flush_every_ms(None);
        let db = catch_unwind(AssertUnwindSafe(|| open_unlocked(&config)))
            .map_err(|_| damaged(dir, "it could not be opened"))?
            .map_err(|error| store_error(dir, error))?;
        let log = File::open(dir.join("db")).map_err(|source| io_error(dir, source))?;
        let store = Self { db, log, dir: dir.to_owned() };
        match store.get(FORMAT_KEY)?.as_deref() {
            Some(FORMAT) => Ok(store),
            Some(_) => Err(damaged(dir, "it was written by another version")),
            None if is_new => store.begin().map(|()| store),
            None => Err(damaged(dir, "what it held can't be read")),
        }
    }

    fn begin(&self) -> Result<(), StoreError> {
        self.write(vec![(FORMAT_KEY.to_vec(), Some(FORMAT.to_vec()))], Durability::Durable)?;
        let parent = self.dir.parent().filter(|parent| !parent.as_os_str().is_empty());
        for path in [&self.dir.join("conf"), &self.dir, parent.unwrap_or(Path::new("."))] {
            File::open(path)
                .and_then(|file| file.sync_all())
                .map_err(|source| io_error(&self.dir, source))?;
        }
        Ok(())
    }

    fn error(&self, error: sled::Error) -> StoreError {
        store_error(&self.dir, error)
    }
}

impl Kv for SledKv {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let value = self.db.get(key).map_err(|error| self.error(error))?;
        Ok(value.map(|value| value.to_vec()))
    }

    fn write(&self, batch: Batch, durability: Durability) -> Result<(), StoreError> {
        for part in batch.chunks(BATCH_KEYS_MAX) {
            let mut step = sled::Batch::default();
            for (key, value) in part {
                match value {
                    Some(value) => step.insert(key.as_slice(), value.as_slice()),
                    None => step.remove(key.as_slice()),
                }
            }
            self.db.apply_batch(step).map_err(|error| self.error(error))?;
        }
        if durability == Durability::Durable { self.flush() } else { Ok(()) }
    }

    fn range<'a>(&'a self, prefix: &[u8]) -> Entries<'a> {
        let entries =
            self.db.scan_prefix(prefix).filter(|entry| !matches!(entry, Ok((key, _)) if key == FORMAT_KEY));
        Box::new(entries.map(|entry| {
            entry.map(|(key, value)| (key.to_vec(), value.to_vec())).map_err(|error| self.error(error))
        }))
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.db.flush().map_err(|error| self.error(error))?;
        self.log.sync_all().map_err(|source| io_error(&self.dir, source))
    }
}

fn io_error(dir: &Path, source: io::Error) -> StoreError {
    StoreError::Io { place: dir.to_owned(), source }
}

fn damaged(dir: &Path, what: impl Into<String>) -> StoreError {
    StoreError::Damaged { place: dir.to_owned(), what: what.into() }
}

fn store_error(dir: &Path, error: sled::Error) -> StoreError {
    match error {
        sled::Error::Io(source)
            if !matches!(source.kind(), ErrorKind::UnexpectedEof | ErrorKind::InvalidData) =>
        {
            io_error(dir, source)
        }
        other => damaged(dir, other.to_string()),
    }
}

/// Renames the folder to the first free `<name>.broken-<n>`.
fn set_aside(dir: &Path) -> io::Result<PathBuf> {
    let mut serial = 1_u32;
    loop {
        let mut name = dir.as_os_str().to_owned();
        name.push(format!(".broken-{serial}"));
        let aside = PathBuf::from(name);
        if !aside.try_exists()? {
            fs::rename(dir, &aside)?;
            return Ok(aside);
        }
        serial += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(store: &SledKv, keys: std::ops::Range<u32>) {
        let batch = keys.map(|key| (key.to_be_bytes().to_vec(), Some(b"value".to_vec()))).collect();
        store.write(batch, Durability::Durable).unwrap();
    }

    fn open(dir: &Path) -> SledKv {
        let (store, aside) = SledKv::open(dir).unwrap();
        assert_eq!(aside, None);
        store
    }

    #[test]
    fn keeps_large_batches_in_order() {
        let folder = tempfile::tempdir().unwrap();
        put(&open(folder.path()), 0..2_500);
        let store = open(folder.path());
        let keys: Vec<Vec<u8>> = store.range(&[]).map(|entry| entry.unwrap().0).collect();
        assert_eq!(keys.len(), 2_500);
        assert!(keys.is_sorted());
        assert_eq!(store.range(&[0, 0, 1]).count(), 256);
        store.write(vec![(keys[0].clone(), None)], Durability::Buffered).unwrap();
        assert_eq!(store.get(&keys[0]).unwrap(), None);
        assert_eq!(store.get(&keys[1]).unwrap().as_deref(), Some(&b"value"[..]));
    }

    #[test]
    fn what_was_durable_is_found_after_a_kill() {
        let folder = tempfile::tempdir().unwrap();
        let (running, found) = (folder.path().join("running"), folder.path().join("found"));
        let store = open(&running);
        put(&store, 0..100);
        fs::create_dir(&found).unwrap();
        for file in ["conf", "db"] {
            fs::copy(running.join(file), found.join(file)).unwrap();
        }
        assert_eq!(open(&found).range(&[]).count(), 100);
    }

    #[test]
    fn a_broken_store_is_set_aside() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("ledger");
        for round in 1..3 {
            fs::create_dir_all(&dir).unwrap();
            fs::write(dir.join("conf"), "nonsense").unwrap();
            fs::write(dir.join("db"), [7; 4096]).unwrap();
            let (store, aside) = SledKv::open(&dir).unwrap();
            assert_eq!(aside, Some(folder.path().join(format!("ledger.broken-{round}"))));
            put(&store, 0..1);
        }
        assert_eq!(open(&dir).range(&[]).count(), 1);
    }

    #[test]
    fn another_format_is_set_aside() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("ledger");
        open(&dir).write(vec![(FORMAT_KEY.to_vec(), Some(b"0".to_vec()))], Durability::Durable).unwrap();
        assert!(SledKv::open(&dir).unwrap().1.is_some());
    }

    #[test]
    fn a_store_in_use_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let _user = open(folder.path());
        assert!(matches!(SledKv::open(folder.path()), Err(StoreError::Io { .. })));
    }

    #[test]
    fn export_holds_every_entry() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        put(&store, 0..2);
        let mut bytes = Vec::new();
        store.export(&mut bytes).unwrap();
        assert_eq!(bytes.len(), 2 * (4 + 4 + 4 + 5));
    }
}
