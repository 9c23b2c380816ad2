//! Channel adapters for files: SS-MIX2 storages and folders of HL7 v2 files, polled.
//!
//! A message's way: `source` walks what changed (`storage`, `transaction`, `files`) -> `read` waits until
//! a file stands still and is complete -> `message` puts the envelope on -> `outbox` -> [`Feed`] publishes,
//! and only then notes it in the ledger and does away with a dropped file.
//!
//! **Why nothing is lost or taken twice.** A message goes to `ingest` and to `accepted.<feed>` in one publication.
//! The ledger is a read model of `accepted.<feed>`: (1) an entry is written only after its publication was
//! confirmed; (2) a delivery of `accepted.<feed>` is settled only after a flush that covers its entry; (3) before
//! anything is scanned, whatever lies in `accepted.<feed>` is noted in the ledger, flushed and settled. So at
//! every moment ledger and unsettled deliveries together tell all that was accepted: a crash before the
//! confirmation leaves neither message nor entry, and the file is taken again; a crash after it leaves the
//! delivery, from which the entry follows. To note a delivery twice changes nothing.
//!
//! What the ledger holds besides (how files and folders looked) only saves work: lost, the file is read again and
//! found to be as accepted.

mod announced;
mod claimed;
mod content;
mod context;
mod error;
mod extension;
mod feed;
mod files;
mod folder;
mod hl7;
mod index;
mod joins;
mod last_record;
mod leaf;
mod media;
mod message;
pub mod mllp;
mod outbox;
mod read;
mod replay;
pub mod settings;
mod source;
mod stock;
mod storage;
mod tally;
mod transaction;

pub use context::FeedCounts;
pub use error::IngestError;
pub use feed::{Feed, Pace};
pub use media::of as media_type;
pub use mllp::Listener;
pub use settings::{After, Extension, FeedSettings, ListenerSettings, Source};
pub use stock::{Content, Lying, Missed, Odd, Span, Stock, StockError, stock};
