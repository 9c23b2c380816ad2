use serde_json::json;

use super::*;

#[track_caller]
fn check(old: Value, new: Value, expected: &[&str]) {
    assert_eq!(breaking_changes(&old, &new), expected, "{old} -> {new}");
}

fn object(properties: Value, required: &[&str]) -> Value {
    json!({ "type": "object", "properties": properties, "required": required })
}

#[test]
fn what_was_there_stays_there() {
    let old = object(json!({ "a": { "type": "string" }, "b": { "type": "string" } }), &["a"]);
    check(old.clone(), old.clone(), &[]);
    check(old.clone(), object(json!({ "a": { "type": "string" } }), &["a"]), &["b: is gone"]);
    let optional = object(json!({ "a": { "type": "string" }, "b": { "type": "string" } }), &[]);
    check(old.clone(), optional.clone(), &["a: was always there, and may be absent"]);
    check(optional, old.clone(), &[]);
    let more = object(json!({ "a": { "type": "string" }, "b": { "type": "string" }, "c": {} }), &["a", "c"]);
    check(old, more, &[]);
}

#[test]
fn what_was_closed_stays_closed() {
    let closed = |properties: Value| json!({ "type": "object", "properties": properties, "additionalProperties": false });
    check(closed(json!({})), closed(json!({ "a": {} })), &["the event: has \"a\", and was closed"]);
    let open = json!({ "type": "object", "properties": {} });
    check(closed(json!({})), open, &["the event: may have other fields, and was closed"]);
}

#[test]
fn a_value_keeps_its_type() {
    let of = |types: Value| json!({ "type": types });
    check(of(json!("string")), of(json!("number")), &["the event: can be number, which it could not"]);
    check(of(json!("number")), of(json!("integer")), &[]);
    check(of(json!("integer")), of(json!("number")), &["the event: can be number, which it could not"]);
    check(of(json!(["string", "number"])), of(json!("string")), &[]);
    check(of(json!("string")), json!({}), &["the event: can be of any type, which it could not"]);
    check(json!({}), of(json!("string")), &[]);
    // "This or null": the value is absent then.
    check(of(json!("string")), of(json!(["string", "null"])), &[]);
}

#[test]
fn a_new_word_breaks_and_one_that_is_no_more_sent_does_not() {
    let list = |words: &[&str]| json!({ "type": "string", "enum": words });
    check(list(&["a", "b"]), list(&["a"]), &[]);
    check(list(&["a"]), list(&["a", "b"]), &["the event: can be \"b\", which is a new word"]);
    let described =
        json!({ "oneOf": [{ "type": "string", "const": "a" }, { "type": "string", "const": "b" }] });
    check(described.clone(), list(&["b"]), &[]);
    check(list(&["b"]), described, &["the event: can be \"a\", which is a new word"]);
    check(
        list(&["a"]),
        json!({ "type": "string" }),
        &["the event: can be any text, and was one of a list of words"],
    );
}

#[test]
fn a_form_that_was_promised_is_kept() {
    let pattern = |pattern: &str| json!({ "type": "string", "pattern": pattern });
    check(json!({ "type": "string" }), pattern("^a$"), &[]);
    check(pattern("^a$"), json!({ "type": "string" }), &["the event: pattern was \"^a$\""]);
    check(pattern("^a$"), pattern("^.$"), &["the event: pattern was \"^a$\""]);
}

#[test]
fn lists_maps_and_definitions_are_followed() {
    let with = |inner: Value| {
        json!({
            "type": "object",
            "properties": {
                "list": { "type": "array", "items": { "$ref": "#/$defs/Inner" } },
                "one": { "anyOf": [{ "$ref": "#/$defs/Inner" }, { "type": "null" }] },
                "map": { "type": "object", "additionalProperties": { "type": "string" } },
            },
            "$defs": { "Inner": { "type": "object", "properties": { "x": inner, "again": { "$ref": "#/$defs/Inner" } } } },
        })
    };
    check(with(json!({ "type": "string" })), with(json!({ "type": "string" })), &[]);
    check(
        with(json!({ "type": "string" })),
        with(json!({ "type": "number" })),
        &["list[].x: can be number, which it could not"],
    );
    let mut other = with(json!({ "type": "string" }));
    other["properties"]["map"]["additionalProperties"] = json!({ "type": "number" });
    check(with(json!({ "type": "string" })), other, &["map.{value}: can be number, which it could not"]);
}

/// Every kind's schema as it is, with each of its properties taken out in turn: each is missed.
#[test]
fn a_property_that_any_kind_loses_is_missed() {
    for kind in crate::canonical::Kind::ALL {
        let whole = crate::canonical::schema(kind);
        assert_eq!(breaking_changes(&whole, &whole), Vec::<String>::new());
        let names: Vec<_> = whole["properties"].as_object().unwrap().keys().cloned().collect();
        for name in names {
            let mut less = whole.clone();
            less["properties"].as_object_mut().unwrap().remove(&name);
            assert_eq!(breaking_changes(&whole, &less), [format!("{name}: is gone")]);
        }
    }
}
