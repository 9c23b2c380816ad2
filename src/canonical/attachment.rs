//! Files within a message or beside it. Their bytes are never in an event: they are fetched by their hash.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Place, Text};

/// A file that came within the message, such as a PDF in OBX-5 of the type ED.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Attachment<'m> {
    /// Where it stood.
    pub at: Place,
    /// Its title.
    #[schemars(extend("x-hl7" = "OBX-3.2"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<Text<'m>>,
    /// Media type: of the bytes where they say it, else as sent.
    #[schemars(extend("x-hl7" = "OBX-5.2, OBX-5.3 (ED)"))]
    pub media_type: Text<'m>,
    /// Length.
    pub bytes: u64,
    /// BLAKE3 of the bytes, hexadecimal: by it they are fetched (claim check).
    pub hash: String,
}

/// The bytes of an [`Attachment`], to be stored before its event leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attached {
    /// BLAKE3, hexadecimal.
    pub hash: String,
    /// The bytes.
    pub content: Vec<u8>,
}
