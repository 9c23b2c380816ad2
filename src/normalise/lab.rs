//! Laboratory results: OUL^R22 (SPM, OBR, ORC, OBX) and ORU^R01 (ORC, OBR, OBX, SPM).

use std::borrow::Cow;

use hl7v2::{Message, Repetition, Segment};

use super::interpretation;
use super::reader::{Reader, id, place};
use super::value::{observed, present, text};
use crate::canonical::{Coded, TestResult};
use crate::canonical::{
    Interpretation, LabCode, LabOrder, LabResult, Observed, ResultStatus, Specimen, Text,
};

/// The content of the `lab-result` kind. ORC stands after OBR in SS-MIX2's OUL^R22 and before it elsewhere: an ORC
/// belongs to the OBR before it unless that has one already or results came between.
pub(super) fn read<'m>(message: &'m Message, reader: &mut Reader<'m>) -> LabResult<'m> {
    // A result is a large value: growing the list piecemeal would copy every one of them several times.
    let results = Vec::with_capacity(message.len());
    let mut lab = LabResult { specimens: Vec::new(), orders: Vec::new(), results };
    let mut waiting: Option<Text<'m>> = None;
    let mut order_open = false;
    for segment in message.segments() {
        match &id(segment) {
            b"SPM" => {
                lab.specimens.push(specimen(segment, reader));
                order_open = false;
            }
            b"OBR" => {
                let mut order = order(segment, reader);
                order_open = waiting.is_none();
                order.number = waiting.take().or(order.number);
                lab.orders.push(order);
            }
            b"ORC" => match lab.orders.last_mut() {
                Some(order) if order_open => {
                    order.number = text(segment.field(2)).or_else(|| order.number.take());
                    order_open = false;
                }
                _ => waiting = text(segment.field(2)),
            },
            b"OBX" => {
                order_open = false;
                let mut result = result(segment, reader);
                result.specimen = last(lab.specimens.len());
                result.order = last(lab.orders.len());
                lab.results.push(result);
            }
            _ => {}
        }
    }
    lab
}

fn last(count: usize) -> Option<usize> {
    (count > 0).then_some(count)
}

fn specimen<'m>(spm: Segment<'m>, reader: &mut Reader<'m>) -> Specimen<'m> {
    Specimen {
        at: place(spm, 0),
        id: text(spm.field(2)),
        material: reader.coded(spm, 4),
        collected_at: reader.time(spm, 17),
    }
}

fn order<'m>(obr: Segment<'m>, reader: &mut Reader<'m>) -> LabOrder<'m> {
    LabOrder {
        at: place(obr, 0),
        number: text(obr.field(2)),
        panel: reader.coded(obr, 4),
        reported_at: reader.time(obr, 22),
    }
}

fn result<'m>(obx: Segment<'m>, reader: &mut Reader<'m>) -> TestResult<'m> {
    let value = value(obx, reader);
    let abnormal_flag = text(obx.field(8));
    TestResult {
        at: place(obx, 0),
        specimen: None,
        order: None,
        code: reader.coded(obx, 3).map(code),
        interpretation: interpret(value.as_ref(), abnormal_flag.as_deref()),
        value,
        unit: reader.coded(obx, 6),
        reference_range: text(obx.field(7)),
        abnormal_flag,
        status: status(obx, reader),
        observed_at: reader.time(obx, 14),
    }
}

/// The parts of a JLAC10 code, where the code has all 17 characters or the 15 of an order.
fn code(coded: Coded<'_>) -> LabCode<'_> {
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
fn value<'m>(obx: Segment<'m>, reader: &mut Reader<'m>) -> Option<Observed<'m>> {
    let field = obx.field(5);
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
            (!joined.is_empty()).then(|| observed(joined.into()))
        }
        _ => plain(obx, reader).map(observed),
    }
}

/// A value of a type without components (ST, NM, TX …). A `^` in it should have been escaped (`480×10^4` is seen in
/// the field): the text is taken whole. Repetitions are lines.
fn plain<'m>(obx: Segment<'m>, reader: &mut Reader<'m>) -> Option<Text<'m>> {
    let field = obx.field(5);
    let split = field.repetitions().any(|repetition| repetition.components().nth(1).is_some());
    if split {
        reader.note(
            "delimiter-unescaped",
            place(obx, 5),
            "a component separator in a value that has no components",
        );
    } else if field.repetitions().nth(1).is_none() {
        return text(field);
    }
    let line = |repetition: Repetition<'m>| {
        let parts: Vec<_> = repetition.components().map(|component| component.value()).collect();
        parts.join("^")
    };
    let lines: Vec<_> = field.repetitions().map(line).collect();
    Some(lines.join("\n").into())
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
    match obx.field(11).value().as_ref() {
        "F" | "U" => Some(ResultStatus::Final),
        "C" => Some(ResultStatus::Corrected),
        "P" | "R" | "S" | "I" | "B" => Some(ResultStatus::Preliminary),
        "D" => Some(ResultStatus::Deleted),
        "X" => Some(ResultStatus::Cancelled),
        "W" => Some(ResultStatus::Wrong),
        "N" | "O" => Some(ResultStatus::NotAsked),
        "" | "\"\"" => None,
        _ => {
            reader.note("code-unknown", place(obx, 11), "not a code of HL7 table 0085");
            None
        }
    }
}
