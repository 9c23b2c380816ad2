//! The structure of a value: as many components and subcomponents as its type has, each at its place.
//!
//! A delimiter that should have been escaped shows as a part too many.

use hl7v2::{Repetition, Segment};

use super::findings::Findings;
use super::place::Place;
use super::rule;
use super::shape;

/// A repetition and what it should be.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a, 'm> {
    /// The segment it stands in.
    pub(super) segment: &'a Segment<'m>,
    /// Its place.
    pub(super) at: Place,
    /// Its HL7 data type.
    pub(super) hl7_type: &'a str,
}

/// Whether the parts are those of the type.
pub(super) fn check(repetition: &Repetition<'_>, subject: Subject<'_, '_>, findings: &mut Findings) -> bool {
    let Some(components) = shape::components(subject.hl7_type) else { return true };
    let occurrence = subject.segment.occurrence();
    let surplus = repetition.components().skip(components).any(|component| !component.is_empty());
    if surplus {
        let detail = format!("{} ≤ {components}", subject.hl7_type);
        findings.add(&rule::COMPONENT_SURPLUS, subject.at, occurrence, detail);
    }
    let mut whole = !surplus;
    for (index, component) in repetition.components().take(components).enumerate() {
        let most = shape::subcomponents(subject.hl7_type, index + 1);
        if component.subcomponents().skip(most).any(|text| !text.is_empty()) {
            let at = subject.at.component(index + 1);
            findings.add(&rule::SUBCOMPONENT_SURPLUS, at, occurrence, format!("≤ {most}"));
            whole = false;
        }
        let most = shape::component_length(subject.hl7_type, index + 1);
        if most.is_some_and(|most| component.raw().chars().nth(most).is_some()) {
            let detail = format!("≤ {}", most.unwrap_or_default());
            findings.add(&rule::FIELD_LENGTH, subject.at.component(index + 1), occurrence, detail);
        }
    }
    name_type(repetition, subject, findings);
    whole
}

/// The name type code (table 0200) with the representation code (table 4000) behind it, one component beside its place.
fn name_type(repetition: &Repetition<'_>, subject: Subject<'_, '_>, findings: &mut Findings) {
    let (kind, script) = match subject.hl7_type {
        "XPN" => (7, 8),
        "XCN" => (10, 15),
        _ => return,
    };
    let holds = |number: usize, codes: &str| {
        let raw = repetition.component(number).raw();
        raw.len() == 1 && codes.contains(raw)
    };
    let pair = |kind: usize, script: usize| holds(kind, "ABCDILMNPRSTUV") && holds(script, "AIP");
    let found = if pair(kind - 1, script - 1) && repetition.component(script).is_empty() {
        kind - 1
    } else if pair(kind + 1, script + 1) && repetition.component(kind).is_empty() {
        kind + 1
    } else {
        return;
    };
    let detail = format!(".{found} → .{kind}");
    findings.add(&rule::NAME_SHIFTED, subject.at.component(found), subject.segment.occurrence(), detail);
}

/// An escape character that starts no escape sequence.
pub(super) fn escapes(segment: &Segment<'_>, findings: &mut Findings) {
    if !segment.raw().contains('\\') {
        return;
    }
    for (index, field) in segment.fields().enumerate() {
        let delimiters = segment.name() == "MSH" && index < 2;
        if !delimiters && !is_escaped(field.raw()) {
            let place = Place::segment(segment).field(index + 1);
            findings.add(&rule::ESCAPE, place, segment.occurrence(), String::new());
        }
    }
}

/// Between every odd escape character and the next one stands a sequence that HL7 knows.
fn is_escaped(text: &str) -> bool {
    let pieces: Vec<_> = text.split('\\').collect();
    pieces.len() % 2 == 1 && pieces.iter().skip(1).step_by(2).all(|sequence| is_sequence(sequence))
}

fn is_sequence(text: &str) -> bool {
    let mut rest = text.chars();
    match (rest.next(), rest.as_str()) {
        (Some('F' | 'S' | 'T' | 'R' | 'E' | 'P' | 'H' | 'N'), "") => true,
        (Some('X' | 'C' | 'M'), digits) => {
            !digits.is_empty() && digits.len() % 2 == 0 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
        }
        (Some('.' | 'Z'), command) => !command.is_empty() && command.is_ascii(),
        _ => false,
    }
}
