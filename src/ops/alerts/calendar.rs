//! The public holidays of Japan (国民の祝日に関する法律, as in force since 2020), computed: no list that ends.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday, date};

/// Whether hospitals see emergencies only: Sundays, holidays, and the turn of the year (29 December to 3 January).
pub(super) fn is_closed(day: Date) -> bool {
    let is_turn_of_year = matches!((day.month(), day.day()), (12, 29..) | (1, ..4));
    day.weekday() == Weekday::Sunday || is_turn_of_year || is_holiday(day)
}

/// Whether a day is a holiday: by its name, in place of a Sunday (振替休日, article 3 (2)), or between two others (国民の
/// 休日, article 3 (3)).
pub(super) fn is_holiday(day: Date) -> bool {
    is_named(day) || is_substitute(day) || is_between(day)
}

/// The first day after a holiday on a Sunday that is none itself.
fn is_substitute(day: Date) -> bool {
    let mut before = day.saturating_sub(1.day());
    while is_named(before) && before > Date::MIN {
        if before.weekday() == Weekday::Sunday {
            return !is_named(day);
        }
        before = before.saturating_sub(1.day());
    }
    false
}

fn is_between(day: Date) -> bool {
    let (before, after) = (day.saturating_sub(1.day()), day.saturating_add(1.day()));
    day.weekday() != Weekday::Sunday && !is_named(day) && is_named(before) && is_named(after)
}

/// Holidays that have a name.
fn is_named(day: Date) -> bool {
    let year = day.year();
    match (day.month(), day.day()) {
        (1, 1) | (2, 11 | 23) | (4, 29) | (5, 3..=5) | (11, 3 | 23) => true,
        (3, found) => found == equinox(year, 20.8431),
        (9, found) if found == equinox(year, 23.2488) => true,
        (7..=10, _) if matches!(year, 2020 | 2021) => is_olympic(day) || is_monday(day, 9, 3),
        (8, 11) => true,
        _ => is_monday(day, 1, 2) || is_monday(day, 7, 3) || is_monday(day, 9, 3) || is_monday(day, 10, 2),
    }
}

/// The holidays of summer, which were moved for the games of Tokyo (令和三年東京オリンピック特措法, articles 29 and 32).
fn is_olympic(day: Date) -> bool {
    [
        date(2020, 7, 23),
        date(2020, 7, 24),
        date(2020, 8, 10),
        date(2021, 7, 22),
        date(2021, 7, 23),
        date(2021, 8, 8),
    ]
    .contains(&day)
}

/// Whether it is the n-th Monday of that month.
fn is_monday(day: Date, month: i8, number: i8) -> bool {
    day.month() == month && day.weekday() == Weekday::Monday && (day.day() - 1) / 7 + 1 == number
}

/// The day of March or September on which the equinox falls in Japan; right from 1980 until 2099 (the usual
/// approximation of the National Astronomical Observatory's figures, 暦計算研究会).
#[expect(clippy::cast_possible_truncation, reason = "a day of a month")]
fn equinox(year: i16, base: f64) -> i8 {
    let years = f64::from(year) - 1980.0;
    (0.242_194_f64.mul_add(years, base) - (years / 4.0).floor()).floor() as i8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_holidays_are_those_of_the_table() {
        let listed = include_str!("../../../tables/holidays.tsv");
        let listed: Vec<Date> =
            listed.lines().filter_map(|row| row.split('\t').next()?.parse().ok()).collect();
        let (first, last) = (listed[0].year(), listed[listed.len() - 1].year());
        assert!(listed.len() > 30 && first >= 2020);
        let mut day = date(first, 1, 1);
        while day.year() <= last {
            assert_eq!(is_holiday(day), listed.contains(&day), "{day}");
            day = day.tomorrow().unwrap();
        }
    }

    #[test]
    fn substitutes_bridges_and_equinoxes_are_found() {
        for day in [
            date(2020, 5, 6),
            date(2021, 8, 9),
            date(2024, 2, 12),
            date(2024, 9, 22),
            date(2026, 5, 6),
            date(2026, 9, 22),
            date(2032, 9, 21),
            date(2033, 3, 20),
            date(2044, 9, 22),
        ] {
            assert!(is_holiday(day), "{day}");
        }
        for day in
            [date(2026, 5, 7), date(2026, 8, 13), date(2021, 10, 11), date(2026, 9, 24), date(2026, 12, 30)]
        {
            assert!(!is_holiday(day), "{day}");
        }
        assert!(is_closed(date(2026, 12, 30)) && is_closed(date(2027, 1, 3)) && !is_closed(date(2027, 1, 4)));
    }
}
