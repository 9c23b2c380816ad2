//! The probe sees exactly what is sent.

use musubi::route::{Scalar, Visit, probe};
use serde::Serialize;
use serde_json::Value;

use super::samples;

/// What was found at a path.
#[derive(Default)]
struct Found {
    value: Option<Value>,
    elements: Vec<Value>,
    paths: usize,
}

impl Visit for Found {
    fn scalar(&mut self, value: Scalar<'_>) {
        self.value = Some(match value {
            Scalar::Text(text) => text.into(),
            Scalar::Number(number) => number.into(),
            Scalar::Boolean(boolean) => boolean.into(),
        });
    }

    fn list(&mut self) {
        self.value = Some(Value::Array(Vec::new()));
    }

    fn element<T: Serialize + ?Sized>(&mut self, element: &T) {
        self.elements.push(serde_json::to_value(element).expect("written"));
        self.paths += compare(element);
    }

    fn object(&mut self) {
        self.value = Some(Value::Object(serde_json::Map::new()));
    }
}

/// Compares every path of the record with its JSON, within lists too. Gives the number of paths.
fn compare<T: Serialize + ?Sized>(record: &T) -> usize {
    let json = serde_json::to_value(record).expect("written");
    let mut paths = Vec::new();
    list_paths(&json, &mut Vec::new(), &mut paths);
    let mut count = paths.len();
    for (path, expected) in paths {
        let mut found = Found::default();
        probe(record, &path, &mut found);
        match expected {
            Value::Array(elements) => assert_eq!(&found.elements, elements, "{path:?}"),
            Value::Object(_) => assert!(matches!(found.value, Some(Value::Object(_))), "{path:?}"),
            Value::Number(number) => assert_eq!(found.value, number.as_f64().map(Value::from), "{path:?}"),
            scalar => assert_eq!(found.value.as_ref(), Some(scalar), "{path:?}"),
        }
        count += found.paths;
    }
    count
}

fn list_paths<'v>(value: &'v Value, path: &mut Vec<Box<str>>, paths: &mut Vec<(Vec<Box<str>>, &'v Value)>) {
    paths.push((path.clone(), value));
    for (key, child) in value.as_object().into_iter().flatten() {
        path.push(key.as_str().into());
        list_paths(child, path, paths);
        path.pop();
    }
}

#[test]
fn every_path_of_the_json_gives_the_value_of_the_json() {
    let paths: usize = samples::all().iter().map(compare).sum();
    assert!(paths > 200, "{paths}");
}

#[test]
fn a_path_that_is_not_there_gives_nothing() {
    for event in samples::all() {
        for path in ["nothing", "patient.nothing", "patient.id.x", "results.code", "change.x"] {
            let path: Vec<Box<str>> = path.split('.').map(Into::into).collect();
            let mut found = Found::default();
            probe(&event, &path, &mut found);
            assert!(found.value.is_none() && found.elements.is_empty(), "{path:?}");
        }
    }
}
