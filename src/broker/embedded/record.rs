//! What a group says: records, one after the other, little-endian.
//!
//! | tag | record | fields |
//! |---|---|---|
//! | 1 | queue | id u32 · name (length u32, UTF-8) |
//! | 2 | lane | queue u32 · lane u16 · cursor u64 · next u64 |
//! | 3 | message | addresses (count u32; each queue u32, lane u16, sequence u64) · length u32 · envelope length u32 · CRC32C u32 · envelope · body |
//!
//! A message record whose sequence number has been given before moves that message: it lies here now.
//!
//! A lane record is the state of a lane: an acknowledgement moves its cursor, and a snapshot is queue and lane
//! records alone. A message's length counts what stands after it; its CRC covers envelope and body and is checked
//! whenever the message is read back.

use bytes::Bytes;

use super::index::LaneId;
use crate::envelope::Lane;

const QUEUE: u8 = 1;
const LANE: u8 = 2;
const MESSAGE: u8 = 3;
const ADDRESS: usize = 14;

/// One record of a group's payload.
#[derive(Debug)]
pub(super) enum Record<'a> {
    /// A queue exists.
    Queue {
        /// Its place in the order of declaration, from 0.
        id: u32,
        /// Its name.
        name: &'a str,
    },
    /// Where a lane stands.
    Lane {
        /// Which.
        id: LaneId,
        /// Sequence number of the oldest message that is not settled.
        cursor: u64,
        /// Sequence number that the next message gets.
        next: u64,
    },
    /// A message arrived, or was moved here.
    Message {
        /// Where to.
        to: Addresses<'a>,
        /// Where its stored form starts in the payload, in bytes.
        offset: usize,
        /// Length of its stored form.
        bytes: usize,
    },
}

/// The places that a message went to: lane and sequence number.
#[derive(Debug, Clone, Copy)]
pub(super) struct Addresses<'a>(&'a [u8]);

impl Iterator for Addresses<'_> {
    type Item = (LaneId, u64);

    fn next(&mut self) -> Option<Self::Item> {
        let mut fields = Fields(self.0);
        let address = (fields.lane_id()?, fields.u64()?);
        self.0 = fields.0;
        Some(address)
    }
}

/// A message as the writer receives it.
#[derive(Debug)]
pub(super) struct Message {
    /// Lanes it goes to.
    pub(super) to: Vec<LaneId>,
    /// Its envelope, JSON.
    pub(super) envelope: Vec<u8>,
    /// Its body.
    pub(super) body: Bytes,
    /// CRC32C over envelope and body.
    pub(super) checksum: u32,
}

impl Message {
    /// Bytes that its record takes.
    pub(super) fn bytes(&self) -> usize {
        32 + self.to.len() * ADDRESS + self.envelope.len() + self.body.len()
    }
}

/// Appends a queue record.
pub(super) fn put_queue(group: &mut Vec<u8>, id: u32, name: &str) {
    group.push(QUEUE);
    group.extend_from_slice(&id.to_le_bytes());
    put_length(group, name.len());
    group.extend_from_slice(name.as_bytes());
}

/// Appends a lane record.
pub(super) fn put_lane(group: &mut Vec<u8>, id: LaneId, cursor: u64, next: u64) {
    group.push(LANE);
    put_lane_id(group, id);
    group.extend_from_slice(&cursor.to_le_bytes());
    group.extend_from_slice(&next.to_le_bytes());
}

/// Appends a message record; `sequence` gives the number in each lane.
pub(super) fn put_message(group: &mut Vec<u8>, message: &Message, mut sequence: impl FnMut(LaneId) -> u64) {
    group.push(MESSAGE);
    put_length(group, message.to.len());
    for lane in &message.to {
        put_lane_id(group, *lane);
        group.extend_from_slice(&sequence(*lane).to_le_bytes());
    }
    put_length(group, 8 + message.envelope.len() + message.body.len());
    put_length(group, message.envelope.len());
    group.extend_from_slice(&message.checksum.to_le_bytes());
    group.extend_from_slice(&message.envelope);
    group.extend_from_slice(&message.body);
}

/// Appends a message record for a message that lies elsewhere in the journal, under the numbers that it has.
pub(super) fn put_moved(group: &mut Vec<u8>, to: &[(LaneId, u64)], stored: &[u8]) {
    group.push(MESSAGE);
    put_length(group, to.len());
    for (lane, sequence) in to {
        put_lane_id(group, *lane);
        group.extend_from_slice(&sequence.to_le_bytes());
    }
    put_length(group, stored.len());
    group.extend_from_slice(stored);
}

/// Lengths fit: a transaction is at most 1 GiB.
fn put_length(group: &mut Vec<u8>, length: usize) {
    group.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
}

fn put_lane_id(group: &mut Vec<u8>, id: LaneId) {
    group.extend_from_slice(&id.queue.to_le_bytes());
    group.extend_from_slice(&id.lane.0.to_le_bytes());
}

/// The records of a payload. An item is `Err` where the payload can't be understood, and is then the last.
#[derive(Debug)]
pub(super) struct Records<'a> {
    payload: usize,
    rest: Fields<'a>,
}

/// A payload whose checksum is right says something that this version does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unknown;

impl<'a> Records<'a> {
    /// The records of `payload`.
    pub(super) fn of(payload: &'a [u8]) -> Self {
        Self { payload: payload.len(), rest: Fields(payload) }
    }

    fn record(&mut self) -> Option<Record<'a>> {
        let rest = &mut self.rest;
        match rest.u8()? {
            QUEUE => {
                let id = rest.u32()?;
                let length = rest.length()?;
                Some(Record::Queue { id, name: str::from_utf8(rest.slice(length)?).ok()? })
            }
            LANE => Some(Record::Lane { id: rest.lane_id()?, cursor: rest.u64()?, next: rest.u64()? }),
            MESSAGE => {
                let count = rest.length()?;
                let to = Addresses(rest.slice(count.checked_mul(ADDRESS)?)?);
                let bytes = rest.length()?;
                let offset = self.payload - rest.0.len();
                rest.slice(bytes)?;
                Some(Record::Message { to, offset, bytes })
            }
            _ => None,
        }
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<Record<'a>, Unknown>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.0.is_empty() {
            return None;
        }
        let record = self.record().ok_or(Unknown);
        if record.is_err() {
            self.rest = Fields(&[]);
        }
        Some(record)
    }
}

/// The parts of a stored message: envelope (JSON) and body, if its checksum is right.
pub(super) fn parts(stored: &Bytes) -> Option<(Bytes, Bytes)> {
    let mut fields = Fields(stored);
    let (envelope, checksum) = (fields.length()?, fields.u32()?);
    let content = stored.slice(8..);
    if envelope > content.len() || crc32c::crc32c(&content) != checksum {
        return None;
    }
    Some((content.slice(..envelope), content.slice(envelope..)))
}

/// Takes fields off the front.
#[derive(Debug)]
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }

    fn slice(&mut self, length: usize) -> Option<&'a [u8]> {
        let (slice, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(slice)
    }

    fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn length(&mut self) -> Option<usize> {
        self.u32().map(|length| length as usize)
    }

    fn lane_id(&mut self) -> Option<LaneId> {
        Some(LaneId { queue: self.u32()?, lane: Lane(self.array().map(u16::from_le_bytes)?) })
    }
}

#[cfg(test)]
mod tests;
