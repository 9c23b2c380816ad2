//! `/messages/{id}`: the whole way of a message, and what it looks like at every stage.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use maud::{Markup, html};

use super::super::access::{Actor, Right};
use super::super::html::{self, Tone};
use super::super::problem::Problem;
use super::super::view::View;
use super::super::{Console, frame};
use super::again::again;
use super::{asked, words};
use crate::ops::denied;
use crate::ops::search::{Row, State as Become};
use crate::ops::trace::{Act, CopyFate, Decision, Granted, Step, What};
use crate::ops::views::{Text, Views};

/// The way; bodies are shown to who asks for them.
pub(in crate::console) async fn show(
    State(console): State<Arc<Console>>,
    view: View,
    Path(id): Path<String>,
) -> Response {
    answer(&console, &view, &id, false).await
}

/// The way and the bodies: a form asks for them, because each look is written down.
pub(in crate::console) async fn bodies(
    State(console): State<Arc<Console>>,
    view: View,
    Path(id): Path<String>,
) -> Response {
    answer(&console, &view, &id, true).await
}

async fn answer(console: &Arc<Console>, view: &View, id: &str, with_bodies: bool) -> Response {
    let Some(actor) = &view.actor else { return StatusCode::UNAUTHORIZED.into_response() };
    match page(console, view, actor, id, with_bodies).await {
        Ok(body) => frame::page(view, view.pick("Message", "メッセージ"), &body).into_response(),
        Err(problem) => frame::refusal(view, problem.status(), &problem.to_string()),
    }
}

async fn page(
    console: &Arc<Console>,
    view: &View,
    actor: &Actor,
    id: &str,
    with_bodies: bool,
) -> Result<Markup, Problem> {
    let right = if with_bodies { Right::ViewBodies } else { Right::View };
    let (row, steps) = asked::message(console, actor, right, id).await?;
    let views = match with_bodies {
        true => Some(asked::views(console, actor, &row, &steps).await?),
        false => None,
    };
    let may_look = actor.may(Right::ViewBodies, Some(&row.facility));
    Ok(html! {
        (summary(view, &row))
        (again(view, actor, &row, |subscriber| console.control.config().reads_its_queue(subscriber)))
        h2 { (view.pick("Its way", "経路")) }
        ol.timeline { @for step in &steps { (told(console, view, step)) } }
        h2 { (view.pick("At every stage", "各段階の内容")) }
        @match &views {
            Some(Some(views)) => (stages(view, views)),
            Some(None) => p.alert {
                (view.pick("Its bytes are not kept any more.", "元の電文の保存期間は過ぎています。"))
            },
            None if may_look => (frame::form(view, &view.path, &html! {
                p.hint { (view.pick("Each look is written into the audit.", "閲覧は監査に記録されます。")) }
                button { (view.pick("Show the message", "内容を表示")) }
            })),
            None => p.hint {
                (view.pick("You may not see contents.", "内容を閲覧する権限がありません。"))
            },
        }
    })
}

fn summary(view: &View, row: &Row) -> Markup {
    html! {
        dl.facts {
            dt { "ID" } dd { code { (row.id) } }
            dt { (view.pick("Feed", "フィード")) } dd { (row.feed) " (" (row.facility) ")" }
            dt { (view.pick("Kind", "種類")) } dd { (row.kind) "." (row.change) }
            dt { (view.pick("State", "状態")) }
            dd { (words::badge(view, row.state)) @if let Some(fault) = &row.fault { " " (fault) } }
            @for copy in &row.copies {
                dt { (copy.subscriber) }
                dd {
                    (words::badge(view, copy.state))
                    @if let Some(code) = &copy.code { " " (code) }
                    @if let Some(attempts) = copy.attempts {
                        " " (view.pick("attempts:", "試行:")) " " (attempts)
                    }
                }
            }
        }
    }
}

fn told(console: &Console, view: &View, step: &Step) -> Markup {
    let time = step.at.to_zoned(console.zone.clone()).strftime("%Y-%m-%d %H:%M:%S%.3f").to_string();
    html! { li.(step_class(&step.what)) {
        time datetime=(step.at) { (time) }
        div { @match &step.what {
            What::Decided(decision) => (decided(console, view, decision)),
            What::Filtered(_) => {
                (words::badge(view, Become::Filtered)) " "
                (view.pick("history that no route asks for", "過去の版で、求めるルートがありません"))
            },
            What::Delivered(copy) => (fate(view, Become::Delivered, copy)),
            What::Parked(copy) => (fate(view, Become::Parked, copy)),
            What::Dead(copy) => (fate(view, Become::Dead, copy)),
            What::Withdrawn(copy) => (fate(view, Become::Withdrawn, copy)),
            What::Retried(by) => (act(view.pick("sent again", "再送"), by)),
            What::Discarded(by) => (act(view.pick("discarded", "破棄"), by)),
            What::Edited(by) => (act(view.pick("edited", "修正"), by)),
            What::Replayed(by) => (act(view.pick("replayed", "再配信"), by)),
        } }
    } }
}

/// How its dot in the line of time looks.
const fn step_class(what: &What) -> &'static str {
    match what {
        What::Decided(Decision { fault: Some(_), .. }) => words::tone(Become::Invalid).class(),
        What::Decided(_) | What::Delivered(_) => words::tone(Become::Delivered).class(),
        What::Parked(_) | What::Withdrawn(_) => words::tone(Become::Parked).class(),
        What::Dead(_) => words::tone(Become::Dead).class(),
        _ => words::tone(Become::Filtered).class(),
    }
}

/// A moment as the history has it, in the hub's zone.
fn moment(console: &Console, text: &str) -> String {
    let Ok(at) = text.parse::<Timestamp>() else { return text.to_owned() };
    at.to_zoned(console.zone.clone()).strftime("%Y-%m-%d %H:%M:%S%.3f").to_string()
}

fn decided(console: &Console, view: &View, decision: &Decision) -> Markup {
    let Decision { kind, change, fault, hash, offset, control_id, orders, .. } = decision;
    html! {
        strong { (view.pick("decided", "判定")) } ": " (kind) "." (change)
        @if let Some(fault) = fault { " " (html::state(Tone::Bad, fault)) }
        dl.facts {
            dt { (view.pick("Accepted", "受理")) } dd { (moment(console, &decision.accepted_at)) }
            dt { "BLAKE3" } dd { code { (hash) } @if let Some(offset) = offset { " +" (offset) } }
            @if let Some(control_id) = control_id { dt { "MSH-10" } dd { (control_id) } }
            @if !orders.is_empty() { dt { (view.pick("Orders", "オーダ番号")) } dd { (orders.join(", ")) } }
            @if !decision.findings.is_empty() {
                dt { (view.pick("Findings", "所見")) }
                dd { @for odd in &decision.findings { code { (odd.code) } " (" (odd.place) ") " } }
            }
        }
        @if decision.recipients.is_empty() && decision.denials.is_empty() {
            p { (view.pick("No route takes it.", "該当するルートはありません。")) }
        } @else {
            ul {
                @for granted in &decision.recipients { li { (self::granted(view, granted)) } }
                @for denied in &decision.denials { li {
                    (html::state(Tone::Idle, view.pick("no", "否"))) " " (denied.subscriber) " ← " (denied.route) ": "
                    (denied::told(&denied.clause, view.lang))
                } }
            }
        }
    }
}

fn granted(view: &View, granted: &Granted) -> Markup {
    let Granted { subscriber, route, topic, basis, purpose, grounds, disclosure, withheld, tables, .. } =
        granted;
    html! {
        (html::state(Tone::Ok, view.pick("yes", "可"))) " " (subscriber) " ← " (route) ": " (topic) ", " (basis)
        @if let Some(purpose) = purpose { "/" (purpose) }
        @if !grounds.is_empty() { ", " (view.pick("grounds", "根拠")) " " (grounds.join(" ")) }
        @if let Some(disclosure) = disclosure { ", " (view.pick("disclosure", "開示範囲")) " " (disclosure) }
        @if !withheld.is_empty() { ", " (view.pick("withheld", "非開示")) " " (withheld.join(" ")) }
        @for (table, version) in tables { ", " (table) " " (version) }
    }
}

fn fate(view: &View, state: Become, copy: &CopyFate) -> Markup {
    html! {
        (words::badge(view, state)) " " (copy.subscriber) " ← " (copy.route)
        @if let Some(code) = &copy.code { " (" (code) ")" }
        @if let Some(attempts) = copy.attempts { " " (view.pick("attempts:", "試行:")) " " (attempts) }
    }
}

fn act(word: &str, act: &Act) -> Markup {
    html! {
        strong { (word) }
        @if let Some(subscriber) = &act.subscriber { " " (subscriber) }
        @if let Some(other) = &act.other { " → " (other) }
        " (" (act.who) ": " (act.why) ")"
    }
}

fn stages(view: &View, views: &Views) -> Markup {
    html! {
        h3 { (view.pick("Original", "原本")) }
        (text(view, &views.original))
        @if let Some(fault) = &views.refused {
            p.alert { (fault.code) " (" (fault.place) "): " (fault.reason) }
        }
        @if !views.findings.is_empty() {
            h3 { (view.pick("Findings", "所見")) }
            ul { @for odd in &views.findings { li { code { (odd.code) } " (" (odd.place) "): " (odd.text) } } }
        }
        @if let Some(canonical) = &views.canonical {
            h3 { (view.pick("Canonical event", "標準イベント")) }
            (text(view, canonical))
        }
        @if !views.copies.is_empty() {
            h3 { (view.pick("What each would get now", "今なら各配信先に届く内容")) }
            @for copy in &views.copies {
                details {
                    summary { (copy.subscribers.join(", ")) " ← " (copy.route) ": " (copy.topic) ", " (copy.media_type) }
                    (text(view, &copy.body))
                }
            }
        }
    }
}

fn text(view: &View, text: &Text) -> Markup {
    html! {
        p.hint {
            (text.read_as) ", " (text.bytes) " " (view.pick("bytes", "バイト"))
            @if text.left_out > 0 {
                "; " strong { (view.pick("not shown:", "表示していない分:")) " " (text.left_out) " " (view.pick("bytes", "バイト")) }
            }
        }
        pre.body tabindex="0" { (text.text) }
    }
}
