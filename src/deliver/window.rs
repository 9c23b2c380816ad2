//! The copies of a lane that were received and are not settled, in their order.

use std::collections::{HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::patients::Patients;
use crate::broker::Delivery;
use crate::envelope::{Fault, Identifying};

/// What tells a copy of a lane from every other: its place, and its id, because a broker that lost its store counts
/// from 1 again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Key {
    sequence: u64,
    id: u64,
}

impl Key {
    /// The key of a copy, wherever it lies by now.
    pub(super) fn of(copy: &Delivery) -> Self {
        let place = copy.envelope.event.as_ref().and_then(|event| event.place);
        let mut hasher = DefaultHasher::new();
        copy.envelope.id.hash(&mut hasher);
        Self { sequence: place.map_or(copy.sequence, |place| place.sequence), id: hasher.finish() }
    }
}

/// Facility and the patient's id there.
pub(super) type Patient = (String, Identifying);

/// Whom a copy is about. Copies about nobody share their facility's nobody.
pub(super) fn patient_of(copy: &Delivery) -> Patient {
    (copy.envelope.facility.clone(), copy.envelope.patient.clone())
}

/// What is to be done with a copy of the window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    /// It must be attempted.
    Pending,
    /// Nothing more: it was delivered, or is a repeat.
    Done,
    /// It goes to the parked copies.
    Parked,
    /// It goes to the dead letters.
    Dead(Fault),
}

/// A copy of the window.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) copy: Delivery,
    pub(super) key: Key,
    pub(super) patient: Patient,
    pub(super) state: State,
    /// Attempts that found the subscriber away.
    pub(super) failures: u32,
    /// How many answers the subscriber had given, to anything, when the last of them failed.
    pub(super) answers: u64,
}

/// Copies in the order of their lane.
#[derive(Debug, Default)]
pub(super) struct Window(VecDeque<Item>);

impl Window {
    pub(super) fn extend(&mut self, copies: Vec<Delivery>) {
        self.0.extend(copies.into_iter().map(|copy| Item {
            key: Key::of(&copy),
            patient: patient_of(&copy),
            copy,
            state: State::Pending,
            failures: 0,
            answers: 0,
        }));
    }

    pub(super) fn copies(&self) -> impl Iterator<Item = &Delivery> {
        self.0.iter().map(|item| &item.copy)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn get(&self, at: usize) -> &Item {
        &self.0[at]
    }

    pub(super) fn get_mut(&mut self, at: usize) -> &mut Item {
        &mut self.0[at]
    }

    /// The finished copies before the first pending one.
    pub(super) fn finished(&self) -> impl Iterator<Item = &Item> {
        self.0.iter().take_while(|item| item.state != State::Pending)
    }

    pub(super) fn drop_first(&mut self, count: usize) {
        self.0.drain(..count);
    }

    pub(super) fn has_pending(&self) -> bool {
        self.first_pending().is_some()
    }

    pub(super) fn first_pending(&self) -> Option<usize> {
        self.pending().next()
    }

    /// Where the pending copies stand.
    pub(super) fn pending(&self) -> impl Iterator<Item = usize> {
        (0..).zip(&self.0).filter(|(_, item)| item.state == State::Pending).map(|(at, _)| at)
    }

    /// The pending copies that failed that often.
    pub(super) fn stuck(&self, failures: u32) -> Vec<usize> {
        self.pending().filter(|at| self.0[*at].failures >= failures).collect()
    }

    /// The first pending copy of a patient none of whose copies is stuck.
    pub(super) fn beside(&self, stuck: &[usize], patients: &Patients) -> Option<usize> {
        let person = |at: usize| patients.person(&self.0[at].patient);
        let stuck: HashSet<_> = stuck.iter().map(|at| person(*at)).collect();
        self.pending().find(|at| !stuck.contains(person(*at)))
    }

    /// Whether a copy of a patient, or of who is one with the patient, must still be attempted.
    pub(super) fn has_pending_of(&self, patient: &Patient, patients: &Patients) -> bool {
        let person = patients.person(patient);
        self.pending().any(|at| patients.person(&self.0[at].patient) == person)
    }
}

/// The copies that this process has dealt with last: what a connection to the broker that was lost makes come again
/// is known by it.
#[derive(Debug, Default)]
pub(super) struct Handled {
    keys: HashSet<Key>,
    order: VecDeque<Key>,
}

/// More than a lane can have unsettled in both of its queues.
const HANDLED_MAX: usize = 16_384;

impl Handled {
    pub(super) fn insert(&mut self, key: Key) {
        if self.keys.insert(key) {
            self.order.push_back(key);
        }
        if self.order.len() > HANDLED_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.keys.remove(&oldest);
        }
    }

    pub(super) fn contains(&self, key: Key) -> bool {
        self.keys.contains(&key)
    }
}
