//! The API of the series: depths and rates of the last hour, day or week.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use super::super::Console;
use super::super::access::Right;
use super::super::chart;
use super::openapi::Operation;

pub(super) const OPERATIONS: &[Operation] =
    &[Operation::get("/series", Right::View, "depths and rates of late").query(&[
        ("names", "series, with commas between: queue/ingest/depth,subscriber/infection/out"),
        ("span", "hour, day or week; an hour where nothing is said"),
    ])];

pub(super) fn routes() -> Router<Arc<Console>> {
    Router::new().route("/series", get(chart::data))
}
