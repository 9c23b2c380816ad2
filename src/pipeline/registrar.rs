//! What a message tells the registry: merges, removals, and links where the facility knows the network's id.
//!
//! Pure, and the same message always tells the same: its entries are dated when the message was accepted. Demographics
//! never make a link. A link is told only by a network id that the facility itself sends (PID-3 with the network's
//! assigning authority), and only once: one that was ended is not made again by the next message.

use jiff::Timestamp;

use crate::canonical::{CanonicalEvent, Content};
use crate::decode::NativeMessage;
use crate::envelope::{Change, Envelope, Finding, Identifying};
use crate::registry::{Entry, Fact, Link, Merge, Period, Registry, Removal};

/// Triggers by which two records of a patient become one, or a record gets another id (HL7 v2 chapter 3). Others that
/// have an MRG segment move an account or a visit.
const MERGES: [&str; 8] = ["A18", "A30", "A34", "A36", "A39", "A40", "A46", "A47"];
/// Triggers of messages about a patient that stands at a desk, or whose record was changed there.
const LINKS: [&str; 4] = ["A04", "A08", "A28", "A31"];

/// What a message tells.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// What is new.
    pub(super) entries: Vec<Entry>,
    /// What the registry can't take.
    pub(super) refused: Vec<Finding>,
}

/// What of a message's entries the registry does not know yet, and what it can't take.
pub(super) fn told(
    message: &NativeMessage,
    event: &CanonicalEvent<'_>,
    envelope: &Envelope,
    authority: Option<&str>,
    registry: &Registry,
) -> Told {
    let mut told = Told::default();
    for entry in entries(message, event, envelope, authority, registry) {
        let batch = vec![entry];
        match registry.check(&batch) {
            Ok(()) => told.entries.extend(registry.news(batch)),
            Err(refusals) => told.refused.extend(refusals.into_iter().map(|refusal| Finding {
                code: "registry-refused".into(),
                place: "patient.id".into(),
                text: format!("the registry does not take what the message tells it: {}", refusal.reason),
            })),
        }
    }
    told
}

fn entries(
    message: &NativeMessage,
    event: &CanonicalEvent<'_>,
    envelope: &Envelope,
    authority: Option<&str>,
    registry: &Registry,
) -> Vec<Entry> {
    let (Some(patient), Ok(at)) = (&event.patient, envelope.accepted_at.parse::<Timestamp>()) else {
        return Vec::new();
    };
    // Where no facility was ever entered there is no registry yet.
    if event.change == Change::Superseded || registry.facilities().next().is_none() {
        return Vec::new();
    }
    let trigger = event.message.message_type.split('^').nth(1).unwrap_or_default();
    let here = Here { facility: &envelope.facility, patient: &patient.id, at };
    let facts = match &event.content {
        Content::Merge(merge) if MERGES.contains(&trigger) => here.merges(merge),
        Content::Patient(_) if event.change == Change::Deleted => here.removal(),
        Content::Patient(_) | Content::Encounter(_) if LINKS.contains(&trigger) => {
            here.links(message, authority, registry)
        }
        _ => Vec::new(),
    };
    let entry = |fact| Entry {
        recorded_at: at,
        who: format!("feed {}", envelope.origin.feed),
        why: event.message.message_type.to_string(),
        fact,
    };
    facts.into_iter().map(entry).collect()
}

/// A patient at a facility, at the time of the message.
struct Here<'e> {
    facility: &'e str,
    patient: &'e str,
    at: Timestamp,
}

impl Here<'_> {
    fn merges(&self, merge: &crate::canonical::Merge<'_>) -> Vec<Fact> {
        let merged = merge.merged.iter().filter_map(|record| {
            let former = record.former_id.as_deref()?;
            let into = record.into.as_deref().unwrap_or(self.patient);
            (former != into).then(|| {
                Fact::Merge(Merge {
                    facility: self.facility.to_owned(),
                    former: Identifying(former.to_owned()),
                    into: Identifying(into.to_owned()),
                    at: self.at,
                })
            })
        });
        merged.collect()
    }

    fn removal(&self) -> Vec<Fact> {
        let local_id = Identifying(self.patient.to_owned());
        vec![Fact::Removal(Removal { facility: self.facility.to_owned(), local_id, at: self.at })]
    }

    fn links(&self, message: &NativeMessage, authority: Option<&str>, registry: &Registry) -> Vec<Fact> {
        let (NativeMessage::Hl7v2(message), Some(authority)) = (message, authority) else {
            return Vec::new();
        };
        let is_known = |network_id: &str| {
            let mut facts = registry.of_local_id(self.facility, self.patient);
            facts.any(|(_, fact)| matches!(fact, Fact::Link(link) if link.network_id.0 == network_id))
        };
        let ids = network_ids(message, authority).into_iter().filter(|network_id| !is_known(network_id));
        let link = |network_id| {
            Fact::Link(Link {
                facility: self.facility.to_owned(),
                local_id: Identifying(self.patient.to_owned()),
                network_id: Identifying(network_id),
                period: Period::since(self.at),
            })
        };
        ids.map(link).collect()
    }
}

/// The ids in PID-3 that the network gave: namespace or universal id of CX.4 is its authority.
fn network_ids(message: &hl7v2::Message, authority: &str) -> Vec<String> {
    let Some(pid) = message.segment("PID") else { return Vec::new() };
    let mut ids: Vec<String> = Vec::new();
    for repetition in pid.field(3).repetitions() {
        let assigned = repetition.component(4);
        let is_ours = (1..=2).any(|part| assigned.subcomponent(part).trim() == authority);
        let id = repetition.component(1).value().trim().to_owned();
        if is_ours && !id.is_empty() && !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids
}

#[cfg(test)]
mod tests;
