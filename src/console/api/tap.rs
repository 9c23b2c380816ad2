//! The API of the wire tap: messages as they pass, as server-sent events. It ends with the connection.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use axum::routing::get;
use axum::{Extension, Router};
use futures_util::Stream;
use futures_util::stream::unfold;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::task::spawn_blocking;
use tracing::warn;

use super::super::Console;
use super::super::access::{Actor, Right};
use super::super::audit::Action;
use super::super::problem::Problem;
use super::openapi::Operation;
use crate::ops::tap::{Body, Filter, Passed, Tap, Told, body};
use crate::telemetry::causes;

/// Parameters by which steps are chosen.
const TAPPED: &[(&str, &str)] = &[
    ("feed", "feed"),
    ("facility", "10-digit code of the sending facility"),
    ("kind", "kind of the event, or invalid"),
    ("subscriber", "subscriber of a copy"),
    ("topic", "topic of a copy, or its first parts"),
    ("body", "true: with bodies"),
];

pub(super) const OPERATIONS: &[Operation] = &[Operation::get(
    "/tap",
    Right::View,
    "steps as they are taken, as server-sent events; bodies for who may see them, audited",
)
.query(TAPPED)
.answers_as("text/event-stream")];

pub(super) fn routes() -> Router<Arc<Console>> {
    Router::new().route("/tap", get(open))
}

/// `?body=true`
#[derive(Debug, Deserialize)]
struct Asked {
    #[serde(default)]
    body: bool,
}

/// A step, with its body where that was asked for.
#[derive(Serialize)]
struct Shown<'p> {
    #[serde(flatten)]
    passed: &'p Passed,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Body>,
}

/// A tap and who looks.
struct Looking {
    console: Arc<Console>,
    actor: Actor,
    tap: Tap,
    bodies: bool,
}

async fn open(
    State(console): State<Arc<Console>>,
    Extension(actor): Extension<Actor>,
    Query(filter): Query<Filter>,
    Query(asked): Query<Asked>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let facility = filter.facility.clone();
    let needed = if asked.body { Right::ViewBodies } else { Right::View };
    // Of which facility something is, each step says; here it is only whether he may look at anything.
    let somewhere = actor.facilities.as_ref().and_then(|codes| codes.first().cloned());
    if !actor.may(needed, facility.as_deref().or(somewhere.as_deref())) {
        return Err(Problem::forbidden());
    }
    let tap = Tap::on(&console.control, filter);
    let looking = Looking { console, actor, tap, bodies: asked.body };
    let stream = unfold(looking, async |mut looking| Some((Ok(looking.next().await?), looking)));
    Ok(Sse::new(stream).keep_alive(KeepAlive::default()))
}

impl Looking {
    /// What he may see next.
    async fn next(&mut self) -> Option<Event> {
        loop {
            match self.tap.next().await? {
                Told::Missed(steps) => {
                    return Some(
                        Event::default().event("missed").data(json!({ "missed": steps }).to_string()),
                    );
                }
                Told::Passed(passed) if self.actor.may(Right::View, passed.facility.as_deref()) => {
                    let body = self.body(&passed).await;
                    let shown = Shown { passed: &passed, body };
                    if let Ok(text) = serde_json::to_string(&shown) {
                        return Some(Event::default().event("step").data(text));
                    }
                }
                Told::Passed(_) => {}
            }
        }
    }

    /// Its body, where it was asked for, he may see it, and it was written down that he did.
    async fn body(&self, passed: &Passed) -> Option<Body> {
        let may = || self.actor.may(Right::ViewBodies, passed.facility.as_deref());
        if !self.bodies || passed.kept.is_none() || !may() {
            return None;
        }
        if self.console.audit(&self.actor, Action::ViewBody, &passed.id).await.is_err() {
            warn!("a tap shows no bodies: the audit can't be written");
            return None;
        }
        let (config, passed) = (self.console.control.config(), passed.clone());
        match spawn_blocking(move || body(&config, &passed)).await {
            Ok(Ok(body)) => body,
            Ok(Err(error)) => {
                warn!(error = causes(&error), "a tap can't show a body");
                None
            }
            Err(_) => None,
        }
    }
}
