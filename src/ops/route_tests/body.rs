//! What leaves, value by value.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::route;

/// Every value by its path, with the numbers of elements from 0; as JSON writes it.
pub(super) fn values(body: &Value) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    each(body, "", &mut |path, value| drop(found.insert(path.to_owned(), value.to_string())));
    found
}

/// Paths of all values, through lists; not `change` and `at`, which always leave.
pub(super) fn paths(body: &Value) -> BTreeSet<String> {
    let is_name = |key: &&str| !key.bytes().all(|byte| byte.is_ascii_digit());
    let mut found = BTreeSet::new();
    each(body, "", &mut |path, _| {
        let keys: Vec<_> = route::keys(path).filter(is_name).collect();
        if !keys.contains(&"at") && keys != ["change"] {
            found.insert(keys.join("."));
        }
    });
    found
}

/// Calls for every value that is neither a list nor an object, nor nothing.
fn each(value: &Value, path: &str, found: &mut dyn FnMut(&str, &Value)) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match value {
        Value::Array(elements) => {
            elements.iter().enumerate().for_each(|(at, one)| each(one, &below(&at.to_string()), found));
        }
        Value::Object(fields) => fields.iter().for_each(|(key, one)| each(one, &below(key), found)),
        Value::Null => {}
        value => found(path, value),
    }
}

/// The text of the value at a path; nothing where there is none, or a list or object.
pub(super) fn value(body: &Value, path: &str) -> Option<String> {
    let step = |value: &'_ Value, key: &str| match value {
        Value::Array(elements) => elements.get(key.parse::<usize>().ok()?).cloned(),
        value => value.get(key).cloned(),
    };
    match route::keys(path).try_fold(body.clone(), |value, key| step(&value, key))? {
        Value::String(text) => Some(text),
        Value::Array(_) | Value::Object(_) | Value::Null => None,
        value => Some(value.to_string()),
    }
}

/// Whether a path is that field, or lies below it.
pub(super) fn is_within(path: &str, field: &str) -> bool {
    path.strip_prefix(field).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_found_by_their_path() {
        let body = json!({
            "change": "created", "n": null, "at": "MSH",
            "results": [{ "value": { "number": "12" } }, { "final": true, "at": "OBX[2]" }],
            "unmapped": { "PV1-3.4": "x" },
        });
        for (path, found) in [
            ("results.0.value.number", Some("12")),
            ("results.1.final", Some("true")),
            ("unmapped.PV1-3.4", Some("x")),
            ("results.2.final", None),
            ("results.0.value", None),
            ("n", None),
        ] {
            assert_eq!(value(&body, path).as_deref(), found, "{path}");
        }
        assert_eq!(
            Vec::from_iter(paths(&body)),
            ["results.final", "results.value.number", "unmapped.PV1-3.4"]
        );
        assert_eq!(values(&body).get("results.1.final").map(String::as_str), Some("true"));
    }
}
