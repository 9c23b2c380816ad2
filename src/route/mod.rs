//! Stage 4: a canonical event and the routing table give the recipient list. Pure: no I/O, not async.
//!
//! [`Routes::decide`] asks every route in the order of `routes.toml`. A subscriber gets at most one copy of an
//! event: the first route that matches and names it decides topic, basis and disclosure. A later route can't
//! widen what an earlier one disclosed.

mod address;
mod area;
mod band;
mod clauses;
mod compare;
mod condition;
mod contract;
mod disclose;
mod explain;
mod filter;
mod lookup;
mod meeting;
mod probe;
mod sensitive;
mod suppose;
mod table;
mod transform;
mod watch;
mod wider;
mod withhold;

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

pub use address::{Address, Named, exactly_one};
pub use area::Areas;
pub use band::Bands;
pub use clauses::{Sides, WrittenClause, static_place};
pub use compare::{Bound, Expected, Operator, Relation, Test};
pub use condition::{Clause, Condition, Each, Verdict};
pub use disclose::{Disclose, Disclosure};
pub use explain::{Explanation, Fate};
pub use lookup::Lookup;
pub use probe::{Path, Scalar, UNMAPPED, Visit, keys, probe};
pub use sensitive::{COLUMNS as SENSITIVE_COLUMNS, Categories, Sensitive};
pub use suppose::{Supposed, Supposing};
pub use table::{Pattern, Table, Versions};
pub use transform::{REDACTED, Transform, Unit};
pub use watch::Tested;

use crate::canonical::{CanonicalEvent, Kind};
use crate::envelope::{Change, ReceiptTo};
use crate::registry::{Answer, Asked, Grant, Registry};
pub use crate::registry::{Basis, Purpose};
use watch::{Blind, Report, Watch};

/// In what form a copy leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Send {
    /// The canonical event, or the disclosed part of it.
    Canonical,
    /// The source's own bytes, untouched.
    Original,
    /// The event as a FHIR Bundle.
    Fhir,
    /// The appointment as an iCalendar invitation.
    ICalendar,
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
    /// Which of the subscribers get it; nothing means all.
    pub address: Option<Address>,
    /// The subscriber that gets it where exactly one addressee is needed and there is not.
    pub otherwise: Option<String>,
    /// On what ground.
    pub basis: Basis,
    /// What for; there is one with [`Basis::ViewConsent`].
    pub purpose: Option<Purpose>,
    /// Who is told when a copy was delivered, or given up.
    pub receipt: Option<ReceiptTo>,
    /// In what form.
    pub send: Send,
    /// Hosts of web conferences whose links an invitation may hold.
    pub meeting_hosts: Vec<String>,
}

impl Route {
    /// The JSON that a subscriber of this route gets: the whole event, or what the disclosure lets out.
    ///
    /// # Errors
    /// If the event can't be written as JSON.
    pub fn body(&self, event: &CanonicalEvent<'_>, context: &Disclose<'_>) -> serde_json::Result<Vec<u8>> {
        let mut body = Vec::with_capacity(BODY_BYTES);
        match &self.disclosure {
            Some(disclosure) => serde_json::to_writer(&mut body, &disclosure.of(event, context))?,
            None => serde_json::to_writer(&mut body, event)?,
        }
        Ok(body)
    }

    /// The tables that its condition and its disclosure read, with their versions.
    pub fn tables(&self) -> Versions<'_> {
        let mut tables = self.disclosure.as_ref().map(|disclosure| disclosure.tables()).unwrap_or_default();
        if let Some(condition) = &self.condition {
            condition.each_table(&mut |table| table.note(&mut tables));
        }
        tables
    }

    fn takes(&self, event: &CanonicalEvent<'_>, source: Source<'_>) -> bool {
        self.kinds.contains(&event.content.kind())
            && self.changes.contains(&event.change)
            && self.takes_facility(source)
            && self.condition_of(event, &mut Blind) == Verdict::True
            && self.has_body(event)
    }

    fn takes_facility(&self, source: Source<'_>) -> bool {
        self.facilities.as_ref().is_none_or(|codes| codes.iter().any(|code| code == source.facility))
    }

    fn condition_of<W: Watch>(&self, event: &CanonicalEvent<'_>, watch: &mut W) -> Verdict {
        self.condition.as_ref().map_or(Verdict::True, |condition| condition.test(event, watch))
    }
}

/// Where and when a decision is made.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a> {
    /// Who sent the message.
    pub source: Source<'a>,
    /// Facilities, patients and consents.
    pub registry: &'a Registry,
    /// When.
    pub at: Timestamp,
}

/// One copy that is to be sent.
#[derive(Clone)]
pub struct Recipient<'r> {
    /// Name of the subscriber.
    pub subscriber: &'r str,
    /// The route that chose it: topic, basis, disclosure, form.
    pub route: &'r Route,
    /// What the permission rests on.
    pub grant: Grant,
    /// What is sensitive in the event and is left out of the copy.
    pub withheld: Categories,
}

impl fmt::Debug for Recipient<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} by {}", self.subscriber, self.route.name)
    }
}

/// A copy that is not sent, though the route matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial<'r> {
    /// Name of the subscriber.
    pub subscriber: &'r str,
    /// The route.
    pub route: &'r str,
    /// The clause that decided: no patient data.
    pub clause: Cow<'static, str>,
}

/// Who gets a copy of an event, and who does not though a route matches.
#[derive(Debug, Clone, Default)]
pub struct Decided<'r> {
    /// Copies, each subscriber at most once.
    pub recipients: Vec<Recipient<'r>>,
    /// What no later route granted either is among them too.
    pub denials: Vec<Denial<'r>>,
}

/// The routing table.
#[derive(Debug, Clone, Default)]
pub struct Routes {
    routes: Vec<Route>,
    /// The facility of each subscriber that belongs to one.
    facilities: BTreeMap<String, String>,
    /// What is withheld where consent is asked for.
    sensitive: Sensitive,
}

/// An event that is asked about, and what is sensitive in it once somebody wanted to know.
struct Subject<'e, 'm> {
    event: &'e CanonicalEvent<'m>,
    sensitive: OnceCell<Categories>,
}

impl<'e, 'm> Subject<'e, 'm> {
    const fn of(event: &'e CanonicalEvent<'m>) -> Self {
        Self { event, sensitive: OnceCell::new() }
    }
}

impl Routes {
    /// The table of these routes, asked in this order.
    pub fn new(routes: Vec<Route>) -> Self {
        Self { routes, ..Self::default() }
    }

    /// The same, withholding this where consent is asked for.
    #[must_use]
    pub fn with_sensitive(self, sensitive: Sensitive) -> Self {
        Self { sensitive, ..self }
    }

    /// The same, knowing the facility of each subscriber that belongs to one.
    #[must_use]
    pub fn with_facilities(self, facilities: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { facilities: facilities.into_iter().collect(), ..self }
    }

    /// The routes in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Route> {
        self.routes.iter()
    }

    /// The tables that a decision by that route reads, with their versions.
    pub fn tables<'r>(&'r self, route: &'r Route) -> Versions<'r> {
        let mut tables = route.tables();
        if route.basis == Basis::ViewConsent {
            self.sensitive.note(&mut tables);
        }
        tables
    }

    /// What of the event a recipient may be sent: without what is withheld from it.
    pub fn share<'e, 'm>(
        &self,
        event: &'e CanonicalEvent<'m>,
        recipient: &Recipient<'_>,
    ) -> Option<Cow<'e, CanonicalEvent<'m>>> {
        if recipient.withheld.is_empty() {
            return Some(Cow::Borrowed(event));
        }
        self.sensitive.withhold(event, &shown(&recipient.grant)).map(Cow::Owned)
    }

    /// The facility of a subscriber.
    pub fn facility_of(&self, subscriber: &str) -> Option<&str> {
        self.facilities.get(subscriber).map(String::as_str)
    }

    /// Whether any route takes events of that change.
    pub fn take_change(&self, change: Change) -> bool {
        self.routes.iter().any(|route| route.changes.contains(&change))
    }

    /// Who gets a copy of a message that makes no sense: each subscriber at most once, by the first route that takes
    /// such messages and this change of this facility.
    pub fn decide_invalid<'r>(&'r self, change: Change, asking: &Asking<'_>) -> Decided<'r> {
        let mut decided = Decided::default();
        let takes = |route: &&Route| {
            route.invalid && route.changes.contains(&change) && route.takes_facility(asking.source)
        };
        for route in self.routes.iter().filter(takes) {
            decided.ask(self, route, route.to.iter().map(String::as_str), None, asking);
        }
        decided
    }

    /// Who gets a copy of the event: each subscriber at most once, by the first route that matches, names it and is
    /// allowed to.
    pub fn decide<'r>(&'r self, event: &CanonicalEvent<'_>, asking: &Asking<'_>) -> Decided<'r> {
        let mut decided = Decided::default();
        let subject = Subject::of(event);
        for route in &self.routes {
            decided.by(self, route, &subject, asking);
        }
        decided
    }

    /// The subscribers of a route that an event is for.
    fn addressees<'r>(
        &'r self,
        route: &'r Route,
        event: &CanonicalEvent<'_>,
        asking: &Asking<'_>,
    ) -> Result<Vec<&'r str>, Cow<'static, str>> {
        let all = route.to.iter().map(String::as_str);
        let Some(address) = route.address else { return Ok(all.collect()) };
        let candidates = route.to.iter().filter_map(|name| self.facility_of(name));
        let named = address.facilities(event, asking, candidates);
        let of = |name: &&str| {
            self.facility_of(name).is_some_and(|code| named.iter().any(|named| named.code == Some(code)))
        };
        address.exactly(all.filter(of).collect(), &named)
    }

    /// What every route makes of the event, clause by clause.
    pub fn explain(&self, event: &CanonicalEvent<'_>, asking: &Asking<'_>) -> Vec<Explanation<'_>> {
        explain::explain(self, event, asking)
    }
}

impl<'r> Decided<'r> {
    fn serves(&self, name: &str) -> bool {
        self.recipients.iter().any(|recipient| recipient.subscriber == name)
    }

    /// Asks one route, after those that stand before it.
    fn by(&mut self, routes: &'r Routes, route: &'r Route, subject: &Subject<'_, '_>, asking: &Asking<'_>) {
        if route.to.iter().all(|name| self.serves(name)) || !route.takes(subject.event, asking.source) {
            return;
        }
        match routes.addressees(route, subject.event, asking) {
            Ok(names) => self.ask(routes, route, names, Some(subject), asking),
            Err(clause) => self.not_addressed(routes, route, clause, subject, asking),
        }
    }

    /// Asks the registry for each subscriber that has no copy yet.
    fn ask(
        &mut self,
        routes: &'r Routes,
        route: &'r Route,
        names: impl IntoIterator<Item = &'r str>,
        subject: Option<&Subject<'_, '_>>,
        asking: &Asking<'_>,
    ) {
        for subscriber in names {
            if self.serves(subscriber) {
                continue;
            }
            match routes.may(route, subscriber, subject, asking) {
                Ok((grant, withheld)) => {
                    self.recipients.push(Recipient { subscriber, route, grant, withheld });
                }
                Err(clause) => {
                    self.denials.push(Denial { subscriber, route: &route.name, clause });
                }
            }
        }
    }

    /// There is not exactly one addressee: somebody has to look at it, if the route's basis lets them.
    fn not_addressed(
        &mut self,
        routes: &'r Routes,
        route: &'r Route,
        clause: Cow<'static, str>,
        subject: &Subject<'_, '_>,
        asking: &Asking<'_>,
    ) {
        let denied = |subscriber| Denial { subscriber, route: &route.name, clause: clause.clone() };
        self.denials.extend(route.to.iter().map(|subscriber| denied(subscriber)));
        self.ask(routes, route, route.otherwise.as_deref(), Some(subject), asking);
    }
}

impl Routes {
    /// Whether a copy may go there: on what, and without what; else the clause that decided.
    fn may(
        &self,
        route: &Route,
        subscriber: &str,
        subject: Option<&Subject<'_, '_>>,
        asking: &Asking<'_>,
    ) -> Result<(Grant, Categories), Cow<'static, str>> {
        let patient = subject.and_then(|subject| subject.event.patient.as_ref()).map(|patient| &*patient.id);
        let viewer = self.facility_of(subscriber);
        let answer = asking.registry.may(&Asked {
            basis: route.basis,
            purpose: route.purpose,
            source: asking.source.facility,
            patient,
            viewer,
            at: asking.at,
        });
        let mut grant = match answer {
            Answer::Granted(grant) => grant,
            Answer::Denied(clause) => return Err(clause),
        };
        let recorded = route.address.map(|address| address.recorded(patient.unwrap_or_default(), asking));
        let by_record = recorded.into_iter().flatten().filter(|(code, _)| Some(*code) == viewer);
        grant.grounds.extend(by_record.map(|(_, record)| record.clone()));
        let withheld = match subject.filter(|_| route.basis == Basis::ViewConsent) {
            Some(subject) => self.withheld(route, subject, &grant)?,
            None => Categories::new(),
        };
        Ok((grant, withheld))
    }

    /// What is sensitive in an event and not shown, if the rest may go without it; else the clause that decided.
    fn withheld(
        &self,
        route: &Route,
        subject: &Subject<'_, '_>,
        grant: &Grant,
    ) -> Result<Categories, Cow<'static, str>> {
        let found = subject.sensitive.get_or_init(|| self.sensitive.in_event(subject.event));
        let shows = shown(grant);
        let withheld: Categories = found.difference(&shows).copied().collect();
        if withheld.is_empty() {
            return Ok(withheld);
        }
        let words: Vec<_> = withheld.iter().map(|category| category.as_str()).collect();
        let words = words.join(", ");
        if route.send == Send::Original {
            return Err(format!("sensitive ({words}): nothing can be left out of the original").into());
        }
        match self.sensitive.withhold(subject.event, &shows) {
            Some(_) => Ok(withheld),
            None => Err(format!("sensitive ({words}): it can't go without that").into()),
        }
    }
}

/// What the patient's consent shows.
fn shown(grant: &Grant) -> Categories {
    grant.shows.iter().copied().collect()
}
