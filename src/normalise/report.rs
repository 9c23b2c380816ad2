//! The `report` kind: ORU^R01 and MDM of what somebody read in images, tissue or curves.

use hl7v2::{Message, Segment};

use super::coverage::Read;
use super::reader::{Reader, id, place};
use super::report_study::{is_study_uid, studies};
use super::requester;
use super::value::{nonempty, present};
use super::{attachment, narrative, observation};
use crate::canonical::{ExaminationReport, PartialTime, Practitioner, Report, ResultStatus};

/// The content of the kind: a report per OBR, or of the TXA where there is no OBR.
pub(super) fn read<'m>(message: &'m Message, reader: &mut Reader<'m>) -> Report<'m> {
    let mut reports: Vec<ExaminationReport<'m>> = Vec::new();
    let mut orc = None;
    for segment in message.segments() {
        match &id(segment) {
            b"ORC" => orc = Some(segment),
            b"OBR" => reports.push(of_request(segment, orc.take(), reader)),
            b"TXA" => {
                if reports.is_empty() {
                    reports.push(empty(segment));
                }
                // A document may be about several orders.
                reports.iter_mut().for_each(|report| header(segment, report, reader));
            }
            b"OBX" if !is_study_uid(segment) => {
                let mut report = reports.pop().unwrap_or_else(|| empty(segment));
                content(segment, &mut report, reader);
                reports.push(report);
            }
            _ => {}
        }
    }
    Report { reports, studies: studies(message, reader) }
}

fn empty<'m>(segment: Segment<'m>) -> ExaminationReport<'m> {
    ExaminationReport {
        at: place(segment, 0),
        number: None,
        filler_number: None,
        requesters: Vec::new(),
        examination: None,
        status: None,
        performed_at: None,
        reported_at: None,
        reader: None,
        sections: Vec::new(),
        attachments: Vec::new(),
    }
}

fn of_request<'m>(
    obr: Segment<'m>,
    orc: Option<Segment<'m>>,
    reader: &mut Reader<'m>,
) -> ExaminationReport<'m> {
    let mut number = |field: usize| {
        let by_order = orc.and_then(|orc| reader.text(orc, field));
        by_order.or_else(|| reader.text(obr, field))
    };
    let (number, filler_number) = (number(2), number(3));
    ExaminationReport {
        number,
        filler_number,
        requesters: requester::of(orc, Some(obr), reader),
        examination: reader.coded(obr, 4),
        status: status(obr, reader),
        performed_at: reader.time(obr, 7),
        reported_at: reader.time(obr, 22),
        reader: interpreter(obr, reader),
        ..empty(obr)
    }
}

/// OBR-25 (HL7 table 0123).
fn status(obr: Segment<'_>, reader: &mut Reader<'_>) -> Option<ResultStatus> {
    let status = reader.code(obr, 25, "0123", |code| match code {
        "F" => Some(ResultStatus::Final),
        "C" => Some(ResultStatus::Corrected),
        "P" | "A" | "R" => Some(ResultStatus::Preliminary),
        "X" => Some(ResultStatus::Cancelled),
        "O" | "I" | "S" => Some(ResultStatus::NotAsked),
        _ => None,
    });
    if matches!(obr.field(25).value().as_ref(), "A" | "R" | "O" | "I" | "S") {
        // Which of several codes it was stands among the unmapped.
        reader.unmark(obr, 25);
    }
    status
}

/// OBR-32, a person with times and places (NDL): id and names are subcomponents of its first component. Senders
/// that write a plain person (XCN) there are understood; a time in the second component tells the two apart.
fn interpreter<'m>(obr: Segment<'m>, reader: &mut Reader<'m>) -> Option<Practitioner<'m>> {
    let first = obr.field(32).component(1);
    let second = obr.field(32).component(2);
    let mut parts = first.subcomponents();
    let (id, family, given) = (parts.next(), parts.next(), parts.next());
    if family.is_none() {
        let is_time =
            second.raw().len() >= 8 && second.raw().bytes().take(8).all(|byte| byte.is_ascii_digit());
        let given = if is_time { 1 } else { 3 };
        reader.mark(obr, 32, Read::up_to(given));
        let part = |n: u32| (n <= given).then(|| present(obr.field(32).component(n as usize))).flatten();
        let [id, family, given] = [1, 2, 3].map(part);
        let said = id.is_some() || family.is_some() || given.is_some();
        return said.then(|| Practitioner { at: place(obr, 32), id, family, given });
    }
    let read = if parts.next().is_none() { Read::FIRST.in_depth() } else { Read::FIRST };
    reader.mark(obr, 32, read);
    let [id, family, given] = [id, family, given].map(|part| part.and_then(nonempty));
    Some(Practitioner { at: place(obr, 32), id, family, given })
}

/// TXA: adds what the OBR does not say.
fn header<'m>(txa: Segment<'m>, report: &mut ExaminationReport<'m>, reader: &mut Reader<'m>) {
    let mut time = |fields: &[usize]| -> Option<PartialTime> {
        fields.iter().find_map(|field| reader.time(txa, *field))
    };
    report.performed_at = report.performed_at.or_else(|| time(&[4]));
    report.reported_at = report.reported_at.or_else(|| time(&[7, 6]));
    if report.number.is_none() {
        report.number = reader.text(txa, 14);
    }
    if report.filler_number.is_none() {
        report.filler_number = reader.text(txa, 15);
    }
    if report.examination.is_none() {
        report.examination = reader.coded(txa, 2);
    }
    if report.reader.is_none() {
        report.reader = reader.practitioner(txa, 9);
    }
    if report.status.is_none() {
        report.status = completion(txa, reader);
    }
}

/// TXA-17 (HL7 table 0271). Which of the unfinished states it is stands among the unmapped.
fn completion(txa: Segment<'_>, reader: &mut Reader<'_>) -> Option<ResultStatus> {
    let status = reader.code(txa, 17, "0271", |code| match code {
        "AU" | "LA" => Some(ResultStatus::Final),
        "DI" | "DO" | "IN" | "IP" | "PA" => Some(ResultStatus::Preliminary),
        _ => None,
    });
    reader.unmark(txa, 17);
    status
}

fn content<'m>(obx: Segment<'m>, report: &mut ExaminationReport<'m>, reader: &mut Reader<'m>) {
    if report.status.is_none() {
        report.status = observation::status(obx, reader);
    }
    if attachment::is_file(obx) {
        report.attachments.extend(attachment::read(obx, reader));
    } else {
        report.sections.extend(narrative::section(obx, reader));
    }
}
