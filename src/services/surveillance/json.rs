//! `counts.json`: what the page shows, for programs.

use serde_json::{Value, json};

use super::count::Place;
use super::csv::{class, place};
use super::report::Report;
use super::sums::{Count, Slice};
use super::week::Week;

/// The whole report.
pub(super) fn counts(report: &Report<'_>) -> Value {
    let tally = report.state.tally();
    json!({
        "as_of": report.as_of.to_string(),
        "weeks": report.weeks.iter().map(|week| self::week(report, *week)).collect::<Vec<_>>(),
        "diseases": report.diseases().into_iter().map(|(id, disease)| json!({
            "disease": disease.word,
            "name_ja": disease.names[0],
            "name_en": disease.names[1],
            "class": disease.class,
            "urgent": disease.urgent,
            "weeks": report.weeks.iter().map(|week| {
                let count = report.sums.week(id, *week, Slice::All);
                let rate = report.per_sentinel(disease, Slice::All, count);
                number(count, rate)
            }).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "monthly": report.sums.months().map(|(id, month, count)| json!({
            "month": month.strftime("%Y-%m").to_string(),
            "disease": report.state.tables().diseases.of(id).word,
            "confirmed": count.confirmed,
            "suspected": count.suspected,
        })).collect::<Vec<_>>(),
        "counts": cells(report),
        "alerts": report.alerts.iter().map(|alert| json!({
            "date": alert.date.to_string(),
            "disease": report.state.tables().diseases.of(alert.disease).word,
            "area": area_of(report, alert.slice),
            "method": alert.method.as_str(),
            "n": alert.n,
            "threshold": rounded(alert.threshold),
        })).collect::<Vec<_>>(),
        "urgent": report.urgent().into_iter().map(|(_, disease, count)| json!({
            "disease": disease.word, "confirmed": count.confirmed, "suspected": count.suspected,
        })).collect::<Vec<_>>(),
        "stale": report.stale().into_iter().map(|facility| json!({
            "facility": facility.code,
            "heard_on": facility.heard_on.map(|day| day.to_string()),
        })).collect::<Vec<_>>(),
        "tally": {
            "events": tally.events,
            "unreadable": tally.unreadable,
            "undecided": tally.undecided,
            "patients": tally.patients,
            "linked": tally.linked,
        },
    })
}

fn week(report: &Report<'_>, week: Week) -> Value {
    let coverage = |area| {
        let coverage = report.coverage(week, area);
        json!({"reporting": coverage.reporting, "expected": coverage.expected, "visits": report.visits(week, area)})
    };
    let areas = report.state.tables().areas.iter().enumerate();
    let areas = areas.map(|(at, area)| (area.word.clone(), coverage(Some(at))));
    json!({
        "week": week.to_string(),
        "from": week.first().to_string(),
        "to": week.last().to_string(),
        "facilities": coverage(None),
        "areas": areas.collect::<serde_json::Map<_, _>>(),
    })
}

/// The newest revision of every count that is not zero.
fn cells(report: &Report<'_>) -> Vec<Value> {
    let newest = report
        .state
        .revisions()
        .filter_map(|(cell, revisions)| Some((cell, revisions.last()?, revisions.len())));
    newest
        .filter(|(_, last, _)| last.n > 0)
        .map(|(cell, last, revision)| {
            json!({
                "date": cell.date.to_string(),
                "area": place(report.state, cell.place),
                "age_band": cell.age.map_or("all", |age| age.as_str()),
                "sex": cell.sex.map_or("all", |sex| sex.as_str()),
                "disease": report.state.tables().diseases.of(cell.disease).word,
                "class": class(cell.confirmed),
                "n": last.n,
                "as_of": last.as_of.to_string(),
                "revision": revision,
            })
        })
        .collect()
}

fn number(count: Count, rate: Option<f64>) -> Value {
    json!({
        "confirmed": count.confirmed,
        "suspected": count.suspected,
        "per_sentinel": rate.map(rounded),
        "with_test": count.mix[0],
        "with_diagnosis": count.mix[1],
        "with_drug": count.mix[2],
    })
}

fn area_of<'r>(report: &'r Report<'_>, slice: Slice) -> &'r str {
    match slice {
        Slice::Place(one) => place(report.state, one),
        Slice::All | Slice::Age(_) => place(report.state, Place::Prefecture),
    }
}

fn rounded(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}
