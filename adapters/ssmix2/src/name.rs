//! The file name `患者ID_診療日_データ種別_オーダNo_発生日時_診療科_フラグ` (SS-MIX2 1.2i, table 53).
//!
//! Real names deviate: times of 15 digits, six parts without the department, data types that hold a `_`. So the
//! name is read from both ends, and what lies between is the data type. Every part is kept as it was written.

use std::fmt;

/// Condition flag: the last part of the name, and the only part that ever changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Flag {
    /// `0`: deleted; in storages of 2015 also history.
    Deleted,
    /// `1`: valid.
    Current,
    /// `2`: replaced by a later version.
    Superseded,
}

impl Flag {
    /// The flag of its digit.
    pub fn from_text(text: &str) -> Option<Self> {
        match text {
            "0" => Some(Self::Deleted),
            "1" => Some(Self::Current),
            "2" => Some(Self::Superseded),
            _ => None,
        }
    }

    /// The digit in the file name.
    pub fn digit(self) -> char {
        match self {
            Self::Deleted => '0',
            Self::Current => '1',
            Self::Superseded => '2',
        }
    }
}

/// Part of a file name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// 患者ID
    Patient,
    /// 診療日
    Date,
    /// データ種別
    DataType,
    /// オーダNo
    Order,
    /// 特定キー, of a folder in an extension storage.
    Key,
    /// 発生日時
    Time,
    /// フラグ
    Flag,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Patient => "patient id",
            Self::Date => "date",
            Self::DataType => "data type",
            Self::Order => "order number",
            Self::Key => "key",
            Self::Time => "time",
            Self::Flag => "condition flag",
        })
    }
}

/// Why a text is no file name. Tells the part, never its value: names hold patient ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Fewer parts than the six that every name has.
    #[error("{found} parts between underscores; a name has 7 (6 without a department)")]
    TooFewParts {
        /// How many there are.
        found: usize,
    },
    /// Nothing stands where a part is expected.
    #[error("the {0} is empty")]
    Empty(Part),
    /// A part is not of its form.
    #[error("the {part} is not {expected}")]
    Malformed {
        /// Which.
        part: Part,
        /// The form it should have.
        expected: &'static str,
    },
}

/// A file name, taken apart. Its [`Display`](fmt::Display) is the very name that was parsed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct FileName<'a> {
    /// 患者ID, leading zeros significant.
    pub patient: &'a str,
    /// 診療日, `YYYYMMDD` or `-`.
    pub date: &'a str,
    /// データ種別, such as `OML-11`.
    pub data_type: &'a str,
    /// オーダNo; `999999999999999` where there is no order.
    pub order: &'a str,
    /// 発生日時: when it was sent, 17 digits by the book. Unrelated to MSH-7.
    pub time: &'a str,
    /// 診療科; missing in names of six parts.
    pub department: Option<&'a str>,
    /// フラグ
    pub flag: Flag,
    stem: &'a str,
}

impl<'a> FileName<'a> {
    /// Takes a name apart.
    pub fn parse(name: &'a str) -> Result<Self, NameError> {
        let Ends { patient, date, middle, time, department, flag, stem } = Ends::of(name)?;
        let few = NameError::TooFewParts { found: name.split('_').count() };
        let (data_type, order) = middle.rsplit_once('_').ok_or(few)?;
        let name = Self { patient, date, data_type, order, time, department, flag, stem };
        name.check().map(|()| name)
    }

    /// The name without its flag: what a version keeps for life, whatever its flag becomes.
    pub fn stem(&self) -> &'a str {
        self.stem
    }

    fn check(&self) -> Result<(), NameError> {
        let parts = [
            (Part::Patient, self.patient),
            (Part::Date, self.date),
            (Part::DataType, self.data_type),
            (Part::Order, self.order),
            (Part::Time, self.time),
        ];
        if let Some((part, _)) = parts.into_iter().find(|(_, text)| text.is_empty()) {
            return Err(NameError::Empty(part));
        }
        check_times(self.date, self.time)
    }
}

/// A name read from both ends, as far as that goes.
pub(crate) struct Ends<'a> {
    pub(crate) patient: &'a str,
    pub(crate) date: &'a str,
    /// What lies between date and time: data type and key of the record.
    pub(crate) middle: &'a str,
    pub(crate) time: &'a str,
    pub(crate) department: Option<&'a str>,
    pub(crate) flag: Flag,
    pub(crate) stem: &'a str,
}

impl<'a> Ends<'a> {
    pub(crate) fn of(name: &'a str) -> Result<Self, NameError> {
        let found = name.split('_').count();
        let few = NameError::TooFewParts { found };
        if found < 6 {
            return Err(few);
        }
        let (stem, flag) = name.rsplit_once('_').ok_or(few)?;
        let flag =
            Flag::from_text(flag).ok_or(NameError::Malformed { part: Part::Flag, expected: "0, 1 or 2" })?;
        let (patient, rest) = stem.split_once('_').ok_or(few)?;
        let (date, rest) = rest.split_once('_').ok_or(few)?;
        let (rest, last) = rest.rsplit_once('_').ok_or(few)?;
        let (middle, time, department) = if is_time(last) {
            (rest, last, None)
        } else {
            let (rest, time) = rest.rsplit_once('_').ok_or(few)?;
            (rest, time, Some(last))
        };
        Ok(Self { patient, date, middle, time, department, flag, stem })
    }
}

/// Whether 診療日 and 発生日時 are of their forms.
pub(crate) fn check_times(date: &str, time: &str) -> Result<(), NameError> {
    if date != "-" && !(date.len() == 8 && is_digits(date)) {
        return Err(NameError::Malformed { part: Part::Date, expected: "YYYYMMDD or -" });
    }
    if time != "-" && !is_time(time) {
        return Err(NameError::Malformed { part: Part::Time, expected: "14 to 17 digits or -" });
    }
    Ok(())
}

/// Holds a patient id, so that nothing of it is printed.
impl fmt::Debug for FileName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileName({}, flag {})", self.data_type, self.flag.digit())
    }
}

impl fmt::Display for FileName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.stem, self.flag.digit())
    }
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_time(text: &str) -> bool {
    (14..=17).contains(&text.len()) && is_digits(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(name: &str, expected: [&str; 6]) {
        let parsed = FileName::parse(name).unwrap();
        let department = parsed.department.unwrap_or("(none)");
        let found = [parsed.patient, parsed.date, parsed.data_type, parsed.order, parsed.time, department];
        assert_eq!(found, expected);
        assert_eq!(parsed.to_string(), name);
    }

    #[track_caller]
    fn refuse(name: &str, expected: &str) {
        assert_eq!(FileName::parse(name).unwrap_err().to_string(), expected);
    }

    #[test]
    fn by_the_book() {
        let name = "0000000123_20260401_OML-11_000000000012345_20260401093015123_01_1";
        check(name, ["0000000123", "20260401", "OML-11", "000000000012345", "20260401093015123", "01"]);
        assert_eq!(FileName::parse(name).unwrap().stem(), name.strip_suffix("_1").unwrap());
    }

    #[test]
    fn time_of_15_digits_and_no_date() {
        check(
            "9999013_-_PPR-01_999999999999999_200802031630123_-_2",
            ["9999013", "-", "PPR-01", "999999999999999", "200802031630123", "-"],
        );
    }

    #[test]
    fn six_parts() {
        check(
            "9999013_20260401_OMD_1_20260401093015123_0",
            ["9999013", "20260401", "OMD", "1", "20260401093015123", "(none)"],
        );
    }

    #[test]
    fn data_type_with_an_underscore() {
        check(
            "9999013_20260401_A_B_C_7_20260401093015123_8D2_1",
            ["9999013", "20260401", "A_B_C", "7", "20260401093015123", "8D2"],
        );
    }

    #[test]
    fn faults_name_the_part() {
        refuse("readme.txt", "1 parts between underscores; a name has 7 (6 without a department)");
        refuse("1_20260401_OMD_1_20260401093015123_01_9", "the condition flag is not 0, 1 or 2");
        refuse("_20260401_OMD_1_20260401093015123_01_1", "the patient id is empty");
        refuse("1_2026_OMD_1_20260401093015123_01_1", "the date is not YYYYMMDD or -");
        refuse("1_20260401_OMD_1_yesterday_01_1", "the time is not 14 to 17 digits or -");
        refuse("1_20260401_OMD__20260401093015123_01_1", "the order number is empty");
    }

    proptest! {
        #[test]
        fn any_text_is_refused_or_comes_back(text in "[0-9A-Z_\\-患]{0,60}") {
            if let Ok(name) = FileName::parse(&text) {
                prop_assert_eq!(name.to_string(), text);
            }
        }
    }
}
