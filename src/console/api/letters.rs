//! The API of letters: invalid messages and dead copies, by fault and one by one; what is done with them, and how that
//! stands.

use std::sync::Arc;

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::Console;
use super::super::access::{Actor, Right};
use super::super::letters::asked::{self, Asked, Letter};
use super::super::problem::Problem;
use super::openapi::{Operation, objects};
use crate::ops::letters::look::Pile;
use crate::ops::letters::{Editable, Request, Selection, Work};
use crate::ops::search::Found;

type Shared = State<Arc<Console>>;
type Who = Extension<Actor>;

/// Parameters by which letters are chosen.
const CHOSEN: &[(&str, &str)] = &[
    ("subscriber", "of dead letters: whose"),
    ("fault", "code of the fault"),
    ("feed", "feed"),
    ("facility", "10-digit code of the sending facility"),
    ("withdrawn", "true: dead letters whose permission had ended"),
    ("before", "where the last page ended"),
];

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::get("/invalid", Right::View, "invalid messages, the newest first").query(CHOSEN),
    Operation::get("/invalid/piles", Right::View, "invalid messages by fault and feed")
        .query(CHOSEN)
        .answers(objects),
    Operation::get("/invalid/{id}", Right::ViewBodies, "an invalid message as a text to be edited; audited"),
    Operation::post(
        "/invalid/acts",
        Right::Operate,
        "retry or discard invalid messages, or edit one (engineers)",
    )
    .takes(request_schema),
    Operation::get("/dead", Right::View, "dead letters, the newest first").query(CHOSEN),
    Operation::get("/dead/piles", Right::View, "dead letters by subscriber and fault, and whose fault it is")
        .query(CHOSEN)
        .answers(objects),
    Operation::get(
        "/dead/{subscriber}/{id}",
        Right::View,
        "a dead letter; whether a later version was delivered",
    ),
    Operation::post("/dead/acts", Right::Operate, "retry or discard dead letters").takes(request_schema),
    Operation::post("/letters/count", Right::View, "how many letters a selection means"),
    Operation::get("/letters", Right::View, "work on letters, the latest first").answers(objects),
    Operation::get("/letters/{id}", Right::View, "how work on letters stands"),
    Operation::post("/letters/{id}/stop", Right::Operate, "stop work on letters; what is done stays done"),
];

fn request_schema() -> Value {
    json!({
        "type": "object",
        "required": ["act", "why"],
        "properties": {
            "act": { "enum": ["retry", "discard", "edit"] },
            "selection": { "type": "object" },
            "why": { "type": "string" },
            "rate": { "type": "integer", "minimum": 1 },
            "text": { "type": "string" },
        },
    })
}

pub(super) fn routes() -> Router<Arc<Console>> {
    Router::new()
        .route("/invalid", get(invalid))
        .route("/invalid/piles", get(invalid_piles))
        .route("/invalid/acts", post(act_on_invalid))
        .route("/invalid/{id}", get(text))
        .route("/dead", get(dead))
        .route("/dead/piles", get(dead_piles))
        .route("/dead/acts", post(act_on_dead))
        .route("/dead/{subscriber}/{id}", get(letter))
        .route("/letters", get(works))
        .route("/letters/count", post(count))
        .route("/letters/{id}", get(work))
        .route("/letters/{id}/stop", post(stop))
}

/// How many letters are meant.
#[derive(Debug, Serialize, Deserialize)]
struct Count {
    count: u64,
}

async fn invalid(
    State(console): Shared,
    Extension(actor): Who,
    Query(asked): Query<Asked>,
) -> Result<Json<Found>, Problem> {
    Ok(Json(asked::list(&console, &actor, Asked { subscriber: String::new(), ..asked }, false).await?))
}

async fn dead(
    State(console): Shared,
    Extension(actor): Who,
    Query(asked): Query<Asked>,
) -> Result<Json<Found>, Problem> {
    Ok(Json(asked::list(&console, &actor, asked, true).await?))
}

async fn invalid_piles(
    State(console): Shared,
    Extension(actor): Who,
    Query(asked): Query<Asked>,
) -> Result<Json<Vec<Pile>>, Problem> {
    Ok(Json(asked::piles(&console, &actor, Asked { subscriber: String::new(), ..asked }, false).await?))
}

async fn dead_piles(
    State(console): Shared,
    Extension(actor): Who,
    Query(asked): Query<Asked>,
) -> Result<Json<Vec<Pile>>, Problem> {
    Ok(Json(asked::piles(&console, &actor, asked, true).await?))
}

async fn text(
    State(console): Shared,
    Extension(actor): Who,
    Path(id): Path<String>,
) -> Result<Json<Editable>, Problem> {
    Ok(Json(asked::text(&console, &actor, &id).await?))
}

async fn letter(
    State(console): Shared,
    Extension(actor): Who,
    Path((subscriber, id)): Path<(String, String)>,
) -> Result<Json<Letter>, Problem> {
    Ok(Json(asked::letter(&console, &actor, &subscriber, &id).await?))
}

async fn act_on_invalid(
    State(console): Shared,
    Extension(actor): Who,
    request: Result<Json<Request>, JsonRejection>,
) -> Result<(StatusCode, Json<Work>), Problem> {
    act(&console, &actor, request, false).await
}

async fn act_on_dead(
    State(console): Shared,
    Extension(actor): Who,
    request: Result<Json<Request>, JsonRejection>,
) -> Result<(StatusCode, Json<Work>), Problem> {
    act(&console, &actor, request, true).await
}

async fn act(
    console: &Console,
    actor: &Actor,
    request: Result<Json<Request>, JsonRejection>,
    of_dead: bool,
) -> Result<(StatusCode, Json<Work>), Problem> {
    console.require(actor, Right::Operate, "letters").await?;
    let Json(request) = request.map_err(|_| Problem::bad("no request for letters: see the documents"))?;
    if request.selection.subscriber.is_some() != of_dead {
        return Err(Problem::bad("dead letters are a subscriber's, invalid messages are nobody's"));
    }
    Ok((StatusCode::CREATED, Json(console.act_on_letters(actor, request).await?)))
}

async fn count(
    State(console): Shared,
    Extension(actor): Who,
    selection: Result<Json<Selection>, JsonRejection>,
) -> Result<Json<Count>, Problem> {
    console.require(&actor, Right::View, "letters").await?;
    let Json(selection) =
        selection.map_err(|_| Problem::bad("no selection of letters: see the documents"))?;
    Ok(Json(Count { count: asked::count(&console, &actor, selection).await? }))
}

async fn works(State(console): Shared, Extension(actor): Who) -> Result<Json<Vec<Work>>, Problem> {
    console.require(&actor, Right::View, "letters").await?;
    Ok(Json(console.letters.list()))
}

async fn work(
    State(console): Shared,
    Extension(actor): Who,
    Path(id): Path<String>,
) -> Result<Json<Work>, Problem> {
    console.require(&actor, Right::View, "letters").await?;
    Ok(Json(console.letters.get(&id)?))
}

async fn stop(
    State(console): Shared,
    Extension(actor): Who,
    Path(id): Path<String>,
) -> Result<Json<Work>, Problem> {
    Ok(Json(console.stop_letters(&actor, &id).await?))
}
