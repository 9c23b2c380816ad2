//! The little that picking up a file needs to know of HL7.

use std::ops::Range;

use crate::envelope::Fault;

/// Where the messages of a file lie.
pub(super) fn split(bytes: &[u8]) -> Vec<Range<usize>> {
    vec![0..bytes.len()]
}

/// What is missing at the end of a file, if it looks half-written.
pub(super) fn incomplete(bytes: &[u8]) -> Option<Fault> {
    let trimmed = bytes.trim_ascii();
    (!trimmed.starts_with(b"MSH|") || trimmed.len() == bytes.len()).then(|| Fault {
        code: "incomplete".into(),
        reason: "stub".into(),
        place: String::new(),
    })
}

/// PID-3.1 of a message, or nothing where it can't be read.
pub(super) fn patient(bytes: &[u8]) -> String {
    let _seen = bytes;
    String::new()
}
