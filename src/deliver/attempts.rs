//! Counts what attempts to deliver came to, and since when nobody was there.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

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
    away_since: Mutex<Option<Timestamp>>,
    pub(crate) probe: Probe,
}

impl Attempts {
    /// How many came to each outcome.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        OUTCOMES.into_iter().zip(self.outcomes.iter().map(|counter| counter.load(Ordering::Relaxed)))
    }

    /// Since when the subscriber has not been there, where it is not.
    pub fn away_since(&self) -> Option<Timestamp> {
        *self.away_since.lock().unwrap_or_else(PoisonError::into_inner)
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
        let mut away = self.away_since.lock().unwrap_or_else(PoisonError::into_inner);
        match outcome {
            Outcome::Away { .. } | Outcome::Gone => *away = Some(away.unwrap_or(begun)),
            Outcome::Delivered | Outcome::Refused { .. } => *away = None,
            Outcome::Withdrawn => {}
        }
        drop(away);
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
        Outcome::Withdrawn => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subscriber_is_away_from_the_first_attempt_that_found_nobody_until_it_answers() {
        let attempts = Attempts::default();
        let at = |second| Timestamp::from_second(second).unwrap();
        let note = |outcome: &Outcome, second| attempts.note("a", &[], outcome, (at(second), at(second + 1)));
        note(&Outcome::away("no"), 10);
        note(&Outcome::away("no"), 20);
        note(&Outcome::Withdrawn, 25);
        assert_eq!(attempts.away_since(), Some(at(10)));
        note(&Outcome::refused("http-422"), 30);
        assert_eq!(attempts.away_since(), None);
        let counts: Vec<_> = attempts.counts().map(|(_, count)| count).collect();
        assert_eq!(counts, [0, 1, 2, 0, 1]);
    }
}
