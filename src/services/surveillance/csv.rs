//! `counts.csv`, `weekly.csv` and the files of single facilities. They hold words of the tables, days and numbers only:
//! nothing that would need quotes.

use super::count::Place;
use super::report::Report;
use super::state::State;
use super::sums::{Count, Slice};

/// Smaller counts are not told of a single facility.
const SMALL: u32 = 3;

/// The word of a place.
pub(super) fn place(state: &State, place: Place) -> &str {
    match place {
        Place::Prefecture => &state.tables().prefecture.word,
        Place::Area(area) => state.tables().areas.get(area).map_or("?", |area| area.word.as_str()),
        Place::Unknown => "?",
    }
}

/// `confirmed` or `suspected`.
pub(super) const fn class(confirmed: bool) -> &'static str {
    if confirmed { "confirmed" } else { "suspected" }
}

/// Every count with all its revisions.
pub(super) fn counts(report: &Report<'_>) -> String {
    let mut csv = "date,area,age_band,sex,disease,class,n,as_of,revision\n".to_owned();
    for (cell, revisions) in report.state.revisions() {
        let disease = &report.state.tables().diseases.of(cell.disease).word;
        let place = place(report.state, cell.place);
        let age = cell.age.map_or("all", |age| age.as_str());
        let sex = cell.sex.map_or("all", |sex| sex.as_str());
        let class = class(cell.confirmed);
        for (revision, number) in revisions.iter().zip(1..) {
            let (date, n, as_of) = (cell.date, revision.n, revision.as_of);
            csv += &format!("{date},{place},{age},{sex},{disease},{class},{n},{as_of},{number}\n");
        }
    }
    csv
}

/// Sums by week: of the prefecture, of each area, of each age band.
pub(super) fn weekly(report: &Report<'_>) -> String {
    let mut csv =
        "week,from,to,area,age_band,disease,class,n,per_sentinel,with_test,with_diagnosis,with_drug,reporting,expected\n"
            .to_owned();
    for (id, week, slice, count) in report.sums.weeks() {
        let disease = report.state.tables().diseases.of(id);
        let (area, place, age) = match slice {
            Slice::All => (None, report.state.tables().prefecture.word.as_str(), "all"),
            Slice::Place(one) => {
                let area = if let Place::Area(area) = one { Some(area) } else { None };
                (area, place(report.state, one), "all")
            }
            Slice::Age(age) => (None, report.state.tables().prefecture.word.as_str(), age.as_str()),
        };
        let (from, to, coverage) = (week.first(), week.last(), report.coverage(week, area));
        let head = format!("{week},{from},{to},{place},{age},{}", disease.word);
        let Count { confirmed, suspected, mix: [test, diagnosis, drug] } = count;
        let rate = report.per_sentinel(disease, slice, count).map(|rate| format!("{rate:.2}"));
        let rate = rate.unwrap_or_default();
        let tail = format!("{test},{diagnosis},{drug},{},{}", coverage.reporting, coverage.expected);
        if confirmed > 0 {
            csv += &format!("{head},confirmed,{confirmed},{rate},{tail}\n");
        }
        if suspected > 0 {
            csv += &format!("{head},suspected,{suspected},,{tail}\n");
        }
    }
    csv
}

/// The weeks of one facility, for itself: small counts are not told.
pub(super) fn facility(report: &Report<'_>, facility: usize) -> String {
    let mut csv = "week,disease,class,n\n".to_owned();
    let shown = |n: u32| if n < SMALL { format!("<{SMALL}") } else { n.to_string() };
    for (id, week, count) in report.sums.facility(facility) {
        let disease = &report.state.tables().diseases.of(id).word;
        for (class, n) in [("confirmed", count.confirmed), ("suspected", count.suspected)] {
            if n > 0 {
                csv += &format!("{week},{disease},{class},{}\n", shown(n));
            }
        }
    }
    csv
}
