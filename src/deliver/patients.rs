//! The parked patients of a lane and their copies, in memory.

use std::collections::{BTreeMap, HashMap};

use tokio::time::Instant;

use super::window::{Key, Patient, patient_of};
use crate::broker::Delivery;

/// When a patient is tried again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Schedule {
    /// Attempts that failed in a row.
    pub(super) failures: u32,
    pub(super) due: Instant,
    /// How many answers the subscriber had given, to anything, when the last attempt failed.
    pub(super) answers: u64,
}

#[derive(Debug)]
struct Waiting {
    /// Never empty.
    copies: BTreeMap<Key, Delivery>,
    schedule: Schedule,
    /// An attempt is being made.
    busy: bool,
}

/// The parked patients of a lane.
#[derive(Debug, Default)]
pub(super) struct Patients {
    waiting: HashMap<Patient, Waiting>,
    owners: HashMap<Key, Patient>,
}

impl Patients {
    /// Parks a copy, behind the earlier ones of its patient. The schedule is for a patient who was not parked yet.
    pub(super) fn park(&mut self, key: Key, copy: Delivery, schedule: Schedule) {
        let patient = patient_of(&copy);
        self.owners.insert(key, patient.clone());
        let new = || Waiting { copies: BTreeMap::new(), schedule, busy: false };
        self.waiting.entry(patient).or_insert_with(new).copies.insert(key, copy);
    }

    /// Copies in all.
    pub(super) fn len(&self) -> usize {
        self.owners.len()
    }

    pub(super) fn contains(&self, key: Key) -> bool {
        self.owners.contains_key(&key)
    }

    pub(super) fn is_parked(&self, patient: &Patient) -> bool {
        self.waiting.contains_key(patient)
    }

    pub(super) fn get(&self, key: Key) -> Option<&Delivery> {
        self.waiting.get(self.owners.get(&key)?)?.copies.get(&key)
    }

    /// Takes a copy out; the last one releases its patient.
    pub(super) fn remove(&mut self, key: Key) -> Option<Delivery> {
        let patient = self.owners.remove(&key)?;
        let waiting = self.waiting.get_mut(&patient)?;
        let copy = waiting.copies.remove(&key);
        if waiting.copies.is_empty() {
            self.waiting.remove(&patient);
        }
        copy
    }

    /// When the next patient is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.waiting.values().filter(|waiting| !waiting.busy).map(|waiting| waiting.schedule.due).min()
    }

    /// The first copies of the patient who is due longest, who is busy from now on.
    pub(super) fn start(&mut self, most: usize) -> Option<(Patient, Vec<Delivery>)> {
        let idle = self.waiting.iter_mut().filter(|(_, waiting)| !waiting.busy);
        let (patient, waiting) = idle.min_by_key(|(_, waiting)| waiting.schedule.due)?;
        waiting.busy = true;
        Some((patient.clone(), waiting.copies.values().take(most).cloned().collect()))
    }

    /// An attempt has ended; `next` says when the patient, if still parked, is tried again.
    pub(super) fn end(&mut self, patient: &Patient, next: impl FnOnce(Schedule) -> Schedule) {
        if let Some(waiting) = self.waiting.get_mut(patient) {
            waiting.busy = false;
            waiting.schedule = next(waiting.schedule);
        }
    }

    /// The schedules, to go on with after the copies were read anew.
    pub(super) fn schedules(&self) -> HashMap<Patient, Schedule> {
        self.waiting.iter().map(|(patient, waiting)| (patient.clone(), waiting.schedule)).collect()
    }

    /// The schedule of a patient.
    pub(super) fn schedule(&self, patient: &Patient) -> Option<Schedule> {
        self.waiting.get(patient).map(|waiting| waiting.schedule)
    }
}
