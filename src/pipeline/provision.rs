//! What the history says of a decision.

use jiff::Timestamp;

use super::process::{INVALID, Routing};
use crate::canonical::CanonicalEvent;
use crate::envelope::{Envelope, Fault, Identifying};
use crate::registry::{Basis, Fact, Registry};
use crate::route::{Decided, Denial, Recipient};
use crate::store::history::{Decision, Denied, EmergencyUse, Granted, Step, What};

/// The step that tells of a decision about an event.
pub(super) fn decided(
    event: &CanonicalEvent<'_>,
    envelope: &Envelope,
    decided: &Decided<'_>,
    routing: &Routing,
    at: Timestamp,
) -> Step {
    let patient = event.patient.as_ref().map(|patient| Identifying(patient.id.to_string()));
    let decision = Decision {
        patient: patient.map(|patient| routing.pseudonyms.of(&envelope.facility, &patient)),
        kind: event.content.kind().as_str().to_owned(),
        change: event.change.as_str().to_owned(),
        ..decision(envelope, decided, routing)
    };
    Step { at, id: envelope.id.clone(), what: What::Decided(decision) }
}

/// The step that tells of a message that makes no sense.
pub(super) fn refused(
    envelope: &Envelope,
    fault: &Fault,
    decided: &Decided<'_>,
    routing: &Routing,
    at: Timestamp,
) -> Step {
    let decision = Decision { fault: Some(fault.code.clone()), ..decision(envelope, decided, routing) };
    Step { at, id: envelope.id.clone(), what: What::Decided(decision) }
}

fn decision(envelope: &Envelope, decided: &Decided<'_>, routing: &Routing) -> Decision {
    let patient = Some(&envelope.patient).filter(|patient| !patient.0.is_empty());
    Decision {
        feed: envelope.origin.feed.clone(),
        facility: envelope.facility.clone(),
        hash: envelope.origin.hash.clone(),
        accepted_at: envelope.accepted_at.clone(),
        patient: patient.map(|patient| routing.pseudonyms.of(&envelope.facility, patient)),
        kind: INVALID.to_owned(),
        change: envelope.change.as_str().to_owned(),
        fault: None,
        recipients: decided.recipients.iter().map(|recipient| granted(recipient, routing)).collect(),
        denials: decided.denials.iter().map(denied).collect(),
        kept: None,
    }
}

fn granted(recipient: &Recipient<'_>, routing: &Routing) -> Granted {
    let Recipient { subscriber, route, grant, withheld } = recipient;
    let tables = routing.routes.tables(route).into_iter();
    Granted {
        subscriber: (*subscriber).to_owned(),
        facility: routing.routes.facility_of(subscriber).map(str::to_owned),
        route: route.name.clone(),
        topic: route.topic.clone(),
        basis: route.basis.as_str().to_owned(),
        purpose: route.purpose.map(|purpose| purpose.as_str().to_owned()),
        grounds: grant.grounds.iter().map(|ground| ground.0.clone()).collect(),
        disclosure: route.disclosure.as_ref().map(|disclosure| disclosure.name.clone()),
        withheld: withheld.iter().map(|category| category.as_str().to_owned()).collect(),
        tables: tables.map(|(table, version)| (table.to_owned(), version.to_owned())).collect(),
    }
}

fn denied(denial: &Denial<'_>) -> Denied {
    Denied {
        subscriber: denial.subscriber.to_owned(),
        route: denial.route.to_owned(),
        clause: denial.clause.clone().into_owned(),
    }
}

/// The audit's lines of those recipients that get a copy because of an emergency.
pub(super) fn emergencies(step: &Step, decided: &Decided<'_>, registry: &Registry) -> Vec<EmergencyUse> {
    let What::Decided(decision) = &step.what else { return Vec::new() };
    let emergencies = decided.recipients.iter().filter(|one| one.route.basis == Basis::Emergency);
    let uses = emergencies.flat_map(|recipient| {
        recipient.grant.grounds.iter().filter_map(|ground| {
            let entry = registry.record(ground)?;
            let Fact::Emergency(access) = &entry.fact else { return None };
            Some(EmergencyUse {
                at: step.at,
                id: step.id.clone(),
                facility: decision.facility.clone(),
                patient: decision.patient.clone(),
                subscriber: recipient.subscriber.to_owned(),
                viewer: access.facility.clone(),
                access: ground.0.clone(),
                who: entry.who.clone(),
                why: entry.why.clone(),
                from: access.period.from,
                until: access.period.until,
            })
        })
    });
    uses.collect()
}
