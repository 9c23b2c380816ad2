//! An archive of health check-ups, for [`inspect`](super::inspect).

use checkup::Archive;

use super::{TreeSegment, TreeValue};

/// Whether a file is to be looked at as an archive: it begins as one, or is called so.
pub(in crate::ops) fn is_archive(name: &str, bytes: &[u8]) -> bool {
    let is_called = name.rsplit_once('.').is_some_and(|(_, extension)| extension.eq_ignore_ascii_case("zip"));
    is_called || bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

/// What its index and totals say, and what was counted.
pub(super) fn tree(archive: &Archive) -> Vec<TreeSegment> {
    let Archive { index, summary, records, claims, .. } = archive;
    let count = |count: Option<u64>| count.map(|count| count.to_string());
    let index = [
        ("interactionType", index.interaction.clone()),
        ("creationTime", index.created.clone()),
        ("sender", index.sender.extension.clone()),
        ("receiver", index.receiver.extension.clone()),
        ("serviceEventType", index.service_event.clone()),
        ("totalRecordCount", count(index.total_records)),
    ];
    let summary = summary.iter().map(|summary| ("totalSubjectCount", count(summary.total_subjects)));
    let found = [("DATA", Some(records.to_string())), ("CLAIMS", Some(claims.to_string()))];
    vec![segment("ix08", index), segment("su08", summary), segment("found", found)]
}

fn segment<'t>(at: &str, values: impl IntoIterator<Item = (&'t str, Option<String>)>) -> TreeSegment {
    let values = values.into_iter().filter_map(|(name, value)| {
        Some(TreeValue { path: format!("{at} {name}"), value: value?, ..TreeValue::default() })
    });
    TreeSegment { at: at.to_owned(), values: values.collect(), ..TreeSegment::default() }
}
