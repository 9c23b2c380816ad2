//! JSON objects of FHIR: nothing in them is null or empty, and what is required and unknown says that it is.

use serde_json::{Map, Value, json};

/// URL of the extension that stands where a required value is unknown (FHIR R4, 2.1.28.0.1 "extensibility").
const ABSENT: &str = "http://hl7.org/fhir/StructureDefinition/data-absent-reason";

/// An object under way.
#[derive(Default)]
pub(super) struct Object(Map<String, Value>);

impl Object {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// A resource that is made for a profile of JP Core.
    pub(super) fn resource(resource_type: &str, profile: &str) -> Self {
        let profile = format!("http://jpfhir.jp/fhir/core/StructureDefinition/{profile}");
        Self::new().put("resourceType", resource_type).put("meta", json!({ "profile": [profile] }))
    }

    /// Sets a value, unless there is none.
    #[must_use]
    pub(super) fn put(mut self, key: &str, value: impl Into<Given>) -> Self {
        if let Some(value) = value.into().0.filter(|value| !is_empty(value)) {
            self.0.insert(key.into(), value);
        }
        self
    }

    /// Sets an element of a complex type that the profile requires.
    #[must_use]
    pub(super) fn require(self, key: &str, value: Option<Value>) -> Self {
        self.put(key, value.unwrap_or_else(absent))
    }

    /// Sets an element of a primitive type that the profile requires.
    #[must_use]
    pub(super) fn require_primitive(self, key: &str, value: Option<Value>) -> Self {
        match value {
            Some(value) => self.put(key, value),
            None => self.put(&format!("_{key}"), absent()),
        }
    }

    /// The object, unless nothing is in it.
    pub(super) fn some(self) -> Option<Value> {
        (!self.0.is_empty()).then_some(Value::Object(self.0))
    }

    pub(super) fn value(self) -> Value {
        Value::Object(self.0)
    }
}

/// An element of which only is known that it is unknown.
pub(super) fn absent() -> Value {
    json!({ "extension": [{ "url": ABSENT, "valueCode": "unknown" }] })
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(object) => object.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// A value, or none.
pub(super) struct Given(Option<Value>);

impl From<Value> for Given {
    fn from(value: Value) -> Self {
        Self(Some(value))
    }
}

impl From<Option<Value>> for Given {
    fn from(value: Option<Value>) -> Self {
        Self(value)
    }
}

impl From<&str> for Given {
    fn from(text: &str) -> Self {
        Self(Some(text.into()))
    }
}

impl From<Option<&str>> for Given {
    fn from(text: Option<&str>) -> Self {
        Self(text.map(Value::from))
    }
}

impl From<Option<String>> for Given {
    fn from(text: Option<String>) -> Self {
        Self(text.map(Value::from))
    }
}

impl From<String> for Given {
    fn from(text: String) -> Self {
        Self(Some(text.into()))
    }
}

impl From<Vec<Value>> for Given {
    fn from(list: Vec<Value>) -> Self {
        Self(Some(list.into()))
    }
}

impl From<bool> for Given {
    fn from(flag: bool) -> Self {
        Self(Some(flag.into()))
    }
}
