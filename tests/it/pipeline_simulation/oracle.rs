//! What subscribers must have got in the end.

use std::collections::{BTreeMap, BTreeSet};

use musubi::broker::Delivery;
use musubi::envelope::Lane;

/// Gaps are allowed where routers answer differently: numbers leap, by more than this.
const LEAP_MIN: u64 = 100_000;

/// What one subscriber got in one lane.
#[derive(Default)]
struct Strand {
    /// Event by number.
    numbers: BTreeMap<u64, String>,
}

/// Everything that left the hub.
#[derive(Default)]
pub(super) struct Oracle {
    /// By subscriber and lane.
    strands: BTreeMap<(&'static str, Lane), Strand>,
    /// Ids in order of arrival, by subscriber; repeats by number are left out.
    events: BTreeMap<&'static str, Vec<String>>,
    /// Whether routers of different histories are at work.
    pub(super) mixed: bool,
    pub(super) violations: Vec<String>,
    /// Grows with everything that happens: two runs of a seed are the same.
    pub(super) trace: blake3::Hasher,
}

impl Oracle {
    /// A subscriber has got an event and holds it.
    pub(super) fn got(&mut self, subscriber: &'static str, lane: Lane, delivery: &Delivery) {
        let (sequence, id) = (delivery.sequence, delivery.envelope.id.clone());
        self.trace.update(format!("{subscriber} {} {sequence} {id}\n", lane.0).as_bytes());
        let strand = self.strands.entry((subscriber, lane)).or_default();
        let last = strand.numbers.last_key_value().map_or(0, |(last, _)| *last);
        if let Some(before) = strand.numbers.get(&sequence) {
            if *before != id {
                let what = format!("{subscriber} lane {}: {sequence} was {before} and is {id}", lane.0);
                self.violations.push(what);
            }
            return;
        }
        if self.mixed && sequence < last {
            // Begun by a router whose successor answered otherwise, and did it again under another number.
            return;
        }
        let has_leapt = self.mixed && sequence > last + LEAP_MIN;
        if sequence != last + 1 && !has_leapt {
            self.violations.push(format!("{subscriber} lane {}: {sequence} ({id}) after {last}", lane.0));
        }
        strand.numbers.insert(sequence, id.clone());
        self.events.entry(subscriber).or_default().push(id);
    }

    /// Whether a subscriber has all of these.
    pub(super) fn has_all(&self, subscriber: &str, expected: &BTreeSet<String>) -> bool {
        let got: BTreeSet<_> = self.events.get(subscriber).into_iter().flatten().cloned().collect();
        got.is_superset(expected)
    }

    /// Compares what a subscriber got with what had to come, given patient by patient in the order of acceptance.
    pub(super) fn compare(
        &mut self,
        subscriber: &'static str,
        expected: &[Vec<String>],
        optional: &BTreeSet<String>,
    ) {
        let mut seen = BTreeSet::new();
        let mut got: Vec<String> = Vec::new();
        for id in self.events.remove(subscriber).unwrap_or_default() {
            if seen.insert(id.clone()) {
                got.push(id);
            } else if !self.mixed {
                self.violations.push(format!("{subscriber} got {id} under two numbers"));
            }
        }
        let all: BTreeSet<&String> = expected.iter().flatten().collect();
        got.iter()
            .filter(|id| !all.contains(id) && !optional.contains(*id))
            .for_each(|id| self.violations.push(format!("{subscriber} got {id}, which is not for it")));
        for patient in expected {
            let own: BTreeSet<&String> = patient.iter().collect();
            let found: Vec<_> = got.iter().filter(|id| own.contains(id)).collect();
            if !found.iter().copied().eq(patient) {
                self.violations.push(format!("{subscriber} got {found:?} instead of {patient:?}"));
            }
        }
    }
}
