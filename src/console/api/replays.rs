//! The API of replays: plan, start, stop, resume, and how they stand.

use std::sync::Arc;

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use serde_json::{Value, json};

use super::super::Console;
use super::super::access::{Actor, Right};
use super::super::audit::Action;
use super::super::problem::Problem;
use super::openapi::{Operation, objects};
use crate::ops::replay::{Replay, Request};

type Shared = State<Arc<Console>>;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::get("/replays", Right::View, "replays, the latest first").answers(objects),
    Operation::post(
        "/replays",
        Right::Operate,
        "plan a replay: what it would do is counted, nothing is sent",
    )
    .takes(request_schema),
    Operation::get("/replays/{id}", Right::View, "a replay: its estimate, and how far it is"),
    Operation::post("/replays/{id}/{act}", Right::Operate, "act: start, stop or resume"),
];

fn request_schema() -> Value {
    let text = json!({ "type": "string" });
    let time = json!({ "type": "string", "format": "date-time" });
    let patient = json!({ "oneOf": [
        { "type": "object", "required": ["local"], "properties": { "local": {
            "type": "object", "required": ["facility", "id"], "properties": { "facility": text, "id": text },
        } } },
        { "type": "object", "required": ["network"], "properties": { "network": text } },
    ] });
    json!({
        "type": "object",
        "required": ["selection", "why"],
        "properties": {
            "selection": {
                "type": "object",
                "required": ["to"],
                "properties": {
                    "to": text, "from": time, "until": time, "facility": text, "feed": text, "patient": patient,
                    "kind": text, "topic": text, "ids": { "type": "array", "items": text },
                },
            },
            "why": text,
            "rate": { "type": "integer", "minimum": 1 },
        },
    })
}

pub(super) fn routes() -> Router<Arc<Console>> {
    Router::new()
        .route("/replays", get(list).post(plan))
        .route("/replays/{id}", get(show))
        .route("/replays/{id}/{act}", post(act))
}

/// All of those that he may see, the latest first.
async fn list(
    State(console): Shared,
    Extension(actor): Extension<Actor>,
) -> Result<Json<Vec<Replay>>, Problem> {
    let replays = console.replays.list()?.into_iter();
    let his = replays.filter(|replay| actor.may(Right::View, replay.selection.facility()));
    Ok(Json(his.map(Replay::without_patient).collect()))
}

/// One.
async fn show(
    State(console): Shared,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
) -> Result<Json<Replay>, Problem> {
    let replay = console.replays.get(&id)?;
    if !actor.may(Right::View, replay.selection.facility()) {
        return Err(Problem::forbidden());
    }
    Ok(Json(replay.without_patient()))
}

/// Plans one: what it would do is counted.
async fn plan(
    State(console): Shared,
    Extension(actor): Extension<Actor>,
    request: Result<Json<Request>, JsonRejection>,
) -> Result<(StatusCode, Json<Replay>), Problem> {
    console.require(&actor, Right::Operate, "replays").await?;
    let Json(request) = request.map_err(|_| Problem::bad("no request for a replay: see the documents"))?;
    let replay = console.plan_replay(&actor, request).await?;
    Ok((StatusCode::CREATED, Json(replay.without_patient())))
}

/// Starts, stops or resumes one.
async fn act(
    State(console): Shared,
    Extension(actor): Extension<Actor>,
    Path((id, act)): Path<(String, String)>,
) -> Result<Json<Replay>, Problem> {
    Ok(Json(console.turn_replay(&actor, &id, &act).await?.without_patient()))
}

impl Console {
    /// Plans a replay for somebody who may, and writes that down.
    pub(in crate::console) async fn plan_replay(
        &self,
        actor: &Actor,
        request: Request,
    ) -> Result<Replay, Problem> {
        let object = format!("plan to {}", request.selection.to);
        self.allow(actor, Right::Operate, request.selection.facility(), &object).await?;
        self.audit(actor, Action::Replay, &object).await?;
        Ok(self.replays.plan(request, &actor.name)?)
    }

    /// Starts, stops or resumes a replay for somebody who may, and writes that down.
    pub(in crate::console) async fn turn_replay(
        &self,
        actor: &Actor,
        id: &str,
        act: &str,
    ) -> Result<Replay, Problem> {
        self.require(actor, Right::Operate, "replays").await?;
        let replay = self.replays.get(id)?;
        self.allow(actor, Right::Operate, replay.selection.facility(), id).await?;
        if !matches!(act, "start" | "stop" | "resume") {
            return Err(Problem::not_found());
        }
        self.audit(actor, Action::Replay, &format!("{act} {id}")).await?;
        Ok(match act {
            "start" => self.replays.start(id, &actor.name)?,
            "stop" => self.replays.stop(id, &actor.name)?,
            _ => self.replays.resume(id, &actor.name)?,
        })
    }
}
