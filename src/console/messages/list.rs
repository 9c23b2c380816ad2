//! `/messages`: the form, the digests of what is in trouble, and a page of messages.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use maud::{Markup, html};

use super::super::Console;
use super::super::access::Actor;
use super::super::frame;
use super::super::html::segment;
use super::super::view::View;
use super::asked::{self, Asked};
use super::words;
use crate::ops::search::{self, Digest, Found, Row};

/// The newest messages, or those that an address names by words that tell nothing of a patient.
pub(in crate::console) async fn show(
    State(console): State<Arc<Console>>,
    view: View,
    Query(asked): Query<Asked>,
) -> Response {
    page(&console, &view, asked.harmless()).await
}

/// What the form asks for: in the body, because it may name a patient.
pub(in crate::console) async fn search(
    State(console): State<Arc<Console>>,
    view: View,
    Form(asked): Form<Asked>,
) -> Response {
    page(&console, &view, asked).await
}

async fn page(console: &Arc<Console>, view: &View, asked: Asked) -> Response {
    let Some(actor) = &view.actor else { return StatusCode::UNAUTHORIZED.into_response() };
    let title = view.pick("Messages", "メッセージ");
    match results(console, view, actor, &asked).await {
        Ok(results) => frame::page(view, title, &html! { (form(view, &asked)) (results) }).into_response(),
        Err(why) => {
            let body = html! { (form(view, &asked)) p.alert role="alert" { (why) } };
            (StatusCode::BAD_REQUEST, frame::page(view, title, &body)).into_response()
        }
    }
}

async fn results(
    console: &Arc<Console>,
    view: &View,
    actor: &Actor,
    asked: &Asked,
) -> Result<Markup, String> {
    let query = asked.query(&console.zone).map_err(str::to_owned)?;
    let failed = |problem: super::super::problem::Problem| problem.to_string();
    let digests = asked::digest(console, actor, query.clone()).await.map_err(failed)?;
    let found = asked::search(console, actor, query).await.map_err(failed)?;
    let time = |at: Timestamp| at.to_zoned(console.zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string();
    Ok(html! {
        (troubles(view, &digests, &time))
        (rows(view, asked, &found, &time))
    })
}

fn troubles(view: &View, digests: &[Digest], time: &dyn Fn(Timestamp) -> String) -> Markup {
    if digests.is_empty() {
        return html! {};
    }
    html! {
        h2 { (view.pick("In trouble among these (last 7 days, or from the time given)", "このうち問題のあるもの（直近7日間、または指定した日時から）")) }
        div.wide { table.digests {
            thead { tr {
                th { (view.pick("Count", "件数")) }
                th { (view.pick("State", "状態")) }
                th { (view.pick("Fault", "原因")) }
                th { (view.pick("Feed or subscriber", "フィード・配信先")) }
                th { (view.pick("First", "最初")) }
                th { (view.pick("Last", "最後")) }
                th { (view.pick("Example", "例")) }
            } }
            tbody { @for digest in digests { tr {
                td { (digest.count) }
                td { (words::badge(view, digest.state)) }
                td { (digest.fault.as_deref().unwrap_or("—")) }
                td { (digest.feed.as_deref().or(digest.subscriber.as_deref()).unwrap_or("—")) }
                td { (time(digest.first)) }
                td { (time(digest.last)) }
                td { (link(&digest.example)) }
            } } }
        } }
    }
}

fn rows(view: &View, asked: &Asked, found: &Found, time: &dyn Fn(Timestamp) -> String) -> Markup {
    html! {
        h2 { (view.pick("Messages, the newest first", "メッセージ（新しい順）")) }
        @if found.rows.is_empty() && found.next.is_some() {
            p { (view.pick("None among the newest. Older ones have not been looked through yet.", "新しいほうには該当がありません。さらに前はまだ調べていません。")) }
        } @else if found.rows.is_empty() {
            p { (view.pick("The history tells of no such message.", "該当するメッセージは履歴にありません。")) }
        } @else {
            div.wide { table {
                thead { tr {
                    th { (view.pick("Time", "日時")) }
                    th { (view.pick("Message", "メッセージ")) }
                    th { (view.pick("Feed", "フィード")) }
                    th { (view.pick("Kind", "種類")) }
                    th { (view.pick("State", "状態")) }
                    th { (view.pick("Copies", "配信")) }
                } }
                tbody { @for row in &found.rows { (self::row(view, row, &time(row.at))) } }
            } }
        }
        @if let Some(next) = &found.next {
            (frame::form(view, "/messages", &html! {
                @for (name, value) in fields(asked).into_iter().filter(|(name, _)| *name != "before") {
                    input type="hidden" name=(name) value=(value);
                }
                button.more name="before" value=(next) { (view.pick("Older", "さらに前")) }
            }))
        }
    }
}

fn row(view: &View, row: &Row, time: &str) -> Markup {
    html! { tr {
        td { (time) }
        td { (link(&row.id)) }
        td { (row.feed) }
        td { (row.kind) @if !row.change.is_empty() { "." (row.change) } }
        td {
            (words::badge(view, row.state))
            @if let Some(fault) = &row.fault { " " (fault) }
        }
        td { @for copy in &row.copies {
            span.copy {
                (copy.subscriber) ": " (words::badge(view, copy.state))
                @if let Some(code) = &copy.code { " (" (code) ")" }
            }
            " "
        } }
    } }
}

/// The first characters of an id tell it from others on a page.
fn link(id: &str) -> Markup {
    html! { a href={ "/messages/" (segment(id)) } title=(id) { code { (id.chars().take(12).collect::<String>()) } } }
}

/// What was asked, by the names of the form.
fn fields(asked: &Asked) -> Vec<(&'static str, &str)> {
    let all = [
        ("word", &asked.word),
        ("id", &asked.id),
        ("control_id", &asked.control_id),
        ("patient_facility", &asked.patient_facility),
        ("patient_id", &asked.patient_id),
        ("network_id", &asked.network_id),
        ("order", &asked.order),
        ("file", &asked.file),
        ("facility", &asked.facility),
        ("feed", &asked.feed),
        ("subscriber", &asked.subscriber),
        ("kind", &asked.kind),
        ("state", &asked.state),
        ("fault", &asked.fault),
        ("from", &asked.from),
        ("until", &asked.until),
        ("before", &asked.before),
    ];
    all.into_iter()
        .map(|(name, value)| (name, value.as_str()))
        .filter(|(_, value)| !value.is_empty())
        .collect()
}

fn form(view: &View, asked: &Asked) -> Markup {
    let field = |name: &str, en: &str, ja: &str, value: &str| {
        html! { div {
            label for=(name) { (view.pick(en, ja)) }
            input id=(name) name=(name) value=(value) autocomplete="off";
        } }
    };
    let moment = |name: &str, en: &str, ja: &str, value: &str| {
        html! { div {
            label for=(name) { (view.pick(en, ja)) }
            input id=(name) name=(name) type="datetime-local" value=(value);
        } }
    };
    frame::form(
        view,
        "/messages",
        &html! {
            div.filters {
                (field("word", "Any id: patient, order, message", "ID（患者・オーダ・メッセージ）", &asked.word))
                (field("feed", "Feed", "フィード", &asked.feed))
                (field("subscriber", "Subscriber", "配信先", &asked.subscriber))
                div {
                    label for="state" { (view.pick("State", "状態")) }
                    select id="state" name="state" {
                        option value="" { (view.pick("any", "すべて")) }
                        @for state in search::State::ALL {
                            option value=(state.as_str()) selected[asked.state == state.as_str()] {
                                (words::state(view, state))
                            }
                        }
                    }
                }
                (moment("from", "From", "開始", &asked.from))
                (moment("until", "Until", "終了", &asked.until))
                button { (view.pick("Search", "検索")) }
            }
            details open[asked.is_special()] {
                summary { (view.pick("More conditions", "詳しい条件")) }
                div.filters {
                    (field("patient_facility", "Patient: facility or feed", "患者: 施設コード・フィード", &asked.patient_facility))
                    (field("patient_id", "Patient: id there", "患者: 患者ID", &asked.patient_id))
                    (field("network_id", "Patient: network id", "患者: ネットワークID", &asked.network_id))
                    (field("order", "Order number", "オーダ番号", &asked.order))
                    (field("control_id", "Message control id", "メッセージ制御ID", &asked.control_id))
                    (field("id", "Message id", "メッセージID", &asked.id))
                    (field("file", "File", "ファイル", &asked.file))
                    (field("facility", "Facility", "施設", &asked.facility))
                    (field("kind", "Kind", "種類", &asked.kind))
                    (field("fault", "Fault", "原因", &asked.fault))
                }
            }
        },
    )
}
