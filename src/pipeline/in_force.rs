//! What routers answer with, and how another takes its place between two messages.

use std::sync::{Arc, PoisonError, RwLock};

use super::process::Routing;

/// The routing that is in force. A message is answered by the one that was in force when its answer began, never by two.
pub struct InForce(RwLock<Current>);

struct Current {
    routing: Arc<Routing>,
    /// Tells it from all that were in force before.
    fingerprint: String,
    /// How often it was replaced. What was in force once comes back under another number, so that a router can tell what
    /// was answered before from what was answered after.
    replaced: u64,
}

impl InForce {
    /// With this one from the start; `fingerprint` stands for all that makes its answers.
    pub fn new(routing: Routing, fingerprint: String) -> Self {
        Self(RwLock::new(Current { routing: Arc::new(routing), fingerprint, replaced: 0 }))
    }

    /// The one that is in force now.
    pub fn routing(&self) -> Arc<Routing> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).routing.clone()
    }

    /// From now on this one.
    pub(super) fn replace(&self, routing: Routing, fingerprint: String) {
        let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let replaced = current.replaced + 1;
        *current = Current { routing: Arc::new(routing), fingerprint, replaced };
    }

    /// Stands for all answers between two replacements, and never comes back.
    pub(super) fn history(&self) -> String {
        let current = self.0.read().unwrap_or_else(PoisonError::into_inner);
        match current.replaced {
            0 => current.fingerprint.clone(),
            replaced => format!("{} {replaced}", current.fingerprint),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::pipeline::Pseudonyms;
    use crate::registry::View;
    use crate::route::Routes;

    fn routing() -> Routing {
        Routing {
            routes: Arc::new(Routes::default()),
            registry: View::default(),
            zone: TimeZone::UTC,
            authority: None,
            pseudonyms: Pseudonyms::new([0; 32]),
            archive: false,
        }
    }

    #[test]
    fn what_was_in_force_once_comes_back_under_another_history() {
        let in_force = InForce::new(routing(), "a".to_owned());
        let mut histories = vec![in_force.history()];
        for fingerprint in ["b", "a", "a"] {
            in_force.replace(routing(), fingerprint.to_owned());
            histories.push(in_force.history());
        }
        assert_eq!(histories, ["a", "b 1", "a 2", "a 3"]);
    }
}
