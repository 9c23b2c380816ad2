//! One message through the pure stages: decode, normalise, route.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::Bytes;
use jiff::tz::TimeZone;

use super::original::Original;
use super::pseudonym::Pseudonyms;
use crate::broker::{Publication, topology};
use crate::canonical::CanonicalEvent;
use crate::decode::decode;
use crate::envelope::{CANONICAL, Change, Envelope, Fault, Identifying, Lane, Routed};
use crate::normalise::{Source, normalise};
use crate::route::{self, Disclosure, Recipient, Routes, Send};

/// Stands where a copy for the archive has no topic, route or basis.
const ARCHIVE: &str = "archive";

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It goes to these subscribers.
    Routed(Vec<String>),
    /// No route wanted it, or it was history already when it was found.
    Filtered,
    /// It makes no sense; kept in the invalid queue.
    Invalid,
}

/// A message's outcome and what has to be published for it.
#[derive(Debug)]
pub struct Processed {
    /// What became of it.
    pub outcome: Outcome,
    /// The copies.
    pub follow: Vec<Publication>,
    /// What the archive gets.
    pub archived: Option<Publication>,
}

/// What a router works with.
pub struct Routing {
    /// The routing table.
    pub routes: Arc<Routes>,
    /// Zone of times that carry none.
    pub zone: TimeZone,
    /// Stand-ins for what a disclosure keeps back.
    pub pseudonyms: Pseudonyms,
    /// Whether every event goes to the archive too, from which a replay can read it. The embedded broker has none.
    pub archive: bool,
}

/// Takes one accepted message through decode, normalise and route.
pub fn process(envelope: &Envelope, original: &Original, lane: Lane, routing: &Routing) -> Processed {
    if let Some(fault) = &envelope.fault {
        return invalid(envelope, &original.body, fault.clone());
    }
    if envelope.change == Change::Superseded {
        return Processed { outcome: Outcome::Filtered, follow: Vec::new(), archived: None };
    }
    // No input is known to make a stage panic. Should one be found in the field, that one message is set aside with
    // its bytes, instead of stopping everybody's.
    catch_unwind(AssertUnwindSafe(|| understand(envelope, original, lane, routing)))
        .unwrap_or_else(|_| Err(internal()))
        .unwrap_or_else(|fault| invalid(envelope, &original.body, fault))
}

fn understand(
    envelope: &Envelope,
    original: &Original,
    lane: Lane,
    routing: &Routing,
) -> Result<Processed, Fault> {
    let message = decode(original.raw(envelope.format))?;
    let source = Source {
        data_type: envelope.data_type.as_deref(),
        patient: &envelope.patient.0,
        facility: &envelope.facility,
        change: envelope.change,
        zone: &routing.zone,
    };
    let mut event = normalise(&message, &source)?;
    event.findings.splice(0..0, envelope.findings.iter().cloned());
    let from = route::Source { feed: &envelope.origin.feed, facility: &envelope.facility };
    let recipients = routing.routes.decide(&event, from);
    let follow = copies(&event, envelope, &original.body, lane, &recipients, &routing.pseudonyms)?;
    let archived = if routing.archive { Some(archived(&event, envelope, lane)?) } else { None };
    let names: Vec<_> = recipients.iter().map(|recipient| recipient.subscriber.to_owned()).collect();
    let outcome = if names.is_empty() { Outcome::Filtered } else { Outcome::Routed(names) };
    Ok(Processed { outcome, follow, archived })
}

/// The whole event, for the archive: it never leaves the hub from there without passing the routes again.
fn archived(event: &CanonicalEvent<'_>, envelope: &Envelope, lane: Lane) -> Result<Publication, Fault> {
    let body = serde_json::to_vec(event).map_err(|_| internal())?;
    let routed = Routed {
        event_type: event.event_type(),
        topic: ARCHIVE.to_owned(),
        route: ARCHIVE.to_owned(),
        basis: ARCHIVE.to_owned(),
        disclosure: None,
        media_type: CANONICAL.to_owned(),
        place: None,
    };
    let envelope = Envelope { change: event.change, event: Some(routed), claim: None, ..envelope.clone() };
    Ok(Publication { to: vec![(topology::archive(), lane)], envelope, body: body.into() })
}

/// One publication per route: its subscribers get the same copy.
fn copies(
    event: &CanonicalEvent<'_>,
    envelope: &Envelope,
    original: &Bytes,
    lane: Lane,
    recipients: &[Recipient<'_>],
    pseudonyms: &Pseudonyms,
) -> Result<Vec<Publication>, Fault> {
    let mut copies: Vec<Publication> = Vec::new();
    for recipient in recipients {
        let to = (topology::subscriber(recipient.subscriber), lane);
        let same = |copy: &&mut Publication| {
            copy.envelope.event.as_ref().is_some_and(|routed| routed.route == recipient.route.name)
        };
        if let Some(copy) = copies.iter_mut().find(same) {
            copy.to.push(to);
            continue;
        }
        let (body, media_type, claim) = match recipient.route.send {
            Send::Original => {
                (travelling(envelope, original), envelope.format.media_type(), envelope.claim.clone())
            }
            Send::Canonical => {
                (Bytes::from(recipient.route.body(event).map_err(|_| internal())?), CANONICAL, None)
            }
        };
        let routed = Routed {
            event_type: event.event_type(),
            topic: recipient.route.topic.clone(),
            route: recipient.route.name.clone(),
            basis: recipient.route.basis.as_str().to_owned(),
            disclosure: recipient.route.disclosure.as_ref().map(|disclosure| disclosure.name.clone()),
            media_type: media_type.to_owned(),
            place: None,
        };
        let mut envelope = Envelope { change: event.change, event: Some(routed), claim, ..envelope.clone() };
        if let Some(disclosure) = &recipient.route.disclosure {
            keep_back(&mut envelope, disclosure, pseudonyms);
        }
        copies.push(Publication { to: vec![to], envelope, body });
    }
    Ok(copies)
}

/// What the body must not say the envelope must not say either: file and record key hold the patient id and the order
/// number.
fn keep_back(envelope: &mut Envelope, disclosure: &Disclosure, pseudonyms: &Pseudonyms) {
    envelope.key = pseudonyms.of(&envelope.facility, &envelope.key);
    envelope.origin.file = Identifying::default();
    if !disclosure.allows_patient_id() {
        envelope.patient = pseudonyms.of(&envelope.facility, &envelope.patient);
    }
}

/// The body as it travels: where it is claimed, not at all.
fn travelling(envelope: &Envelope, body: &Bytes) -> Bytes {
    if envelope.claim.is_some() { Bytes::new() } else { body.clone() }
}

/// Sets a message aside that makes no sense.
pub(super) fn invalid(envelope: &Envelope, body: &Bytes, fault: Fault) -> Processed {
    let body = travelling(envelope, body);
    let envelope = Envelope { fault: Some(fault), ..envelope.clone() };
    let copy = Publication { to: vec![(topology::invalid(), Lane(0))], envelope, body };
    Processed { outcome: Outcome::Invalid, follow: vec![copy], archived: None }
}

fn internal() -> Fault {
    Fault {
        code: "internal".to_owned(),
        reason: "the hub failed on this message: a fault of the hub, please report it".to_owned(),
        place: "message".to_owned(),
    }
}
