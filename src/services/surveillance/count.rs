//! Counts with their revisions: what was known of a past day, and since when.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::age::AgeBand;
use super::disease::DiseaseId;

/// Sex as the tables show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Sex {
    /// Male.
    Male,
    /// Female.
    Female,
    /// Neither was said.
    #[default]
    Unknown,
}

impl Sex {
    /// The word that stands in tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Male => "male",
            Self::Female => "female",
            Self::Unknown => "?",
        }
    }
}

/// Where a case happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// Somewhere in the prefecture: of a disease that is not shown by area.
    Prefecture,
    /// Which of the areas.
    Area(usize),
    /// At a facility that no table assigns to an area.
    Unknown,
}

/// What is counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cell {
    /// The day; the first of the month for a disease that is shown by month.
    pub date: Date,
    /// Which disease.
    pub disease: DiseaseId,
    /// Where.
    pub place: Place,
    /// How old; `None` for a disease that is not shown by age.
    pub age: Option<AgeBand>,
    /// Sex; `None` for a disease that is not shown by it.
    pub sex: Option<Sex>,
    /// Confirmed, or only suspected.
    pub confirmed: bool,
}

/// A count as it was known from a day on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revision {
    /// The day at whose end it was known.
    pub as_of: Date,
    /// How many cases.
    pub n: u32,
}

/// All counts.
#[derive(Debug, Default)]
pub(super) struct Counts {
    now: BTreeMap<Cell, u32>,
    touched: BTreeSet<Cell>,
    revisions: BTreeMap<Cell, Vec<Revision>>,
}

impl Counts {
    pub(super) fn add(&mut self, cell: Cell) {
        *self.now.entry(cell).or_default() += 1;
        self.touched.insert(cell);
    }

    pub(super) fn subtract(&mut self, cell: Cell) {
        if let Some(n) = self.now.get_mut(&cell) {
            *n = n.saturating_sub(1);
        }
        self.touched.insert(cell);
    }

    /// Makes what changed since the last call known as of that day. A second call for a day replaces what the first one
    /// told.
    pub(super) fn publish(&mut self, as_of: Date) {
        for cell in std::mem::take(&mut self.touched) {
            let n = self.now.get(&cell).copied().unwrap_or_default();
            let revisions = self.revisions.entry(cell).or_default();
            revisions.pop_if(|last| last.as_of == as_of);
            if revisions.last().map_or(0, |last| last.n) != n {
                revisions.push(Revision { as_of, n });
            }
        }
    }

    /// Every count with all its revisions, the oldest first.
    pub(super) fn revisions(&self) -> impl Iterator<Item = (&Cell, &[Revision])> {
        self.revisions.iter().map(|(cell, revisions)| (cell, revisions.as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::super::table::Tables;
    use super::*;

    fn cell() -> Cell {
        let read = |table: &str| {
            std::fs::read_to_string(format!("{}/tables/{table}.tsv", env!("CARGO_MANIFEST_DIR"))).ok()
        };
        let disease = Tables::read(read).unwrap().diseases.find("measles").unwrap();
        let (place, age, sex) = (Place::Area(0), Some(AgeBand::From1), Some(Sex::Female));
        Cell { date: date(2026, 11, 2), disease, place, age, sex, confirmed: true }
    }

    #[test]
    fn a_change_of_a_past_day_is_a_new_revision_and_the_old_one_stays() {
        let (mut counts, cell) = (Counts::default(), cell());
        let told = |counts: &Counts| {
            let revisions = counts.revisions().flat_map(|(_, revisions)| revisions.to_vec());
            revisions.map(|revision| (revision.as_of.day(), revision.n)).collect::<Vec<_>>()
        };
        counts.add(cell);
        counts.add(cell);
        counts.publish(date(2026, 11, 3));
        counts.publish(date(2026, 11, 4));
        assert_eq!(told(&counts), [(3, 2)]);
        counts.subtract(cell);
        counts.publish(date(2026, 11, 5));
        counts.subtract(cell);
        counts.publish(date(2026, 11, 5));
        assert_eq!(told(&counts), [(3, 2), (5, 0)]);
        counts.add(cell);
        counts.subtract(cell);
        counts.publish(date(2026, 11, 6));
        assert_eq!(told(&counts), [(3, 2), (5, 0)], "nothing changed in the end");
        counts.add(cell);
        counts.add(cell);
        counts.publish(date(2026, 11, 5));
        assert_eq!(told(&counts), [(3, 2)], "the day is told anew, and is as it was");
    }
}
