//! Whether the bytes that arrived are those that were sent.

use base64::Engine as _;
use serde::Serialize;

use crate::services::inbox::Event;

/// What is known of a letter's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proof {
    /// What was delivered has the hash of what was accepted.
    Same,
    /// Nothing was delivered yet that could be compared.
    Open,
    /// The hashes differ.
    Differs,
}

impl Proof {
    /// The proof of bytes whose hash is `found`, where `expected` was accepted.
    pub(super) fn of(expected: &str, found: &str) -> Self {
        if expected == found { Self::Same } else { Self::Differs }
    }

    /// The proof of a copy of the original bytes; `None` where the event holds none.
    pub(super) fn of_copy(event: &Event) -> Option<Self> {
        let bytes = event.data_base64.as_ref()?;
        let decoded = base64::engine::general_purpose::STANDARD.decode(bytes);
        // What is no base64 is not what was sent.
        Some(decoded.map_or(Self::Differs, |bytes| {
            Self::of(&event.originhash, blake3::hash(&bytes).to_hex().as_str())
        }))
    }
}
