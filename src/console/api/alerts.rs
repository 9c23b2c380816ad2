//! `/alerts`: what is open, what was, and taking note of it.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::openapi::Operation;
use crate::console::Console;
use crate::console::access::{Actor, Right};
use crate::console::alerts::{entries, take_note, visible};
use crate::console::problem::Problem;
use crate::ops::alerts::{Alert, AlertError, Entry};

/// Lines of the history, where nothing is said, and at most.
const LINES: (usize, usize) = (100, 10_000);

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::get("/alerts", Right::View, "what is open"),
    Operation::get("/alerts/history", Right::View, "what was, the latest first")
        .query(&[("most", "lines; 100 where nothing is said")]),
    Operation::post("/alerts/{id}/acknowledge", Right::Operate, "take note of an alert").takes(note_schema),
];

fn note_schema() -> Value {
    json!({ "type": "object", "required": ["note"], "properties": { "note": { "type": "string" } } })
}

pub(super) fn routes() -> Router<Arc<Console>> {
    Router::new()
        .route("/alerts", get(open))
        .route("/alerts/history", get(past))
        .route("/alerts/{id}/acknowledge", post(acknowledge))
}

/// The open alerts.
#[derive(Debug, Serialize)]
struct Open {
    alerts: Vec<Alert>,
}

/// What was.
#[derive(Debug, Serialize)]
struct Past {
    entries: Vec<Entry>,
}

/// `?most=100`
#[derive(Debug, Deserialize)]
struct Asked {
    most: Option<usize>,
}

/// What is being done.
#[derive(Debug, Deserialize)]
struct Note {
    #[serde(default)]
    note: String,
}

async fn open(
    State(console): State<Arc<Console>>,
    Extension(actor): Extension<Actor>,
) -> Result<Json<Open>, Problem> {
    Ok(Json(Open { alerts: visible(&console, &actor).await? }))
}

async fn past(
    State(console): State<Arc<Console>>,
    Extension(actor): Extension<Actor>,
    Query(Asked { most }): Query<Asked>,
) -> Result<Json<Past>, Problem> {
    let most = most.unwrap_or(LINES.0).min(LINES.1);
    Ok(Json(Past { entries: entries(&console, &actor, most).await? }))
}

async fn acknowledge(
    State(console): State<Arc<Console>>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
    Json(Note { note }): Json<Note>,
) -> Result<(), Problem> {
    take_note(&console, &actor, &id, &note).await
}

impl From<AlertError> for Problem {
    fn from(error: AlertError) -> Self {
        match error {
            AlertError::Unknown(_) | AlertError::NoReceiver(_) => Self::not_found(),
            AlertError::Note => Self::bad(error.to_string()),
            AlertError::Files { .. } => Self::unavailable(&error),
        }
    }
}
