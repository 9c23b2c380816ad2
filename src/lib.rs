//! musubi: a message-broker integration hub for a regional medical network.
//!
//! The modules stand in the order in which a message meets them; `ARCHITECTURE.md` draws the map.

// The stages, in flow order, and what runs them.
pub mod ingest;
pub mod decode;
pub mod normalise;
pub mod route;
pub mod deliver;
pub mod pipeline;

// What they share.
pub mod broker;
pub mod canonical;
pub mod envelope;
pub mod fhir;
pub mod icalendar;
pub mod manifest;
pub mod registry;
pub mod store;

// What people touch.
pub mod cli;
pub mod config;
pub mod console;
pub mod ops;
pub mod publication;
pub mod services;

pub mod clock;
mod cloud_event;
pub mod disposition;
mod lang;
pub mod simulate;
mod telemetry;
