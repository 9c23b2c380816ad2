//! The API of the series: depths and rates of the last hour, day or week.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use super::super::Console;
use super::super::chart;

pub(super) fn routes() -> Router<Arc<Console>> {
    Router::new().route("/series", get(chart::data))
}
