//! Which clauses of the routes no test decides.
//!
//! A clause is decided by the tests of its route if they would notice that it is wrong: somebody would get another answer
//! from some test if the clause never held, and from some test if it always did. Each clause is therefore supposed to
//! hold, and not to, for every message of the route's tests, all else being as it is.

use std::collections::BTreeSet;

use serde::Serialize;

use super::super::rehearsal::{Input, Rehearsal};
use crate::canonical::Kind;
use crate::config::Config;
use crate::route::{Sides, Supposed, Supposing, WrittenClause};

/// What the tests decide of one route.
#[derive(Debug, Serialize)]
pub struct RouteCoverage {
    /// Route.
    pub route: String,
    /// Its tests.
    pub tests: usize,
    /// How many of them have a message of which somebody gets a copy by it.
    pub taken: usize,
    /// Its clauses, in the order in which they are asked.
    pub clauses: Vec<ClauseCoverage>,
}

/// What the tests decide of one clause.
#[derive(Debug, Serialize)]
pub struct ClauseCoverage {
    /// Where in the route: `where.any(results).all[1]`.
    pub place: String,
    /// The clause.
    pub clause: String,
    /// Line in `routes.toml`.
    pub line: Option<usize>,
    /// Tests that would come out otherwise if it never held.
    pub holds: usize,
    /// Tests that would come out otherwise if it always held; nothing where that can't be shown.
    pub fails: Option<usize>,
}

impl ClauseCoverage {
    /// Whether a test would notice if it was wrong, either way.
    pub fn is_decided(&self) -> bool {
        self.holds > 0 && self.fails.is_none_or(|fails| fails > 0)
    }
}

/// What one test decides.
#[derive(Debug)]
pub(super) struct Decided {
    is_taken: bool,
    /// For each clause of the route: whether it would come out otherwise if the clause never held, and if it always did.
    clauses: Vec<[bool; 2]>,
}

/// Asks the clauses of a route about a test's message.
pub(super) fn decided(
    route: &str,
    input: &Input,
    config: &Config,
    rehearsal: &Rehearsal<'_>,
) -> Option<Decided> {
    let clauses = config.routes.iter().find(|known| known.name == route)?.clauses();
    let looked = rehearsal.look(input, |event, asking| {
        let supposing = Supposing::new(rehearsal.routes(), route, event, asking)?;
        let reached =
            |supposed: Option<Supposed<'_>>| BTreeSet::from_iter(supposing.reached(event, supposed));
        let now = reached(None);
        let kind = event.content.kind();
        let differs = |clause: &WrittenClause| match clause.sides {
            Sides::Holds => [!now.is_empty() && is_of(clause, kind), false],
            Sides::Both => {
                [false, true].map(|holds| reached(Some(Supposed { place: &clause.place, holds })) != now)
            }
        };
        Some(Decided { is_taken: !now.is_empty(), clauses: clauses.iter().map(differs).collect() })
    });
    match looked {
        Ok(decided) => decided,
        // A message that makes no sense shows that the route takes such.
        Err(_) => Some(Decided {
            is_taken: clauses.iter().any(is_invalid),
            clauses: clauses.iter().map(|clause| [is_invalid(clause), false]).collect(),
        }),
    }
}

fn is_invalid(clause: &WrittenClause) -> bool {
    clause.place == "invalid"
}

fn is_of(clause: &WrittenClause, kind: Kind) -> bool {
    clause.place == "kinds" && clause.text == format!("kind is {}", kind.as_str())
}

/// Adds up what the tests of each route decide.
pub(super) fn of(config: &Config, decided: &[(&str, Option<Decided>)]) -> Vec<RouteCoverage> {
    let route = |route: &crate::route::Route| {
        let of_route = || decided.iter().filter(|(name, _)| *name == route.name);
        let own: Vec<_> = of_route().filter_map(|(_, decided)| decided.as_ref()).collect();
        let count = |at: usize, side: usize| {
            let side_of =
                |test: &&&Decided| test.clauses.get(at).and_then(|sides| sides.get(side)) == Some(&true);
            own.iter().filter(side_of).count()
        };
        let clauses = route.clauses().into_iter().enumerate().map(|(at, clause)| ClauseCoverage {
            line: config.route_lines.clause(&route.name, &clause.place),
            holds: count(at, 0),
            fails: (clause.sides == Sides::Both).then(|| count(at, 1)),
            place: clause.place,
            clause: clause.text,
        });
        RouteCoverage {
            route: route.name.clone(),
            tests: of_route().count(),
            taken: own.iter().filter(|test| test.is_taken).count(),
            clauses: clauses.collect(),
        }
    };
    config.routes.iter().map(route).collect()
}
