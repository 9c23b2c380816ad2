//! Examinations ordered and performed: OMG^O19 of OMG-01 to 03 and OMI^Z23 of OMG-11 and 12.

use hl7v2::{Message, Segment};

use super::reader::{Reader, id, place};
use crate::canonical::{ExaminationOrder, ExaminationPerformed, ExaminationRequest, Study};

/// The content of the `imaging-order`, `endoscopy-order` and `physiology-order` kinds.
pub(super) fn order<'m>(message: &'m Message, reader: &mut Reader<'m>) -> ExaminationOrder<'m> {
    ExaminationOrder { requests: requests(message, reader), studies: studies(message, reader) }
}

/// The content of the `imaging-performed` and `endoscopy-performed` kinds.
pub(super) fn performed<'m>(message: &'m Message, reader: &mut Reader<'m>) -> ExaminationPerformed<'m> {
    let progress = message.segment("ZE1").and_then(|ze1| reader.text(ze1, 2));
    ExaminationPerformed { requests: requests(message, reader), studies: studies(message, reader), progress }
}

/// One request per OBR, with the ORC and TQ1 before it. An OBR without its own ORC (parent and child under one
/// order) shares the last one.
pub(super) fn requests<'m>(message: &'m Message, reader: &mut Reader<'m>) -> Vec<ExaminationRequest<'m>> {
    let mut requests = Vec::new();
    let (mut orc, mut tq1) = (None, None);
    for segment in message.segments() {
        match &id(segment) {
            b"ORC" => (orc, tq1) = (Some(segment), None),
            b"TQ1" => tq1 = Some(segment),
            b"OBR" => requests.push(request(segment, orc, tq1, reader)),
            _ => {}
        }
    }
    requests
}

fn request<'m>(
    obr: Segment<'m>,
    orc: Option<Segment<'m>>,
    tq1: Option<Segment<'m>>,
    reader: &mut Reader<'m>,
) -> ExaminationRequest<'m> {
    ExaminationRequest {
        at: place(obr, 0),
        number: orc.and_then(|orc| reader.text(orc, 2)).or_else(|| reader.text(obr, 2)),
        control: orc.and_then(|orc| reader.text(orc, 1)),
        parent: reader.text(obr, 29),
        procedure: reader.coded(obr, 4),
        priority: tq1.and_then(|tq1| reader.priority(tq1, 9, 1)),
        scheduled_at: tq1.and_then(|tq1| reader.time(tq1, 7)),
        performed_at: reader.time(obr, 7),
        reason: reader.text(obr, 13).or_else(|| reader.component(obr, 31, 2)),
        ordered_at: orc.and_then(|orc| reader.time(orc, 9)),
        ordered_by: orc.and_then(|orc| reader.practitioner(orc, 12)),
    }
}

/// IPC repeats the same identifiers under a parent and its children: a study is named once per accession and UID.
fn studies<'m>(message: &'m Message, reader: &mut Reader<'m>) -> Vec<Study<'m>> {
    let zds = message.segment("ZDS").and_then(|zds| reader.text(zds, 1));
    let obr = message.segment("OBR");
    let mut studies: Vec<Study<'m>> = Vec::new();
    for ipc in message.segments().filter(|segment| id(*segment) == *b"IPC") {
        let mut first = |field: usize| reader.text(ipc, field);
        let study = Study {
            at: place(ipc, 0),
            accession: first(1),
            procedure_id: first(2),
            study_uid: first(3).or_else(|| zds.clone()),
            modality: first(5),
        };
        let accession = study.accession.or_else(|| obr.and_then(|obr| reader.text(obr, 18)));
        let procedure_id = study.procedure_id.or_else(|| obr.and_then(|obr| reader.text(obr, 19)));
        let study = Study { accession, procedure_id, ..study };
        let known = studies.iter().any(|s| s.accession == study.accession && s.study_uid == study.study_uid);
        if !known {
            studies.push(study);
        }
    }
    studies
}
