//! The `appointment` kind: SIU.

use std::borrow::Cow;

use hl7v2::{Message, Segment};

use super::kind::message_type;
use super::reader::{Reader, id, place};
use crate::canonical::{Appointment, AppointmentEvent, PartialTime, Resource, ResourceKind, Text};

fn event(trigger: &str) -> AppointmentEvent {
    match trigger {
        "S12" => AppointmentEvent::Booked,
        "S13" => AppointmentEvent::Rescheduled,
        "S15" => AppointmentEvent::Cancelled,
        "S16" => AppointmentEvent::Discontinued,
        "S17" => AppointmentEvent::Deleted,
        "S26" => AppointmentEvent::NoShow,
        _ => AppointmentEvent::Modified,
    }
}

/// The content of the kind. A sender without TQ1 gives the times in SCH-11.
pub(super) fn read<'m>(message: &'m Message, reader: &mut Reader<'m>) -> Appointment<'m> {
    let mut appointment = Appointment { event: event(&message_type(message).1), ..Appointment::default() };
    for segment in message.segments() {
        match &id(segment) {
            b"SCH" => schedule(segment, &mut appointment, reader),
            b"NTE" => appointment.notes.extend(reader.whole(segment, 3)),
            b"AIS" => appointment.resources.push(resource(segment, ResourceKind::Service, reader)),
            b"AIG" => appointment.resources.push(resource(segment, ResourceKind::General, reader)),
            b"AIL" => appointment.resources.push(resource(segment, ResourceKind::Location, reader)),
            b"AIP" => appointment.resources.push(resource(segment, ResourceKind::Person, reader)),
            _ => {}
        }
    }
    let (tq1, sch) = (message.segment("TQ1"), message.segment("SCH"));
    let mut timing = |in_tq1: usize, in_sch: usize| -> Option<PartialTime> {
        let by_tq1 = tq1.and_then(|tq1| reader.time(tq1, in_tq1));
        by_tq1.or_else(|| sch.and_then(|sch| reader.time_in(sch, 11, in_sch)))
    };
    (appointment.starts_at, appointment.ends_at) = (timing(7, 4), timing(8, 5));
    let unnamed = appointment.number.is_none() && appointment.filler_number.is_none();
    if let Some(sch) = sch.filter(|_| unnamed) {
        reader.note("appointment-id-missing", place(sch, 1), "neither SCH-1 nor SCH-2 names the appointment");
    }
    appointment
}

fn schedule<'m>(sch: Segment<'m>, appointment: &mut Appointment<'m>, reader: &mut Reader<'m>) {
    appointment.number = reader.text(sch, 1);
    appointment.filler_number = reader.text(sch, 2);
    appointment.event_reason = reader.coded(sch, 6);
    appointment.reason = reader.coded(sch, 7);
    appointment.duration = duration(sch, reader);
    appointment.placer_facility =
        reader.facility(sch, 1, &[2, 3]).or_else(|| reader.facility(sch, 12, &[14]));
    appointment.filler_facility =
        reader.facility(sch, 2, &[2, 3]).or_else(|| reader.facility(sch, 16, &[14]));
    appointment.placer_contact = reader.practitioner(sch, 12);
    appointment.placer_mail = mail(sch, 13, reader);
    appointment.filler_contact = reader.practitioner(sch, 16);
    appointment.filler_mail = mail(sch, 17, reader);
    appointment.entered_by = reader.practitioner(sch, 20);
    appointment.status = reader.coded(sch, 25);
}

/// The mail address among the ways to reach somebody (XTN.4).
fn mail<'m>(sch: Segment<'m>, field: usize, reader: &mut Reader<'m>) -> Option<Text<'m>> {
    sch.field(field).component(4).value().contains('@').then(|| reader.component(sch, field, 4)).flatten()
}

/// `30 min`, of a number and its unit, which some senders write beside it (`30^MIN`).
fn duration<'m>(sch: Segment<'m>, reader: &mut Reader<'m>) -> Option<Text<'m>> {
    let number = reader.text(sch, 9)?;
    let unit = reader.text(sch, 10).or_else(|| reader.component(sch, 9, 2));
    Some(match unit {
        Some(unit) => Cow::Owned(format!("{number} {unit}")),
        None => number,
    })
}

fn resource<'m>(segment: Segment<'m>, kind: ResourceKind, reader: &mut Reader<'m>) -> Resource<'m> {
    let mut resource = Resource {
        at: place(segment, 0),
        kind,
        code: None,
        location: None,
        facility: None,
        person: None,
        starts_at: None,
    };
    let start = match kind {
        ResourceKind::Service => 4,
        ResourceKind::General => 8,
        ResourceKind::Location | ResourceKind::Person => 6,
    };
    resource.starts_at = reader.time(segment, start);
    match kind {
        ResourceKind::Service => resource.code = reader.coded(segment, 3),
        ResourceKind::General => {
            resource.code = reader.coded(segment, 3).or_else(|| reader.coded(segment, 4));
        }
        ResourceKind::Location => {
            resource.location = reader.component(segment, 3, 1);
            let code = reader.facility(segment, 3, &[4]).map(|facility| facility.code);
            resource.facility = code.or_else(|| reader.component(segment, 3, 4));
        }
        ResourceKind::Person => {
            resource.person = reader.practitioner(segment, 3);
            resource.facility = reader.facility(segment, 3, &[14]).map(|facility| facility.code);
        }
    }
    resource
}
