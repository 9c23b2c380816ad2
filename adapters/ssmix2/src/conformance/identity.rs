//! What the path says and the message says again: patient, order, date, and whether it is still valid.

use hl7v2::Message;

use super::findings::Findings;
use super::place::Place;
use super::rule;
use super::{Expected, header};
use crate::name::Flag;
use crate::path::StoragePath;

/// オーダNo of a file that belongs to no order.
const NO_ORDER: &str = "999999999999999";

pub(super) fn check(
    message: &Message,
    expected: &Expected<'_>,
    path: &StoragePath<'_>,
    findings: &mut Findings,
) {
    patient(message, path, findings);
    order(message, path, findings);
    care_date(message, expected, path, findings);
    let cancels = expected.entry.is_some_and(|entry| entry.cancel == Some(header::event(message).as_str()));
    if cancels && path.name.flag == Flag::Current {
        findings.file(&rule::CANCEL_FLAG, "0");
    }
}

fn patient(message: &Message, path: &StoragePath<'_>, findings: &mut Findings) {
    let Some(pid) = message.segment("PID") else { return };
    let mut ids = pid.field(3).repetitions().map(|repetition| repetition.component(1).value());
    // An id that is missing is told as a required field.
    let Some(first) = ids.next() else { return };
    if first != path.patient && !ids.any(|id| id == path.patient) {
        findings.add(&rule::PATIENT_ID, Place::segment(&pid).field(3), pid.occurrence(), String::new());
    }
}

/// The order of the file is that of every ORC but those of children, which have numbers of their own: ORC-1 is CH, or
/// ORC-8 names a parent (a child that is cancelled has CA in ORC-1).
fn order(message: &Message, path: &StoragePath<'_>, findings: &mut Findings) {
    let file = path.name.order;
    if file == NO_ORDER {
        return;
    }
    let unpadded = |text: &str| text.trim_start_matches('0').to_owned();
    for orc in message.segments().filter(|segment| segment.name() == "ORC") {
        let (control, number) = (orc.field(1).value(), orc.field(2).value());
        let is_child = control == "CH" || !orc.field(8).is_empty();
        if !is_child && !number.is_empty() && unpadded(&number) != unpadded(file) {
            findings.add(&rule::ORDER_NUMBER, Place::segment(&orc).field(2), orc.occurrence(), String::new());
        }
    }
}

fn care_date(message: &Message, expected: &Expected<'_>, path: &StoragePath<'_>, findings: &mut Findings) {
    let Some((id, number)) = expected.care_date().filter(|_| path.date != "-") else { return };
    let dated = message.segments().filter(|segment| segment.name() == id);
    let dates: Vec<_> = dated
        .map(|segment| (segment, segment.field(number).value()))
        .filter(|(_, date)| !date.is_empty() && date != "\"\"")
        .collect();
    let agrees = dates.iter().any(|(_, date)| date.get(..8) == Some(path.date));
    if let Some((segment, _)) = dates.first().filter(|_| !agrees) {
        let place = Place::segment(segment).field(number);
        findings.add(&rule::CARE_DATE, place, segment.occurrence(), String::new());
    }
}
