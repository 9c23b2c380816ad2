//! `/queues`: what waits where, and how it was of late.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;

use super::Console;
use super::access::Right;
use super::chart::{self, Shown, is_seen, spark};
use super::frame;
use super::html::{Tone, ago, empty, number, rate, state};
use super::live;
use super::view::View;
use crate::ops::series::{Level, Span};

/// How often the list is made anew.
const EVERY: Duration = Duration::from_secs(5);
/// What has waited for less is on its way.
const ON_ITS_WAY: i64 = 60;

/// `?span=day`
#[derive(Debug, Deserialize)]
pub(super) struct Spanning {
    span: Option<String>,
}

/// A queue, as it is shown.
pub(super) struct Queue {
    name: String,
    level: Level,
    tone: Tone,
    word: &'static str,
}

/// The list.
pub(super) async fn show(State(console): State<Arc<Console>>, view: View) -> Markup {
    let live = format!("/live/queues?lang={}", view.lang.code());
    let body = html! { section id="queues" data-live=(live) { (list(&console, &view)) } };
    frame::page(&view, view.pick("Queues", "キュー"), &body)
}

/// The list, anew whenever it changes.
pub(super) async fn live(State(console): State<Arc<Console>>, view: View) -> Response {
    live::part(EVERY, move || {
        let (console, view) = (console.clone(), view.clone());
        async move { list(&console, &view) }
    })
    .into_response()
}

/// The page of one queue.
pub(super) async fn one(
    State(console): State<Arc<Console>>,
    view: View,
    Path(name): Path<String>,
    Query(spanning): Query<Spanning>,
) -> Response {
    let queues = queues(&console, &view);
    let Some(queue) = queues.into_iter().find(|queue| queue.name == name) else {
        let none = view.pick("There is no such queue", "そのキューはありません");
        return frame::refusal(&view, StatusCode::NOT_FOUND, none);
    };
    let span = spanning.span.as_deref().and_then(Span::of).unwrap_or(Span::Hour);
    let now = console.control.clock().now();
    let series = |what: &str| format!("queue/{name}/{what}");
    let depth = [Shown { series: series("depth"), label: view.pick("waiting", "待ち") }];
    let rates = [
        Shown { series: series("in"), label: view.pick("in", "入り") },
        Shown { series: series("out"), label: view.pick("out", "出") },
    ];
    let body = html! {
        p.lead { (meaning(&view, &name)) }
        div.cards {
            div class={ "card " (queue.tone.row().unwrap_or_default()) } {
                span.label { (view.pick("Waiting", "待ち")) }
                span.figure { (number(queue.level.depth)) }
                span.note { (state(queue.tone, queue.word)) }
            }
            (card(view.pick("Oldest", "最古"), &oldest(&console, &view, now, &queue.level)))
            (card(view.pick("In", "入り"), &html! { (rate(&view, console.series.rate(&series("in")))) }))
            (card(view.pick("Out", "出"), &html! { (rate(&view, console.series.rate(&series("out")))) }))
        }
        @if let Some((href, text)) = next(&view, &name) { p.actions { a.button href=(href) { (text) } } }
        (chart::tabs(&view, span))
        (chart::draw(&console, &view, view.pick("Waiting messages", "待っているメッセージ"), &depth, span))
        (chart::draw(&console, &view, view.pick("Messages a minute", "1分あたりの件数"), &rates, span))
        (chart::scripts())
    };
    frame::page(&view, &name, &body).into_response()
}

fn card(label: &str, figure: &Markup) -> Markup {
    html! { div.card { span.label { (label) } span.figure { (figure) } } }
}

/// All that somebody may see, those first that somebody should look at.
pub(super) fn queues(console: &Console, view: &View) -> Vec<Queue> {
    let Some(actor) = &view.actor else { return Vec::new() };
    let (flows, network) = (chart::seen(console, actor), actor.may(Right::View, None));
    let now = console.control.clock().now();
    let shown = console
        .series
        .levels()
        .into_iter()
        .filter(|(name, _)| is_seen(&flows, network, &format!("queue/{name}/depth")));
    let mut queues: Vec<_> = shown
        .map(|(name, level)| {
            let (tone, word) = judged(view, now, &name, &level);
            Queue { name, level, tone, word }
        })
        .collect();
    queues.sort_by(|a, b| (b.tone, b.level.depth, &a.name).cmp(&(a.tone, a.level.depth, &b.name)));
    queues
}

fn judged(view: &View, now: Timestamp, name: &str, level: &Level) -> (Tone, &'static str) {
    let old = level.oldest.is_some_and(|at| now.duration_since(at).as_secs() > ON_ITS_WAY);
    match (name.split('.').next(), level.depth) {
        (_, 0) => (Tone::Idle, view.pick("empty", "空")),
        (Some("dead"), _) => (Tone::Bad, view.pick("dead", "不達")),
        (Some("unroutable"), _) => (Tone::Bad, view.pick("nowhere to go", "行き先なし")),
        (Some("parked"), _) => (Tone::Warn, view.pick("parked", "保留")),
        (Some("invalid"), _) => (Tone::Warn, view.pick("invalid", "不正")),
        _ if old => (Tone::Warn, view.pick("stuck", "滞留")),
        _ => (Tone::Info, view.pick("moving", "処理中")),
    }
}

/// What lies in a queue, in a sentence.
fn meaning(view: &View, name: &str) -> String {
    let subscriber = name.split_once('.').map(|(_, subscriber)| subscriber).unwrap_or_default();
    let (en, ja) = match name.split('.').next() {
        Some("ingest") => {
            ("Accepted, and not yet routed.".to_owned(), "受理済みで、振り分けを待っています。".to_owned())
        }
        Some("invalid") => {
            ("Messages that make no sense.".to_owned(), "内容が不正なメッセージです。".to_owned())
        }
        Some("unroutable") => {
            ("Events that met no queue.".to_owned(), "行き先のないイベントです。".to_owned())
        }
        Some("parked") => (
            format!("Wait because {subscriber} did not take an earlier one of the same patient."),
            format!("{subscriber} が同じ患者の先のメッセージを受け取らないため、保留しています。"),
        ),
        Some("dead") => (
            format!("Could not be delivered to {subscriber}."),
            format!("{subscriber} に届けられなかったメッセージです。"),
        ),
        _ => (
            format!("Wait to be delivered to {subscriber}."),
            format!("{subscriber} への配信を待っています。"),
        ),
    };
    view.pick(&en, &ja).to_owned()
}

/// Where something is done about it.
fn next(view: &View, name: &str) -> Option<(String, &'static str)> {
    match name.split_once('.') {
        Some(("dead", subscriber)) => Some((
            format!("/dead?subscriber={subscriber}"),
            view.pick("Look at the dead messages", "不達メッセージを見る"),
        )),
        Some(("parked", subscriber)) => Some((
            format!("/parked?subscriber={subscriber}"),
            view.pick("Look at the parked patients", "保留中の患者を見る"),
        )),
        None if name == "invalid" => {
            Some(("/invalid".to_owned(), view.pick("Look at the invalid messages", "不正メッセージを見る")))
        }
        _ => None,
    }
}

fn oldest(console: &Console, view: &View, now: Timestamp, level: &Level) -> Markup {
    match level.oldest {
        Some(at) => ago(view, &console.zone, now, at),
        None => html! { "–" },
    }
}

fn list(console: &Console, view: &View) -> Markup {
    let all = queues(console, view);
    let depths = depths(console, all.iter());
    let was_empty = |queue: &Queue| {
        let values = depths.get(&format!("queue/{}/depth", queue.name));
        values.is_none_or(|values| values.iter().all(|value| value.unwrap_or_default() == 0.0))
    };
    let (idle, waiting): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|queue| queue.level.depth == 0 && was_empty(queue));
    html! {
        @if waiting.is_empty() {
            (empty(view.pick("Nothing waits, nor did in the last hour.", "待っているメッセージはありません（直近1時間もなし）。")))
        } @else {
            (table(console, view, &waiting, &depths))
        }
        @if !idle.is_empty() {
            details {
                summary { (view.pick("Empty for an hour", "1時間以上空のキュー")) " (" (idle.len()) ")" }
                (table(console, view, &idle, &depths))
            }
        }
    }
}

/// The depths of the last hour, by queue.
fn depths<'q>(
    console: &Console,
    queues: impl Iterator<Item = &'q Queue>,
) -> BTreeMap<String, Vec<Option<f64>>> {
    let names: Vec<_> = queues.map(|queue| format!("queue/{}/depth", queue.name)).collect();
    let chart = console.series.chart(&names, Span::Hour, console.control.clock().now());
    chart.lines.into_iter().map(|line| (line.name, line.values)).collect()
}

fn table(
    console: &Console,
    view: &View,
    queues: &[Queue],
    depths: &BTreeMap<String, Vec<Option<f64>>>,
) -> Markup {
    let now = console.control.clock().now();
    let of_hour = view.pick("depth in the last hour", "直近1時間の件数");
    html! {
        div.wide {
            table {
                thead {
                    tr {
                        th scope="col" { (view.pick("State", "状態")) }
                        th scope="col" { (view.pick("Queue", "キュー")) }
                        th.num scope="col" { (view.pick("Waiting", "待ち")) }
                        th scope="col" { (view.pick("Oldest", "最古")) }
                        th.num scope="col" { (view.pick("In", "入り")) }
                        th.num scope="col" { (view.pick("Out", "出")) }
                        th scope="col" { (view.pick("Last hour", "直近1時間")) }
                    }
                }
                tbody {
                    @for queue in queues {
                        @let series = |what: &str| format!("queue/{}/{what}", queue.name);
                        tr class=[queue.tone.row()] {
                            td { (state(queue.tone, queue.word)) }
                            td.name { a href={ "/queues/" (queue.name) } { (queue.name) } }
                            td.num { (number(queue.level.depth)) }
                            td { (oldest(console, view, now, &queue.level)) }
                            td.num { (rate(view, console.series.rate(&series("in")))) }
                            td.num { (rate(view, console.series.rate(&series("out")))) }
                            td { (spark(depths.get(&series("depth")).map_or(&[], Vec::as_slice), of_hour)) }
                        }
                    }
                }
            }
        }
    }
}
