//! An ordered key-value store: what the hub asks of its embedded database, whichever it is.

use std::io::{self, Write};
use std::path::PathBuf;

use crate::disposition::Disposition;

/// Most changes that are written in one atomic step; larger batches cost memory out of proportion.
pub const BATCH_KEYS_MAX: usize = 1_000;

/// Whether a write returns before or after its bytes are on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Later, with the next flush.
    Buffered,
    /// Before the call returns.
    Durable,
}

/// Changes to be made together, in order; None removes a key.
pub type Batch = Vec<(Vec<u8>, Option<Vec<u8>>)>;

/// What a range gives, key by key.
pub type Entries<'a> = Box<dyn Iterator<Item = Result<(Vec<u8>, Vec<u8>), StoreError>> + Send + 'a>;

/// An ordered key-value store.
pub trait Kv: Send + Sync {
    /// The value of a key.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// Writes a batch, in atomic steps of at most [`BATCH_KEYS_MAX`] changes.
    fn write(&self, batch: Batch, durability: Durability) -> Result<(), StoreError>;

    /// Every entry whose key begins with `prefix`, in order of the keys, read as it is asked for.
    fn range<'a>(&'a self, prefix: &[u8]) -> Entries<'a>;

    /// Makes everything written so far durable.
    fn flush(&self) -> Result<(), StoreError>;

    /// Writes every entry as length (u32, little endian) and bytes of the key, then of the value.
    fn export(&self, to: &mut dyn Write) -> Result<(), StoreError> {
        for entry in self.range(&[]) {
            let (key, value) = entry?;
            for part in [key, value] {
                let length = u32::try_from(part.len()).map_err(|_| StoreError::Record("longer than 4 GB"))?;
                to.write_all(&length.to_le_bytes())
                    .and_then(|()| to.write_all(&part))
                    .map_err(StoreError::Export)?;
            }
        }
        Ok(())
    }
}

/// What the store can answer instead of doing as asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The system refused: disk full, no permission, I/O error.
    #[error("the store at {place} failed")]
    Io {
        /// Folder of the store.
        place: PathBuf,
        /// Cause.
        #[source]
        source: io::Error,
    },
    /// The database can't read what it wrote.
    #[error("the store at {place} is damaged: {what}")]
    Damaged {
        /// Folder of the store.
        place: PathBuf,
        /// What the database said.
        what: String,
    },
    /// A value is not of the form its reader knows.
    #[error("a record of the store can't be read: {0}")]
    Record(&'static str),
    /// The target of an export refused.
    #[error("the export could not be written")]
    Export(#[source] io::Error),
}

impl StoreError {
    /// What the pipeline does about it.
    pub fn disposition(&self) -> Disposition {
        match self {
            Self::Io { .. } | Self::Export(_) => Disposition::Retry,
            Self::Damaged { .. } | Self::Record(_) => Disposition::Stop,
        }
    }
}
