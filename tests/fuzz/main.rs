//! Fuzz targets: hostile bytes for every reader of the hub. No panic, no hang, memory in proportion to the input.
//!
//! `cargo test --test fuzz` runs each target for some seconds (`MUSUBI_FUZZ_SECONDS`, 3) with random changes of
//! well-formed inputs, after the inputs that once broke something (`__fuzz__/hl7__mllp/crashes/` holds those of
//! `hl7::mllp`). For hours, guided by coverage: `cargo bolero test --test fuzz hl7::mllp`, which needs the tool
//! `cargo-bolero`.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod checkup;
mod documents;
mod hl7;
mod mutate;
mod ssmix2;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// One target at a time: they share the count of memory.
static TURN: Mutex<()> = Mutex::new(());

/// How long a target runs.
fn time() -> Duration {
    let seconds = std::env::var("MUSUBI_FUZZ_SECONDS").map(|text| text.parse().unwrap());
    Duration::from_secs(seconds.unwrap_or(3))
}

/// Reads the bytes; memory may grow by so many times their length, and by a constant for tables made on first use.
fn bounded(bytes: &[u8], times: usize, read: impl FnOnce(&[u8])) {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    read(bytes);
    let grown = MEMORY.peak_usage().saturating_sub(before);
    assert!(grown <= times * bytes.len() + CONSTANT, "{grown} bytes of memory for {} bytes", bytes.len());
}

const CONSTANT: usize = 4 << 20;
