//! What a facility reported: silence is not zero.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::civil::Date;

use super::evidence::Key;

/// A facility and when something was heard from it.
#[derive(Debug, Clone)]
pub struct Facility {
    /// 10-digit code.
    pub code: String,
    /// Which of the areas it lies in.
    pub area: Option<usize>,
    /// First day on which it is expected to report; `None` where nobody expects it.
    pub expected_from: Option<Date>,
    /// The last day on which anything of it came to the service.
    pub heard_on: Option<Date>,
    /// Days of which it told something: a visit, a test, a diagnosis.
    pub told_of: BTreeSet<Date>,
    /// Patients who came, by day.
    pub visits: BTreeMap<Date, u32>,
}

/// Visits: a patient who comes twice on a day counts once.
#[derive(Debug, Default)]
pub(super) struct Visits {
    days: HashMap<(Key, Date), Vec<Key>>,
    records: HashMap<Key, (Key, Date)>,
}

impl Visits {
    /// Notes a visit that a record tells. The days whose number changes, by how much.
    pub(super) fn note(&mut self, patient: Key, record: Key, day: Date) -> Vec<(Date, i8)> {
        let mut changes = self.forget(patient, record, None);
        let records = self.days.entry((patient, day)).or_default();
        if records.is_empty() {
            changes.push((day, 1));
        }
        records.push(record);
        self.records.insert(record, (patient, day));
        changes
    }

    /// Forgets the visit of a record that was taken back; of one that is not known, the patient's visit on that day.
    pub(super) fn forget(&mut self, patient: Key, record: Key, day: Option<Date>) -> Vec<(Date, i8)> {
        if let Some(place) = self.records.remove(&record) {
            let Some(records) = self.days.get_mut(&place) else { return Vec::new() };
            records.retain(|one| *one != record);
            if !records.is_empty() {
                return Vec::new();
            }
            self.days.remove(&place);
            return vec![(place.1, -1)];
        }
        let Some(day) = day else { return Vec::new() };
        match self.days.remove(&(patient, day)) {
            Some(_) => vec![(day, -1)],
            None => Vec::new(),
        }
    }
}
