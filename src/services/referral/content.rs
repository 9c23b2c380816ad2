//! What the desk reads of an event's data: fields of the `referral`, `referral-reply` and `document` kinds, and of the
//! receipts that the hub makes.

use jiff::Timestamp;
use serde::Deserialize;

/// The parts of a letter, an answer or a document that the desk knows.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Content {
    pub(super) message: Message,
    pub(super) id: Option<String>,
    pub(super) set_id: Option<String>,
    pub(super) answers: Option<String>,
    pub(super) external_id: Option<String>,
    pub(super) status: Option<String>,
    pub(super) priority: Option<String>,
    pub(super) expires_at: Option<String>,
    pub(super) from: Option<Party>,
    pub(super) to: Vec<Party>,
    pub(super) document: Option<Document>,
    pub(super) relates_to: Vec<Related>,
    pub(super) findings: Vec<Finding>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Message {
    pub(super) control_id: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Party {
    pub(super) facility: Option<String>,
    pub(super) organisation: Option<String>,
}

/// The document of a letter that came as a content folder.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Document {
    pub(super) id: Option<String>,
    pub(super) set_id: Option<String>,
    pub(super) relates_to: Vec<Related>,
    pub(super) files: Vec<File>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Related {
    pub(super) id: String,
}

/// A file of the folder, under its hash among the claims.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct File {
    pub(super) hash: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Finding {
    pub(super) code: String,
}

impl Content {
    /// The documents that it refers to.
    pub(super) fn related(&self) -> impl Iterator<Item = &str> {
        let within = self.document.iter().flat_map(|document| &document.relates_to);
        self.relates_to.iter().chain(within).map(|related| related.id.as_str())
    }
}

/// What the hub says of a copy that left it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Receipt {
    /// Id of the event whose copy it was.
    pub(super) event: String,
    pub(super) subscriber: String,
    pub(super) at: Timestamp,
    pub(super) outcome: Outcome,
    /// BLAKE3 of the bytes that were delivered.
    pub(super) hash: String,
}

/// What became of the copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Outcome {
    /// The subscriber has it.
    Delivered,
    /// It was given up.
    Dead,
}
