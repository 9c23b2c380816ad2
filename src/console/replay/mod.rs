//! `/replay`: what was accepted, once more for one subscriber. A form, an estimate, and only then a start; progress, stop
//! and resume.

mod form;
mod words;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Extension, Form, Router};
use jiff::Timestamp;
use maud::{Markup, html};

use self::form::{Named, Wanted};
use self::words::{about, counted, reasons};
use super::Console;
use super::access::{Actor, Right};
use super::frame;
use super::live;
use super::problem::Problem;
use super::view::View;
use crate::ops::replay::{Replay, State as Stands};

type Shared = State<Arc<Console>>;

/// How often progress is looked at.
const LIVE: Duration = Duration::from_secs(1);

pub(super) fn routes() -> Router<Arc<Console>> {
    Router::new()
        .route("/replay", get(list).post(plan))
        .route("/replay/{id}", get(show))
        .route("/replay/{id}/{act}", post(act))
        .route("/live/replay", get(live_list))
        .route("/live/replay/{id}", get(live_one))
}

/// The form, and all replays.
async fn list(
    State(console): Shared,
    view: View,
    Extension(actor): Extension<Actor>,
    Query(named): Query<Named>,
) -> Markup {
    page_of_all(&console, &view, &actor, &named.into(), None)
}

/// Plans what the form says, and goes to the replay; the form again where that can't be.
async fn plan(
    State(console): Shared,
    view: View,
    Extension(actor): Extension<Actor>,
    Form(wanted): Form<Wanted>,
) -> Response {
    let planned = match wanted.request(&console.zone) {
        Ok(request) => console.plan_replay(&actor, request).await,
        Err(why) => Err(Problem::bad(why)),
    };
    match planned {
        Ok(replay) => Redirect::to(&format!("/replay/{}", replay.id)).into_response(),
        Err(problem) => {
            let page = page_of_all(&console, &view, &actor, &wanted, Some(problem.detail()));
            (problem.status(), page).into_response()
        }
    }
}

fn page_of_all(
    console: &Console,
    view: &View,
    actor: &Actor,
    wanted: &Wanted,
    wrong: Option<&str>,
) -> Markup {
    let body = html! {
        p.hint { (view.pick(
            "Takes messages that were accepted before through today's consents, routes and schemas, and gives one subscriber its copies again, marked as replay. Nothing is sent before you have seen the estimate.",
            "受理済みのメッセージを現在の同意・経路・スキーマで処理し直し、配信先 1 か所だけに再度送ります（再配信の印が付きます）。件数の見積もりを確認するまで送信しません。",
        )) }
        @if let Some(wrong) = wrong { p.alert role="alert" { (wrong) } }
        @if actor.rights.contains(&Right::Operate) { (wanted.form(console, view)) }
        h2 { (view.pick("Replays", "再配信一覧")) }
        section id="replays" data-live="/live/replay" { (table(console, view, actor)) }
    };
    frame::page(view, view.pick("Replay", "再配信"), &body)
}

async fn live_list(
    State(console): Shared,
    view: View,
    Extension(actor): Extension<Actor>,
) -> impl IntoResponse {
    live::part(LIVE, move || {
        let made = table(&console, &view, &actor);
        async move { made }
    })
}

fn table(console: &Console, view: &View, actor: &Actor) -> Markup {
    let replays = match console.replays.list() {
        Ok(replays) => replays,
        Err(error) => return html! { p.alert { (crate::telemetry::causes(&error)) } },
    };
    let mut his =
        replays.iter().filter(|replay| actor.may(Right::View, replay.selection.facility())).peekable();
    if his.peek().is_none() {
        return html! { p { (view.pick("There was none yet.", "まだありません。")) } };
    }
    html! {
        div.wide { table {
            thead { tr {
                th { (view.pick("Replay", "再配信")) } th { (view.pick("To", "配信先")) }
                th { (view.pick("State", "状態")) } th { (view.pick("Gone through", "処理済み")) }
                th { (view.pick("Copies", "送信")) } th { (view.pick("By", "実行者")) } th { (view.pick("Why", "理由")) }
            } }
            tbody { @for replay in his { tr {
                td { a href={ "/replay/" (replay.id) } { (replay.id) } }
                td { (replay.selection.to) }
                td { (replay.state.said(view.lang)) }
                td { (replay.position) " / " (replay.planned) }
                td { (replay.done.copies) " / " (replay.estimate.copies) }
                td { (replay.who) }
                td { (replay.why) }
            } } }
        } }
    }
}

/// One replay.
async fn show(
    State(console): Shared,
    view: View,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
) -> Response {
    match seen(&console, &actor, &id) {
        Ok(replay) => {
            let body = html! {
                section id="replay" data-live={ "/live/replay/" (id) } { (one(&console, &view, &actor, &replay)) }
                p { a href="/replay" { (view.pick("All replays", "再配信一覧へ")) } }
            };
            let title = format!("{} {id}", view.pick("Replay", "再配信"));
            frame::page(&view, &title, &body).into_response()
        }
        Err(problem) => refused(&view, &problem),
    }
}

async fn live_one(
    State(console): Shared,
    view: View,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
) -> impl IntoResponse {
    live::part(LIVE, move || {
        let made = match seen(&console, &actor, &id) {
            Ok(replay) => one(&console, &view, &actor, &replay),
            Err(problem) => html! { p.alert { (problem.detail()) } },
        };
        async move { made }
    })
}

/// Starts, stops or resumes one.
async fn act(
    State(console): Shared,
    view: View,
    Extension(actor): Extension<Actor>,
    Path((id, act)): Path<(String, String)>,
) -> Response {
    match console.turn_replay(&actor, &id, &act).await {
        Ok(_) => Redirect::to(&format!("/replay/{id}")).into_response(),
        Err(problem) => refused(&view, &problem),
    }
}

fn refused(view: &View, problem: &Problem) -> Response {
    frame::refusal(view, problem.status(), problem.detail())
}

fn seen(console: &Console, actor: &Actor, id: &str) -> Result<Replay, Problem> {
    let replay = console.replays.get(id)?;
    match actor.may(Right::View, replay.selection.facility()) {
        true => Ok(replay.without_patient()),
        false => Err(Problem::forbidden()),
    }
}

fn one(console: &Console, view: &View, actor: &Actor, replay: &Replay) -> Markup {
    let time = |at: Timestamp| at.to_zoned(console.zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string();
    let may = actor.may(Right::Operate, replay.selection.facility());
    html! {
        p.state { strong { (replay.state.said(view.lang)) } @if let Some(reason) = &replay.reason { " – " (reason) } }
        @if may { (buttons(view, replay)) }
        @if replay.state == Stands::Running || replay.position > 0 {
            p { progress max=(replay.planned.max(1)) value=(replay.position) { (replay.position) }
                " " (replay.position) " / " (replay.planned) }
        }
        div.wide { table {
            thead { tr { th {} th { (view.pick("Estimate", "見積もり")) } th { (view.pick("Done", "実績")) } } }
            tbody {
                @for (what, estimate, done) in counted(view, replay) {
                    tr { th scope="row" { (what) } td { (estimate) } td { (done) } }
                }
            }
        } }
        h2 { (view.pick("Not sent, and why", "送信しない件数と理由")) }
        (reasons(view, replay))
        h2 { (view.pick("What", "対象")) }
        dl.facts {
            @for (what, value) in about(view, replay, &time) { dt { (what) } dd { (value) } }
        }
    }
}

fn buttons(view: &View, replay: &Replay) -> Markup {
    let button = |act: &str, word: &str| {
        frame::form(view, &format!("/replay/{}/{act}", replay.id), &html! { button { (word) } })
    };
    html! { div.actions {
        @match replay.state {
            Stands::Planned => { (button("start", view.pick("Start", "開始"))) (button("stop", view.pick("Set aside", "取りやめ"))) }
            Stands::Planning | Stands::Running => { (button("stop", view.pick("Stop", "停止"))) }
            Stands::Stopped | Stands::Failed => { (button("resume", view.pick("Resume", "再開"))) }
            Stands::Done => {}
        }
    } }
}
