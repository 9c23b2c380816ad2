//! IAM: the allergies of ADT^A60; AL1: those that come with other messages.

use hl7v2::{Message, Segment};

use super::reader::{Reader, id, place};
use crate::canonical::{Allergy, AllergyEntry};

/// The content of the `allergy` kind.
pub(super) fn read<'m>(message: &'m Message, reader: &mut Reader<'m>) -> Allergy<'m> {
    let recorded_at = message.segment("EVN").and_then(|evn| reader.time(evn, 2));
    let entries = message.segments().filter(|segment| id(*segment) == *b"IAM");
    Allergy { recorded_at, allergies: entries.map(|iam| entry(iam, reader)).collect() }
}

/// AL1 of any message, as far as it names something.
pub(super) fn known<'m>(message: &'m Message, reader: &mut Reader<'m>) -> Vec<AllergyEntry<'m>> {
    let is_named = |al1: &Segment<'_>| !(al1.field(2).is_empty() && al1.field(3).is_empty());
    let entries = message.segments().filter(|segment| id(*segment) == *b"AL1").filter(is_named);
    entries.map(|al1| shared(al1, 6, reader)).collect()
}

/// IAM. Words stand where a date should (IAM-11: 「小学校低学年の頃」): they say when it began.
fn entry<'m>(iam: Segment<'m>, reader: &mut Reader<'m>) -> AllergyEntry<'m> {
    let entry = shared(iam, 11, reader);
    let said = reader.text(iam, 12).or(entry.onset_text);
    let reported_at = reader.time(iam, 13);
    let onset_text = match (said, reported_at) {
        (None, None) => reader.text(iam, 13),
        (said, _) => said,
    };
    AllergyEntry {
        action: reader.coded(iam, 6),
        instance: reader.text(iam, 7),
        action_reason: reader.text(iam, 8),
        onset_text,
        reported_at,
        status: reader.coded(iam, 17),
        ..entry
    }
}

/// The fields that stand in both at the same place; `onset` is the field that says when it began.
fn shared<'m>(segment: Segment<'m>, onset: usize, reader: &mut Reader<'m>) -> AllergyEntry<'m> {
    let has_words = !segment.field(12).is_empty();
    let onset_at = reader.time(segment, onset);
    let onset_text = if onset_at.is_some() || has_words { None } else { reader.text(segment, onset) };
    AllergyEntry {
        at: place(segment, 0),
        category: reader.coded(segment, 2),
        substance: reader.coded(segment, 3),
        severity: reader.coded(segment, 4),
        reactions: reader.texts(segment, 5),
        action: None,
        instance: None,
        onset_at,
        onset_text,
        reported_at: None,
        action_reason: None,
        status: None,
    }
}
