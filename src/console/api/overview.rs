//! The API of the overview: how feeds and subscribers are, the worst first.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use axum::{Extension, Json, Router};

use super::super::Console;
use super::super::access::{Actor, Right};
use super::super::problem::Problem;
use super::openapi::Operation;
use crate::ops::overview::Overview;

pub(super) const OPERATIONS: &[Operation] =
    &[Operation::get("/overview", Right::View, "how feeds and subscribers are, the worst first")];

pub(super) fn routes() -> Router<Arc<Console>> {
    Router::new().route("/overview", get(show))
}

/// What he may see of it.
async fn show(
    State(console): State<Arc<Console>>,
    Extension(actor): Extension<Actor>,
) -> Result<Json<Overview>, Problem> {
    console.require(&actor, Right::View, "overview").await?;
    let control = &console.control;
    let overview = console.overview.overview(&control.config(), control.clock().now()).await?;
    Ok(Json(overview.narrowed(|facility| actor.may(Right::View, facility))))
}
