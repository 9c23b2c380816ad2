//! Codes: of their HL7 table, and of a coding system that the field may have.

use hl7v2::Repetition;

use super::code_tables;
use super::findings::Findings;
use super::part::Subject;
use super::rule;

pub(super) fn check(
    repetition: &Repetition<'_>,
    number: usize,
    subject: Subject<'_, '_>,
    findings: &mut Findings,
) {
    let segment = subject.segment.name();
    let occurrence = subject.segment.occurrence();
    let value = repetition.component(1).value();
    if let Some((table, codes)) = code_tables::codes(segment, number) {
        if !value.is_empty() && value != "\"\"" && !codes.contains(&value.as_ref()) {
            findings.add(&rule::CODE_UNKNOWN, subject.at, occurrence, format!("HL7 {table}"));
        }
    }
    let triples = match subject.hl7_type {
        "CWE" | "CE" | "CNE" => {
            let text = |number: usize| repetition.component(number).value();
            [(text(1), text(3)), (text(4), text(6))]
        }
        "RPT" => {
            let text = |number: usize| repetition.component(1).subcomponent(number);
            [(text(1), text(3)), (text(4), text(6))]
        }
        _ => return,
    };
    let coded = triples.iter().filter(|(code, _)| !code.is_empty() && code != "\"\"");
    let mut known = false;
    let mut named = false;
    for (_, system) in coded.clone() {
        named |= !system.is_empty();
        known |= code_tables::systems(segment, number).is_none_or(|systems| fits(system, systems));
    }
    if coded.count() == 0 {
        return;
    }
    if !named {
        findings.add(&rule::CODING_SYSTEM_MISSING, subject.at, occurrence, String::new());
    } else if !known {
        let systems = code_tables::systems(segment, number).unwrap_or_default();
        findings.add(&rule::CODING_SYSTEM, subject.at, occurrence, systems.join(", "));
    }
}

/// One of the systems, which may end with `*`, or a local one.
fn fits(system: &str, systems: &[&str]) -> bool {
    let one =
        |known: &&str| known.strip_suffix('*').map_or(*known == system, |start| system.starts_with(start));
    system.starts_with("99") || systems.iter().any(one)
}
