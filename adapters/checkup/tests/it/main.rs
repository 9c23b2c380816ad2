//! Archives that are built here, good and hostile, and read. All persons are invented (架空).
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod archives;
mod build;
mod hostile;
mod properties;
mod xml;
