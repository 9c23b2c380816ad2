//! Opening a journal: reads every group in order, cuts a torn end, and refuses damage.
//!
//! Invariants:
//! - Whatever is shown after opening is durable: the last process may have died before it synced its last group, or
//!   after that sync failed. So the segments that can hold that group are synced and read from disk, not from cache.
//! - Nothing is cut before it is known that the journal reaches as far as its mark.
//! - After a cut everything behind the last group is zero, so no rest of a torn write can be met later.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::ops::Range;
use std::sync::Arc;

use super::group::{HEADER, Header, PAGE, padded};
use super::index::Index;
use super::journal::{Journal, zero};
use super::mark::Mark;
use super::record::Records;
use super::storage::{SegmentFile, Storage};
use crate::broker::BrokerError;

/// Reads the journal in `storage`, or begins one.
pub(super) fn recover(
    storage: Arc<dyn Storage>,
    segment_bytes: u64,
) -> Result<(Index, Journal), BrokerError> {
    let mark = Mark::load(&*storage)?;
    let mut scan = Scan::new(&*storage);
    let segments = scan.segments()?;
    // The newest group is in the last segment, or in the one before if the last has only just been made.
    for segment in segments.iter().rev().take(2) {
        let reloaded = storage.open(*segment).and_then(|file| file.reload());
        reloaded.map_err(|source| BrokerError::Store { place: storage.place(*segment), source })?;
    }
    for segment in &segments {
        scan.segment(*segment)?;
    }
    scan.reaches(mark, &segments)?;
    scan.finish(&segments)?;
    let Scan { mut index, journal, number, end, .. } = scan;
    index.mark_handed();
    let id = journal.or(mark.map(|mark| mark.journal));
    let id = id.unwrap_or_else(|| RandomState::new().build_hasher().finish());
    let segment = segments.last().copied().unwrap_or(1);
    let failed = |source| BrokerError::Store { place: storage.place(segment), source };
    let file = match segments.last() {
        Some(last) => storage.open(*last),
        None => storage.create(segment, segment_bytes),
    };
    let file = file.map_err(failed)?;
    let bytes = file.bytes().map_err(failed)?;
    index.add_segment(segment);
    let marked = marked(&*storage, mark, Mark { journal: id, group: number - 1 })?;
    let journal = Journal {
        storage,
        segment_bytes,
        id,
        number,
        segment,
        file,
        bytes,
        offset: end,
        unsure: 0,
        marked,
        marked_at: None,
    };
    Ok((index, journal))
}

/// The group that the mark names. Without a mark, the first is made of what was read, all of which is durable; after
/// that the journal's number stays.
fn marked(storage: &dyn Storage, mark: Option<Mark>, read: Mark) -> Result<u64, BrokerError> {
    match mark {
        Some(mark) => Ok(mark.group),
        None => read.save(storage).map(|()| read.group),
    }
}

/// What has been read so far.
struct Scan<'a> {
    storage: &'a dyn Storage,
    index: Index,
    /// The journal's random number, once a group has told it.
    journal: Option<u64>,
    /// Number that is due next.
    number: u64,
    /// Whether the next group must have just that number; after a deleted segment it may have a greater one.
    exact: bool,
    /// The segment before.
    previous: Option<u32>,
    /// End of the last group in the segment before.
    end: u64,
    /// Where something other than zeros follows the last group of a segment: a torn end if no group comes after.
    torn: Option<(u32, u64)>,
}

impl<'a> Scan<'a> {
    fn new(storage: &'a dyn Storage) -> Self {
        Self {
            storage,
            index: Index::default(),
            journal: None,
            number: 1,
            exact: false,
            previous: None,
            end: 0,
            torn: None,
        }
    }

    fn segments(&self) -> Result<Vec<u32>, BrokerError> {
        let found = self.storage.segments().map_err(|error| self.failed(0, error));
        found.map(|mut segments| {
            segments.sort_unstable();
            segments
        })
    }

    /// Reads one segment, the next in order.
    fn segment(&mut self, segment: u32) -> Result<(), BrokerError> {
        let file = self.storage.open(segment).map_err(|error| self.failed(segment, error))?;
        let data = file.data().map_err(|error| self.failed(segment, error))?;
        self.index.add_segment(segment);
        self.exact &= self.previous.is_some_and(|previous| previous + 1 == segment);
        self.previous = Some(segment);
        let (mut offset, mut page, mut payload) = (0, [0; PAGE], Vec::new());
        loop {
            self.read(segment, &*file, offset, &mut page)?;
            let Some(header) = Header::read(&page).filter(|header| self.ours(header)) else { break };
            self.in_turn(segment, offset, &header)?;
            payload.clear();
            payload.resize(header.payload.min(self.room(segment, &*file, offset)?), 0);
            self.read(segment, &*file, offset + HEADER as u64, &mut payload)?;
            if !header.holds(&payload) {
                break;
            }
            self.group(segment, offset, &header, &payload)?;
            offset += padded(HEADER + header.payload) as u64;
        }
        self.end = offset;
        self.rest(segment, &*file, offset, &data)
    }

    /// Bytes that a payload at `offset` can have at most.
    fn room(&self, segment: u32, file: &dyn SegmentFile, offset: u64) -> Result<usize, BrokerError> {
        let bytes = file.bytes().map_err(|error| self.failed(segment, error))?;
        Ok(usize::try_from(bytes.saturating_sub(offset + HEADER as u64)).unwrap_or(usize::MAX))
    }

    fn ours(&self, header: &Header) -> bool {
        self.journal.is_none_or(|journal| journal == header.journal)
    }

    /// A sound header must carry the number that is due, and no torn end can come before it.
    fn in_turn(&self, segment: u32, offset: u64, header: &Header) -> Result<(), BrokerError> {
        if let Some((segment, offset)) = self.torn {
            return Err(self.damaged(segment, offset, "a group can't be read, but a later one can"));
        }
        if header.number < self.number || (self.exact && header.number > self.number) {
            let what = format!("group {} where {} was due", header.number, self.number);
            return Err(self.damaged(segment, offset, what));
        }
        Ok(())
    }

    fn group(&mut self, segment: u32, at: u64, header: &Header, payload: &[u8]) -> Result<(), BrokerError> {
        for record in Records::of(payload) {
            let applied = match record {
                Ok(record) => self.index.apply(segment, at + HEADER as u64, record),
                Err(_) => Err("a record of an unknown kind".to_owned()),
            };
            applied.map_err(|what| self.damaged(segment, at, what))?;
        }
        self.journal = Some(header.journal);
        (self.number, self.exact) = (header.number + 1, true);
        Ok(())
    }

    /// Looks at what follows the last readable group of a segment: zeros, the rest of a torn write, or a later
    /// group, which proves that something between was durable and is not any more.
    fn rest(
        &mut self,
        segment: u32,
        file: &dyn SegmentFile,
        end: u64,
        data: &[Range<u64>],
    ) -> Result<(), BrokerError> {
        let mut page = [0; PAGE];
        let size = PAGE as u64;
        let pages = |range: &Range<u64>| (range.start / size).max(end / size)..range.end.div_ceil(size);
        for offset in data.iter().flat_map(pages).map(|page| page * size) {
            self.read(segment, file, offset, &mut page)?;
            if page == [0; PAGE] {
                continue;
            }
            self.tear(segment, end)?;
            let later = Header::read(&page)
                .is_some_and(|header| self.ours(&header) && header.number >= self.number && offset > end);
            if later {
                return Err(self.damaged(segment, end, "a group can't be read, but a later one can"));
            }
        }
        Ok(())
    }

    /// Notes a torn end. There can be one only: a segment is begun when the one before it is durable.
    fn tear(&mut self, segment: u32, end: u64) -> Result<(), BrokerError> {
        match self.torn.replace((segment, end)) {
            Some((before, at)) if before != segment => {
                Err(self.damaged(before, at, "a group can't be read, but a later segment was written"))
            }
            _ => Ok(()),
        }
    }

    /// Checks that the group which the mark names is there.
    fn reaches(&self, mark: Option<Mark>, segments: &[u32]) -> Result<(), BrokerError> {
        let Some(Mark { journal, group }) = mark else { return Ok(()) };
        let what = match self.journal {
            Some(found) if found != journal => {
                format!("this is another journal than the one whose group {group} was durable and is gone")
            }
            _ if self.number <= group => format!("group {group} was durable and is gone"),
            _ => return Ok(()),
        };
        let (segment, offset) = self.torn.unwrap_or((segments.last().copied().unwrap_or(1), self.end));
        Err(self.damaged(segment, offset, what))
    }

    /// Checks that no message is missing, cuts the torn end, and makes names durable.
    fn finish(&self, segments: &[u32]) -> Result<(), BrokerError> {
        if let Some(what) = self.index.missing() {
            return Err(self.damaged(segments.first().copied().unwrap_or(1), 0, what));
        }
        if let Some((segment, offset)) = self.torn {
            tracing::warn!(
                segment,
                offset,
                "the journal ends in a torn write, later than the last group known to be durable: cut"
            );
            self.cut(segment, offset).map_err(|error| self.failed(segment, error))?;
        }
        self.storage.sync().map_err(|error| self.failed(0, error))
    }

    fn cut(&self, segment: u32, offset: u64) -> io::Result<()> {
        let file = self.storage.open(segment)?;
        zero(&*file, offset, file.bytes()?.saturating_sub(offset))?;
        file.sync()
    }

    fn read(
        &self,
        segment: u32,
        file: &dyn SegmentFile,
        at: u64,
        to: &mut [u8],
    ) -> Result<usize, BrokerError> {
        let count = file.read_at(at, to).map_err(|error| self.failed(segment, error))?;
        to.iter_mut().skip(count).for_each(|byte| *byte = 0);
        Ok(count)
    }

    fn failed(&self, segment: u32, source: io::Error) -> BrokerError {
        BrokerError::Store { place: self.storage.place(segment), source }
    }

    fn damaged(&self, segment: u32, offset: u64, what: impl Into<String>) -> BrokerError {
        BrokerError::Damaged { file: self.storage.place(segment), offset, what: what.into() }
    }
}
