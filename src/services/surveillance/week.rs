//! Weeks as the official reports have them: ISO 8601, Monday to Sunday.

use std::fmt;
use std::str::FromStr;

use jiff::ToSpan;
use jiff::civil::{Date, ISOWeekDate, Weekday};

/// A week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Week {
    /// Its Monday.
    monday: Date,
}

impl Week {
    /// The week of a day.
    pub fn of(day: Date) -> Self {
        let back = day.weekday().since(Weekday::Monday);
        Self { monday: day.checked_sub(i32::from(back).days()).unwrap_or(day) }
    }

    /// Its Monday.
    pub const fn first(self) -> Date {
        self.monday
    }

    /// Its Sunday.
    pub fn last(self) -> Date {
        self.monday.checked_add(6.days()).unwrap_or(Date::MAX)
    }

    /// So many weeks before.
    #[must_use]
    pub fn back(self, weeks: i32) -> Self {
        Self { monday: self.monday.checked_sub(weeks.weeks()).unwrap_or(Date::MIN) }
    }

    /// The year that the week is numbered in, and its number.
    pub fn number(self) -> (i16, i8) {
        let iso = self.monday.iso_week_date();
        (iso.year(), iso.week())
    }

    /// All weeks of a numbered year.
    pub fn of_year(year: i16) -> Vec<Self> {
        let weeks = (1..=53).filter_map(|week| ISOWeekDate::new(year, week, Weekday::Monday).ok());
        weeks.map(|monday| Self { monday: monday.date() }).collect()
    }
}

impl fmt::Display for Week {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, week) = self.number();
        write!(f, "{year:04}-W{week:02}")
    }
}

/// It is no week like `2026-W47`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a week like 2026-W47")]
pub struct NoWeek;

impl FromStr for Week {
    type Err = NoWeek;

    fn from_str(text: &str) -> Result<Self, NoWeek> {
        let (year, week) = text.split_once("-W").ok_or(NoWeek)?;
        let (year, week) = (year.parse().map_err(|_| NoWeek)?, week.parse().map_err(|_| NoWeek)?);
        let monday = ISOWeekDate::new(year, week, Weekday::Monday).map_err(|_| NoWeek)?;
        Ok(Self { monday: monday.date() })
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn weeks_run_from_monday_to_sunday_and_belong_to_the_year_of_their_thursday() {
        let week = Week::of(date(2019, 1, 6));
        assert_eq!((week.first(), week.last()), (date(2018, 12, 31), date(2019, 1, 6)));
        assert_eq!((week.to_string().as_str(), week), ("2019-W01", Week::of(date(2018, 12, 31))));
        assert_eq!("2019-W05".parse::<Week>().unwrap().last(), date(2019, 2, 3));
        assert_eq!("2019-W05".parse::<Week>().unwrap().back(4), week);
        assert_eq!((Week::of_year(2019).len(), Week::of_year(2026).len()), (52, 53));
        assert!("2019-W53".parse::<Week>().is_err() && "2019-05".parse::<Week>().is_err());
    }
}
