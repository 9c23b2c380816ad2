//! `/parked`: patients whose copies wait for a subscriber, since when, and what it answered; the same as API.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use maud::{Markup, html};
use serde::Deserialize;

use super::access::{Actor, Right};
use super::audit::Action;
use super::messages::asked::ask;
use super::problem::Problem;
use super::view::View;
use super::{Console, frame};
use crate::ops::parked::{Parked, Selection, list};

pub(super) fn routes() -> Router<Arc<Console>> {
    Router::new().route("/parked", get(show)).route("/parked/{subscriber}", post(hurry))
}

/// What an address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    subscriber: String,
}

/// What somebody may see.
pub(super) async fn parked(console: &Console, actor: &Actor, asked: Asked) -> Result<Vec<Parked>, Problem> {
    console.require(actor, Right::View, "parked").await?;
    let subscriber = Some(asked.subscriber).filter(|name| !name.is_empty());
    let selection = Selection { subscriber, facilities: actor.facilities.clone() };
    let config = console.control.config();
    ask(move || list(&config, &selection)).await
}

/// Lets all parked patients of a subscriber be tried now, for somebody who may, and writes that down.
pub(super) async fn try_now(console: &Console, actor: &Actor, subscriber: &str) -> Result<(), Problem> {
    console.require(actor, Right::Operate, "parked").await?;
    console.audit(actor, Action::Retry, &format!("parked.{subscriber}: all")).await?;
    match console.control.try_parked(subscriber) {
        true => Ok(()),
        false => Err(Problem::bad("this process does not deliver to it")),
    }
}

async fn hurry(
    State(console): State<Arc<Console>>,
    view: View,
    Extension(actor): Extension<Actor>,
    Path(subscriber): Path<String>,
) -> Response {
    match try_now(&console, &actor, &subscriber).await {
        Ok(()) => Redirect::to("/parked").into_response(),
        Err(problem) => frame::refusal(&view, problem.status(), problem.detail()),
    }
}

async fn show(
    State(console): State<Arc<Console>>,
    view: View,
    Extension(actor): Extension<Actor>,
    Query(asked): Query<Asked>,
) -> Response {
    match parked(&console, &actor, asked).await {
        Ok(parked) => {
            let body = page(&console, &view, &parked, actor.has(Right::Operate));
            frame::page(&view, view.pick("Parked patients", "保留中の患者"), &body).into_response()
        }
        Err(problem) => frame::refusal(&view, problem.status(), problem.detail()),
    }
}

fn page(console: &Console, view: &View, parked: &[Parked], may_act: bool) -> Markup {
    let subscribers: BTreeSet<_> = parked.iter().map(|one| one.subscriber.as_str()).collect();
    let time = |one: &Parked| one.since.to_zoned(console.zone.clone()).strftime("%m-%d %H:%M").to_string();
    html! {
        p.hint { (view.pick(
            "The subscriber refused a copy; the later ones of the same patient wait behind it, in order. It is tried again by itself. Nobody else waits.",
            "配信先が拒否したため、同じ患者の後続分も順番どおりに待っています。自動で再試行します。ほかの患者には影響しません。",
        )) }
        @if parked.is_empty() { p { (view.pick("Nothing is parked.", "保留はありません。")) } }
        @else { div.wide { table {
            thead { tr {
                th { (view.pick("To", "配信先")) } th { (view.pick("Patient", "患者")) } th { (view.pick("Copies", "件数")) }
                th { (view.pick("Since", "開始")) } th { (view.pick("Answer", "応答")) }
                th { (view.pick("Attempts", "試行")) } th { (view.pick("Message", "メッセージ")) }
            } }
            tbody { @for one in parked { tr {
                td { (one.subscriber) }
                td { (one.facility) " " code { (one.patient.as_deref().unwrap_or("-")) } }
                td.number { (one.copies) } td { (time(one)) }
                td { (one.code.as_deref().unwrap_or("-")) }
                td.number { @if let Some(attempts) = one.attempts { (attempts) } }
                td { a href={ "/messages/" (one.message) } { code { (one.message.chars().take(12).collect::<String>()) } } }
            } } }
        } } }
        @if may_act { @for subscriber in subscribers {
            (frame::form(view, &format!("/parked/{subscriber}"), &html! {
                button { (view.pick("Try now:", "今すぐ再試行:")) " " (subscriber) }
            }))
        } }
    }
}
