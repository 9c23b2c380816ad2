//! What came of a test's message, against what was expected.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::inspect::InspectedMessage;
use super::Difference;
use crate::broker::{Publication, topology};
use crate::config::{Config, Expectation, RouteTest};

/// Everything that is not as the test expects it.
pub(super) fn differences(
    test: &RouteTest,
    config: &Config,
    copies: &[Publication],
    seen: &InspectedMessage,
) -> Vec<Difference> {
    let Expectation { to, not_to, findings, .. } = &test.expect;
    let is_own =
        |copy: &&Publication| copy.envelope.event.as_ref().is_some_and(|routed| routed.route == test.route);
    let own: Vec<_> = copies.iter().filter(is_own).collect();
    let mut found = Differences::default();
    if let Some(fault) = seen.refused.as_ref().filter(|_| !takes_invalid(test, config)) {
        let told = format!("{}: {} (at {})", fault.code, fault.reason, fault.place);
        found.push("message", "an event".to_owned(), told);
    }
    found.sets("to", to, &subscribers(own.iter().copied(), config));
    let reached = subscribers(copies, config);
    if let Some(name) = not_to.iter().find(|name| reached.contains(*name)) {
        found.push("not_to", format!("nothing for {name}"), format!("{name} gets it"));
    }
    own.iter().for_each(|copy| found.copy(copy, &test.expect));
    if let Some(codes) = findings {
        let seen = seen.findings.iter().map(|finding| finding.code.to_string());
        found.sets("findings", codes, &seen.collect());
    }
    found.0
}

/// Whether the test's route takes messages that make no sense.
fn takes_invalid(test: &RouteTest, config: &Config) -> bool {
    config.routes.iter().any(|route| route.name == test.route && route.invalid)
}

/// The subscribers that these copies go to.
fn subscribers<'c>(copies: impl IntoIterator<Item = &'c Publication>, config: &Config) -> BTreeSet<String> {
    let queues: Vec<_> = copies.into_iter().flat_map(|copy| &copy.to).map(|(queue, _)| queue).collect();
    let names = config.subscribers.iter().map(|subscriber| &subscriber.name);
    names.filter(|name| queues.contains(&&topology::subscriber(name))).cloned().collect()
}

/// Whether a path is that field, or lies below it.
fn is_within(path: &str, field: &str) -> bool {
    path.strip_prefix(field).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Paths of all values that leave, through lists; not those that always do.
fn paths(body: &[u8]) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    if let Ok(value) = serde_json::from_slice(body) {
        walk(&value, "", &mut paths);
    }
    paths
}

fn walk(value: &Value, path: &str, paths: &mut BTreeSet<String>) {
    match value {
        Value::Array(elements) => elements.iter().for_each(|element| walk(element, path, paths)),
        Value::Object(fields) => {
            for (key, field) in fields.iter().filter(|(key, _)| *key != "at") {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                walk(field, &path, paths);
            }
        }
        Value::Null => {}
        _ if path == "change" => {}
        _ => drop(paths.insert(path.to_owned())),
    }
}

#[derive(Default)]
struct Differences(Vec<Difference>);

impl Differences {
    fn push(&mut self, key: &'static str, expected: String, found: String) {
        self.0.push(Difference { key, expected, found });
    }

    /// What is told of the copies.
    fn copy(&mut self, copy: &Publication, expect: &Expectation) {
        let Expectation { topic, disclosed, withheld, without, .. } = expect;
        let sent = copy.envelope.event.as_ref().map_or("", |routed| routed.topic.as_str());
        if let Some(topic) = topic.as_ref().filter(|topic| *topic != sent) {
            self.push("topic", topic.clone(), sent.to_owned());
        }
        let sent = paths(&copy.body);
        if let Some(disclosed) = disclosed {
            self.sets("disclosed", disclosed, &sent);
        }
        if let Some(path) = sent.iter().find(|path| withheld.iter().any(|field| is_within(path, field))) {
            self.push("withheld", withheld.join(", "), format!("{path} leaves"));
        }
        let body = String::from_utf8_lossy(&copy.body);
        if let Some(text) = without.iter().find(|text| body.contains(text.as_str())) {
            self.push("without", without.join(", "), format!("{text} leaves"));
        }
    }

    /// Two sets that must be the same: tells what of each is not in the other.
    fn sets(&mut self, key: &'static str, expected: &[String], found: &BTreeSet<String>) {
        let expected: BTreeSet<String> = expected.iter().cloned().collect();
        let (missing, extra): (Vec<_>, Vec<_>) =
            (expected.difference(found).collect(), found.difference(&expected).collect());
        if missing.is_empty() && extra.is_empty() {
            return;
        }
        self.push(
            key,
            all(&expected),
            format!("{}{}{}", all(found), told("missing", &missing), told("too many", &extra)),
        );
    }
}

fn all(names: &BTreeSet<String>) -> String {
    if names.is_empty() {
        "nothing".to_owned()
    } else {
        Vec::from_iter(names.iter().map(String::as_str)).join(", ")
    }
}

fn told(word: &str, names: &[&String]) -> String {
    if names.is_empty() {
        String::new()
    } else {
        format!("; {word}: {}", Vec::from_iter(names.iter().map(|name| name.as_str())).join(", "))
    }
}
