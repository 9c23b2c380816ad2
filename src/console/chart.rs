//! Charts and sparklines of series.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use maud::{Markup, html};
use serde::Deserialize;

use super::Console;
use super::access::{Actor, Right};
use super::problem::Problem;
use super::view::View;
use crate::ops::flows::Flows;
use crate::ops::series::{Chart, Span};

/// Series in one chart at most.
const MOST: usize = 20;

/// `?names=queue/ingest/depth,queue/ingest/in&span=day`
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    names: String,
    #[serde(default)]
    span: Option<String>,
}

/// `/charts` and `/api/v1/series`: the values of some series.
pub(super) async fn data(
    State(console): State<Arc<Console>>,
    Extension(actor): Extension<Actor>,
    Query(asked): Query<Asked>,
) -> Response {
    match chart(&console, &actor, &asked) {
        Ok(chart) => Json(chart).into_response(),
        Err(problem) => problem.into_response(),
    }
}

fn chart(console: &Console, actor: &Actor, asked: &Asked) -> Result<Chart, Problem> {
    let span = match asked.span.as_deref() {
        None => Span::Hour,
        Some(word) => Span::of(word).ok_or_else(|| Problem::bad("span is hour, day or week"))?,
    };
    let names: Vec<_> = asked.names.split(',').map(str::to_owned).collect();
    if names.len() > MOST {
        return Err(Problem::bad(format!("at most {MOST} series at a time")));
    }
    let flows = seen(console, actor);
    let network = actor.may(Right::View, None);
    if !names.iter().all(|name| is_seen(&flows, network, name)) {
        return Err(Problem::not_found());
    }
    Ok(console.series.chart(&names, span, console.control.clock().now()))
}

/// What somebody may see of the ways of messages.
pub(super) fn seen(console: &Console, actor: &Actor) -> Flows {
    Flows::of(&console.control.config()).seen_by(|facility| actor.may(Right::View, facility))
}

/// Whether a series, or a queue, belongs to what somebody may see. What belongs to nobody is the network's.
pub(super) fn is_seen(flows: &Flows, network: bool, series: &str) -> bool {
    let mut parts = series.split('/');
    match (parts.next(), parts.next()) {
        (Some("feed"), Some(name)) => flows.feeds.iter().any(|feed| feed.name == name),
        (Some("subscriber"), Some(name)) => flows.subscribers.iter().any(|one| one.name == name),
        (Some("topic"), Some(name)) => flows.topics.iter().any(|topic| topic.name == name),
        (Some("queue"), Some(queue)) => match queue.split_once('.') {
            Some((_, name)) => flows.subscribers.iter().any(|one| one.name == name),
            None => network,
        },
        _ => false,
    }
}

/// A line to be seen in a chart: its series and its name for people.
pub(super) struct Shown<'s> {
    pub(super) series: String,
    pub(super) label: &'s str,
}

/// A chart, drawn by the browser, with a table of the same values.
pub(super) fn draw(console: &Console, view: &View, title: &str, lines: &[Shown<'_>], span: Span) -> Markup {
    let names: Vec<_> = lines.iter().map(|line| line.series.clone()).collect();
    let labels: Vec<_> = lines.iter().map(|line| line.label).collect();
    let zone = console.zone.iana_name().unwrap_or("UTC");
    let failed = view.pick("The values can't be fetched.", "値を取得できません。");
    html! {
        h2 { (title) }
        div.chart role="img" aria-label=(title) data-names=(names.join(",")) data-labels=(labels.join(","))
            data-span=(span.as_str()) data-zone=(zone) data-time=(view.pick("Time", "時刻")) data-failed=(failed) {}
        (values(console, view, &names, &labels, span))
    }
}

/// The values of a chart as a table, newest first.
fn values(console: &Console, view: &View, names: &[String], labels: &[&str], span: Span) -> Markup {
    let chart = console.series.chart(names, span, console.control.clock().now());
    let moment = |at: i64| {
        let at = jiff::Timestamp::from_second(at).unwrap_or_default();
        at.to_zoned(console.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
    };
    let known = |at: &usize| chart.lines.iter().any(|line| line.values.get(*at).copied().flatten().is_some());
    let rows: Vec<_> = (0..chart.times.len()).rev().filter(known).collect();
    html! {
        details {
            summary { (view.pick("The same as a table", "表で見る")) }
            div.wide {
                table {
                    thead {
                        tr {
                            th scope="col" { (view.pick("Time", "時刻")) }
                            @for label in labels { th.num scope="col" { (label) } }
                        }
                    }
                    tbody {
                        @for at in rows {
                            tr {
                                th scope="row" { (moment(chart.times.get(at).copied().unwrap_or_default())) }
                                @for line in &chart.lines { td.num { (value(line.values.get(at).copied().flatten())) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn value(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{:.1}", value).trim_end_matches(".0").to_owned())
}

/// The spans to choose from.
pub(super) fn tabs(view: &View, chosen: Span) -> Markup {
    let word = |span| match span {
        Span::Hour => view.pick("1 hour", "1時間"),
        Span::Day => view.pick("1 day", "1日"),
        Span::Week => view.pick("1 week", "1週間"),
    };
    html! {
        nav.tabs aria-label=(view.pick("Time", "期間")) {
            @for span in Span::ALL {
                a href={ "?span=" (span.as_str()) } aria-current=[(span == chosen).then_some("true")] { (word(span)) }
            }
        }
    }
}

/// What a page with charts needs.
pub(super) fn scripts() -> Markup {
    html! {
        link rel="stylesheet" href="/assets/uplot.css";
        script src="/assets/uplot.js" defer {}
        script src="/assets/chart.js" defer {}
    }
}

/// The last hour of a series, small.
pub(super) fn spark(values: &[Option<f64>], title: &str) -> Markup {
    let highest = values.iter().flatten().copied().fold(1.0, f64::max);
    let mut points = String::new();
    for (at, value) in values.iter().enumerate().filter_map(|(at, value)| Some((at, (*value)?))) {
        points.push_str(&format!("{},{:.1} ", at * 2, 22.0 - value / highest * 20.0));
    }
    let first = values.iter().position(Option::is_some).unwrap_or(0) * 2;
    let last = values.len().saturating_sub(1) * 2;
    html! {
        svg.spark viewBox="0 0 120 24" preserveAspectRatio="none" role="img" aria-label=(title) {
            polygon points={ (first) ",22 " (points) (last) ",22" } {}
            polyline points=(points) {}
        }
    }
}
