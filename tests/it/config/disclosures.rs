//! Nothing leaves that is not listed.

use std::collections::BTreeSet;

use musubi::canonical::{Interpretation, ResultStatus};
use musubi::route::Disclosure;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::samples::{lab, result};
use super::{CONTEXT, recipients, route, samples};

/// Paths of all values, through lists.
fn paths(value: &Value) -> BTreeSet<String> {
    fn walk(value: &Value, path: &str, paths: &mut BTreeSet<String>) {
        match value {
            Value::Array(elements) => elements.iter().for_each(|element| walk(element, path, paths)),
            Value::Object(fields) => fields.iter().for_each(|(key, child)| {
                walk(child, &format!("{path}{}{key}", if path.is_empty() { "" } else { "." }), paths);
            }),
            _ => drop(paths.insert(path.into())),
        }
    }
    let mut found = BTreeSet::new();
    walk(value, "", &mut found);
    found
}

/// All paths to lists, objects and values.
fn prefixes(value: &Value) -> Vec<String> {
    let mut all = BTreeSet::new();
    for path in paths(value) {
        let mut end = path.as_str();
        all.insert(path.clone());
        // A place has dots of its own.
        if path.starts_with("unmapped.") {
            all.insert("unmapped".to_owned());
            continue;
        }
        while let Some((parent, _)) = end.rsplit_once('.') {
            all.insert(parent.to_owned());
            end = parent;
        }
    }
    all.into_iter().collect()
}

fn disclosed(event: &musubi::canonical::CanonicalEvent<'_>, fields: &[&str]) -> Value {
    let disclosure = Disclosure::new("d", fields.iter().copied());
    serde_json::from_slice(&serde_json::to_vec(&disclosure.of(event, &CONTEXT)).expect("written"))
        .expect("read")
}

proptest! {
    #[test]
    fn no_field_outside_the_list_appears_and_all_of_the_list_do(
        sample in 0..samples::all().len(),
        picks in proptest::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let event = &samples::all()[sample];
        let whole = serde_json::to_value(event).unwrap();
        let known = prefixes(&whole);
        let fields: Vec<&str> = picks.iter().map(|pick| known[pick.index(known.len())].as_str()).collect();
        let sent = paths(&disclosed(event, &fields));
        let listed = |path: &str| fields.iter().any(|field| path == *field || path.starts_with(&format!("{field}.")));
        for path in &sent {
            prop_assert!(listed(path) || path == "change" || path.ends_with(".at") || path == "at", "{path} left");
        }
        for path in paths(&whole).iter().filter(|path| listed(path)) {
            prop_assert!(sent.contains(path), "{path} is missing");
        }
    }
}

#[test]
fn objects_keep_their_place_and_lists_their_length() {
    let event = lab(vec![result("5F3991410063", ResultStatus::Final, None)]);
    assert_eq!(
        disclosed(&event, &["patient.id", "results.code.analyte"]),
        json!({
            "change": "created",
            "patient": { "at": "PID", "id": "00000042" },
            "results": [{ "at": "PID", "code": { "at": "PID-3", "analyte": "5F399" } }],
        })
    );
    assert_eq!(
        disclosed(&event, &["patient.id.x"]),
        json!({ "change": "created", "patient": { "at": "PID", "id": null } })
    );
    assert_eq!(
        disclosed(&event, &["results", "results.status"])["results"],
        json!(serde_json::to_value(&event).unwrap()["results"])
    );
}

#[test]
fn only_admitted_elements_leave_and_only_the_disclosed_part_of_them() {
    let routes = route(
        "lab-result",
        "disclose = \"d\"\n[[disclosure]]\nname = \"d\"\nfields = [\"results.status\"]\n\
         only = { results = { field = \"code.analyte\", in_table = \"tests\", having = { count_as = \"confirm\" } } }",
    );
    let flu = result("5F3991410063", ResultStatus::Final, Some(Interpretation::Positive));
    let other = result("5F5601410063", ResultStatus::Corrected, Some(Interpretation::Positive));
    let mut unknown = result("5F3991410063", ResultStatus::Corrected, Some(Interpretation::Positive));
    unknown.code = None;
    let event = lab(vec![other, flu, unknown]);
    let recipients = recipients(&routes, &event);
    let sent: Value = serde_json::from_slice(&recipients[0].route.body(&event, &CONTEXT).unwrap()).unwrap();
    assert_eq!(sent, json!({ "change": "created", "results": [{ "at": "PID", "status": "final" }] }));
}

#[test]
fn without_a_disclosure_the_whole_event_leaves() {
    let event = samples::positive("5F3991410063");
    let routes = route("lab-result", "");
    let body = recipients(&routes, &event)[0].route.body(&event, &CONTEXT).unwrap();
    assert_eq!(body, serde_json::to_vec(&event).unwrap());
}
