//! Whom an event is about, and what becomes of a message that is about nobody, or about several.

use hl7v2::{Message, Segment};

use super::reader::{Reader, id, place};
use super::{Source, patient};
use crate::canonical::{Kind, Patient, Place};
use crate::envelope::Fault;

/// The kind that the message makes in the end, and its patient.
///
/// A message about several patients (ORU^R01 may hold results of many) is carried whole and of no one patient: what
/// is said of the second must not be filed under the first. An appointment or a document needs no patient in HL7;
/// without a PID it is carried whole. Everything else about a patient must say about whom.
pub(super) fn of<'m>(
    kind: Kind,
    message: &'m Message,
    source: &Source<'m>,
    reader: &mut Reader<'m>,
) -> Result<(Kind, Option<Patient<'m>>), Fault> {
    if let Some(other) = another(message).filter(|_| kind != Kind::Merge) {
        let text = "the message is about more than one patient; it is carried whole, as of none of them";
        reader.note("several-patients", place(other, 3), text);
        return Ok((Kind::Message, None));
    }
    let patient = patient::read(message, source.patient, reader);
    let identified = patient.as_ref().is_some_and(|patient| !patient.id.is_empty());
    if identified || !kind.is_about_a_patient() {
        return Ok((kind, patient));
    }
    let has_pid = message.segment("PID").is_some();
    if !has_pid && matches!(kind, Kind::Appointment | Kind::Document | Kind::Report) {
        let text = "the message has no PID segment, as HL7 allows; it is carried whole";
        reader.note("patient-missing", Place::segment(*b"PID", 0), text);
        return Ok((Kind::Message, None));
    }
    Err(Fault {
        code: "no-patient-id".to_owned(),
        reason: "the message does not say which patient it is about".to_owned(),
        place: if has_pid { "PID-3" } else { "PID" }.to_owned(),
    })
}

/// The first PID that has another id than the one before.
fn another(message: &Message) -> Option<Segment<'_>> {
    let mut pids = message.segments().filter(|segment| id(*segment) == *b"PID");
    let first = pids.next()?;
    let ids = |pid: Segment<'_>| -> Vec<String> {
        let repetitions = pid.field(3).repetitions();
        let ids = repetitions.map(|repetition| repetition.component(1).value().trim().to_owned());
        ids.filter(|id| !id.is_empty() && id != "\"\"").collect()
    };
    let known = ids(first);
    pids.find(|pid| {
        let theirs = ids(*pid);
        !theirs.is_empty() && !theirs.iter().any(|id| known.contains(id))
    })
}
