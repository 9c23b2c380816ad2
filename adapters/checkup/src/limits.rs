//! How much an archive may be.

/// Bounds on what is read of one archive, whatever it says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Entries, folders too. Never more than 65,534: archives with ZIP64 records are refused.
    pub entries: u16,
    /// Bytes of its central directory.
    pub directory_bytes: u64,
    /// Bytes of one entry once unpacked.
    pub entry_bytes: u64,
    /// Bytes of all entries once unpacked.
    pub unpacked_bytes: u64,
    /// How many times its own size an archive may unpack to, beyond [`Limits::free_bytes`].
    pub ratio: u64,
    /// An archive that unpacks to no more than this is not asked for its ratio.
    pub free_bytes: u64,
    /// Elements within elements of an XML file.
    pub depth: usize,
}

impl Default for Limits {
    /// Room for 65,000 persons of 16 kB each. XML of check-ups packs to a tenth or a thirtieth; DEFLATE can reach a
    /// thousandth.
    fn default() -> Self {
        Self {
            entries: u16::MAX - 1,
            directory_bytes: 16 << 20,
            entry_bytes: 16 << 20,
            unpacked_bytes: 1 << 30,
            ratio: 100,
            free_bytes: 16 << 20,
            depth: 64,
        }
    }
}

impl Limits {
    /// Bytes that an archive of so many bytes may unpack to.
    pub(crate) fn budget(&self, archive_bytes: u64) -> u64 {
        archive_bytes.saturating_mul(self.ratio).max(self.free_bytes).min(self.unpacked_bytes)
    }
}
