//! One message through the pure stages: decode, normalise, route.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::original::Original;
use super::provision;
use super::pseudonym::Pseudonyms;
use super::registrar;
use crate::broker::{Publication, topology};
use crate::canonical::{Attached, CanonicalEvent, Precision};
use crate::decode::{NativeMessage, decode};
use crate::envelope::{CANONICAL, Change, Envelope, FHIR, Fault, Finding, Identifying, Lane, Routed};
use crate::fhir;
use crate::icalendar::{self, Invitation};
use crate::normalise::{Source, normalise};
use crate::registry::{Entry, Identity, Registry, View};
use crate::route::{self, Asking, Decided, Disclose, Disclosure, Recipient, Route, Routes, Send};
use crate::store::history::{EmergencyUse, Step};

/// Stands where a copy for the archive has no topic, route or basis.
const ARCHIVE: &str = "archive";
/// Stands for the kind of a message that makes no sense.
pub const INVALID: &str = "invalid";

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It goes to these subscribers.
    Routed(Vec<String>),
    /// No route wanted it, or it was history already when it was found.
    Filtered,
    /// It makes no sense; kept in the invalid queue. These subscribers get it as it is.
    Invalid(Vec<String>),
}

impl Outcome {
    /// The subscribers that get a copy.
    pub fn recipients(&self) -> &[String] {
        match self {
            Self::Routed(subscribers) | Self::Invalid(subscribers) => subscribers,
            Self::Filtered => &[],
        }
    }
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
    /// What the message tells the registry and it does not know yet. Once that is entered, the message is processed
    /// again: what becomes of it rests on what it tells itself.
    pub entries: Vec<Entry>,
    /// What the history says of it.
    pub decision: Option<Step>,
    /// What the audit says of it.
    pub emergencies: Vec<EmergencyUse>,
    /// The files of the event, to be kept before the copies that name them are published. Of an event that goes
    /// nowhere there are none.
    pub attached: Vec<Attached>,
}

/// What a router works with.
pub struct Routing {
    /// The routing table.
    pub routes: Arc<Routes>,
    /// Facilities, patients and consents.
    pub registry: View,
    /// Zone of times that carry none.
    pub zone: TimeZone,
    /// Assigning authority of the network's ids in PID-3.4, where facilities send them.
    pub authority: Option<String>,
    /// Stand-ins for what a disclosure keeps back.
    pub pseudonyms: Pseudonyms,
    /// Whether every event goes to the archive too, from which a replay can read it. The embedded broker has none.
    pub archive: bool,
}

/// Takes one accepted message through decode, normalise and route, as of `now`.
pub fn process(
    envelope: &Envelope,
    original: &Original,
    lane: Lane,
    routing: &Routing,
    now: Timestamp,
) -> Processed {
    if let Some(fault) = &envelope.fault {
        return invalid(envelope, &original.body, lane, routing, now, fault.clone());
    }
    if envelope.change == Change::Superseded && !routing.routes.take_change(Change::Superseded) {
        return Processed {
            outcome: Outcome::Filtered,
            follow: Vec::new(),
            archived: None,
            entries: Vec::new(),
            decision: Some(provision::filtered(envelope, routing, now)),
            emergencies: Vec::new(),
            attached: Vec::new(),
        };
    }
    // No input is known to make a stage panic. Should one be found in the field, that one message is set aside with
    // its bytes, instead of stopping everybody's.
    catch_unwind(AssertUnwindSafe(|| understand(envelope, original, lane, routing, now)))
        .unwrap_or_else(|_| Err(internal()))
        .unwrap_or_else(|fault| invalid(envelope, &original.body, lane, routing, now, fault))
}

/// The same by two configurations that read messages alike, in the same zone and with the same authority: the message is
/// read once, and what becomes of it is decided twice.
pub fn process_both(
    envelope: &Envelope,
    original: &Original,
    lane: Lane,
    routings: [&Routing; 2],
    now: Timestamp,
) -> [Processed; 2] {
    if envelope.fault.is_some() || envelope.change == Change::Superseded {
        return routings.map(|routing| process(envelope, original, lane, routing, now));
    }
    let refused = |routing: &Routing, fault| invalid(envelope, &original.body, lane, routing, now, fault);
    let both = || {
        let message = decode(original.raw(envelope))?;
        let event = event(&message, envelope, &routings[0].zone)?;
        Ok(routings.map(|routing| {
            decide(event.clone(), &message, envelope, &original.body, lane, routing, now)
                .unwrap_or_else(|fault| refused(routing, fault))
        }))
    };
    catch_unwind(AssertUnwindSafe(both))
        .unwrap_or_else(|_| Err(internal()))
        .unwrap_or_else(|fault: Fault| routings.map(|routing| refused(routing, fault.clone())))
}

fn understand(
    envelope: &Envelope,
    original: &Original,
    lane: Lane,
    routing: &Routing,
    now: Timestamp,
) -> Result<Processed, Fault> {
    let message = decode(original.raw(envelope))?;
    let event = event(&message, envelope, &routing.zone)?;
    decide(event, &message, envelope, &original.body, lane, routing, now)
}

/// What a message says, in the network's terms.
fn event<'m>(
    message: &'m NativeMessage,
    envelope: &'m Envelope,
    zone: &'m TimeZone,
) -> Result<CanonicalEvent<'m>, Fault> {
    let source = Source {
        data_type: envelope.data_type.as_deref(),
        patient: &envelope.patient.0,
        order: order(envelope),
        facility: &envelope.facility,
        change: envelope.change,
        zone,
    };
    let mut event = normalise(message, &source)?;
    event.findings.splice(0..0, envelope.findings.iter().cloned());
    Ok(event)
}

/// Who gets an event, and what of it.
fn decide(
    mut event: CanonicalEvent<'_>,
    message: &NativeMessage,
    envelope: &Envelope,
    original: &Bytes,
    lane: Lane,
    routing: &Routing,
    now: Timestamp,
) -> Result<Processed, Fault> {
    let registry = routing.registry.read();
    let told = registrar::told(message, &event, envelope, routing.authority.as_deref(), &registry);
    event.findings.extend(told.refused);
    identify(&mut event, &envelope.facility, &registry, now);
    let asking = Asking { source: source_of(envelope), registry: &registry, at: now };
    let decided = routing.routes.decide(&event, &asking);
    let decision = provision::decided(&event, envelope, &decided, routing, now);
    let emergencies = provision::emergencies(&decision, &decided, &registry);
    let recipients = decided.recipients;
    let follow = copies(&recipients, lane, |recipient| copy(recipient, &event, envelope, original, routing))?;
    // A replay is about what was announced.
    let archive = routing.archive && event.change != Change::Superseded;
    let archived = if archive { Some(archived(&event, envelope, lane)?) } else { None };
    let names = names(&recipients);
    let outcome = if names.is_empty() { Outcome::Filtered } else { Outcome::Routed(names) };
    let goes = !follow.is_empty() || archived.is_some();
    let attached = if goes { event.attached } else { Vec::new() };
    let decision = Some(decision);
    Ok(Processed { outcome, follow, archived, entries: told.entries, decision, emergencies, attached })
}

/// A decoded message as the event that routes are asked about.
///
/// # Errors
///
/// It makes no sense.
pub fn understood<'m>(
    message: &'m NativeMessage,
    envelope: &'m Envelope,
    zone: &'m TimeZone,
    registry: &Registry,
    now: Timestamp,
) -> Result<CanonicalEvent<'m>, Fault> {
    let mut event = event(message, envelope, zone)?;
    identify(&mut event, &envelope.facility, registry, now);
    Ok(event)
}

/// The order number that the storage files a record under: the last part of its key.
pub(super) fn order(envelope: &Envelope) -> Option<&str> {
    let known = envelope.data_type.as_deref().and_then(ssmix2::DataType::find);
    known.and_then(|_| envelope.key.0.rsplit('/').next())
}

/// The whole event, for the archive: it never leaves the hub from there without passing the routes again.
fn archived(event: &CanonicalEvent<'_>, envelope: &Envelope, lane: Lane) -> Result<Publication, Fault> {
    let body = serde_json::to_vec(event).map_err(|_| internal())?;
    let routed = Routed {
        event_type: event.event_type(),
        topic: ARCHIVE.to_owned(),
        route: ARCHIVE.to_owned(),
        basis: ARCHIVE.to_owned(),
        grounds: Vec::new(),
        disclosure: None,
        media_type: CANONICAL.to_owned(),
        receipt: None,
        place: None,
        replay: None,
    };
    let envelope = Envelope { change: event.change, event: Some(routed), claim: None, ..envelope.clone() };
    Ok(Publication { to: vec![(topology::archive(), lane)], envelope, body: body.into() })
}

/// Says who the patient of a facility is to the network. One who is not linked is known by the facility's own id, and
/// that is told.
pub fn identify(event: &mut CanonicalEvent<'_>, facility: &str, registry: &Registry, now: Timestamp) {
    let Some(patient) = &mut event.patient else { return };
    let (code, text) = match registry.identity(facility, &patient.id, now) {
        Identity::Linked { network_id, .. } => {
            patient.network_id = Some(network_id.0.clone().into());
            return;
        }
        Identity::Ambiguous => {
            ("ambiguous-identity", "the patient's records here are linked to several network ids")
        }
        // A network that has no members yet knows nobody.
        Identity::Unlinked if registry.has_members() => {
            ("unlinked-patient", "the patient has no network id here")
        }
        Identity::Unlinked => return,
    };
    event.findings.push(Finding { code: code.into(), place: "patient.id".into(), text: text.into() });
}

/// One publication per route and permission: its subscribers get the same copy.
fn copies<'r>(
    recipients: &[Recipient<'r>],
    lane: Lane,
    mut make: impl FnMut(&Recipient<'r>) -> Result<(Envelope, Bytes), Fault>,
) -> Result<Vec<Publication>, Fault> {
    let mut copies: Vec<Publication> = Vec::new();
    for recipient in recipients {
        let to = (topology::subscriber(recipient.subscriber), lane);
        let same = |copy: &&mut Publication| {
            copy.envelope.event.as_ref().is_some_and(|routed| {
                routed.route == recipient.route.name && routed.grounds == grounds(recipient)
            })
        };
        if let Some(copy) = copies.iter_mut().find(same) {
            copy.to.push(to);
            continue;
        }
        let (envelope, body) = make(recipient)?;
        copies.push(Publication { to: vec![to], envelope, body });
    }
    Ok(copies)
}

/// What a route sends of an event.
fn copy(
    recipient: &Recipient<'_>,
    event: &CanonicalEvent<'_>,
    envelope: &Envelope,
    original: &Bytes,
    routing: &Routing,
) -> Result<(Envelope, Bytes), Fault> {
    let route = recipient.route;
    let shared = routing.routes.share(event, recipient).ok_or_else(internal)?;
    let event = &*shared;
    let (body, media_type) = match route.send {
        Send::Original => (travelling(envelope, original), envelope.format.media_type()),
        Send::Canonical => {
            let body = disclosed(route, event, envelope, routing).map_err(|_| internal())?;
            (Bytes::from(body), CANONICAL)
        }
        // The configuration lets only kinds that have such a body come here.
        Send::Fhir => {
            let bundle = fhir::bundle(event, envelope).ok_or_else(internal)?;
            (Bytes::from(bundle.to_string()), FHIR)
        }
        Send::ICalendar => {
            let invitation = invited(route, event, envelope, routing).ok_or_else(internal)?;
            (Bytes::from(invitation.text), invitation.media_type)
        }
    };
    let routed = routed(recipient, event.event_type(), media_type);
    let mut envelope = Envelope { change: event.change, event: Some(routed), ..envelope.clone() };
    if route.send != Send::Original {
        (envelope.claim, envelope.stored) = (None, None);
    }
    if let Some(disclosure) = &route.disclosure {
        keep_back(&mut envelope, disclosure, &routing.pseudonyms);
    }
    Ok((envelope, body))
}

/// What a route discloses of an event, as JSON.
fn disclosed(
    route: &Route,
    event: &CanonicalEvent<'_>,
    envelope: &Envelope,
    routing: &Routing,
) -> serde_json::Result<Vec<u8>> {
    let stand_in = |field: &str, value: &str| routing.pseudonyms.of_field(&envelope.facility, field, value);
    route.body(event, &Disclose { on: day(event, envelope, &routing.zone), stand_in: &stand_in })
}

/// The day of the event: when the message was made, or else when the hub accepted it.
fn day(event: &CanonicalEvent<'_>, envelope: &Envelope, zone: &TimeZone) -> Option<Date> {
    let sent = event.message.sent_at.filter(|sent| sent.precision >= Precision::Day);
    let sent = sent.and_then(|sent| {
        let (year, month, day) = (i16::try_from(sent.year), i8::try_from(sent.month), i8::try_from(sent.day));
        Date::new(year.ok()?, month.ok()?, day.ok()?).ok()
    });
    sent.or_else(|| Some(envelope.accepted_at.parse::<Timestamp>().ok()?.to_zoned(zone.clone()).date()))
}

/// The invitation that a route makes of what it discloses of an appointment.
fn invited(
    route: &Route,
    event: &CanonicalEvent<'_>,
    envelope: &Envelope,
    routing: &Routing,
) -> Option<Invitation> {
    let disclosed = serde_json::from_slice(&disclosed(route, event, envelope, routing).ok()?).ok()?;
    let link = route.meeting_link(&disclosed);
    icalendar::invitation(&icalendar::Made {
        event,
        disclosed: &disclosed,
        names: route.disclosure.is_some(),
        link: link.as_deref(),
        envelope,
    })
}

/// The records that a copy's permission rests on.
fn grounds(recipient: &Recipient<'_>) -> Vec<String> {
    recipient.grant.grounds.iter().map(|ground| ground.0.clone()).collect()
}

fn routed(recipient: &Recipient<'_>, event_type: String, media_type: &str) -> Routed {
    let route = recipient.route;
    // Whoever has to find the addressee is not the addressee.
    let receipt = route.receipt.clone().filter(|_| route.to.iter().any(|name| name == recipient.subscriber));
    Routed {
        event_type,
        topic: route.topic.clone(),
        route: route.name.clone(),
        basis: route.basis.as_str().to_owned(),
        grounds: grounds(recipient),
        disclosure: route.disclosure.as_ref().map(|disclosure| disclosure.name.clone()),
        media_type: media_type.to_owned(),
        receipt,
        place: None,
        replay: None,
    }
}

fn source_of(envelope: &Envelope) -> route::Source<'_> {
    route::Source { feed: &envelope.origin.feed, facility: &envelope.facility }
}

fn names(recipients: &[Recipient<'_>]) -> Vec<String> {
    recipients.iter().map(|recipient| recipient.subscriber.to_owned()).collect()
}

/// What the body must not say the envelope must not say either: file and record key hold the patient id and the order
/// number.
fn keep_back(envelope: &mut Envelope, disclosure: &Disclosure, pseudonyms: &Pseudonyms) {
    envelope.key = pseudonyms.of(&envelope.facility, &envelope.key);
    envelope.origin.file = Identifying::default();
    envelope.stored = None;
    if !disclosure.allows_patient_id() {
        envelope.patient = pseudonyms.of(&envelope.facility, &envelope.patient);
        for patient in envelope.join.iter_mut().flat_map(|join| &mut join.patients) {
            *patient = pseudonyms.of(&envelope.facility, patient);
        }
    }
}

/// The body as it travels: where it is claimed, not at all.
fn travelling(envelope: &Envelope, body: &Bytes) -> Bytes {
    if envelope.claim.is_some() { Bytes::new() } else { body.clone() }
}

/// Goes to the invalid queue, and as it is to those whose routes take such messages, provided that it was read at all.
pub(super) fn invalid(
    envelope: &Envelope,
    body: &Bytes,
    lane: Lane,
    routing: &Routing,
    now: Timestamp,
    fault: Fault,
) -> Processed {
    let registry = routing.registry.read();
    let asking = Asking { source: source_of(envelope), registry: &registry, at: now };
    let decided = match fault.is_without_bytes() {
        true => Decided::default(),
        false => routing.routes.decide_invalid(envelope.change, &asking),
    };
    let decision = provision::refused(envelope, &fault, &decided, routing, now);
    let emergencies = provision::emergencies(&decision, &decided, &registry);
    let recipients = decided.recipients;
    let body = travelling(envelope, body);
    let envelope = Envelope { fault: Some(fault), ..envelope.clone() };
    let event_type = format!("{INVALID}.{}.v1", envelope.change.as_str());
    let follow = copies(&recipients, lane, |recipient| {
        let event = Some(routed(recipient, event_type.clone(), envelope.format.media_type()));
        Ok((Envelope { event, ..envelope.clone() }, body.clone()))
    });
    // With everything that a second decision needs.
    let kept = Publication { to: vec![(topology::invalid(), Lane(0))], envelope, body };
    let follow = follow.into_iter().flatten().chain([kept]).collect();
    Processed {
        outcome: Outcome::Invalid(names(&recipients)),
        follow,
        archived: None,
        entries: Vec::new(),
        decision: Some(decision),
        emergencies,
        attached: Vec::new(),
    }
}

fn internal() -> Fault {
    Fault {
        code: "internal".to_owned(),
        reason: "the hub failed on this message: a fault of the hub, please report it".to_owned(),
        place: "message".to_owned(),
    }
}
