//! Bytes that are too large for the broker, by their hash.

use std::io::Write;

use crate::config::Config;
pub use crate::store::ClaimError;
use crate::store::Claims;

/// Writes claimed bytes; how many they were.
///
/// # Errors
/// Where they are not there, or not what was put there; the latter only once they are written.
pub fn write(config: &Config, hash: &str, to: impl Write) -> Result<u64, ClaimError> {
    Claims::new(config.hub.claims.clone()).copy(hash, to)
}
