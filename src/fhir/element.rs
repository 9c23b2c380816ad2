//! Data types: canonical values as FHIR writes them.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::object::Object;
use super::system;
use crate::canonical::{Coded, Observed, OtherCode, PartialTime, Precision};

/// `string`: never empty, without control characters.
pub(super) fn text(text: Option<&str>) -> Option<Value> {
    let clean: String =
        text?.chars().filter(|c| !c.is_control() || matches!(c, '\t' | '\r' | '\n')).collect();
    let clean = clean.trim();
    (!clean.is_empty()).then(|| clean.into())
}

/// `code`: words with single spaces between them, without control characters.
fn code(text: Option<&str>) -> Option<Value> {
    let clean: String = text?.chars().filter(|c| !c.is_control()).collect();
    let words: Vec<_> = clean.split_whitespace().collect();
    (!words.is_empty()).then(|| words.join(" ").into())
}

/// `dateTime`: seconds must be given where hours are, so a time to the minute is written with second 00.
pub(super) fn date_time(time: Option<&PartialTime>) -> Option<Value> {
    let time = time.filter(|time| time.year > 0)?;
    let to_the_second = PartialTime { precision: Precision::Second, second: 0, ..*time };
    let exact = if time.precision == Precision::Minute { &to_the_second } else { time };
    Some(exact.to_string().into())
}

/// `instant`: none of less than a time.
pub(super) fn instant(time: Option<&PartialTime>) -> Option<Value> {
    date_time(time.filter(|time| time.precision >= Precision::Minute))
}

/// `date`: the day at most.
pub(super) fn date(time: Option<&PartialTime>) -> Option<Value> {
    let time = time.filter(|time| time.year > 0)?;
    let day = PartialTime { precision: time.precision.min(Precision::Day), ..*time };
    Some(day.to_string().into())
}

/// `Identifier`; none without a value.
pub(super) fn identifier(system: &str, value: Option<&str>) -> Option<Value> {
    let value = text(value)?;
    Some(json!({ "system": system, "value": value }))
}

/// `Coding`; none without a code.
fn coding(system: Cow<'_, str>, word: Option<&str>, display: Option<&str>) -> Option<Value> {
    let word = code(word)?;
    Object::new().put("system", &*system).put("code", word).put("display", text(display)).some()
}

/// `CodeableConcept` of one code of a table of HL7.
pub(super) fn word(system: &str, word: &str) -> Value {
    json!({ "coding": [{ "system": system, "code": word }] })
}

/// What a coded value consists of.
pub(super) struct Code<'c> {
    pub(super) code: Option<&'c str>,
    pub(super) text: Option<&'c str>,
    pub(super) system: Option<&'c str>,
    pub(super) others: [Option<&'c OtherCode<'c>>; 2],
}

impl<'c> From<&'c Coded<'c>> for Code<'c> {
    fn from(coded: &'c Coded<'c>) -> Self {
        Self {
            code: coded.code.as_deref(),
            text: coded.text.as_deref(),
            system: coded.system.as_deref(),
            others: [coded.local.as_ref(), coded.alternate.as_ref()],
        }
    }
}

impl Code<'_> {
    /// Its codings; `merit9` is the table of MERIT-9 that a code of `MR9P` is of.
    pub(super) fn codings(&self, facility: &str, merit9: Option<&str>) -> Vec<Value> {
        let main = coding(system::codes(self.system, facility, merit9), self.code, self.text);
        let others = self.others.into_iter().flatten().filter_map(|other| {
            let (name, word, text) = (other.system.as_deref(), other.code.as_deref(), other.text.as_deref());
            // A local code says whose it is.
            let system = match other.facility.as_deref() {
                Some(facility) => system::local_codes(name, facility).into(),
                None => system::codes(name, facility, merit9),
            };
            coding(system, word, text)
        });
        main.into_iter().chain(others).collect()
    }

    /// Its text: of the first code that has one.
    pub(super) fn display(&self) -> Option<Value> {
        let others = self.others.into_iter().flatten().map(|other| other.text.as_deref());
        std::iter::once(self.text).chain(others).find_map(text)
    }

    /// `CodeableConcept`; none without code and text.
    pub(super) fn concept(&self, facility: &str, merit9: Option<&str>) -> Option<Value> {
        Object::new().put("coding", self.codings(facility, merit9)).put("text", self.display()).some()
    }
}

/// `CodeableConcept` of a coded value.
pub(super) fn concept(coded: Option<&Coded<'_>>, facility: &str, merit9: Option<&str>) -> Option<Value> {
    Code::from(coded?).concept(facility, merit9)
}

/// `Quantity` of an observation; none where it is not one number. A unit of `ISO+` is not UCUM: only its text is said.
pub(super) fn quantity(observed: &Observed<'_>, unit: Option<&Coded<'_>>, facility: &str) -> Option<Value> {
    let number = observed.number?;
    let unit = unit.map(Code::from);
    let said = unit.as_ref().and_then(|unit| unit.display().or_else(|| code(unit.code)));
    let known = unit.as_ref().filter(|unit| matches!(unit.system, Some("UCUM" | "MR9P")));
    let coded = known.and_then(|unit| unit.codings(facility, Some(system::MERIT9_UNIT)).into_iter().next());
    let part = |key: &str| coded.as_ref().and_then(|coding| coding.get(key)).cloned();
    let quantity = Object::new().put("value", json!(number)).put("comparator", observed.comparator);
    quantity.put("unit", said).put("system", part("system")).put("code", part("code")).some()
}

/// `Annotation.text`, `CodeableConcept.text` and the like: an object with only a text.
pub(super) fn text_only(said: Option<&str>) -> Option<Value> {
    text(said).map(|said| json!({ "text": said }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_what_fhir_takes() {
        let time = |precision| PartialTime {
            precision,
            year: 2026,
            month: 1,
            day: 31,
            hour: 9,
            minute: 30,
            second: 5,
            fraction: 0,
            offset: 540,
        };
        let check = |precision, full: &str, day: &str| {
            assert_eq!(date_time(Some(&time(precision))), Some(full.into()));
            assert_eq!(date(Some(&time(precision))), Some(day.into()));
        };
        check(Precision::Year, "2026", "2026");
        check(Precision::Month, "2026-01", "2026-01");
        check(Precision::Day, "2026-01-31", "2026-01-31");
        check(Precision::Minute, "2026-01-31T09:30:00+09:00", "2026-01-31");
        check(Precision::Second, "2026-01-31T09:30:05+09:00", "2026-01-31");
        assert_eq!(instant(Some(&time(Precision::Day))), None);
        assert_eq!(date_time(Some(&PartialTime { year: 0, ..time(Precision::Year) })), None);
    }

    #[test]
    fn texts_and_codes_are_never_empty() {
        assert_eq!(text(Some(" \u{7} ")), None);
        assert_eq!(text(Some(" a\u{7}b ")), Some("ab".into()));
        assert_eq!(code(Some(" a   b ")), Some("a b".into()));
        assert_eq!(code(Some("　")), None);
        assert_eq!(code(Some("a\u{0}b")), Some("ab".into()));
    }
}
