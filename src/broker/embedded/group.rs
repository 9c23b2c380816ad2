//! The unit on disk: a group of transactions, written by one write and made durable by one fdatasync.
//!
//! Header, 32 bytes, little-endian: magic `MSB1` · payload bytes u32 · group number u64 · journal u64 · CRC32C of
//! the payload u32 · CRC32C of the 28 bytes before u32. Payload: records, see [`super::record`].
//!
//! Invariants:
//! - A group starts on a page of its own, and a page that holds a durable group is never written again: a write
//!   that is torn can hurt nothing but itself.
//! - Group n + 1 is written only after group n is durable. So a bad group with nothing of a greater number behind
//!   it is the torn end of the journal, and a bad group with one is damage.
//! - `journal` is drawn at random when the journal is born, so that no message body can pass for a group.

/// Groups start at multiples of this many bytes.
pub(super) const PAGE: usize = 4096;
/// Bytes of a header; a group under construction leaves them free.
pub(super) const HEADER: usize = 32;

const MAGIC: u32 = u32::from_le_bytes(*b"MSB1");

/// A header whose checksum is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    /// Length of the payload in bytes.
    pub(super) payload: usize,
    /// Number of the group, 1, 2, 3 … over the whole journal.
    pub(super) number: u64,
    /// Which journal it belongs to.
    pub(super) journal: u64,
    checksum: u32,
}

impl Header {
    /// Reads the header at the start of `bytes`, if there is a sound one.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let (checked, rest) = bytes.split_first_chunk::<28>()?;
        let own = u32::from_le_bytes(*rest.first_chunk()?);
        let (magic, rest) = checked.split_first_chunk()?;
        let (payload, rest) = rest.split_first_chunk()?;
        let (number, rest) = rest.split_first_chunk()?;
        let (journal, rest) = rest.split_first_chunk()?;
        let sound = u32::from_le_bytes(*magic) == MAGIC && crc32c::crc32c(checked) == own;
        sound.then_some(Self {
            payload: u32::from_le_bytes(*payload) as usize,
            number: u64::from_le_bytes(*number),
            journal: u64::from_le_bytes(*journal),
            checksum: u32::from_le_bytes(*rest.first_chunk()?),
        })
    }

    /// Whether `payload` is what was written.
    pub(super) fn holds(&self, payload: &[u8]) -> bool {
        payload.len() == self.payload && crc32c::crc32c(payload) == self.checksum
    }
}

/// Bytes that a group of `bytes` bytes, header included, takes on disk.
pub(super) fn padded(bytes: usize) -> usize {
    bytes.next_multiple_of(PAGE)
}

/// An empty group: room for the header.
pub(super) fn start() -> Vec<u8> {
    vec![0; HEADER]
}

/// The header of a finished group. `group` is header room and payload, without padding.
pub(super) fn header(group: &[u8], number: u64, journal: u64) -> [u8; HEADER] {
    let payload = group.get(HEADER..).unwrap_or_default();
    // A transaction is at most 1 GiB (see `TRANSACTION_BYTES_MAX`) and a group one transaction over 4 MiB at most.
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    let mut bytes = [0; HEADER];
    let fields = MAGIC
        .to_le_bytes()
        .into_iter()
        .chain(length.to_le_bytes())
        .chain(number.to_le_bytes())
        .chain(journal.to_le_bytes())
        .chain(crc32c::crc32c(payload).to_le_bytes());
    bytes.iter_mut().zip(fields).for_each(|(to, from)| *to = from);
    if let Some((checked, own)) = bytes.split_first_chunk_mut::<28>() {
        own.copy_from_slice(&crc32c::crc32c(checked).to_le_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_back_and_any_flipped_bit_is_noticed() {
        let mut group = start();
        group.extend_from_slice(b"payload");
        let header = header(&group, 7, 0xfeed);
        let read = Header::read(&header).unwrap();
        assert_eq!((read.payload, read.number, read.journal), (7, 7, 0xfeed));
        assert!(read.holds(b"payload") && !read.holds(b"pay1oad") && !read.holds(b"payloa"));
        for bit in 0..HEADER * 8 {
            let mut flipped = header;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Header::read(&flipped), None, "bit {bit}");
        }
    }
}
