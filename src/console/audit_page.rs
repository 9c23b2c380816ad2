//! `/audit`: who looked and who acted.

use std::sync::Arc;

use axum::Form;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;

use super::access::Right;
use super::audit::Action;
use super::html::table;
use super::view::View;
use super::{Console, frame};
use crate::ops::audit::{Act, Format, Wanted};
use crate::registry::when;

/// Lines of the page.
const MOST: usize = 500;

/// What the form sends.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    from: String,
    until: String,
    who: String,
    action: String,
    /// `ndjson`, `rfc5424`, `dicom`: as a file; else as a page.
    format: String,
}

impl Asked {
    fn wanted(&self, console: &Console) -> Wanted {
        let time = |text: &str| when::start(text.trim(), &console.zone);
        Wanted {
            from: time(&self.from),
            until: time(&self.until),
            who: Some(self.who.trim()).filter(|who| !who.is_empty()).map(str::to_owned),
            action: Action::of(&self.action),
        }
    }
}

/// The page.
pub(super) async fn show(state: State<Arc<Console>>, view: View) -> Response {
    search(state, view, Form(Asked::default())).await
}

/// The lines that are asked for, as a page or as a file.
pub(super) async fn search(
    State(console): State<Arc<Console>>,
    view: View,
    Form(asked): Form<Asked>,
) -> Response {
    let actor = match console.admit(&view, Right::Administer).await {
        Ok(actor) => actor,
        Err(refusal) => return refusal,
    };
    if let Err(problem) = console.audit(actor, Action::ViewAudit, &asked.format).await {
        return problem.into_response();
    }
    let (wanted, network) = (asked.wanted(&console), console.network());
    match format(&asked.format) {
        Some(format) => file(&console, wanted, format, network).await,
        None => page(&console, &view, &asked, wanted).await,
    }
}

/// A form by its word.
pub(super) fn format(word: &str) -> Option<Format> {
    match word {
        "ndjson" => Some(Format::Ndjson),
        "rfc5424" => Some(Format::Rfc5424),
        "dicom" => Some(Format::Dicom),
        _ => None,
    }
}

/// The lines as a file.
pub(super) async fn file(console: &Console, wanted: Wanted, format: Format, network: String) -> Response {
    let audit = console.audit.clone();
    let written = tokio::task::spawn_blocking(move || {
        let mut text = String::new();
        crate::ops::audit::export(&audit, &wanted, format, &network, |line| {
            text.push_str(line);
            true
        })
        .map(|()| text)
    });
    match written.await {
        Ok(Ok(text)) => ([(header::CONTENT_TYPE, format.media_type())], text).into_response(),
        Ok(Err(error)) => super::problem::Problem::no_audit(&error).into_response(),
        Err(error) => super::problem::Problem::no_audit(&error).into_response(),
    }
}

async fn page(console: &Console, view: &View, asked: &Asked, wanted: Wanted) -> Response {
    let audit = console.audit.clone();
    let read = tokio::task::spawn_blocking(move || {
        let acts = audit.last(&wanted, MOST)?;
        Ok::<_, crate::ops::audit::ChainError>((acts, audit.verify()?))
    });
    let (acts, whole) = match read.await {
        Ok(Ok(read)) => read,
        Ok(Err(error)) => return super::problem::Problem::no_audit(&error).into_response(),
        Err(error) => return super::problem::Problem::no_audit(&error).into_response(),
    };
    let body = html! {
        @match whole {
            Ok(whole) => p.hint {
                (view.pick("The chain is whole: ", "改ざんなし: ")) (whole.lines) (view.pick(" lines", " 行"))
            },
            Err(broken) => p.alert role="alert" {
                (view.pick("The chain is broken: ", "記録の連鎖が切れています: "))
                (broken.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default())
                ":" (broken.line) " " (broken.why)
            },
        }
        (form(view, asked))
        (lines(console, view, &acts))
        @if acts.len() == MOST {
            p.hint { (view.pick("Only the last 500 are shown.", "最新の 500 件のみ表示しています。")) }
        }
    };
    frame::page(view, view.pick("Audit", "監査"), &body).into_response()
}

fn form(view: &View, asked: &Asked) -> Markup {
    let field = |name: &str, label: &str, value: &str| {
        html! { span.field { label for=(name) { (label) } input id=(name) name=(name) value=(value) autocomplete="off"; } }
    };
    let time =
        view.pick("2026-11-22 or 2026-11-22T03:00:00+09:00", "2026-11-22 または 2026-11-22T03:00:00+09:00");
    frame::form(
        view,
        "/audit",
        &html! {
            div.filters {
                (field("from", view.pick("From", "開始"), &asked.from))
                (field("until", view.pick("Until before", "終了（これより前）"), &asked.until))
                (field("who", view.pick("Who", "利用者"), &asked.who))
                span.field {
                    label for="action" { (view.pick("What", "操作")) }
                    select id="action" name="action" {
                        option value="" { (view.pick("all", "すべて")) }
                        @for action in Action::ALL {
                            @let (en, ja) = action.words();
                            option value=(action.as_str()) selected[asked.action == action.as_str()] { (view.pick(en, ja)) }
                        }
                    }
                }
            }
            p.hint { (time) }
            button name="format" value="" { (view.pick("Search", "検索")) }
            button.quiet name="format" value="ndjson" { "NDJSON" }
            button.quiet name="format" value="rfc5424" { "syslog (RFC 5424)" }
            button.quiet name="format" value="dicom" { "DICOM" }
        },
    )
}

fn lines(console: &Console, view: &View, acts: &[Act]) -> Markup {
    let time = |at: Timestamp| at.to_zoned(console.zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string();
    let rows: Vec<_> = acts
        .iter()
        .map(|act| {
            let (en, ja) = act.action.words();
            vec![
                time(act.at),
                act.who.clone(),
                act.from.clone(),
                view.pick(en, ja).to_owned(),
                view.pick(if act.done { "yes" } else { "no" }, if act.done { "可" } else { "否" }).to_owned(),
                act.object.clone(),
            ]
        })
        .collect();
    let head = match view.lang {
        crate::lang::Lang::En => ["When", "Who", "From", "What", "Done", "On what"],
        crate::lang::Lang::Ja => ["日時", "利用者", "接続元", "操作", "可否", "対象"],
    };
    table(&head, &rows)
}
