//! The OpenAPI document says what is there.

use std::collections::BTreeSet;

use musubi::registry::Entry;
use serde_json::{Value, json};

use super::browser::Served;
use super::matrix::routes;

fn document(served: &Served) -> Value {
    let answer = served.api("GET /api/v1/openapi.json", &served.token, "");
    assert_eq!(answer.status, 200, "{answer:?}");
    serde_json::from_str(&answer.body).unwrap()
}

#[track_caller]
fn fits(document: &Value, schema: &Value, instance: &Value) {
    let mut schema = schema.clone();
    schema["components"] = document["components"].clone();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let faults: Vec<_> = validator.iter_errors(instance).map(|fault| fault.to_string()).collect();
    assert!(faults.is_empty(), "{faults:?} in {instance:#}");
}

#[test]
fn every_route_is_documented_and_every_documented_path_is_there() {
    let served = Served::new("");
    let document = document(&served);
    assert_eq!(document["openapi"], "3.1.0");
    let mut documented = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            documented.insert((method.to_uppercase(), path.clone()));
            assert!(ids.insert(operation["operationId"].to_string()), "{path}: an id of two operations");
        }
        // A path that is there knows that it has no such method.
        let there = served.api(&format!("PATCH /api/v1{}", path.replace(['{', '}'], "")), &served.token, "");
        assert_eq!(there.status, 405, "{path}");
    }
    assert_eq!(documented, routes(true));
}

#[test]
fn what_the_verbs_send_and_what_comes_back_is_as_documented() {
    let served = Served::new("");
    let document = document(&served);
    let operation = |path: &str, method: &str| document["paths"][path][method].clone();
    let answer_of =
        |operation: &Value| operation["responses"]["200"]["content"]["application/json"]["schema"].clone();
    let entries: Vec<Entry> = serde_json::from_value(json!([
        {"recorded_at": "2026-11-22T00:00:00Z", "who": "desk", "why": "form 1", "fact": "member",
         "network_id": "900000000001", "from": "2026-01-02T00:00:00Z"},
        {"recorded_at": "2026-11-22T00:00:00Z", "who": "desk", "why": "contract", "fact": "facility", "code": "3210100018",
         "name": "出雲中央病院（架空）", "area": "izumo", "roles": ["disclosing"], "from": "2026-01-01T00:00:00Z"},
    ]))
    .unwrap();
    let sent = serde_json::to_value(&entries).unwrap();
    let enter = operation("/registry/entries", "post");
    fits(&document, &enter["requestBody"]["content"]["application/json"]["schema"], &sent);
    let taken = served.api("POST /api/v1/registry/entries", &served.token, &sent.to_string());
    assert_eq!(taken.status, 200, "{taken:?}");
    fits(&document, &answer_of(&enter), &serde_json::from_str(&taken.body).unwrap());

    for (path, of) in [
        ("/registry/patients/900000000001", "/registry/patients/{network_id}"),
        ("/registry/facilities", "/registry/facilities"),
        ("/registry/facilities/3210100018", "/registry/facilities/{code}"),
        ("/registry/history/900000000001", "/registry/history/{id}"),
    ] {
        let answer = served.api(&format!("GET /api/v1{path}"), &served.token, "");
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        fits(&document, &answer_of(&operation(of, "get")), &serde_json::from_str(&answer.body).unwrap());
    }
    let problem = &document["components"]["schemas"]["Problem"];
    for (request, token, body) in [
        ("GET /api/v1/registry/patients/1", served.token.as_str(), ""),
        ("GET /api/v1/registry/facilities", "none", ""),
        ("POST /api/v1/registry/entries", served.token.as_str(), "[{}]"),
    ] {
        let answer = served.api(request, token, body);
        assert!(answer.status >= 400 && answer.header("content-type") == Some("application/problem+json"));
        fits(&document, problem, &serde_json::from_str(&answer.body).unwrap());
    }
}
