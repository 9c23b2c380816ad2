//! The JSON Schema of a file, for editors: it completes and explains keys. What is right is for the reader to say.
//!
//! Draft 7, which every editor of TOML knows.

use serde_json::{Map, Value, json};

use super::File;
use super::key::{Key, Need, Shape, Table};

pub(super) fn of(file: &File) -> Value {
    let mut tables = file.tables.iter();
    let mut schema = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": format!("urn:musubi:config:{}.v1", file.stem),
    });
    if let (Some(root), Some(top)) = (tables.next().map(table), schema.as_object_mut()) {
        top.extend(root);
        let definitions: Map<_, _> =
            tables.map(|one| (one.id.to_owned(), Value::Object(table(one)))).collect();
        top.insert("definitions".into(), definitions.into());
    }
    schema
}

fn table(table: &Table) -> Map<String, Value> {
    let properties: Map<_, _> = table.keys.iter().map(|key| (key.name.to_owned(), property(key))).collect();
    let required = table.keys.iter().filter(|key| key.need == Need::Required).map(|key| key.name);
    let members = [
        ("title", table.title.into()),
        ("description", table.meaning.into()),
        ("type", "object".into()),
        ("properties", properties.into()),
        ("required", required.collect::<Vec<_>>().into()),
        ("additionalProperties", false.into()),
    ];
    members.map(|(name, value): (&str, Value)| (name.to_owned(), value)).into_iter().collect()
}

fn property(key: &Key) -> Value {
    let default = match &key.need {
        Need::Required => " (must be given)".to_owned(),
        Need::Default(default) => format!(" (default: {default})"),
        Need::Optional => String::new(),
    };
    let shown = shape(&key.shape);
    // Beside a reference nothing else would count.
    let mut property = match shown.get("$ref") {
        Some(_) => json!({"allOf": [shown]}),
        None => shown,
    };
    property["description"] = format!("{}{default}\n\n{} = {}", key.meaning, key.name, key.example).into();
    property
}

fn shape(of: &Shape) -> Value {
    let text = |pattern: &str| json!({"type": "string", "pattern": pattern});
    match of {
        Shape::Text | Shape::Address | Shape::Field => json!({"type": "string"}),
        Shape::Name => text("^[a-z0-9][a-z0-9-]{0,63}$"),
        Shape::Topic => text("^[a-z0-9][a-z0-9-]{0,63}([.][a-z0-9][a-z0-9-]{0,63})*$"),
        Shape::Path => json!({"type": "string", "minLength": 1}),
        Shape::Duration => text("^[0-9]+(ms|s|m|h|d)$"),
        Shape::DurationOrNever => text("^([0-9]+(ms|s|m|h|d)|never)$"),
        Shape::Bytes => text("^[0-9]+ *(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)$"),
        Shape::Number(least, most) => json!({"type": "integer", "minimum": least, "maximum": most}),
        Shape::Flag => json!({"type": "boolean"}),
        Shape::Facility => text("^(0[1-9]|[1-3][0-9]|4[0-7])[13467][0-9]{7}$"),
        Shape::Scalar => json!({"type": ["string", "number", "boolean"]}),
        Shape::Bound => json!({"type": ["string", "number"]}),
        Shape::Word(words) => json!({"type": "string", "enum": words}),
        Shape::List(inner) => json!({"type": "array", "items": shape(inner), "minItems": 1}),
        Shape::AnyList(inner) => json!({"type": "array", "items": shape(inner)}),
        Shape::OneOrMore(inner) => json!({"anyOf": [shape(inner), shape(&Shape::List(inner.clone()))]}),
        Shape::Either(one, other) => json!({"anyOf": [shape(one), shape(other)]}),
        Shape::Map(inner) => json!({"type": "object", "additionalProperties": shape(inner)}),
        Shape::Table([one]) => json!({"$ref": format!("#/definitions/{one}")}),
        Shape::Table(several) => {
            let one = |id: &&str| json!({"$ref": format!("#/definitions/{id}")});
            json!({"anyOf": several.iter().map(one).collect::<Vec<_>>()})
        }
    }
}
