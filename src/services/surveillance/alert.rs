//! Alerts: days on which a disease rises above its baseline.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

use super::disease::DiseaseId;
use super::ears::{self, Method};
use super::sums::{Slice, Sums};

/// Fewer cases on a day raise no alert: from a baseline of zeros any single case would.
const CASES_MIN: u32 = 3;
/// Days back for which alerts are told.
const DAYS: i32 = 7;
/// Days looked back at for baselines: enough for 12 open days, whatever the holidays.
const DAYS_BACK: i32 = 40;

/// Which days a baseline is made of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BaselineDays {
    /// All days.
    #[default]
    All,
    /// Without Sundays and holidays: clinics are closed, and the day after would always be a rise.
    Open,
}

/// A day on which a disease rose.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Alert {
    /// Which disease.
    pub disease: DiseaseId,
    /// The whole prefecture, or one area.
    pub slice: Slice,
    /// The day.
    pub date: Date,
    /// Which method says so.
    pub method: Method,
    /// Cases on that day, confirmed and suspected ones.
    pub n: u32,
    /// The count above which it is an alert.
    pub threshold: f64,
}

/// The alerts of the last days up to `until`, the newest first.
pub(super) fn alerts(sums: &Sums, until: Date, baseline: BaselineDays, holidays: &[Date]) -> Vec<Alert> {
    let is_open = |day: &Date| {
        baseline == BaselineDays::All || (day.weekday() != Weekday::Sunday && !holidays.contains(day))
    };
    let back = |days: i32| until.checked_sub(days.days()).ok();
    let days: Vec<_> = (0..=DAYS_BACK).rev().filter_map(back).filter(is_open).collect();
    let mut found = Vec::new();
    for (disease, slice, counts) in sums.daily() {
        let alert = |(date, method, n, threshold)| Alert { disease, slice, date, method, n, threshold };
        found.extend(rises(counts, &days, until).into_iter().map(alert));
    }
    found.sort_by(|a, b| {
        let order = |one: &Alert| (std::cmp::Reverse(one.date), one.disease, one.slice, one.method);
        order(a).cmp(&order(b))
    });
    found
}

fn rises(counts: &BTreeMap<Date, u32>, days: &[Date], until: Date) -> Vec<(Date, Method, u32, f64)> {
    let series: Vec<_> = days.iter().map(|day| counts.get(day).copied().unwrap_or_default()).collect();
    let first = until.checked_sub((DAYS - 1).days()).unwrap_or(until);
    let mut found = Vec::new();
    for (at, (day, n)) in days.iter().zip(&series).enumerate() {
        if *day < first || *n < CASES_MIN {
            continue;
        }
        for method in Method::ALL {
            let verdict = series.get(..=at).and_then(|series| ears::last(method, series));
            found.extend(
                verdict
                    .filter(|verdict| verdict.is_alarm)
                    .map(|verdict| (*day, method, *n, verdict.threshold)),
            );
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    /// 2026-10-12 to 2026-11-20: so many cases on every open day, none on Sundays.
    fn counts(last: u32) -> BTreeMap<Date, u32> {
        let days = (0..40).filter_map(|back| date(2026, 11, 20).checked_sub(back.days()).ok());
        let open = days.filter(|day| day.weekday() != Weekday::Sunday);
        open.map(|day| (day, if day == date(2026, 11, 20) { last } else { 10 })).collect()
    }

    fn methods(counts: &BTreeMap<Date, u32>, days: &[Date]) -> Vec<&'static str> {
        rises(counts, days, date(2026, 11, 20)).into_iter().map(|(_, method, ..)| method.as_str()).collect()
    }

    #[test]
    fn sundays_hide_a_rise_that_open_days_show() {
        let back = |days: i32| date(2026, 11, 20).checked_sub(days.days()).unwrap();
        let all: Vec<_> = (0..=40).rev().map(back).collect();
        let open: Vec<_> = all.iter().copied().filter(|day| day.weekday() != Weekday::Sunday).collect();
        // With the Sunday's zero the deviation is 3.78: 19 lies within 8.57 + 3.09 · 3.78 = 20.25.
        assert!(methods(&counts(19), &all).is_empty());
        assert_eq!(methods(&counts(19), &open), ["C1", "C2", "C3"]);
        assert!(methods(&counts(10), &open).is_empty());
    }

    #[test]
    fn a_few_cases_are_no_alert() {
        let back = |days: i32| date(2026, 11, 20).checked_sub(days.days()).unwrap();
        let all: Vec<_> = (0..=40).rev().map(back).collect();
        let only = |n| BTreeMap::from([(date(2026, 11, 20), n)]);
        assert!(methods(&only(2), &all).is_empty());
        assert_eq!(methods(&only(3), &all), ["C1", "C2", "C3"]);
    }
}
