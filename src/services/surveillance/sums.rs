//! Cases summed up by week, place and age: what tables are made of.

use std::collections::{BTreeMap, HashMap};

use jiff::civil::Date;

use super::age::AgeBand;
use super::count::Place;
use super::disease::{DiseaseId, Show};
use super::state::State;
use super::week::Week;

/// How many cases.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// Confirmed ones.
    pub confirmed: u32,
    /// Suspected ones: they are never added to the confirmed ones.
    pub suspected: u32,
    /// Cases with a positive test, with a diagnosis, with a drug.
    pub mix: [u32; 3],
}

impl Count {
    fn add(&mut self, confirmed: bool, mix: [bool; 3]) {
        let number = if confirmed { &mut self.confirmed } else { &mut self.suspected };
        *number += 1;
        for (number, has) in self.mix.iter_mut().zip(mix) {
            *number += u32::from(has);
        }
    }

    /// Whether there is none at all.
    pub const fn is_zero(&self) -> bool {
        self.confirmed == 0 && self.suspected == 0
    }
}

/// What part of a week's cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Slice {
    /// All of them.
    All,
    /// Those of an area.
    Place(Place),
    /// Those of an age band.
    Age(AgeBand),
}

/// Sums of the cases of diseases that are shown by day.
#[derive(Debug, Default)]
pub struct Sums {
    weekly: BTreeMap<(DiseaseId, Week, Slice), Count>,
    daily: HashMap<(DiseaseId, Slice), BTreeMap<Date, u32>>,
    monthly: BTreeMap<(DiseaseId, Date), Count>,
    /// By facility: which one, disease, week.
    facilities: BTreeMap<(usize, DiseaseId, Week), Count>,
}

impl Sums {
    /// Adds up all cases.
    pub fn of(state: &State) -> Self {
        let mut sums = Self::default();
        for case in state.cases() {
            let cell = case.cell;
            if state.tables().diseases.of(cell.disease).show == Show::Monthly {
                let month = sums.monthly.entry((cell.disease, cell.date)).or_default();
                month.add(cell.confirmed, case.mix);
                continue;
            }
            let week = Week::of(case.date);
            let place = Slice::Place(cell.place);
            let age = Slice::Age(cell.age.unwrap_or(AgeBand::Unknown));
            for slice in [Slice::All, place, age] {
                let count = sums.weekly.entry((cell.disease, week, slice)).or_default();
                count.add(cell.confirmed, case.mix);
            }
            for slice in [Slice::All, place] {
                let days = sums.daily.entry((cell.disease, slice)).or_default();
                *days.entry(case.date).or_default() += 1;
            }
            let own = sums.facilities.entry((case.facility, cell.disease, week)).or_default();
            own.add(cell.confirmed, case.mix);
        }
        sums
    }

    /// Cases of a disease in a week.
    pub fn week(&self, disease: DiseaseId, week: Week, slice: Slice) -> Count {
        self.weekly.get(&(disease, week, slice)).copied().unwrap_or_default()
    }

    /// Every sum that is not zero.
    pub fn weeks(&self) -> impl Iterator<Item = (DiseaseId, Week, Slice, Count)> {
        self.weekly.iter().map(|((disease, week, slice), count)| (*disease, *week, *slice, *count))
    }

    /// Every month with a case of a disease that is shown by month.
    pub fn months(&self) -> impl Iterator<Item = (DiseaseId, Date, Count)> {
        self.monthly.iter().map(|((disease, month), count)| (*disease, *month, *count))
    }

    /// The weeks of one facility, by its place in [`State::facilities`].
    pub fn facility(&self, facility: usize) -> impl Iterator<Item = (DiseaseId, Week, Count)> {
        let own = self.facilities.iter().filter(move |((one, ..), _)| *one == facility);
        own.map(|((_, disease, week), count)| (*disease, *week, *count))
    }

    /// Cases by day, confirmed and suspected ones together, of each disease as a whole and of each of its areas.
    pub(super) fn daily(&self) -> impl Iterator<Item = (DiseaseId, Slice, &BTreeMap<Date, u32>)> {
        self.daily.iter().map(|((disease, slice), days)| (*disease, *slice, days))
    }

    /// Whether the disease had a case in one of these weeks.
    pub fn has_any(&self, disease: DiseaseId, weeks: &[Week]) -> bool {
        weeks.iter().any(|week| !self.week(disease, *week, Slice::All).is_zero())
    }
}
