//! Why a route did or did not take an event. Shows places and expected values, never a patient's.

use std::fmt;

use super::{Report, Route, Source, Tested, Verdict};
use crate::canonical::{CanonicalEvent, Kind};
use crate::envelope::Change;

/// What became of one subscriber of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate<'r> {
    /// It gets a copy by this route.
    Receives,
    /// The route matches, but that earlier route already serves it.
    ServedBy(&'r str),
    /// The route does not match.
    Unmatched,
}

impl fmt::Display for Fate<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Receives => f.write_str("receives it"),
            Self::ServedBy(route) => write!(f, "already served by route {route}"),
            Self::Unmatched => f.write_str("does not receive it"),
        }
    }
}

/// What one route made of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation<'r> {
    /// Name of the route.
    pub route: &'r str,
    /// Whether it matched.
    pub matched: bool,
    /// Its subscribers.
    pub subscribers: Vec<(&'r str, Fate<'r>)>,
    /// The clauses in the order in which they were tested, up to the one that decided.
    pub tested: Vec<Tested>,
}

impl Explanation<'_> {
    /// The clause that decided.
    pub fn decisive(&self) -> Option<&Tested> {
        self.tested.last()
    }
}

impl fmt::Display for Explanation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "route {}: {}", self.route, if self.matched { "matches" } else { "does not match" })?;
        for tested in &self.tested {
            writeln!(f, "  {tested}")?;
        }
        for (subscriber, fate) in &self.subscribers {
            writeln!(f, "  {subscriber}: {fate}")?;
        }
        Ok(())
    }
}

pub(super) fn explain<'r>(
    routes: &'r [Route],
    event: &CanonicalEvent<'_>,
    source: Source<'_>,
) -> Vec<Explanation<'r>> {
    let mut served: Vec<(&str, &str)> = Vec::new();
    let mut explanations = Vec::with_capacity(routes.len());
    for route in routes {
        let mut report = Report::default();
        let matched = verdict(route, event, source, &mut report) == Verdict::True;
        let fate = |name: &str| match served.iter().find(|(subscriber, _)| *subscriber == name) {
            _ if !matched => Fate::Unmatched,
            Some((_, earlier)) => Fate::ServedBy(earlier),
            None => Fate::Receives,
        };
        let subscribers: Vec<_> = route.to.iter().map(|name| (name.as_str(), fate(name))).collect();
        let new = subscribers.iter().filter(|(_, fate)| *fate == Fate::Receives);
        served.extend(new.map(|(name, _)| (*name, route.name.as_str())));
        explanations.push(Explanation { route: &route.name, matched, subscribers, tested: report.tested });
    }
    explanations
}

/// The steps of [`Route::takes`], each written down.
fn verdict(route: &Route, event: &CanonicalEvent<'_>, source: Source<'_>, report: &mut Report) -> Verdict {
    let kinds: Vec<_> = route.kinds.iter().map(|kind| Kind::as_str(*kind)).collect();
    let taken = Verdict::of(route.kinds.contains(&event.content.kind()));
    if report.note("kinds", &format_args!("kind in {}", kinds.join(", ")), taken) != Verdict::True {
        return taken;
    }
    let changes: Vec<_> = route.changes.iter().map(|change| Change::as_str(*change)).collect();
    let taken = Verdict::of(route.changes.contains(&event.change));
    if report.note("change", &format_args!("change in {}", changes.join(", ")), taken) != Verdict::True {
        return taken;
    }
    if let Some(codes) = &route.facilities {
        let taken = Verdict::of(route.takes_facility(source));
        if report.note("facilities", &format_args!("facility in {}", codes.join(", ")), taken)
            != Verdict::True
        {
            return taken;
        }
    }
    route.condition_of(event, report.at("where"))
}
