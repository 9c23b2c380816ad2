//! The `appointment` kind.

use hl7v2::Message;

use super::reader::Reader;
use crate::canonical::Appointment;

/// The content of the kind.
pub(super) fn read<'m>(_message: &'m Message, _reader: &mut Reader<'m>) -> Appointment<'m> {
    Appointment {
        event: crate::canonical::AppointmentEvent::Modified,
        number: None,
        filler_number: None,
        event_reason: None,
        reason: None,
        starts_at: None,
        ends_at: None,
        duration: None,
        status: None,
        placer_contact: None,
        filler_contact: None,
        resources: Vec::new(),
    }
}
