//! `/api/v1`: what programs ask for.

mod overview;
mod registry;
mod tap;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use super::Console;
use super::problem::Problem;

/// All of it.
pub(super) fn routes() -> Router<Arc<Console>> {
    Router::new()
        .route("/registry/entries", post(registry::enter))
        .route("/registry/patients/{network_id}", get(registry::patient))
        .route("/registry/facilities", get(registry::facilities))
        .route("/registry/facilities/{code}", get(registry::facility))
        .route("/registry/history/{id}", get(registry::history))
        .merge(overview::routes())
        .merge(tap::routes())
        .fallback(async || Problem::not_found())
}
