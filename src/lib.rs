//! musubi: a message-broker integration hub for a regional medical network.
//!
//! The modules stand in the order in which a message meets them; `ARCHITECTURE.md` draws the map.

pub mod broker;
pub mod clock;
pub mod disposition;
pub mod envelope;
pub mod ingest;
pub mod store;
