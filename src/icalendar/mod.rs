//! Appointments as invitations: iCalendar (RFC 5545) with the methods of iTIP (RFC 5546), another body for the
//! `appointment` kind.
//!
//! An invitation is made from what the route discloses of the event, so that it can't say more. It never names the
//! patient unless a disclosure lists their names; its title is the appointment's purpose.

mod line;
mod person;
mod when;

use serde_json::Value;

use crate::canonical::{Appointment, AppointmentEvent, CanonicalEvent, Content};
use crate::envelope::{Envelope, ICALENDAR_CANCEL, ICALENDAR_REQUEST};
use line::Lines;

/// What an appointment without a purpose is called.
const TITLE: &str = "WEB会議";
/// What is said where a later version does not repeat the link.
const EARLIER_LINK: &str = "会議のリンクは前回の案内をご覧ください。";

/// What an invitation is made from.
#[derive(Debug, Clone, Copy)]
pub struct Made<'m> {
    /// The event: what kind of change it is, and the number of the appointment.
    pub event: &'m CanonicalEvent<'m>,
    /// What of it may leave, as JSON.
    pub disclosed: &'m Value,
    /// Whether the patient may be named, where the disclosed part does.
    pub names: bool,
    /// Link to the meeting.
    pub link: Option<&'m str>,
    /// The header of the message.
    pub envelope: &'m Envelope,
}

/// An invitation, or the cancellation of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// The calendar object.
    pub text: String,
    /// Its media type, which names the method (RFC 6047).
    pub media_type: &'static str,
}

/// The invitation of an appointment; none for events of other kinds.
pub fn invitation(made: &Made<'_>) -> Option<Invitation> {
    let Content::Appointment(appointment) = &made.event.content else { return None };
    let cancels = matches!(
        appointment.event,
        AppointmentEvent::Cancelled
            | AppointmentEvent::Discontinued
            | AppointmentEvent::Deleted
            | AppointmentEvent::NoShow
    );
    let (method, status, media_type) = match cancels {
        true => ("CANCEL", "CANCELLED", ICALENDAR_CANCEL),
        false => ("REQUEST", "CONFIRMED", ICALENDAR_REQUEST),
    };
    let mut lines = Lines::default();
    for (name, value) in [
        ("BEGIN", "VCALENDAR"),
        ("VERSION", "2.0"),
        ("PRODID", "-//musubi//musubi//JA"),
        ("CALSCALE", "GREGORIAN"),
        ("METHOD", method),
        ("BEGIN", "VEVENT"),
    ] {
        lines.value(name, value);
    }
    lines.value("UID", &uid(appointment, made.envelope));
    lines.value("DTSTAMP", &when::stamp(&made.envelope.accepted_at)?);
    lines.value("SEQUENCE", &when::sequence(&made.envelope.accepted_at, appointment.event)?.to_string());
    lines.value("STATUS", status);
    when::times(made.disclosed, &mut lines);
    lines.text("SUMMARY", &title(made));
    describe(made, cancels, &mut lines);
    person::parties(made.disclosed, &made.envelope.facility, &mut lines);
    lines.value("END", "VEVENT");
    lines.value("END", "VCALENDAR");
    Some(Invitation { text: lines.into_text(), media_type })
}

/// The same for all versions of an appointment: made of the number that its placer gave, else of its filler's. It tells
/// neither of them.
fn uid(appointment: &Appointment<'_>, envelope: &Envelope) -> String {
    let by_placer = appointment.number.as_ref().map(|number| (number, &appointment.placer_facility));
    let by_filler =
        || appointment.filler_number.as_ref().map(|number| (number, &appointment.filler_facility));
    let (number, facility) = match by_placer.or_else(by_filler) {
        Some((number, facility)) => {
            (number.as_ref(), facility.as_ref().map(|facility| facility.code.as_ref()))
        }
        None => (envelope.key.0.as_str(), None),
    };
    let mut hasher = blake3::Hasher::new();
    hasher.update(facility.unwrap_or(&envelope.facility).as_bytes()).update(&[0]).update(number.as_bytes());
    let hash: String = hasher.finalize().to_hex().chars().take(32).collect();
    format!("{hash}@appointment.musubi")
}

/// The purpose. One that names the patient is left out, unless the patient may be named.
fn title(made: &Made<'_>) -> String {
    let text = |place: &str| made.disclosed.pointer(place).and_then(Value::as_str);
    let purpose = ["/reason/text", "/reason/local/text", "/event_reason/text"].into_iter().find_map(text);
    let purpose = purpose.unwrap_or(TITLE);
    if made.names
        && let Some(name) = text("/patient/names/0/family")
    {
        let given = text("/patient/names/0/given").unwrap_or_default();
        return format!("{purpose} ({})", format!("{name} {given}").trim_end());
    }
    let names = made.event.patient.iter().flat_map(|patient| &patient.names);
    let mut parts = names.flat_map(|name| name.family.iter().chain(&name.given));
    if parts.any(|part| !part.is_empty() && purpose.contains(part.as_ref())) {
        TITLE.to_owned()
    } else {
        purpose.to_owned()
    }
}

fn describe(made: &Made<'_>, cancels: bool, lines: &mut Lines) {
    if let Some(place) = made
        .disclosed
        .pointer("/resources")
        .and_then(Value::as_array)
        .and_then(|resources| resources.iter().find_map(|resource| resource.get("location")?.as_str()))
    {
        lines.text("LOCATION", place);
    }
    match made.link {
        Some(link) => {
            lines.text("DESCRIPTION", link);
            lines.value("URL", link);
            lines.value("CONFERENCE;VALUE=URI;FEATURE=AUDIO,VIDEO", link);
        }
        None if !cancels => lines.text("DESCRIPTION", EARLIER_LINK),
        None => {}
    }
}

#[cfg(test)]
mod tests;
