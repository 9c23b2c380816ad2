//! The curve of a disease over the weeks of a year, beside the years before, as inline SVG.

use super::Language;
use crate::services::surveillance::disease::{Disease, DiseaseId};
use crate::services::surveillance::report::Report;
use crate::services::surveillance::sums::Slice;
use crate::services::surveillance::week::Week;

/// Years before that are drawn too.
const YEARS_BEFORE: i16 = 9;
const WIDTH: f64 = 540.0;
const HEIGHT: f64 = 190.0;
const LEFT: f64 = 38.0;
const RIGHT: f64 = 46.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 24.0;
const WEEKS: f64 = 53.0;

/// One curve for each disease that had a confirmed case in the year.
pub(super) fn year(report: &Report<'_>, language: Language) -> String {
    let weeks = report.year();
    let has_case = |id| weeks.iter().any(|week| report.sums.week(id, *week, Slice::All).confirmed > 0);
    let drawn = report.diseases().into_iter().filter(|(id, _)| has_case(*id));
    let curves: String = drawn.map(|(id, disease)| curve(report, language, id, disease)).collect();
    if curves.is_empty() {
        return String::new();
    }
    let (year, _) = report.week().number();
    let title = match language {
        Language::Ja => format!("{year}年の推移"),
        Language::En => format!("The year {year}"),
    };
    let caption = language.pick(
        "Confirmed cases by week; thin lines are years before. A gap is a week without any report.",
        "週別の確定例。細線は過去の年。途切れは報告のなかった週。",
    );
    format!("<h2>{title}</h2>\n<p class=\"soft\">{caption}</p>\n<div class=\"curves\">\n{curves}</div>\n")
}

fn curve(report: &Report<'_>, language: Language, id: DiseaseId, disease: &Disease) -> String {
    let (year, _) = report.week().number();
    let series: Vec<_> =
        (0..=YEARS_BEFORE).rev().map(|back| values(report, id, disease, year - back)).collect();
    let is_rate = report.state.tables().prefecture.sentinels(disease).is_some();
    let levels: Vec<_> = [("advisory", "注意報", disease.advisory), ("warning", "警報", disease.warning)]
        .into_iter()
        .filter_map(|(en, ja, level)| Some((language.pick(en, ja), f64::from(level.filter(|_| is_rate)?))))
        .collect();
    let values = series.iter().flatten().filter_map(|(_, value)| *value);
    let largest =
        values.chain(levels.iter().map(|(_, level)| *level)).fold(if is_rate { 0.4 } else { 4.0 }, f64::max);
    let top = ceiling(largest);
    let mut out = axes(top);
    for (name, level) in levels {
        let y = y(level, top);
        out += &format!(
            "<line x1=\"{LEFT}\" x2=\"{}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"#c8551b\" stroke-dasharray=\"4 3\"/>\
             <text x=\"{}\" y=\"{:.1}\">{name}</text>",
            WIDTH - RIGHT,
            WIDTH - RIGHT + 3.0,
            y + 4.0
        );
    }
    let last = series.len().saturating_sub(1);
    for (at, one) in series.iter().enumerate() {
        let stroke = if at == last {
            "stroke=\"#0b5c8a\" stroke-width=\"2.2\""
        } else {
            "stroke=\"#c3cad3\" stroke-width=\"1\""
        };
        out += &lines(one, top, stroke);
    }
    let unit = if is_rate {
        language.pick("cases per sentinel", "定点当たり")
    } else {
        language.pick("cases", "症例数")
    };
    format!(
        "<figure style=\"margin:0\"><h3>{} <small>{unit}</small></h3><svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         role=\"img\">{out}</svg></figure>\n",
        language.name(&disease.names)
    )
}

/// The values of a year's weeks, up to the last week that is shown. `None` where nobody reported.
fn values(report: &Report<'_>, id: DiseaseId, disease: &Disease, year: i16) -> Vec<(i8, Option<f64>)> {
    let weeks = Week::of_year(year).into_iter().filter(|week| *week <= report.week());
    let value = |week: Week| {
        let count = report.sums.week(id, week, Slice::All);
        let number = report.per_sentinel(disease, Slice::All, count).unwrap_or(f64::from(count.confirmed));
        (!count.is_zero() || !report.coverage(week, None).is_silent()).then_some(number)
    };
    weeks.map(|week| (week.number().1, value(week))).collect()
}

/// A line for each run of weeks with a value, and a point for a week that stands alone.
fn lines(values: &[(i8, Option<f64>)], top: f64, stroke: &str) -> String {
    let runs = values.split(|(_, value)| value.is_none()).filter(|run| !run.is_empty());
    let runs = runs.map(|run| {
        let points =
            run.iter().filter_map(|(week, value)| Some((x(*week), y((*value)?, top)))).collect::<Vec<_>>();
        if let [(x, y)] = points[..] {
            return format!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"1.6\" fill=\"none\" {stroke}/>");
        }
        let points = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect::<Vec<_>>();
        format!(
            "<polyline points=\"{}\" fill=\"none\" stroke-linejoin=\"round\" {stroke}/>",
            points.join(" ")
        )
    });
    runs.collect()
}

fn axes(top: f64) -> String {
    let mut out = String::new();
    for part in 0..=4 {
        let value = top * f64::from(part) / 4.0;
        let y = y(value, top);
        let label = if top < 8.0 { format!("{value:.1}") } else { format!("{value:.0}") };
        out += &format!(
            "<line x1=\"{LEFT}\" x2=\"{}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"#e6e9ee\"/><text x=\"{}\" y=\"{:.1}\" \
             text-anchor=\"end\">{label}</text>",
            WIDTH - RIGHT,
            LEFT - 5.0,
            y + 4.0
        );
    }
    for week in [1, 10, 20, 30, 40, 50] {
        let y = HEIGHT - 8.0;
        out += &format!("<text x=\"{:.1}\" y=\"{y}\" text-anchor=\"middle\">{week}</text>", x(week));
    }
    out
}

fn x(week: i8) -> f64 {
    LEFT + (f64::from(week) - 1.0) / (WEEKS - 1.0) * (WIDTH - LEFT - RIGHT)
}

fn y(value: f64, top: f64) -> f64 {
    TOP + (1.0 - value / top) * (HEIGHT - TOP - BOTTOM)
}

/// The next of 0.4, 0.8, 1.2, 2, 4, 8, 12, 20, 40 … that is not smaller: it divides into four.
fn ceiling(value: f64) -> f64 {
    let mut scale = 0.1;
    loop {
        if let Some(step) = [4.0, 8.0, 12.0, 20.0].into_iter().find(|step| value <= step * scale) {
            return step * scale;
        }
        scale *= 10.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_ends_at_a_round_number() {
        let told = [0.3, 4.0, 8.84, 33.8, 1_284.0].map(ceiling);
        assert_eq!(told, [0.4, 4.0, 12.0, 40.0, 2_000.0]);
    }

    #[test]
    fn a_silent_week_breaks_the_line() {
        let values = [(1, Some(1.0)), (2, Some(2.0)), (3, None), (4, Some(1.0))];
        let drawn = lines(&values, 4.0, "");
        assert_eq!((drawn.matches("<polyline").count(), drawn.matches("<circle").count()), (1, 1));
    }
}
