//! What a disclosure makes of a kind's JSON Schema: the contract of a subscriber that gets a part of the event.
//!
//! The same [`Part`] that decides what is written of an event decides what its schema says, so the two can't differ.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::disclose::Disclosure;
use super::filter::{Node, Part};

/// Where a schema keeps what it refers to.
const DEFINITIONS: &str = "$defs";

impl Disclosure {
    /// The JSON Schema of what leaves of an event that has this schema. Nothing else may be in it, so it is closed:
    /// `additionalProperties` is false wherever fields are listed.
    pub fn contract(&self, whole: &Value) -> Value {
        let mut contract = reduced(whole, &self.part, whole);
        if let (Some(object), Some(id)) = (contract.as_object_mut(), text(whole, "$id")) {
            object.insert("$id".into(), format!("{id}:{}", self.name).into());
            object.insert(
                "title".into(),
                format!("{}:{}", text(whole, "title").unwrap_or(id), self.name).into(),
            );
            let what = format!("What the disclosure `{}` lets out of an event.", self.name);
            object.insert("description".into(), what.into());
            object.shift_remove(DEFINITIONS);
            let used = definitions(&Value::Object(object.clone()), whole);
            if !used.is_empty() {
                object.insert(DEFINITIONS.into(), used.into());
            }
        }
        contract
    }
}

fn text<'v>(schema: &'v Value, key: &str) -> Option<&'v str> {
    schema.get(key).and_then(Value::as_str)
}

/// The schema of that part of what the schema describes.
fn reduced(schema: &Value, part: &Part, root: &Value) -> Value {
    let Some(object) = schema.as_object() else { return schema.clone() };
    if let Some(target) = text(schema, "$ref").and_then(|path| definition(root, path)) {
        let mut merged = target.as_object().cloned().unwrap_or_default();
        merged.extend(
            object.iter().filter(|(key, _)| *key != "$ref").map(|(key, value)| (key.clone(), value.clone())),
        );
        return reduced(&merged.into(), part, root);
    }
    let mut object = object.clone();
    if let Some(Value::Array(options)) = object.get_mut("anyOf") {
        for option in options.iter_mut().filter(|option| text(option, "type") != Some("null")) {
            *option = reduced(option, part, root);
        }
        return object.into();
    }
    if object.contains_key("items") {
        return list(object, part, root).into();
    }
    if !part.is_narrow() {
        return object.into();
    }
    if object.contains_key("properties") {
        return fields(object, part, root).into();
    }
    match object.get("additionalProperties").cloned() {
        Some(value) => named(object, part, &value, root).into(),
        // A single value where fields are listed is withheld: `filter` writes null.
        None => json!({ "type": "null" }),
    }
}

/// A list: of each element that part, and only the elements that the disclosure admits.
fn list(mut object: Map<String, Value>, part: &Part, root: &Value) -> Map<String, Value> {
    if part.is_narrow()
        && let Some(items) = object.get_mut("items")
    {
        *items = reduced(items, part, root);
    }
    if part.only.is_some() {
        let said = object.get("description").and_then(Value::as_str).unwrap_or_default();
        let description = format!("{said} Only those that the disclosure's `only` admits.");
        object.insert("description".into(), description.trim_start().into());
    }
    object
}

/// An object with fields: those that may leave, closed.
fn fields(mut object: Map<String, Value>, part: &Part, root: &Value) -> Map<String, Value> {
    let whole = object.clone();
    if let Some(Value::Object(properties)) = object.get_mut("properties") {
        let kept = properties
            .iter()
            .filter_map(|(key, value)| Some((key.clone(), field(value, part.allowed(key)?, root))));
        *properties = kept.collect();
    }
    if let Some(Value::Array(required)) = object.get_mut("required") {
        let is_certain = |key: &str| match part.allowed(key) {
            None => false,
            Some(Node::Changed(transform)) => {
                let value = whole.get("properties").and_then(|properties| properties.get(key));
                value.is_some_and(|value| transform.keeps(target(value, root)))
            }
            Some(Node::All | Node::Part(_)) => true,
        };
        required.retain(|key| key.as_str().is_some_and(is_certain));
    }
    // What is kept whole but for some fields names all of them here too: a new one must not come in unseen.
    object.insert("additionalProperties".into(), false.into());
    object
}

/// What leaves of a field.
fn field(value: &Value, node: &Node, root: &Value) -> Value {
    match node {
        Node::All => value.clone(),
        Node::Part(part) => reduced(value, part, root),
        Node::Changed(transform) => {
            let mut whole = target(value, root).clone();
            let said = ["description", "x-hl7"].map(|key| (key, value.get(key).cloned()));
            if let Some(object) = whole.as_object_mut() {
                // What is said of the field goes before what is said of its type.
                object.extend(said.into_iter().filter_map(|(key, said)| Some((key.to_owned(), said?))));
            }
            transform.schema(&whole)
        }
    }
}

/// What a reference stands for; of "this or nothing", this.
fn target<'v>(value: &'v Value, root: &'v Value) -> &'v Value {
    let options = value.get("anyOf").and_then(Value::as_array);
    let option = options.and_then(|list| list.iter().find(|option| text(option, "type") != Some("null")));
    let value = option.unwrap_or(value);
    text(value, "$ref").and_then(|path| definition(root, path)).unwrap_or(value)
}

/// A map: the named entries, closed.
fn named(mut object: Map<String, Value>, part: &Part, value: &Value, root: &Value) -> Map<String, Value> {
    let entries = part.fields.iter().map(|(key, node)| (key.to_string(), field(value, node, root)));
    object.insert("properties".into(), entries.collect::<Map<_, _>>().into());
    if !part.rest {
        object.shift_remove("propertyNames");
        object.insert("additionalProperties".into(), false.into());
    }
    object
}

fn definition<'v>(root: &'v Value, path: &str) -> Option<&'v Value> {
    root.get(DEFINITIONS)?.get(path.strip_prefix("#/$defs/")?)
}

/// The definitions that a schema refers to, also by way of others, in the order of the whole schema.
fn definitions(schema: &Value, whole: &Value) -> Map<String, Value> {
    let mut names = BTreeSet::new();
    references(schema, whole, &mut names);
    let all = whole.get(DEFINITIONS).and_then(Value::as_object).into_iter().flatten();
    all.filter(|(name, _)| names.contains(name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn references<'v>(value: &'v Value, whole: &'v Value, names: &mut BTreeSet<&'v str>) {
    match value {
        Value::Object(object) => {
            let target = text(value, "$ref").and_then(|path| path.strip_prefix("#/$defs/"));
            if let Some(name) = target
                && let Some((name, target)) =
                    whole[DEFINITIONS].as_object().and_then(|all| all.get_key_value(name))
                && names.insert(name)
            {
                references(target, whole, names);
            }
            object.values().for_each(|value| references(value, whole, names));
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, whole, names)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole() -> Value {
        json!({
            "$id": "urn:x", "title": "x", "type": "object",
            "properties": {
                "change": { "$ref": "#/$defs/Change" },
                "patient": { "anyOf": [{ "$ref": "#/$defs/Patient" }, { "type": "null" }] },
                "results": { "type": "array", "items": { "$ref": "#/$defs/Result" }, "description": "Results." },
                "unmapped": { "type": "object", "propertyNames": {}, "additionalProperties": { "type": "string" } },
            },
            "required": ["change", "results"],
            "$defs": {
                "Change": { "enum": ["created"] },
                "Name": { "type": "string" },
                "Patient": {
                    "type": "object",
                    "properties": { "at": { "type": "string" }, "id": { "type": "string" }, "name": { "$ref": "#/$defs/Name" } },
                    "required": ["at", "id", "name"],
                },
                "Result": { "type": "object", "properties": { "value": { "$ref": "#/$defs/Name" } }, "required": ["value"] },
            },
        })
    }

    fn contract<const N: usize>(fields: [&str; N]) -> Value {
        Disclosure::new("d", fields).contract(&whole())
    }

    #[test]
    fn only_what_is_listed_is_in_the_contract_and_it_is_closed() {
        let contract = contract(["patient.id"]);
        let properties: Vec<_> = contract["properties"].as_object().unwrap().keys().collect();
        assert_eq!(properties, ["change", "patient"]);
        assert_eq!(contract["required"], json!(["change"]));
        assert_eq!(contract["additionalProperties"], false);
        let patient = &contract["properties"]["patient"]["anyOf"][0];
        assert_eq!(patient["required"], json!(["at", "id"]));
        assert!(patient["properties"].get("name").is_none() && patient["additionalProperties"] == false);
        assert_eq!(contract["$defs"].as_object().unwrap().keys().collect::<Vec<_>>(), ["Change"]);
        assert_eq!(contract["$id"], "urn:x:d");
    }

    #[test]
    fn what_is_listed_whole_stays_as_it_is_with_all_that_it_refers_to() {
        let contract = contract(["results"]);
        assert_eq!(contract["properties"]["results"], whole()["properties"]["results"]);
        assert_eq!(
            contract["$defs"].as_object().unwrap().keys().collect::<Vec<_>>(),
            ["Change", "Name", "Result"]
        );
    }

    #[test]
    fn of_values_by_place_only_the_named_ones_are_there() {
        let contract = contract(["unmapped.ZPD-1.2"]);
        let unmapped = &contract["properties"]["unmapped"];
        assert_eq!(unmapped["properties"], json!({ "ZPD-1.2": { "type": "string" } }));
        assert_eq!(unmapped["additionalProperties"], false);
    }
}
