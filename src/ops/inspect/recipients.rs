//! What each route makes of an event for each of its subscribers: the clause that decided with its line, the basis and
//! its records.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::copies::Copy;
use super::{FileSource, Given};
use crate::canonical::CanonicalEvent;
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, Lines};
use crate::registry::{Fact, RecordId, Registry};
use crate::route::{self, Asking, Explanation, Fate, Recipient, Route, Send};

/// What a route made of the event, for one subscriber.
#[derive(Debug, Serialize)]
pub struct RecipientDecision {
    /// Subscriber.
    pub subscriber: String,
    /// Route.
    pub route: String,
    /// Whether it gets a copy by this route.
    pub receives: bool,
    /// `receives`, `served-by`, `not-addressed`, `denied`, `unmatched`.
    pub outcome: &'static str,
    /// The clauses that were tested, the last one decided. Never shows a patient's value.
    pub why: Vec<String>,
    /// The same in their parts, without what became of the subscriber after them.
    pub clauses: Vec<ClauseSeen>,
    /// Clauses before the last one that are not told, because there are very many.
    pub clauses_left_out: usize,
    /// What decided after the clauses: the earlier route, the address or the basis.
    pub reason: Option<String>,
    /// Line of the route's name in `routes.toml`.
    pub route_line: Option<usize>,
    /// Line of the clause that decided.
    pub line: Option<usize>,
    /// Topic of the copy.
    pub topic: String,
    /// On what ground.
    pub basis: &'static str,
    /// What for, where consent is asked for.
    pub purpose: Option<&'static str>,
    /// `canonical`, `original`, `fhir`, `icalendar`.
    pub send: &'static str,
    /// The disclosure, where only a part leaves.
    pub disclosure: Option<String>,
    /// Records that the permission rests on.
    pub grounds: Vec<Ground>,
    /// Sensitive categories that are left out of the copy.
    pub withheld: Vec<&'static str>,
    /// Versions of the tables that the route reads, by their names.
    pub tables: BTreeMap<String, String>,
    /// What would leave, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copy: Option<Copy>,
}

/// A tested clause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClauseSeen {
    /// Where in the route: `where.any(results)[3].all[1]`.
    pub place: String,
    /// The clause with the expected value.
    pub clause: String,
    /// `true`, `false`, `undecided`.
    pub verdict: &'static str,
    /// Its line in `routes.toml`.
    pub line: Option<usize>,
}

/// A record that a permission rests on; it does not name the patient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ground {
    /// Its id.
    pub record: String,
    /// `member`, `link`, `view-consent` …
    pub fact: &'static str,
    /// The facility that it is about, where it is about one.
    pub facility: Option<String>,
    /// From when it is in force.
    pub from: Option<Timestamp>,
    /// Until when; nothing while no end is known.
    pub until: Option<Timestamp>,
}

/// Clauses of one route that are shown.
const CLAUSES_MAX: usize = 60;

/// What becomes of the event at every route, for every subscriber.
pub(super) fn recipients(
    config: &Config,
    event: &CanonicalEvent<'_>,
    source: &FileSource,
    given: Given<'_>,
) -> Vec<RecipientDecision> {
    let nobody = Registry::default();
    let asking = Asking {
        source: route::Source {
            feed: source.feed.as_deref().unwrap_or_default(),
            facility: source.facility.as_deref().unwrap_or_default(),
        },
        registry: given.registry.unwrap_or(&nobody),
        at: given.at.unwrap_or_else(|| SystemClock.now()),
    };
    let decided = config.routes.decide(event, &asking);
    let explanations = config.routes.explain(event, &asking);
    // One explanation for each route, in the same order.
    let routes = config.routes.iter().zip(explanations);
    let decisions = routes.flat_map(|(route, explanation)| {
        let told = Told { route, lines: &config.route_lines, explanation: &explanation };
        let decision = |(subscriber, fate): &(&str, Fate<'_>)| {
            let granted = decided.recipients.iter().find(|granted| granted.subscriber == *subscriber);
            let granted = granted.filter(|_| *fate == Fate::Receives);
            told.decision(subscriber, fate, granted, asking.registry)
        };
        explanation.subscribers.iter().map(decision).collect::<Vec<_>>()
    });
    decisions.collect()
}

struct Told<'t> {
    route: &'t Route,
    lines: &'t Lines,
    explanation: &'t Explanation<'t>,
}

impl Told<'_> {
    fn decision(
        &self,
        subscriber: &str,
        fate: &Fate<'_>,
        granted: Option<&Recipient<'_>>,
        registry: &Registry,
    ) -> RecipientDecision {
        let (route, name) = (self.route, self.explanation.route);
        let reason = (!matches!(fate, Fate::Receives | Fate::Unmatched)).then(|| fate.to_string());
        let (clauses, clauses_left_out) = self.clauses();
        let shown = clauses.iter().map(|seen| format!("{}: {} -> {}", seen.place, seen.clause, seen.verdict));
        let tables = self.explanation.tables.iter();
        let place = match fate {
            Fate::NotAddressed => "address",
            Fate::Denied(_) => "basis",
            Fate::ServedBy(_) => "to",
            Fate::Receives | Fate::Unmatched => clauses.last().map_or("name", |last| last.place.as_str()),
        };
        RecipientDecision {
            subscriber: subscriber.to_owned(),
            route: name.to_owned(),
            receives: *fate == Fate::Receives,
            outcome: outcome(fate),
            why: shown.chain(reason.clone()).collect(),
            reason,
            route_line: self.lines.route(name),
            line: self.lines.clause(name, place),
            clauses,
            clauses_left_out,
            topic: route.topic.clone(),
            basis: route.basis.as_str(),
            purpose: route.purpose.map(crate::registry::Purpose::as_str),
            send: sent(route.send),
            disclosure: route.disclosure.as_ref().map(|disclosure| disclosure.name.clone()),
            grounds: granted
                .iter()
                .flat_map(|granted| &granted.grant.grounds)
                .map(|id| ground(id, registry))
                .collect(),
            withheld: granted
                .iter()
                .flat_map(|granted| &granted.withheld)
                .map(|word| word.as_str())
                .collect(),
            tables: tables.map(|(name, version)| ((*name).to_owned(), (*version).to_owned())).collect(),
            copy: None,
        }
    }

    /// The first clauses, and the last.
    fn clauses(&self) -> (Vec<ClauseSeen>, usize) {
        let Explanation { tested, left_out, route, .. } = self.explanation;
        let surplus = tested.len().saturating_sub(CLAUSES_MAX);
        let is_shown = |index: usize| surplus == 0 || index + 1 < CLAUSES_MAX || index + 1 == tested.len();
        let shown = tested.iter().enumerate().filter(|(index, _)| is_shown(*index));
        let clauses = shown.map(|(_, tested)| ClauseSeen {
            place: tested.place.clone(),
            clause: tested.clause.clone(),
            verdict: tested.verdict.as_str(),
            line: self.lines.clause(route, &tested.place),
        });
        (clauses.collect(), surplus + left_out)
    }
}

const fn outcome(fate: &Fate<'_>) -> &'static str {
    match fate {
        Fate::Receives => "receives",
        Fate::ServedBy(_) => "served-by",
        Fate::NotAddressed => "not-addressed",
        Fate::Denied(_) => "denied",
        Fate::Unmatched => "unmatched",
    }
}

const fn sent(send: Send) -> &'static str {
    match send {
        Send::Canonical => "canonical",
        Send::Original => "original",
        Send::Fhir => "fhir",
        Send::ICalendar => "icalendar",
    }
}

/// What the registry has under that id.
pub(in crate::ops) fn ground(id: &RecordId, registry: &Registry) -> Ground {
    let fact = registry.record(id).map(|entry| &entry.fact);
    let period = fact.map(Fact::period);
    Ground {
        record: id.0.clone(),
        fact: fact.map_or("unknown", Fact::as_str),
        facility: fact.and_then(Fact::facility).map(str::to_owned),
        from: period.map(|period| period.from),
        until: period.and_then(|period| period.until),
    }
}
