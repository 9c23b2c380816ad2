//! The API of messages: search, digests, the way of one, and what it looks like at every stage.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Extension, Json, Router};
use serde::Serialize;

use super::super::Console;
use super::super::access::{Actor, Right};
use super::super::messages::asked::{self, Asked};
use super::super::problem::Problem;
use crate::ops::search::{Digest, Found, Query, Row};
use crate::ops::trace::Step;
use crate::ops::views::Views;

type Shared = State<Arc<Console>>;
type Who = Extension<Actor>;

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
    let (row, _) = asked::message(&console, &actor, Right::ViewBodies, &id).await?;
    asked::views(&console, &actor, &row).await?.map(Json).ok_or_else(Problem::not_found)
}
