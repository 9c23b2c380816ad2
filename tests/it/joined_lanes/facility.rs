//! A facility that sends, and what must hold of the order at a subscriber.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rand::Rng;
use rand::rngs::StdRng;

/// A message: whom it is about, and who is one by then.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) text: String,
    pub(crate) patient: u32,
    /// All who are one with the patient once it was sent.
    one: BTreeSet<u32>,
    /// It says who is one with whom, or no longer.
    pub(crate) is_kin: bool,
}

/// A facility's messages, in order; a message's control id is its place.
#[derive(Debug, Default)]
pub(crate) struct Facility {
    persons: BTreeMap<u32, BTreeSet<u32>>,
    pub(crate) sent: Vec<Sent>,
}

impl Facility {
    /// Something about a patient.
    pub(crate) fn tell(&mut self, patient: u32) {
        let text = self.text("ADT^A08", patient);
        self.push(text, patient, false);
    }

    /// `former`, and whoever else is named, goes into `patient`.
    pub(crate) fn merge(&mut self, formers: &[u32], patient: u32) {
        let ids: Vec<_> = formers.iter().map(|former| format!("{former}^^^^PI")).collect();
        let text = format!("{}MRG|{}\r", self.text("ADT^A40", patient), ids.join("~"));
        let all: BTreeSet<u32> = formers.iter().chain([&patient]).flat_map(|one| self.of(*one)).collect();
        for one in &all {
            self.persons.insert(*one, all.clone());
        }
        self.push(text, patient, true);
    }

    /// Two who were one are told to be two.
    pub(crate) fn unmerge(&mut self, one: u32, other: u32) {
        let text = format!("{}PID|2||{other}^^^^PI\r", self.text("ADT^A37", one));
        self.push(text, one, true);
    }

    pub(crate) fn something(&mut self, random: &mut StdRng, patients: u32) {
        let patient = random.random_range(0..patients);
        let other = random.random_range(0..patients);
        match random.random_range(0..20) {
            0 | 1 => self.merge(&[other], patient),
            2 => self.merge(&[other, random.random_range(0..patients)], patient),
            3 => self.unmerge(patient, other),
            _ => self.tell(patient),
        }
    }

    fn of(&self, patient: u32) -> BTreeSet<u32> {
        self.persons.get(&patient).cloned().unwrap_or_else(|| [patient].into())
    }

    fn text(&self, event: &str, patient: u32) -> String {
        let serial = self.sent.len();
        format!(
            "MSH|^~\\&|HIS|SEND|GW|RCV|20260401||{event}|{serial}|P|2.5\rEVN|{}|20260401\rPID|1||{patient}^^^^PI||架空^太郎\r",
            event.trim_start_matches("ADT^")
        )
    }

    fn push(&mut self, text: String, patient: u32, is_kin: bool) {
        let one = self.of(patient);
        self.sent.push(Sent { text, patient, one, is_kin });
    }

    /// Checks the order of a subscriber's copies, by their serials; repeats count where they came first.
    #[track_caller]
    pub(crate) fn check(&self, who: &str, seed: u64, got: &[usize], wanted: impl Fn(&Sent) -> bool) {
        let mut first = HashMap::new();
        for (place, serial) in got.iter().enumerate() {
            first.entry(*serial).or_insert(place);
        }
        let all = || self.sent.iter().enumerate().filter(|(_, sent)| wanted(sent));
        for (serial, _) in all() {
            assert!(first.contains_key(&serial), "seed {seed}: {who} never got {serial}");
        }
        for (later, sent) in all() {
            for (earlier, before) in all().take_while(|(earlier, _)| *earlier < later) {
                let belongs = sent.one.contains(&before.patient);
                assert!(
                    !belongs || first[&earlier] < first[&later],
                    "seed {seed}: {who} got {later} (patient {}) before {earlier} (patient {}): {got:?}",
                    sent.patient,
                    before.patient
                );
            }
        }
    }
}
