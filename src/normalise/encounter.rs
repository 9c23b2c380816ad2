//! ADT: visits, stays, leaves, transfers and discharges.

use hl7v2::{Field, Message};

use super::reader::{Reader, place, small};
use super::value::{practitioner, present};
use crate::canonical::{Encounter, EncounterClass, EncounterEvent, Location, Place};

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
        _ => None,
    }
}

fn event_of_data_type(data_type: &str) -> Option<EncounterEvent> {
    match data_type {
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
        encounter.occurred_at = reader.time(evn, 6);
    }
    if let Some(pv1) = message.segment("PV1") {
        encounter.class = class(pv1.field(2), place(pv1, 2), reader);
        encounter.location = location(pv1.field(3), place(pv1, 3));
        encounter.prior_location = location(pv1.field(6), place(pv1, 6));
        encounter.department = reader.coded(pv1, 10);
        let attending = pv1.field(7).repetitions().enumerate();
        encounter.attending =
            attending.filter_map(|(i, r)| practitioner(r, place(pv1, 7).of(7, small(i + 1)))).collect();
        encounter.admitted_at = reader.time(pv1, 44);
        encounter.discharged_at = reader.time(pv1, 45);
    }
    if let Some(pv2) = message.segment("PV2") {
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
        occurred_at: None,
        admitted_at: None,
        discharged_at: None,
        admission_expected_at: None,
        discharge_expected_at: None,
        return_expected_at: None,
    }
}

fn class(field: Field<'_>, at: Place, reader: &mut Reader<'_>) -> Option<EncounterClass> {
    match field.value().as_ref() {
        "I" => Some(EncounterClass::Inpatient),
        "O" => Some(EncounterClass::Outpatient),
        "E" => Some(EncounterClass::Emergency),
        "P" | "R" | "B" | "C" | "N" | "U" => Some(EncounterClass::Other),
        "" | "\"\"" => None,
        _ => {
            reader.note("code-unknown", at, "not a code of HL7 table 0004");
            None
        }
    }
}

fn location(field: Field<'_>, at: Place) -> Option<Location<'_>> {
    let part = |n| present(field.component(n));
    let (point_of_care, room, bed) = (part(1), part(2), part(3));
    let said = point_of_care.is_some() || room.is_some() || bed.is_some();
    said.then_some(Location { at, point_of_care, room, bed })
}
