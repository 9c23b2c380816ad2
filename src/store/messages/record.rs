//! One message in a file of the store, numbers little-endian:
//!
//! | bytes | |
//! |---|---|
//! | 4 | `MSG1` |
//! | 4 | length of the header |
//! | 4 | length of the body |
//! | 4 | CRC-32C of the two lengths and the header |
//! | 4 | CRC-32C of the body |
//! | | header: lane (2), sequence (8), envelope as JSON |
//! | | body |
//!
//! The header has a sum of its own, so that who looks for a message need not read the bodies of the others.

use std::io;

use bytes::Bytes;

use super::Message;
use crate::envelope::{BODY_BYTES_MAX, Lane};

const MARK: [u8; 4] = *b"MSG1";
/// Bytes before the header.
pub(super) const START: usize = 20;
/// Lane and sequence.
const PLACE: usize = 10;
/// Largest header: findings of a file and its path are far from it.
const HEADER_MAX: u32 = 16 << 20;

/// What stands before a header.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start {
    pub(super) header: u32,
    pub(super) body: u32,
    header_sum: u32,
    body_sum: u32,
}

/// Appends a message.
pub(super) fn write(bytes: &mut Vec<u8>, message: &Message) -> io::Result<()> {
    let mut header = message.lane.0.to_le_bytes().to_vec();
    header.extend_from_slice(&message.sequence.to_le_bytes());
    serde_json::to_writer(&mut header, &message.envelope)?;
    let length = |bytes: usize| u32::try_from(bytes).map_err(|_| io::Error::other("a message is too large"));
    let (header_length, body_length) = (length(header.len())?, length(message.body.len())?);
    bytes.extend_from_slice(&MARK);
    bytes.extend_from_slice(&header_length.to_le_bytes());
    bytes.extend_from_slice(&body_length.to_le_bytes());
    bytes.extend_from_slice(&sum(header_length, body_length, &header).to_le_bytes());
    bytes.extend_from_slice(&crc32c::crc32c(&message.body).to_le_bytes());
    bytes.extend_from_slice(&header);
    bytes.extend_from_slice(&message.body);
    Ok(())
}

impl Start {
    /// Nothing where no message begins.
    pub(super) fn read(bytes: &[u8; START]) -> Option<Self> {
        let (mark, rest) = bytes.split_first_chunk()?;
        let mut numbers =
            rest.chunks_exact(4).filter_map(|bytes| Some(u32::from_le_bytes(bytes.try_into().ok()?)));
        let start = Self {
            header: numbers.next()?,
            body: numbers.next()?,
            header_sum: numbers.next()?,
            body_sum: numbers.next()?,
        };
        let possible = start.header <= HEADER_MAX && u64::from(start.body) <= BODY_BYTES_MAX;
        (*mark == MARK && possible).then_some(start)
    }

    /// Bytes of the whole message.
    pub(super) fn length(&self) -> u64 {
        START as u64 + u64::from(self.header) + u64::from(self.body)
    }

    /// The message without its body; nothing where it is not what was written.
    pub(super) fn message(&self, header: &[u8]) -> Option<Message> {
        if sum(self.header, self.body, header) != self.header_sum {
            return None;
        }
        let (place, envelope) = header.split_first_chunk::<PLACE>()?;
        let (lane, sequence) = place.split_first_chunk()?;
        Some(Message {
            lane: Lane(u16::from_le_bytes(*lane)),
            sequence: u64::from_le_bytes(sequence.try_into().ok()?),
            envelope: serde_json::from_slice(envelope).ok()?,
            body: Bytes::new(),
        })
    }

    /// Whether that is the body.
    pub(super) fn is_body(&self, body: &[u8]) -> bool {
        crc32c::crc32c(body) == self.body_sum
    }
}

fn sum(header_length: u32, body_length: u32, header: &[u8]) -> u32 {
    let lengths = [header_length.to_le_bytes(), body_length.to_le_bytes()].concat();
    crc32c::crc32c_append(crc32c::crc32c(&lengths), header)
}
