//! What is looked at and done through the console and the API is written down before it is answered.

use super::Console;
use super::access::Actor;
use super::problem::Problem;
use crate::ops::audit::Act;
pub(super) use crate::ops::audit::Action;

impl Console {
    /// Writes down that somebody does something, before it is done or shown. The object names no patient: the id of a
    /// message, a subscriber, a user.
    ///
    /// # Errors
    ///
    /// It can't be written down: then it is not to be done.
    pub(super) async fn audit(&self, actor: &Actor, action: Action, object: &str) -> Result<(), Problem> {
        self.note(actor, action, object, true).await
    }

    /// Writes down that somebody tried to do something.
    pub(super) async fn note(
        &self,
        actor: &Actor,
        action: Action,
        object: &str,
        done: bool,
    ) -> Result<(), Problem> {
        let act = Act {
            at: self.control.clock().now(),
            who: actor.name.clone(),
            from: actor.from.clone(),
            action,
            object: object.to_owned(),
            done,
        };
        let audit = self.audit.clone();
        let noted = tokio::task::spawn_blocking(move || audit.note(&act)).await;
        match noted {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Problem::no_audit(&error)),
            Err(error) => Err(Problem::no_audit(&error)),
        }
    }
}
