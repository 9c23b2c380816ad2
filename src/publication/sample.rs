//! An invented value (架空) for a schema: what a body of a topic looks like.

use serde_json::{Map, Value, json};

/// Below this an object has only what it must have, and a list nothing.
const DEEP: usize = 5;
/// No schema of ours is deeper; one that holds itself ends here.
const DEEPEST: usize = 24;

/// A value that is valid for a schema of ours.
pub fn sample(schema: &Value) -> Value {
    of(schema, schema, "", 0)
}

fn of(schema: &Value, root: &Value, name: &str, depth: usize) -> Value {
    if depth > DEEPEST {
        return Value::Null;
    }
    if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
        let found = target.strip_prefix('#').and_then(|pointer| root.pointer(pointer));
        return found.map_or(Value::Null, |found| of(found, root, name, depth));
    }
    if let Some(fixed) = schema.get("const") {
        return fixed.clone();
    }
    if let Some(first) = list(schema, "enum").first() {
        return first.clone();
    }
    for choice in ["oneOf", "anyOf"] {
        if let Some(first) = list(schema, choice).iter().find(|one| !is_null(one)) {
            return of(first, root, name, depth);
        }
    }
    let types = match schema.get("type") {
        Some(Value::Array(types)) => types.iter().find(|one| *one != "null").and_then(Value::as_str),
        one => one.and_then(Value::as_str),
    };
    match types {
        Some("object") => object(schema, root, depth),
        Some("array") => array(schema, root, name, depth),
        Some("string") => json!(text(schema, name)),
        Some("integer") => schema.get("minimum").cloned().unwrap_or_else(|| json!(1)),
        Some("number") => json!(1.5),
        Some("boolean") => json!(true),
        _ => Value::Null,
    }
}

fn object(schema: &Value, root: &Value, depth: usize) -> Value {
    let required = list(schema, "required");
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return json!({}) };
    let wanted = properties.iter().filter(|(name, schema)| {
        required.iter().any(|one| one == *name) || (depth < DEEP && !schema_of_nothing(schema))
    });
    let made = wanted.map(|(name, schema)| (name.clone(), of(schema, root, name, depth + 1)));
    Value::Object(made.collect::<Map<_, _>>())
}

fn array(schema: &Value, root: &Value, name: &str, depth: usize) -> Value {
    let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0);
    let prefix: Vec<_> =
        list(schema, "prefixItems").iter().map(|one| of(one, root, name, depth + 1)).collect();
    if !prefix.is_empty() {
        return Value::Array(prefix);
    }
    match schema.get("items") {
        Some(items) if depth < DEEP || least > 0 => Value::Array(vec![of(items, root, name, depth + 1)]),
        _ => json!([]),
    }
}

/// Text that a reader takes for what it stands for, and for nobody's.
fn text(schema: &Value, name: &str) -> &'static str {
    let says = |key: &str, word: &str| {
        schema.get(key).and_then(Value::as_str).is_some_and(|text| text.contains(word))
    };
    if says("pattern", "T\\d{2}") {
        return "2026-11-20T10:15:00+09:00";
    }
    if says("pattern", "^.{3}") {
        return "PID-5.1";
    }
    match name {
        "facility" | "sender" => "3210100018",
        "family" => "架空",
        "given" => "花子",
        "id" | "former_id" | "into" => "0000000001",
        "network_id" => "900000000001",
        "control_id" | "answers" => "20261120101500001",
        "type" => "ADT^A08",
        "version" => "2.5",
        "time" => "2026-11-20T10:15:00+09:00",
        "specversion" => "1.0",
        "media_type" | "datacontenttype" => "application/json",
        _ => "（架空）",
    }
}

fn list<'v>(schema: &'v Value, key: &str) -> &'v [Value] {
    schema.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn is_null(schema: &Value) -> bool {
    schema.get("type").is_some_and(|of| of == "null")
}

/// `false`, or a schema that only says what something is not.
fn schema_of_nothing(schema: &Value) -> bool {
    schema.as_object().is_none_or(Map::is_empty)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publication::schemas;

    #[test]
    fn the_sample_of_every_published_schema_is_valid() {
        for (file, schema) in schemas() {
            let sample = sample(&schema);
            let validator = jsonschema::validator_for(&schema).unwrap();
            let faults: Vec<_> = validator.iter_errors(&sample).map(|error| error.to_string()).collect();
            assert!(faults.is_empty(), "{file}: {faults:?}\n{sample:#}");
        }
    }
}
