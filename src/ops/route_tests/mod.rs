//! Route tests: the message of each goes through the stages as at a router, and what leaves is compared with what is
//! expected of its route.

mod compare;

use std::collections::BTreeSet;

use serde::Serialize;

use super::rehearsal::{Given, RegistryUnreadable, Rehearsal};
use crate::config::{Config, RouteTest};
use crate::envelope::Fault;

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
///
/// # Errors
///
/// The registry's files, which the tests are asked with, can't be read.
pub fn run(config: &Config, filter: Option<&str>) -> Result<Report, RegistryUnreadable> {
    let chosen =
        |test: &&RouteTest| filter.is_none_or(|text| format!("{}: {}", test.route, test.name).contains(text));
    let rehearsal = Rehearsal::of_files(config)?;
    let tests = config.route_tests.iter().filter(chosen);
    let tests = tests.map(|test| result(test, config, &rehearsal)).collect();
    let (never_taken, never_refused) = if filter.is_none() { uncovered(config) } else { Default::default() };
    Ok(Report { tests, never_taken, never_refused })
}

fn result(test: &RouteTest, config: &Config, rehearsal: &Rehearsal<'_>) -> TestResult {
    let mut result = TestResult {
        route: test.route.clone(),
        name: test.name.clone(),
        unreadable: None,
        differences: Vec::new(),
        decided_by: None,
    };
    let given = Given {
        path: &test.input,
        feed: test.feed.as_deref(),
        data_type: test.data_type.as_deref(),
        change: test.change,
    };
    match rehearsal.read(&given) {
        Err(fault) => result.unreadable = Some(fault),
        Ok(input) => {
            let came = rehearsal.run(&input);
            let mut decisions = came.seen.recipients.iter().filter(|decision| decision.route == test.route);
            result.decided_by = decisions.find_map(|decision| decision.why.last().cloned());
            result.differences = compare::differences(test, config, &came.processed.follow, &came.seen);
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
