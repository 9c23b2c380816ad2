//! The API of parked patients.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};

use super::super::Console;
use super::super::access::{Actor, Right};
use super::super::parked::{Asked, parked, try_now};
use super::super::problem::Problem;
use super::openapi::{Operation, objects};
use crate::ops::parked::Parked;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::get("/parked", Right::View, "patients whose copies wait for a subscriber, the longest first")
        .query(&[("subscriber", "of this one only")])
        .answers(objects),
    Operation::post("/parked/{subscriber}/try", Right::Operate, "let all of them be tried now"),
];

pub(super) fn routes() -> Router<Arc<Console>> {
    Router::new().route("/parked", get(list)).route("/parked/{subscriber}/try", post(hurry))
}

async fn hurry(
    State(console): State<Arc<Console>>,
    Extension(actor): Extension<Actor>,
    Path(subscriber): Path<String>,
) -> Result<Json<()>, Problem> {
    Ok(Json(try_now(&console, &actor, &subscriber).await?))
}

async fn list(
    State(console): State<Arc<Console>>,
    Extension(actor): Extension<Actor>,
    Query(asked): Query<Asked>,
) -> Result<Json<Vec<Parked>>, Problem> {
    Ok(Json(parked(&console, &actor, asked).await?))
}
