//! The tables of the page.

use super::{Language, age_band, escape, slice};
use crate::services::surveillance::AgeBand;
use crate::services::surveillance::count::Place;
use crate::services::surveillance::disease::Disease;
use crate::services::surveillance::report::{Coverage, Report};
use crate::services::surveillance::sums::{Count, Slice};
use crate::services::surveillance::week::Week;

/// Weeks of the table of areas.
const AREA_WEEKS: usize = 3;

/// Diseases by week.
pub(super) fn weeks(report: &Report<'_>, language: Language) -> String {
    let mut rows = String::new();
    for (id, disease) in report.diseases() {
        let cells = report.weeks.iter().map(|week| {
            let count = report.sums.week(id, *week, Slice::All);
            let rate = report.per_sentinel(disease, Slice::All, count);
            cell(count, rate, report.coverage(*week, None), disease)
        });
        rows += &row(disease, language, &cells.collect::<String>());
    }
    let coverage = report.weeks.iter().map(|week| coverage(report.coverage(*week, None)));
    let last = line(language.pick("Facilities that reported", "報告医療機関"), &coverage.collect::<String>());
    let head: String =
        report.weeks.iter().map(|week| format!("<th>{}</th>", week_name(language, *week))).collect();
    let (title, caption) = (
        language.pick("Diseases, last five weeks", "疾患別・週別報告数 (直近5週)"),
        language.pick(
            "Confirmed cases (suspected ones in brackets); below them cases per sentinel. Yellow: advisory, red: warning.",
            "確定例 (括弧内は疑い例)、下段は定点当たり。黄: 注意報レベル、赤: 警報レベル。",
        ),
    );
    table(
        title,
        caption,
        &format!("<th>{}</th>{head}", language.pick("Disease", "疾患")),
        &format!("{rows}{last}"),
    )
}

/// Diseases by age band, in the last week.
pub(super) fn ages(report: &Report<'_>, language: Language) -> String {
    let week = report.week();
    let with = report.diseases().into_iter().filter(|(id, _)| report.sums.has_any(*id, &[week]));
    let coverage = report.coverage(week, None);
    let rows = with.map(|(id, disease)| {
        let slices = AgeBand::ALL.map(Slice::Age).into_iter().chain([Slice::All]);
        let cells = slices.map(|slice| cell(report.sums.week(id, week, slice), None, coverage, disease));
        row(disease, language, &cells.collect::<String>())
    });
    let rows: String = rows.collect();
    if rows.is_empty() {
        return String::new();
    }
    let bands: String = AgeBand::ALL.map(|age| format!("<th>{}</th>", age_band(language, age))).concat();
    let head = format!(
        "<th>{}</th>{bands}<th>{}</th>",
        language.pick("Disease", "疾患"),
        language.pick("All", "計")
    );
    let title = language.pick("Age bands", "年齢階級別報告数");
    table(title, &week_name(language, week).replace("<br>", " "), &head, &rows)
}

/// Diseases by area, in the last three weeks.
pub(super) fn areas(report: &Report<'_>, language: Language) -> String {
    let weeks = report.weeks.get(report.weeks.len().saturating_sub(AREA_WEEKS)..).unwrap_or_default();
    let areas = &report.state.tables().areas;
    let mut rows = String::new();
    for (id, disease) in report.diseases().into_iter().filter(|(id, _)| report.sums.has_any(*id, weeks)) {
        let places = (0..areas.len()).flat_map(|area| weeks.iter().map(move |week| (area, *week)));
        let cells = places.map(|(area, week)| {
            let slice = Slice::Place(Place::Area(area));
            let count = report.sums.week(id, week, slice);
            cell(
                count,
                report.per_sentinel(disease, slice, count),
                report.coverage(week, Some(area)),
                disease,
            )
        });
        rows += &row(disease, language, &cells.collect::<String>());
    }
    let places = || (0..areas.len()).flat_map(|area| weeks.iter().map(move |week| (area, *week)));
    let covered: String = places().map(|(area, week)| coverage(report.coverage(week, Some(area)))).collect();
    rows += &line(language.pick("Facilities that reported", "報告医療機関"), &covered);
    let names = areas
        .iter()
        .map(|area| format!("<th colspan=\"{}\">{}</th>", weeks.len(), language.name(&area.names)));
    let numbers = places().map(|(_, week)| format!("<th>{}</th>", week.number().1));
    let head = format!(
        "<th rowspan=\"2\">{}</th>{}</tr><tr>{}",
        language.pick("Disease", "疾患"),
        names.collect::<String>(),
        numbers.collect::<String>()
    );
    let title = language.pick("Areas, last three weeks", "圏域別報告数 (直近3週)");
    let caption = language.pick(
        "By the area of the facility; numbers of weeks in the second line.",
        "医療機関の所在圏域による。2段目は週番号。",
    );
    table(title, caption, &head, &rows)
}

/// Sexually transmitted infections: by month, for the prefecture. Nothing where there is none.
pub(super) fn months(report: &Report<'_>, language: Language) -> String {
    let diseases = &report.state.tables().diseases;
    let (year, _) = report.week().number();
    let rows = report.sums.months().filter(|(_, month, _)| month.year() == year).map(|(id, month, count)| {
        let Count { confirmed, suspected, .. } = count;
        let cells = format!("<td>{}</td><td>{confirmed}</td><td>{suspected}</td>", month.strftime("%Y-%m"));
        row(diseases.of(id), language, &cells)
    });
    let rows: String = rows.collect();
    if rows.is_empty() {
        return String::new();
    }
    let words = [("Disease", "疾患"), ("Month", "月"), ("Confirmed", "確定"), ("Suspected", "疑い")];
    let head = words.map(|(en, ja)| format!("<th>{}</th>", language.pick(en, ja))).concat();
    let title = language.pick("By month, for the prefecture only", "月別報告数 (全県のみ)");
    table(title, "", &head, &rows)
}

/// Days on which a disease rose.
pub(super) fn alerts(report: &Report<'_>, language: Language) -> String {
    // One row for a day of a disease and place, whichever of the methods say so.
    let mut rows: Vec<(String, Vec<String>)> = Vec::new();
    for alert in &report.alerts {
        let disease = language.name(&report.state.tables().diseases.of(alert.disease).names);
        let place = slice(report, language, alert.slice);
        let head = format!("<th>{}</th><td>{place}</td><td>{disease}</td><td>{}</td>", alert.date, alert.n);
        // Where the days before were enough for C3, any count is.
        let method = match alert.threshold > 0.0 {
            true => format!("{} &gt; {:.1}", alert.method.as_str(), alert.threshold),
            false => alert.method.as_str().to_owned(),
        };
        match rows.last_mut().filter(|(before, _)| *before == head) {
            Some((_, methods)) => methods.push(method),
            None => rows.push((head, vec![method])),
        }
    }
    let rows =
        rows.into_iter().map(|(head, methods)| format!("<tr>{head}<td>{}</td></tr>\n", methods.join(", ")));
    let words = [("Day", "日"), ("Area", "圏域"), ("Disease", "疾患"), ("Cases", "症例数"), ("EARS", "EARS")];
    let head = words.map(|(en, ja)| format!("<th>{}</th>", language.pick(en, ja))).concat();
    let caption = language.pick(
        "Days of the last week with more cases (confirmed and suspected) than the baseline of seven days explains.",
        "直近7日のうち、7日間の基準値から予想される範囲を超えた日 (確定例と疑い例の合計)。",
    );
    table(language.pick("Alerts", "増加の検知"), caption, &head, &rows.collect::<String>())
}

fn table(title: &str, caption: &str, head: &str, rows: &str) -> String {
    format!(
        "<h2>{title}</h2>\n<div class=\"wide\"><table><caption>{caption}</caption>\n<thead><tr>{head}</tr></thead>\n\
         <tbody>\n{rows}</tbody></table></div>\n"
    )
}

fn row(disease: &Disease, language: Language, cells: &str) -> String {
    let mark = if disease.urgent { "<span class=\"urgent\">●</span> " } else { "" };
    format!("<tr><th>{mark}{}</th>{cells}</tr>\n", language.name(&disease.names))
}

fn line(name: &str, cells: &str) -> String {
    format!("<tr><th class=\"soft\">{}</th>{cells}</tr>\n", escape(name))
}

fn coverage(coverage: Coverage) -> String {
    format!("<td class=\"soft\">{}/{}</td>", coverage.reporting, coverage.expected)
}

/// A count: `-` is zero, `…` is silence.
fn cell(count: Count, rate: Option<f64>, coverage: Coverage, disease: &Disease) -> String {
    if count.is_zero() {
        return match coverage.is_silent() {
            true => "<td class=\"silent\">…</td>".to_owned(),
            false => "<td>-</td>".to_owned(),
        };
    }
    let reaches = |level: Option<u32>| level.zip(rate).is_some_and(|(level, rate)| rate >= f64::from(level));
    let class = match (reaches(disease.warning), reaches(disease.advisory)) {
        (true, _) => " class=\"warning\"",
        (_, true) => " class=\"advisory\"",
        _ => "",
    };
    let confirmed = if count.confirmed == 0 { "-".to_owned() } else { count.confirmed.to_string() };
    let suspected = if count.suspected == 0 { String::new() } else { format!(" ({})", count.suspected) };
    let rate = rate.map(|rate| format!("<small>{rate:.2}</small>")).unwrap_or_default();
    format!("<td{class}>{confirmed}{suspected}{rate}</td>")
}

fn week_name(language: Language, week: Week) -> String {
    let (from, to) = (week.first().strftime("%-m/%-d"), week.last().strftime("%-m/%-d"));
    let number = week.number().1;
    match language {
        Language::Ja => format!("第{number}週<br>{from}–{to}"),
        Language::En => format!("week {number}<br>{from}–{to}"),
    }
}
