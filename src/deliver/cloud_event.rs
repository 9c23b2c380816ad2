//! CloudEvents 1.0, JSON format (structured mode): what a webhook is sent, and a folder holds a line each.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::broker::Delivery;
use crate::cloud_event::Attributes;
use crate::envelope::{CANONICAL, Change, FHIR, Identifying, Lane};

/// One event as it leaves the hub. Attribute names follow CloudEvents 1.0: lower case, no separators.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct CloudEvent<'a> {
    /// `1.0`.
    pub specversion: &'a str,
    /// The same for the same input: drop what you have seen.
    pub id: &'a str,
    /// `urn:musubi:facility:` and the 10-digit code.
    pub source: String,
    /// `<kind>.<change>.v1`.
    #[serde(rename = "type")]
    pub event_type: &'a str,
    /// The patient's id at the facility, or a stand-in where the disclosure keeps it back.
    #[schemars(with = "String")]
    pub subject: Identifying,
    /// When the hub accepted the message.
    pub time: &'a str,
    /// `urn:musubi:schema:<kind>.v1`; where only a part of the event leaves, `:` and the disclosure's name follow.
    pub dataschema: String,
    /// Media type of `data`.
    pub datacontenttype: &'a str,
    /// Topic of the route.
    pub topic: &'a str,
    /// Consent basis of this copy.
    pub basis: &'a str,
    /// Lane: the order of one patient's events holds within it.
    #[schemars(with = "u16")]
    pub lane: Lane,
    /// Place in the lane, without a gap: compare it to see a gap or a repeat.
    pub sequence: u64,
    /// SS-MIX2 data type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub datatype: Option<&'a str>,
    /// The source's key of the record, or a stand-in under a disclosure: the same for all its versions.
    #[schemars(with = "String")]
    pub recordkey: Identifying,
    /// The source's version of the record.
    pub recordversion: &'a str,
    /// What happened to the record.
    pub change: Change,
    /// BLAKE3 of the original bytes.
    pub originhash: &'a str,
    /// BLAKE3 of the bytes of `data`, where they are too large for a queue: `musubi claim` gives them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claimhash: Option<&'a str>,
    /// How many they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claimbytes: Option<u64>,
    /// The replay that made this copy again: judge it by `id` and `recordversion`. Absent of copies made at first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replay: Option<&'a str>,
    /// The canonical event or its FHIR Bundle; where the route sends originals, `data_base64` stands instead.
    #[serde(skip_serializing_if = "Option::is_none", borrow)]
    #[schemars(with = "Option<serde_json::Map<String, serde_json::Value>>")]
    pub data: Option<&'a RawValue>,
    /// The original bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_base64: Option<String>,
}

impl<'a> CloudEvent<'a> {
    /// The event of a delivery. `None` where the envelope was never routed: no router publishes such a copy.
    pub fn of(delivery: &'a Delivery, lane: Lane) -> Option<Self> {
        let Attributes {
            specversion,
            id,
            source,
            event_type,
            subject,
            time,
            dataschema,
            datacontenttype,
            topic,
            basis,
            lane,
            sequence,
            datatype,
            recordkey,
            recordversion,
            change,
            originhash,
            claim,
            replay,
        } = Attributes::of(&delivery.envelope, lane, delivery.sequence)?;
        let data = match (datacontenttype, serde_json::from_slice(&delivery.body)) {
            (CANONICAL | FHIR, Ok(json)) => Some(json),
            // Original bytes, or not what the envelope says: they go as they are.
            _ => None,
        };
        Some(Self {
            specversion,
            id,
            source,
            event_type,
            subject: subject.clone(),
            time,
            dataschema,
            datacontenttype,
            topic,
            basis,
            lane,
            sequence,
            datatype,
            recordkey: recordkey.clone(),
            recordversion,
            change,
            originhash,
            claimhash: claim.map(|claim| claim.hash.as_str()),
            claimbytes: claim.map(|claim| claim.bytes),
            replay,
            data_base64: (data.is_none() && claim.is_none()).then(|| base64(&delivery.body)),
            data,
        })
    }

    /// Appends the event as one line of NDJSON.
    pub(super) fn write_line(&self, lines: &mut Vec<u8>) -> serde_json::Result<()> {
        serde_json::to_writer(&mut *lines, self)?;
        lines.push(b'\n');
        Ok(())
    }
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
