//! The end of the journal: where the next group goes.
//!
//! Invariants:
//! - Every segment starts with a snapshot of all queues, cursors and next numbers, so any older segment without a
//!   live message can go, whichever it is.
//! - After a failed write or sync nobody knows what a crash would leave there. Nothing more is written before
//!   zeros over the same bytes are durable; until then every append fails.
//! - A mark that can't be written fails no append: it only means that less is known at the next opening.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::group::{self, PAGE, padded};
use super::mark::Mark;
use super::storage::{SegmentFile, Storage};
use crate::broker::BrokerError;

/// The mark is at most about this far behind.
const MARK_EVERY: Duration = Duration::from_secs(1);

/// What a group is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// It takes messages in.
    Publish,
    /// It only acknowledges. It may use the last eighth of a segment, which publishing leaves alone: on a full
    /// disk consumers can still settle, and what they settle frees segments.
    Settle,
}

/// The journal, ready to append.
pub(super) struct Journal {
    pub(super) storage: Arc<dyn Storage>,
    /// Length of an ordinary segment.
    pub(super) segment_bytes: u64,
    /// Random number of this journal.
    pub(super) id: u64,
    /// Number of the next group.
    pub(super) number: u64,
    /// The active segment.
    pub(super) segment: u32,
    pub(super) file: Arc<dyn SegmentFile>,
    /// Length of the active segment.
    pub(super) bytes: u64,
    /// Where the next group goes; everything from here on is zero, but for `unsure`.
    pub(super) offset: u64,
    /// How many bytes from `offset` on may hold rests of a write that failed.
    pub(super) unsure: usize,
    /// Number of the group that the mark names.
    pub(super) marked: u64,
    /// When the mark was last written, or could not be; none since the journal was opened.
    pub(super) marked_at: Option<Instant>,
}

impl Journal {
    /// Writes a group and makes it durable; gives the segment and the offset of its payload. `group` is header
    /// room and payload, and is padded. `snapshot` makes the group that a new segment starts with.
    pub(super) fn append(
        &mut self,
        group: &mut Vec<u8>,
        purpose: Purpose,
        snapshot: impl FnOnce() -> Vec<u8>,
    ) -> Result<(u32, u64), BrokerError> {
        self.repair()?;
        let mut snapshot = Some(snapshot).filter(|_| !self.fits(group, purpose)).map(|make| make());
        if let Some(first) = &mut snapshot {
            self.roll(padded(first.len()) + padded(group.len()))?;
            self.write(first)?;
        }
        self.write(group)
    }

    /// Whether the active segment, which must have its snapshot, has room.
    fn fits(&self, group: &[u8], purpose: Purpose) -> bool {
        let kept = if purpose == Purpose::Settle { 0 } else { self.segment_bytes / 8 };
        self.offset > 0 && self.offset + padded(group.len()) as u64 + kept <= self.bytes
    }

    /// Goes on in a new segment with room for `first` bytes; in the active one, if nothing is in it yet.
    fn roll(&mut self, first: usize) -> Result<(), BrokerError> {
        let needed = (first as u64 + self.segment_bytes / 8).max(self.segment_bytes);
        if self.offset == 0 && self.bytes >= needed {
            return Ok(());
        }
        let needed = needed.next_multiple_of(PAGE as u64);
        let segment = self.segment.saturating_add(u32::from(self.bytes > 0));
        let file = self.storage.create(segment, needed).map_err(|error| self.failed(segment, error))?;
        (self.segment, self.file, self.bytes, self.offset) = (segment, file, needed, 0);
        Ok(())
    }

    fn write(&mut self, group: &mut Vec<u8>) -> Result<(u32, u64), BrokerError> {
        let header = group::header(group, self.number, self.id);
        group.iter_mut().zip(header).for_each(|(to, from)| *to = from);
        group.resize(padded(group.len()), 0);
        let durable = self.file.write_at(self.offset, group).and_then(|()| self.file.sync());
        if let Err(error) = durable {
            self.unsure = group.len();
            if let Err(error) = self.repair() {
                tracing::warn!(%error, "the end of the journal can't be cleaned now; trying again at the next write");
            }
            return Err(self.failed(self.segment, error));
        }
        let payload = self.offset + group::HEADER as u64;
        self.number += 1;
        self.offset += group.len() as u64;
        Ok((self.segment, payload))
    }

    /// How long the mark may wait; none if it names the last durable group already.
    pub(super) fn mark_due(&self) -> Option<Duration> {
        let behind = self.number > self.marked + 1;
        let age = self.marked_at.map_or(MARK_EVERY, |at| at.elapsed());
        behind.then(|| MARK_EVERY.saturating_sub(age))
    }

    /// Makes the mark name the last durable group.
    #[expect(
        clippy::disallowed_methods,
        reason = "only paces the writer: nothing that is written depends on it"
    )]
    pub(super) fn mark(&mut self) {
        if self.mark_due().is_none() {
            return;
        }
        let mark = Mark { journal: self.id, group: self.number - 1 };
        match mark.save(&*self.storage) {
            Ok(()) => self.marked = mark.group,
            Err(error) => {
                tracing::warn!(%error, "the mark of the last durable group can't be written now; trying again");
            }
        }
        self.marked_at = Some(Instant::now());
    }

    /// Brings the end of the journal back to a known state: durable zeros.
    fn repair(&mut self) -> Result<(), BrokerError> {
        if self.unsure == 0 {
            return Ok(());
        }
        let zeroed = zero(&*self.file, self.offset, self.unsure as u64).and_then(|()| self.file.sync());
        zeroed.map_err(|error| self.failed(self.segment, error))?;
        self.unsure = 0;
        Ok(())
    }

    fn failed(&self, segment: u32, source: io::Error) -> BrokerError {
        BrokerError::Store { place: self.storage.place(segment), source }
    }
}

/// Writes `bytes` zeros at `offset`.
pub(super) fn zero(file: &dyn SegmentFile, offset: u64, bytes: u64) -> io::Result<()> {
    let zeros = [0; 16 * PAGE];
    let mut done = 0;
    while done < bytes {
        let step = (bytes - done).min(zeros.len() as u64);
        file.write_at(offset + done, zeros.get(..step as usize).unwrap_or(&zeros))?;
        done += step;
    }
    Ok(())
}
