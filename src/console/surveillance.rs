//! `/surveillance`: what the infection surveillance counts (感染症デイリーサーベイランス): five weeks, areas, the year.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;

use super::access::{Actor, Right};
use super::html::{empty, table};
use super::view::View;
use super::{Console, frame};
use crate::ops::surveillance::{
    Alert, BaselineDays, Count, Disease, DiseaseId, Place, Report, Settings, Slice, SurveillanceError, Week,
};
use crate::telemetry::causes;

/// Size of a curve, in units of its own.
const WIDTH: f64 = 530.0;
const HEIGHT: f64 = 120.0;

/// `?week=2026-W47&baseline=open`
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    week: Option<String>,
    baseline: Option<String>,
}

/// The page. It is of the whole network, so that somebody of one facility does not see it.
pub(super) async fn show(
    State(console): State<Arc<Console>>,
    Extension(actor): Extension<Actor>,
    Query(asked): Query<Asked>,
    view: View,
) -> Response {
    if !actor.may(Right::View, None) {
        return frame::refusal(&view, StatusCode::FORBIDDEN, view.pick("Not allowed", "権限がありません"));
    }
    let settings = Settings {
        week: asked.week.and_then(|week| week.parse().ok()),
        baseline: if asked.baseline.as_deref() == Some("open") {
            BaselineDays::Open
        } else {
            BaselineDays::All
        },
    };
    let made = tokio::task::spawn_blocking(move || {
        let (config, now) = (console.control.config(), console.control.clock().now());
        let body = console.surveillance.show(&config, now, settings, |report| body(&view, report));
        let title = view.pick("Infection surveillance, daily", "感染症デイリーサーベイランス");
        match body {
            Ok(body) => frame::page(&view, title, &body).into_response(),
            Err(SurveillanceError::NoFolder) => {
                let none = view.pick(
                    "No subscriber “surveillance” keeps its events on this machine.",
                    "配信先 surveillance のフォルダがこのサーバーにありません。",
                );
                frame::page(&view, title, &empty(none)).into_response()
            }
            Err(error) => frame::refusal(&view, StatusCode::SERVICE_UNAVAILABLE, &causes(&error)),
        }
    });
    made.await.unwrap_or_else(|_| StatusCode::SERVICE_UNAVAILABLE.into_response())
}

fn body(view: &View, report: &Report<'_>) -> Markup {
    html! {
        (head(view, report))
        (attention(view, report))
        (weeks(view, report))
        (areas(view, report))
        (year(view, report))
    }
}

fn name<'d>(view: &View, names: &'d [String; 2]) -> &'d str {
    let [ja, en] = names;
    view.pick(en, ja)
}

fn head(view: &View, report: &Report<'_>) -> Markup {
    let (week, coverage) = (report.week(), report.coverage(report.week(), None));
    let note = view.pick(
        "Counted from tests, diagnoses and drugs in the network's messages. It is no notification under the Infectious \
         Diseases Control Law. Past days change when results come late or are withdrawn.",
        "検査結果・病名・処方から自動集計した速報値です。感染症法に基づく届出ではありません。遅れて届いた結果や取消により過去の値も改訂されます。",
    );
    html! {
        p {
            (name(view, &report.state.tables().prefecture.names)) " · " (week.to_string()) " · "
            (view.pick("as of", "現在日")) " " (report.as_of) " · "
            (view.pick("facilities that reported", "報告医療機関")) " " (coverage.reporting) " / " (coverage.expected)
        }
        p.hint { (note) }
        p.pages {
            a href={ "/surveillance?week=" (week.back(1).to_string()) } { (view.pick("Week before", "前の週")) }
            a href={ "/surveillance?baseline=open&week=" (week.to_string()) } {
                (view.pick("Alerts without Sundays and holidays", "日曜・祝日を除いて検知"))
            }
            a href="/surveillance" { (view.pick("Last week", "最新の週")) }
        }
    }
}

/// Alerts, urgent diseases, silent facilities.
fn attention(view: &View, report: &Report<'_>) -> Markup {
    let diseases = &report.state.tables().diseases;
    let alert = |alert: &Alert| {
        vec![
            alert.date.to_string(),
            name(view, &diseases.of(alert.disease).names).to_owned(),
            slice(view, report, alert.slice),
            alert.n.to_string(),
            format!("{:.1}", alert.threshold),
        ]
    };
    let alerts: Vec<_> = report.alerts.iter().map(alert).collect();
    let (urgent, stale) = (report.urgent(), report.stale());
    let header = match view.lang {
        crate::lang::Lang::En => ["Day", "Disease", "Area", "Cases", "Threshold"],
        crate::lang::Lang::Ja => ["日付", "疾患", "地域", "症例", "しきい値"],
    };
    html! {
        @if !urgent.is_empty() {
            p.alert {
                (view.pick("Possible cases of diseases that a physician must notify at once (five weeks):",
                    "診断後直ちに届出が必要な疾患の可能性（直近5週）:"))
                @for (_, disease, count) in &urgent { " " (name(view, &disease.names)) " " (count.confirmed + count.suspected) }
            }
        }
        @if !alerts.is_empty() {
            h2 { (view.pick("Rises of the last seven days", "直近7日の増加検知")) }
            (table(&header, &alerts))
        }
        @if !stale.is_empty() {
            p.alert {
                (view.pick("Nothing was heard of these facilities for more than three days; their zeros are no zeros:",
                    "3日を超えて受信のない医療機関（「0」は0件を意味しません）:"))
                @for facility in &stale { " " (facility.code) }
            }
        }
    }
}

fn slice(view: &View, report: &Report<'_>, slice: Slice) -> String {
    let tables = report.state.tables();
    let area = match slice {
        Slice::Place(Place::Area(area)) => tables.areas.get(area),
        _ => Some(&tables.prefecture),
    };
    area.map(|area| name(view, &area.names).to_owned()).unwrap_or_default()
}

/// Confirmed cases, with the suspected ones in brackets.
fn cases(count: Count) -> String {
    match (count.confirmed, count.suspected) {
        (0, 0) => "-".to_owned(),
        (confirmed, 0) => confirmed.to_string(),
        (confirmed, suspected) => format!("{confirmed} ({suspected})"),
    }
}

/// A count, or that nobody reported.
fn told(report: &Report<'_>, id: DiseaseId, week: Week, slice: Slice, area: Option<usize>) -> String {
    let count = report.sums.week(id, week, slice);
    if count.is_zero() && report.coverage(week, area).is_silent() { "…".to_owned() } else { cases(count) }
}

fn weeks(view: &View, report: &Report<'_>) -> Markup {
    let header: Vec<String> = report.weeks.iter().map(ToString::to_string).collect();
    let mut head = vec![view.pick("Disease", "疾患")];
    head.extend(header.iter().map(String::as_str));
    let row = |(id, disease): (DiseaseId, &Disease)| {
        let counts = report.weeks.iter().map(|week| told(report, id, *week, Slice::All, None));
        std::iter::once(name(view, &disease.names).to_owned()).chain(counts).collect()
    };
    let rows: Vec<Vec<String>> = report.diseases().into_iter().map(row).collect();
    html! {
        h2 { (view.pick("Five weeks: confirmed (suspected)", "直近5週: 確定例（疑い例）")) }
        (table(&head, &rows))
        p.hint { (view.pick("“…” means that nobody reported.", "「…」は報告なし。")) }
    }
}

fn areas(view: &View, report: &Report<'_>) -> Markup {
    let areas = &report.state.tables().areas;
    let mut head = vec![view.pick("Disease", "疾患")];
    head.extend(areas.iter().map(|area| name(view, &area.names)));
    let week = report.week();
    let row = |(id, disease): (DiseaseId, &Disease)| {
        let counts =
            (0..areas.len()).map(|area| told(report, id, week, Slice::Place(Place::Area(area)), Some(area)));
        std::iter::once(name(view, &disease.names).to_owned()).chain(counts).collect()
    };
    let has_any = |(id, _): &(DiseaseId, &Disease)| report.sums.has_any(*id, &[week]);
    let rows: Vec<Vec<String>> = report.diseases().into_iter().filter(has_any).map(row).collect();
    html! {
        @if !rows.is_empty() {
            h2 { (view.pick("Areas", "圏域別")) " " (week.to_string()) }
            (table(&head, &rows))
        }
    }
}

/// A curve for each disease that had a confirmed case in the year.
fn year(view: &View, report: &Report<'_>) -> Markup {
    let weeks: Vec<_> = report.year().into_iter().filter(|week| *week <= report.week()).collect();
    let confirmed = |id, week: &Week| report.sums.week(id, *week, Slice::All).confirmed;
    let drawn =
        report.diseases().into_iter().filter(|(id, _)| weeks.iter().any(|week| confirmed(*id, week) > 0));
    let drawn: Vec<_> = drawn.collect();
    html! {
        @if !drawn.is_empty() {
            h2 { (view.pick("The year, by week", "年間推移（週別）")) " " (report.week().number().0) }
            div.curves {
                @for (id, disease) in drawn {
                    @let counts: Vec<u32> = weeks.iter().map(|week| confirmed(id, week)).collect();
                    (curve(view, disease, &weeks, &counts))
                }
            }
        }
    }
}

/// A curve, and the same as a table for those who can't see it.
fn curve(view: &View, disease: &Disease, weeks: &[Week], counts: &[u32]) -> Markup {
    let top = f64::from(counts.iter().copied().max().unwrap_or(0).max(4));
    let point = |(week, count): (&Week, &u32)| {
        let x = f64::from(week.number().1) / 53.0 * WIDTH;
        format!("{x:.1},{:.1}", HEIGHT - f64::from(*count) / top * HEIGHT)
    };
    let points: Vec<_> = weeks.iter().zip(counts).map(point).collect();
    let rows: Vec<_> =
        weeks.iter().zip(counts).map(|(week, count)| vec![week.to_string(), count.to_string()]).collect();
    let title = name(view, &disease.names);
    html! {
        figure.curve {
            figcaption { (title) " " span.hint { (view.pick("highest", "最大")) " " (counts.iter().max().copied().unwrap_or(0)) } }
            svg viewBox={ "-4 -6 " (WIDTH + 8.0) " " (HEIGHT + 12.0) } role="img" aria-label=(title) {
                line x1="0" x2=(WIDTH) y1=(HEIGHT) y2=(HEIGHT) {}
                polyline points=(points.join(" ")) {}
            }
            details {
                summary { (view.pick("As a table", "表で見る")) }
                (table(&[view.pick("Week", "週"), view.pick("Confirmed", "確定例")], &rows))
            }
        }
    }
}
