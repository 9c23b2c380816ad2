//! IPC and ZDS: the imaging studies of an examination.

use hl7v2::{Message, Segment};

use super::reader::{Reader, id, place};
use crate::canonical::{Study, Text};

/// IPC repeats the same identifiers under a parent and its children: a study is named once per accession and UID.
/// Of a message without IPC, ZDS names the study (ORM^O01).
pub(super) fn studies<'m>(message: &'m Message, reader: &mut Reader<'m>) -> Vec<Study<'m>> {
    let zds = message.segment("ZDS");
    let uid = zds.and_then(|zds| reader.text(zds, 1));
    let mut obr = None;
    let mut studies: Vec<Study<'m>> = Vec::new();
    for segment in message.segments() {
        match &id(segment) {
            b"OBR" => obr = Some(segment),
            b"IPC" => add(study(segment, obr, uid.as_ref(), reader), &mut studies),
            _ => {}
        }
    }
    if let (true, Some(zds), Some(_)) = (studies.is_empty(), zds, &uid) {
        let (accession, procedure_id) = of_request(obr, reader);
        studies.push(Study { at: place(zds, 0), accession, procedure_id, study_uid: uid, modality: None });
    }
    studies
}

fn study<'m>(
    ipc: Segment<'m>,
    obr: Option<Segment<'m>>,
    uid: Option<&Text<'m>>,
    reader: &mut Reader<'m>,
) -> Study<'m> {
    let mut study = Study {
        at: place(ipc, 0),
        accession: reader.text(ipc, 1),
        procedure_id: reader.text(ipc, 2),
        study_uid: reader.text(ipc, 3).or_else(|| uid.cloned()),
        modality: reader.text(ipc, 5),
    };
    if study.accession.is_none() || study.procedure_id.is_none() {
        let (accession, procedure_id) = of_request(obr, reader);
        study.accession = study.accession.or(accession);
        study.procedure_id = study.procedure_id.or(procedure_id);
    } else if let Some(obr) = obr {
        reader.again(ipc, 1, obr, 18);
        reader.again(ipc, 2, obr, 19);
    }
    study
}

/// OBR-18 and OBR-19.
fn of_request<'m>(obr: Option<Segment<'m>>, reader: &mut Reader<'m>) -> (Option<Text<'m>>, Option<Text<'m>>) {
    obr.map_or((None, None), |obr| (reader.text(obr, 18), reader.text(obr, 19)))
}

/// Adds a study, or what it says more of one that is known.
fn add<'m>(study: Study<'m>, studies: &mut Vec<Study<'m>>) {
    let known = studies.iter_mut().find(|known| {
        known.accession == study.accession
            && known.study_uid == study.study_uid
            && agree(&known.procedure_id, &study.procedure_id)
            && agree(&known.modality, &study.modality)
    });
    match known {
        Some(known) => {
            known.procedure_id = known.procedure_id.take().or(study.procedure_id);
            known.modality = known.modality.take().or(study.modality);
        }
        None => studies.push(study),
    }
}

fn agree(one: &Option<Text<'_>>, other: &Option<Text<'_>>) -> bool {
    one.is_none() || other.is_none() || one == other
}
