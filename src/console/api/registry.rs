//! The API of the registry: entries in, records out.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, Multipart, Path, Query, Request, State};
use axum::http::{StatusCode, header};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::access::{Actor, Right};
use super::super::audit::Action;
use super::super::problem::{Problem, Wrong};
use super::super::{BODY_MAX, Console};
use super::openapi::{Operation, objects};
use crate::ops::registry::Submitted;
use crate::ops::registry::records::{self, Record};
use crate::registry::Entry;

type Shared = State<Arc<Console>>;
type By = Extension<Actor>;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::post(
        "/registry/entries",
        Right::Operate,
        "enter a batch into the registry, whole or not at all",
    )
    .query(&[("name", "name of the file, where the body is text/csv")])
    .takes(entries_schema)
    .answers(submitted_schema),
    Operation::get("/registry/patients/{network_id}", Right::ViewBodies, "a patient's records")
        .answers(records_schema),
    Operation::get("/registry/facilities", Right::View, "all facilities").answers(records_schema),
    Operation::get("/registry/facilities/{code}", Right::View, "a facility and its contracts")
        .answers(records_schema),
    Operation::get(
        "/registry/history/{id}",
        Right::ViewBodies,
        "all versions of a patient's records, or of one record",
    )
    .answers(objects),
];

pub(super) fn routes() -> Router<Arc<Console>> {
    Router::new()
        .route("/registry/entries", post(enter))
        .route("/registry/patients/{network_id}", get(patient))
        .route("/registry/facilities", get(facilities))
        .route("/registry/facilities/{code}", get(facility))
        .route("/registry/history/{id}", get(history))
}

/// When they are entered the hub says itself.
fn entries_schema() -> Value {
    json!({ "type": "array", "items": {
        "type": "object",
        "required": ["fact", "who", "why"],
        "properties": {
            "fact": { "type": "string", "description": "what kind of record: member, link, view-consent …" },
            "who": { "type": "string" },
            "why": { "type": "string" },
        },
    } })
}

fn submitted_schema() -> Value {
    let count = json!({ "type": "integer", "minimum": 0 });
    json!({
        "type": "object",
        "required": ["new", "known", "revision"],
        "properties": { "new": count, "known": count, "revision": count },
    })
}

fn records_schema() -> Value {
    json!({ "type": "array", "items": {
        "type": "object",
        "required": ["in_force", "versions"],
        "properties": { "in_force": { "type": "boolean" }, "versions": objects() },
    } })
}

/// `?name=consents.csv`
#[derive(Debug, Deserialize)]
struct Named {
    name: Option<String>,
}

/// Takes a batch, whole or not at all: a JSON array of entries, one CSV file with its name, or several as a form.
async fn enter(
    State(console): Shared,
    Extension(actor): By,
    Query(Named { name }): Query<Named>,
    request: Request,
) -> Result<Json<Submitted>, Problem> {
    console.allow(&actor, Right::Operate, None, "registry").await?;
    console.audit(&actor, Action::Register, "registry").await?;
    let now = console.control.clock().now();
    let media_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = media_type.and_then(|value| value.split(';').next()).unwrap_or_default().trim();
    let taken = match media_type.to_ascii_lowercase().as_str() {
        "application/json" => {
            let entries = entries(&body(request).await?, now)?;
            console.control.register().submit(entries).await?
        }
        "text/csv" => {
            let name = name.ok_or_else(|| Problem::bad("a CSV file needs its name: ?name=consents.csv"))?;
            let files = [(name, body(request).await?.to_vec())];
            console.control.register().import_files(&files, &console.zone, now).await?
        }
        "multipart/form-data" => {
            let files = files(request).await?;
            console.control.register().import_files(&files, &console.zone, now).await?
        }
        _ => {
            return Err(Problem::bad(
                "send application/json (an array of entries), text/csv (one file, ?name=…) or multipart/form-data \
                 (several files)",
            ));
        }
    };
    Ok(Json(taken))
}

/// A patient's records.
async fn patient(
    State(console): Shared,
    Extension(actor): By,
    Path(network_id): Path<String>,
) -> Result<Json<Vec<Record>>, Problem> {
    console.allow(&actor, Right::ViewBodies, None, "registry").await?;
    console.audit(&actor, Action::ViewPatient, &console.stand_in(&network_id)).await?;
    let registry = console.control.register().view().read();
    found(records::of_patient(&registry, &network_id, console.control.clock().now()))
}

/// All facilities.
async fn facilities(State(console): Shared, Extension(actor): By) -> Result<Json<Vec<Record>>, Problem> {
    console.allow(&actor, Right::View, None, "registry").await?;
    Ok(Json(records::facilities(&console.control.register().view().read(), console.control.clock().now())))
}

/// A facility and its contracts.
async fn facility(
    State(console): Shared,
    Extension(actor): By,
    Path(code): Path<String>,
) -> Result<Json<Vec<Record>>, Problem> {
    console.allow(&actor, Right::View, Some(&code), "registry").await?;
    found(records::of_facility(
        &console.control.register().view().read(),
        &code,
        console.control.clock().now(),
    ))
}

/// All versions of a patient's records, or of one record, in the order of entry.
async fn history(
    State(console): Shared,
    Extension(actor): By,
    Path(id): Path<String>,
) -> Result<Json<Vec<Entry>>, Problem> {
    console.allow(&actor, Right::ViewBodies, None, "registry").await?;
    console.audit(&actor, Action::ViewPatient, &console.stand_in(&id)).await?;
    found(records::history(&console.control.register().view().read(), &id))
}

fn found<T>(found: Vec<T>) -> Result<Json<Vec<T>>, Problem> {
    if found.is_empty() { Err(Problem::not_found()) } else { Ok(Json(found)) }
}

async fn body(request: Request) -> Result<Bytes, Problem> {
    Bytes::from_request(request, &()).await.map_err(|rejection| {
        let too_large = rejection.status() == StatusCode::PAYLOAD_TOO_LARGE;
        Problem::bad(if too_large { "the body is too large" } else { "the body did not come to its end" })
    })
}

/// The files of a form, by their names.
async fn files(request: Request) -> Result<Vec<(String, Vec<u8>)>, Problem> {
    let broken = |_| Problem::bad("the form can't be read");
    let mut form =
        Multipart::from_request(request, &()).await.map_err(|_| Problem::bad("the form can't be read"))?;
    let (mut files, mut bytes) = (Vec::new(), 0);
    while let Some(field) = form.next_field().await.map_err(broken)? {
        let name = field.file_name().or_else(|| field.name()).unwrap_or_default().to_owned();
        let content = field.bytes().await.map_err(broken)?;
        bytes += content.len();
        if bytes > BODY_MAX {
            return Err(Problem::bad("the files are too large together"));
        }
        files.push((name, content.to_vec()));
    }
    files.sort();
    Ok(files)
}

/// The entries of an array. When they were entered the hub says itself.
fn entries(body: &[u8], now: Timestamp) -> Result<Vec<Entry>, Problem> {
    let rows: Vec<Value> = serde_json::from_slice(body).map_err(|error| {
        Problem::bad(format!("no JSON array: line {}, column {}", error.line(), error.column()))
    })?;
    let (mut entries, mut wrong) = (Vec::with_capacity(rows.len()), Vec::new());
    for (row, mut value) in (1..).zip(rows) {
        if let Some(fields) = value.as_object_mut() {
            fields.insert("recorded_at".to_owned(), now.to_string().into());
        }
        match serde_json::from_value(value) {
            Ok(entry) => entries.push(entry),
            Err(error) => {
                wrong.push(Wrong { file: None, row, code: Some("no-entry".into()), reason: reason(&error) });
            }
        }
    }
    if wrong.is_empty() { Ok(entries) } else { Err(Problem::refused(wrong)) }
}

/// What is wrong with an entry, without any value of it.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if text.starts_with("missing field") {
        text
    } else {
        "a field has a value that is not possible there".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_are_no_entries_are_told_by_their_number_and_without_their_values() {
        let now = Timestamp::from_second(7).unwrap();
        let good = r#"{"recorded_at":"1999-01-01T00:00:00Z","who":"desk","why":"card","fact":"member","network_id":"900000000001","from":"2026-01-01T00:00:00Z"}"#;
        let entries = super::entries(format!("[{good}]").as_bytes(), now).unwrap();
        assert_eq!(entries[0].recorded_at, now, "the hub says when");
        let bad = format!(
            r#"[{good},{{"fact":"member"}},{{"who":"a","why":"b","fact":"member","network_id":900000000002,"from":"x"}},7]"#
        );
        let problem = serde_json::to_value(super::entries(bad.as_bytes(), now).unwrap_err()).unwrap();
        let rows: Vec<_> =
            problem["errors"].as_array().unwrap().iter().map(|one| one["row"].clone()).collect();
        assert_eq!(rows, [2, 3, 4]);
        assert!(!problem.to_string().contains("900000000002"), "{problem}");
    }
}
