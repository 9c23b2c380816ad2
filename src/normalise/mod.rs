//! Stage 3: a native message becomes one canonical event, with findings about what was odd.
//!
//! Dirty data is carried and reported, never dropped; only a message that does not say whom it is about is
//! refused, where its kind is about a patient.

mod administration;
mod allergy;
mod amount;
mod appointment;
mod attachment;
mod change;
mod checkup;
mod coverage;
mod diagnosis;
mod diet;
mod document;
mod encounter;
mod examination;
mod folder;
mod generic;
mod injection;
mod interpretation;
mod kind;
mod lab;
mod lab_order;
mod media_type;
mod medication;
mod merge;
mod narrative;
mod observation;
mod order;
mod patient;
mod physiology;
mod prescription;
mod reader;
mod referral;
mod report;
mod report_study;
mod requester;
mod service;
mod study;
mod subject;
mod time;
mod value;
mod visit;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use hl7v2::Message;
use jiff::tz::TimeZone;

use crate::canonical::{CanonicalEvent, Content, Event, Finding, Kind, MessageHeader};
use crate::decode::NativeMessage;
use crate::envelope::{Change, Fault};
pub use kind::of_data_type as kind_of_data_type;
use reader::{Reader, Rest};

/// What is known of a message from outside it.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// SS-MIX2 data type from the folder or the transaction header; MSH-9 alone does not tell it.
    pub data_type: Option<&'a str>,
    /// The patient's id in the storage's path; empty where the source has none.
    pub patient: &'a str,
    /// The order number that the storage files it under; none where the source has none.
    pub order: Option<&'a str>,
    /// 10-digit code of the facility: whose codes the local ones are.
    pub facility: &'a str,
    /// What happened at the source.
    pub change: Change,
    /// Zone of times that carry none.
    pub zone: &'a TimeZone,
}

/// Turns a message into its canonical event.
pub fn normalise<'m>(message: &'m NativeMessage, source: &Source<'m>) -> Result<CanonicalEvent<'m>, Fault> {
    match message {
        NativeMessage::Hl7v2(message) => hl7(message, source),
        NativeMessage::Document(folder) => folder::event(folder, source),
        NativeMessage::Checkup(archive) => Ok(checkup::event(archive, source)),
    }
}

fn hl7<'m>(message: &'m Message, source: &Source<'m>) -> Result<CanonicalEvent<'m>, Fault> {
    if message.len() > SEGMENTS_MAX {
        return Err(too_large("too-many-segments", format!("more than {SEGMENTS_MAX} segments")));
    }
    let mut reader = Reader::new(message, source.facility, source.zone);
    let header = header(message, &mut reader);
    let kind = kind::of(message, source.data_type, &mut reader);
    let (kind, patient) = subject::of(kind, message, source, &mut reader)?;
    order::check(message, source.order, &mut reader);
    let (visit, known_allergies) = match &patient {
        Some(_) => (visit::around(kind, message, &mut reader), allergy::known(message, &mut reader)),
        None => (None, Vec::new()),
    };
    let content = content(kind, message, source, &mut reader);
    let change = change::of(message, kind, source);
    let Some(Rest { findings, unmapped, attached }) = reader.rest(message) else {
        return Err(too_large("too-many-values", "more values than an event can carry".to_owned()));
    };
    let findings = decoded(message).chain(findings).collect();
    Ok(Event {
        change,
        message: header,
        patient,
        visit,
        known_allergies,
        content,
        unmapped,
        findings,
        attached,
    })
}

/// An event is many times as large as the shortest segment that it can be made from.
const SEGMENTS_MAX: usize = 50_000;

fn too_large(code: &str, reason: String) -> Fault {
    Fault { code: code.to_owned(), reason, place: "message".to_owned() }
}

fn content<'m>(
    kind: Kind,
    message: &'m Message,
    source: &Source<'m>,
    reader: &mut Reader<'m>,
) -> Content<'m> {
    match kind {
        Kind::Patient => Content::Patient(patient::update(message, reader)),
        Kind::Merge => Content::Merge(merge::read(message, reader)),
        Kind::Encounter => Content::Encounter(encounter::read(message, source.data_type, reader)),
        Kind::Allergy => Content::Allergy(allergy::read(message, reader)),
        Kind::Diagnosis => Content::Diagnosis(diagnosis::read(message, reader)),
        Kind::Prescription => Content::Prescription(prescription::read(message, reader)),
        Kind::Injection => Content::Injection(injection::read(message, reader)),
        Kind::Administration => Content::Administration(administration::read(message, reader)),
        Kind::DietOrder => Content::DietOrder(diet::read(message, reader)),
        Kind::LabOrder => Content::LabOrder(lab_order::read(message, reader)),
        Kind::LabResult => Content::LabResult(lab::read(message, reader)),
        Kind::ImagingOrder => Content::ImagingOrder(examination::order(message, reader)),
        Kind::ImagingPerformed => Content::ImagingPerformed(examination::performed(message, reader)),
        Kind::EndoscopyOrder => Content::EndoscopyOrder(examination::order(message, reader)),
        Kind::EndoscopyPerformed => Content::EndoscopyPerformed(examination::performed(message, reader)),
        Kind::PhysiologyOrder => Content::PhysiologyOrder(examination::order(message, reader)),
        Kind::PhysiologyResult => Content::PhysiologyResult(physiology::read(message, reader)),
        Kind::Referral => Content::Referral(referral::read(message, reader)),
        Kind::ReferralReply => Content::ReferralReply(referral::read(message, reader)),
        Kind::Report => Content::Report(report::read(message, reader)),
        Kind::Appointment => Content::Appointment(appointment::read(message, reader)),
        Kind::Document => Content::Document(document::read(message, source, reader)),
        // An archive of check-ups is never a message of HL7 v2.
        Kind::Checkup | Kind::Message => Content::Message(generic::read(message)),
    }
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
    let code = reader.component(msh, 9, 1);
    // Until HL7 2.2 the trigger stood in EVN-1 alone.
    let by_event = |reader: &mut Reader<'m>| message.segment("EVN").and_then(|evn| reader.text(evn, 1));
    let trigger = reader.component(msh, 9, 2).or_else(|| by_event(reader));
    let message_type = match (code, trigger) {
        (Some(code), Some(trigger)) => Cow::Owned(format!("{code}^{trigger}")),
        (code, trigger) => code.or(trigger).unwrap_or_default(),
    };
    MessageHeader {
        message_type,
        control_id: reader.text(msh, 10),
        sent_at: reader.time(msh, 7),
        version: reader.text(msh, 12),
    }
}

/// Findings of the decoder.
fn decoded(message: &Message) -> impl Iterator<Item = Finding> {
    message.findings().iter().map(|finding| Finding {
        code: finding.code.into(),
        place: finding.place.clone(),
        text: finding.text.clone(),
    })
}
