//! Stage 3: a native message becomes one canonical event, with findings about what was odd.
//!
//! Dirty data is carried and reported, never dropped; only a message that does not say whom it is about is
//! refused, where its kind is about a patient.

mod diagnosis;
mod encounter;
mod generic;
mod imaging;
mod interpretation;
mod kind;
mod lab;
mod patient;
mod prescription;
mod reader;
mod time;
mod value;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use hl7v2::Message;
use jiff::tz::TimeZone;

use crate::canonical::{CanonicalEvent, Content, Event, Finding, Kind, MessageHeader};
use crate::decode::NativeMessage;
use crate::envelope::{Change, Fault};
use reader::Reader;

/// What is known of a message from outside it.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// SS-MIX2 data type from the folder or the transaction header; MSH-9 alone does not tell it.
    pub data_type: Option<&'a str>,
    /// The patient's id in the storage's path; empty where the source has none.
    pub patient: &'a str,
    /// What happened at the source.
    pub change: Change,
    /// Zone of times that carry none.
    pub zone: &'a TimeZone,
}

/// Turns a message into its canonical event.
pub fn normalise<'m>(message: &'m NativeMessage, source: &Source<'m>) -> Result<CanonicalEvent<'m>, Fault> {
    let NativeMessage::Hl7v2(message) = message;
    let mut reader = Reader::new(source.zone);
    let header = header(message, &mut reader);
    let kind = kind::of(message, source.data_type, &mut reader);
    let patient = patient::read(message, source.patient, &mut reader);
    let identified = patient.as_ref().is_some_and(|patient| !patient.id.is_empty());
    if kind != Kind::Message && !identified {
        let segment = if message.segment("PID").is_some() { "PID-3" } else { "PID" };
        return Err(Fault {
            code: "no-patient-id".to_owned(),
            reason: "the message does not say which patient it is about".to_owned(),
            place: segment.to_owned(),
        });
    }
    let content = match kind {
        Kind::Patient => Content::Patient(patient::update(message, &mut reader)),
        Kind::Encounter => Content::Encounter(encounter::read(message, source.data_type, &mut reader)),
        Kind::Diagnosis => Content::Diagnosis(diagnosis::read(message, &mut reader)),
        Kind::LabResult => Content::LabResult(lab::read(message, &mut reader)),
        Kind::Prescription => Content::Prescription(prescription::read(message, &mut reader)),
        Kind::ImagingOrder => Content::ImagingOrder(imaging::order(message, &mut reader)),
        Kind::ImagingPerformed => Content::ImagingPerformed(imaging::performed(message, &mut reader)),
        Kind::Message => Content::Message(generic::read(message)),
    };
    let change = kind::change(message, source);
    let findings = findings(message, reader);
    Ok(Event { change, message: header, patient, content, findings })
}

fn header<'m>(message: &'m Message, reader: &mut Reader<'m>) -> MessageHeader<'m> {
    let Some(msh) = message.segment("MSH") else {
        return MessageHeader {
            message_type: Cow::Borrowed(""),
            control_id: None,
            sent_at: None,
            version: None,
        };
    };
    let kind = msh.field(9);
    let (message_code, trigger) = (kind.component(1).value(), kind.component(2).value());
    let message_type =
        if trigger.is_empty() { message_code } else { Cow::Owned(format!("{message_code}^{trigger}")) };
    MessageHeader {
        message_type,
        control_id: value::text(msh.field(10)),
        sent_at: reader.time(msh, 7),
        version: value::component(msh.field(12), 1),
    }
}

/// Findings of the decoder first, then those of normalising.
fn findings(message: &Message, reader: Reader<'_>) -> Vec<Finding> {
    let decoded = message.findings().iter().map(|finding| Finding {
        code: finding.code.into(),
        place: finding.place.clone(),
        text: finding.text.clone(),
    });
    decoded.chain(reader.into_findings()).collect()
}
