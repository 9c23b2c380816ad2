//! What the hub keeps beside its broker: the pick-up ledger, the bytes that are too large for a message, what was accepted,
//! and what became of it.
//!
//! The embedded database is for what can be rebuilt from the sources or the journal: here the pick-up ledger.
//! What must not be lost lives in the broker's journal, the bytes that it claims in [`Claims`], and the registry's
//! entries in a [`Log`]. The database itself is named in `sled_kv` only; everything else speaks [`Kv`].

pub mod chain;
pub mod claims;
pub mod day_log;
pub mod history;
pub mod kv;
pub mod ledger;
mod log;
pub mod messages;
pub mod record;
mod sled_kv;

pub use chain::{Chain, ChainError};
pub use claims::{ClaimError, Claims};
pub use day_log::{DayLog, DayLogError};
pub use kv::{Batch, Durability, Kv, StoreError};
pub use ledger::{Ledger, Place, Sighting};
pub use log::{Log, LogError};
pub use record::{DropRecord, FileRecord, FileState, FolderRecord, Joined, PartRecord};
pub use sled_kv::SledKv;
