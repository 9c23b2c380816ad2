//! Who would get an event if one clause of a route always held, or never: so a test can show that it counts.

use std::fmt;

use super::clauses::static_place;
use super::watch::{Step, Watch};
use super::{Asking, Decided, Route, Routes, Subject, Verdict};
use crate::canonical::CanonicalEvent;

/// What a clause is taken to come to, whatever the event says.
#[derive(Debug, Clone, Copy)]
pub struct Supposed<'p> {
    /// The clause's place in the route, as [`Routes::clauses`] spells it.
    pub place: &'p str,
    /// Whether it holds.
    pub holds: bool,
}

/// One route asked about one event, with and without suppositions. The routes before it are asked as they are.
pub struct Supposing<'a> {
    routes: &'a Routes,
    route: &'a Route,
    asking: &'a Asking<'a>,
    earlier: Decided<'a>,
}

impl<'a> Supposing<'a> {
    /// About that route; nothing where there is none of that name.
    pub fn new(
        routes: &'a Routes,
        route: &str,
        event: &CanonicalEvent<'_>,
        asking: &'a Asking<'a>,
    ) -> Option<Self> {
        let subject = Subject::of(event);
        let mut earlier = Decided::default();
        for known in &routes.routes {
            if known.name == route {
                return Some(Self { routes, route: known, asking, earlier });
            }
            earlier.by(routes, known, &subject, asking);
        }
        None
    }

    /// The subscribers that get the event by the route.
    pub fn reached(&self, event: &CanonicalEvent<'_>, supposed: Option<Supposed<'_>>) -> Vec<&'a str> {
        let Self { routes, route, asking, earlier } = self;
        let holds = |place: &str, holds: bool| match supposed.filter(|supposed| supposed.place == place) {
            Some(supposed) => supposed.holds,
            None => holds,
        };
        let mut forced = Forced { place: "where".to_owned(), supposed };
        let is_taken = route.kinds.contains(&event.content.kind())
            && holds("change", route.changes.contains(&event.change))
            && holds("facilities", route.takes_facility(asking.source))
            && route.condition_of(event, &mut forced) == Verdict::True
            && holds("send", route.has_body(event));
        if !is_taken {
            return Vec::new();
        }
        let all = || route.to.iter().map(String::as_str).collect();
        let names: Vec<_> = match supposed.filter(|supposed| supposed.place == "address") {
            Some(supposed) if supposed.holds => all(),
            Some(_) => Vec::new(),
            None => routes
                .addressees(route, event, asking)
                .unwrap_or_else(|_| route.otherwise.as_deref().into_iter().collect()),
        };
        let subject = Subject::of(event);
        let may = |name: &&str| holds("basis", routes.may(route, name, Some(&subject), asking).is_ok());
        names.into_iter().filter(|name| !earlier.serves(name)).filter(may).collect()
    }
}

/// Gives the clause at one place the verdict that is supposed.
struct Forced<'p> {
    place: String,
    supposed: Option<Supposed<'p>>,
}

impl Forced<'_> {
    fn verdict(&self, place: &str, verdict: Verdict) -> Verdict {
        let supposed = self.supposed.filter(|supposed| supposed.place == static_place(place));
        supposed.map_or(verdict, |supposed| Verdict::of(supposed.holds))
    }
}

impl Watch for Forced<'_> {
    fn within(&mut self, step: Step<'_>, test: impl FnOnce(&mut Self) -> Verdict) -> Verdict {
        let length = self.place.len();
        self.place.push_str(&step.to_string());
        let verdict = test(self);
        let verdict = self.verdict(&self.place, verdict);
        self.place.truncate(length);
        verdict
    }

    fn leaf(&mut self, _: &dyn fmt::Display, verdict: Verdict) -> Verdict {
        self.verdict(&self.place, verdict)
    }

    fn no_element(&mut self, list: Step<'_>, verdict: Verdict) -> Verdict {
        self.verdict(&format!("{}{list}", self.place), verdict)
    }
}
