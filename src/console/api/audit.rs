//! The audit, for what collects it.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use serde::Deserialize;

use super::super::access::{Actor, Right};
use super::super::audit::Action;
use super::super::problem::Problem;
use super::super::{Console, audit_page};
use super::openapi::Operation;
use crate::ops::audit::{Format, Wanted};
use crate::registry::when;

pub(super) const OPERATIONS: &[Operation] =
    &[Operation::get("/audit", Right::Administer, "who looked and who acted, the oldest first, a line each")
        .query(&[
            ("from", "from then on: a day or an instant"),
            ("until", "until before then"),
            ("format", "ndjson (default), rfc5424 or dicom"),
        ])
        .answers_as("application/x-ndjson")];

pub(super) fn routes() -> Router<Arc<Console>> {
    Router::new().route("/audit", get(export))
}

/// What is asked for.
#[derive(Deserialize)]
struct Asked {
    from: Option<String>,
    until: Option<String>,
    format: Option<String>,
}

async fn export(
    State(console): State<Arc<Console>>,
    Extension(actor): Extension<Actor>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    console.allow(&actor, Right::Administer, None, "audit").await?;
    let time = |text: &Option<String>| match text {
        Some(text) => when::start(text, &console.zone)
            .map(Some)
            .ok_or_else(|| Problem::bad("a time is neither a day nor an instant")),
        None => Ok(None),
    };
    let wanted = Wanted { from: time(&asked.from)?, until: time(&asked.until)?, ..Wanted::default() };
    let format = match asked.format.as_deref() {
        None => Format::Ndjson,
        Some(word) => {
            audit_page::format(word).ok_or_else(|| Problem::bad("format is ndjson, rfc5424 or dicom"))?
        }
    };
    console.audit(&actor, Action::ViewAudit, "export").await?;
    Ok(audit_page::file(&console, wanted, format, console.network()).await.into_response())
}
