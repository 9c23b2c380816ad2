//! OBX: one result, whatever it belongs to.

use std::borrow::Cow;

use hl7v2::Segment;

use super::coverage::Read;
use super::reader::{Reader, id, place};
use super::value::{self, narrow, observed, present};
use super::{attachment, interpretation};
use crate::canonical::{
    Coded, Interpretation, LabCode, Observed, ResultStatus, Susceptibility, TestResult, Text,
};

/// The result of an OBX.
pub(super) fn result<'m>(obx: Segment<'m>, reader: &mut Reader<'m>) -> TestResult<'m> {
    let attachment = if attachment::is_file(obx) { attachment::read(obx, reader) } else { None };
    let value = value(obx, reader);
    let abnormal_flag = reader.text(obx, 8);
    let code = reader.coded(obx, 3).map(code);
    let unit = reader.coded(obx, 6);
    TestResult {
        at: place(obx, 0),
        specimen: None,
        order: None,
        interpretation: interpret(value.as_ref(), abnormal_flag.as_deref()),
        susceptibility: susceptibility(code.as_ref(), value.as_ref(), abnormal_flag.as_deref()),
        code,
        sub_id: reader.text(obx, 4),
        unit: unit.or_else(|| unit_in_value(obx, reader)),
        value,
        reference_range: reader.text(obx, 7),
        abnormal_flag,
        status: status(obx, reader),
        observed_at: reader.time(obx, 14),
        notes: Vec::new(),
        attachment,
    }
}

/// A ZRD says its unit itself.
fn unit_in_value<'m>(obx: Segment<'m>, reader: &mut Reader<'m>) -> Option<Coded<'m>> {
    if obx.field(2).value() == "ZRD" { reader.coded_in(obx, 5, 5) } else { None }
}

/// The parts of a JLAC10 code, where the code has all 17 characters or the 15 of an order.
pub(super) fn code(coded: Coded<'_>) -> LabCode<'_> {
    let jlac10 = match (&coded.system, &coded.code) {
        (Some(system), Some(code)) if matches!(system.as_ref(), "JC10" | "JLAC10") && code.is_ascii() => {
            Some(code)
        }
        _ => None,
    };
    let part = |from: usize, to: usize| {
        jlac10.and_then(|code| match code {
            Cow::Borrowed(code) => code.get(from..to).map(Cow::Borrowed),
            Cow::Owned(code) => code.get(from..to).map(|part| Cow::Owned(part.to_owned())),
        })
    };
    let (analyte, identification) = (part(0, 5), part(5, 9));
    let (material, method, result_id) = (part(9, 12), part(12, 15), part(15, 17));
    LabCode { analyte, identification, material, method, result_id, coded }
}

/// OBX-5 by its type: a coded value, a person, a time, a structured number (SN), else text with the number in it.
pub(super) fn value<'m>(obx: Segment<'m>, reader: &mut Reader<'m>) -> Option<Observed<'m>> {
    if attachment::is_file(obx) {
        return None;
    }
    reader.mark(obx, 2, Read::FIRST);
    match obx.field(2).value().as_ref() {
        "CWE" | "CE" | "CNE" => coded(obx, reader),
        "SN" => structured(obx, reader),
        "XCN" | "PPN" => person(obx, reader),
        "CX" | "EI" => reader.text(obx, 5).map(text),
        "DT" | "TS" | "DTM" => {
            let (time, words) = reader.time_or_text(obx, 5);
            let text = words.or_else(|| present(obx.field(5).component(1)))?;
            Some(Observed { text, time, ..Observed::default() })
        }
        // A pointer to a file elsewhere, and what kind of file it is.
        "RP" => reader.text(obx, 5).map(observed),
        "ZRD" => used(obx, reader),
        _ if is_triple(obx) => {
            let text = "a coded value in a field whose type has no components";
            reader.note("value-type-differs", place(obx, 5), text);
            coded(obx, reader)
        }
        _ => plain(obx, reader).map(observed),
    }
}

fn text(text: Text<'_>) -> Observed<'_> {
    Observed { text, ..Observed::default() }
}

fn coded<'m>(obx: Segment<'m>, reader: &mut Reader<'m>) -> Option<Observed<'m>> {
    let code = reader.coded(obx, 5)?;
    Some(Observed { text: said(&code), code: Some(code), ..Observed::default() })
}

/// A coded value as one text.
fn said<'m>(code: &Coded<'m>) -> Text<'m> {
    let local = || code.local.as_ref().and_then(|local| local.code.clone());
    code.text.clone().or_else(|| code.code.clone()).or_else(local).unwrap_or_default()
}

/// SN: `>^100`, `^2^-^10`, `^1^:^64`. The comparator is sometimes left out together with its caret (`2^-^10`).
fn structured<'m>(obx: Segment<'m>, reader: &mut Reader<'m>) -> Option<Observed<'m>> {
    let parts = (1..=4).filter_map(|n| present(obx.field(5).component(n)));
    let joined: String = parts.map(Cow::into_owned).collect();
    reader.mark(obx, 5, Read::up_to(4));
    (!joined.is_empty()).then(|| observed(joined.into()))
}

fn person<'m>(obx: Segment<'m>, reader: &mut Reader<'m>) -> Option<Observed<'m>> {
    let person = reader.practitioner(obx, 5)?;
    let text = match (&person.family, &person.given) {
        (Some(family), Some(given)) => format!("{family} {given}").into(),
        (family, given) => family.as_ref().or(given.as_ref()).or(person.id.as_ref()).cloned()?,
    };
    Some(Observed { text, person: Some(Box::new(person)), ..Observed::default() })
}

/// ZRD: what was used and how much of it, `100555401^薬品^HOT9^1^AMP&管&MR9P`. The unit is read by [`result`].
fn used<'m>(obx: Segment<'m>, reader: &mut Reader<'m>) -> Option<Observed<'m>> {
    let mut part = |n| reader.component(obx, 5, n);
    let (code, name, system, amount) = (part(1), part(2), part(3), part(4));
    let code = value::plain(place(obx, 5), code, name, system);
    let number = amount.and_then(|amount| observed(amount).number);
    Some(Observed { text: said(&code), number, code: Some(code), ..Observed::default() })
}

/// Whether a value of a type without components is a code with its text and system, or two of them: two or five
/// carets, and a system that looks like one.
fn is_triple(obx: Segment<'_>) -> bool {
    let value = obx.field(5).repetition(1);
    let count = value.components().count();
    let is_system = |n| {
        let system = value.component(n).value();
        let is_name = system.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        let begins = system.starts_with("99") || system.starts_with(|first: char| first.is_ascii_uppercase());
        system.len() > 1 && is_name && begins
    };
    matches!(count, 3 | 6) && !value.component(1).is_empty() && (is_system(3) || is_system(6))
}

/// A value of a type without components (ST, NM, TX …). A `^` in it should have been escaped (`480×10^4` is seen in
/// the field): the text is taken whole. Carets with nothing between them are left out. Repetitions are lines.
fn plain<'m>(obx: Segment<'m>, reader: &mut Reader<'m>) -> Option<Text<'m>> {
    let field = obx.field(5);
    let is_split = field.repetitions().any(|repetition| repetition.components().nth(1).is_some());
    if !is_split {
        return reader.whole(obx, 5);
    }
    let mut parts = field.repetition(1).components().filter(|component| !component.is_empty());
    if let (None, Some(only), None) = (field.repetitions().nth(1), parts.next(), parts.next()) {
        reader.note("components-empty", place(obx, 5), "component separators with nothing between them");
        reader.mark(obx, 5, Read::WHOLE);
        return present(only);
    }
    let text = "a component separator in a value that has no components";
    reader.note("delimiter-unescaped", place(obx, 5), text);
    reader.whole(obx, 5)
}

/// A positive or negative word in the value decides; the abnormal flag only where the value says nothing.
fn interpret(value: Option<&Observed<'_>>, flag: Option<&str>) -> Option<Interpretation> {
    let by_value = value.filter(|value| !is_amount(value)).and_then(|value| {
        let code = value.code.as_ref().and_then(|code| code.code.as_deref());
        interpretation::of_value(&value.text).or_else(|| code.and_then(interpretation::of_value))
    });
    by_value.or_else(|| flag.and_then(interpretation::of_flag))
}

fn is_amount(value: &Observed<'_>) -> bool {
    value.number.is_some() || value.low.is_some() || value.titre.is_some() || value.time.is_some()
}

/// Susceptible, intermediate or resistant: by the abnormal flag, else by the value of a susceptibility test, which
/// JLAC10 begins with 6C.
fn susceptibility(
    code: Option<&LabCode<'_>>,
    value: Option<&Observed<'_>>,
    flag: Option<&str>,
) -> Option<Susceptibility> {
    let of_word = |word: &str| match word {
        "S" | "VS" => Some(Susceptibility::Susceptible),
        "I" | "MS" => Some(Susceptibility::Intermediate),
        "R" => Some(Susceptibility::Resistant),
        _ => None,
    };
    let is_test = || code.and_then(|code| code.analyte.as_deref()).is_some_and(|code| code.starts_with("6C"));
    flag.and_then(of_word)
        .or_else(|| value.filter(|_| is_test()).and_then(|value| of_word(narrow(&value.text).trim())))
}

/// The text of an NTE.
pub(super) fn note<'m>(nte: Segment<'m>, reader: &mut Reader<'m>) -> Option<Text<'m>> {
    reader.whole(nte, 3)
}

/// The results of a group's OBX, with the NTE that follow them.
pub(super) fn results<'m>(segments: &[Segment<'m>], reader: &mut Reader<'m>) -> Vec<TestResult<'m>> {
    let mut results: Vec<TestResult<'m>> = Vec::new();
    for segment in segments {
        match (&id(*segment), results.last_mut()) {
            (b"OBX", _) => results.push(result(*segment, reader)),
            (b"NTE", Some(result)) => result.notes.extend(note(*segment, reader)),
            _ => {}
        }
    }
    results
}

/// OBR-25 (HL7 table 0123).
pub(super) fn order_status(obr: Segment<'_>, field: usize, reader: &mut Reader<'_>) -> Option<ResultStatus> {
    let status = reader.code(obr, field, "0123", |code| match code {
        "F" => Some(ResultStatus::Final),
        "C" => Some(ResultStatus::Corrected),
        "P" | "R" | "S" | "I" | "A" => Some(ResultStatus::Preliminary),
        "X" => Some(ResultStatus::Cancelled),
        "O" => Some(ResultStatus::NotAsked),
        _ => None,
    });
    if matches!(obr.field(field).value().as_ref(), "R" | "S" | "I" | "A") {
        // Which of several codes it was stands among the unmapped.
        reader.unmark(obr, field);
    }
    status
}

/// OBX-11 (HL7 table 0085).
pub(super) fn status(obx: Segment<'_>, reader: &mut Reader<'_>) -> Option<ResultStatus> {
    let status = reader.code(obx, 11, "0085", |code| match code {
        "F" | "U" => Some(ResultStatus::Final),
        "C" => Some(ResultStatus::Corrected),
        "P" | "R" | "S" | "I" | "B" => Some(ResultStatus::Preliminary),
        "D" => Some(ResultStatus::Deleted),
        "X" => Some(ResultStatus::Cancelled),
        "W" => Some(ResultStatus::Wrong),
        "N" | "O" => Some(ResultStatus::NotAsked),
        _ => None,
    });
    if matches!(obx.field(11).value().as_ref(), "U" | "R" | "S" | "I" | "B" | "O") {
        // Which of several codes it was stands among the unmapped.
        reader.unmark(obx, 11);
    }
    status
}
