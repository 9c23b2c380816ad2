//! Route tests: the message of each goes through the stages as at a router, and what leaves is compared with what is
//! expected of its route.

mod bless;
mod body;
mod compare;
mod coverage;
mod outcome;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::Serialize;

use super::rehearsal::{self, AT, Given, RegistryUnreadable, Rehearsal};
use crate::config::{Config, RouteTest};
use crate::envelope::Fault;
use outcome::Outcome;

pub use bless::{BlessError, Blessed, Widening, bless};
pub use compare::Difference;
pub use coverage::{ClauseCoverage, RouteCoverage};
pub use outcome::Decision;

/// What came of all tests.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Each test, in the order of `routes.toml`.
    pub tests: Vec<TestResult>,
    /// Routes without a test whose message they take.
    pub never_taken: Vec<String>,
    /// Routes with a condition, without a test whose message they refuse.
    pub never_refused: Vec<String>,
    /// What the tests decide of each route, where that was asked.
    pub coverage: Vec<RouteCoverage>,
}

/// What came of one test.
#[derive(Debug, Serialize)]
pub struct TestResult {
    /// Route that it stands at.
    pub route: String,
    /// What it shows.
    pub name: String,
    /// Where it stands: `routes.toml:12`.
    pub place: String,
    /// Why its message could not be read at all.
    pub unreadable: Option<Fault>,
    /// Where what came out is not what was expected.
    pub differences: Vec<Difference>,
    /// What decided, for each subscriber of the route.
    pub decided_by: Vec<Decision>,
    /// Place among all tests.
    #[serde(skip)]
    index: usize,
    /// Place among the tests of its route.
    #[serde(skip)]
    place_in_route: usize,
    #[serde(skip)]
    outcome: Option<Outcome>,
}

impl TestResult {
    /// Whether all came out as expected.
    pub fn passed(&self) -> bool {
        self.unreadable.is_none() && self.differences.is_empty()
    }

    /// What leaves though it was not expected to.
    pub fn widening(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let differences = self.differences.iter();
        differences.flat_map(|one| one.widening.iter().map(|what| (one.key, what.as_str())))
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

    /// Clauses that a test decides, and all.
    pub fn decided(&self) -> (usize, usize) {
        let clauses = || self.coverage.iter().flat_map(|route| &route.clauses);
        (clauses().filter(|clause| clause.is_decided()).count(), clauses().count())
    }
}

/// Runs the tests whose `route: name` holds the filter; without one, all. What no test covers is told of all routes
/// only if all tests were run.
///
/// # Errors
///
/// The registry's files, which the tests are asked with, can't be read or have faults.
pub fn run(config: &Config, filter: Option<&str>) -> Result<Report, RegistryUnreadable> {
    let is_chosen =
        |test: &RouteTest| filter.is_none_or(|text| format!("{}: {}", test.route, test.name).contains(text));
    let report = run_these(config, is_chosen, false)?;
    let (never_taken, never_refused) = if filter.is_none() { uncovered(config) } else { Default::default() };
    Ok(Report { never_taken, never_refused, ..report })
}

/// Runs all tests, and counts what they decide.
///
/// # Errors
///
/// As with [`run`].
pub fn run_counting(config: &Config) -> Result<Report, RegistryUnreadable> {
    let report = run_these(config, |_| true, true)?;
    let (never_taken, never_refused) = uncovered(config);
    Ok(Report { never_taken, never_refused, ..report })
}

fn run_these(
    config: &Config,
    is_chosen: impl Fn(&RouteTest) -> bool,
    counts: bool,
) -> Result<Report, RegistryUnreadable> {
    let mut rehearsals = Rehearsals { config, known: BTreeMap::new() };
    let (mut tests, mut decided) = (Vec::new(), Vec::new());
    for (index, test) in config.route_tests.iter().enumerate().filter(|(_, test)| is_chosen(test)) {
        let before = config.route_tests.iter().take(index).filter(|other| other.route == test.route).count();
        let (result, counted) = result(test, config, rehearsals.of(test)?, counts);
        tests.push(TestResult { index, place_in_route: before, ..result });
        decided.push((test.route.as_str(), counted));
    }
    let coverage = if counts { coverage::of(config, &decided) } else { Vec::new() };
    Ok(Report { tests, never_taken: Vec::new(), never_refused: Vec::new(), coverage })
}

/// The configuration with each registry that a test asks for, read once.
struct Rehearsals<'c> {
    config: &'c Config,
    known: BTreeMap<Vec<PathBuf>, Rehearsal<'c>>,
}

impl<'c> Rehearsals<'c> {
    fn of(&mut self, test: &RouteTest) -> Result<&Rehearsal<'c>, RegistryUnreadable> {
        let import = self.config.hub.registry_import.clone();
        let files: Vec<_> = match &test.registry {
            None => import.into_iter().collect(),
            Some(own) if own.alone => vec![own.files.clone()],
            Some(own) => import.into_iter().chain([own.files.clone()]).collect(),
        };
        match self.known.entry(files) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(new) => {
                let registry = rehearsal::registry(self.config, new.key().iter().map(PathBuf::as_path))?;
                Ok(new.insert(Rehearsal::new(self.config, registry)))
            }
        }
    }
}

fn result(
    test: &RouteTest,
    config: &Config,
    rehearsal: &Rehearsal<'_>,
    counts: bool,
) -> (TestResult, Option<coverage::Decided>) {
    let mut result = TestResult {
        route: test.route.clone(),
        name: test.name.clone(),
        place: test.place.clone(),
        unreadable: None,
        differences: Vec::new(),
        decided_by: Vec::new(),
        index: 0,
        place_in_route: 0,
        outcome: None,
    };
    let given = Given {
        path: &test.input,
        feed: test.feed.as_deref(),
        data_type: test.data_type.as_deref(),
        change: test.change,
    };
    let input = match rehearsal.read(&given) {
        Ok(input) => input.decided_at(test.at.unwrap_or(AT)),
        Err(fault) => {
            result.unreadable = Some(fault);
            return (result, None);
        }
    };
    let outcome = outcome::of(test, &input, config, rehearsal);
    result.differences = compare::differences(test, config, &outcome);
    result.decided_by.clone_from(&outcome.decisions);
    result.outcome = Some(outcome);
    (result, counts.then(|| coverage::decided(&test.route, &input, config, rehearsal)).flatten())
}

/// Routes without a test that they take, and those with a condition without one that they refuse.
fn uncovered(config: &Config) -> (Vec<String>, Vec<String>) {
    let names = |taken: bool| -> BTreeSet<&str> {
        let expected = config.route_tests.iter().filter_map(|test| Some((test, test.expect.as_ref()?)));
        let tests = expected.filter(|(_, expect)| expect.to.is_empty() != taken);
        tests.map(|(test, _)| test.route.as_str()).collect()
    };
    let (taken, refused) = (names(true), names(false));
    let without = |tested: &BTreeSet<&str>, all: bool| {
        let routes = config.routes.iter().filter(|route| all || route.condition.is_some());
        routes.filter(|route| !tested.contains(route.name.as_str())).map(|route| route.name.clone()).collect()
    };
    (without(&taken, true), without(&refused, false))
}
