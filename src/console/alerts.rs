//! `/alerts`: what is open, what to do about it, and what was.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::sse::Event as SentEvent;
use axum::response::{IntoResponse, Redirect, Response, Sse};
use axum::routing::{get, post};
use axum::{Extension, Router};
use futures_util::Stream;
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;

use super::Console;
use super::access::{Actor, Right};
use super::audit::Action;
use super::problem::Problem;
use super::view::View;
use super::{frame, live};
use crate::ops::alerts::{self, Alert, AlertError, Entry, Event, Severity};

/// Lines of the history.
const HISTORY: usize = 200;
/// How often the part with the open ones is made anew.
const EVERY: Duration = Duration::from_secs(5);

/// The page and its parts.
pub(super) fn routes() -> Router<Arc<Console>> {
    Router::new()
        .route("/alerts", get(show))
        .route("/alerts/{id}/acknowledge", post(acknowledge))
        .route("/live/alerts", get(part))
}

async fn show(State(console): State<Arc<Console>>, view: View) -> Response {
    let open = open(&console, &view).await;
    let title = view.pick("Alerts", "アラート");
    let past = past(&console, &view).await;
    let body = html! {
        div data-live="/live/alerts" { (open) }
        h2 { (view.pick("What was", "履歴")) }
        (past)
    };
    frame::page(&view, title, &body).into_response()
}

async fn part(
    State(console): State<Arc<Console>>,
    view: View,
) -> Sse<impl Stream<Item = Result<SentEvent, std::convert::Infallible>>> {
    live::part(EVERY, move || {
        let (console, view) = (console.clone(), View { path: "/alerts".to_owned(), ..view.clone() });
        async move { open(&console, &view).await }
    })
}

/// What the form sends.
#[derive(Debug, Deserialize)]
struct Given {
    #[serde(default)]
    note: String,
}

async fn acknowledge(
    State(console): State<Arc<Console>>,
    Extension(actor): Extension<Actor>,
    view: View,
    Path(id): Path<String>,
    Form(given): Form<Given>,
) -> Response {
    match take_note(&console, &actor, &id, &given.note).await {
        Ok(()) => Redirect::to("/alerts").into_response(),
        Err(problem) => {
            let status = problem.status();
            let why = match status {
                StatusCode::FORBIDDEN => view.pick("You may not do that.", "この操作の権限がありません。"),
                StatusCode::NOT_FOUND => {
                    view.pick("This alert is not open.", "このアラートは発生中ではありません。")
                }
                StatusCode::BAD_REQUEST => {
                    view.pick("Say in a few words what is being done.", "対応内容を短く書いてください。")
                }
                _ => view.pick("That could not be written.", "書き込めませんでした。"),
            };
            frame::refusal(&view, status, why)
        }
    }
}

/// Takes note of an alert for somebody who may do so, to its facility or to the network; that is written down.
pub(super) async fn take_note(console: &Console, actor: &Actor, id: &str, note: &str) -> Result<(), Problem> {
    console.require(actor, Right::Operate, "alerts").await?;
    let (config, now) = (console.control.config(), console.control.clock().now());
    let known = visible(console, actor).await?;
    let alert = known.iter().find(|alert| alert.id == id).ok_or_else(Problem::not_found)?;
    console.allow(actor, Right::Operate, alert.facility.as_deref(), id).await?;
    console.audit(actor, Action::Acknowledge, id).await?;
    let (id, who, note) = (id.to_owned(), actor.name.clone(), note.to_owned());
    let taken =
        tokio::task::spawn_blocking(move || alerts::acknowledge(&config, &id, &who, &note, now)).await;
    Ok(taken.map_err(|error| Problem::unavailable(&error))??)
}

/// The open alerts that somebody may see.
pub(super) async fn visible(console: &Console, actor: &Actor) -> Result<Vec<Alert>, AlertError> {
    let (config, actor) = (console.control.config(), actor.clone());
    let found = tokio::task::spawn_blocking(move || alerts::open(&config)).await;
    let found = found.unwrap_or_else(|_| Ok(Vec::new()))?;
    Ok(found.into_iter().filter(|alert| actor.may(Right::View, alert.facility.as_deref())).collect())
}

/// What was, as far as somebody may see it, the latest first.
pub(super) async fn entries(console: &Console, actor: &Actor, most: usize) -> Result<Vec<Entry>, AlertError> {
    let (config, actor) = (console.control.config(), actor.clone());
    let found = tokio::task::spawn_blocking(move || alerts::history(&config, most)).await;
    let found = found.unwrap_or_else(|_| Ok(Vec::new()))?;
    Ok(found.into_iter().filter(|entry| actor.may(Right::View, entry.alert.facility.as_deref())).collect())
}

async fn open(console: &Console, view: &View) -> Markup {
    let Some(actor) = &view.actor else { return html! {} };
    let zone = &console.zone;
    match visible(console, actor).await {
        Err(_) => unreadable(view),
        Ok(open) if open.is_empty() => {
            html! { p.good { (view.pick("Nothing is wrong.", "異常はありません。")) } }
        }
        Ok(open) => html! { @for alert in &open { (one(alert, view, |at| moment(at, zone))) } },
    }
}

/// An open alert.
fn one(alert: &Alert, view: &View, moment: impl Fn(Timestamp) -> String) -> Markup {
    let about = alert.alarm.about();
    let pick = |(en, ja): (&'static str, &'static str)| view.pick(en, ja);
    html! {
        article.alert-card.(severity_class(about.severity)) id=(alert.id) {
            h2 {
                span.state { (severity(about.severity, view)) } " "
                (pick(about.title)) @if !alert.subject.is_empty() { ": " (alert.subject) }
            }
            dl {
                dt { (view.pick("Since", "発生")) } dd { (moment(alert.since)) }
                @if let Some(facility) = &alert.facility {
                    dt { (view.pick("Facility", "医療機関")) } dd { (facility) }
                }
                dt { (view.pick("Probably the fault of", "原因の見込み")) } dd { (pick(about.side.words())) }
                @for (name, value) in &alert.details {
                    dt { (detail(name, view)) }
                    dd { (value.parse().map_or_else(|_| value.clone(), &moment)) }
                }
            }
            p { (plain(pick(about.meaning))) }
            p { strong { (view.pick("What to do: ", "対応: ")) } (plain(pick(about.action))) }
            @match &alert.acknowledged {
                Some(by) => p.hint {
                    (view.pick("Acknowledged", "確認済み")) ": " (by.who) ", " (moment(by.at)) " — " (by.note)
                },
                None => (frame::form(view, &format!("/alerts/{}/acknowledge", alert.id), &html! {
                    label for={ "note-" (alert.id) } { (view.pick("What is being done", "対応内容")) }
                    input id={ "note-" (alert.id) } name="note" required maxlength="500";
                    button { (view.pick("Acknowledge", "確認済みにする")) }
                })),
            }
        }
    }
}

/// A text of the catalogue without the marks that its document has around names.
fn plain(text: &str) -> String {
    text.replace('`', "")
}

async fn past(console: &Console, view: &View) -> Markup {
    let Some(actor) = &view.actor else { return html! {} };
    let Ok(entries) = entries(console, actor, HISTORY).await else { return unreadable(view) };
    let rows = entries.iter().map(|Entry { at, event, alert }| {
        let (en, ja) = alert.alarm.about().title;
        let note = alert.acknowledged.as_ref().filter(|_| *event == Event::Acknowledged);
        vec![
            moment(*at, &console.zone),
            self::event(*event, view).to_owned(),
            view.pick(en, ja).to_owned(),
            alert.subject.clone(),
            note.map(|by| format!("{}: {}", by.who, by.note)).unwrap_or_default(),
        ]
    });
    let head = [
        view.pick("When", "日時"),
        view.pick("What", "状態"),
        view.pick("Alarm", "アラート"),
        view.pick("About", "対象"),
        view.pick("Note", "対応内容"),
    ];
    super::html::table(&head, &rows.collect::<Vec<_>>())
}

fn unreadable(view: &View) -> Markup {
    html! { p.alert { (view.pick("The alerts can't be read: see the log.", "アラートを読み取れません。ログを確認してください。")) } }
}

fn moment(at: Timestamp, zone: &jiff::tz::TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn detail<'n>(name: &'n str, view: &View) -> &'n str {
    let (en, ja) = alerts::detail(name);
    view.pick(en, ja)
}

const fn severity(severity: Severity, view: &View) -> &'static str {
    match severity {
        Severity::Critical => view.pick("Critical", "緊急"),
        Severity::Warning => view.pick("Warning", "警告"),
        Severity::Notice => view.pick("Notice", "通知"),
    }
}

const fn severity_class(severity: Severity) -> &'static str {
    severity.word()
}

const fn event(event: Event, view: &View) -> &'static str {
    match event {
        Event::Opened => view.pick("Opened", "発生"),
        Event::Reminded => view.pick("Reminded", "継続中"),
        Event::Acknowledged => view.pick("Acknowledged", "確認済み"),
        Event::Closed => view.pick("Closed", "復旧"),
        Event::Test => view.pick("Test", "試験"),
    }
}
