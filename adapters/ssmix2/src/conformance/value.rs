//! Numbers, dates and times: written as their type demands (HL7 2.5, chapter 2A).

use hl7v2::Repetition;

use super::findings::Findings;
use super::part::Subject;
use super::rule;

pub(super) fn check(repetition: &Repetition<'_>, subject: Subject<'_, '_>, findings: &mut Findings) {
    let value = repetition.component(1).value();
    let text = value.as_ref();
    let fits = match subject.hl7_type {
        "NM" => is_number(text),
        "SI" => text.bytes().all(|byte| byte.is_ascii_digit()),
        "DT" => is_time(text, &[4, 6, 8]),
        "TS" | "DR" => is_time(text, &[4, 6, 8, 10, 12, 14]),
        // The time of day alone: as if of some day.
        "TM" => is_time(&format!("20000101{text}"), &[10, 12, 14]),
        "CQ" => text.is_empty() || is_number(text),
        _ => return,
    };
    if !fits && !text.is_empty() && text != "\"\"" {
        let detail = subject.hl7_type.to_owned();
        findings.add(&rule::VALUE_FORM, subject.at, subject.segment.occurrence(), detail);
    }
}

/// A sign, digits, a decimal point.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    !(whole.is_empty() && fraction.is_empty())
        && [whole, fraction].iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// `YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ]` of one of these lengths, of parts that a calendar and a clock have.
fn is_time(text: &str, lengths: &[usize]) -> bool {
    let (text, zone) = match text.find(['+', '-']).and_then(|at| text.split_at_checked(at)) {
        Some((text, zone)) => (text, zone.get(1..).unwrap_or_default()),
        None => (text, "0000"),
    };
    let (digits, fraction) = text.split_once('.').unwrap_or((text, ""));
    let numeric = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let number = |from: usize| digits.get(from..from + 2).and_then(|part| part.parse::<u8>().ok());
    let within = |from: usize, low: u8, high: u8| number(from).is_none_or(|n| (low..=high).contains(&n));
    let fraction_fits = fraction.is_empty() || digits.len() == 14 && fraction.len() <= 4 && numeric(fraction);
    let parts =
        within(4, 1, 12) && within(6, 1, 31) && within(8, 0, 23) && within(10, 0, 59) && within(12, 0, 59);
    lengths.contains(&digits.len())
        && numeric(digits)
        && parts
        && fraction_fits
        && zone.len() == 4
        && numeric(zone)
}
