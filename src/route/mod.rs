//! Stage 4: a canonical event and the routing table give the recipient list. Pure: no I/O, not async.
//!
//! [`Routes::decide`] asks every route in the order of `routes.toml`. A subscriber gets at most one copy of an
//! event: the first route that matches and names it decides topic, basis and disclosure. A later route can't
//! widen what an earlier one disclosed.

mod compare;
mod condition;
mod contract;
mod disclose;
mod explain;
mod filter;
mod lookup;
mod probe;
mod table;
mod watch;

use std::fmt;
use std::sync::Arc;

pub use compare::{Bound, Expected, Operator, Relation, Test};
pub use condition::{Clause, Condition, Each, Verdict};
pub use disclose::Disclosure;
pub use explain::{Explanation, Fate};
pub use lookup::Lookup;
pub use probe::{Path, Scalar, UNMAPPED, Visit, keys, probe};
pub use table::Table;
pub use watch::Tested;

use crate::canonical::{CanonicalEvent, Kind};
use crate::envelope::Change;
use watch::{Blind, Report, Watch};

/// On what ground a copy may leave (closed set; it goes into the provision record).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// The patient consented that this facility views their record.
    ViewConsent,
    /// The patient agreed to this one act: a referral, a reading.
    Addressed,
    /// The facility agreed to take part; no patient can be told from what is sent on.
    ParticipationAgreement,
    /// Danger to life; audited.
    Emergency,
    /// A duty under the law, such as notification of an infectious disease.
    PublicDuty,
    /// The facility entrusts the network with keeping a copy of its records (委託); nobody else reads it.
    Entrusted,
}

impl Basis {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::ViewConsent,
        Self::Addressed,
        Self::ParticipationAgreement,
        Self::Emergency,
        Self::PublicDuty,
        Self::Entrusted,
    ];

    /// The word in `routes.toml` and on the envelope.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ViewConsent => "view-consent",
            Self::Addressed => "addressed",
            Self::ParticipationAgreement => "participation-agreement",
            Self::Emergency => "emergency",
            Self::PublicDuty => "public-duty",
            Self::Entrusted => "entrusted",
        }
    }
}

/// In what form a copy leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Send {
    /// The canonical event, or the disclosed part of it.
    Canonical,
    /// The source's own bytes, untouched.
    Original,
    /// The event as a FHIR Bundle.
    Fhir,
}

/// Who sent the message, from the feed's configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source<'s> {
    /// Feed: the stem of its file in `feeds/`.
    pub feed: &'s str,
    /// 10-digit facility code.
    pub facility: &'s str,
}

/// Room for a body that most events do not outgrow.
const BODY_BYTES: usize = 8 << 10;

/// One checked route.
#[derive(Debug, Clone)]
pub struct Route {
    /// Name.
    pub name: String,
    /// Topic of the copies.
    pub topic: String,
    /// Names of the subscribers.
    pub to: Vec<String>,
    /// Kinds that it takes.
    pub kinds: Vec<Kind>,
    /// Changes that it takes.
    pub changes: Vec<Change>,
    /// Facility codes that it takes; nothing means all.
    pub facilities: Option<Vec<String>>,
    /// Whether it also takes messages that make no sense, whatever their kind.
    pub invalid: bool,
    /// What the event must fulfil.
    pub condition: Option<Condition>,
    /// What may leave; nothing means the whole event.
    pub disclosure: Option<Arc<Disclosure>>,
    /// On what ground.
    pub basis: Basis,
    /// In what form.
    pub send: Send,
}

impl Route {
    /// The JSON that a subscriber of this route gets: the whole event, or what the disclosure lets out.
    ///
    /// # Errors
    /// If the event can't be written as JSON.
    pub fn body(&self, event: &CanonicalEvent<'_>) -> serde_json::Result<Vec<u8>> {
        let mut body = Vec::with_capacity(BODY_BYTES);
        match &self.disclosure {
            Some(disclosure) => serde_json::to_writer(&mut body, &disclosure.of(event))?,
            None => serde_json::to_writer(&mut body, event)?,
        }
        Ok(body)
    }

    fn takes(&self, event: &CanonicalEvent<'_>, source: Source<'_>) -> bool {
        self.kinds.contains(&event.content.kind())
            && self.changes.contains(&event.change)
            && self.takes_facility(source)
            && self.condition_of(event, &mut Blind) == Verdict::True
    }

    fn takes_facility(&self, source: Source<'_>) -> bool {
        self.facilities.as_ref().is_none_or(|codes| codes.iter().any(|code| code == source.facility))
    }

    fn condition_of<W: Watch>(&self, event: &CanonicalEvent<'_>, watch: &mut W) -> Verdict {
        self.condition.as_ref().map_or(Verdict::True, |condition| condition.test(event, watch))
    }
}

/// One copy that is to be sent.
#[derive(Clone, Copy)]
pub struct Recipient<'r> {
    /// Name of the subscriber.
    pub subscriber: &'r str,
    /// The route that chose it: topic, basis, disclosure, form.
    pub route: &'r Route,
}

impl fmt::Debug for Recipient<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} by {}", self.subscriber, self.route.name)
    }
}

/// The routing table.
#[derive(Debug, Clone, Default)]
pub struct Routes {
    routes: Vec<Route>,
}

impl Routes {
    /// The table of these routes, asked in this order.
    pub fn new(routes: Vec<Route>) -> Self {
        Self { routes }
    }

    /// The routes in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Route> {
        self.routes.iter()
    }

    /// Whether any route takes events of that change.
    pub fn take_change(&self, change: Change) -> bool {
        self.routes.iter().any(|route| route.changes.contains(&change))
    }

    /// Who gets a copy of a message that makes no sense: each subscriber at most once, by the first route that takes
    /// such messages and this change of this facility.
    pub fn decide_invalid<'r>(&'r self, change: Change, source: Source<'_>) -> Vec<Recipient<'r>> {
        self.recipients(|route| {
            route.invalid && route.changes.contains(&change) && route.takes_facility(source)
        })
    }

    /// Who gets a copy of the event: each subscriber at most once, by the first route that matches.
    pub fn decide<'r>(&'r self, event: &CanonicalEvent<'_>, source: Source<'_>) -> Vec<Recipient<'r>> {
        self.recipients(|route| route.takes(event, source))
    }

    fn recipients<'r>(&'r self, takes: impl Fn(&Route) -> bool) -> Vec<Recipient<'r>> {
        let mut recipients: Vec<Recipient<'r>> = Vec::new();
        for route in &self.routes {
            let served = |name: &str| recipients.iter().any(|recipient| recipient.subscriber == name);
            if route.to.iter().all(|name| served(name)) || !takes(route) {
                continue;
            }
            let new: Vec<&str> = route.to.iter().map(String::as_str).filter(|name| !served(name)).collect();
            recipients.extend(new.into_iter().map(|subscriber| Recipient { subscriber, route }));
        }
        recipients
    }

    /// What every route makes of the event, clause by clause.
    pub fn explain(&self, event: &CanonicalEvent<'_>, source: Source<'_>) -> Vec<Explanation<'_>> {
        explain::explain(&self.routes, event, source)
    }
}
