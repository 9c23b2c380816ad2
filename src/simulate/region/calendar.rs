//! When people come: days of the week, holidays, hours, the season of influenza.

use jiff::civil::{Date, DateTime, Weekday};
use jiff::{SignedDuration, ToSpan};

use super::site::Sort;
use crate::simulate::random::Random;

/// How open a day is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opening {
    Working,
    Saturday,
    /// Sundays, holidays, and the turn of the year: emergencies only.
    Closed,
}

impl Opening {
    /// How many come, in percent of a working day.
    pub(super) const fn percent(self, sort: Sort) -> u64 {
        match (sort, self) {
            (_, Self::Working) => 100,
            (Sort::Hospital, Self::Saturday) => 15,
            (Sort::Hospital, Self::Closed) => 10,
            (_, Self::Saturday) => 45,
            (_, Self::Closed) => 0,
        }
    }
}

/// The days on which everything is closed.
#[derive(Debug)]
pub(super) struct Calendar {
    holidays: Vec<Date>,
}

impl Calendar {
    /// The holidays of `tables/holidays.tsv`; other years have none.
    pub(super) fn new() -> Self {
        let rows = include_str!("../../../tables/holidays.tsv").lines();
        let days = rows.filter_map(|row| row.split('\t').next()?.parse().ok());
        Self { holidays: days.collect() }
    }

    pub(super) fn opening(&self, date: Date) -> Opening {
        let is_turn_of_year = matches!((date.month(), date.day()), (12, 29..) | (1, ..4));
        match date.weekday() {
            Weekday::Sunday => Opening::Closed,
            _ if is_turn_of_year || self.holidays.contains(&date) => Opening::Closed,
            Weekday::Saturday => Opening::Saturday,
            _ => Opening::Working,
        }
    }

    /// The first working day at least `days` after a day.
    pub(super) fn working_day(&self, after: Date, days: i64) -> Date {
        let mut date = after.saturating_add(days.days());
        while self.opening(date) != Opening::Working && date < Date::MAX {
            date = date.saturating_add(1.day());
        }
        date
    }
}

/// Arrivals by the hour, against each other: outpatients until 11:30, fewer in the afternoon, emergencies at night.
const HOSPITAL: [u64; 24] = [2, 1, 1, 1, 1, 1, 2, 3, 60, 90, 80, 45, 10, 16, 18, 14, 8, 5, 4, 4, 4, 3, 3, 2];
/// A clinic has a morning and an evening.
const CLINIC: [u64; 24] = [0, 0, 0, 0, 0, 0, 0, 0, 25, 50, 45, 25, 2, 0, 4, 28, 32, 18, 0, 0, 0, 0, 0, 0];
/// A clinic on a Saturday has the morning only.
const MORNING: [u64; 24] = [0, 0, 0, 0, 0, 0, 0, 0, 25, 50, 45, 15, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
/// Emergencies of a day without outpatients.
const EMERGENCY: [u64; 24] = [3, 2, 2, 1, 1, 1, 2, 4, 6, 8, 8, 7, 6, 6, 6, 6, 6, 7, 8, 8, 7, 6, 5, 4];

/// When somebody comes, to the millisecond.
pub(super) fn arrival(date: Date, sort: Sort, opening: Opening, random: &mut Random) -> DateTime {
    let hours = match (sort, opening) {
        (Sort::Hospital, Opening::Working) => &HOSPITAL,
        (Sort::Hospital, _) => &EMERGENCY,
        (_, Opening::Working) => &CLINIC,
        _ => &MORNING,
    };
    let mut rest = random.below(hours.iter().sum());
    let mut hour = 0;
    for weight in hours {
        if rest < *weight {
            break;
        }
        rest -= weight;
        hour += 1;
    }
    // The desk opens at half past eight.
    let first = if hour == 8 && opening != Opening::Closed { 30 } else { 0 };
    let until = if hour == 11 && opening != Opening::Closed { 30 } else { 60 };
    let milliseconds = (first * 60_000) + random.below_signed((until - first) * 60_000);
    date.at(hour, 0, 0, 0).saturating_add(SignedDuration::from_millis(milliseconds))
}

/// Whether only the emergency department is there.
pub(super) fn is_out_of_hours(at: DateTime, opening: Opening) -> bool {
    opening == Opening::Closed || !(8..18).contains(&at.hour())
}

/// Influenza by week of the year (ISO 8601), in percent of a mean week: seasons before 2020 began in December, had their
/// peak at the end of January and were over in April.
pub(super) fn influenza(date: Date) -> u64 {
    match date.iso_week_date().week() {
        3..=5 => 700,
        2 | 6 => 500,
        1 | 7 => 330,
        8 | 52 | 53 => 220,
        9 | 51 => 150,
        10 | 50 => 110,
        11 | 12 | 49 => 70,
        13..=15 | 47 | 48 => 35,
        16..=18 | 44..=46 => 12,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn holidays_and_sundays_are_closed() {
        let calendar = Calendar::new();
        assert_eq!(calendar.opening(date(2026, 11, 2)), Opening::Working);
        assert_eq!(calendar.opening(date(2026, 11, 3)), Opening::Closed);
        assert_eq!(calendar.opening(date(2026, 11, 7)), Opening::Saturday);
        assert_eq!(calendar.opening(date(2026, 11, 8)), Opening::Closed);
        assert_eq!(calendar.opening(date(2026, 12, 30)), Opening::Closed);
        assert_eq!(calendar.working_day(date(2026, 11, 6), 1), date(2026, 11, 9));
    }

    #[test]
    fn nobody_comes_to_a_clinic_before_it_opens() {
        let mut random = Random::new(1, 1);
        for _ in 0..2_000 {
            let at = arrival(date(2026, 11, 2), Sort::Clinic, Opening::Working, &mut random);
            assert!((8, 30) <= (at.hour(), at.minute()) && at.hour() < 18, "{at}");
        }
    }

    #[test]
    fn influenza_is_an_illness_of_the_winter() {
        assert!(influenza(date(2027, 1, 27)) > 100 * influenza(date(2026, 8, 5)));
    }
}
