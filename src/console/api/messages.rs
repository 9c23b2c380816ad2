//! The API of messages: search, digests, the way of one, and what it looks like at every stage.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Extension, Json, Router};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::super::Console;
use super::super::access::{Actor, Right};
use super::super::messages::asked::{self, Asked};
use super::super::problem::Problem;
use super::openapi::{Operation, objects};
use crate::ops::search::{Digest, Found, Query, Row};
use crate::ops::trace::Step;
use crate::ops::views::Views;

type Shared = State<Arc<Console>>;
type Who = Extension<Actor>;

/// Parameters that tell nothing of a patient. What does is asked for with POST.
const HARMLESS: &[(&str, &str)] = &[
    ("id", "id of the message"),
    ("control_id", "message control id (MSH-10)"),
    ("facility", "10-digit code of the sending facility"),
    ("feed", "feed"),
    ("subscriber", "subscriber of a copy"),
    ("kind", "kind of the event"),
    (
        "state",
        "accepted, filtered, routed, invalid; of a copy waiting, delivered, parked, dead, withdrawn, discarded",
    ),
    ("fault", "why it makes no sense, or does not go through"),
    ("from", "first seen then or later"),
    ("until", "first seen before"),
    ("before", "where the last page ended: next of its answer"),
];

/// The query as a body.
fn query_schema() -> Value {
    let text = || json!({ "type": ["string", "null"] });
    let mut properties: Map<String, Value> =
        HARMLESS.iter().map(|(name, _)| ((*name).to_owned(), text())).collect();
    for name in ["network_id", "order", "file"] {
        properties.insert(name.to_owned(), text());
    }
    properties.insert(
        "patient".to_owned(),
        json!({ "type": ["array", "null"], "minItems": 2, "maxItems": 2, "items": { "type": "string" } }),
    );
    properties.insert("most".to_owned(), json!({ "type": ["integer", "null"], "minimum": 1 }));
    json!({ "type": "object", "properties": properties })
}

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::get("/messages", Right::View, "a page of messages, the newest first").query(HARMLESS),
    Operation::post("/messages", Right::View, "the same; a patient may be asked for, audited")
        .takes(query_schema),
    Operation::get("/messages/digests", Right::View, "messages in trouble by fault")
        .query(HARMLESS)
        .answers(objects),
    Operation::post("/messages/digests", Right::View, "the same; a patient may be asked for, audited")
        .takes(query_schema)
        .answers(objects),
    Operation::get("/messages/{id}", Right::View, "a message and every step of its way"),
    Operation::get("/messages/{id}/views", Right::ViewBodies, "what it looks like at every stage; audited"),
];

pub(super) fn routes() -> Router<Arc<Console>> {
    Router::new()
        .route("/messages", get(filter).post(search))
        .route("/messages/digests", get(filtered_digests).post(digests))
        .route("/messages/{id}", get(way))
        .route("/messages/{id}/views", get(views))
}

/// A message and its steps.
#[derive(Debug, Serialize)]
struct Way {
    #[serde(flatten)]
    row: Row,
    steps: Vec<Step>,
}

/// A page of messages, by words that tell nothing of a patient.
async fn filter(
    console: Shared,
    actor: Who,
    axum::extract::Query(asked): axum::extract::Query<Asked>,
) -> Result<Json<Found>, Problem> {
    let query = asked.harmless().query(&console.zone).map_err(Problem::bad)?;
    search(console, actor, Json(query)).await
}

/// A page of messages. The query is a body and no address, because it may tell of a patient.
async fn search(
    State(console): Shared,
    Extension(actor): Who,
    Json(query): Json<Query>,
) -> Result<Json<Found>, Problem> {
    Ok(Json(asked::search(&console, &actor, query).await?))
}

async fn filtered_digests(
    console: Shared,
    actor: Who,
    axum::extract::Query(asked): axum::extract::Query<Asked>,
) -> Result<Json<Vec<Digest>>, Problem> {
    let query = asked.harmless().query(&console.zone).map_err(Problem::bad)?;
    digests(console, actor, Json(query)).await
}

/// The same trouble once, instead of each time that it occurs.
async fn digests(
    State(console): Shared,
    Extension(actor): Who,
    Json(query): Json<Query>,
) -> Result<Json<Vec<Digest>>, Problem> {
    Ok(Json(asked::digest(&console, &actor, query).await?))
}

/// The whole way of a message.
async fn way(
    State(console): Shared,
    Extension(actor): Who,
    Path(id): Path<String>,
) -> Result<Json<Way>, Problem> {
    let (row, steps) = asked::message(&console, &actor, Right::View, &id).await?;
    Ok(Json(Way { row, steps }))
}

/// What a message looks like at every stage; audited.
async fn views(
    State(console): Shared,
    Extension(actor): Who,
    Path(id): Path<String>,
) -> Result<Json<Views>, Problem> {
    let (row, steps) = asked::message(&console, &actor, Right::ViewBodies, &id).await?;
    asked::views(&console, &actor, &row, &steps).await?.map(Json).ok_or_else(Problem::not_found)
}
