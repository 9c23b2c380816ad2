//! An archive of health check-up results: the `checkup` kind.

use std::borrow::Cow;

use checkup::Archive;

use super::{Source, time};
use crate::canonical::{
    CanonicalEvent, Checkup, Content, Event, Finding, MessageHeader, PartialTime, Text, Unmapped,
};

const INDEX: &str = "ix08_V08.xml";

/// The event of an archive. It is about no single patient.
pub(super) fn event<'m>(archive: &'m Archive, source: &Source<'m>) -> CanonicalEvent<'m> {
    let told = archive.findings.iter().map(|finding| Finding {
        code: finding.code.into(),
        place: finding.place.clone(),
        text: finding.text.clone(),
    });
    let mut findings: Vec<_> = told.collect();
    let mut day = |text: Option<&str>, place| text.and_then(|text| day(text, place, source, &mut findings));
    let message = MessageHeader {
        message_type: Cow::Borrowed("checkup"),
        control_id: None,
        sent_at: day(archive.index.created.as_deref(), INDEX),
        version: None,
    };
    let name = archive.name.as_ref();
    let content = Checkup {
        sender: archive.sender().map(Text::from),
        insurer: archive.insurer().map(Text::from),
        date: day(name.map(|name| name.date.as_str()), "archive"),
        serial: name.map(|name| Text::from(name.serial.as_str())),
        category: name
            .map(|name| name.category.as_str())
            .or(archive.index.service_event.as_deref())
            .map(Text::from),
        interaction: archive.index.interaction.as_deref().map(Text::from),
        declared_records: archive.index.total_records,
        records: archive.records,
        declared_claims: archive.summary.as_ref().and_then(|summary| summary.total_subjects),
        claims: archive.claims,
    };
    if archive.sender().is_some_and(|sender| sender != source.facility) {
        findings.push(Finding {
            code: "other-facility".into(),
            place: "archive".to_owned(),
            text: "the sender is not the facility of the feed".to_owned(),
        });
    }
    Event {
        change: source.change,
        message,
        patient: None,
        visit: None,
        known_allergies: Vec::new(),
        content: Content::Checkup(content),
        unmapped: Unmapped::default(),
        findings,
        attached: Vec::new(),
    }
}

/// A day; one that can't be read is left out, and a finding says so.
fn day(text: &str, place: &str, source: &Source<'_>, findings: &mut Vec<Finding>) -> Option<PartialTime> {
    let parsed = time::parse(text, source.zone);
    if let Err(reason) = &parsed {
        findings.push(Finding {
            code: "unreadable-time".into(),
            place: place.to_owned(),
            text: (*reason).to_owned(),
        });
    }
    parsed.map(|parsed| parsed.time).ok()
}
