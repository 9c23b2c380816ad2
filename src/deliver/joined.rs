//! Copies about a person whose lanes were joined wait for the earlier ones in the lower lanes.
//!
//! The lanes of a subscriber are delivered beside each other, all by one process. A copy that says that its lane was
//! joined with others ([`Join`](crate::envelope::Join)) is parked until none of the person's copies is left there: the
//! lane asks here, and each lower lane answers once it has received all that was there when it was asked, and delivered
//! or given up what is the person's.
//!
//! An answer holds for good: what a facility says of the person later lies in the joined lane. So nothing has to be
//! remembered over a restart; it is asked again. Lanes wait for lower ones only.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::lane::{BATCH, LaneWorker};
use super::window::{Item, Patient, Window, patient_of};
use crate::broker::{BrokerError, Consumer, Delivery};
use crate::envelope::Lane;

/// How long a lane waits for lower ones before it parks who was joined, and lets the others go on. Most often what is
/// before has left already.
const PATIENCE: Duration = Duration::from_secs(1);
/// How soon it looks again.
pub(super) const LOOK: Duration = Duration::from_millis(20);

/// Whether a lane has copies of a patient left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It was asked.
    Asked,
    /// It has received all that was there when it was asked, and something of the patient is left.
    Left,
    /// Nothing is left.
    Free,
}

#[derive(Default)]
struct State {
    standings: HashMap<Lane, HashMap<Patient, Standing>>,
    /// Lanes that will not answer.
    ended: HashSet<Lane>,
}

/// What the lanes of a subscriber ask each other.
pub(super) struct Joined {
    state: Mutex<State>,
    /// Changes with every question and every answer.
    changes: watch::Sender<u64>,
}

/// All who are one with a copy's patient; alone where nothing is said.
pub(super) fn persons_of(copy: &Delivery) -> impl Iterator<Item = Patient> {
    let joined = copy.envelope.join.iter().flat_map(|join| &join.patients);
    joined.map(|patient| (copy.envelope.facility.clone(), patient.clone())).chain([patient_of(copy)])
}

impl Joined {
    pub(super) fn new() -> Self {
        Self { state: Mutex::default(), changes: watch::Sender::new(0) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changed(&self) {
        self.changes.send_modify(|changes| *changes += 1);
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Asks, where it is not known, whether all that belongs before a copy has left the lower lanes.
    pub(super) fn ask(&self, copy: &Delivery) {
        self.may_go(copy);
    }

    /// Whether all that belongs before a copy has left the lower lanes. Asks them where it is not known.
    pub(super) fn may_go(&self, copy: &Delivery) -> bool {
        let Some(join) = &copy.envelope.join else { return true };
        let (mut may_go, mut is_new) = (true, false);
        let mut state = self.state();
        for lane in &join.others {
            let standings = state.standings.entry(*lane).or_default();
            for patient in persons_of(copy) {
                let standing = standings.entry(patient).or_insert_with(|| {
                    is_new = true;
                    Standing::Asked
                });
                may_go &= *standing == Standing::Free;
            }
        }
        drop(state);
        if is_new {
            self.changed();
        }
        may_go
    }

    /// Patients about whom a lane is asked, and what it did not answer yet.
    pub(super) fn asked(&self, lane: Lane) -> Vec<(Patient, Standing)> {
        let state = self.state();
        let standings = state.standings.get(&lane).into_iter().flatten();
        let open = standings.filter(|(_, standing)| **standing != Standing::Free);
        open.map(|(patient, standing)| (patient.clone(), *standing)).collect()
    }

    /// A lane's answer.
    pub(super) fn answer(&self, lane: Lane, patient: Patient, standing: Standing) {
        let before = self.state().standings.entry(lane).or_default().insert(patient, standing);
        if before != Some(standing) {
            self.changed();
        }
    }

    /// A lane will not answer any more.
    pub(super) fn end(&self, lane: Lane) {
        self.state().ended.insert(lane);
        self.changed();
    }

    /// Whether a lane should stay: it was asked and has not looked, or a lower lane may still answer.
    pub(super) fn is_needed(&self, lane: Lane) -> bool {
        let state = self.state();
        let mut standings = state.standings.iter().filter(|(of, _)| !state.ended.contains(of));
        standings.any(|(of, standings)| {
            standings.values().any(|standing| match of.cmp(&lane) {
                Ordering::Less => *standing != Standing::Free,
                Ordering::Equal => *standing == Standing::Asked,
                Ordering::Greater => false,
            })
        })
    }
}

impl LaneWorker {
    /// Tells lanes that were joined with this one what is left here of what belongs before.
    pub(super) async fn answer(
        &mut self,
        consumer: &mut dyn Consumer,
        window: &mut Window,
    ) -> Result<(), BrokerError> {
        let asked = self.shared.joined.asked(self.lane);
        let mut is_read = true;
        if asked.iter().any(|(_, standing)| *standing == Standing::Asked) {
            let room = BATCH.saturating_sub(window.len());
            let copies = if room > 0 { consumer.receive_ready(room).await? } else { Vec::new() };
            is_read = room > 0 && copies.is_empty();
            self.take_in(window, copies);
        }
        for (patient, standing) in asked {
            let is_left =
                self.patients.is_parked(&patient) || window.has_pending_of(&patient, &self.patients);
            match standing {
                Standing::Asked if !is_read => {}
                _ if is_left => self.shared.joined.answer(self.lane, patient, Standing::Left),
                _ => self.shared.joined.answer(self.lane, patient, Standing::Free),
            }
        }
        Ok(())
    }

    /// Whether an earlier copy of the same patient, or of who is one with the patient, is not delivered yet.
    pub(super) fn waits(&self, item: &Item) -> bool {
        // Asked in any case: the answer takes its time, and in a drain a lane that was not asked is gone soon.
        let may_go = self.shared.joined.may_go(&item.copy);
        !may_go || self.patients.is_parked(&item.patient)
    }

    /// Whether the lane waits for lower ones, for a moment, instead of parking a copy.
    pub(super) fn holds(&mut self, item: &Item) -> bool {
        let is_first = !self.patients.is_parked(&item.patient);
        is_first && self.joined_since.get_or_insert_with(Instant::now).elapsed() < PATIENCE
    }
}
