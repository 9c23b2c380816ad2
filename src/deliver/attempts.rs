//! Counts what attempts to deliver came to.

use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;

use super::outcome::Outcome;
use crate::broker::{Delivery, topology};
use crate::telemetry::{Probe, Span, Stage};

/// Words of the outcomes, in the order of their counters.
const OUTCOMES: [&str; 5] = ["delivered", "refused", "away", "gone", "withdrawn"];

/// Attempts to deliver to one subscriber since the start.
#[derive(Debug, Default)]
pub struct Attempts {
    outcomes: [AtomicU64; 5],
    pub(crate) probe: Probe,
}

impl Attempts {
    /// How many came to each outcome.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        OUTCOMES.into_iter().zip(self.outcomes.iter().map(|counter| counter.load(Ordering::Relaxed)))
    }

    /// Takes note of an attempt with these copies.
    pub(super) fn note(
        &self,
        subscriber: &str,
        copies: &[&Delivery],
        outcome: &Outcome,
        (begun, ended): (Timestamp, Timestamp),
    ) {
        let place = place(outcome);
        if let Some(counter) = self.outcomes.get(place) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
        self.probe.took(begun, ended);
        let Some(tracer) = self.probe.tracer() else { return };
        let failure = OUTCOMES.get(place).copied().filter(|_| *outcome != Outcome::Delivered);
        for copy in copies.iter().filter(|copy| tracer.traces(&copy.envelope.id)) {
            tracer.record(Span {
                stage: Stage::Deliver,
                message: copy.envelope.id.clone(),
                begun,
                ended,
                destination: topology::subscriber(subscriber).to_string(),
                party: subscriber.to_owned(),
                failure,
            });
        }
    }
}

const fn place(outcome: &Outcome) -> usize {
    match outcome {
        Outcome::Delivered => 0,
        Outcome::Refused { .. } => 1,
        Outcome::Away { .. } => 2,
        Outcome::Gone => 3,
        // What is held is not attempted.
        Outcome::Withdrawn | Outcome::Held => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_has_its_count() {
        let attempts = Attempts::default();
        let at = Timestamp::from_second(1).unwrap();
        let outcomes = [
            Outcome::Delivered,
            Outcome::refused("http-422"),
            Outcome::away("no"),
            Outcome::Gone,
            Outcome::Withdrawn,
        ];
        for (number, outcome) in (1..).zip(&outcomes) {
            (0..number).for_each(|_| attempts.note("a", &[], outcome, (at, at)));
        }
        let counts: Vec<_> = attempts.counts().collect();
        assert_eq!(counts, [("delivered", 1), ("refused", 2), ("away", 3), ("gone", 4), ("withdrawn", 5)]);
    }
}
