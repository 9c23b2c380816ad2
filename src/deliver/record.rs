//! Writes down what became of copies.

use tracing::error;

use super::Counts;
use super::lane::WITHDRAWN;
use super::workers::Shared;
use crate::broker::Delivery;
use crate::store::history::{CopyFate, Step, What};
use crate::telemetry::causes;

/// What became of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate<'c> {
    Delivered,
    /// Why, or nothing where it waits behind another one.
    Parked(Option<&'c str>),
    Dead(&'c str),
}

impl Shared {
    /// Notes it in the history. Copies are not held back by a history that can't be written: that they were to leave
    /// stands there since they were routed.
    pub(super) fn note(&self, copies: &[&Delivery], fate: Fate<'_>) {
        if fate == Fate::Dead(WITHDRAWN) {
            Counts::add(&self.counts().withdrawn, copies.len());
        }
        let Some(history) = self.history() else { return };
        let at = self.clock().now();
        let steps: Vec<_> = copies.iter().map(|copy| self.step(copy, fate)).collect();
        let steps: Vec<_> = steps.into_iter().map(|(id, what)| Step { at, id, what }).collect();
        if let Err(failure) = history.append(at, &steps) {
            let (subscriber, failure) = (self.name(), causes(&failure));
            error!(subscriber, failure, "the history does not tell what became of copies");
        }
    }

    fn step(&self, copy: &Delivery, fate: Fate<'_>) -> (String, What) {
        let code = match fate {
            Fate::Delivered => None,
            Fate::Parked(code) => code,
            Fate::Dead(code) => Some(code),
        };
        let route = copy.envelope.event.as_ref().map(|event| event.route.clone());
        let noted = CopyFate {
            subscriber: self.name().to_owned(),
            route: route.unwrap_or_default(),
            code: code.map(str::to_owned),
        };
        let what = match fate {
            Fate::Delivered => What::Delivered(noted),
            Fate::Parked(_) => What::Parked(noted),
            Fate::Dead(WITHDRAWN) => What::Withdrawn(noted),
            Fate::Dead(_) => What::Dead(noted),
        };
        (copy.envelope.id.clone(), what)
    }
}
