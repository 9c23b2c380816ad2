//! The API of holds: what waits, and who lets it wait or go on.

use std::sync::Arc;

use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use serde_json::{Value, json};

use super::super::Console;
use super::super::access::{Actor, Right};
use super::super::problem::Problem;
use super::openapi::{Operation, objects};
use crate::ops::holds::{Held, Request};

type Shared = State<Arc<Console>>;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::get("/holds", Right::View, "what operators let wait").answers(objects),
    Operation::post("/holds", Right::Operate, "let a subscriber's copies wait, or those about one patient")
        .takes(request_schema),
    Operation::post("/holds/release", Right::Operate, "let them go on").takes(request_schema),
];

fn request_schema() -> Value {
    json!({
        "type": "object",
        "required": ["subscriber", "why"],
        "properties": {
            "subscriber": { "type": "string" },
            "patient": { "type": "array", "items": { "type": "string" }, "minItems": 2, "maxItems": 2 },
            "why": { "type": "string" },
        },
    })
}

pub(super) fn routes() -> Router<Arc<Console>> {
    Router::new().route("/holds", get(list).post(hold)).route("/holds/release", post(release))
}

async fn list(
    State(console): Shared,
    Extension(actor): Extension<Actor>,
) -> Result<Json<Vec<Held>>, Problem> {
    Ok(Json(console.held(&actor).await?))
}

async fn hold(
    State(console): Shared,
    Extension(actor): Extension<Actor>,
    request: Result<Json<Request>, JsonRejection>,
) -> Result<Json<Vec<Held>>, Problem> {
    change(&console, &actor, request, true).await
}

async fn release(
    State(console): Shared,
    Extension(actor): Extension<Actor>,
    request: Result<Json<Request>, JsonRejection>,
) -> Result<Json<Vec<Held>>, Problem> {
    change(&console, &actor, request, false).await
}

async fn change(
    console: &Console,
    actor: &Actor,
    request: Result<Json<Request>, JsonRejection>,
    holds: bool,
) -> Result<Json<Vec<Held>>, Problem> {
    console.may_hold(actor, None).await?;
    let Json(request) = request.map_err(|_| Problem::bad("no request for a hold: see the documents"))?;
    console.change_hold(actor, &request, holds).await?;
    Ok(Json(console.held(actor).await?))
}
