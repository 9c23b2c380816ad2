//! The hub's embedded database, for what can be rebuilt from the sources or the journal: here the pick-up ledger.
//!
//! What must not be lost lives in the broker's journal and never here. The database itself is named in
//! `sled_kv` only; everything else speaks [`Kv`].

pub mod kv;
pub mod ledger;
pub mod record;
mod sled_kv;

pub use kv::{Batch, Durability, Kv, StoreError};
pub use ledger::{Ledger, Place, Sighting};
pub use record::{DropRecord, FileRecord, FileState, FolderRecord, PartRecord};
pub use sled_kv::SledKv;
