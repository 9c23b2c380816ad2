//! `/reconciliation`: the calendar of daily sheets, and one sheet.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Form};
use jiff::civil::Date;
use maud::{Markup, html};
use serde::Deserialize;

use super::access::{Actor, Right};
use super::api::sheets::{as_csv, blocking, may, read, shown};
use super::html::{Tone, empty, number, state};
use super::problem::Problem;
use super::view::View;
use super::{Console, frame};
use crate::ops::sheet::{self, Copies, Difference, FacilitySheet, Kept, Lying, Sheet, Wanted};

/// Days of the calendar.
const DAYS: usize = 62;

/// Days against facilities, with whether anything differs.
pub(super) async fn calendar(
    State(console): State<Arc<Console>>,
    Extension(actor): Extension<Actor>,
    view: View,
) -> Response {
    let made = async {
        may(&actor)?;
        let config = console.control.config();
        let days = blocking(move || sheet::days(&config, DAYS)).await?;
        days.map_err(|error| Problem::unavailable(&error))
    };
    answer(&view, made.await, |days: Vec<Kept>| {
        let title = view.pick("Daily reconciliation", "日次照合");
        frame::page(
            &view,
            title,
            &html! { (lead(&view)) (make(&console, &view)) (calendar_of(&view, &actor, &days)) },
        )
    })
}

fn lead(view: &View) -> Markup {
    let text = view.pick(
        "Each night the day before is held against itself: files in the storages, the pick-up ledger, what was accepted, \
         and what became of every copy.",
        "毎晩、前日分について、ストレージのファイル、取込台帳、受理したメッセージ、配信結果を照合します。",
    );
    html! { p.hint { (text) } }
}

/// The form that makes a sheet now.
fn make(console: &Console, view: &View) -> Markup {
    let today = console.control.clock().now().to_zoned(console.zone.clone()).date();
    let fields = html! {
        label for="day" { (view.pick("Day", "日付")) }
        input id="day" name="day" type="date" value=(today) max=(today) required;
        " "
        button { (view.pick("Look now", "今すぐ照合")) }
    };
    frame::form(view, "/reconciliation", &fields)
}

fn calendar_of(view: &View, actor: &Actor, days: &[Kept]) -> Markup {
    if days.is_empty() {
        let nothing = view.pick(
            "There is no sheet yet. The first is made ten minutes after midnight.",
            "照合結果はまだありません。最初の結果は午前0時10分に作成されます。",
        );
        return empty(nothing);
    }
    let codes: BTreeSet<&str> = days
        .iter()
        .flat_map(|day| day.facilities.iter().map(|(code, _)| code.as_str()))
        .filter(|code| actor.may(Right::View, Some(code)))
        .collect();
    html! {
        div.wide {
            table.calendar {
                thead { tr {
                    th scope="col" { (view.pick("Day", "日付")) }
                    @for code in &codes { th scope="col" { (code) } }
                    th scope="col" { (view.pick("Network", "全体")) }
                } }
                tbody { @for day in days { tr {
                    th scope="row" { a href={ "/reconciliation/" (day.day) } { (day.day) } }
                    @let of: BTreeMap<&str, bool> = day.facilities.iter().map(|(code, even)| (code.as_str(), *even)).collect();
                    @for code in &codes { td { (cell(view, of.get(code).copied())) } }
                    td { (cell(view, Some(day.is_even))) }
                } } }
            }
        }
    }
}

fn cell(view: &View, is_even: Option<bool>) -> Markup {
    match is_even {
        Some(true) => state(Tone::Ok, view.pick("even", "一致")),
        Some(false) => state(Tone::Bad, view.pick("differs", "差異")),
        None => state(Tone::Idle, view.pick("none", "なし")),
    }
}

/// A sheet that is kept.
pub(super) async fn show(
    State(console): State<Arc<Console>>,
    Extension(actor): Extension<Actor>,
    Path(day): Path<Date>,
    view: View,
) -> Response {
    let made = async {
        may(&actor)?;
        Ok(shown(read(&console, day).await?, &actor))
    };
    answer(&view, made.await, |sheet| page(&console, &view, &sheet, true))
}

/// The same as a file for Excel.
pub(super) async fn table(
    State(console): State<Arc<Console>>,
    Extension(actor): Extension<Actor>,
    Path(day): Path<Date>,
    view: View,
) -> Response {
    let made = async {
        may(&actor)?;
        Ok(shown(read(&console, day).await?, &actor))
    };
    match made.await {
        Ok(sheet) => as_csv(&sheet, view.lang),
        Err(problem) => refused(&view, &problem),
    }
}

/// The day of which a sheet is wanted now.
#[derive(Debug, Deserialize)]
pub(super) struct Day {
    day: Date,
}

/// A sheet made now. It is not kept.
pub(super) async fn now(
    State(console): State<Arc<Console>>,
    Extension(actor): Extension<Actor>,
    view: View,
    Form(Day { day }): Form<Day>,
) -> Response {
    let made = async {
        may(&actor)?;
        let wanted = Wanted { from: day, until: day, facility: None };
        let made = sheet::make(&console.control, &wanted).await;
        let first = made.map_err(|error| Problem::unavailable(&error))?.into_iter().next();
        first.map(|sheet| shown(sheet, &actor)).ok_or_else(Problem::not_found)
    };
    answer(&view, made.await, |sheet| page(&console, &view, &sheet, false))
}

fn answer<T>(view: &View, made: Result<T, Problem>, show: impl FnOnce(T) -> Markup) -> Response {
    match made {
        Ok(made) => show(made).into_response(),
        Err(problem) => refused(view, &problem),
    }
}

fn refused(view: &View, problem: &Problem) -> Response {
    let (status, why) = problem.told();
    frame::refusal(view, status, why)
}

fn page(console: &Console, view: &View, sheet: &Sheet, is_kept: bool) -> Markup {
    let at = sheet.made_at.to_zoned(console.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string();
    let title = format!("{} {}", view.pick("Reconciliation", "日次照合"), sheet.day);
    let body = html! {
        p.hint { a href="/reconciliation" { (view.pick("All days", "一覧へ")) } " · " (view.pick("looked at", "照合日時")) " " (at) }
        @if is_kept {
            p { a.button href={ "/reconciliation/" (sheet.day) "/csv" } { (view.pick("Download CSV", "CSV ダウンロード")) } }
        }
        (differences(view, "", &sheet.differences))
        @for facility in &sheet.facilities { (one(view, facility)) }
    };
    frame::page(view, &title, &body)
}

fn one(view: &View, sheet: &FacilitySheet) -> Markup {
    let messages = sheet.messages;
    let figures = [
        (view.pick("Accepted", "受理"), messages.accepted),
        (view.pick("Filtered", "対象外"), messages.filtered),
        (view.pick("Invalid", "不正"), messages.invalid),
        (view.pick("Routed", "配信対象"), messages.routed),
        (view.pick("Waiting", "処理待ち"), messages.waiting),
    ];
    html! {
        section id={ "f" (sheet.facility) } {
            h2 { (sheet.facility) " " (sheet.name) " " (cell(view, Some(sheet.is_even()))) }
            (differences(view, &sheet.facility, &sheet.differences))
            dl.figures { @for (name, count) in figures { div { dt { (name) } dd { (number(count)) } } } }
            (storage(view, sheet))
            (copies(view, sheet))
        }
    }
}

fn differences(view: &View, facility: &str, differences: &[Difference]) -> Markup {
    html! {
        @if !differences.is_empty() {
            div.wide { table {
                thead { tr {
                    th scope="col" { (view.pick("State", "状態")) }
                    th scope="col" { (view.pick("What differs", "内容")) }
                    th scope="col" { (view.pick("Where", "対象")) }
                    th scope="col" { (view.pick("Count", "件数")) }
                    th scope="col" { (view.pick("For example", "例")) }
                    th scope="col" { (view.pick("What to do", "対処")) }
                } }
                tbody { @for difference in differences { tr data-differs=(facility) {
                    td { @if difference.what.is_difference() { (cell(view, Some(false))) } @else { (state(Tone::Info, view.pick("note", "注記"))) } }
                    td { (sheet::name(difference.what, view.lang)) }
                    td { (difference.subject) }
                    td.count { (number(difference.count)) }
                    td.text { (examples(difference)) }
                    td { (sheet::advice(difference.what, view.lang)) }
                } } }
            } }
        }
    }
}

/// Ids of messages lead to their way; stand-ins of paths lead nowhere.
fn examples(difference: &Difference) -> Markup {
    let is_message = matches!(difference.what, sheet::Differs::NoFate | sheet::Differs::NoDecision);
    html! {
        @for example in &difference.examples {
            @if is_message { a href={ "/messages/" (example) } { code { (example) } } } @else { code { (example) } }
            " "
        }
    }
}

fn storage(view: &View, sheet: &FacilitySheet) -> Markup {
    let row = |name: &str, lying: &Lying| {
        html! { tr {
            th scope="row" { (name) }
            @for count in [lying.files, lying.superseded, lying.deleted, lying.in_ledger] { td.count { (number(count)) } }
        } }
    };
    html! {
        h3 { (view.pick("Files written on the day", "当日に書かれたファイル")) }
        div.wide { table {
            thead { tr {
                th scope="col" { (view.pick("Data type", "データ種別")) }
                th scope="col" { (view.pick("Files", "ファイル")) }
                th scope="col" { (view.pick("Superseded (flag 2)", "旧版（フラグ2）")) }
                th scope="col" { (view.pick("Deleted (flag 0)", "削除（フラグ0）")) }
                th scope="col" { (view.pick("In the ledger", "取込台帳")) }
            } }
            tbody {
                @for (data_type, lying) in &sheet.storage { (row(data_type, lying)) }
                (row(view.pick("all days", "全期間"), &sheet.all_files))
            }
        } }
    }
}

fn copies(view: &View, sheet: &FacilitySheet) -> Markup {
    let head = match view.lang {
        crate::lang::Lang::En => [
            "Subscriber",
            "Copies",
            "Delivered",
            "Parked",
            "Dead",
            "Withdrawn",
            "Discarded",
            "Waiting",
            "Unknown",
        ],
        crate::lang::Lang::Ja => {
            ["配信先", "配信対象", "配信済", "保留", "不達", "同意撤回", "破棄", "配信待ち", "不明"]
        }
    };
    html! {
        @if !sheet.subscribers.is_empty() {
            h3 { (view.pick("Copies of the day's messages", "当日受理分の配信")) }
            div.wide { table {
                thead { tr { @for cell in head { th scope="col" { (cell) } } } }
                tbody { @for (subscriber, copies) in &sheet.subscribers { tr {
                    th scope="row" { (subscriber) }
                    @for count in counts(copies) { td.count { (number(count)) } }
                } } }
            } }
        }
    }
}

const fn counts(copies: &Copies) -> [u64; 8] {
    let Copies { routed, delivered, parked, dead, withdrawn, discarded, waiting, lost } = *copies;
    [routed, delivered, parked, dead, withdrawn, discarded, waiting, lost]
}
