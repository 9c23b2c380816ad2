//! Examinations ordered, performed and measured: OMG^O19 of OMG-01 to 03, OMI^Z23 of OMG-11 and 12, ORU^R01 of
//! OMG-13.

use hl7v2::{Message, Segment};

use super::observation;
use super::order::{self, Head};
use super::reader::{Reader, id, place};
use super::study::studies;
use crate::canonical::{
    ExaminationOrder, ExaminationPerformed, ExaminationRequest, Exposure, PerformedProcedure, TestResult,
};

/// The content of the `imaging-order`, `endoscopy-order` and `physiology-order` kinds.
pub(super) fn order<'m>(message: &'m Message, reader: &mut Reader<'m>) -> ExaminationOrder<'m> {
    let Groups { requests, observations, .. } = groups(message, reader);
    ExaminationOrder { requests, observations, studies: studies(message, reader) }
}

/// The content of the `imaging-performed` and `endoscopy-performed` kinds.
pub(super) fn performed<'m>(message: &'m Message, reader: &mut Reader<'m>) -> ExaminationPerformed<'m> {
    let Groups { requests, observations, procedures, .. } = groups(message, reader);
    let progress = procedures.first().and_then(|procedure| procedure.progress.clone());
    ExaminationPerformed { requests, observations, procedures, studies: studies(message, reader), progress }
}

/// What the segments make, and which order is open.
#[derive(Default)]
pub(super) struct Groups<'m> {
    orc: Option<Segment<'m>>,
    /// TQ1 after ORC and before OBR.
    tq1: Option<Segment<'m>>,
    /// An OBR is open: TQ1 may follow it (ORU^R01).
    is_open: bool,
    /// What the last OBX and ZE2 belong to.
    in_procedure: bool,
    /// An NTE now belongs to the result before it.
    after_result: bool,
    pub(super) requests: Vec<ExaminationRequest<'m>>,
    /// What stands below the requests; `order` counts them.
    pub(super) observations: Vec<TestResult<'m>>,
    pub(super) procedures: Vec<PerformedProcedure<'m>>,
}

/// One request per OBR, with the ORC before it and the TQ1 before or after it. An OBR without its own ORC (parent
/// and child under one order) shares the last one.
pub(super) fn groups<'m>(message: &'m Message, reader: &mut Reader<'m>) -> Groups<'m> {
    let mut groups = Groups::default();
    for segment in message.segments() {
        match &id(segment) {
            b"ORC" => {
                (groups.orc, groups.tq1, groups.is_open) = (Some(segment), None, false);
                (groups.in_procedure, groups.after_result) = (false, false);
            }
            b"TQ1" => groups.timing(segment, reader),
            b"OBR" => {
                let request = request(segment, groups.orc, groups.tq1, reader);
                groups.requests.push(request);
                groups.is_open = groups.tq1.is_none();
                (groups.in_procedure, groups.after_result) = (false, false);
            }
            b"NTE" => groups.note(segment, reader),
            b"OBX" => groups.observation(segment, reader),
            b"ZE1" => {
                let procedure = procedure(segment, groups.requests.len(), reader);
                groups.procedures.push(procedure);
                (groups.in_procedure, groups.after_result) = (true, false);
            }
            b"ZE2" => {
                if let Some(procedure) = groups.procedures.last_mut().filter(|_| groups.in_procedure) {
                    procedure.exposures.push(exposure(segment, reader));
                }
            }
            _ => {}
        }
    }
    groups
}

impl<'m> Groups<'m> {
    fn timing(&mut self, tq1: Segment<'m>, reader: &mut Reader<'m>) {
        match self.requests.last_mut().filter(|_| self.is_open) {
            Some(request) => {
                timing(request, tq1, reader);
                self.is_open = false;
            }
            None => self.tq1 = self.tq1.or(Some(tq1)),
        }
    }

    fn observation(&mut self, obx: Segment<'m>, reader: &mut Reader<'m>) {
        let mut result = observation::result(obx, reader);
        self.after_result = true;
        match self.procedures.last_mut().filter(|_| self.in_procedure) {
            Some(procedure) => procedure.observations.push(result),
            None => {
                result.order = (!self.requests.is_empty()).then_some(self.requests.len());
                self.observations.push(result);
            }
        }
    }

    fn note(&mut self, nte: Segment<'m>, reader: &mut Reader<'m>) {
        let procedure = self.procedures.last_mut().filter(|_| self.in_procedure);
        let result = match procedure {
            Some(procedure) => procedure.observations.last_mut(),
            None => self.observations.last_mut(),
        };
        let notes = match (result, self.requests.last_mut()) {
            (Some(result), _) if self.after_result => &mut result.notes,
            (_, Some(request)) if !self.in_procedure => &mut request.notes,
            _ => return,
        };
        notes.extend(observation::note(nte, reader));
    }
}

fn request<'m>(
    obr: Segment<'m>,
    orc: Option<Segment<'m>>,
    tq1: Option<Segment<'m>>,
    reader: &mut Reader<'m>,
) -> ExaminationRequest<'m> {
    let Head { number, control, ordered_at, ordered_by, details } = order::head(orc, Some(obr), reader);
    let mut request = ExaminationRequest {
        at: place(obr, 0),
        number,
        control,
        parent: parent(obr, orc, reader),
        procedure: reader.coded(obr, 4),
        priority: None,
        scheduled_at: None,
        performed_at: reader.time(obr, 7),
        ended_at: reader.time(obr, 8),
        reported_at: reader.time(obr, 22),
        result_status: observation::order_status(obr, 25, reader),
        reason: reader.text(obr, 13).or_else(|| reader.component(obr, 31, 2)),
        ordered_at,
        ordered_by,
        notes: Vec::new(),
        details,
    };
    if let Some(tq1) = tq1 {
        timing(&mut request, tq1, reader);
    }
    request.scheduled_at = request.scheduled_at.or_else(|| reader.time(obr, 36));
    request
}

fn timing<'m>(request: &mut ExaminationRequest<'m>, tq1: Segment<'m>, reader: &mut Reader<'m>) {
    request.priority = reader.priority(tq1, 9, 1);
    request.scheduled_at = request.scheduled_at.or_else(|| reader.time(tq1, 7));
}

/// OBR-29, and ORC-8 which says the same.
fn parent<'m>(
    obr: Segment<'m>,
    orc: Option<Segment<'m>>,
    reader: &mut Reader<'m>,
) -> Option<crate::canonical::Text<'m>> {
    match (reader.text(obr, 29), orc) {
        (Some(parent), Some(orc)) => {
            reader.again(obr, 29, orc, 8);
            Some(parent)
        }
        (None, Some(orc)) => reader.text(orc, 8),
        (parent, None) => parent,
    }
}

fn procedure<'m>(ze1: Segment<'m>, requests: usize, reader: &mut Reader<'m>) -> PerformedProcedure<'m> {
    PerformedProcedure {
        at: place(ze1, 0),
        request: (requests > 0).then_some(requests),
        progress: reader.text(ze1, 2),
        procedure: reader.coded(ze1, 3),
        count: reader.observed(ze1, 4),
        additions: reader.codeds(ze1, 5),
        staff: reader.practitioners(ze1, 7),
        exposures: Vec::new(),
        observations: Vec::new(),
    }
}

fn exposure<'m>(ze2: Segment<'m>, reader: &mut Reader<'m>) -> Exposure<'m> {
    Exposure {
        at: place(ze2, 0),
        tube_voltage: reader.quantity(ze2, 2),
        tube_current: reader.quantity(ze2, 3),
        distance: reader.quantity(ze2, 4),
        time: reader.quantity(ze2, 5),
        count: reader.observed(ze2, 6),
    }
}
