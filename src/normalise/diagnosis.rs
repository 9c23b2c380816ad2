//! PRB: all diagnoses of a patient in one message.

use hl7v2::{Message, Segment};

use super::coverage::Read;
use super::reader::{Reader, id, place};
use super::value::present;
use crate::canonical::{Diagnosis, Problem, Text};

/// The content of the `diagnosis` kind.
pub(super) fn read<'m>(message: &'m Message, reader: &mut Reader<'m>) -> Diagnosis<'m> {
    let problems = message.segments().filter(|segment| id(*segment) == *b"PRB");
    let problems = problems.map(|prb| problem(prb, reader)).collect();
    Diagnosis { snapshot: true, problems }
}

fn problem<'m>(prb: Segment<'m>, reader: &mut Reader<'m>) -> Problem<'m> {
    Problem {
        at: place(prb, 0),
        action: reader.text(prb, 1),
        disease: reader.coded(prb, 3),
        instance: reader.text(prb, 4),
        icd10: icd10(prb, reader),
        diagnosed_at: reader.time(prb, 7),
        onset_at: reader.time(prb, 16),
        resolved_at: reader.time(prb, 9),
        outcome: reader.coded(prb, 14),
        suspected: reader.flag(prb, 13, "1"),
        security: reader.text(prb, 25),
    }
}

/// The code of PRB-10 whose system is I10, in whichever triple it stands; without a dot, as SS-MIX2 wants it.
fn icd10<'m>(prb: Segment<'m>, reader: &mut Reader<'m>) -> Option<Text<'m>> {
    let (index, first, code) = prb.field(10).repetitions().enumerate().find_map(|(index, repetition)| {
        let first = [1, 4].into_iter().find(|&first| is_icd10(&repetition.component(first + 2).value()))?;
        Some((index, first, present(repetition.component(first))?))
    })?;
    if index == 0 {
        reader.mark(prb, 10, Read::component(first).and(Read::component(first + 2)));
    }
    Some(if code.contains('.') { code.replace('.', "").into() } else { code })
}

fn is_icd10(system: &str) -> bool {
    matches!(system, "I10" | "ICD10" | "ICD-10" | "I10P")
}
