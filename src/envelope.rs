//! The header that every message carries on the broker: what is known of it without opening its body.
//!
//! A raw message (bytes as the facility wrote them) and a canonical event (CloudEvents 1.0) travel under the
//! same envelope; [`Envelope::event`] is what routing added.

mod facility;
mod join;
mod stored;

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use facility::{NOT_A_FACILITY_CODE, is_facility_code};
pub use join::{Join, JoinRole};
pub use stored::{Piece, Stored, escape, unescape};

/// A value that identifies a patient. Its `Debug` prints nothing of it, so that it can't reach a log.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Default)]
#[serde(transparent)]
pub struct Identifying(pub String);

impl fmt::Debug for Identifying {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[identifying]")
    }
}

/// A parallel strand of a queue. Messages of one patient of one facility always share a lane and keep their
/// order in it; lanes do not wait for each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Default)]
#[serde(transparent)]
pub struct Lane(pub u16);

impl Lane {
    /// The lane of a patient of a facility: a hash, so that every publisher comes to the same answer.
    pub fn of(facility: &str, patient: &str, lanes: u16) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(facility.as_bytes()).update(&[0]).update(patient.as_bytes());
        let hash = hasher.finalize();
        let [a, b, c, d, ..] = *hash.as_bytes();
        let lane = u32::from_le_bytes([a, b, c, d]) % u32::from(lanes.max(1));
        Self(u16::try_from(lane).unwrap_or_default())
    }
}

/// What happened to the record at its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// Seen for the first time.
    Created,
    /// A later version of a known record.
    Updated,
    /// Withdrawn at the source.
    Deleted,
    /// A version that was already history when it was found: kept and counted, and sent on only by routes that ask
    /// for it.
    Superseded,
}

impl Change {
    /// The word that stands in event types.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Deleted => "deleted",
            Self::Superseded => "superseded",
        }
    }
}

/// Where a message was picked up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Feed (the stem of its file in `feeds/`).
    pub feed: String,
    /// File as the source names it, relative to the source's root. Holds the patient id in SS-MIX2.
    pub file: Identifying,
    /// Byte offset of the message in that file.
    pub offset: u64,
    /// BLAKE3 of the message's bytes, hexadecimal.
    pub hash: String,
}

/// Media type of a canonical event.
pub const CANONICAL: &str = "application/json";
/// Media type of an event as a FHIR Bundle.
pub const FHIR: &str = "application/fhir+json";
/// Media type of an iCalendar invitation.
pub const ICALENDAR_REQUEST: &str = "text/calendar; charset=utf-8; method=REQUEST; component=VEVENT";
/// Media type of the cancellation of one.
pub const ICALENDAR_CANCEL: &str = "text/calendar; charset=utf-8; method=CANCEL; component=VEVENT";
/// Media type of original bytes.
pub const ORIGINAL: &str = "application/hl7-v2";

/// What a message's body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// HL7 v2, ER7 encoded.
    #[default]
    Hl7v2,
    /// The manifest of a content folder of an SS-MIX2 extension storage.
    Document,
    /// An archive of health check-up results (特定健診).
    Checkup,
}

impl Format {
    /// Media type of the original bytes.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Hl7v2 => ORIGINAL,
            Self::Document => "application/vnd.musubi.document+json",
            Self::Checkup => "application/zip",
        }
    }

    const fn is_hl7v2(&self) -> bool {
        matches!(self, Self::Hl7v2)
    }
}

/// A body larger than this does not travel through the broker: it is claimed.
pub const CLAIMED_ABOVE: usize = 1 << 20;
/// Largest message of a source, and so the largest body that a claim stands for.
pub const BODY_BYTES_MAX: u64 = 64 << 20;

/// What stands for bytes that do not travel with the message: they lie in the folder of claims.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Claim {
    /// BLAKE3 of the bytes, hexadecimal: the name under which they lie there.
    pub hash: String,
    /// How many they are.
    pub bytes: u64,
    /// What they are.
    pub media_type: String,
}

/// What routing adds when a raw message has become an event for a subscriber.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Routed {
    /// CloudEvents `type`: `<kind>.<change>.v1`.
    #[serde(rename = "type")]
    pub event_type: String,
    /// Topic of the route.
    pub topic: String,
    /// Name of the route that chose this recipient.
    pub route: String,
    /// Consent basis on which this copy leaves.
    pub basis: String,
    /// Records of the registry that the permission rests on: the copy leaves only while all of them are in force.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grounds: Vec<String>,
    /// Name of the disclosure, where only a part of the event leaves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disclosure: Option<String>,
    /// Media type of the body: `application/json` for a canonical event, that of the [`Format`] for original bytes.
    pub media_type: String,
    /// Who is to be told what became of this copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<ReceiptTo>,
    /// Its place in the subscriber's queue, once it has left that queue (parked, or given up).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// Id of the replay that made this copy again, from what was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<String>,
}

/// Where the receipt of a copy goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptTo {
    /// Topic of the receipt.
    pub topic: String,
    /// Name of the subscriber that gets it.
    pub to: String,
}

/// The place in a queue that a message has left: what a subscriber compares to see a gap or a repeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// Lane.
    pub lane: Lane,
    /// From 1, without a gap.
    pub sequence: u64,
    /// When it left that queue.
    pub left_at: Timestamp,
}

/// Why a message makes no sense to the hub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// A stable word for the reason, such as `no-msh`.
    pub code: String,
    /// For people; never a value of the message.
    pub reason: String,
    /// Field path or byte offset.
    pub place: String,
}

impl Fault {
    /// Whether the source's bytes are not with the message, because they could not be read.
    pub fn is_without_bytes(&self) -> bool {
        let code = self.code.as_str();
        matches!(code, "too-large" | "unreadable" | "content-folder-too-large") || code.starts_with("claim-")
    }
}

/// Something odd about the message, carried with it instead of stopping it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// A stable word for what is odd, such as `charset-mismatch`.
    pub code: Cow<'static, str>,
    /// Field path (`PID-3`) or `byte 123`.
    pub place: String,
    /// For people; never a value of the message.
    pub text: String,
}

/// The header of a message on the broker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// Deterministic: the same input gives the same id, so that a consumer can drop a repeat.
    pub id: String,
    /// 10-digit code of the facility, from the feed's configuration (never from MSH).
    pub facility: String,
    /// The patient's local id at the facility, where it could be read.
    pub patient: Identifying,
    /// SS-MIX2 data type (`OML-11`), where the source has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_type: Option<String>,
    /// What happened at the source.
    pub change: Change,
    /// The source's own key of the record; the same for all its versions.
    pub key: Identifying,
    /// The source's version of that record (SS-MIX2: 発生日時).
    pub version: String,
    /// Where it was picked up.
    pub origin: Origin,
    /// Which file of a storage it is, where it is one. Only copies of the original bytes carry it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stored: Option<Stored>,
    /// When the hub accepted it, RFC 3339.
    pub accepted_at: String,
    /// What the original body is.
    #[serde(default, skip_serializing_if = "Format::is_hl7v2")]
    pub format: Format,
    /// Stands for the body where that is too large for the broker; the body is empty then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<Claim>,
    /// Set where the patient became one with others of the facility lately.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub join: Option<Join>,
    /// Set by the router.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Routed>,
    /// Set when the message went to invalid, or when a subscriber refused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
    /// What was odd about its file and that file's path; every message of the file carries it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
}

impl Envelope {
    /// The header of a message that is no facility's: one part of the hub tells another something by its id.
    pub fn of_hub(id: String) -> Self {
        Self {
            id,
            facility: String::new(),
            patient: Identifying::default(),
            data_type: None,
            change: Change::Created,
            key: Identifying::default(),
            version: String::new(),
            origin: Origin {
                feed: String::new(),
                file: Identifying::default(),
                offset: 0,
                hash: String::new(),
            },
            stored: None,
            accepted_at: String::new(),
            format: Format::Hl7v2,
            claim: None,
            join: None,
            event: None,
            fault: None,
            findings: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes of a journal that was written before there were formats and claims.
    #[test]
    fn envelopes_of_before_are_read_and_written_as_they_were() {
        let text = r#"{"id":"1","facility":"3210100018","patient":"1","change":"created","key":"k","version":"1","origin":{"feed":"f","file":"f","offset":0,"hash":"h"},"accepted_at":"2026-11-22T00:00:00Z"}"#;
        let envelope: Envelope = serde_json::from_str(text).unwrap();
        assert_eq!((envelope.format, &envelope.claim), (Format::Hl7v2, &None));
        assert_eq!(serde_json::to_string(&envelope).unwrap(), text);
    }
}
