//! Routes that can never send anything, because earlier ones already serve all their subscribers.

use super::node::Node;
use crate::route::{Basis, Route};

/// Reports a route that never comes into play after these.
pub(super) fn check(route: &Route, earlier: &[Route], place: &Node<'_>) {
    let server = |subscriber: &String| {
        earlier.iter().find(|other| other.to.contains(subscriber) && takes_all_of(other, route))
    };
    let servers: Option<Vec<_>> = route.to.iter().map(server).collect();
    if let Some(first) = servers.as_ref().and_then(|servers| servers.first()) {
        place.error(format!(
            "route \"{}\" never sends anything: route \"{}\" comes first and takes all that it would take",
            route.name, first.name
        ));
    }
}

/// Whether every event of `route` is taken by `other`, as far as can be told without its condition and the registry.
fn takes_all_of(other: &Route, route: &Route) -> bool {
    other.condition.is_none()
        && other.address.is_none()
        && matches!(other.basis, Basis::Addressed | Basis::PublicDuty)
        && (other.invalid || !route.invalid)
        && other.facilities.is_none()
        && other.address.is_none()
        && !asks_the_registry(other.basis)
        && route.kinds.iter().all(|kind| other.kinds.contains(kind))
        && route.changes.iter().all(|change| other.changes.contains(change))
}

/// Whether the registry may deny what the route takes, and a later route may grant it.
const fn asks_the_registry(basis: Basis) -> bool {
    match basis {
        Basis::ViewConsent | Basis::Emergency | Basis::ParticipationAgreement | Basis::Entrusted => true,
        Basis::Addressed | Basis::PublicDuty => false,
    }
}
