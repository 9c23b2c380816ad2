//! ADT-01 and ADT-12 to ADT-52: another doctor, reception, admission, leave, transfer, discharge, their plans and their cancellations.

use super::common::*;
use crate::simulate::event::*;
use crate::simulate::segment::Segment;

/// EVN PID PV1 PV2?, the same segments for an event and for its cancellation.
pub(super) fn movement(event: &Event, kind: Movement, segments: &mut Vec<Segment>) {
    let occurred = match kind {
        Movement::Leave | Movement::Return | Movement::Transfer | Movement::Discharge => Some(event.at),
        _ => None,
    };
    segments.push(event_type(event, occurred));
    segments.push(patient(event, false));
    segments.push(movement_visit(event, kind));
    segments.extend(plan(event, kind));
}

/// ADT^A54 and its cancellation: EVN PID PV1. PV1-7 is the doctor who is in charge from EVN-6 on.
pub(super) fn doctor_change(event: &Event, segments: &mut Vec<Segment>) {
    segments.push(event_type(event, Some(event.at)));
    segments.push(patient(event, false));
    segments.push(visit(&event.encounter));
}

fn movement_visit(event: &Event, kind: Movement) -> Segment {
    let visit = visit(&event.encounter);
    let Some(stay) = event.encounter.stay else {
        return visit.with(44, minutes(event.at));
    };
    let visit = visit.with(17, doctor(&event.encounter));
    match (kind, stay.previous) {
        (Movement::PlannedAdmission, _) => visit,
        (Movement::PlannedTransfer, Some(previous)) => visit.with(3, bed(previous)),
        (Movement::Transfer, Some(previous)) => visit.with(6, bed(previous)).with(44, minutes(stay.admitted)),
        (Movement::Discharge, _) => {
            visit.with(36, "01").with(44, minutes(stay.admitted)).with(45, minutes(event.at))
        }
        _ => visit.with(44, minutes(stay.admitted)),
    }
}

/// PV2: the care date of a plan stands here.
fn plan(event: &Event, kind: Movement) -> Option<Segment> {
    let pv2 = Segment::new("PV2");
    let at = minutes(event.at);
    match kind {
        Movement::PlannedAdmission => Some(pv2.with(8, at)),
        Movement::PlannedTransfer => {
            let stay = event.encounter.stay;
            Some(pv2.with_some(1, stay.map(|stay| bed(stay.bed))).with(8, at))
        }
        Movement::PlannedDischarge => Some(pv2.with(9, at)),
        Movement::Return => Some(pv2.with(47, at)),
        _ => None,
    }
}
