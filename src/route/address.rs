//! Whom an event is for: the facilities that it names itself.
//!
//! HL7 has no field for the 10-digit code of a Japanese facility; the canonical event holds the codes that were found,
//! and this module says which of them count. Nobody is guessed: an addressee whose code can't be read is told as such,
//! and where exactly one is needed and there is not, a person has to decide.

use std::borrow::Cow;

use super::{Asking, Source};
use crate::canonical::{
    Appointment, CanonicalEvent, Content, ExaminationReport, ExaminationRequest, FacilityCode, Finding,
    LabOrder, Party, Referral, is_facility_code,
};
use crate::registry::RecordId;

/// Which of a route's subscribers an event is for (`address` in `routes.toml`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Address {
    /// The facility that the referral names.
    ReferredTo,
    /// The facility that asked for the report, or whose letter is answered.
    Requester,
    /// The sending facility's contracted reading facility.
    Reader,
    /// The facility whose slot is booked.
    Resource,
    /// The sending facility itself.
    Sender,
    /// The facilities of the patient's care team.
    CareTeam,
    /// The facilities that have the patient on an active perinatal list.
    Perinatal,
    /// All subscribers whose facility takes part.
    Members,
}

impl Address {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::ReferredTo,
        Self::Requester,
        Self::Reader,
        Self::Resource,
        Self::Sender,
        Self::CareTeam,
        Self::Perinatal,
        Self::Members,
    ];

    /// The word in `routes.toml`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReferredTo => "referred-to",
            Self::Requester => "requester",
            Self::Reader => "reader",
            Self::Resource => "resource",
            Self::Sender => "sender",
            Self::CareTeam => "care-team",
            Self::Perinatal => "perinatal",
            Self::Members => "members",
        }
    }

    /// Whether there must be exactly one addressee; otherwise there may be any number.
    pub const fn is_single(self) -> bool {
        !matches!(self, Self::CareTeam | Self::Perinatal | Self::Members)
    }

    /// The facilities that the event names, each as often as it does; `None` where the event can't say it and the
    /// registry has to: for the words that are about contracts, teams and lists.
    pub fn named<'e>(self, event: &'e CanonicalEvent<'_>, source: Source<'e>) -> Option<Vec<Named<'e>>> {
        match self {
            Self::ReferredTo => Some(referred_to(&event.content)),
            Self::Requester => Some(requester(&event.content, source)),
            Self::Resource => Some(resource(&event.content)),
            Self::Sender => Some(vec![Named { code: Some(source.facility), place: "feed".into() }]),
            Self::Reader | Self::CareTeam | Self::Perinatal | Self::Members => None,
        }
    }

    /// The facilities that the registry says it means, each with the record that says so: where that ends, what was on
    /// its way must not arrive any more.
    pub(super) fn recorded<'e>(self, patient: &str, asking: &Asking<'e>) -> Vec<(&'e str, &'e RecordId)> {
        let (registry, source, at) = (asking.registry, asking.source.facility, asking.at);
        match self {
            Self::Reader => registry.readers(source, at).into_iter().take(1).collect(),
            Self::CareTeam => registry.team(source, patient, false, at),
            Self::Perinatal => registry.team(source, patient, true, at),
            _ => Vec::new(),
        }
    }

    /// The facilities that it means. A report that does not say who asked for it is for the one of the `candidates`
    /// that has its readings done by the sender.
    pub(super) fn facilities<'e>(
        self,
        event: &'e CanonicalEvent<'_>,
        asking: &Asking<'e>,
        candidates: impl Iterator<Item = &'e str>,
    ) -> Vec<Named<'e>> {
        let (registry, source, at) = (asking.registry, asking.source, asking.at);
        let patient = event.patient.as_ref().map_or("", |patient| &*patient.id);
        let is_report = matches!(event.content, Content::Report(_));
        let codes: Vec<&str> = match self {
            Self::Reader | Self::CareTeam | Self::Perinatal => {
                self.recorded(patient, asking).into_iter().map(|(code, _)| code).collect()
            }
            Self::Members => registry.members(at).collect(),
            Self::ReferredTo | Self::Requester | Self::Resource | Self::Sender => {
                let named = self.named(event, source).unwrap_or_default();
                if !(named.is_empty() && is_report && self == Self::Requester) {
                    return named;
                }
                let reads_for = |code: &&str| {
                    registry.readers(code, at).iter().any(|(reader, _)| *reader == source.facility)
                };
                candidates.filter(reads_for).collect()
            }
        };
        codes.into_iter().map(|code| Named { code: Some(code), place: "registry".into() }).collect()
    }

    /// The subscribers, if they are as many as they must be for the facilities that are named; else the clause that
    /// decided.
    pub(super) fn exactly<'n>(
        self,
        found: Vec<&'n str>,
        named: &[Named<'_>],
    ) -> Result<Vec<&'n str>, Cow<'static, str>> {
        if !self.is_single() {
            return Ok(found);
        }
        let word = self.as_str();
        if let Err(finding) = exactly_one(named) {
            return Err(format!("address {word}: {} ({})", finding.text, finding.place).into());
        }
        match found.len() {
            1 => Ok(found),
            0 => Err(format!("address {word}: no subscriber belongs to the facility that is named").into()),
            many => Err(format!("address {word}: {many} subscribers where exactly one is needed").into()),
        }
    }
}

/// A facility that an event names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named<'e> {
    /// 10-digit code; `None` where somebody is named without one that can be read.
    pub code: Option<&'e str>,
    /// Where: the place in the message (`AIL-3`), or the field of the event (`to[1]`).
    pub place: Cow<'static, str>,
}

/// The one facility of those that are named, or why a person has to decide; never with a value of the message.
///
/// # Errors
/// Where nobody is named, somebody whose code can't be read, or several.
pub fn exactly_one<'e>(named: &[Named<'e>]) -> Result<&'e str, Finding> {
    let told = |code: &'static str, place: &str, text: &str| {
        Err(Finding { code: code.into(), place: place.to_owned(), text: text.to_owned() })
    };
    let Some(first) = named.first() else {
        return told(
            "addressee-missing",
            "message",
            "no facility is named: a person has to find the addressee",
        );
    };
    if let Some(unknown) = named.iter().find(|named| named.code.is_none()) {
        let text = "an addressee has no facility code that can be read: a person has to find it";
        return told("addressee-unknown", &unknown.place, text);
    }
    match named.iter().find(|named| named.code != first.code) {
        Some(second) => told(
            "addressee-several",
            &second.place,
            "another facility is named as well: a person has to choose",
        ),
        None => Ok(first.code.unwrap_or_default()),
    }
}

fn referred_to<'e>(content: &'e Content<'_>) -> Vec<Named<'e>> {
    match content {
        Content::Referral(referral) | Content::ReferralReply(referral) => parties("to", &referral.to),
        Content::Document(document) => parties("recipients", &document.recipients),
        _ => Vec::new(),
    }
}

fn requester<'e>(content: &'e Content<'_>, source: Source<'_>) -> Vec<Named<'e>> {
    match content {
        Content::Referral(referral) => from(referral),
        Content::ReferralReply(reply) => answered(reply, source),
        Content::Report(report) => report.reports.iter().flat_map(of_report).collect(),
        Content::LabResult(result) => result.orders.iter().flat_map(of_lab_order).collect(),
        Content::PhysiologyResult(result) => result.requests.iter().flat_map(of_request).collect(),
        Content::ImagingPerformed(done) | Content::EndoscopyPerformed(done) => {
            done.requests.iter().flat_map(of_request).collect()
        }
        Content::Appointment(appointment) => appointment.placer_facility.iter().map(coded).collect(),
        _ => Vec::new(),
    }
}

/// A reply that repeats the providers of the referral names the referring one as RP. One that is written as a letter of
/// its own names itself as RP, and the referring one as RT. Nobody answers to themselves.
fn answered<'e>(reply: &'e Referral<'_>, source: Source<'_>) -> Vec<Named<'e>> {
    let is_other = |named: &Named<'_>| named.code.is_some_and(|code| code != source.facility);
    let referring = from(reply);
    if referring.iter().any(is_other) {
        return referring;
    }
    parties("to", &reply.to).into_iter().filter(|named| named.code != Some(source.facility)).collect()
}

/// The places and people that are booked name their facility; else the filler's number does, as in a cancellation
/// that names no resource.
fn resource<'e>(content: &'e Content<'_>) -> Vec<Named<'e>> {
    let Content::Appointment(appointment) = content else { return Vec::new() };
    let booked = booked(appointment);
    if booked.is_empty() { appointment.filler_facility.iter().map(coded).collect() } else { booked }
}

fn booked<'e>(appointment: &'e Appointment<'_>) -> Vec<Named<'e>> {
    let resources = appointment.resources.iter();
    let named = resources.filter_map(|resource| {
        let code = resource.facility.as_deref().filter(|code| is_facility_code(code))?;
        Some(Named { code: Some(code), place: format!("{}-3", resource.at).into() })
    });
    named.collect()
}

fn of_report<'e>(report: &'e ExaminationReport<'_>) -> impl Iterator<Item = Named<'e>> {
    report.requesters.iter().map(coded)
}

fn of_request<'e>(request: &'e ExaminationRequest<'_>) -> impl Iterator<Item = Named<'e>> {
    request.details.requesters.iter().map(coded)
}

fn of_lab_order<'e>(order: &'e LabOrder<'_>) -> impl Iterator<Item = Named<'e>> {
    order.details.requesters.iter().map(coded)
}

fn from<'e>(referral: &'e Referral<'_>) -> Vec<Named<'e>> {
    referral
        .from
        .iter()
        .map(|party| Named { code: party.facility.as_deref(), place: "from".into() })
        .collect()
}

fn parties<'e>(field: &str, parties: &'e [Party<'_>]) -> Vec<Named<'e>> {
    let named = parties.iter().zip(1..).map(|(party, number)| Named {
        code: party.facility.as_deref(),
        place: format!("{field}[{number}]").into(),
    });
    named.collect()
}

fn coded<'e>(facility: &'e FacilityCode<'_>) -> Named<'e> {
    Named { code: Some(&facility.code), place: facility.at.to_string().into() }
}
