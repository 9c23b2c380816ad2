//! The fields of a kind's schema as rows for people.

use std::collections::BTreeSet;

use musubi::canonical::{Kind, schema};
use serde_json::{Map, Value};

use super::explained::EXPLAINED;

/// One field.
pub(super) struct Field {
    /// Path from the object that the table is about; `[]` stands for each element of a list.
    pub(super) path: String,
    pub(super) what: String,
    pub(super) always: bool,
    /// HL7 place, or another source.
    pub(super) from: Option<String>,
    pub(super) meaning: String,
}

/// What every event has beside what its kind adds.
pub(super) const COMMON: [&str; 7] =
    ["change", "message", "patient", "visit", "known_allergies", "unmapped", "findings"];

/// Types that are a value to a reader.
const VALUES: [(&str, &str); 3] = [("PartialTime", "time"), ("Place", "place"), ("Unmapped", "map")];

/// A word of an enum and what it means.
pub(super) type Word = (String, String);

/// The schemas of all kinds.
pub(super) struct Model {
    pub(super) schemas: Vec<(Kind, Value)>,
    /// Definitions that several kinds use, which are described on the common page.
    pub(super) shared: BTreeSet<String>,
}

impl Model {
    pub(super) fn new() -> Self {
        let schemas: Vec<_> = Kind::ALL.into_iter().map(|kind| (kind, schema(kind))).collect();
        let of = |schema: &Value| definitions(schema).keys().cloned().collect::<BTreeSet<_>>();
        let names: BTreeSet<_> = schemas.iter().flat_map(|(_, schema)| of(schema)).collect();
        let used = |name: &String| {
            schemas.iter().filter(|(_, schema)| definitions(schema).contains_key(name)).count()
        };
        let shared = names.into_iter().filter(|name| used(name) > 1 && !is_value(name)).collect();
        Self { schemas, shared }
    }

    /// A definition by its name.
    pub(super) fn definition(&self, name: &str) -> &Value {
        self.schemas.iter().find_map(|(_, schema)| definitions(schema).get(name)).unwrap()
    }

    /// The rows of an object and of the objects in it that have no table of their own.
    pub(super) fn rows(
        &self,
        owner: &str,
        object: &Value,
        names: &dyn Fn(&str) -> bool,
        page: &str,
    ) -> Vec<Field> {
        let mut rows = Vec::new();
        self.add_rows(owner, object, "", names, page, &mut rows);
        rows
    }

    fn add_rows(
        &self,
        owner: &str,
        object: &Value,
        prefix: &str,
        names: &dyn Fn(&str) -> bool,
        page: &str,
        rows: &mut Vec<Field>,
    ) {
        let required: Vec<_> =
            object["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let properties = object["properties"].as_object().into_iter().flatten();
        for (name, value) in properties.filter(|(name, _)| names(name)) {
            let (target, is_list) = target(value);
            let inner = target.as_deref().filter(|name| self.is_inline(name));
            rows.push(Field {
                path: format!("{prefix}{name}"),
                what: self.describe(value, target.as_deref(), is_list, page),
                always: required.contains(&name.as_str()),
                from: from(owner, name, value, target.as_deref().is_some_and(|name| self.is_object(name))),
                meaning: line(value["description"].as_str().unwrap_or_default()),
            });
            if let Some(inner) = inner {
                let prefix = format!("{prefix}{name}{}.", if is_list { "[]" } else { "" });
                self.add_rows(inner, self.definition(inner), &prefix, &|_| true, page, rows);
            }
        }
    }

    pub(super) fn is_object(&self, name: &str) -> bool {
        !is_value(name) && self.definition(name)["type"] == "object"
    }

    fn is_inline(&self, name: &str) -> bool {
        self.is_object(name) && !self.shared.contains(name)
    }

    fn describe(&self, value: &Value, target: Option<&str>, is_list: bool, page: &str) -> String {
        let one = match target {
            Some(name) if is_value(name) => {
                VALUES.iter().find(|(known, _)| *known == name).unwrap().1.to_owned()
            }
            Some(name) if self.is_inline(name) => "object".to_owned(),
            Some(name) => {
                let file = if self.shared.contains(name) && page != "common.md" { "common.md" } else { "" };
                format!("[{name}]({file}#{})", name.to_lowercase())
            }
            None => {
                let typed = if is_list { &value["items"] } else { value };
                let types = match &typed["type"] {
                    Value::Array(types) => types.clone(),
                    one => vec![one.clone()],
                };
                let word = types.iter().filter_map(Value::as_str).find(|word| *word != "null");
                match word.unwrap_or("object") {
                    "string" => "text".to_owned(),
                    "integer" | "number" => "number".to_owned(),
                    "boolean" => "true, false".to_owned(),
                    other => other.to_owned(),
                }
            }
        };
        if is_list { format!("list: {one}") } else { one }
    }

    /// The enums that the fields of an object use, also of objects in it, that are not described elsewhere.
    pub(super) fn words(&self, kind: &Value) -> Vec<(String, Vec<Word>)> {
        let own = definitions(kind).iter().filter(|(name, _)| !self.shared.contains(*name));
        own.filter_map(|(name, definition)| Some((name.clone(), words(definition)?))).collect()
    }
}

/// The words of an enum.
pub(super) fn words(definition: &Value) -> Option<Vec<Word>> {
    let text = |value: &Value| line(value.as_str().unwrap_or_default());
    let described = definition.get("oneOf").and_then(Value::as_array).into_iter().flatten();
    let described = described.map(|option| (text(&option["const"]), text(&option["description"])));
    let plain = definition.get("enum").and_then(Value::as_array).into_iter().flatten();
    let words: Vec<_> = described.chain(plain.map(|word| (text(word), String::new()))).collect();
    (!words.is_empty()).then_some(words)
}

fn definitions(schema: &Value) -> &Map<String, Value> {
    schema["$defs"].as_object().unwrap()
}

fn is_value(name: &str) -> bool {
    VALUES.iter().any(|(known, _)| *known == name)
}

/// The definition that a property refers to, and whether it is a list.
fn target(value: &Value) -> (Option<String>, bool) {
    let name = |value: &Value| {
        let path = value["$ref"].as_str().or_else(|| {
            value["anyOf"].as_array().into_iter().flatten().find_map(|option| option["$ref"].as_str())
        })?;
        Some(path.strip_prefix("#/$defs/").unwrap().to_owned())
    };
    match value.get("items") {
        Some(items) => (name(items), true),
        None => (name(value), false),
    }
}

fn from(owner: &str, name: &str, value: &Value, is_object: bool) -> Option<String> {
    if let Some(place) = value["x-hl7"].as_str() {
        return Some(line(place));
    }
    if name == "at" {
        return Some("its place".into());
    }
    let known = EXPLAINED.iter().find(|(known, _)| {
        known
            .split_once('.')
            .is_some_and(|(of, field)| field == name && (of == owner || of == "*" && is_kind(owner)))
    });
    match known {
        Some((_, source)) => Some((*source).to_owned()),
        None if is_object => Some("see its fields".into()),
        None => None,
    }
}

fn is_kind(owner: &str) -> bool {
    Kind::parse(owner).is_some()
}

/// Text for a cell of a table.
fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}
