//! The OpenAPI 3.1 document of the API, made from what each resource says of its routes.

use axum::Json;
use serde_json::{Map, Value, json};

use super::super::access::Right;
use super::OPERATIONS;

/// A method of a path: what it is for, who may, what it takes and answers.
pub(in crate::console) struct Operation {
    method: &'static str,
    /// Below `/api/v1`.
    path: &'static str,
    summary: &'static str,
    /// Needed for it; none for what everybody with a token may.
    right: Option<Right>,
    /// Parameters of the query, with what they mean.
    query: &'static [(&'static str, &'static str)],
    /// JSON Schema of the body.
    body: Option<fn() -> Value>,
    /// Media type and JSON Schema of the answer.
    answer: (&'static str, fn() -> Value),
}

impl Operation {
    pub(in crate::console) const fn get(path: &'static str, right: Right, summary: &'static str) -> Self {
        Self::new("get", path, Some(right), summary)
    }

    pub(in crate::console) const fn post(path: &'static str, right: Right, summary: &'static str) -> Self {
        Self::new("post", path, Some(right), summary)
    }

    const fn new(
        method: &'static str,
        path: &'static str,
        right: Option<Right>,
        summary: &'static str,
    ) -> Self {
        Self { method, path, summary, right, query: &[], body: None, answer: ("application/json", anything) }
    }

    pub(in crate::console) const fn query(self, query: &'static [(&'static str, &'static str)]) -> Self {
        Self { query, ..self }
    }

    pub(in crate::console) const fn takes(self, body: fn() -> Value) -> Self {
        Self { body: Some(body), ..self }
    }

    pub(in crate::console) const fn answers(self, schema: fn() -> Value) -> Self {
        Self { answer: ("application/json", schema), ..self }
    }

    /// An answer that is no JSON.
    pub(in crate::console) const fn answers_as(self, media_type: &'static str) -> Self {
        Self { answer: (media_type, text), ..self }
    }

    fn document(&self) -> Value {
        let (media_type, schema) = self.answer;
        let mut operation = json!({
            "summary": self.summary,
            "operationId": self.id(),
            "parameters": self.parameters(),
            "responses": {
                "200": { "description": "done", "content": { media_type: { "schema": schema() } } },
                "default": {
                    "description": "refused: the status and the problem say why (RFC 9457)",
                    "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
                },
            },
        });
        if let Some(right) = self.right {
            operation["x-right"] = word(right).into();
        }
        if let Some(body) = self.body {
            operation["requestBody"] =
                json!({ "required": true, "content": { "application/json": { "schema": body() } } });
        }
        operation
    }

    /// `get_registry_facilities_code`
    fn id(&self) -> String {
        let path: String =
            self.path.chars().map(|one| if one.is_ascii_alphanumeric() { one } else { '_' }).collect();
        let words: Vec<_> = path.split('_').filter(|word| !word.is_empty()).collect();
        format!("{}_{}", self.method, words.join("_"))
    }

    fn parameters(&self) -> Vec<Value> {
        let names = self.path.split('{').skip(1).filter_map(|rest| rest.split('}').next());
        let in_path = names.map(
            |name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }),
        );
        let in_query = self.query.iter().map(
            |(name, text)| json!({ "name": name, "in": "query", "description": text, "schema": { "type": "string" } }),
        );
        in_path.chain(in_query).collect()
    }
}

const fn word(right: Right) -> &'static str {
    match right {
        Right::View => "view",
        Right::ViewBodies => "view-bodies",
        Right::Operate => "operate",
        Right::Engineer => "engineer",
        Right::Administer => "administer",
    }
}

/// Any JSON.
pub(in crate::console) fn anything() -> Value {
    json!({})
}

/// A list of objects.
pub(in crate::console) fn objects() -> Value {
    json!({ "type": "array", "items": { "type": "object" } })
}

fn text() -> Value {
    json!({ "type": "string" })
}

/// The routes of this file.
pub(super) const OWN: &[Operation] = &[Operation::new("get", "/openapi.json", None, "this document")];

/// The document.
pub(super) async fn show() -> Json<Value> {
    Json(document())
}

fn document() -> Value {
    let mut paths = Map::new();
    for operation in OPERATIONS.iter().copied().flatten() {
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        path[operation.method] = operation.document();
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "musubi",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "What the hub's operators do, for programs. x-right is what a token's roles must allow.",
        },
        "servers": [{ "url": "/api/v1" }],
        "security": [{ "token": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
            "schemas": { "Problem": {
                "type": "object",
                "required": ["title", "status", "detail"],
                "properties": {
                    "title": { "type": "string" },
                    "status": { "type": "integer" },
                    "detail": { "type": "string" },
                    "errors": { "type": "array", "items": {
                        "type": "object",
                        "required": ["row", "reason"],
                        "properties": {
                            "file": { "type": "string" },
                            "row": { "type": "integer", "minimum": 1 },
                            "code": { "type": "string" },
                            "reason": { "type": "string" },
                        },
                    } },
                },
            } },
        },
    })
}
