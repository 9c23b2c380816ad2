//! Why a route did or did not take an event. Shows places and expected values, never a patient's.

use std::borrow::Cow;
use std::fmt;

use super::{Asking, Report, Route, Routes, Source, Subject, Tested, Verdict, Versions};
use crate::canonical::{CanonicalEvent, Kind};
use crate::envelope::Change;

/// What became of one subscriber of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate<'r> {
    /// It gets a copy by this route.
    Receives,
    /// The route matches, but that earlier route already serves it.
    ServedBy(&'r str),
    /// The route matches, but is addressed to others.
    NotAddressed,
    /// The route matches, but its basis does not let the copy go there: the clause that decided.
    Denied(Cow<'static, str>),
    /// The route does not match.
    Unmatched,
}

impl fmt::Display for Fate<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Receives => f.write_str("receives it"),
            Self::ServedBy(route) => write!(f, "already served by route {route}"),
            Self::NotAddressed => f.write_str("is not the addressee"),
            Self::Denied(clause) => write!(f, "must not receive it: {clause}"),
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
    /// Clauses before the last one that are not told, because there are very many.
    pub left_out: usize,
    /// The tables that its condition and its disclosure read, with their versions.
    pub tables: Versions<'r>,
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
        for (table, version) in &self.tables {
            writeln!(f, "  table {table}, version {version}")?;
        }
        for (subscriber, fate) in &self.subscribers {
            writeln!(f, "  {subscriber}: {fate}")?;
        }
        Ok(())
    }
}

pub(super) fn explain<'r>(
    routes: &'r Routes,
    event: &CanonicalEvent<'_>,
    asking: &Asking<'_>,
) -> Vec<Explanation<'r>> {
    let mut served: Vec<(&str, &str)> = Vec::new();
    let subject = Subject::of(event);
    let mut explanations = Vec::with_capacity(routes.routes.len());
    for route in &routes.routes {
        let mut report = Report::default();
        let matched = verdict(route, event, asking.source, &mut report) == Verdict::True;
        let fates = if matched {
            fates(routes, route, &subject, asking, &served, &mut report)
        } else {
            unmatched(route)
        };
        let new = fates.iter().filter(|(_, fate)| *fate == Fate::Receives);
        served.extend(new.map(|(name, _)| (*name, route.name.as_str())));
        explanations.push(Explanation {
            route: &route.name,
            matched,
            subscribers: fates,
            tested: report.tested,
            left_out: report.left_out,
            tables: routes.tables(route),
        });
    }
    explanations
}

fn unmatched(route: &Route) -> Vec<(&str, Fate<'_>)> {
    route.to.iter().map(|name| (name.as_str(), Fate::Unmatched)).collect()
}

/// What becomes of each subscriber of a route that matches: the steps of [`Routes::decide`], each written down.
fn fates<'r>(
    routes: &'r Routes,
    route: &'r Route,
    subject: &Subject<'_, '_>,
    asking: &Asking<'_>,
    served: &[(&'r str, &'r str)],
    report: &mut Report,
) -> Vec<(&'r str, Fate<'r>)> {
    let (addressees, otherwise) = match routes.addressees(route, subject.event, asking) {
        Ok(names) => (names, None),
        Err(clause) => {
            report.note("address", &clause, Verdict::False);
            (Vec::new(), route.otherwise.as_deref())
        }
    };
    let fate = |name: &'r str| match served.iter().find(|(subscriber, _)| *subscriber == name) {
        Some((_, earlier)) => Fate::ServedBy(earlier),
        None if otherwise != Some(name) && !addressees.contains(&name) => Fate::NotAddressed,
        None => match routes.may(route, name, Some(subject), asking) {
            Ok(_) => Fate::Receives,
            Err(clause) => Fate::Denied(clause),
        },
    };
    let names = route.to.iter().map(String::as_str).chain(otherwise);
    names.map(|name| (name, fate(name))).collect()
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
    let verdict = route.condition_of(event, report.at("where"));
    if verdict != Verdict::True || route.has_body(event) {
        return verdict;
    }
    report.note("send", &"a number, a day and a link to one of the meeting hosts", Verdict::False)
}
