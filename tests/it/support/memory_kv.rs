//! A store in memory that forgets what was not flushed when it crashes.

use std::collections::BTreeMap;
use std::sync::Mutex;

use musubi::store::kv::Entries;
use musubi::store::{Batch, Durability, Kv, StoreError};

use super::memory_broker::Fuse;

#[derive(Default)]
struct State {
    durable: BTreeMap<Vec<u8>, Vec<u8>>,
    current: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Batches since the last flush.
    buffered: Vec<Batch>,
}

/// A store in memory.
#[derive(Default)]
pub(crate) struct MemoryKv {
    state: Mutex<State>,
    fuse: Fuse,
}

fn apply(map: &mut BTreeMap<Vec<u8>, Vec<u8>>, batch: &Batch) {
    for (key, value) in batch {
        match value {
            Some(value) => map.insert(key.clone(), value.clone()),
            None => map.remove(key),
        };
    }
}

impl MemoryKv {
    pub(crate) fn new(fuse: Fuse) -> Self {
        Self { fuse, ..Self::default() }
    }

    /// Loses what was not flushed, but for some of the oldest batches.
    pub(crate) fn crash(&self, choose: impl FnOnce(usize) -> usize) {
        let mut state = self.state.lock().unwrap();
        let kept = choose(state.buffered.len() + 1);
        let buffered = std::mem::take(&mut state.buffered);
        buffered.iter().take(kept).for_each(|batch| apply(&mut state.durable, batch));
        state.current = state.durable.clone();
    }

    fn step(&self) -> Result<(), StoreError> {
        self.fuse.step().map_err(|source| StoreError::Io { place: "memory".into(), source })
    }
}

impl Kv for MemoryKv {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.state.lock().unwrap().current.get(key).cloned())
    }

    fn write(&self, batch: Batch, durability: Durability) -> Result<(), StoreError> {
        self.step()?;
        {
            let mut state = self.state.lock().unwrap();
            apply(&mut state.current, &batch);
            state.buffered.push(batch);
        }
        if durability == Durability::Durable { self.flush() } else { self.step() }
    }

    fn range<'a>(&'a self, prefix: &[u8]) -> Entries<'a> {
        let current = self.state.lock().unwrap().current.clone();
        let prefix = prefix.to_vec();
        Box::new(current.into_iter().filter(move |(key, _)| key.starts_with(&prefix)).map(Ok))
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.step()?;
        let mut state = self.state.lock().unwrap();
        state.durable = state.current.clone();
        state.buffered.clear();
        drop(state);
        self.step()
    }
}
