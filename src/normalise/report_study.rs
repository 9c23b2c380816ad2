//! The studies that a report is about.

use hl7v2::{Message, Segment};

use super::coverage::Read;
use super::reader::{Reader, id, place};
use crate::canonical::Study;

/// An OBX that names the study: DICOM code 110180, Study Instance UID; or 113014, DICOM Study.
pub(super) fn is_study_uid(obx: Segment<'_>) -> bool {
    let code = obx.field(3).value();
    code == "110180" || code == "113014" && obx.field(3).component(3).value() == "DCM"
}

/// The studies, each once: accession number of IPC-1, else OBR-18; procedure of IPC-2, else OBR-19; UID of IPC-3,
/// else ZDS-1, else the OBX that names it.
pub(super) fn studies<'m>(message: &'m Message, reader: &mut Reader<'m>) -> Vec<Study<'m>> {
    let mut studies: Vec<Study<'m>> = Vec::new();
    let mut obr = None;
    for segment in message.segments() {
        match &id(segment) {
            b"OBR" => {
                let (accession, procedure_id) = (reader.text(segment, 18), reader.text(segment, 19));
                studies.push(Study { accession, procedure_id, ..empty(segment) });
                obr = Some(segment);
            }
            b"IPC" => add(procedure(segment, obr, reader), &mut studies),
            b"ZDS" => name(segment, 1, &mut studies, reader),
            b"OBX" if is_study_uid(segment) => name(segment, 5, &mut studies, reader),
            _ => {}
        }
    }
    let is_said = |study: &Study<'m>| {
        study.accession.is_some() || study.procedure_id.is_some() || study.study_uid.is_some()
    };
    let mut once: Vec<Study<'m>> = Vec::new();
    for study in studies.into_iter().filter(is_said) {
        let same = |known: &Study<'m>| {
            known.accession == study.accession
                && known.procedure_id == study.procedure_id
                && known.study_uid == study.study_uid
        };
        if !once.iter().any(same) {
            once.push(study);
        }
    }
    once
}

fn empty<'m>(segment: Segment<'m>) -> Study<'m> {
    Study { at: place(segment, 0), accession: None, procedure_id: None, study_uid: None, modality: None }
}

fn procedure<'m>(ipc: Segment<'m>, obr: Option<Segment<'m>>, reader: &mut Reader<'m>) -> Study<'m> {
    let accession = reader.text(ipc, 1).or_else(|| obr.and_then(|obr| reader.text(obr, 18)));
    let procedure_id = reader.text(ipc, 2).or_else(|| obr.and_then(|obr| reader.text(obr, 19)));
    let (study_uid, modality) = (reader.text(ipc, 3), reader.text(ipc, 5));
    Study { accession, procedure_id, study_uid, modality, ..empty(ipc) }
}

/// The first IPC takes the place of what its OBR says, unless OBR-18 or 19 says something else.
fn add<'m>(study: Study<'m>, studies: &mut Vec<Study<'m>>) {
    let agrees = |last: &Study<'m>| {
        last.at.segment == *b"OBR"
            && (last.accession.is_none() || last.accession == study.accession)
            && (last.procedure_id.is_none() || last.procedure_id == study.procedure_id)
    };
    match studies.last_mut() {
        Some(last) if agrees(last) => {
            let study_uid = study.study_uid.or(last.study_uid.take());
            *last = Study { study_uid, ..study };
        }
        _ => studies.push(study),
    }
}

/// A UID that stands apart names the study before it that has none.
fn name<'m>(segment: Segment<'m>, field: usize, studies: &mut Vec<Study<'m>>, reader: &mut Reader<'m>) {
    if studies.last().is_some_and(|last| last.study_uid.is_some()) {
        return;
    }
    let study_uid = reader.text(segment, field);
    if id(segment) == *b"OBX" {
        reader.mark(segment, 2, Read::FIRST);
    }
    match studies.last_mut() {
        Some(last) => last.study_uid = study_uid,
        None => studies.push(Study { study_uid, ..empty(segment) }),
    }
}
