//! How a value is changed before it leaves: made more general, replaced by a stand-in, or blotted out.
//!
//! A value that does not fit is left out: nothing leaves as it is because a rule could not be applied to it.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value, json};

use super::area::Areas;
use super::band::Bands;
use super::disclose::Disclose;
use super::probe::{Scalar, Visit, probe};
use super::table::Table;

/// Stands where a text was.
pub const REDACTED: &str = "***";

/// How a value is changed.
#[derive(Debug, Clone)]
pub enum Transform {
    /// A birth date becomes the age band on the day of the event.
    AgeBand(Bands),
    /// A date or time becomes its year, month or day: no more precise than that, and no more than it was.
    Time(Unit),
    /// An address becomes the area that its municipality lies in.
    Area(Arc<Areas>),
    /// An address becomes its municipality.
    Municipality(Arc<Areas>),
    /// A postal code becomes its first three digits.
    PostalArea,
    /// A text becomes a stand-in that is the same for the same value of this field and facility.
    Pseudonym(Box<str>),
    /// A text becomes [`REDACTED`]: that there is one stays visible.
    Redact,
}

/// How much of a date or time is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// `2026`
    Year,
    /// `2026-11`
    Month,
    /// `2026-11-22`
    Day,
}

impl Unit {
    /// Characters of ISO 8601.
    pub(super) const fn length(self) -> usize {
        match self {
            Self::Year => 4,
            Self::Month => 7,
            Self::Day => 10,
        }
    }
}

/// What leaves instead of a value, or of a list of values.
#[derive(Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(super) enum Changed {
    One(String),
    Each(Vec<String>),
}

impl Transform {
    /// What leaves instead of the value; nothing where the value does not fit. Of a list, what fits.
    pub(super) fn of<T: Serialize + ?Sized>(&self, value: &T, context: &Disclose<'_>) -> Option<Changed> {
        let mut changing = Changing { transform: self, context, changed: None };
        probe(value, &[], &mut changing);
        changing.changed
    }

    fn text(&self, text: &str, context: &Disclose<'_>) -> Option<String> {
        match self {
            Self::AgeBand(bands) => bands.of(text, context.on?),
            Self::Time(unit) => begin_of_time(text, unit.length()),
            Self::Area(areas) => areas.find(text).map(|found| found.area.to_owned()),
            Self::Municipality(areas) => areas.find(text).map(|found| found.municipality.to_owned()),
            Self::PostalArea => postal_area(text),
            Self::Pseudonym(field) => Some((context.stand_in)(field, text)),
            Self::Redact => Some(REDACTED.to_owned()),
        }
    }

    /// Whether every text fits.
    const fn always_fits(&self) -> bool {
        matches!(self, Self::Pseudonym(_) | Self::Redact)
    }

    /// Whether it is certain that something leaves where there was a value.
    pub(super) fn keeps(&self, schema: &Value) -> bool {
        self.always_fits() || schema.get("items").is_some()
    }

    /// The table that it reads.
    pub(super) fn table(&self) -> Option<&Table> {
        match self {
            Self::Area(areas) | Self::Municipality(areas) => Some(&areas.table),
            _ => None,
        }
    }

    /// The JSON Schema of what leaves instead of a value that has this one, references resolved.
    pub(super) fn schema(&self, whole: &Value) -> Value {
        let said = whole.get("description").and_then(Value::as_str).unwrap_or_default();
        let description = format!("{said} {}", self.told());
        let mut schema = json!({ "description": description.trim_start() });
        let Some(object) = schema.as_object_mut() else { return schema };
        if let Some(field) = whole.get("x-hl7") {
            object.insert("x-hl7".into(), field.clone());
        }
        if whole.get("items").is_some() {
            object.insert("type".into(), "array".into());
            object.insert("items".into(), self.shape());
        } else if let Value::Object(shape) = self.shape() {
            object.extend(shape);
        }
        schema
    }

    /// The schema of one value.
    fn shape(&self) -> Value {
        match self {
            Self::AgeBand(bands) => json!({ "type": "string", "enum": bands.words() }),
            Self::Time(Unit::Year) => json!({ "type": "string", "pattern": r"^\d{4}$" }),
            Self::Time(Unit::Month) => json!({ "type": "string", "pattern": r"^\d{4}(-\d{2})?$" }),
            Self::Time(Unit::Day) => json!({ "type": "string", "pattern": r"^\d{4}(-\d{2}(-\d{2})?)?$" }),
            Self::Area(areas) => json!({ "type": "string", "enum": areas.areas() }),
            Self::Municipality(areas) => json!({ "type": "string", "enum": areas.municipalities() }),
            Self::PostalArea => json!({ "type": "string", "pattern": r"^\d{3}$" }),
            Self::Pseudonym(_) => json!({ "type": "string", "pattern": "^[0-9a-f]{32}$" }),
            Self::Redact => json!({ "const": REDACTED }),
        }
    }

    fn told(&self) -> &'static str {
        match self {
            Self::AgeBand(_) => "Only the age band on the day of the event.",
            Self::Time(Unit::Year) => "Only the year.",
            Self::Time(Unit::Month) => "Only the month.",
            Self::Time(Unit::Day) => "Only the day.",
            Self::Area(_) => "Only the area.",
            Self::Municipality(_) => "Only the municipality.",
            Self::PostalArea => "Only the first three digits.",
            Self::Pseudonym(_) => "A stand-in: the same for the same value of a facility.",
            Self::Redact => "Blotted out: only that there is one is told.",
        }
    }
}

/// Changes what it visits.
struct Changing<'t> {
    transform: &'t Transform,
    context: &'t Disclose<'t>,
    changed: Option<Changed>,
}

impl Visit for Changing<'_> {
    fn scalar(&mut self, value: Scalar<'_>) {
        self.changed = match value {
            Scalar::Text(text) => self.transform.text(text, self.context).map(Changed::One),
            // Blotting out fits everything; no other rule is about numbers and flags.
            Scalar::Number(_) | Scalar::Boolean(_) => {
                matches!(self.transform, Transform::Redact).then(|| Changed::One(REDACTED.to_owned()))
            }
        };
    }

    fn list(&mut self) {
        self.changed = Some(Changed::Each(Vec::new()));
    }

    fn element<T: Serialize + ?Sized>(&mut self, element: &T) {
        let changed = self.transform.of(element, self.context);
        if let (Some(Changed::Each(list)), Some(Changed::One(text))) = (&mut self.changed, changed) {
            list.push(text);
        }
    }
}

/// The first characters of a date or time, as far as they are there; nothing where it is no date.
fn begin_of_time(text: &str, length: usize) -> Option<String> {
    let end = text.len().min(length);
    let begin = text.get(..end)?;
    let fits =
        |(at, byte): (usize, u8)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() };
    let whole = matches!(end, 4 | 7 | 10);
    let ends = text.as_bytes().get(end).is_none_or(|next| matches!(next, b'-' | b'T'));
    (whole && ends && begin.bytes().enumerate().all(fits)).then(|| begin.to_owned())
}

/// `690` of `690-0887` or `6900887`.
fn postal_area(text: &str) -> Option<String> {
    let digits: String = text.trim().chars().filter(|c| *c != '-').collect();
    let whole = digits.len() == 7 && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.get(..3).filter(|_| whole).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(transform: &Transform, value: &Value) -> Option<Value> {
        let stand_in = |field: &str, value: &str| format!("{field}:{}", value.len());
        let context = Disclose { on: "2026-11-22".parse().ok(), stand_in: &stand_in };
        transform.of(value, &context).map(|changed| serde_json::to_value(changed).unwrap())
    }

    #[test]
    fn a_time_becomes_no_more_precise_than_it_was() {
        for (unit, text, expected) in [
            (Unit::Year, "2026-11-22T09:00:05+09:00", Some("2026")),
            (Unit::Month, "2026-11-22", Some("2026-11")),
            (Unit::Day, "2026-11-22T09:00:05+09:00", Some("2026-11-22")),
            (Unit::Day, "2026-11", Some("2026-11")),
            (Unit::Month, "2026", Some("2026")),
            (Unit::Day, "20261122", None),
            (Unit::Year, "20261122", None),
            (Unit::Year, "令和8年", None),
            (Unit::Day, "2026-1", None),
            (Unit::Day, "", None),
        ] {
            let found = changed(&Transform::Time(unit), &json!(text));
            assert_eq!(found, expected.map(|text| json!(text)), "{unit:?} {text}");
        }
    }

    #[test]
    fn a_postal_code_keeps_three_digits() {
        assert_eq!(changed(&Transform::PostalArea, &json!("690-0887")), Some(json!("690")));
        assert_eq!(changed(&Transform::PostalArea, &json!("6900887")), Some(json!("690")));
        for odd in
            [json!("690"), json!("〒690-0887"), json!("690-088"), json!(6900887), json!({ "a": "690-0887" })]
        {
            assert_eq!(changed(&Transform::PostalArea, &odd), None, "{odd}");
        }
    }

    #[test]
    fn stand_ins_and_marks_replace_every_text_of_a_list() {
        let pseudonym = Transform::Pseudonym("patient.id".into());
        assert_eq!(changed(&pseudonym, &json!("0042")), Some(json!("patient.id:4")));
        assert_eq!(changed(&pseudonym, &json!(42)), None);
        assert_eq!(changed(&Transform::Redact, &json!(["a", "b"])), Some(json!(["***", "***"])));
        assert_eq!(changed(&Transform::Redact, &json!([])), Some(json!([])));
        assert_eq!(changed(&Transform::Redact, &json!([{ "a": "b" }])), Some(json!([])));
        assert_eq!(changed(&Transform::Redact, &json!(true)), Some(json!("***")));
        assert_eq!(changed(&Transform::Redact, &json!(null)), None);
    }
}
