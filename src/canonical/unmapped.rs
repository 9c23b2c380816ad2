//! What of a message no field of the event holds.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::place::PATTERN;
use super::{Place, Text};

/// Every value of the message that no other field of the event holds, by its place: nothing that was sent is lost.
///
/// The places are as exact as the values are divided (`PV1-3.4`, `TQ1-3.1.2`); escapes are resolved. `""`, HL7's
/// explicit "no value", stands here as it was sent. Set ids that only count their segments are left out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Unmapped<'m>(pub Vec<(Place, Text<'m>)>);

impl Unmapped<'_> {
    /// Whether everything was mapped.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Unmapped<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        self.0.iter().try_for_each(|(place, value)| map.serialize_entry(place, value))?;
        map.end()
    }
}

impl JsonSchema for Unmapped<'_> {
    fn schema_name() -> Cow<'static, str> {
        "Unmapped".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "Every value of the message that no other field of the event holds, by its place \
                (`PV1-3.4`), with escapes resolved. `\"\"` is HL7's explicit \"no value\".",
            "propertyNames": { "pattern": PATTERN },
            "additionalProperties": { "type": "string" }
        })
    }
}
