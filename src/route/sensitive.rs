//! What of an event is sensitive: by the codes and words of `tables/sensitive.tsv`, and by what the sender restricts.
//!
//! Reads an event as it would be sent, every text of it: also local codes, free text and departments are seen.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use super::table::{Table, Versions, matches};
use crate::registry::Sensitivity;

/// Categories of what is sensitive.
pub type Categories = BTreeSet<Sensitivity>;

/// The table's columns in the order of [`Row`].
pub const COLUMNS: [&str; 5] = ["category", "icd10", "analyte", "drug", "words"];

/// What is sensitive.
#[derive(Debug, Clone, Default)]
pub struct Sensitive {
    table: Option<Arc<Table>>,
    rows: Vec<Row>,
}

/// A row of the table.
#[derive(Debug, Clone)]
struct Row {
    category: Sensitivity,
    /// Patterns of ICD-10 codes without a dot.
    icd10: String,
    /// First characters of JLAC10 codes.
    analyte: String,
    /// First characters of drug codes.
    drug: String,
    /// Folded.
    words: Vec<String>,
}

impl Sensitive {
    /// Reads the table.
    ///
    /// # Errors
    /// What is wrong with the table: a column that is missing, a category that there is not.
    pub fn of(table: Arc<Table>) -> Result<Self, String> {
        let column = |name| table.column(name).ok_or(format!("the table needs a column \"{name}\""));
        let [category, icd10, analyte, drug, words] = COLUMNS;
        let (category, words) = (column(category)?, column(words)?);
        let (icd10, analyte, drug) = (column(icd10)?, column(analyte)?, column(drug)?);
        let mut rows = Vec::with_capacity(table.rows.len());
        for cells in &table.rows {
            let cell = |column: usize| cells.get(column).map_or("", String::as_str);
            let of_word = |known: &Sensitivity| known.as_str() == cell(category);
            let known = Sensitivity::ALL.into_iter().find(of_word);
            rows.push(Row {
                category: known.ok_or(format!("\"{}\" is no category", cell(category)))?,
                icd10: cell(icd10).to_owned(),
                analyte: as_prefixes(cell(analyte)),
                drug: as_prefixes(cell(drug)),
                words: alternatives(cell(words)).map(fold).collect(),
            });
        }
        Ok(Self { table: Some(table), rows })
    }

    /// Writes down that its table is read.
    pub(super) fn note<'t>(&'t self, versions: &mut Versions<'t>) {
        if let Some(table) = &self.table {
            table.note(versions);
        }
    }

    /// The categories of all that is sensitive in a record.
    pub(super) fn categories<T: Serialize + ?Sized>(&self, record: &T) -> Categories {
        let mut found = Categories::new();
        match serde_json::to_value(record) {
            Ok(value) => self.scan(&value, "", &mut found),
            // Nobody can say what is in it.
            Err(_) => found.extend(Sensitivity::ALL),
        }
        found
    }

    fn scan(&self, value: &Value, key: &str, found: &mut Categories) {
        match value {
            Value::Object(fields) => {
                let text = |key: &str| fields.get(key).and_then(Value::as_str);
                if text("system").is_some_and(|system| system.starts_with("I10")) {
                    self.icd10(text("code").unwrap_or_default(), found);
                }
                fields.iter().for_each(|(key, field)| self.scan(field, key, found));
            }
            Value::Array(elements) => elements.iter().for_each(|element| self.scan(element, key, found)),
            Value::String(text) => self.text(text, key, found),
            _ => {}
        }
    }

    fn text(&self, text: &str, key: &str, found: &mut Categories) {
        match key {
            // Places of HL7.
            "at" => return,
            "security" | "confidentiality" if matches!(text.trim(), "V" | "R" | "v" | "r") => {
                found.insert(Sensitivity::Restricted);
            }
            "icd10" => self.icd10(text, found),
            "code" | "analyte" => {
                let coded = |row: &&Row| matches(&row.analyte, text) || matches(&row.drug, text);
                found.extend(self.rows.iter().filter(coded).map(|row| row.category));
            }
            _ => {}
        }
        let folded = fold(text);
        let named = |row: &&Row| row.words.iter().any(|word| mentions(&folded, word));
        found.extend(self.rows.iter().filter(named).map(|row| row.category));
    }

    fn icd10(&self, code: &str, found: &mut Categories) {
        let code: String = fold(code).chars().filter(|c| *c != '.').collect();
        found.extend(self.rows.iter().filter(|row| matches(&row.icd10, &code)).map(|row| row.category));
    }
}

fn alternatives(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('|').map(str::trim).filter(|part| !part.is_empty())
}

/// Every alternative takes what starts with it.
fn as_prefixes(cell: &str) -> String {
    let prefixes: Vec<_> =
        alternatives(cell).map(|part| format!("{}*", part.trim_end_matches('*'))).collect();
    prefixes.join("|")
}

/// The text in capitals of ASCII, whatever the width of its letters.
fn fold(text: &str) -> String {
    let narrow = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        _ => c,
    };
    text.chars().map(|c| narrow(c).to_ascii_uppercase()).collect()
}

/// Whether the text holds the word. A word of Latin letters must stand alone: `AIDS` is not in `HEARINGAIDS`.
fn mentions(text: &str, word: &str) -> bool {
    let joins = |c: Option<char>| word.is_ascii() && c.is_some_and(|c| c.is_ascii_alphanumeric());
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at + word.len()..).and_then(|after| after.chars().next());
        !joins(before) && !joins(after)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sensitive() -> Sensitive {
        let row = |cells: [&str; 5]| cells.map(str::to_owned).to_vec();
        let table = Table {
            name: "sensitive".into(),
            version: "1".into(),
            columns: COLUMNS.map(str::to_owned).to_vec(),
            rows: vec![
                row(["hiv", "B20*|Z21", "5F500", "", "HIV|エイズ"]),
                row(["psychiatric", "F*", "", "1179", "うつ病"]),
            ],
        };
        Sensitive::of(Arc::new(table)).unwrap()
    }

    fn check(record: Value, expected: &[Sensitivity]) {
        let found = sensitive().categories(&record);
        assert_eq!(found, expected.iter().copied().collect(), "{record}");
    }

    #[test]
    fn codes_count_where_they_are_codes_and_words_everywhere() {
        use Sensitivity::{Hiv, Psychiatric, Restricted};
        check(json!({"icd10": "B201"}), &[Hiv]);
        check(json!({"icd10": "B20.1"}), &[Hiv]);
        check(json!({"icd10": "B19", "text": "B20"}), &[]);
        check(json!([{"code": "F320", "system": "I10C"}]), &[Psychiatric]);
        check(json!({"code": "F320", "system": "99LOCAL"}), &[]);
        check(json!({"code": {"code": "5F500143002302304", "system": "JC10"}}), &[Hiv]);
        check(json!({"drug": {"code": "1179042F1022"}}), &[Psychiatric]);
        check(json!({"value": {"text": "ＨＩＶ－１抗体（＋）"}}), &[Hiv]);
        check(json!({"notes": ["hiv screening", "反復性うつ病"]}), &[Hiv, Psychiatric]);
        check(json!({"text": "SHIV HIVE"}), &[]);
        check(json!({"security": "V"}), &[Restricted]);
        check(json!({"document": {"confidentiality": "R"}}), &[Restricted]);
        check(json!({"security": "N", "confidentiality": "N"}), &[]);
    }

    #[test]
    fn a_table_that_says_something_else_is_refused() {
        let table = |column: &str, category: &str| {
            let mut columns = COLUMNS.map(str::to_owned).to_vec();
            columns[1] = column.to_owned();
            let rows = vec![[category, "", "", "", ""].map(str::to_owned).to_vec()];
            Sensitive::of(Arc::new(Table { name: "s".into(), version: "1".into(), columns, rows })).err()
        };
        assert_eq!(table("icd10", "hiv"), None);
        assert_eq!(table("icd9", "hiv").unwrap(), "the table needs a column \"icd10\"");
        assert_eq!(table("icd10", "secret").unwrap(), "\"secret\" is no category");
    }
}
