//! The API of replays: plan, start, stop, resume, and how they stand.

use std::sync::Arc;

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Extension, Json, Router};

use super::super::Console;
use super::super::access::{Actor, Right};
use super::super::audit::Action;
use super::super::problem::Problem;
use crate::ops::replay::{Replay, Request};

type Shared = State<Arc<Console>>;

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
        if !actor.may(Right::Operate, request.selection.facility()) {
            return Err(Problem::forbidden());
        }
        self.audit(actor, Action::Replay, &format!("plan to {}", request.selection.to)).await?;
        Ok(self.replays.plan(request, &actor.name)?)
    }

    /// Starts, stops or resumes a replay for somebody who may, and writes that down.
    pub(in crate::console) async fn turn_replay(
        &self,
        actor: &Actor,
        id: &str,
        act: &str,
    ) -> Result<Replay, Problem> {
        let replay = self.replays.get(id)?;
        if !actor.may(Right::Operate, replay.selection.facility()) {
            return Err(Problem::forbidden());
        }
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
