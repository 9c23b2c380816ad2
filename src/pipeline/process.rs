//! One message through the pure stages: decode, normalise, route.

use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;
use jiff::tz::TimeZone;

use crate::broker::{Publication, topology};
use crate::canonical::CanonicalEvent;
use crate::decode::decode;
use crate::envelope::{Change, Envelope, Fault, Lane, Routed};
use crate::normalise::{Source, normalise};
use crate::route::{self, Recipient, Routes, Send};

/// Media type of a canonical event.
pub(crate) const CANONICAL: &str = "application/json";
/// Media type of original bytes.
pub(crate) const ORIGINAL: &str = "application/hl7-v2";

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
}

/// Takes one accepted message through decode, normalise and route.
pub fn process(envelope: &Envelope, body: &Bytes, lane: Lane, routes: &Routes, zone: &TimeZone) -> Processed {
    if let Some(fault) = &envelope.fault {
        return invalid(envelope, body, fault.clone());
    }
    if envelope.change == Change::Superseded {
        return Processed { outcome: Outcome::Filtered, follow: Vec::new() };
    }
    // No input is known to make a stage panic. Should one be found in the field, that one message is set aside with
    // its bytes, instead of stopping everybody's.
    catch_unwind(AssertUnwindSafe(|| understand(envelope, body, lane, routes, zone)))
        .unwrap_or_else(|_| Err(internal()))
        .unwrap_or_else(|fault| invalid(envelope, body, fault))
}

fn understand(
    envelope: &Envelope,
    body: &Bytes,
    lane: Lane,
    routes: &Routes,
    zone: &TimeZone,
) -> Result<Processed, Fault> {
    let message = decode(body)?;
    let source = Source {
        data_type: envelope.data_type.as_deref(),
        patient: &envelope.patient.0,
        change: envelope.change,
        zone,
    };
    let event = normalise(&message, &source)?;
    let from = route::Source { feed: &envelope.origin.feed, facility: &envelope.facility };
    let recipients = routes.decide(&event, from);
    if recipients.is_empty() {
        return Ok(Processed { outcome: Outcome::Filtered, follow: Vec::new() });
    }
    let names = recipients.iter().map(|recipient| recipient.subscriber.to_owned()).collect();
    let follow = copies(&event, envelope, body, lane, &recipients)?;
    Ok(Processed { outcome: Outcome::Routed(names), follow })
}

/// One publication per route: its subscribers get the same copy.
fn copies(
    event: &CanonicalEvent<'_>,
    envelope: &Envelope,
    original: &Bytes,
    lane: Lane,
    recipients: &[Recipient<'_>],
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
        let (body, media_type) = match recipient.route.send {
            Send::Original => (original.clone(), ORIGINAL),
            Send::Canonical => (Bytes::from(recipient.route.body(event).map_err(|_| internal())?), CANONICAL),
        };
        let routed = Routed {
            event_type: event.event_type(),
            topic: recipient.route.topic.clone(),
            route: recipient.route.name.clone(),
            basis: recipient.route.basis.as_str().to_owned(),
            media_type: media_type.to_owned(),
        };
        let envelope = Envelope { change: event.change, event: Some(routed), ..envelope.clone() };
        copies.push(Publication { to: vec![to], envelope, body });
    }
    Ok(copies)
}

fn invalid(envelope: &Envelope, body: &Bytes, fault: Fault) -> Processed {
    let envelope = Envelope { fault: Some(fault), ..envelope.clone() };
    let copy = Publication { to: vec![(topology::invalid(), Lane(0))], envelope, body: body.clone() };
    Processed { outcome: Outcome::Invalid, follow: vec![copy] }
}

fn internal() -> Fault {
    Fault {
        code: "internal".to_owned(),
        reason: "the hub failed on this message: a fault of the hub, please report it".to_owned(),
        place: "message".to_owned(),
    }
}
