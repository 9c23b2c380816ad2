//! What the readers of all kinds share: the zone, and the list of what was odd.

use hl7v2::Segment;
use jiff::tz::TimeZone;

use super::{time, value};
use crate::canonical::{Coded, Finding, PartialTime, Place, Practitioner};

/// Reads values and collects findings on the way.
pub(super) struct Reader<'m> {
    zone: &'m TimeZone,
    findings: Vec<Finding>,
}

impl<'m> Reader<'m> {
    pub(super) fn new(zone: &'m TimeZone) -> Self {
        Self { zone, findings: Vec::new() }
    }

    pub(super) fn into_findings(self) -> Vec<Finding> {
        self.findings
    }

    /// Notes something odd. `text` never holds a value of the message.
    pub(super) fn note(&mut self, code: &'static str, place: Place, text: &str) {
        self.findings.push(Finding { code: code.into(), place: place.to_string(), text: text.to_owned() });
    }

    /// The time in the first component of a field.
    pub(super) fn time(&mut self, segment: Segment<'m>, field: usize) -> Option<PartialTime> {
        let value = segment.field(field).component(1).value();
        if value.is_empty() || value == "\"\"" {
            return None;
        }
        match time::parse(&value, self.zone) {
            Ok(time::Parsed { time, oddity: None }) => Some(time),
            Ok(time::Parsed { time, oddity: Some(oddity) }) => {
                self.note("time-unusual", place(segment, field), oddity);
                Some(time)
            }
            Err(reason) => {
                self.note("time-unreadable", place(segment, field), reason);
                None
            }
        }
    }

    /// The coded value in a field's first repetition.
    pub(super) fn coded(&self, segment: Segment<'m>, field: usize) -> Option<Coded<'m>> {
        value::coded(segment.field(field).repetition(1), place(segment, field))
    }

    /// The practitioner in a field's first repetition.
    pub(super) fn practitioner(&self, segment: Segment<'m>, field: usize) -> Option<Practitioner<'m>> {
        value::practitioner(segment.field(field).repetition(1), place(segment, field))
    }
}

/// A segment's id in capitals: senders that write it otherwise are read all the same.
pub(super) fn id(segment: Segment<'_>) -> [u8; 3] {
    let mut id = [b'?'; 3];
    for (to, from) in id.iter_mut().zip(segment.name().bytes()) {
        *to = from.to_ascii_uppercase();
    }
    id
}

/// The place of a field of a segment.
pub(super) fn place(segment: Segment<'_>, field: usize) -> Place {
    Place {
        segment: id(segment),
        occurrence: small(segment.occurrence()),
        field: small(field),
        repetition: 0,
        component: 0,
    }
}

/// A number of a place: places beyond 65,535 are written as that.
pub(super) fn small(number: usize) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}
