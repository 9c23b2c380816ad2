//! `/api/v1`: what programs ask for.

mod alerts;
mod audit;
mod holds;
pub(super) mod letters;
mod messages;
pub(in crate::console) mod openapi;
mod overview;
mod parked;
mod registry;
mod replays;
mod series;
pub(super) mod sheets;
mod tap;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use super::Console;
use super::problem::Problem;
use openapi::Operation;

/// All of it.
pub(super) fn routes() -> Router<Arc<Console>> {
    Router::new()
        .merge(alerts::routes())
        .merge(audit::routes())
        .merge(holds::routes())
        .merge(letters::routes())
        .merge(messages::routes())
        .merge(overview::routes())
        .merge(parked::routes())
        .merge(registry::routes())
        .merge(replays::routes())
        .merge(series::routes())
        .merge(sheets::routes())
        .merge(tap::routes())
        .route("/openapi.json", get(openapi::show))
        .fallback(async || Problem::not_found())
}

/// What the document says of it, resource by resource.
const OPERATIONS: &[&[Operation]] = &[
    openapi::OWN,
    alerts::OPERATIONS,
    audit::OPERATIONS,
    holds::OPERATIONS,
    letters::OPERATIONS,
    messages::OPERATIONS,
    overview::OPERATIONS,
    parked::OPERATIONS,
    registry::OPERATIONS,
    replays::OPERATIONS,
    series::OPERATIONS,
    sheets::OPERATIONS,
    tap::OPERATIONS,
];
