//! PV1: the visit or stay.

use hl7v2::{Message, Segment};

use super::reader::{Reader, place};
use crate::canonical::{EncounterClass, Kind, Location, Visit};

/// The visit that a message about something else stands in. An encounter is about its PV1.
pub(super) fn around<'m>(kind: Kind, message: &'m Message, reader: &mut Reader<'m>) -> Option<Visit<'m>> {
    let pv1 = message.segment("PV1").filter(|_| kind != Kind::Encounter)?;
    Some(Visit {
        at: place(pv1, 0),
        class: class(pv1, reader),
        location: location(pv1, 3, reader),
        department: reader.coded(pv1, 10),
        attending: reader.practitioners(pv1, 7),
        admitted_by: reader.practitioner(pv1, 17),
    })
}

/// PV1-2.
pub(super) fn class(pv1: Segment<'_>, reader: &mut Reader<'_>) -> Option<EncounterClass> {
    let class = reader.code(pv1, 2, "0004", |code| match code {
        "I" => Some(EncounterClass::Inpatient),
        "O" => Some(EncounterClass::Outpatient),
        "E" => Some(EncounterClass::Emergency),
        "P" | "R" | "B" | "C" | "N" | "U" => Some(EncounterClass::Other),
        _ => None,
    });
    if class == Some(EncounterClass::Other) {
        // Which of the others it is stands among the unmapped.
        reader.unmark(pv1, 2);
    }
    class
}

/// A place (PL, or LA2, whose first components are the same).
pub(super) fn location<'m>(
    segment: Segment<'m>,
    field: usize,
    reader: &mut Reader<'m>,
) -> Option<Location<'m>> {
    if segment.field(field).is_empty() {
        return None;
    }
    let mut part = |n| reader.component(segment, field, n);
    let location = Location {
        at: place(segment, field),
        point_of_care: part(1),
        room: part(2),
        bed: part(3),
        facility: part(4),
        location_type: part(6),
    };
    let is_said = location.point_of_care.is_some()
        || location.room.is_some()
        || location.bed.is_some()
        || location.facility.is_some()
        || location.location_type.is_some();
    is_said.then_some(location)
}
