//! Compaction: a message that nobody reads keeps its own bytes on disk, and not a whole segment.
//!
//! Once for each new segment, the few messages that are still live in an old one are written again, under the
//! numbers that they have; the old segment then goes like any other in which nothing is live. A crash in between
//! leaves them in both, and the later place counts.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::group;
use super::index::{LaneId, Place, lock};
use super::journal::Purpose;
use super::record;
use super::writer::Writer;
use crate::broker::BrokerError;

/// This many segments behind the active one are left alone: what is in them may be read soon.
const YOUNG_SEGMENTS: u32 = 3;

/// Messages of a segment, and their numbers in lanes.
type Residents = BTreeMap<Place, Vec<(LaneId, u64)>>;

impl Writer {
    /// Moves the last messages out of the oldest segment that has few.
    pub(super) fn compact(&mut self) {
        let sparse = {
            let index = lock(&self.index);
            let before = self.journal.segment.saturating_sub(YOUNG_SEGMENTS);
            let sparse = index.sparse_segment(before, self.journal.segment_bytes / 8);
            sparse.map(|segment| (segment, index.residents(segment)))
        };
        let Some((segment, residents)) = sparse else { return };
        let moved = self.gather_moved(segment, &residents);
        if let Err(error) = moved.and_then(|mut group| self.make_durable(&mut group, Purpose::Publish)) {
            tracing::warn!(segment, %error, "the last messages of an old segment can't be moved now");
        }
    }

    fn gather_moved(&self, segment: u32, residents: &Residents) -> Result<Vec<u8>, BrokerError> {
        let storage = &self.journal.storage;
        let failed = |source| BrokerError::Store { place: storage.place(segment), source };
        let file = storage.open(segment).map_err(failed)?;
        let mut group = group::start();
        for (place, to) in residents {
            let mut stored = vec![0; place.bytes as usize];
            file.read_at(u64::from(place.offset), &mut stored).map_err(failed)?;
            let stored = Bytes::from(stored);
            // Damage must not be moved on under a good checksum.
            if record::parts(&stored).is_none() {
                let what = "a message is not what was written".to_owned();
                return Err(self.contradiction(segment, u64::from(place.offset), what));
            }
            record::put_moved(&mut group, to, &stored);
        }
        Ok(group)
    }
}
