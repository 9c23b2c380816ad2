//! PPR: the diagnoses of a patient, (PRB ZPR? ZPD* NTE* ZI1* ORC*)+.

use hl7v2::{Message, Repetition, Segment};

use super::coverage::Read;
use super::observation;
use super::order::{self, Head};
use super::patient::insurance;
use super::reader::{Reader, at_repetition, id, place};
use super::value::{self, present};
use crate::canonical::{Coded, Diagnosis, DiseaseParts, Problem, Text};

/// The content of the `diagnosis` kind. PPR^ZD1 is the whole list as it stands; PPR^PC1, PC2 and PC3 add, change and
/// delete what they name.
pub(super) fn read<'m>(message: &'m Message, reader: &mut Reader<'m>) -> Diagnosis<'m> {
    let trigger = message.segment("MSH").map(|msh| msh.field(9).component(2).value());
    let snapshot = !matches!(trigger.as_deref(), Some("PC1" | "PC2" | "PC3"));
    let mut problems: Vec<Problem<'m>> = Vec::new();
    for segment in message.segments() {
        let name = id(segment);
        match (&name, problems.last_mut()) {
            (b"PRB", _) => problems.push(problem(segment, reader)),
            (_, Some(problem)) => add(problem, name, segment, reader),
            _ => {}
        }
    }
    Diagnosis { snapshot, problems }
}

/// What follows a PRB belongs to it.
fn add<'m>(problem: &mut Problem<'m>, name: [u8; 3], segment: Segment<'m>, reader: &mut Reader<'m>) {
    match &name {
        b"ZPR" if problem.parts.is_none() => problem.parts = Some(parts(segment, reader)),
        b"ZPD" => problem.teeth.extend(reader.codeds(segment, 2)),
        b"NTE" => problem.notes.extend(observation::note(segment, reader)),
        b"ZI1" => problem.insurances.push(insurance(segment, reader)),
        b"ORC" if problem.number.is_none() => {
            let Head { number, control, ordered_at, ordered_by, details } =
                order::head(Some(segment), None, reader);
            (problem.number, problem.control) = (number, control);
            (problem.ordered_at, problem.ordered_by, problem.details) = (ordered_at, ordered_by, details);
        }
        _ => {}
    }
}

fn problem<'m>(prb: Segment<'m>, reader: &mut Reader<'m>) -> Problem<'m> {
    let Classified { icd10, icd10_edition, phase } = classified(prb, reader);
    let (onset_at, onset_in_words) = reader.time_or_text(prb, 16);
    Problem {
        at: place(prb, 0),
        action: reader.text(prb, 1),
        acted_at: reader.time(prb, 2),
        disease: reader.coded(prb, 3),
        instance: reader.text(prb, 4),
        icd10,
        icd10_edition,
        phase,
        diagnosed_at: reader.time(prb, 7),
        onset_at,
        onset_text: onset_in_words.or_else(|| reader.text(prb, 17)),
        resolution_expected_at: reader.time(prb, 8),
        resolved_at: reader.time(prb, 9),
        outcome: reader.coded(prb, 14),
        suspected: suspected(prb, reader),
        security: reader.text(prb, 25),
        parts: None,
        teeth: Vec::new(),
        notes: Vec::new(),
        insurances: Vec::new(),
        control: None,
        number: None,
        ordered_at: None,
        ordered_by: None,
        details: Default::default(),
    }
}

fn parts<'m>(zpr: Segment<'m>, reader: &mut Reader<'m>) -> DiseaseParts<'m> {
    DiseaseParts {
        at: place(zpr, 0),
        prefixes: reader.codeds(zpr, 1),
        disease: reader.coded(zpr, 2),
        suffixes: reader.codeds(zpr, 3),
        exchange_prefixes: reader.codeds(zpr, 4),
        exchange_disease: reader.coded(zpr, 5),
        exchange_suffixes: reader.codeds(zpr, 6),
        comment: reader.whole(zpr, 7),
    }
}

/// PRB-13: `1^疑い^JHSD0005` says no more than that it is suspected.
fn suspected<'m>(prb: Segment<'m>, reader: &mut Reader<'m>) -> bool {
    let is_suspected = reader.flag(prb, 13, "1");
    if is_suspected {
        reader.mark(prb, 13, Read::up_to(3));
    }
    is_suspected
}

/// What PRB-10 says.
#[derive(Default)]
struct Classified<'m> {
    icd10: Option<Text<'m>>,
    icd10_edition: Option<Text<'m>>,
    phase: Option<Coded<'m>>,
}

/// PRB-10: the code whose system is I10, in whichever triple it stands, without a dot as SS-MIX2 wants it; the
/// edition in component 7; the phase of the diagnosis in the other triple.
fn classified<'m>(prb: Segment<'m>, reader: &mut Reader<'m>) -> Classified<'m> {
    let mut found = Classified::default();
    for (index, repetition) in prb.field(10).repetitions().enumerate() {
        let Some(first) =
            [1, 4].into_iter().find(|&first| is_icd10(&repetition.component(first + 2).value()))
        else {
            continue;
        };
        let Some(code) = present(repetition.component(first)) else { continue };
        // CWE.7 is the version of the first triple's system, CWE.8 that of the second's.
        let edition = 7 + usize::from(first == 4);
        found.icd10 = Some(if code.contains('.') { code.replace('.', "").into() } else { code });
        found.icd10_edition = present(repetition.component(edition));
        let other = 5 - first;
        found.phase = phase(prb, repetition, index, other);
        if index == 0 {
            let phase = if found.phase.is_some() { other..other + 3 } else { 0..0 };
            for component in phase.chain([first, first + 2, edition]) {
                reader.mark(prb, 10, Read::component(component));
            }
        }
        break;
    }
    found
}

fn phase<'m>(prb: Segment<'m>, repetition: Repetition<'m>, index: usize, first: usize) -> Option<Coded<'m>> {
    let part = |n| present(repetition.component(n));
    let (code, text, system) = (part(first), part(first + 1), part(first + 2));
    let at = at_repetition(prb, 10, index);
    (code.is_some() || text.is_some()).then(|| value::plain(at, code, text, system))
}

fn is_icd10(system: &str) -> bool {
    matches!(system, "I10" | "ICD10" | "ICD-10" | "I10P")
}
