//! The `merge` kind: ADT^A18, A30, A34 to A36, A39 to A51.

use hl7v2::{Message, Segment};

use super::reader::{Reader, id, place};
use crate::canonical::{Merge, MergedRecord, Place};

/// The content of the kind: one record per MRG, into the PID before it.
pub(super) fn read<'m>(message: &'m Message, reader: &mut Reader<'m>) -> Merge<'m> {
    let mut merged = Vec::new();
    let mut pid = None;
    let several = message.segments().filter(|segment| id(*segment) == *b"PID").nth(1).is_some();
    for segment in message.segments() {
        match &id(segment) {
            b"PID" => pid = Some(segment),
            b"MRG" => merged.push(record(segment, pid.filter(|_| several), reader)),
            _ => {}
        }
    }
    if merged.is_empty() {
        let text = "the message says that records were merged, and not which";
        reader.note("merge-incomplete", Place::segment(*b"MRG", 0), text);
    }
    Merge { merged }
}

fn record<'m>(mrg: Segment<'m>, pid: Option<Segment<'m>>, reader: &mut Reader<'m>) -> MergedRecord<'m> {
    MergedRecord {
        at: place(mrg, 0),
        former_id: reader.text(mrg, 1).or_else(|| reader.text(mrg, 4)),
        into: pid.and_then(|pid| reader.text(pid, 3)),
        former_account: reader.text(mrg, 3),
        former_visit: reader.text(mrg, 5),
    }
}
