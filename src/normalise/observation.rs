//! OBX: one result, whatever it belongs to.

use std::borrow::Cow;

use hl7v2::Segment;

use super::coverage::Read;
use super::interpretation;
use super::reader::{Reader, place};
use super::value::{observed, present};
use crate::canonical::{Coded, Interpretation, LabCode, Observed, ResultStatus, TestResult, Text};

/// The result of an OBX.
pub(super) fn result<'m>(obx: Segment<'m>, reader: &mut Reader<'m>) -> TestResult<'m> {
    let value = value(obx, reader);
    let abnormal_flag = reader.text(obx, 8);
    TestResult {
        at: place(obx, 0),
        specimen: None,
        order: None,
        code: reader.coded(obx, 3).map(code),
        interpretation: interpret(value.as_ref(), abnormal_flag.as_deref()),
        value,
        unit: reader.coded(obx, 6),
        reference_range: reader.text(obx, 7),
        abnormal_flag,
        status: status(obx, reader),
        observed_at: reader.time(obx, 14),
    }
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

/// OBX-5 by its type: a coded value, a structured number (SN), else text with the number in it.
pub(super) fn value<'m>(obx: Segment<'m>, reader: &mut Reader<'m>) -> Option<Observed<'m>> {
    let field = obx.field(5);
    reader.mark(obx, 2, Read::FIRST);
    match obx.field(2).value().as_ref() {
        "CWE" | "CE" | "CNE" => {
            let code = reader.coded(obx, 5)?;
            let text = code.text.clone().or_else(|| code.code.clone());
            let text = text.or_else(|| code.local.as_ref().and_then(|local| local.code.clone()));
            Some(Observed {
                text: text.unwrap_or_default(),
                number: None,
                comparator: None,
                code: Some(code),
            })
        }
        "SN" => {
            let parts = (1..=4).filter_map(|n| present(field.component(n)));
            let joined: String = parts.map(Cow::into_owned).collect();
            reader.mark(obx, 5, Read::up_to(4));
            (!joined.is_empty()).then(|| observed(joined.into()))
        }
        _ => plain(obx, reader).map(observed),
    }
}

/// A value of a type without components (ST, NM, TX …). A `^` in it should have been escaped (`480×10^4` is seen in
/// the field): the text is taken whole. Repetitions are lines.
fn plain<'m>(obx: Segment<'m>, reader: &mut Reader<'m>) -> Option<Text<'m>> {
    let split = obx.field(5).repetitions().any(|repetition| repetition.components().nth(1).is_some());
    if split {
        let text = "a component separator in a value that has no components";
        reader.note("delimiter-unescaped", place(obx, 5), text);
    }
    reader.whole(obx, 5)
}

/// A positive or negative word in the value decides; the abnormal flag only where the value says nothing.
fn interpret(value: Option<&Observed<'_>>, flag: Option<&str>) -> Option<Interpretation> {
    let by_value = value.and_then(|value| {
        let code = value.code.as_ref().and_then(|code| code.code.as_deref());
        interpretation::of_value(&value.text).or_else(|| code.and_then(interpretation::of_value))
    });
    by_value.or_else(|| flag.and_then(interpretation::of_flag))
}

fn status(obx: Segment<'_>, reader: &mut Reader<'_>) -> Option<ResultStatus> {
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
