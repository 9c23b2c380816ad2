//! Codes: of their HL7 table, and of a coding system that the field may have.

use std::borrow::Cow;

use hl7v2::Repetition;

use super::code_tables;
use super::findings::Findings;
use super::part::Subject;
use super::rule;

/// A code and its coding system.
type Coded<'m> = (Cow<'m, str>, Cow<'m, str>);

pub(super) fn check(
    repetition: &Repetition<'_>,
    number: usize,
    subject: Subject<'_, '_>,
    findings: &mut Findings,
) {
    let (segment, occurrence) = (subject.segment.name(), subject.segment.occurrence());
    let value = repetition.component(1).value();
    let table = code_tables::codes(segment, number).filter(|(_, codes)| !codes.contains(&value.as_ref()));
    if let Some((table, _)) = table.filter(|_| is_code(&value)) {
        findings.add(&rule::CODE_UNKNOWN, subject.at, occurrence, format!("HL7 {table}"));
    }
    let coded = coded(repetition, subject.hl7_type);
    if coded.is_empty() {
        return;
    }
    if coded.iter().all(|(_, system)| system.is_empty()) {
        findings.add(&rule::CODING_SYSTEM_MISSING, subject.at, occurrence, String::new());
        return;
    }
    let systems = code_tables::systems(segment, number);
    let fitting = |systems: &[&str]| coded.iter().any(|(_, system)| fits(system, systems));
    if let Some(systems) = systems.filter(|systems| !fitting(systems)) {
        findings.add(&rule::CODING_SYSTEM, subject.at, occurrence, systems.join(", "));
    }
}

/// The codes of a coded value: one, or a local and a standard one, in either order.
fn coded<'m>(repetition: &Repetition<'m>, hl7_type: &str) -> Vec<Coded<'m>> {
    let triples: [Coded<'m>; 2] = match hl7_type {
        "CWE" | "CE" | "CNE" => {
            [1, 4].map(|code| (repetition.component(code).value(), repetition.component(code + 2).value()))
        }
        // RPT.1 is a CWE of subcomponents.
        "RPT" => {
            let pattern = repetition.component(1);
            [1, 4].map(|code| (pattern.subcomponent(code), pattern.subcomponent(code + 2)))
        }
        _ => return Vec::new(),
    };
    triples.into_iter().filter(|(code, _)| is_code(code)).collect()
}

fn is_code(text: &str) -> bool {
    !text.is_empty() && text != "\"\""
}

/// One of the systems, which may end with `*`, or a local one.
fn fits(system: &str, systems: &[&str]) -> bool {
    let one =
        |known: &&str| known.strip_suffix('*').map_or(*known == system, |start| system.starts_with(start));
    system.starts_with("99") || systems.iter().any(one)
}
