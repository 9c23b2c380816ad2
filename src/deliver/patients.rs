//! The parked patients of a lane and their copies, in memory.

use std::collections::{BTreeMap, HashMap};

use tokio::time::Instant;

use super::joined::persons_of;
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
    /// Attempts that are being made; more than one where several were joined meanwhile.
    busy: u32,
}

impl Waiting {
    fn is_idle(&self, may_go: impl Fn(&Delivery) -> bool) -> bool {
        self.busy == 0 && self.copies.values().next().is_some_and(may_go)
    }
}

/// The parked patients of a lane.
#[derive(Debug, Default)]
pub(super) struct Patients {
    waiting: HashMap<Patient, Waiting>,
    owners: HashMap<Key, Patient>,
    /// Of those who were joined, who stands for all; perhaps over several steps.
    persons: HashMap<Patient, Patient>,
}

impl Patients {
    /// Notes who is one by a copy: from now on they wait for each other.
    pub(super) fn join(&mut self, copy: &Delivery) {
        if copy.envelope.join.is_none() {
            return;
        }
        let mut all: Vec<Patient> = persons_of(copy).map(|patient| self.person(&patient).clone()).collect();
        all.sort();
        all.dedup();
        let mut all = all.into_iter();
        let Some(first) = all.next() else { return };
        for other in all {
            if let Some(waiting) = self.waiting.remove(&other) {
                self.merge(&first, waiting);
            }
            self.persons.insert(other, first.clone());
        }
    }

    fn merge(&mut self, first: &Patient, mut other: Waiting) {
        if let Some(waiting) = self.waiting.get_mut(first) {
            waiting.copies.append(&mut other.copies);
            waiting.busy += other.busy;
        } else {
            self.waiting.insert(first.clone(), other);
        }
    }

    /// Who stands for a patient who was joined.
    pub(super) fn person<'p>(&'p self, mut patient: &'p Patient) -> &'p Patient {
        while let Some(person) = self.persons.get(patient) {
            patient = person;
        }
        patient
    }

    /// Parks a copy, behind the earlier ones of its patient. The schedule is for a patient who was not parked yet.
    pub(super) fn park(&mut self, key: Key, copy: Delivery, schedule: Schedule) {
        self.join(&copy);
        let patient = self.person(&patient_of(&copy)).clone();
        self.owners.insert(key, patient.clone());
        let new = || Waiting { copies: BTreeMap::new(), schedule, busy: 0 };
        self.waiting.entry(patient).or_insert_with(new).copies.insert(key, copy);
    }

    /// All copies, in no order.
    pub(super) fn copies(&self) -> impl Iterator<Item = &Delivery> {
        self.waiting.values().flat_map(|waiting| waiting.copies.values())
    }

    /// Copies in all.
    pub(super) fn len(&self) -> usize {
        self.owners.len()
    }

    /// Patients in all; who was joined counts as one.
    pub(super) fn patients(&self) -> usize {
        self.waiting.len()
    }

    /// Those whose first copy is such a one.
    pub(super) fn patients_where(&self, is: impl Fn(&Delivery) -> bool) -> usize {
        self.waiting.values().filter(|waiting| waiting.copies.values().next().is_some_and(&is)).count()
    }

    pub(super) fn contains(&self, key: Key) -> bool {
        self.owners.contains_key(&key)
    }

    pub(super) fn is_parked(&self, patient: &Patient) -> bool {
        self.waiting.contains_key(self.person(patient))
    }

    pub(super) fn get(&self, key: Key) -> Option<&Delivery> {
        self.waiting.get(self.person(self.owners.get(&key)?))?.copies.get(&key)
    }

    /// Takes a copy out; the last one releases its patient.
    pub(super) fn remove(&mut self, key: Key) -> Option<Delivery> {
        let patient = self.owners.remove(&key)?;
        let patient = self.person(&patient).clone();
        let waiting = self.waiting.get_mut(&patient)?;
        let copy = waiting.copies.remove(&key);
        if waiting.copies.is_empty() {
            self.waiting.remove(&patient);
        }
        copy
    }

    /// Lets all of them be due now.
    pub(super) fn hurry(&mut self) {
        for waiting in self.waiting.values_mut() {
            waiting.schedule.due = Instant::now();
        }
    }

    /// When the next patient is due whose first copy may go.
    pub(super) fn next_due(&self, may_go: impl Fn(&Delivery) -> bool) -> Option<Instant> {
        let idle = self.waiting.values().filter(|waiting| waiting.is_idle(&may_go));
        idle.map(|waiting| waiting.schedule.due).min()
    }

    /// The first copies that may go of the patient who is due longest, who is busy from now on.
    pub(super) fn start(
        &mut self,
        most: usize,
        may_go: impl Fn(&Delivery) -> bool,
    ) -> Option<(Patient, Vec<Delivery>)> {
        let idle = self.waiting.iter_mut().filter(|(_, waiting)| waiting.is_idle(&may_go));
        let (patient, waiting) = idle.min_by_key(|(_, waiting)| waiting.schedule.due)?;
        waiting.busy += 1;
        let copies = waiting.copies.values().take(most).take_while(|copy| may_go(copy));
        Some((patient.clone(), copies.cloned().collect()))
    }

    /// An attempt has ended; `next` says when the patient, if still parked, is tried again.
    pub(super) fn end(&mut self, patient: &Patient, next: impl FnOnce(Schedule) -> Schedule) {
        let patient = self.person(patient).clone();
        if let Some(waiting) = self.waiting.get_mut(&patient) {
            waiting.busy = waiting.busy.saturating_sub(1);
            waiting.schedule = next(waiting.schedule);
        }
    }

    /// The schedules, to go on with after the copies were read anew.
    pub(super) fn schedules(&self) -> HashMap<Patient, Schedule> {
        self.waiting.iter().map(|(patient, waiting)| (patient.clone(), waiting.schedule)).collect()
    }

    /// The schedule of a patient.
    pub(super) fn schedule(&self, patient: &Patient) -> Option<Schedule> {
        self.waiting.get(self.person(patient)).map(|waiting| waiting.schedule)
    }
}
