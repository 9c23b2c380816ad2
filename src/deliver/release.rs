//! Parked patients are tried again, beside the lane's other work.

use std::time::Duration;

use tokio::task::JoinError;
use tokio::time::Instant;
use tracing::{error, info, warn};

use super::Counts;
use super::lane::{HELD_LOOK, LaneWorker, NO_ANSWER, WITHDRAWN, fault, owe};
use super::outcome::Outcome;
use super::parked::ParkedLane;
use super::patients::Schedule;
use super::record::Fate;
use super::window::{Key, Patient};
use crate::broker::Delivery;

/// Copies of a parked patient that one release takes.
const RELEASE: usize = 16;

/// What a release came to: how many copies were delivered, and the outcome that ended it.
pub(super) type Release = (Patient, Vec<Delivery>, usize, Outcome);

impl LaneWorker {
    /// Starts an attempt at the parked patient who is due.
    pub(super) fn release(&mut self) {
        let (shared, lane) = (self.shared.clone(), self.lane);
        if self.shared.is_held() {
            self.held_until = Instant::now() + HELD_LOOK;
            return;
        }
        let may_go = |copy: &Delivery| shared.joined.may_go(copy) && !shared.is_patient_held(copy);
        let Some((patient, copies)) = self.patients.start(RELEASE, may_go) else { return };
        self.releases.spawn(async move {
            for (delivered, copy) in copies.iter().enumerate() {
                let outcome = shared.attempt(lane, &[copy]).await;
                if outcome != Outcome::Delivered {
                    return (patient, copies, delivered, outcome);
                }
            }
            let delivered = copies.len();
            (patient, copies, delivered, Outcome::Delivered)
        });
    }

    /// Takes in what a release came to.
    pub(super) fn released(&mut self, release: Result<Release, JoinError>, parked: Option<&mut ParkedLane>) {
        let (patient, mut copies, delivered, outcome) = match release {
            Ok(release) => release,
            // Its fault is that of the lane.
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        };
        let rest = copies.split_off(delivered);
        // The first was attempted before, as often as its schedule says; those behind it were not.
        let before = self.patients.schedule(&patient).map_or(0, |before| before.failures);
        let tried = |(at, copy)| (copy, if at == 0 { before + 1 } else { 1 });
        self.shared.note(&copies.iter().enumerate().map(tried).collect::<Vec<_>>(), Fate::Delivered);
        for copy in copies {
            let key = Key::of(&copy);
            self.handled.insert(key);
            self.patients.remove(key);
            owe(&mut self.receipts, &self.shared, self.lane, &copy, None);
        }
        Counts::add(&self.shared.counts().delivered, delivered);
        let mut due = Instant::now();
        let answers = self.shared.answers();
        let mut failures = 0;
        if let (false, Some(first)) = (outcome == Outcome::Delivered, rest.into_iter().next()) {
            let before = self.patients.schedule(&patient);
            let alone = before.is_none_or(|before| before.answers == answers);
            failures = before.map_or(0, |before| before.failures);
            let attempts = if delivered > 0 { 1 } else { failures + 1 };
            let given_up = self.give_up((first, attempts), &outcome, alone, parked);
            failures = if delivered > 0 || given_up { 1 } else { failures + 1 };
            if !given_up {
                due += self.shared.pace().after_parked(failures);
            }
        }
        self.patients.end(&patient, |_| Schedule { failures, due, answers });
        match outcome {
            Outcome::Gone => self.gone(),
            outcome => self.report_release(delivered, failures, &outcome, self.patients.is_parked(&patient)),
        }
    }

    /// Gives up a copy that is parked for too long, or that may not go any more. A subscriber that answers nobody is
    /// not a reason.
    fn give_up(
        &mut self,
        (mut copy, attempts): (Delivery, u32),
        outcome: &Outcome,
        alone: bool,
        parked: Option<&mut ParkedLane>,
    ) -> bool {
        let code = match outcome {
            Outcome::Refused { code } => code,
            Outcome::Away { .. } if !alone => NO_ANSWER,
            Outcome::Withdrawn => WITHDRAWN,
            _ => return false,
        };
        let place = copy.envelope.event.as_ref().and_then(|event| event.place);
        // A clock that was set back since makes it negative: not yet.
        let parked_for = place
            .map(|place| self.shared.clock().now().duration_since(place.left_at))
            .and_then(|parked_for| Duration::try_from(parked_for).ok());
        let most = self.shared.give_up_after();
        let too_long = most.zip(parked_for).is_some_and(|(most, parked_for)| parked_for >= most);
        let at_once = *outcome == Outcome::Withdrawn;
        let Some(parked) = parked.filter(|_| at_once || too_long) else { return false };
        let key = Key::of(&copy);
        self.shared.note(&[(&copy, attempts)], Fate::Dead(code));
        let why = fault(code);
        owe(&mut self.receipts, &self.shared, self.lane, &copy, Some(&why));
        copy.envelope.fault = Some(why);
        self.patients.remove(key);
        let (subscriber, lane) = (self.shared.name(), self.lane.0);
        error!(subscriber, lane, sequence = ?place.map(|place| place.sequence), code, "given up: not delivered");
        parked.give_up(key, copy);
        true
    }

    fn report_release(&self, delivered: usize, failures: u32, outcome: &Outcome, still_parked: bool) {
        let (subscriber, lane) = (self.shared.name(), self.lane.0);
        match outcome {
            _ if !still_parked => info!(subscriber, lane, delivered, "a parked patient is released"),
            Outcome::Refused { code } => warn!(subscriber, lane, delivered, failures, code, "stays parked"),
            Outcome::Away { why, .. } => warn!(subscriber, lane, delivered, failures, why, "stays parked"),
            Outcome::Delivered | Outcome::Gone | Outcome::Withdrawn | Outcome::Held => {}
        }
    }
}
