//! The pick-up ledger: what a feed has taken from its sources.
//!
//! It is a read model of the queue `accepted.<feed>`: each of its entries follows from a message that lies, or
//! lay, there. What was not flushed before a crash is read again from that queue.

use std::sync::Arc;

use super::kv::{Batch, Durability, Kv, StoreError};
use super::record::{DropRecord, FolderRecord};

/// A source of a feed: where its entries lie in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Name of the feed.
    pub feed: String,
    /// Label of the source within the feed.
    pub source: String,
}

/// The ledger of all feeds.
#[derive(Clone)]
pub struct Ledger(Arc<dyn Kv>);

/// Entries to be written together.
#[derive(Debug, Default)]
pub struct Entries(Batch);

const FOLDER: u8 = b'd';
const FILE: u8 = b'f';
const MARK: u8 = b'm';

fn key(place: &Place, kind: u8, path: &str) -> Vec<u8> {
    let parts = [b"ledger", place.feed.as_bytes(), place.source.as_bytes(), &[kind], path.as_bytes()];
    parts.join(&0)
}

impl Entries {
    /// Replaces a folder's record.
    pub fn folder(&mut self, place: &Place, path: &str, record: &FolderRecord) {
        self.0.push((key(place, FOLDER, path), Some(record.to_bytes())));
    }

    /// Replaces the record of a file that is kept apart from its folder's.
    pub fn file(&mut self, place: &Place, path: &str, record: &DropRecord) {
        self.0.push((key(place, FILE, path), Some(record.to_bytes())));
    }

    /// Forgets such a file.
    pub fn forget_file(&mut self, place: &Place, path: &str) {
        self.0.push((key(place, FILE, path), None));
    }

    /// Notes a number under a name, such as the time of the last sweep.
    pub fn mark(&mut self, place: &Place, name: &str, value: i64) {
        self.0.push((key(place, MARK, name), Some(value.to_le_bytes().to_vec())));
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Ledger {
    /// The ledger in a store.
    pub fn new(store: Arc<dyn Kv>) -> Self {
        Self(store)
    }

    /// What is known of a folder, by its path relative to the source's root.
    pub fn folder(&self, place: &Place, path: &str) -> Result<Option<FolderRecord>, StoreError> {
        self.0.get(&key(place, FOLDER, path))?.map(|bytes| FolderRecord::from_bytes(&bytes)).transpose()
    }

    /// What is known of a file that is kept apart from its folder's record.
    pub fn file(&self, place: &Place, path: &str) -> Result<Option<DropRecord>, StoreError> {
        self.0.get(&key(place, FILE, path))?.map(|bytes| DropRecord::from_bytes(&bytes)).transpose()
    }

    /// A number noted before.
    pub fn mark(&self, place: &Place, name: &str) -> Result<Option<i64>, StoreError> {
        let Some(bytes) = self.0.get(&key(place, MARK, name))? else { return Ok(None) };
        let bytes = bytes.try_into().map_err(|_| StoreError::Record("a mark is not 8 bytes"))?;
        Ok(Some(i64::from_le_bytes(bytes)))
    }

    /// Writes entries; durable with the next [`flush`](Self::flush).
    pub fn write(&self, entries: Entries) -> Result<(), StoreError> {
        if entries.is_empty() { Ok(()) } else { self.0.write(entries.0, Durability::Buffered) }
    }

    /// Makes everything written so far durable.
    pub fn flush(&self) -> Result<(), StoreError> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::SledKv;

    #[test]
    fn feeds_and_sources_are_apart() {
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = SledKv::open(folder.path()).unwrap();
        let ledger = Ledger::new(Arc::new(store));
        let place = |feed: &str, source: &str| Place { feed: feed.into(), source: source.into() };
        let record = FolderRecord { mtime: Some(7), ..FolderRecord::default() };
        let mut entries = Entries::default();
        entries.folder(&place("a", "ssmix2"), "999", &record);
        entries.mark(&place("a", "ssmix2"), "swept", -5);
        ledger.write(entries).unwrap();
        assert_eq!(ledger.folder(&place("a", "ssmix2"), "999").unwrap(), Some(record));
        assert_eq!(ledger.folder(&place("a", "ssmix2-2"), "999").unwrap(), None);
        assert_eq!(ledger.folder(&place("b", "ssmix2"), "999").unwrap(), None);
        assert_eq!(ledger.mark(&place("a", "ssmix2"), "swept").unwrap(), Some(-5));
        assert_eq!(ledger.file(&place("a", "ssmix2"), "999").unwrap(), None);
    }
}
