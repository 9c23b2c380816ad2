//! What is shown: a state, summed up for a page and for files.

use jiff::ToSpan;
use jiff::civil::Date;

use super::alert::{Alert, BaselineDays, alerts};
use super::count::Place;
use super::disease::{Disease, DiseaseId, Sentinel, Show};
use super::facility::Facility;
use super::state::State;
use super::sums::{Count, Slice, Sums};
use super::week::Week;

/// Weeks of the table of diseases.
const WEEKS: i32 = 5;
/// Days without a word after which a facility's feed is stale.
const STALE_DAYS: i32 = 3;

/// What to show.
#[derive(Debug, Clone, Copy, Default)]
pub struct Settings {
    /// The last week of the tables; that of the last day where none is given.
    pub week: Option<Week>,
    /// What baselines of alerts are made of.
    pub baseline: BaselineDays,
}

/// How many facilities reported, of how many that should have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coverage {
    /// Facilities that told of a day of the week.
    pub reporting: usize,
    /// Facilities that are expected to.
    pub expected: usize,
}

impl Coverage {
    /// Whether nothing was heard at all: no count can be told from zero.
    pub const fn is_silent(self) -> bool {
        self.reporting == 0
    }
}

/// A state with its sums.
pub struct Report<'s> {
    /// What it is made of.
    pub state: &'s State,
    /// Sums of its cases.
    pub sums: Sums,
    /// The last day that is in it.
    pub as_of: Date,
    /// The day on which it is made.
    today: Date,
    /// The weeks of the table of diseases, the oldest first.
    pub weeks: Vec<Week>,
    /// Alerts of the last seven days of those weeks.
    pub alerts: Vec<Alert>,
}

impl<'s> Report<'s> {
    /// Sums a state up on that day.
    pub fn of(state: &'s State, today: Date, settings: Settings) -> Self {
        let sums = Sums::of(state);
        let as_of = state.as_of().unwrap_or(today);
        let last = settings.week.unwrap_or_else(|| Week::of(as_of));
        let until = last.last().min(as_of);
        let alerts = alerts(&sums, until, settings.baseline, &state.tables().holidays);
        Self {
            state,
            sums,
            as_of,
            today,
            weeks: (0..WEEKS).rev().map(|back| last.back(back)).collect(),
            alerts,
        }
    }

    /// The last week.
    pub fn week(&self) -> Week {
        self.weeks.last().copied().unwrap_or_else(|| Week::of(self.as_of))
    }

    /// The weeks of the year that the last week is numbered in.
    pub fn year(&self) -> Vec<Week> {
        Week::of_year(self.week().number().0)
    }

    /// Diseases of the weekly tables: those that sentinels report every week, and others that had a case within the
    /// year.
    pub fn diseases(&self) -> Vec<(DiseaseId, &'s Disease)> {
        let year: Vec<_> = (0..53).map(|back| self.week().back(back)).collect();
        let weekly = |disease: &Disease| {
            !matches!(disease.sentinel, Sentinel::All | Sentinel::Sti | Sentinel::Syndrome)
        };
        let diseases = self.state.tables().diseases.iter();
        diseases
            .filter(|(_, disease)| disease.show == Show::Area)
            .filter(|(id, disease)| weekly(disease) || self.sums.has_any(*id, &year))
            .collect()
    }

    /// Urgent diseases with cases in the weeks shown: the facility's own officer has a task.
    pub fn urgent(&self) -> Vec<(DiseaseId, &'s Disease, Count)> {
        let diseases = self.state.tables().diseases.iter();
        let urgent = diseases.filter(|(_, disease)| disease.urgent && disease.show == Show::Area);
        let with = urgent.map(|(id, disease)| {
            let mut all = Count::default();
            for week in &self.weeks {
                let count = self.sums.week(id, *week, Slice::All);
                all.confirmed += count.confirmed;
                all.suspected += count.suspected;
            }
            (id, disease, all)
        });
        with.filter(|(.., count)| !count.is_zero()).collect()
    }

    /// Confirmed cases per sentinel of the prefecture or of an area; `None` where the number of sentinels is not known.
    pub fn per_sentinel(&self, disease: &Disease, slice: Slice, count: Count) -> Option<f64> {
        let tables = self.state.tables();
        let area = match slice {
            Slice::All => &tables.prefecture,
            Slice::Place(Place::Area(area)) => tables.areas.get(area)?,
            Slice::Place(_) | Slice::Age(_) => return None,
        };
        let sentinels = area.sentinels(disease).filter(|sentinels| *sentinels > 0)?;
        Some(f64::from(count.confirmed) / f64::from(sentinels))
    }

    /// Who reported in a week: of the prefecture, or of one area.
    pub fn coverage(&self, week: Week, area: Option<usize>) -> Coverage {
        let of_area = |facility: &&Facility| area.is_none() || facility.area == area;
        let facilities = || self.state.facilities().iter().filter(of_area);
        let told = |facility: &&Facility| facility.told_of.range(week.first()..=week.last()).next().is_some();
        let expected = |facility: &&Facility| facility.expected_from.is_some_and(|from| from <= week.last());
        Coverage {
            reporting: facilities().filter(told).count(),
            expected: facilities().filter(expected).count(),
        }
    }

    /// Patients who came in a week: of the prefecture, or of one area.
    pub fn visits(&self, week: Week, area: Option<usize>) -> u32 {
        let facilities = self.state.facilities().iter();
        let of_area = facilities.filter(|facility| area.is_none() || facility.area == area);
        of_area.flat_map(|facility| facility.visits.range(week.first()..=week.last())).map(|(_, n)| n).sum()
    }

    /// Facilities that should report and were not heard of for days.
    pub fn stale(&self) -> Vec<&'s Facility> {
        let limit = self.today.checked_sub(STALE_DAYS.days()).unwrap_or(self.today);
        let expected = |facility: &&Facility| facility.expected_from.is_some_and(|from| from <= self.today);
        let silent = |facility: &&Facility| facility.heard_on.is_none_or(|heard| heard < limit);
        self.state.facilities().iter().filter(expected).filter(silent).collect()
    }
}
