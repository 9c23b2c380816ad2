//! What came of a test's message.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use super::super::rehearsal::{Input, Rehearsal};
use crate::broker::{Publication, topology};
use crate::config::{Config, RouteTest};
use crate::envelope::{Fault, Format};
use crate::ingest::mllp::reply;
use crate::ingest::settings::BYTES_MAX;
use crate::route::{Explanation, Fate, Verdict, static_place};

/// What came out.
#[derive(Debug)]
pub(super) struct Outcome {
    /// The subscribers that get it by the test's route.
    pub(super) to: BTreeSet<String>,
    /// Those that get it by any.
    pub(super) reached: BTreeSet<String>,
    /// The copies of the test's route.
    pub(super) copies: Vec<Leaving>,
    /// Codes.
    pub(super) findings: BTreeSet<String>,
    /// Why the message makes no sense.
    pub(super) fault: Option<Fault>,
    /// What its sender would be answered.
    pub(super) ack: String,
    /// What decided, for each subscriber of the route.
    pub(super) decisions: Vec<Decision>,
}

/// A copy that leaves.
#[derive(Debug)]
pub(super) struct Leaving {
    pub(super) topic: String,
    pub(super) body: Vec<u8>,
}

/// What decided about a subscriber of the test's route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// Subscriber.
    pub subscriber: String,
    /// Whether it gets the message by the route.
    pub receives: bool,
    /// Where in the route: `where.any(results)[3].all[1]`, `basis`.
    pub place: String,
    /// The clause or denial: expected values only, never a patient's.
    pub clause: String,
    /// What it came to.
    pub verdict: &'static str,
    /// Line in `routes.toml`.
    pub line: Option<usize>,
}

impl Decision {
    /// Whether an expectation names it: its text, its place, or both.
    pub(super) fn is(&self, why: &str) -> bool {
        let place = static_place(&self.place);
        why == self.clause || why == place || why == format!("{place}: {}", self.clause)
    }
}

impl Leaving {
    /// As JSON, where it is that.
    pub(super) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

/// Takes a message through.
pub(super) fn of(test: &RouteTest, input: &Input, config: &Config, rehearsal: &Rehearsal<'_>) -> Outcome {
    let came = rehearsal.run(input);
    let copies = &came.processed.follow;
    let own: Vec<_> = copies.iter().filter(|copy| route_of(copy) == Some(&test.route)).collect();
    let to = subscribers(own.iter().copied(), config);
    let fault = came.seen.refused;
    let decisions = match &fault {
        Some(fault) => refused(test, fault, config, &to),
        None => decisions(test, input, rehearsal),
    };
    let line = |decision: Decision| Decision {
        line: config.route_lines.clause(&test.route, &decision.place),
        ..decision
    };
    Outcome {
        reached: subscribers(copies, config),
        copies: own.into_iter().filter_map(leaving).collect(),
        findings: came.seen.findings.iter().map(|finding| finding.code.to_string()).collect(),
        ack: answer(input, config),
        decisions: decisions.into_iter().map(line).collect(),
        to,
        fault,
    }
}

fn route_of(copy: &Publication) -> Option<&String> {
    copy.envelope.event.as_ref().map(|routed| &routed.route)
}

fn leaving(copy: &Publication) -> Option<Leaving> {
    let topic = copy.envelope.event.as_ref()?.topic.clone();
    Some(Leaving { topic, body: copy.body.to_vec() })
}

/// The subscribers that these copies go to.
fn subscribers<'c>(copies: impl IntoIterator<Item = &'c Publication>, config: &Config) -> BTreeSet<String> {
    let queues: Vec<_> = copies.into_iter().flat_map(|copy| &copy.to).map(|(queue, _)| queue).collect();
    let names = config.subscribers.iter().map(|subscriber| &subscriber.name);
    names.filter(|name| queues.contains(&&topology::subscriber(name))).cloned().collect()
}

/// What a connection would answer. Only HL7 v2 comes over one.
fn answer(input: &Input, config: &Config) -> String {
    if input.envelope.format != Format::Hl7v2 {
        return "none".to_owned();
    }
    let mut feeds = config.feeds.iter().map(|feed| &feed.settings);
    let feed = feeds.find(|feed| feed.name == input.envelope.origin.feed);
    reply(&input.original.body, feed.map_or(BYTES_MAX, |feed| feed.bytes_max)).to_string()
}

/// Of a message that makes no sense its fault decides, unless the route takes such.
fn refused(test: &RouteTest, fault: &Fault, config: &Config, to: &BTreeSet<String>) -> Vec<Decision> {
    let route = config.routes.iter().find(|route| route.name == test.route);
    let decision = |subscriber: &String| {
        let receives = to.contains(subscriber);
        let (place, clause) =
            if receives { ("invalid", "a message that makes no sense") } else { ("message", &*fault.code) };
        decision(subscriber, receives, place, clause, Verdict::of(receives))
    };
    route.into_iter().flat_map(|route| &route.to).map(decision).collect()
}

fn decisions(test: &RouteTest, input: &Input, rehearsal: &Rehearsal<'_>) -> Vec<Decision> {
    let explained = rehearsal.look(input, |event, asking| {
        let explanations = rehearsal.routes().explain(event, asking);
        let own = explanations.into_iter().find(|explanation| explanation.route == test.route);
        own.map(|own| own.subscribers.iter().map(|(name, fate)| of_fate(&own, name, fate)).collect())
    });
    explained.ok().flatten().unwrap_or_default()
}

fn of_fate(explanation: &Explanation<'_>, subscriber: &str, fate: &Fate<'_>) -> Decision {
    let no = Verdict::False;
    match fate {
        Fate::Denied(clause) => decision(subscriber, false, "basis", clause, no),
        Fate::ServedBy(_) => decision(subscriber, false, "to", &fate.to_string(), no),
        Fate::NotAddressed => match explanation.decisive().filter(|tested| tested.place == "address") {
            Some(tested) => decision(subscriber, false, "address", &tested.clause, no),
            None => decision(subscriber, false, "address", &fate.to_string(), no),
        },
        Fate::Unmatched | Fate::Receives => {
            let receives = *fate == Fate::Receives;
            let (place, clause, verdict) = explanation
                .decisive()
                .map_or(("", "", no), |tested| (&*tested.place, &*tested.clause, tested.verdict));
            decision(subscriber, receives, place, clause, verdict)
        }
    }
}

fn decision(subscriber: &str, receives: bool, place: &str, clause: &str, verdict: Verdict) -> Decision {
    Decision {
        subscriber: subscriber.to_owned(),
        receives,
        place: place.to_owned(),
        clause: clause.to_owned(),
        verdict: verdict.as_str(),
        line: None,
    }
}
