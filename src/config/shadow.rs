//! Routes that an earlier one leaves nothing to: a subscriber gets at most one copy of an event, by the first route that
//! takes it. Only what is certain is told: what the registry or a condition may decide either way is let pass.

use super::fault::Part;
use super::node::Node;
use super::said::Said;
use crate::canonical::Kind;
use crate::envelope::Change;
use crate::route::{Basis, Route, Send};

/// Reports what of a route never comes into play after these; `names` are the places of its subscribers.
pub(super) fn check(route: &Route, earlier: &[Route], place: &Node<'_>, names: &[Node<'_>]) {
    let shadows: Vec<_> = route.to.iter().map(|name| (name, servers(route, earlier, name))).collect();
    let first = shadows.iter().find_map(|(_, servers)| servers.as_deref()?.first().copied());
    let Some(first) = first else { return };
    if shadows.iter().all(|(_, servers)| servers.is_some()) && leaves_nobody(route, &shadows) {
        let (name, other) = (&route.name, &first.name);
        return place.error(
            Said::new(
                format!("route \"{name}\" never sends anything: route \"{other}\" comes first and takes all that it would take"),
                format!("経路「{name}」は何も送りません。前にある経路「{other}」がすべて受け取ります"),
            )
            .of(Part::Topology)
            .help(
                format!("put \"{name}\" before \"{other}\", narrow \"{other}\" with where or facilities, or take \"{name}\" out"),
                format!("「{name}」を「{other}」の前に置くか、「{other}」を where や facilities で絞るか、「{name}」を消してください"),
            ),
        );
    }
    for (name, servers) in shadows {
        let Some(other) = servers.as_deref().and_then(<[_]>::first) else { continue };
        let at = names.iter().find(|node| node.text() == Some(name)).unwrap_or(place);
        let (route, other) = (&route.name, &other.name);
        at.warn(
            Said::new(
                format!("\"{name}\" never gets anything by route \"{route}\": route \"{other}\" comes first and takes all that it would take for it"),
                format!("「{name}」には経路「{route}」から何も届きません。前にある経路「{other}」がすべて受け取ります"),
            )
            .of(Part::Topology)
            .help(
                format!("take \"{name}\" out of one of them, or put \"{route}\" before \"{other}\""),
                format!("どちらか一方から「{name}」を消すか、「{route}」を「{other}」の前に置いてください"),
            ),
        );
    }
}

/// A subscriber, and the earlier routes that take for it all that the route would.
type Shadow<'r> = (&'r String, Option<Vec<&'r Route>>);

/// Whether the route has no other subscriber: one that gets what has no single addressee.
fn leaves_nobody(route: &Route, shadows: &[Shadow<'_>]) -> bool {
    let mut servers = shadows.iter().flat_map(|(_, servers)| servers).flatten();
    route.otherwise.is_none() || servers.all(|other| other.address.is_none() && !asks_the_registry(other))
}

/// The earlier routes that together take for a subscriber all that the route would.
fn servers<'r>(route: &Route, earlier: &'r [Route], subscriber: &str) -> Option<Vec<&'r Route>> {
    let earlier = earlier.iter().filter(|other| other.to.iter().any(|name| name == subscriber));
    let earlier: Vec<_> = earlier.filter(|other| serves_as(other, route)).collect();
    let mut found: Vec<&Route> = Vec::new();
    for change in &route.changes {
        for kind in route.kinds.iter().map(Some).chain(route.invalid.then_some(None)) {
            let server = earlier.iter().find(|other| takes(other, kind.copied(), *change))?;
            if !found.iter().any(|known| std::ptr::eq(*known, *server)) {
                found.push(server);
            }
        }
    }
    Some(found)
}

/// Whether a route takes such events, or such messages that make no sense.
fn takes(route: &Route, kind: Option<Kind>, change: Change) -> bool {
    route.changes.contains(&change) && kind.map_or(route.invalid, |kind| route.kinds.contains(&kind))
}

/// Whether `other` serves whomever `route` would, of the kinds and changes that it takes.
fn serves_as(other: &Route, route: &Route) -> bool {
    let of_facility = other.facilities.as_ref().is_none_or(|taken| {
        route.facilities.as_ref().is_some_and(|codes| codes.iter().all(|code| taken.contains(code)))
    });
    let is_fulfilled = other
        .condition
        .as_ref()
        .is_none_or(|wider| route.condition.as_ref().is_some_and(|condition| condition.implies(wider)));
    // Whether there is exactly one addressee depends on all subscribers of the route.
    let addressed = other.address.is_none() || (other.address == route.address && same(&other.to, &route.to));
    let is_granted = !asks_the_registry(other)
        || (other.basis == route.basis
            && other.purpose == route.purpose
            // Of an original nothing sensitive can be left out: it may be denied where another form is not.
            && (other.send != Send::Original || route.send == Send::Original));
    // An invitation is made of some appointments only.
    of_facility && is_fulfilled && addressed && is_granted && other.send != Send::ICalendar
}

fn same(one: &[String], other: &[String]) -> bool {
    one.len() == other.len() && one.iter().all(|name| other.contains(name))
}

/// Whether the registry may deny what the route takes.
const fn asks_the_registry(route: &Route) -> bool {
    match route.basis {
        Basis::ViewConsent | Basis::Emergency | Basis::ParticipationAgreement | Basis::Entrusted => true,
        Basis::Addressed | Basis::PublicDuty => false,
    }
}
