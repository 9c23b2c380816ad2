//! The pick-up ledger: what a feed has taken from its sources.
//!
//! It is a read model of the queue `accepted.<feed>`: each of its entries follows from a message that lies, or
//! lay, there. What was not flushed before a crash is read again from that queue.
//!
//! Of a sender that has no files it keeps [`Sighting`]s: the newest messages, each under its number.

use std::sync::Arc;

use super::kv::{Batch, Durability, Kv, StoreError};
use super::record::{DropRecord, FolderRecord, Joined};

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
const SIGHTING: u8 = b's';
const NUMBER: u8 = b'n';
const JOIN: u8 = b'j';
/// The mark under which the number of the next sighting lies.
const NEXT: &str = "next";
/// Sightings that are written in one atomic step.
const STEP: usize = 200;

fn key(place: &Place, kind: u8, path: &str) -> Vec<u8> {
    let parts = [b"ledger", place.feed.as_bytes(), place.source.as_bytes(), &[kind], path.as_bytes()];
    parts.join(&0)
}

/// How the keys of a feed's joins begin: they are of no source alone.
fn joins(feed: &str) -> Vec<u8> {
    key(&Place { feed: feed.to_owned(), source: String::new() }, JOIN, "")
}

/// A message that was accepted from a sender that may send it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sighting {
    /// Of what the sender calls it: who sent it, and its control id.
    pub name: [u8; 16],
    /// Of its content.
    pub content: [u8; 16],
}

impl Sighting {
    fn to_bytes(self) -> Vec<u8> {
        [self.name, self.content].concat()
    }

    fn key(self, place: &Place) -> Vec<u8> {
        [key(place, SIGHTING, ""), self.to_bytes()].concat()
    }
}

fn number_key(place: &Place, number: u64) -> Vec<u8> {
    [key(place, NUMBER, "").as_slice(), &number.to_be_bytes()].concat()
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

    /// Notes that patients of a feed became one.
    pub fn join(&mut self, feed: &str, joined: &Joined) {
        let value = joined.to_bytes();
        let mut key = joins(feed);
        key.extend_from_slice(blake3::hash(&value).as_bytes());
        self.0.push((key, Some(value)));
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

    /// How many files of a feed are known.
    pub fn files(&self, feed: &str) -> Result<u64, StoreError> {
        let prefix = [b"ledger".as_slice(), feed.as_bytes(), b""].join(&0);
        let mut files = 0;
        for entry in self.0.range(&prefix) {
            let (key, value) = entry?;
            // Behind the feed's name: the source, the kind, the path.
            match key.get(prefix.len()..).and_then(|rest| rest.split(|byte| *byte == 0).nth(1)) {
                Some([FILE]) => files += 1,
                Some([FOLDER]) => files += FolderRecord::from_bytes(&value)?.files.len() as u64,
                _ => {}
            }
        }
        Ok(files)
    }

    /// All folders of a source that are known, with their paths.
    pub fn folders(
        &self,
        place: &Place,
    ) -> impl Iterator<Item = Result<(String, FolderRecord), StoreError>> + '_ {
        self.entries(place, FOLDER, FolderRecord::from_bytes)
    }

    /// All files of a source that are kept apart from a folder's record, with their paths.
    pub fn dropped(
        &self,
        place: &Place,
    ) -> impl Iterator<Item = Result<(String, DropRecord), StoreError>> + '_ {
        self.entries(place, FILE, DropRecord::from_bytes)
    }

    fn entries<T: 'static>(
        &self,
        place: &Place,
        kind: u8,
        read: fn(&[u8]) -> Result<T, StoreError>,
    ) -> impl Iterator<Item = Result<(String, T), StoreError>> + '_ {
        let prefix = key(place, kind, "");
        self.0.range(&prefix).map(move |entry| {
            let (key, value) = entry?;
            let path = key.get(prefix.len()..).unwrap_or_default();
            let path = str::from_utf8(path).map_err(|_| StoreError::Record("a path is not text"))?;
            Ok((path.to_owned(), read(&value)?))
        })
    }

    /// A number noted before.
    pub fn mark(&self, place: &Place, name: &str) -> Result<Option<i64>, StoreError> {
        let Some(bytes) = self.0.get(&key(place, MARK, name))? else { return Ok(None) };
        let bytes = bytes.try_into().map_err(|_| StoreError::Record("a mark is not 8 bytes"))?;
        Ok(Some(i64::from_le_bytes(bytes)))
    }

    /// Who became one at a feed's facility.
    pub fn joined(&self, feed: &str) -> Result<Vec<Joined>, StoreError> {
        self.0.range(&joins(feed)).map(|entry| Joined::from_bytes(&entry?.1)).collect()
    }

    /// Writes entries; durable with the next [`flush`](Self::flush).
    pub fn write(&self, entries: Entries) -> Result<(), StoreError> {
        if entries.is_empty() { Ok(()) } else { self.0.write(entries.0, Durability::Buffered) }
    }

    /// Whether a sighting is kept.
    pub fn is_seen(&self, place: &Place, sighting: Sighting) -> Result<bool, StoreError> {
        Ok(self.0.get(&sighting.key(place))?.is_some())
    }

    /// Whether any sighting of that name is kept. A sender may give all its messages one name: only one is looked at.
    pub fn is_name_seen(&self, place: &Place, name: [u8; 16]) -> Result<bool, StoreError> {
        let prefix = [key(place, SIGHTING, "").as_slice(), &name].concat();
        Ok(self.0.range(&prefix).next().transpose()?.is_some())
    }

    /// Notes sightings, oldest first, and forgets all but the newest `keep`. To note one again that is kept changes
    /// nothing. Durable with the next [`flush`](Self::flush).
    pub fn see(&self, place: &Place, sightings: &[Sighting], keep: u64) -> Result<(), StoreError> {
        // What a step forgets is what earlier steps wrote.
        let step = usize::try_from(keep).unwrap_or(STEP).clamp(1, STEP);
        for sightings in sightings.chunks(step) {
            let mut number = self.mark(place, NEXT)?.unwrap_or_default().cast_unsigned();
            let mut batch = Batch::new();
            for sighting in sightings {
                let key = sighting.key(place);
                if self.0.get(&key)?.is_some() {
                    continue;
                }
                batch.push((key, Some(Vec::new())));
                batch.push((number_key(place, number), Some(sighting.to_bytes())));
                if let Some(old) = number.checked_sub(keep) {
                    self.forget_sighting(place, old, &mut batch)?;
                }
                number += 1;
            }
            batch.push((key(place, MARK, NEXT), Some(number.to_le_bytes().to_vec())));
            self.0.write(batch, Durability::Buffered)?;
        }
        Ok(())
    }

    fn forget_sighting(&self, place: &Place, number: u64, batch: &mut Batch) -> Result<(), StoreError> {
        let number = number_key(place, number);
        if let Some(sighting) = self.0.get(&number)? {
            batch.push(([key(place, SIGHTING, ""), sighting].concat(), None));
            batch.push((number, None));
        }
        Ok(())
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

    #[test]
    fn the_newest_sightings_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = SledKv::open(folder.path()).unwrap();
        let ledger = Ledger::new(Arc::new(store));
        let place = Place { feed: "a".into(), source: "mllp".into() };
        let of = |name: u8, content: u8| Sighting { name: [name; 16], content: [content; 16] };
        ledger.see(&place, &[of(1, 1), of(1, 2), of(0, 3)], 3).unwrap();
        ledger.see(&place, &[of(1, 2), of(0, 3)], 3).unwrap();
        let is_seen = |name, content| ledger.is_seen(&place, of(name, content)).unwrap();
        let is_name_seen = |name| ledger.is_name_seen(&place, [name; 16]).unwrap();
        assert!(is_seen(1, 1) && is_seen(1, 2) && is_seen(0, 3) && !is_seen(0, 1));
        assert!(is_name_seen(1) && !is_name_seen(2));
        let all: Vec<_> = (4..250).map(|name| of(name, name)).collect();
        ledger.see(&place, &all, 3).unwrap();
        assert!(!is_name_seen(1) && !is_seen(1, 1));
        for (name, known) in [(246, false), (247, true), (248, true), (249, true)] {
            assert_eq!((is_seen(name, name), is_name_seen(name)), (known, known), "{name}");
        }
        assert_eq!(ledger.0.range(&[]).count(), 3 + 3 + 1, "no more than numbers, sightings and the mark");
    }
}
