//! Where in a message a value stood.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use super::short::Short;

/// A place in an HL7 message, written like `PID-5[2].1` or `OBX[3]-5`. A part that is 0 is not said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Segment name.
    pub segment: [u8; 3],
    /// Which of the segments of that name, from 1; said from 2 on.
    pub occurrence: u16,
    /// Field number, from 1.
    pub field: u16,
    /// Repetition, from 1; said from 2 on.
    pub repetition: u16,
    /// Component, from 1.
    pub component: u16,
}

impl Place {
    /// The place of a field's repetition of this segment.
    #[must_use]
    pub const fn of(self, field: u16, repetition: u16) -> Self {
        Self { field, repetition, ..self }
    }
}

impl Place {
    fn text(&self) -> Short {
        let mut text = Short::new();
        self.segment.iter().for_each(|letter| text.push(*letter));
        let mut number = |before: u8, number: u16, after: Option<u8>| {
            text.push(before);
            text.number(number.into(), 1);
            after.into_iter().for_each(|after| text.push(after));
        };
        if self.occurrence > 1 {
            number(b'[', self.occurrence, Some(b']'));
        }
        if self.field > 0 {
            number(b'-', self.field, None);
        }
        if self.repetition > 1 {
            number(b'[', self.repetition, Some(b']'));
        }
        if self.component > 0 {
            number(b'.', self.component, None);
        }
        text
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text().as_str())
    }
}

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.text().as_str())
    }
}

impl JsonSchema for Place {
    fn schema_name() -> Cow<'static, str> {
        "Place".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "Where in the message the object stood: segment, field, repetition, component.",
            "pattern": r"^[A-Z][A-Z0-9]{2}(\[[0-9]+\])?(-[0-9]+(\[[0-9]+\])?(\.[0-9]+)?)?$"
        })
    }
}
