//! The little that picking up a file needs to know of HL7.

use std::ops::Range;

use hl7v2::Segment;

use super::content::{slice, whole};
use crate::envelope::{Fault, Finding};

const BOM: &[u8] = b"\xEF\xBB\xBF";

/// Where the messages of a file lie, and what is odd around them. A file that is one message is taken as a whole, so that it can be written
/// again byte by byte.
pub(super) fn split(bytes: &[u8]) -> (Vec<Range<usize>>, Vec<Finding>) {
    let hl7v2::Split { parts, findings } = hl7v2::split(bytes);
    let findings = findings.into_iter().map(|hl7v2::Finding { code, place, text }| Finding {
        code: code.into(),
        place,
        text,
    });
    let findings = findings.collect();
    if let [only] = &parts[..] {
        let before = slice(bytes, &(0..only.start));
        if before.strip_prefix(BOM).unwrap_or(before).trim_ascii().is_empty() && only.end == bytes.len() {
            return (whole(bytes), findings);
        }
    }
    (parts, findings)
}

/// What is missing, if a file looks half-written.
pub(super) fn incomplete(bytes: &[u8]) -> Option<Fault> {
    let incomplete = hl7v2::completeness(bytes).err()?;
    Some(Fault { code: incomplete.code.into(), reason: incomplete.reason.into(), place: incomplete.place })
}

/// PID-3.1 of a message; empty where there is none, or where decoding will find that it makes no sense.
pub(super) fn patient(bytes: &[u8]) -> String {
    let Ok(message) = hl7v2::decode(bytes) else { return String::new() };
    let patient = message.patient_id().map(|(_, id)| id.into_owned());
    patient.unwrap_or_default()
}

/// Whether a message has a merge segment (MRG): segments end with CR, or with LF where a system writes lines.
pub(super) fn has_merge(bytes: &[u8]) -> bool {
    bytes.windows(5).any(|window| matches!(window, [b'\r' | b'\n', b'M', b'R', b'G', separator] if !separator.is_ascii_alphanumeric()))
}

/// The local ids that a message with merge segments makes one: PID-3.1 of every patient who stays, and every id of
/// MRG-1, or where that is empty of MRG-4 (external) or MRG-2 (alternate).
pub(super) fn merged(bytes: &[u8]) -> Vec<String> {
    let Ok(message) = hl7v2::decode(bytes) else { return Vec::new() };
    let ids = |segment: Segment<'_>, field: usize| -> Vec<String> {
        let repetitions = segment.field(field).repetitions().map(|repetition| repetition.component(1));
        let named = repetitions.filter(|id| !id.raw().trim().is_empty() && !id.is_null());
        named.map(|id| id.value().trim().to_owned()).collect()
    };
    let first = |segment: Segment<'_>, fields: [usize; 3]| {
        fields.into_iter().map(|field| ids(segment, field)).find(|ids| !ids.is_empty()).unwrap_or_default()
    };
    let mut all = Vec::new();
    for segment in message.segments() {
        match segment.name() {
            "PID" => all.extend(first(segment, [3, 2, 4]).into_iter().take(1)),
            "MRG" => all.extend(first(segment, [1, 4, 2])),
            _ => {}
        }
    }
    all
}
