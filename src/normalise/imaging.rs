//! Radiology: OMG^O19 of OMG-01 and OMI^Z23 of OMG-11.

use hl7v2::{Message, Segment};

use super::reader::{Reader, id, place};
use super::value::{component, present, priority, text};
use crate::canonical::{ImagingOrder, ImagingPerformed, ImagingRequest, Study};

/// The content of the `imaging-order` kind.
pub(super) fn order<'m>(message: &'m Message, reader: &mut Reader<'m>) -> ImagingOrder<'m> {
    ImagingOrder { requests: requests(message, reader) }
}

/// The content of the `imaging-performed` kind.
pub(super) fn performed<'m>(message: &'m Message, reader: &mut Reader<'m>) -> ImagingPerformed<'m> {
    let progress = message.segment("ZE1").and_then(|ze1| text(ze1.field(2)));
    ImagingPerformed { requests: requests(message, reader), studies: studies(message), progress }
}

/// One request per OBR, with the ORC and TQ1 before it. An OBR without its own ORC (parent and child under one
/// order) shares the last one.
fn requests<'m>(message: &'m Message, reader: &mut Reader<'m>) -> Vec<ImagingRequest<'m>> {
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
) -> ImagingRequest<'m> {
    ImagingRequest {
        at: place(obr, 0),
        number: orc.and_then(|orc| text(orc.field(2))).or_else(|| text(obr.field(2))),
        control: orc.and_then(|orc| text(orc.field(1))),
        parent: text(obr.field(29)),
        procedure: reader.coded(obr, 4),
        priority: tq1.and_then(|tq1| priority(&tq1.field(9).component(1).value())),
        scheduled_at: tq1.and_then(|tq1| reader.time(tq1, 7)),
        performed_at: reader.time(obr, 7),
        reason: text(obr.field(13)).or_else(|| component(obr.field(31), 2)),
        ordered_at: orc.and_then(|orc| reader.time(orc, 9)),
        ordered_by: orc.and_then(|orc| reader.practitioner(orc, 12)),
    }
}

/// IPC repeats the same identifiers under a parent and its children: a study is named once per accession and UID.
fn studies(message: &Message) -> Vec<Study<'_>> {
    let zds = message.segment("ZDS").and_then(|zds| component(zds.field(1), 1));
    let obr = message.segment("OBR");
    let mut studies: Vec<Study<'_>> = Vec::new();
    for ipc in message.segments().filter(|segment| id(*segment) == *b"IPC") {
        let first = |field: usize| present(ipc.field(field).component(1));
        let study = Study {
            at: place(ipc, 0),
            accession: first(1).or_else(|| obr.and_then(|obr| text(obr.field(18)))),
            procedure_id: first(2).or_else(|| obr.and_then(|obr| text(obr.field(19)))),
            study_uid: first(3).or_else(|| zds.clone()),
            modality: first(5),
        };
        let known = studies.iter().any(|s| s.accession == study.accession && s.study_uid == study.study_uid);
        if !known {
            studies.push(study);
        }
    }
    studies
}
