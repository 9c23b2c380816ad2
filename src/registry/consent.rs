//! Whether a copy may go to a facility, and on which records that rests.

use std::borrow::Cow;

use jiff::Timestamp;

use super::{Basis, ContractKind, Fact, Identity, Purpose, RecordId, Registry, Sensitivity};

/// A question: may what this facility sends about this patient go there?
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The ground that the route names.
    pub basis: Basis,
    /// What for; asked with [`Basis::ViewConsent`].
    pub purpose: Option<Purpose>,
    /// Facility that sends.
    pub source: &'a str,
    /// The patient's id there; nothing where the event is about no single patient.
    pub patient: Option<&'a str>,
    /// Facility that would receive it, where the subscriber belongs to one.
    pub viewer: Option<&'a str>,
    /// When.
    pub at: Timestamp,
}

/// A permission.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grant {
    /// Records that it rests on: it ends when one of them ends.
    pub grounds: Vec<RecordId>,
    /// What is not withheld, though it is sensitive.
    pub shows: Vec<Sensitivity>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It may.
    Granted(Grant),
    /// It may not; the clause that decided, for people: no patient data.
    Denied(Cow<'static, str>),
}

impl Answer {
    fn denied(clause: &'static str) -> Self {
        Self::Denied(Cow::Borrowed(clause))
    }

    fn on(grounds: impl IntoIterator<Item = RecordId>) -> Self {
        Self::Granted(Grant { grounds: grounds.into_iter().collect(), shows: Vec::new() })
    }
}

impl Registry {
    /// Whether a copy may leave.
    pub fn may(&self, asked: &Asked<'_>) -> Answer {
        match asked.basis {
            Basis::ViewConsent => self.by_view_consent(asked),
            Basis::ParticipationAgreement => self.by_contract(asked, ContractKind::Participation),
            Basis::Entrusted => self.by_contract(asked, ContractKind::Entrusted),
            Basis::Emergency => self.by_emergency(asked),
            Basis::Addressed | Basis::PublicDuty => Answer::on([]),
        }
    }

    /// Whether the facility's contract, where it has one of the kind that the basis of that word asks for, is in force. A
    /// contract that is made or ended later governs what waits, too.
    pub fn takes_part(&self, basis: &str, facility: &str, at: Timestamp) -> bool {
        let contracts = [Basis::ParticipationAgreement, Basis::Entrusted];
        let Some(basis) = contracts.into_iter().find(|known| known.as_str() == basis) else { return true };
        let asked = Asked { basis, purpose: None, source: facility, patient: None, viewer: None, at };
        matches!(self.may(&asked), Answer::Granted(_))
    }

    /// Whether a permission that rests on these records still holds: all of them are in force, a link still says who the
    /// patient is, and a merge was not undone.
    pub fn still(&self, grounds: &[RecordId], at: Timestamp) -> bool {
        grounds.iter().all(|ground| {
            self.record(ground).is_some_and(|entry| match &entry.fact {
                fact if !fact.period().holds(at) => false,
                Fact::Link(link) => match self.identity(&link.facility, &link.local_id.0, at) {
                    Identity::Linked { network_id, .. } => network_id.0 == link.network_id.0,
                    Identity::Unlinked | Identity::Ambiguous => false,
                },
                Fact::Merge(merge) => self.are_joined(merge, at),
                _ => true,
            })
        })
    }

    /// A link with the merges by which it is this patient's.
    fn identified_by(&self, asked: &Asked<'_>, patient: &str, link: &RecordId) -> Vec<RecordId> {
        let of = self.record(link).map(|entry| &entry.fact);
        let merges = match of {
            Some(Fact::Link(of)) => self.merges_to(asked.source, patient, &of.local_id.0, asked.at),
            _ => Vec::new(),
        };
        [link.clone()].into_iter().chain(merges).collect()
    }

    /// member ∧ linked at the source ∧ consent of the viewer for the purpose.
    fn by_view_consent(&self, asked: &Asked<'_>) -> Answer {
        let (Some(patient), Some(viewer)) = (asked.patient, asked.viewer) else {
            return Answer::denied("view-consent: no single patient, or no viewing facility");
        };
        if viewer == asked.source {
            return Answer::denied("view-consent: the viewing facility sent it itself");
        }
        let (network_id, link) = match self.identity(asked.source, patient, asked.at) {
            Identity::Linked { network_id, link } => (network_id, self.identified_by(asked, patient, link)),
            Identity::Unlinked => return Answer::denied("view-consent: not linked at the source"),
            Identity::Ambiguous => return Answer::denied("view-consent: linked to several network ids"),
        };
        let in_force = |wanted: &dyn Fn(&Fact) -> bool| {
            self.of_network_id(&network_id.0)
                .find(|(_, fact)| wanted(fact) && fact.period().holds(asked.at))
                .map(|(id, _)| id.clone())
        };
        let Some(member) = in_force(&|fact| matches!(fact, Fact::Member(_))) else {
            return Answer::denied("view-consent: not a member");
        };
        let consents = |fact: &Fact| matches!(fact, Fact::ViewConsent(consent) if consent.facility == viewer && Some(consent.purpose) == asked.purpose);
        let Some(consent) = in_force(&consents) else {
            return Answer::denied("view-consent: no consent of the viewing facility for the purpose");
        };
        let shown = self.of_network_id(&network_id.0).filter_map(|(id, fact)| match fact {
            Fact::SensitiveConsent(shown) if shown.facility == viewer && shown.period.holds(asked.at) => {
                Some((id.clone(), shown.category))
            }
            _ => None,
        });
        let (shown_by, shows): (Vec<_>, Vec<_>) = shown.unzip();
        let grounds = [member, consent].into_iter().chain(link).chain(shown_by).collect();
        Answer::Granted(Grant { grounds, shows })
    }

    /// A facility takes part by being a feed, unless the registry has a contract of it, which then governs.
    fn by_contract(&self, asked: &Asked<'_>, kind: ContractKind) -> Answer {
        let mut known = false;
        for (id, fact) in self.of_facility(asked.source) {
            let Fact::Contract(contract) = fact else { continue };
            if contract.kind != kind {
                continue;
            }
            if contract.period.holds(asked.at) {
                return Answer::on([id.clone()]);
            }
            known = true;
        }
        if known { Answer::denied("the facility's contract is not in force") } else { Answer::on([]) }
    }

    fn by_emergency(&self, asked: &Asked<'_>) -> Answer {
        let (Some(patient), Some(viewer)) = (asked.patient, asked.viewer) else {
            return Answer::denied("emergency: no single patient, or no viewing facility");
        };
        let Identity::Linked { network_id, link } = self.identity(asked.source, patient, asked.at) else {
            return Answer::denied("emergency: not linked at the source");
        };
        let access = self.of_network_id(&network_id.0).find(|(_, fact)| {
            matches!(fact, Fact::Emergency(access) if access.facility == viewer && access.period.holds(asked.at))
        });
        match access {
            Some((id, _)) => {
                Answer::on([id.clone()].into_iter().chain(self.identified_by(asked, patient, link)))
            }
            None => Answer::denied("emergency: no emergency access of the viewing facility in force"),
        }
    }

    /// The facilities that read for this one, each with its contract, the first to be asked first.
    pub fn readers(&self, facility: &str, at: Timestamp) -> Vec<(&str, &RecordId)> {
        let mut readers: Vec<_> = self
            .of_facility(facility)
            .filter_map(|(id, fact)| match fact {
                Fact::Contract(contract)
                    if contract.kind == ContractKind::Reading && contract.period.holds(at) =>
                {
                    Some((contract.rank, contract.with.as_deref()?, id))
                }
                _ => None,
            })
            .collect();
        readers.sort_unstable();
        readers.into_iter().map(|(_, reader, id)| (reader, id)).collect()
    }

    /// The facilities of a patient's care team, or, with `perinatal`, of those that have the patient on their list, each
    /// with the record that says so.
    pub fn team(
        &self,
        source: &str,
        patient: &str,
        perinatal: bool,
        at: Timestamp,
    ) -> Vec<(&str, &RecordId)> {
        let Identity::Linked { network_id, .. } = self.identity(source, patient, at) else {
            return Vec::new();
        };
        let members = self.of_network_id(&network_id.0).filter_map(|(id, fact)| match fact {
            Fact::CareTeam(member) if !perinatal => Some((member, id)),
            Fact::Perinatal(member) if perinatal => Some((member, id)),
            _ => None,
        });
        let in_force = members.filter(|(member, _)| member.period.holds(at));
        in_force.map(|(member, id)| (member.facility.as_str(), id)).collect()
    }

    /// The facilities that take part in the network, in the order of their codes.
    pub fn members(&self, at: Timestamp) -> impl Iterator<Item = &str> {
        self.facilities().filter(move |code| self.facility(code, at).is_some())
    }
}
