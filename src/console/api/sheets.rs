//! Daily sheets: those that are kept, and sheets made now.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Json, Router};
use jiff::civil::Date;
use serde::Deserialize;

use super::super::Console;
use super::super::access::{Actor, Right};
use super::super::problem::Problem;
use super::openapi::Operation;
use crate::lang::Lang;
use crate::ops::sheet::{self, Sheet, SheetError, Wanted};

/// Days in the list.
const LISTED: usize = 400;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::get("/sheets", Right::View, "days of which sheets are kept; with from, sheets made now")
        .query(&[
            ("from", "first day, 2026-11-22"),
            ("until", "last day; the first where nothing is said"),
            ("facility", "10-digit code: of this one only"),
        ]),
    Operation::get("/sheets/{day}", Right::View, "the sheet of a day"),
    Operation::get("/sheets/{day}/csv", Right::View, "the same as a table")
        .query(&[("lang", "en for English heads; Japanese where nothing is said")])
        .answers_as("text/csv"),
];

pub(super) fn routes() -> Router<Arc<Console>> {
    Router::new()
        .route("/sheets", get(list))
        .route("/sheets/{day}", get(kept))
        .route("/sheets/{day}/csv", get(table))
}

/// `?from=2026-11-20&until=2026-11-22&facility=3210100018`
#[derive(Debug, Deserialize)]
struct Asked {
    from: Option<Date>,
    until: Option<Date>,
    facility: Option<String>,
}

/// Without `from` the days of which sheets are kept; with it the sheets of these days, made now.
async fn list(
    State(console): State<Arc<Console>>,
    Extension(actor): Extension<Actor>,
    Query(Asked { from, until, facility }): Query<Asked>,
) -> Result<Response, Problem> {
    may(&actor)?;
    let Some(from) = from else {
        let config = console.control.config();
        let days = blocking(move || sheet::days(&config, LISTED)).await?;
        let mut days = days.map_err(|error| Problem::unavailable(&error))?;
        for day in &mut days {
            day.facilities.retain(|(code, _)| actor.may(Right::View, Some(code)));
        }
        return Ok(Json(days).into_response());
    };
    let wanted = Wanted { from, until: until.unwrap_or(from), facility };
    let made = sheet::make(&console.control, &wanted).await;
    let sheets = made.map_err(|error| match error {
        SheetError::Days | SheetError::Facility(_) => Problem::bad(error.to_string()),
        error => Problem::unavailable(&error),
    })?;
    let sheets: Vec<_> = sheets.into_iter().map(|sheet| shown(sheet, &actor)).collect();
    Ok(Json(sheets).into_response())
}

/// `?lang=ja`
#[derive(Debug, Deserialize)]
struct Language {
    lang: Option<String>,
}

/// The sheet of a day that is kept.
async fn kept(
    State(console): State<Arc<Console>>,
    Extension(actor): Extension<Actor>,
    Path(day): Path<Date>,
) -> Result<Json<Sheet>, Problem> {
    may(&actor)?;
    Ok(Json(shown(read(&console, day).await?, &actor)))
}

/// The same as CSV.
async fn table(
    State(console): State<Arc<Console>>,
    Extension(actor): Extension<Actor>,
    Path(day): Path<Date>,
    Query(Language { lang }): Query<Language>,
) -> Result<Response, Problem> {
    may(&actor)?;
    let lang = if lang.as_deref() == Some("en") { Lang::En } else { Lang::Ja };
    let sheet = shown(read(&console, day).await?, &actor);
    Ok(as_csv(&sheet, lang))
}

/// A sheet as a file to be saved.
pub(in crate::console) fn as_csv(sheet: &Sheet, lang: Lang) -> Response {
    let name = format!("attachment; filename=\"musubi-{}.csv\"", sheet.day);
    let headers =
        [(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)];
    (headers, sheet::csv(std::slice::from_ref(sheet), lang)).into_response()
}

/// The sheet of a day that is kept.
pub(in crate::console) async fn read(console: &Console, day: Date) -> Result<Sheet, Problem> {
    let config = console.control.config();
    let sheet = blocking(move || sheet::read(&config, day)).await?;
    sheet.map_err(|error| Problem::unavailable(&error))?.ok_or_else(Problem::not_found)
}

/// What of a sheet somebody may see.
pub(in crate::console) fn shown(mut sheet: Sheet, actor: &Actor) -> Sheet {
    sheet.facilities.retain(|facility| actor.may(Right::View, Some(&facility.facility)));
    if !actor.may(Right::View, None) {
        sheet.differences.clear();
    }
    sheet
}

/// Whether somebody may see a sheet at all: that of one facility is enough.
pub(in crate::console) fn may(actor: &Actor) -> Result<(), Problem> {
    if actor.rights.contains(&Right::View) { Ok(()) } else { Err(Problem::forbidden()) }
}

/// Does work that waits for the disk.
pub(in crate::console) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Problem::unavailable(&error))
}
