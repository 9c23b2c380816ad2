//! Whether a schema breaks the promise of an earlier one: an event of the new one must be an event of the old one.
//!
//! The hub is the producer; who reads an event was written against the old schema. What it relied on must still hold:
//! a field that was always there is there, a field that could be there still can, a value is of a type, word and form
//! that was possible before. More fields are no break, nor are fewer words or a narrower form.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// What of the new schema breaks the old one, each as `<path>: <what>`. Nothing where every reader of the old one can
/// read the new one's events.
pub fn breaking_changes(old: &Value, new: &Value) -> Vec<String> {
    let mut comparison = Comparison { old, new, seen: BTreeSet::new(), breaks: Vec::new() };
    comparison.compare("", old, new);
    comparison.breaks
}

struct Comparison<'s> {
    old: &'s Value,
    new: &'s Value,
    /// Pairs of definitions that were compared: they may refer to themselves.
    seen: BTreeSet<(&'s str, &'s str)>,
    breaks: Vec<String>,
}

impl<'s> Comparison<'s> {
    fn compare(&mut self, path: &str, old: &'s Value, new: &'s Value) {
        let ((old, old_name), (new, new_name)) = (resolve(self.old, old), resolve(self.new, new));
        if !old_name.is_empty() && !new_name.is_empty() && !self.seen.insert((old_name, new_name)) {
            return;
        }
        // A schema that allows anything promises nothing.
        if is_anything(old) {
            return;
        }
        self.types(path, old, new);
        self.words(path, old, new);
        self.form(path, old, new);
        self.properties(path, old, new);
        self.entries(path, old, new);
        if let (Some(old), Some(new)) = (old.get("items"), new.get("items")) {
            self.compare(&format!("{path}[]"), old, new);
        }
    }

    fn report(&mut self, path: &str, what: impl std::fmt::Display) {
        let path = if path.is_empty() { "the event" } else { path };
        self.breaks.push(format!("{path}: {what}"));
    }

    /// A value can be of no type that it could not be of before.
    fn types(&mut self, path: &str, old: &Value, new: &Value) {
        let (old, new) = (types(old), types(new));
        for word in &new {
            let wider = *word == "integer" && old.contains("number");
            if !old.is_empty() && !old.contains(word) && !wider {
                self.report(path, format_args!("can be {word}, which it could not"));
            }
        }
        if new.is_empty() && !old.is_empty() {
            self.report(path, "can be of any type, which it could not");
        }
    }

    /// A reader that was promised a closed list of words has no branch for another.
    fn words(&mut self, path: &str, old: &Value, new: &Value) {
        let (Some(old), new) = (words(old), words(new)) else { return };
        match new {
            None => self.report(path, "can be any text, and was one of a list of words"),
            Some(new) => {
                for word in new.difference(&old) {
                    self.report(path, format_args!("can be \"{word}\", which is a new word"));
                }
            }
        }
    }

    /// Patterns and formats: whether one pattern is narrower than another can't be told, so every other one breaks.
    fn form(&mut self, path: &str, old: &Value, new: &Value) {
        for key in [
            "pattern",
            "format",
            "const",
            "minimum",
            "maximum",
            "minLength",
            "maxLength",
            "minItems",
            "maxItems",
        ] {
            if let Some(promised) = old.get(key)
                && new.get(key) != Some(promised)
            {
                self.report(path, format_args!("{key} was {promised}"));
            }
        }
    }

    fn properties(&mut self, path: &str, old: &'s Value, new: &'s Value) {
        let (Some(before), Some(after)) = (properties(old), properties(new)) else { return };
        for (name, schema) in before {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            let Some(now) = after.get(name) else {
                self.report(&path, "is gone");
                continue;
            };
            if requires(old, name) && !requires(new, name) {
                self.report(&path, "was always there, and may be absent");
            }
            self.compare(&path, schema, now);
        }
        if old.get("additionalProperties") == Some(&Value::Bool(false)) {
            for name in after.keys().filter(|name| !before.contains_key(*name)) {
                self.report(path, format_args!("has \"{name}\", and was closed"));
            }
            if new.get("additionalProperties") != Some(&Value::Bool(false)) {
                self.report(path, "may have other fields, and was closed");
            }
        }
    }

    /// Maps: the form of the keys and the schema of the values.
    fn entries(&mut self, path: &str, old: &'s Value, new: &'s Value) {
        for (key, at) in [("propertyNames", "{key}"), ("additionalProperties", "{value}")] {
            let Some(before) = old.get(key).filter(|schema| schema.is_object()) else { continue };
            match new.get(key).filter(|schema| schema.is_object()) {
                Some(after) => self.compare(&format!("{path}.{at}"), before, after),
                None => self.report(&format!("{path}.{at}"), "has no form any more"),
            }
        }
    }
}

/// Follows references, and takes the other of "this or null": a value that is null is written as an absent one.
fn resolve<'s>(root: &'s Value, mut schema: &'s Value) -> (&'s Value, &'s str) {
    let mut name = "";
    loop {
        let target =
            schema.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix("#/$defs/"));
        let options = schema.get("anyOf").and_then(Value::as_array);
        let next = match (target, options) {
            (Some(target), _) => {
                name = target;
                root.get("$defs").and_then(|definitions| definitions.get(target))
            }
            (None, Some(options)) => options.iter().find(|option| option.get("type") != Some(&"null".into())),
            (None, None) => None,
        };
        match next {
            Some(next) => schema = next,
            None => return (schema, name),
        }
    }
}

fn is_anything(schema: &Value) -> bool {
    schema == &Value::Bool(true) || schema.as_object().is_some_and(Map::is_empty)
}

/// The types, without null.
fn types(schema: &Value) -> BTreeSet<&str> {
    let own = schema.get("type").into_iter();
    let of_words = schema.get("oneOf").and_then(Value::as_array).into_iter().flatten();
    let all = own.chain(of_words.filter_map(|option| option.get("type")));
    let words = all.flat_map(|types| match types {
        Value::Array(types) => types.iter().collect(),
        one => vec![one],
    });
    words.filter_map(Value::as_str).filter(|word| *word != "null").collect()
}

/// The words of a closed list.
fn words(schema: &Value) -> Option<BTreeSet<&str>> {
    let constants = schema.get("oneOf").and_then(Value::as_array);
    let constants = constants.into_iter().flatten().filter_map(|option| option.get("const"));
    let listed = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
    let options = schema.get("oneOf").and_then(Value::as_array).into_iter().flatten();
    let nested = options.filter_map(|option| option.get("enum").and_then(Value::as_array)).flatten();
    let words: BTreeSet<_> = constants.chain(listed).chain(nested).filter_map(Value::as_str).collect();
    (!words.is_empty()).then_some(words)
}

fn properties(schema: &Value) -> Option<&Map<String, Value>> {
    schema.get("properties").and_then(Value::as_object)
}

fn requires(schema: &Value, name: &str) -> bool {
    let required = schema.get("required").and_then(Value::as_array);
    required.into_iter().flatten().any(|required| required == name)
}

#[cfg(test)]
mod tests;
