//! The API of parked patients.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::routing::get;
use axum::{Extension, Json, Router};

use super::super::Console;
use super::super::access::{Actor, Right};
use super::super::parked::{Asked, parked};
use super::super::problem::Problem;
use super::openapi::{Operation, objects};
use crate::ops::parked::Parked;

pub(super) const OPERATIONS: &[Operation] = &[Operation::get(
    "/parked",
    Right::View,
    "patients whose copies wait for a subscriber, the longest first",
)
.query(&[("subscriber", "of this one only")])
.answers(objects)];

pub(super) fn routes() -> Router<Arc<Console>> {
    Router::new().route("/parked", get(list))
}

async fn list(
    State(console): State<Arc<Console>>,
    Extension(actor): Extension<Actor>,
    Query(asked): Query<Asked>,
) -> Result<Json<Vec<Parked>>, Problem> {
    Ok(Json(parked(&console, &actor, asked).await?))
}
