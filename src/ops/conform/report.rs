//! The report: what it says, and what it keeps to itself.

use jiff::Timestamp;
use serde::Serialize;

use super::tally::File;

/// What was found in a storage. Serialised, it holds no patient's data.
#[derive(Debug, Serialize)]
pub struct Report {
    /// 医療機関コード, as it was given.
    pub facility: Option<String>,
    /// When the check was started.
    pub made_at: Timestamp,
    /// Files that were looked at.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Folders that could not be listed: their files are not in the report.
    pub folders_unreadable: u64,
    /// By data type, in the order of the specification; `?` for what belongs to none.
    pub data_types: Vec<DataTypeReport>,
}

/// What was found in a data type's files.
#[derive(Debug, Serialize)]
pub struct DataTypeReport {
    /// データ種別
    pub code: String,
    /// Its name, English and Japanese, where the specification knows it.
    pub name: Option<[&'static str; 2]>,
    /// Files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files with an error.
    pub with_errors: u64,
    /// Files without an error, but with a warning.
    pub with_warnings: u64,
    /// What was found, the gravest first.
    pub rows: Vec<Row>,
    /// Occurrences of findings that no row was kept for.
    pub left_out: u64,
}

/// One rule broken at one place, in so many files.
#[derive(Debug, Serialize)]
pub struct Row {
    /// `error`, `warning`, `info`.
    pub severity: &'static str,
    /// The rule's stable name.
    pub code: &'static str,
    /// What is wrong, English and Japanese.
    pub text: [&'static str; 2],
    /// Where the rule is written.
    pub source: &'static str,
    /// `PID-5[1].6`; empty for the file as a whole.
    pub place: String,
    /// The Japanese name of the field.
    pub field_name: Option<&'static str>,
    /// What was expected.
    pub detail: String,
    /// Files in which it is so.
    pub files: u64,
    /// How often in all of them.
    pub occurrences: u64,
    /// A few of the files.
    pub examples: Vec<Example>,
}

/// A file, told so that whoever has the storage finds it and nobody learns the patient's number.
#[derive(Serialize)]
pub struct Example {
    /// The first 8 hexadecimal digits of the BLAKE3 hash of [what the file is](Example::of).
    pub id: String,
    /// 診療日 or `-`.
    pub date: String,
    /// オーダNo
    pub order: String,
    /// 発生日時
    pub time: String,
    /// The file below the root, with the patient's number: for the engineer's own eyes.
    #[serde(skip)]
    pub path: String,
}

/// The path holds a patient's number.
impl std::fmt::Debug for Example {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Example({})", self.id)
    }
}

impl Example {
    /// The hash is one of the name without the patient's number and of the content. Of the path alone it would give the
    /// patient away: date, order and time are told beside it, and there are few patient numbers to try.
    pub(super) fn of(file: File<'_>) -> Self {
        let name = &file.place.name;
        let (_, stem) = name.stem().split_once('_').unwrap_or_default();
        let mut hash = blake3::Hasher::new();
        hash.update(stem.as_bytes()).update(&[0, name.flag.digit() as u8]).update(file.bytes);
        Self {
            id: short(&hash),
            date: name.date.to_owned(),
            order: if is_number(name.order) { name.order } else { "?" }.to_owned(),
            time: name.time.to_owned(),
            path: file.path.to_owned(),
        }
    }

    /// Of a file whose name may be anything nothing is told.
    pub(super) fn of_stray(path: &str) -> Self {
        Self {
            id: String::new(),
            date: String::new(),
            order: String::new(),
            time: String::new(),
            path: path.to_owned(),
        }
    }
}

/// Letters and digits: anything else in the place of an order number may be anything.
fn is_number(order: &str) -> bool {
    order.len() <= 22 && order.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn short(hash: &blake3::Hasher) -> String {
    hash.finalize().to_hex().chars().take(8).collect()
}
