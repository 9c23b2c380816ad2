//! The extension storage (拡張ストレージ), SS-MIX2 1.2i:
//! `<PID 0-3>/<PID 3-6>/<PID>/<診療日|->/<データ種別フォルダ>/<コンテンツフォルダ>/<files…>`.
//!
//! The data-type folder says what its documents are, in six parts with carets between. The content folder is one
//! document with all its files, and carries the flag; its name has the parts of a file name, with 特定キー in the order
//! number's place. Real names have fewer parts, times of 15 digits, and `_` within the data type or the key.

use std::fmt;

use crate::name::{Ends, Flag, NameError, Part, check_times};
use crate::path::{PathError, PathFinding};

/// Longest name of a data-type folder, in characters.
pub const DATA_TYPE_CHARS_MAX: usize = 180;

/// A code with its name and system, each empty where it is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Coded<'a> {
    /// Code.
    pub code: &'a str,
    /// Name.
    pub name: &'a str,
    /// System, such as `LN` (LOINC) or `99ZZZ`.
    pub system: &'a str,
}

/// The data-type folder: `local code^local name^local system^standard code^standard name^standard system`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DataTypeFolder<'a> {
    /// By the facility's own codes.
    pub local: Coded<'a>,
    /// By the standard's, mostly LOINC.
    pub standard: Coded<'a>,
    /// The name as it was written.
    pub text: &'a str,
}

impl<'a> DataTypeFolder<'a> {
    /// Takes a name apart. Any name is one: parts that are not there are empty, what follows the sixth caret belongs
    /// to the last part.
    pub fn parse(text: &'a str) -> Self {
        let mut parts = text.splitn(6, '^');
        let mut coded = || {
            let mut part = || parts.next().unwrap_or_default();
            Coded { code: part(), name: part(), system: part() }
        };
        Self { local: coded(), standard: coded(), text }
    }

    /// The code by which others know the type, else the facility's own.
    pub fn code(&self) -> &'a str {
        if self.standard.code.is_empty() { self.local.code } else { self.standard.code }
    }

    /// Whether the name is longer than the specification allows.
    pub fn is_long(&self) -> bool {
        self.text.chars().nth(DATA_TYPE_CHARS_MAX).is_some()
    }
}

/// The content folder `患者ID_診療日_データ種別コード_特定キー_発生日時_診療科コード_フラグ`, taken apart.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ContentFolder<'a> {
    /// 患者ID
    pub patient: &'a str,
    /// 診療日, `YYYYMMDD` or `-`.
    pub date: &'a str,
    /// データ種別コード and 特定キー, with the `_` between them: what tells a document from the others of its folder.
    /// Where each of them begins is known only beside the data-type folder: [`Self::split`].
    pub record: &'a str,
    /// 発生日時, 17 digits by the book.
    pub time: &'a str,
    /// 診療科コード; missing in names of six parts.
    pub department: Option<&'a str>,
    /// フラグ
    pub flag: Flag,
    stem: &'a str,
}

impl<'a> ContentFolder<'a> {
    /// Takes a name apart.
    pub fn parse(name: &'a str) -> Result<Self, NameError> {
        let Ends { patient, date, middle, time, department, flag, stem } = Ends::of(name)?;
        let parts = [(Part::Patient, patient), (Part::Date, date), (Part::Time, time)];
        if let Some((part, _)) = parts.into_iter().find(|(_, text)| text.is_empty()) {
            return Err(NameError::Empty(part));
        }
        check_times(date, time)?;
        let folder = Self { patient, date, record: middle, time, department, flag, stem };
        match folder.split(&DataTypeFolder::default()) {
            ("", _) => Err(NameError::Empty(Part::DataType)),
            (_, "") => Err(NameError::Empty(Part::Key)),
            _ => Ok(folder),
        }
    }

    /// データ種別コード and 特定キー. The folder above says the code; where it says another, the last `_` divides.
    pub fn split(&self, above: &DataTypeFolder<'_>) -> (&'a str, &'a str) {
        let codes = [above.local.code, above.standard.code].into_iter().filter(|code| !code.is_empty());
        let divided = codes.filter_map(|code| {
            let at = self.record.strip_prefix(code)?.starts_with('_').then_some(code.len())?;
            self.record.split_at_checked(at)
        });
        let divided = divided.map(|(code, key)| (code, key.strip_prefix('_').unwrap_or(key)));
        let longest = divided.max_by_key(|(code, _)| code.len());
        longest.or_else(|| self.record.rsplit_once('_')).unwrap_or((self.record, ""))
    }

    /// The name without its flag: what a version keeps for life.
    pub fn stem(&self) -> &'a str {
        self.stem
    }
}

/// Holds a patient id, so that nothing of it is printed.
impl fmt::Debug for ContentFolder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContentFolder(flag {})", self.flag.digit())
    }
}

impl fmt::Display for ContentFolder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.stem, self.flag.digit())
    }
}

/// Where the path of a content folder, relative to the storage's root, and its name disagree.
///
/// # Errors
/// The path leads to no content folder.
pub fn path_findings(path: &str) -> Result<Vec<PathFinding>, PathError> {
    let mut parts = path.split('/');
    let six = std::array::from_fn(|_| parts.next());
    let ([Some(first), Some(second), Some(patient), Some(date), Some(data_type), Some(folder)], None) =
        (six, parts.next())
    else {
        return Err(PathError::Depth { found: path.split('/').count() });
    };
    let name = ContentFolder::parse(folder).map_err(PathError::Name)?;
    let above = DataTypeFolder::parse(data_type);
    let (code, _) = name.split(&above);
    let checks = [
        (PathFinding::Prefix, [Some(first), Some(second)] == [patient.get(..3), patient.get(3..6)]),
        (PathFinding::Patient, name.patient == patient),
        (PathFinding::Date, name.date == date),
        (PathFinding::DataType, code == above.local.code || code == above.standard.code),
    ];
    Ok(checks.into_iter().filter(|(_, agrees)| !agrees).map(|(finding, _)| finding).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn data_type_folders_as_they_occur() {
        let summary = DataTypeFolder::parse("^（ローカル名称）^^18842-5^退院時サマリー^LN");
        assert_eq!(
            (summary.code(), summary.local.name, summary.standard.system),
            ("18842-5", "（ローカル名称）", "LN")
        );
        let notes = DataTypeFolder::parse("L12345^入院診療録^99ZZZ^11506-3^経過記録^LN");
        assert_eq!((notes.code(), notes.local.code, notes.standard.name), ("11506-3", "L12345", "経過記録"));
        let vitals = DataTypeFolder::parse("L-OBSERVATIONS^OBSERVATIONS^99ZL01");
        assert_eq!(
            (vitals.code(), vitals.local.system, vitals.standard),
            ("L-OBSERVATIONS", "99ZL01", Coded::default())
        );
        assert_eq!(DataTypeFolder::parse("LJCS-100D").code(), "LJCS-100D");
        assert_eq!(DataTypeFolder::parse("a^b^c^d^e^f^g").standard.system, "f^g");
        assert!(DataTypeFolder::parse(&"患".repeat(181)).is_long());
        assert!(!DataTypeFolder::parse(&"患".repeat(180)).is_long());
    }

    #[track_caller]
    fn check(name: &str, above: &str, expected: [&str; 6]) {
        let folder = ContentFolder::parse(name).unwrap();
        let (code, key) = folder.split(&DataTypeFolder::parse(above));
        let found =
            [folder.patient, folder.date, code, key, folder.time, folder.department.unwrap_or("(none)")];
        assert_eq!(found, expected);
        assert_eq!(folder.to_string(), name);
    }

    #[test]
    fn content_folders_as_they_occur() {
        let above = "L12345^入院診療録^99ZZZ^11506-3^経過記録^LN";
        check(
            "0000000123_20260401_11506-3_000001_20260401093015123_01_1",
            above,
            ["0000000123", "20260401", "11506-3", "000001", "20260401093015123", "01"],
        );
        check(
            "9999013_20260401_L12345_7_202604010930151_1",
            above,
            ["9999013", "20260401", "L12345", "7", "202604010930151", "(none)"],
        );
        check(
            "9999013_-_11506-3_a_b_c_20260401093015123_-_0",
            above,
            ["9999013", "-", "11506-3", "a_b_c", "20260401093015123", "-"],
        );
        check(
            "9999013_-_L_1_x_7_20260401093015123_01_2",
            "L_1_x^所見^99Z",
            ["9999013", "-", "L_1_x", "7", "20260401093015123", "01"],
        );
        check(
            "9999013_-_A_B_7_20260401093015123_01_1",
            above,
            ["9999013", "-", "A_B", "7", "20260401093015123", "01"],
        );
        check(
            "9999013_-_LJCS-100D_20260401093015.123.45.06_20260401093015123_01_1",
            "LJCS-100D",
            ["9999013", "-", "LJCS-100D", "20260401093015.123.45.06", "20260401093015123", "01"],
        );
    }

    #[test]
    fn names_that_are_none() {
        let error = |name| ContentFolder::parse(name).unwrap_err().to_string();
        assert_eq!(error("images"), "1 parts between underscores; a name has 7 (6 without a department)");
        assert_eq!(error("1_20260401_A_7_20260401093015123_01_9"), "the condition flag is not 0, 1 or 2");
        assert_eq!(error("1_20260401_A__20260401093015123_01_1"), "the key is empty");
        assert_eq!(error("1_20260401__7_20260401093015123_01_1"), "the data type is empty");
        assert_eq!(error("1_2026_A_7_20260401093015123_01_1"), "the date is not YYYYMMDD or -");
    }

    #[test]
    fn where_path_and_name_disagree() {
        let folder = "9999013_20260401_11506-3_7_20260401093015123_01_1";
        let above = "L12345^入院診療録^99ZZZ^11506-3^経過記録^LN";
        assert_eq!(path_findings(&format!("999/901/9999013/20260401/{above}/{folder}")), Ok(vec![]));
        let all = path_findings(&format!("999/902/9999023/-/18842-5/{folder}")).unwrap();
        assert_eq!(all, [PathFinding::Patient, PathFinding::Date, PathFinding::DataType]);
        assert_eq!(path_findings(folder), Err(PathError::Depth { found: 1 }));
    }

    proptest! {
        #[test]
        fn any_text_is_refused_or_comes_back(text in "[0-9A-Z_\\-^患]{0,70}", above in "[0-9A-Z_^患]{0,20}") {
            if let Ok(folder) = ContentFolder::parse(&text) {
                prop_assert_eq!(&folder.to_string(), &text);
                let (code, key) = folder.split(&DataTypeFolder::parse(&above));
                prop_assert_eq!(format!("{code}_{key}"), folder.record);
            }
        }

        /// Whatever `_` code and key hold, the folder above tells them apart.
        #[test]
        fn code_and_key_come_back(code in "[A-Z0-9-]{1,4}(_[A-Z0-9]{1,3}){0,2}", key in "[a-z.]{1,4}(_[a-z]{1,3}){0,3}",
            time in "[0-9]{15}|[0-9]{17}", department in proptest::option::of("[0-9A-Z-]{1,3}"), patient in "[0-9]{7,10}") {
            let department = department.map(|department| format!("_{department}")).unwrap_or_default();
            let name = format!("{patient}_20260401_{code}_{key}_{time}{department}_1");
            let above = format!("{code}^名称^99Z");
            let folder = ContentFolder::parse(&name).unwrap();
            prop_assert_eq!(folder.split(&DataTypeFolder::parse(&above)), (code.as_str(), key.as_str()));
            prop_assert_eq!(folder.time, &time);
            prop_assert_eq!(folder.patient, &patient);
        }

        #[test]
        fn any_data_type_folder_is_read(text in ".{0,200}") {
            let folder = DataTypeFolder::parse(&text);
            prop_assert_eq!(folder.text, &text);
            let parts = [folder.local, folder.standard].map(|coded| [coded.code, coded.name, coded.system].join("^")).join("^");
            prop_assert_eq!(parts.trim_end_matches('^'), text.trim_end_matches('^'));
        }
    }
}
