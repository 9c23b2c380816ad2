//! A model of a disk behind the embedded broker: it can lose power or its process between any two steps, fill up,
//! and fail writes and syncs. Everything random comes from a seed.
//!
//! What a power loss leaves: of each write that no later sync covered, every sector on its own may be there, be
//! missing or be rubbish; of each new or removed name, and of the mark, either state, until the folder was synced. A sync that fails
//! leaves the same, and a later sync does not repair it (Linux marks the pages clean).

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use musubi::broker::embedded::{SegmentFile, Storage};

const SECTOR: usize = 512;
const NO_SPACE: i32 = 28;
const IO_ERROR: i32 = 5;

/// A small generator (splitmix64): the same seed gives the same run.
#[derive(Debug, Clone)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.roll() % bound
    }

    /// True once in `times`.
    pub(crate) fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }
}

#[derive(Debug, Clone, Default)]
struct Content {
    /// As the running system sees it.
    cached: Vec<u8>,
    /// What is on the platter.
    durable: Vec<u8>,
    unsynced: Vec<(usize, Vec<u8>)>,
}

impl Content {
    fn write(&mut self, offset: usize, bytes: &[u8]) {
        put(&mut self.cached, offset, bytes);
        self.unsynced.push((offset, bytes.to_vec()));
    }

    fn sync(&mut self) {
        self.durable.resize(self.cached.len(), 0);
        for (offset, bytes) in self.unsynced.drain(..) {
            put(&mut self.durable, offset, &bytes);
        }
    }

    /// Lets chance decide what became of writes that were not synced.
    fn tear(&mut self, dice: &mut Dice) {
        if self.durable.len() < self.cached.len() && dice.one_in(2) {
            self.durable.resize(self.cached.len(), 0);
        }
        let mood = dice.below(4);
        for (offset, bytes) in std::mem::take(&mut self.unsynced) {
            for (nth, sector) in bytes.chunks(SECTOR).enumerate() {
                let at = offset + nth * SECTOR;
                match (mood, dice.below(8)) {
                    (0, _) => {}
                    (1, _) | (_, 0..=3) => put(&mut self.durable, at, sector),
                    (_, 4) => {
                        let rubbish: Vec<u8> = sector.iter().map(|_| dice.roll() as u8).collect();
                        put(&mut self.durable, at, &rubbish);
                    }
                    (_, 5) => put(&mut self.durable, at, &sector[..dice.below(sector.len() as u64) as usize]),
                    _ => {}
                }
            }
        }
    }
}

/// Puts `bytes` at `offset`, as far as the file reaches.
fn put(content: &mut [u8], offset: usize, bytes: &[u8]) {
    let room = content.len().saturating_sub(offset).min(bytes.len());
    if room > 0 {
        content[offset..offset + room].copy_from_slice(&bytes[..room]);
    }
}

struct State {
    dice: Dice,
    names: BTreeMap<u32, usize>,
    durable_names: BTreeMap<u32, usize>,
    files: Vec<Content>,
    mark: Option<Vec<u8>>,
    durable_mark: Option<Vec<u8>>,
    /// Steps until everything stops.
    fuse: Option<u64>,
    stopped: bool,
    /// Nothing can be created.
    full: bool,
    failing_writes: u32,
    failing_syncs: u32,
    /// Writes wait.
    held: bool,
    /// A write is waiting.
    blocked: bool,
}

/// The model. Clones share it.
#[derive(Clone)]
pub(crate) struct Disk(Arc<(Mutex<State>, Condvar)>);

impl Disk {
    pub(crate) fn new(seed: u64) -> Self {
        let state = State {
            dice: Dice(seed ^ 0xd15c),
            names: BTreeMap::new(),
            durable_names: BTreeMap::new(),
            files: Vec::new(),
            mark: None,
            durable_mark: None,
            fuse: None,
            stopped: false,
            full: false,
            failing_writes: 0,
            failing_syncs: 0,
            held: false,
            blocked: false,
        };
        Self(Arc::new((Mutex::new(state), Condvar::new())))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.0.lock().unwrap()
    }

    /// Stops everything after so many steps.
    pub(crate) fn stop_after(&self, steps: u64) {
        self.state().fuse = Some(steps);
    }

    pub(crate) fn stopped(&self) -> bool {
        self.state().stopped
    }

    /// Creating fails from now on, or no longer.
    pub(crate) fn fill(&self, full: bool) {
        self.state().full = full;
    }

    /// So many writes fail half-way.
    pub(crate) fn fail_writes(&self, count: u32) {
        self.state().failing_writes = count;
    }

    /// So many syncs fail.
    pub(crate) fn fail_syncs(&self, count: u32) {
        self.state().failing_syncs = count;
    }

    /// Lets no write pass until [`Disk::release`].
    pub(crate) fn hold(&self) {
        self.state().held = true;
    }

    pub(crate) fn release(&self) {
        self.state().held = false;
        self.0.1.notify_all();
    }

    /// Whether a write is being held.
    pub(crate) fn blocked(&self) -> bool {
        self.state().blocked
    }

    /// The process dies and a new one starts: the page cache stays.
    pub(crate) fn kill(&self) {
        let mut state = self.state();
        (state.fuse, state.stopped, state.full) = (None, false, false);
        (state.failing_writes, state.failing_syncs) = (0, 0);
    }

    /// The power fails and comes back.
    pub(crate) fn lose_power(&self) {
        self.kill();
        let state = &mut *self.state();
        for content in &mut state.files {
            content.tear(&mut state.dice);
            content.cached = content.durable.clone();
        }
        let either: BTreeSet<u32> = state.names.keys().chain(state.durable_names.keys()).copied().collect();
        let kept = either.into_iter().filter_map(|segment| {
            let names = if state.dice.one_in(2) { &state.names } else { &state.durable_names };
            Some((segment, *names.get(&segment)?))
        });
        state.names = kept.collect();
        state.durable_names = state.names.clone();
        if state.dice.one_in(2) {
            state.mark = state.durable_mark.clone();
        }
        state.durable_mark = state.mark.clone();
    }

    /// A copy that lives on its own.
    pub(crate) fn copy(&self) -> Self {
        let (copy, state) = (Self::new(0), self.state());
        copy.state().names = state.names.clone();
        copy.state().durable_names = state.durable_names.clone();
        copy.state().files = state.files.clone();
        copy.state().mark = state.mark.clone();
        copy.state().durable_mark = state.durable_mark.clone();
        drop(state);
        copy
    }

    /// Segments with their content.
    pub(crate) fn contents(&self) -> Vec<(u32, Vec<u8>)> {
        let state = self.state();
        state.names.iter().map(|(segment, file)| (*segment, state.files[*file].cached.clone())).collect()
    }

    /// Changes the mark on the platter.
    pub(crate) fn damage_mark(&self, change: impl FnOnce(&mut Option<Vec<u8>>)) {
        let mut state = self.state();
        change(&mut state.mark);
        state.durable_mark = state.mark.clone();
    }

    /// Changes what lies on the platter.
    pub(crate) fn damage(&self, segment: u32, change: impl FnOnce(&mut Vec<u8>)) {
        let mut state = self.state();
        let file = state.names[&segment];
        let content = &mut state.files[file];
        change(&mut content.cached);
        content.durable = content.cached.clone();
    }
}

impl State {
    /// One step; an error if it is not to be.
    fn step(&mut self) -> io::Result<()> {
        if let Some(fuse) = &mut self.fuse {
            *fuse = fuse.saturating_sub(1);
            self.stopped |= *fuse == 0;
        }
        self.alive()
    }

    fn alive(&self) -> io::Result<()> {
        if self.stopped { Err(io::Error::from_raw_os_error(IO_ERROR)) } else { Ok(()) }
    }
}

impl Storage for Disk {
    fn segments(&self) -> io::Result<Vec<u32>> {
        let state = self.state();
        state.alive()?;
        Ok(state.names.keys().rev().copied().collect())
    }

    fn create(&self, segment: u32, bytes: u64) -> io::Result<Arc<dyn SegmentFile>> {
        let state = &mut *self.state();
        state.step()?;
        let file = state.files.len();
        let content = Content { cached: vec![0; bytes as usize], ..Content::default() };
        state.files.push(content);
        state.names.insert(segment, file);
        state.step()?;
        if state.full {
            // As the real one: what could not be reserved is taken away again, which may not be durable either.
            state.names.remove(&segment);
            return Err(io::Error::from_raw_os_error(NO_SPACE));
        }
        state.files[file].sync();
        state.step()?;
        state.durable_names = state.names.clone();
        Ok(Arc::new(DiskFile(self.clone(), file)))
    }

    fn open(&self, segment: u32) -> io::Result<Arc<dyn SegmentFile>> {
        let state = self.state();
        state.alive()?;
        let file = state.names.get(&segment).copied().ok_or(io::ErrorKind::NotFound)?;
        Ok(Arc::new(DiskFile(self.clone(), file)))
    }

    fn remove(&self, segment: u32) -> io::Result<()> {
        let mut state = self.state();
        state.step()?;
        state.names.remove(&segment).map(|_| ()).ok_or(io::ErrorKind::NotFound.into())
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.state();
        state.step()?;
        state.durable_names = state.names.clone();
        Ok(())
    }

    fn place(&self, segment: u32) -> String {
        format!("{segment:010}.seg")
    }

    fn mark(&self) -> io::Result<Option<Vec<u8>>> {
        let state = self.state();
        state.alive()?;
        Ok(state.mark.clone())
    }

    fn put_mark(&self, bytes: &[u8]) -> io::Result<()> {
        let state = &mut *self.state();
        // Written and synced under another name, which nobody reads.
        state.step()?;
        if state.full {
            return Err(io::Error::from_raw_os_error(NO_SPACE));
        }
        state.step()?;
        state.mark = Some(bytes.to_vec());
        state.step()?;
        state.durable_mark = state.mark.clone();
        Ok(())
    }

    fn mark_place(&self) -> String {
        "mark".to_owned()
    }
}

struct DiskFile(Disk, usize);

impl SegmentFile for DiskFile {
    fn bytes(&self) -> io::Result<u64> {
        Ok(self.0.state().files[self.1].cached.len() as u64)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let state = self.0.state();
        state.alive()?;
        let rest = state.files[self.1].cached.get(offset as usize..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn data(&self) -> io::Result<Vec<Range<u64>>> {
        Ok(std::iter::once(0..self.bytes()?).collect())
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.0.state();
        while state.held {
            state.blocked = true;
            state = self.0.0.1.wait(state).unwrap();
        }
        state.blocked = false;
        state.alive()?;
        let fails = state.failing_writes > 0;
        let stopped = state.step().is_err();
        if fails || stopped {
            state.failing_writes = state.failing_writes.saturating_sub(1);
            let part = state.dice.below(bytes.len() as u64 + 1) as usize;
            state.files[self.1].write(offset as usize, &bytes[..part]);
            return Err(io::Error::from_raw_os_error(NO_SPACE));
        }
        state.files[self.1].write(offset as usize, bytes);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let state = &mut *self.0.state();
        state.step()?;
        if state.failing_syncs > 0 {
            state.failing_syncs -= 1;
            state.files[self.1].tear(&mut state.dice);
            return Err(io::Error::from_raw_os_error(IO_ERROR));
        }
        state.files[self.1].sync();
        Ok(())
    }

    fn reload(&self) -> io::Result<()> {
        self.sync()?;
        let content = &mut self.0.state().files[self.1];
        content.cached = content.durable.clone();
        Ok(())
    }
}
