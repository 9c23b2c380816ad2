//! Dates and times as precise as they were given.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use super::short::Short;

/// How much of a time was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Precision {
    /// `2011`
    Year,
    /// `2011-12`
    Month,
    /// `2011-12-20`
    Day,
    /// `2011-12-20T22:44+09:00`: an HL7 time to the hour is written with minute 00.
    Minute,
    /// `2011-12-20T22:44:47+09:00`
    Second,
    /// `2011-12-20T22:44:47.3399+09:00`, with as many digits as were given.
    Fraction(u8),
}

/// A date or time with the precision and zone it was given in; ISO 8601 when written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartialTime {
    /// How much of it was given.
    pub precision: Precision,
    /// Year, 0 to 9999.
    pub year: u16,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day of the month.
    pub day: u8,
    /// Hour, 0 to 23.
    pub hour: u8,
    /// Minute.
    pub minute: u8,
    /// Second, 0 to 59.
    pub second: u8,
    /// The digits of the fraction, as a number.
    pub fraction: u32,
    /// Minutes east of UTC; always known where there is an hour.
    pub offset: i16,
}

impl PartialTime {
    fn text(&self) -> Short {
        let mut text = Short::new();
        let mut part = |mark: u8, number: u32, width| {
            if mark != 0 {
                text.push(mark);
            }
            text.number(number, width);
        };
        part(0, self.year.into(), 4);
        if self.precision >= Precision::Month {
            part(b'-', self.month.into(), 2);
        }
        if self.precision >= Precision::Day {
            part(b'-', self.day.into(), 2);
        }
        if self.precision < Precision::Minute {
            return text;
        }
        part(b'T', self.hour.into(), 2);
        part(b':', self.minute.into(), 2);
        if self.precision >= Precision::Second {
            part(b':', self.second.into(), 2);
        }
        if let Precision::Fraction(digits) = self.precision {
            part(b'.', self.fraction, digits.into());
        }
        let offset = self.offset.unsigned_abs();
        part(if self.offset < 0 { b'-' } else { b'+' }, (offset / 60).into(), 2);
        part(b':', (offset % 60).into(), 2);
        text
    }
}

impl fmt::Display for PartialTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text().as_str())
    }
}

impl Serialize for PartialTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.text().as_str())
    }
}

impl JsonSchema for PartialTime {
    fn schema_name() -> Cow<'static, str> {
        "PartialTime".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "ISO 8601 date or time with exactly the precision that was given; times carry their offset.",
            "pattern": r"^\d{4}(-\d{2}(-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?[+-]\d{2}:\d{2})?)?)?$"
        })
    }
}
