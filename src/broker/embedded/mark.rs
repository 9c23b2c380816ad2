//! The mark beside the journal: the last group that is known to be durable.
//!
//! A torn end looks the same whether its group was durable once or never. The mark tells them apart: a journal that
//! ends before the group it names has lost something, and is not opened. It also gives the journal its number before
//! there is a group to carry it.
//!
//! Layout, 24 bytes, little-endian: magic `MSK1` · journal u64 · group number u64 · CRC32C of the 20 bytes before
//! u32.
//!
//! Invariant: the mark is written after the group it names is durable, never before.

use super::storage::Storage;
use crate::broker::BrokerError;

const MAGIC: [u8; 4] = *b"MSK1";
const BYTES: usize = 24;

/// What the mark says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    /// Random number of the journal.
    pub(super) journal: u64,
    /// Number of its last group known to be durable; 0 for none.
    pub(super) group: u64,
}

impl Mark {
    /// Reads the mark of a journal, if it has one.
    pub(super) fn load(storage: &dyn Storage) -> Result<Option<Self>, BrokerError> {
        let place = || storage.mark_place();
        let bytes = storage.mark().map_err(|source| BrokerError::Store { place: place(), source })?;
        let unreadable = || BrokerError::Damaged {
            file: place(),
            offset: 0,
            what: "the mark of the last durable group can't be read".to_owned(),
        };
        bytes.map(|bytes| Self::read(&bytes).ok_or_else(unreadable)).transpose()
    }

    /// Makes this the mark.
    pub(super) fn save(self, storage: &dyn Storage) -> Result<(), BrokerError> {
        let failed = |source| BrokerError::Store { place: storage.mark_place(), source };
        storage.put_mark(&self.bytes()).map_err(failed)
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (checked, own) = bytes.split_first_chunk::<{ BYTES - 4 }>()?;
        let (magic, rest) = checked.split_first_chunk()?;
        let (journal, group) = rest.split_first_chunk()?;
        let sound = *magic == MAGIC && own == crc32c::crc32c(checked).to_le_bytes();
        sound.then_some(Self {
            journal: u64::from_le_bytes(*journal),
            group: u64::from_le_bytes(*group.first_chunk()?),
        })
    }

    fn bytes(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(BYTES);
        bytes.extend(MAGIC);
        bytes.extend(self.journal.to_le_bytes());
        bytes.extend(self.group.to_le_bytes());
        bytes.extend(crc32c::crc32c(&bytes).to_le_bytes());
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_back_and_any_change_is_noticed() {
        let mark = Mark { journal: 0xfeed, group: 7 };
        let bytes = mark.bytes();
        assert_eq!(Mark::read(&bytes), Some(mark));
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Mark::read(&flipped), None, "bit {bit}");
        }
        for end in 0..bytes.len() {
            assert_eq!(Mark::read(&bytes[..end]), None);
        }
        assert_eq!(Mark::read(&[bytes, vec![0]].concat()), None);
    }
}
