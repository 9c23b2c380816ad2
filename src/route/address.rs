//! To which facilities an event is addressed.

use std::borrow::Cow;

use super::Asking;
use crate::canonical::{CanonicalEvent, Content, Party, Referral};

/// Which of a route's subscribers get an event, by the facility that they belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Address {
    /// The facility that a referral names as the one referred to.
    ReferredTo,
    /// The facility that asked for the report, or wrote the letter that is answered.
    Requester,
    /// The facility that reads for the sender.
    Reader,
    /// The facility whose slot is booked.
    Resource,
    /// The sending facility itself.
    Sender,
    /// The patient's care team.
    CareTeam,
    /// The facilities that have the patient on their list of pregnancies.
    Perinatal,
    /// All facilities of the network.
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

    /// Whether exactly one subscriber must get it.
    pub const fn is_single(self) -> bool {
        !matches!(self, Self::CareTeam | Self::Perinatal | Self::Members)
    }

    /// The codes of the facilities that it means.
    pub(super) fn facilities(self, event: &CanonicalEvent<'_>, asking: &Asking<'_>) -> Vec<String> {
        let patient = event.patient.as_ref().map_or("", |patient| &*patient.id);
        let (registry, source, at) = (asking.registry, asking.source.facility, asking.at);
        let owned = |codes: Vec<&str>| codes.into_iter().map(str::to_owned).collect();
        match self {
            Self::Sender => vec![source.to_owned()],
            Self::Reader => owned(registry.readers(source, at).into_iter().take(1).collect()),
            Self::CareTeam => owned(registry.team(source, patient, false, at)),
            Self::Perinatal => owned(registry.team(source, patient, true, at)),
            Self::Members => registry.members(at).map(str::to_owned).collect(),
            Self::ReferredTo => {
                referral(event).into_iter().flat_map(|referral| &referral.to).filter_map(facility).collect()
            }
            Self::Requester => referral(event)
                .and_then(|referral| referral.from.as_ref())
                .and_then(facility)
                .into_iter()
                .collect(),
            Self::Resource => Vec::new(),
        }
    }

    /// The subscribers, if they are as many as they must be; else the clause that decided. `named` facilities were
    /// meant.
    pub(super) fn exactly(self, found: Vec<&str>, named: usize) -> Result<Vec<&str>, Cow<'static, str>> {
        if !self.is_single() || found.len() == 1 {
            return Ok(found);
        }
        let word = self.as_str();
        Err(match (named, found.len()) {
            (0, _) => format!("address {word}: no facility is named"),
            (_, 0) => format!("address {word}: no subscriber belongs to the facility that is named"),
            (_, many) => format!("address {word}: {many} subscribers where exactly one is needed"),
        }
        .into())
    }
}

fn referral<'e, 'm>(event: &'e CanonicalEvent<'m>) -> Option<&'e Referral<'m>> {
    match &event.content {
        Content::Referral(referral) | Content::ReferralReply(referral) => Some(referral),
        _ => None,
    }
}

fn facility(party: &Party<'_>) -> Option<String> {
    party.facility.as_deref().map(str::to_owned)
}
