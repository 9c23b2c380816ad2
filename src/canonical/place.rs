//! Where in a message a value stood.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use super::short::Short;

/// How a place is written.
pub(super) const PATTERN: &str = r"^.{3}(\[[0-9]+\])?(-[0-9]+(\[[0-9]+\])?(\.[0-9]+(\.[0-9]+)?)?)?$";

/// A place in an HL7 message, written like `PID-5[2].1` or `OBX[3]-5`. A part that is 0 is not said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
    /// Subcomponent, from 1.
    pub subcomponent: u16,
}

impl Place {
    /// The place of a segment.
    pub const fn segment(segment: [u8; 3], occurrence: u16) -> Self {
        Self { segment, occurrence, field: 0, repetition: 0, component: 0, subcomponent: 0 }
    }

    /// The place of a field's repetition of this segment.
    #[must_use]
    pub const fn of(self, field: u16, repetition: u16) -> Self {
        Self { field, repetition, ..self }
    }

    /// Reads a place as it is written; none for any other text, such as `PID[1]-5`, whose `[1]` is never said.
    pub fn parse(text: &str) -> Option<Self> {
        let (head, tail) = text.split_once('-').map_or((text, None), |(head, tail)| (head, Some(tail)));
        let (name, occurrence) = counted(head)?;
        let mut place = Self::segment(name.as_bytes().try_into().ok()?, occurrence);
        if let Some(tail) = tail {
            let mut parts = tail.split('.');
            let (field, repetition) = counted(parts.next()?)?;
            (place.field, place.repetition) = (field.parse().ok()?, repetition);
            for part in [&mut place.component, &mut place.subcomponent] {
                *part = parts.next().map_or(Some(0), |part| part.parse().ok())?;
            }
        }
        (place.to_string() == text).then_some(place)
    }

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
        if self.subcomponent > 0 {
            number(b'.', self.subcomponent, None);
        }
        text
    }
}

/// `OBX[3]` as `OBX` and 3; 1 where no number is said.
fn counted(text: &str) -> Option<(&str, u16)> {
    match text.strip_suffix(']') {
        Some(rest) => rest.split_once('[').and_then(|(name, count)| Some((name, count.parse().ok()?))),
        None => Some((text, 1)),
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
            "pattern": PATTERN
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_as_they_are_written() {
        for text in ["PID", "PID-5", "PID-5[2].1", "OBX[3]-5", "TQ1-3.1.2", "ZPD[2]-1[3].4.5"] {
            assert_eq!(Place::parse(text).map(|place| place.to_string()).as_deref(), Some(text));
        }
        for text in
            ["", "PI", "PID-", "PID-x", "PID[1]-5", "PID-5[1]", "PID-05", "PID-0", "PID-5.1.1.1", "患者-1"]
        {
            assert_eq!(Place::parse(text), None, "{text}");
        }
    }
}
