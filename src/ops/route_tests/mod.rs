//! Route tests: the message of each goes through the stages as at a router, and what leaves is compared with what is
//! expected of its route.

mod compare;
mod document;
mod input;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;

use crate::config::{Config, RouteTest};
use crate::envelope::{Fault, Lane};
use crate::pipeline::{Processed, Pseudonyms, Routing, process};
use crate::registry::{Registry, View};

/// What came of all tests.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Each test, in the order of `routes.toml`.
    pub tests: Vec<TestResult>,
    /// Routes without a test whose message they take.
    pub never_taken: Vec<String>,
    /// Routes with a condition, without a test whose message they refuse.
    pub never_refused: Vec<String>,
}

/// What came of one test.
#[derive(Debug, Serialize)]
pub struct TestResult {
    /// Route that it stands at.
    pub route: String,
    /// What it shows.
    pub name: String,
    /// Why its message could not be read at all.
    pub unreadable: Option<Fault>,
    /// Where what came out is not what was expected.
    pub differences: Vec<Difference>,
    /// The clause of the route that decided, with its place and what it came to.
    pub decided_by: Option<String>,
}

/// One thing that came out differently.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The key of the expectation: `to`, `topic`, `disclosed` …; `message` where the message made no sense.
    pub key: &'static str,
    /// What was expected.
    pub expected: String,
    /// What came out.
    pub found: String,
}

impl TestResult {
    /// Whether all came out as expected.
    pub fn passed(&self) -> bool {
        self.unreadable.is_none() && self.differences.is_empty()
    }
}

impl Report {
    /// How many tests came out as expected.
    pub fn passed(&self) -> usize {
        self.tests.iter().filter(|test| test.passed()).count()
    }

    /// Whether the message of any test could not be read.
    pub fn has_unreadable(&self) -> bool {
        self.tests.iter().any(|test| test.unreadable.is_some())
    }
}

/// Runs the tests whose `route: name` holds the filter; without one, all. What no test covers is told of all routes
/// only if all tests were run.
pub fn run(config: &Config, filter: Option<&str>) -> Report {
    let chosen =
        |test: &&RouteTest| filter.is_none_or(|text| format!("{}: {}", test.route, test.name).contains(text));
    let routing = routing(config);
    let tests = config.route_tests.iter().filter(chosen);
    let tests = tests.map(|test| result(test, config, &routing)).collect();
    let (never_taken, never_refused) = if filter.is_none() { uncovered(config) } else { Default::default() };
    Report { tests, never_taken, never_refused }
}

/// What decides: as at a router, but for the secret, which tests must not need.
fn routing(config: &Config) -> Routing {
    Routing {
        routes: Arc::clone(&config.routes),
        zone: config.hub.timezone.clone(),
        pseudonyms: Pseudonyms::new([0; 32]),
        registry: registry(config),
        authority: config.hub.registry_authority.clone(),
        archive: false,
    }
}

/// Facilities, patients and consents as the files of the configuration say it, at the moment of the tests.
fn registry(config: &Config) -> View {
    let folder = config.hub.registry_import.as_ref();
    let read = folder.and_then(|folder| super::registry::read(config, folder, input::AT).ok());
    let mut registry = Registry::default();
    read.into_iter().flat_map(|import| import.entries).for_each(|entry| registry.apply(entry));
    View::of(registry)
}

fn result(test: &RouteTest, config: &Config, routing: &Routing) -> TestResult {
    let mut result = TestResult {
        route: test.route.clone(),
        name: test.name.clone(),
        unreadable: None,
        differences: Vec::new(),
        decided_by: None,
    };
    match input::read(test, config) {
        Err(fault) => result.unreadable = Some(fault),
        Ok(input) => {
            let Processed { follow, .. } =
                process(&input.envelope, &input.original, Lane(0), routing, input.at);
            let seen = input.inspected(config, &routing.registry.read());
            let mut decisions = seen.recipients.iter().filter(|decision| decision.route == test.route);
            result.decided_by = decisions.find_map(|decision| decision.why.last().cloned());
            result.differences = compare::differences(test, config, &follow, &seen);
        }
    }
    result
}

/// Routes without a test that they take, and those with a condition without one that they refuse.
fn uncovered(config: &Config) -> (Vec<String>, Vec<String>) {
    let names = |taken: bool| -> BTreeSet<&str> {
        let tests = config.route_tests.iter().filter(|test| test.expect.to.is_empty() != taken);
        tests.map(|test| test.route.as_str()).collect()
    };
    let (taken, refused) = (names(true), names(false));
    let without = |tested: &BTreeSet<&str>, all: bool| {
        let routes = config.routes.iter().filter(|route| all || route.condition.is_some());
        routes.filter(|route| !tested.contains(route.name.as_str())).map(|route| route.name.clone()).collect()
    };
    (without(&taken, true), without(&refused, false))
}
