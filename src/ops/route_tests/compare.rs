//! What came of a test's message, against what was expected.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde::Serialize;
use serde_json::Value;

use super::body;
use super::outcome::{Decision, Leaving, Outcome};
use crate::config::{Config, Expectation, RouteTest, Why};

/// One thing that came out differently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The key of the expectation: `to`, `topic`, `disclosed` …; `expect` where nothing is expected yet.
    pub key: &'static str,
    /// What was expected, line by line.
    pub expected: Vec<String>,
    /// What came out, line by line.
    pub found: Vec<String>,
    /// What leaves though it was not expected to: subscribers, fields or texts.
    pub widening: Vec<String>,
}

/// Everything that is not as the test expects it.
pub(super) fn differences(test: &RouteTest, config: &Config, outcome: &Outcome) -> Vec<Difference> {
    let Some(expect) = &test.expect else { return vec![nothing_expected(outcome)] };
    let mut found = Differences::default();
    found.fault(expect, outcome, takes_invalid(test, config));
    let to: BTreeSet<_> = expect.to.iter().cloned().collect();
    found.push("to", &to, &outcome.to, outcome.to.difference(&to).cloned().collect());
    let reached: Vec<_> = expect.not_to.iter().filter(|name| outcome.reached.contains(*name)).collect();
    if !reached.is_empty() {
        let gets = reached.iter().map(|name| format!("{name} gets it")).collect();
        let names = reached.iter().map(|name| (*name).clone()).collect();
        found.tell("not_to", reached.iter().map(|name| format!("nothing for {name}")).collect(), gets, names);
    }
    found.why(expect.why.as_ref(), &outcome.decisions);
    let mut copies = outcome.copies.iter();
    if let (None, false) = (copies.next(), expect.fields.is_empty()) {
        found.tell("fields", lines_of(&expect.fields), vec!["nothing leaves".to_owned()], Vec::new());
    }
    outcome.copies.iter().for_each(|copy| found.copy(copy, expect));
    if let Some(codes) = &expect.findings {
        found.push("findings", &codes.iter().cloned().collect(), &outcome.findings, Vec::new());
    }
    if let Some(ack) = expect.ack.as_ref().filter(|ack| **ack != outcome.ack) {
        found.tell("ack", vec![ack.clone()], vec![outcome.ack.clone()], Vec::new());
    }
    found.0
}

/// Of a test that nobody has finished yet: what came out.
fn nothing_expected(outcome: &Outcome) -> Difference {
    let found = match outcome.to.is_empty() {
        true => "nothing leaves by this route".to_owned(),
        false => format!("it goes to {}", Vec::from_iter(outcome.to.iter().map(String::as_str)).join(", ")),
    };
    Difference { key: "expect", expected: Vec::new(), found: vec![found], widening: Vec::new() }
}

/// Whether the test's route takes messages that make no sense.
fn takes_invalid(test: &RouteTest, config: &Config) -> bool {
    config.routes.iter().any(|route| route.name == test.route && route.invalid)
}

/// The subscribers that `why` is about, where it is one text.
pub(super) fn together(decisions: &[Decision]) -> Vec<&Decision> {
    let denied: Vec<_> = decisions.iter().filter(|decision| !decision.receives).collect();
    if denied.is_empty() { decisions.iter().collect() } else { denied }
}

/// Values as lines, each with its path.
fn lines_of(values: &BTreeMap<String, String>) -> Vec<String> {
    values.iter().map(|(path, value)| format!("{path} = {value}")).collect()
}

#[derive(Default)]
struct Differences(Vec<Difference>);

impl Differences {
    fn tell(&mut self, key: &'static str, expected: Vec<String>, found: Vec<String>, widening: Vec<String>) {
        let difference = Difference { key, expected, found, widening };
        // Two copies may differ alike.
        if !self.0.contains(&difference) {
            self.0.push(difference);
        }
    }

    /// Two sets that must be the same.
    fn push(
        &mut self,
        key: &'static str,
        expected: &BTreeSet<String>,
        found: &BTreeSet<String>,
        widening: Vec<String>,
    ) {
        if expected != found {
            self.tell(key, expected.iter().cloned().collect(), found.iter().cloned().collect(), widening);
        }
    }

    fn fault(&mut self, expect: &Expectation, outcome: &Outcome, takes_invalid: bool) {
        let found = outcome.fault.as_ref();
        let is_expected = match &expect.fault {
            Some(code) => found.is_some_and(|fault| fault.code == *code),
            None => found.is_none() || takes_invalid,
        };
        if !is_expected {
            let expected = expect.fault.clone().unwrap_or_else(|| "an event".to_owned());
            let told = found.map(|fault| format!("{}: {} (at {})", fault.code, fault.reason, fault.place));
            let told = told.unwrap_or_else(|| "an event".to_owned());
            self.tell("fault", vec![expected], vec![told], Vec::new());
        }
    }

    fn why(&mut self, why: Option<&Why>, decisions: &[Decision]) {
        let told = |decision: &Decision| format!("{}: {}", decision.subscriber, decision.clause);
        let wanted: Vec<(&Decision, &str)> = match why {
            None => Vec::new(),
            Some(Why::Together(text)) => {
                together(decisions).into_iter().map(|decision| (decision, text.as_str())).collect()
            }
            Some(Why::Each(texts)) => {
                let text = |decision: &Decision| texts.get(&decision.subscriber).map(String::as_str);
                decisions.iter().filter_map(|decision| Some((decision, text(decision)?))).collect()
            }
        };
        let other: Vec<_> = wanted.into_iter().filter(|(decision, why)| !decision.is(why)).collect();
        if !other.is_empty() {
            let expected =
                other.iter().map(|(decision, why)| format!("{}: {why}", decision.subscriber)).collect();
            self.tell(
                "why",
                expected,
                other.iter().map(|(decision, _)| told(decision)).collect(),
                Vec::new(),
            );
        }
    }

    /// What is told of the copies.
    fn copy(&mut self, copy: &Leaving, expect: &Expectation) {
        if let Some(topic) = expect.topic.as_ref().filter(|topic| **topic != copy.topic) {
            self.tell("topic", vec![topic.clone()], vec![copy.topic.clone()], Vec::new());
        }
        let json = copy.json().unwrap_or(Value::Null);
        let sent = body::paths(&json);
        if let Some(disclosed) = &expect.disclosed {
            let disclosed = disclosed.iter().cloned().collect();
            self.push("disclosed", &disclosed, &sent, sent.difference(&disclosed).cloned().collect());
        }
        let is_withheld = |path: &&String| expect.withheld.iter().any(|field| body::is_within(path, field));
        let leaving: Vec<_> = sent.iter().filter(is_withheld).cloned().collect();
        if !leaving.is_empty() {
            let expected = expect
                .withheld
                .iter()
                .filter(|field| leaving.iter().any(|path| body::is_within(path, field)));
            let expected = expected.map(|field| format!("nothing of {field}")).collect();
            self.tell(
                "withheld",
                expected,
                leaving.iter().map(|path| format!("{path} leaves")).collect(),
                leaving,
            );
        }
        let text = String::from_utf8_lossy(&copy.body);
        let standing: Vec<_> =
            expect.without.iter().filter(|word| text.contains(word.as_str())).cloned().collect();
        if !standing.is_empty() {
            let expected = standing.iter().map(|word| format!("no \"{word}\"")).collect();
            let found = standing.iter().map(|word| format!("\"{word}\" leaves")).collect();
            self.tell("without", expected, found, standing);
        }
        self.fields(&json, expect);
        self.body(copy, expect);
    }

    fn fields(&mut self, json: &Value, expect: &Expectation) {
        let (mut expected, mut found) = (Vec::new(), Vec::new());
        for (path, value) in &expect.fields {
            let sent = body::value(json, path);
            if sent.as_ref() != Some(value) {
                expected.push(format!("{path} = {value}"));
                found.push(
                    sent.map_or_else(|| format!("{path} does not leave"), |sent| format!("{path} = {sent}")),
                );
            }
        }
        if !expected.is_empty() {
            self.tell("fields", expected, found, Vec::new());
        }
    }

    /// All that leaves, against a file.
    fn body(&mut self, copy: &Leaving, expect: &Expectation) {
        let Some(path) = &expect.body else { return };
        let found = Leaf::of(&copy.body);
        match fs::read(path) {
            Ok(bytes) if Leaf::of(&bytes) == found => {}
            Ok(bytes) => {
                let expected = Leaf::of(&bytes);
                self.tell("body", expected.lines(), found.lines(), found.beyond(&expected));
            }
            Err(error) => {
                let expected = format!("{} can't be read: {error}", path.display());
                self.tell("body", vec![expected], found.lines(), Vec::new());
            }
        }
    }
}

/// A body, so far as it is compared.
#[derive(PartialEq)]
enum Leaf {
    /// Values by path: their order and the white space between them say nothing.
    Json(BTreeMap<String, String>),
    Text(String),
    /// Bytes, by their hash.
    Bytes(String),
}

impl Leaf {
    fn of(bytes: &[u8]) -> Self {
        if let Ok(json) = serde_json::from_slice::<Value>(bytes) {
            return Self::Json(body::values(&json));
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::Text(text.to_owned()),
            Err(_) => Self::Bytes(blake3::hash(bytes).to_hex().to_string()),
        }
    }

    fn lines(&self) -> Vec<String> {
        match self {
            Self::Json(values) => lines_of(values),
            Self::Text(text) => text.lines().map(str::to_owned).collect(),
            Self::Bytes(hash) => vec![format!("bytes with the BLAKE3 hash {hash}")],
        }
    }

    /// What leaves beyond the expected: paths of JSON; of all else every other line, because nobody can say what it is.
    fn beyond(&self, expected: &Self) -> Vec<String> {
        match (self, expected) {
            (Self::Json(found), Self::Json(expected)) => {
                found.keys().filter(|path| !expected.contains_key(*path)).cloned().collect()
            }
            _ => {
                let expected: BTreeSet<_> = expected.lines().into_iter().collect();
                self.lines().into_iter().filter(|line| !expected.contains(line)).collect()
            }
        }
    }
}
