//! ADT: visits, stays, leaves, transfers and discharges.

use hl7v2::Message;

use super::reader::Reader;
use super::visit::{class, location};
use crate::canonical::{Encounter, EncounterEvent};

/// What a trigger of ADT says happened; a cancel names what it takes back.
pub(super) fn event_of(trigger: &str) -> Option<EncounterEvent> {
    match trigger {
        "A04" => Some(EncounterEvent::Visit),
        "A14" | "A05" | "A27" | "A38" => Some(EncounterEvent::AdmissionPlanned),
        "A01" | "A11" => Some(EncounterEvent::Admission),
        "A21" | "A52" => Some(EncounterEvent::Leave),
        "A22" | "A53" => Some(EncounterEvent::LeaveReturn),
        "A15" | "A26" => Some(EncounterEvent::TransferPlanned),
        "A02" | "A12" => Some(EncounterEvent::Transfer),
        "A16" | "A25" => Some(EncounterEvent::DischargePlanned),
        "A03" | "A13" => Some(EncounterEvent::Discharge),
        "A06" | "A07" => Some(EncounterEvent::ClassChange),
        "A54" | "A55" => Some(EncounterEvent::AttendingChange),
        _ => None,
    }
}

fn event_of_data_type(data_type: &str) -> Option<EncounterEvent> {
    match data_type {
        "ADT-01" => Some(EncounterEvent::AttendingChange),
        "ADT-12" => Some(EncounterEvent::Visit),
        "ADT-21" => Some(EncounterEvent::AdmissionPlanned),
        "ADT-22" => Some(EncounterEvent::Admission),
        "ADT-31" => Some(EncounterEvent::Leave),
        "ADT-32" => Some(EncounterEvent::LeaveReturn),
        "ADT-41" => Some(EncounterEvent::TransferPlanned),
        "ADT-42" => Some(EncounterEvent::Transfer),
        "ADT-51" => Some(EncounterEvent::DischargePlanned),
        "ADT-52" => Some(EncounterEvent::Discharge),
        _ => None,
    }
}

/// The content of the `encounter` kind.
pub(super) fn read<'m>(
    message: &'m Message,
    data_type: Option<&str>,
    reader: &mut Reader<'m>,
) -> Encounter<'m> {
    let trigger = message.segment("MSH").map(|msh| msh.field(9).component(2).value());
    let event = data_type
        .and_then(event_of_data_type)
        .or_else(|| trigger.as_deref().and_then(event_of))
        .unwrap_or(EncounterEvent::Visit);
    let mut encounter = empty(event);
    if let Some(evn) = message.segment("EVN") {
        encounter.recorded_at = reader.time(evn, 2);
        encounter.planned_at = reader.time(evn, 3);
        encounter.occurred_at = reader.time(evn, 6);
    }
    if let Some(pv1) = message.segment("PV1") {
        encounter.class = class(pv1, reader);
        encounter.location = location(pv1, 3, reader);
        encounter.prior_location = location(pv1, 6, reader);
        encounter.department = reader.coded(pv1, 10);
        encounter.attending = reader.practitioners(pv1, 7);
        encounter.admitted_by = reader.practitioner(pv1, 17);
        encounter.number = reader.text(pv1, 19);
        encounter.disposition = reader.coded(pv1, 36);
        encounter.admitted_at = reader.time(pv1, 44);
        encounter.discharged_at = reader.time(pv1, 45);
    }
    if let Some(pv2) = message.segment("PV2") {
        encounter.planned_location = location(pv2, 1, reader);
        encounter.admission_expected_at = reader.time(pv2, 8);
        encounter.discharge_expected_at = reader.time(pv2, 9);
        encounter.return_expected_at = reader.time(pv2, 47);
    }
    encounter
}

const fn empty<'m>(event: EncounterEvent) -> Encounter<'m> {
    Encounter {
        event,
        class: None,
        location: None,
        prior_location: None,
        department: None,
        attending: Vec::new(),
        admitted_by: None,
        number: None,
        disposition: None,
        planned_location: None,
        recorded_at: None,
        planned_at: None,
        occurred_at: None,
        admitted_at: None,
        discharged_at: None,
        admission_expected_at: None,
        discharge_expected_at: None,
        return_expected_at: None,
    }
}
