//! A mark of its own stands in every value of an event: none leaves that the disclosure does not let out as it is.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use musubi::canonical::{Kind, schema};
use musubi::route::{Areas, Bands, Disclosure, Table, Transform, Unit};
use proptest::prelude::*;
use serde::ser::{Serialize, SerializeStruct, Serializer};
use serde_json::{Map, Value, json};

use super::CONTEXT;

/// Lists and objects deeper than this are left out: some refer to themselves.
const DEPTH_MAX: usize = 9;

/// An event with every field of its kind, and the path and mark of every value.
#[derive(Default)]
struct Planted {
    leaves: Vec<(String, String)>,
    /// Paths to everything, values too.
    paths: Vec<String>,
}

impl Planted {
    fn event(kind: Kind) -> (Value, Self) {
        let mut planted = Self::default();
        let schema = schema(kind);
        let event = planted.plant(&schema, &schema, "", 0).unwrap();
        (event, planted)
    }

    fn plant(&mut self, schema: &Value, root: &Value, path: &str, depth: usize) -> Option<Value> {
        if let Some(name) = schema["$ref"].as_str() {
            let definition = &root["$defs"][name.trim_start_matches("#/$defs/")];
            if name.ends_with("/PartialTime") {
                return Some(self.leaf(path, |n| format!("2011-03-07T10:11:12.{n}+09:00")));
            }
            return self.plant(definition, root, path, depth);
        }
        if let Some(options) = schema["anyOf"].as_array() {
            return self.plant(options.first()?, root, path, depth);
        }
        if depth > DEPTH_MAX {
            return None;
        }
        if let Some(items) = schema.get("items") {
            let elements = (0..2).filter_map(|_| self.plant(items, root, path, depth + 1));
            return Some(Value::Array(elements.collect()));
        }
        if let Some(fields) = schema["properties"].as_object() {
            return Some(Value::Object(self.object(fields, root, path, depth)));
        }
        if schema.get("additionalProperties").is_some() {
            let place = "PV1-3.4";
            let value = self.leaf(&format!("{path}.{place}"), |n| format!("mark{n}"));
            return Some(json!({ place: value }));
        }
        let is = |word: &str| schema["type"] == word || schema["type"][0] == word;
        Some(match () {
            () if is("boolean") => json!(true),
            () if is("number") || is("integer") => self.number(path),
            () => self.leaf(path, |n| format!("mark{n}")),
        })
    }

    fn object(
        &mut self,
        fields: &Map<String, Value>,
        root: &Value,
        path: &str,
        depth: usize,
    ) -> Map<String, Value> {
        let mut object = Map::new();
        for (key, field) in fields {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            self.paths.push(path.clone());
            if let Some(value) = self.plant(field, root, &path, depth + 1) {
                object.insert(key.clone(), value);
            }
        }
        object
    }

    fn leaf(&mut self, path: &str, text: impl Fn(usize) -> String) -> Value {
        let text = text(700_000 + self.leaves.len());
        self.leaves.push((path.to_owned(), text.clone()));
        text.into()
    }

    fn number(&mut self, path: &str) -> Value {
        let number = 700_000 + self.leaves.len();
        self.leaves.push((path.to_owned(), number.to_string()));
        number.into()
    }
}

fn transforms() -> Vec<Transform> {
    let row = ["島根県", "", "松江市", "松江"].map(str::to_owned).into();
    let columns = Areas::COLUMNS.map(str::to_owned).into();
    let table = Table { name: "areas".into(), version: "1".into(), columns, rows: vec![row] };
    let areas = Arc::new(Areas::new(Arc::new(table)).unwrap());
    vec![
        Transform::AgeBand(Bands::SENTINEL),
        Transform::Time(Unit::Year),
        Transform::Time(Unit::Day),
        Transform::Area(Arc::clone(&areas)),
        Transform::Municipality(areas),
        Transform::PostalArea,
        Transform::Pseudonym("f".into()),
        Transform::Redact,
    ]
}

/// A value whose objects are written as structs, as most of an event is.
struct Structs<'v>(&'v Value);

impl Serialize for Structs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(fields) => {
                let mut object = serializer.serialize_struct("", fields.len())?;
                for (key, value) in fields {
                    object.serialize_field(name(key), &Structs(value))?;
                }
                object.end()
            }
            Value::Array(elements) => serializer.collect_seq(elements.iter().map(Structs)),
            value => value.serialize(serializer),
        }
    }
}

/// The name for good: a struct's fields have such. There are a few hundred.
fn name(key: &str) -> &'static str {
    static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut names = NAMES.lock().unwrap();
    if let Some(name) = names.get(key) {
        return name;
    }
    let name: &'static str = Box::leak(key.into());
    names.insert(name);
    name
}

/// Whether the path is that field, or lies below it.
fn is_within(path: &str, field: &str) -> bool {
    path.strip_prefix(field).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

proptest! {
    #[test]
    fn no_value_leaves_that_is_not_disclosed_as_it_is(
        kind in 0..Kind::ALL.len(),
        is_of_structs: bool,
        picks in proptest::collection::vec(any::<prop::sample::Index>(), 0..8),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), 0..transforms().len()), 0..8),
    ) {
        let (event, planted) = Planted::event(Kind::ALL[kind]);
        let pick_of = |pick: &prop::sample::Index, paths: &[&'_ str]| paths.get(pick.index(paths.len().max(1))).map(|path| path.to_string());
        let all: Vec<&str> = planted.paths.iter().map(String::as_str).collect();
        let fields: Vec<_> = picks.iter().filter_map(|pick| pick_of(pick, &all)).collect();
        // Mostly fields that leave: what becomes of the others says little.
        let listed = all.iter().copied().filter(|path| fields.iter().any(|field| is_within(path, field)));
        let listed: Vec<&str> = listed.collect();
        let rules = transforms();
        let changes: Vec<_> = changes.iter().filter_map(|(pick, rule)| Some((pick_of(pick, &listed)?, rules[*rule].clone()))).collect();
        let mut disclosure = Disclosure::new("d", fields.iter().map(String::as_str));
        for (field, transform) in &changes {
            disclosure = disclosure.changing(field, transform.clone());
        }
        let sent = match is_of_structs {
            true => serde_json::to_string(&disclosure.of(&Structs(&event), &CONTEXT)).unwrap(),
            false => serde_json::to_string(&disclosure.of(&event, &CONTEXT)).unwrap(),
        };
        for (path, mark) in &planted.leaves {
            let is_place = path.ends_with(".at") || path == "at";
            let is_listed = path == "change" || fields.iter().any(|field| is_within(path, field));
            let is_changed = changes.iter().any(|(field, _)| is_within(path, field));
            let leaves = sent.contains(mark.as_str());
            prop_assert!(!leaves || is_place || (is_listed && !is_changed), "{path} left");
            prop_assert!(leaves || !is_listed || is_changed, "{path} is missing");
        }
    }
}
