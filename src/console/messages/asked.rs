//! What is asked of the history, and what may be answered to whom.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;
use tokio::sync::Semaphore;

use super::super::Console;
use super::super::access::{Actor, Right};
use super::super::audit::Action;
use super::super::problem::Problem;
use crate::envelope::Identifying;
use crate::ops::search::{self, Digest, Found, Query, Row, SearchError, State};
use crate::ops::trace::Step;
use crate::ops::views::{self, Views};

/// Days of which digests are made where nothing is said.
pub(super) const LATELY: i64 = 7;

/// Messages that are made into views at once: one of 20 MB takes some 100 MB for that.
static LOOKS: Semaphore = Semaphore::const_new(2);

/// What a form or an address sends: texts, empty where nothing is said.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(in crate::console) struct Asked {
    pub(super) id: String,
    pub(super) control_id: String,
    pub(super) patient_facility: String,
    pub(super) patient_id: String,
    pub(super) network_id: String,
    pub(super) order: String,
    pub(super) file: String,
    pub(super) facility: String,
    pub(super) feed: String,
    pub(super) subscriber: String,
    pub(super) kind: String,
    pub(super) state: String,
    pub(super) fault: String,
    pub(super) from: String,
    pub(super) until: String,
    pub(super) before: String,
}

impl Asked {
    /// Without what tells of a patient: addresses are remembered.
    pub(in crate::console) fn harmless(self) -> Self {
        let nothing = String::new;
        Self {
            patient_facility: nothing(),
            patient_id: nothing(),
            network_id: nothing(),
            file: nothing(),
            order: nothing(),
            ..self
        }
    }

    /// The query; or what is wrong with it.
    pub(in crate::console) fn query(&self, zone: &TimeZone) -> Result<Query, &'static str> {
        let said = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let (facility, patient) = (said(&self.patient_facility), said(&self.patient_id));
        let patient = match (facility, patient) {
            (Some(facility), Some(id)) => Some((facility, Identifying(id))),
            (None, Some(_)) => return Err("a patient's id needs its facility"),
            (_, None) => None,
        };
        let state = said(&self.state).map(|word| State::parse(&word).ok_or("there is no such state"));
        Ok(Query {
            id: said(&self.id),
            control_id: said(&self.control_id),
            patient,
            network_id: said(&self.network_id).map(Identifying),
            order: said(&self.order),
            file: said(&self.file).map(Identifying),
            facility: said(&self.facility),
            facilities: None,
            feed: said(&self.feed),
            subscriber: said(&self.subscriber),
            kind: said(&self.kind),
            state: state.transpose()?,
            fault: said(&self.fault),
            from: said(&self.from).map(|text| time(&text, zone)).transpose()?,
            until: said(&self.until).map(|text| time(&text, zone)).transpose()?,
            before: said(&self.before),
            most: None,
        })
    }
}

/// A moment as a browser sends it (in the hub's zone), or as RFC 3339 writes it.
fn time(text: &str, zone: &TimeZone) -> Result<Timestamp, &'static str> {
    search::moment(text, zone).ok_or("a time is written 2026-11-23T09:00 or 2026-11-23T09:00:00+09:00")
}

/// A page of messages of the facilities that somebody may see. Who asks for a patient is written down.
pub(in crate::console) async fn search(
    console: &Arc<Console>,
    actor: &Actor,
    query: Query,
) -> Result<Found, Problem> {
    let query = allowed(console, actor, query).await?;
    let config = console.control.config();
    ask(move || search::search(&config, &query)).await
}

/// The digests of it; of the last days where no time is said.
pub(in crate::console) async fn digest(
    console: &Arc<Console>,
    actor: &Actor,
    query: Query,
) -> Result<Vec<Digest>, Problem> {
    let query = allowed(console, actor, query).await?;
    // Trouble of long ago is asked for by its time.
    let lately = console.control.clock().now() - jiff::SignedDuration::from_hours(24 * LATELY);
    let query = Query { from: query.from.or(Some(lately)), ..query };
    let config = console.control.config();
    ask(move || search::digest(&config, &query)).await
}

async fn allowed(console: &Console, actor: &Actor, query: Query) -> Result<Query, Problem> {
    console.require(actor, Right::View, "messages").await?;
    if query.patient.is_some() || query.network_id.is_some() {
        console.audit(actor, Action::Search, "messages of a patient").await?;
    }
    Ok(Query { facilities: actor.facilities.clone(), ..query })
}

/// A message and its steps, where somebody has that right to it.
pub(in crate::console) async fn message(
    console: &Arc<Console>,
    actor: &Actor,
    right: Right,
    id: &str,
) -> Result<(Row, Vec<Step>), Problem> {
    console.require(actor, right, "messages").await?;
    let (config, wanted) = (console.control.config(), id.to_owned());
    let found = ask(move || search::message(&config, &wanted)).await?;
    let (row, steps) = found.ok_or_else(Problem::not_found)?;
    console.allow(actor, right, Some(&row.facility), &row.id).await?;
    Ok((row, steps))
}

/// A message at every stage, once it is written down that somebody looks. Nothing where its bytes are not kept any more.
pub(in crate::console) async fn views(
    console: &Arc<Console>,
    actor: &Actor,
    row: &Row,
    steps: &[Step],
) -> Result<Option<Views>, Problem> {
    console.audit(actor, Action::ViewBody, &row.id).await?;
    let (id, at, steps) = (row.id.clone(), row.at, steps.to_vec());
    let (config, registry) = (console.control.config(), console.control.register().view().clone());
    let now = console.control.clock().now();
    // Never closed; without a permit there are only more at once.
    let permit = LOOKS.acquire().await.ok();
    let made = blocking(move || {
        let kept = crate::ops::messages::of_steps(&config, &steps, &id, at);
        let kept = kept.map_err(|error| Problem::unavailable(&error))?;
        Ok(kept.map(|(envelope, body)| views::views(&config, registry, envelope, body, now)))
    });
    let made = made.await;
    drop(permit);
    made
}

pub(in crate::console) async fn ask<T: Send + 'static>(
    question: impl FnOnce() -> Result<T, SearchError> + Send + 'static,
) -> Result<T, Problem> {
    blocking(move || {
        question().map_err(|error| match error {
            SearchError::Cursor(_) => Problem::bad(error.to_string()),
            error => Problem::unavailable(&error),
        })
    })
    .await
}

/// Does what reads from the disk, where nobody else waits for it.
pub(in crate::console) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(Problem::unavailable(&error)))
}
