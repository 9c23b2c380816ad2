//! Every field: there where it is required, not longer than it may be, and not where it is not used.

use hl7v2::{Field, Message, Repetition, Segment};

use super::catalogue::{self, Usage};
use super::findings::Findings;
use super::place::Place;
use super::rule;
use super::{Expected, code, part, shape, value};

pub(super) fn check(message: &Message, expected: &Expected<'_>, findings: &mut Findings) {
    for segment in message.segments() {
        surplus(&segment, findings);
        part::escapes(&segment, findings);
        for (number, entry) in catalogue::fields(segment.name()) {
            let field = segment.field(*number);
            presence(&segment, *number, entry, expected, findings);
            // MSH-1 and MSH-2 are the delimiters themselves.
            let delimiters = segment.name() == "MSH" && *number <= 2;
            if !delimiters && !field.is_null() && !is_blank(&field) {
                contents(&segment, *number, &field, entry, findings);
            }
        }
    }
    date_segment(message, expected, findings);
}

/// The segment that gives 診療日, where the whole of it is left out: PV2 in the plans.
fn date_segment(message: &Message, expected: &Expected<'_>, findings: &mut Findings) {
    let Some((id, number)) = expected.care_date().filter(|(id, _)| *id == "PV2") else { return };
    if message.segment(id).is_none() {
        findings.add(&rule::FIELD_CONDITIONAL, Place::named(*b"PV2").field(number), 0, "C".to_owned());
    }
}

/// Whether a field holds something where it must, and nothing where it must not.
fn presence(
    segment: &Segment<'_>,
    number: usize,
    entry: &catalogue::Field,
    expected: &Expected<'_>,
    findings: &mut Findings,
) {
    let (id, usage) = (segment.name(), entry.usage(expected.data_type));
    let required = usage == Usage::Required || is_condition_of_a08(id, number, expected);
    let (rule, detail) = match is_blank(&segment.field(number)) {
        true if required => (&rule::FIELD_MISSING, "R"),
        true if condition_holds(id, number, expected) => (&rule::FIELD_CONDITIONAL, "C"),
        false if usage == Usage::NotUsed => (&rule::FIELD_NOT_USED, "N"),
        _ => return,
    };
    findings.add(rule, Place::segment(segment).field(number), segment.occurrence(), detail.to_owned());
}

/// What stands in a field that holds something.
fn contents(
    segment: &Segment<'_>,
    number: usize,
    field: &Field<'_>,
    entry: &catalogue::Field,
    findings: &mut Findings,
) {
    let hl7_type = match entry.hl7_type {
        "*" => segment.field(2).value().into_owned(),
        known => known.to_owned(),
    };
    let at = Place::segment(segment).field(number);
    let several = field.repetitions().count();
    if several > 1 && shape::is_single(&hl7_type) && !shape::may_repeat(segment.name(), number) {
        findings.add(&rule::REPETITION_SURPLUS, at, segment.occurrence(), "= 1".to_owned());
    }
    for (index, repetition) in field.repetitions().enumerate() {
        if repetition.is_empty() || repetition.is_null() {
            continue;
        }
        let at = at.repetition(index + 1, several);
        if measured(&repetition, &hl7_type).chars().nth(entry.length).is_some() {
            let detail = format!("≤ {}", entry.length);
            findings.add(&rule::FIELD_LENGTH, at, segment.occurrence(), detail);
        }
        let subject = part::Subject { segment, at, hl7_type: &hl7_type };
        if part::check(&repetition, subject, findings) {
            value::check(&repetition, subject, findings);
            code::check(&repetition, number, subject, findings);
        }
    }
}

/// What a field's length is the length of. The 10 or 20 characters of a CQ hold the quantity: no coded unit fits beside
/// it, and the guideline's own samples send one.
fn measured<'m>(repetition: &Repetition<'m>, hl7_type: &str) -> &'m str {
    if hl7_type == "CQ" { repetition.component(1).raw() } else { repetition.raw() }
}

/// Text behind the last field that the segment has.
fn surplus(segment: &Segment<'_>, findings: &mut Findings) {
    let Some(last) = shape::last_field(segment.name()) else { return };
    if segment.fields().skip(last).any(|field| !field.is_empty()) {
        let detail = format!("≤ {last}");
        findings.add(&rule::FIELD_SURPLUS, Place::segment(segment), segment.occurrence(), detail);
    }
}

/// Nothing, or nothing but delimiters.
fn is_blank(field: &Field<'_>) -> bool {
    field.raw().chars().all(|character| matches!(character, '^' | '~' | '&' | ' '))
}

/// PID-33 is required in A08.
fn is_condition_of_a08(segment: &str, number: usize, expected: &Expected<'_>) -> bool {
    (segment, number) == ("PID", 33) && expected.data_type == "ADT-00" && expected.event == "A08"
}

/// The conditions of fields with option C that are known: PV1-10 in admissions and transfers, and the field that gives
/// 診療日 its date.
fn condition_holds(segment: &str, number: usize, expected: &Expected<'_>) -> bool {
    let Some(entry) = expected.entry else { return false };
    let event = expected.event.as_str();
    if (segment, number) == ("PV1", 10) {
        return entry.message.0 == "ADT" && matches!(event, "A01" | "A02" | "A14" | "A15");
    }
    matches!(segment, "EVN" | "PV2") && expected.care_date() == Some((segment, number))
}
