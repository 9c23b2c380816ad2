//! The registry's CSV files: rows become entries, each with its place; all faults of all files come out of one run.
//!
//! A file has a header that names its columns, in any order; `who` and `why` stand in every file. Its text is UTF-8,
//! with or without a mark, or CP932, which spreadsheets write in Japan.

mod cells;
mod table;

use std::borrow::Cow;
use std::fmt;

use csv::{ReaderBuilder, StringRecord};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::Entry;
use cells::Cells;
pub use cells::suggest;
use table::{TABLES, Table};

/// What the files do not say.
#[derive(Debug, Clone)]
pub struct Reading {
    /// Zone in which the days of the files begin and end.
    pub zone: TimeZone,
    /// When the rows are entered.
    pub now: Timestamp,
}

/// Where a row stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// Name of the file.
    pub file: String,
    /// Line on which the row begins, as a spreadsheet numbers its rows.
    pub row: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.row)
    }
}

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Where.
    #[serde(flatten)]
    pub place: Place,
    /// Column; empty where it is about the whole row or file.
    pub column: String,
    /// What is wrong, and what is allowed; nothing of a patient.
    pub reason: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.column.as_str() {
            "" => write!(f, "{}: {}", self.place, self.reason),
            column => write!(f, "{}: {column}: {}", self.place, self.reason),
        }
    }
}

/// What files say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Import {
    /// Entries, by file in the order facilities, members, links and so on, then by row.
    pub entries: Vec<Entry>,
    /// Where each entry stands; a row with several purposes is several entries.
    pub places: Vec<Place>,
    /// What is wrong; then nothing may be imported.
    pub faults: Vec<Fault>,
}

/// Reads files, given by name (`facilities.csv` …) and bytes.
pub fn read(files: &[(String, Vec<u8>)], reading: &Reading) -> Import {
    let mut import = Import::default();
    for table in TABLES {
        for (name, bytes) in files.iter().filter(|(name, _)| stem(name) == Some(table.name)) {
            File { name, reading, import: &mut import }.read(table, bytes);
        }
    }
    let known: Vec<_> = TABLES.iter().map(|table| table.name).collect();
    for (name, _) in files {
        let stem = stem(name).unwrap_or(name);
        if !known.contains(&stem) {
            let place = Place { file: name.clone(), row: 1 };
            let reason = format!("\"{stem}\" is not a table of the registry: {}", suggest(stem, &known));
            import.faults.push(Fault { place, column: String::new(), reason });
        }
    }
    import
}

/// `links` of `links.csv`.
fn stem(name: &str) -> Option<&str> {
    name.strip_suffix(".csv").or_else(|| name.strip_suffix(".CSV"))
}

struct File<'f> {
    name: &'f str,
    reading: &'f Reading,
    import: &'f mut Import,
}

impl File<'_> {
    fn read(&mut self, table: &Table, bytes: &[u8]) {
        let Some(text) = decode(bytes) else {
            return self.fault(
                1,
                "",
                "the text is neither UTF-8 nor CP932: save the file as \"CSV UTF-8\"".into(),
            );
        };
        // One kind of line end, because rows are told by their line.
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let mut reader = ReaderBuilder::new().flexible(true).has_headers(false).from_reader(text.as_bytes());
        let mut rows = reader.records();
        let header = match rows.next() {
            Some(Ok(header)) => header,
            _ => {
                return self.fault(1, "", format!("the first row must name the columns: {}", table.header()));
            }
        };
        if !self.check(table, &header) {
            return;
        }
        for row in rows {
            match row {
                Ok(row) if row.iter().all(|cell| cell.trim().is_empty()) => {}
                Ok(row) => self.row(table, &header, &row),
                Err(error) => self.fault(line(error.position()), "", "the row can't be read".into()),
            }
        }
    }

    fn row(&mut self, table: &Table, header: &StringRecord, row: &StringRecord) {
        let number = line(row.position());
        if row.len() > header.len() {
            let reason = format!("the row has {} cells, the header {}", row.len(), header.len());
            return self.fault(number, "", reason + ": put a text that has a comma between quotes");
        }
        let mut cells = Cells::new(header, row, self.reading);
        let (who, why) = (cells.text("who"), cells.why());
        let facts = (table.read)(&mut cells);
        let faults = cells.into_faults();
        if let (Some(who), Some(why), Some(facts), true) = (who, why, facts, faults.is_empty()) {
            for fact in facts {
                let recorded_at = self.reading.now;
                let entry = Entry { recorded_at, who: who.to_owned(), why: why.clone(), fact };
                self.import.entries.push(entry);
                self.import.places.push(Place { file: self.name.to_owned(), row: number });
            }
        }
        for (column, reason) in faults {
            self.fault(number, column, reason);
        }
    }

    /// Whether the header has the columns of the table, each once.
    fn check(&mut self, table: &Table, header: &StringRecord) -> bool {
        let before = self.import.faults.len();
        let named: Vec<_> = header.iter().map(str::trim).collect();
        let known: Vec<_> = table.columns().collect();
        for (place, column) in named.iter().enumerate() {
            if !known.contains(column) {
                self.fault(
                    1,
                    column,
                    format!("{} has no such column: {}", table.name, suggest(column, &known)),
                );
            } else if named.iter().take(place).any(|earlier| earlier == column) {
                self.fault(1, column, "the column stands twice".into());
            }
        }
        for column in table.required().filter(|column| !named.contains(column)) {
            self.fault(1, column, "the column is missing".into());
        }
        self.import.faults.len() == before
    }

    fn fault(&mut self, row: u64, column: &str, reason: String) {
        let place = Place { file: self.name.to_owned(), row };
        self.import.faults.push(Fault { place, column: column.to_owned(), reason });
    }
}

fn line(position: Option<&csv::Position>) -> u64 {
    position.map_or(1, csv::Position::line)
}

/// UTF-8, else CP932; nothing if it is neither.
fn decode(bytes: &[u8]) -> Option<Cow<'_, str>> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(Cow::Borrowed(text)),
        Err(_) => encoding_rs::SHIFT_JIS.decode_without_bom_handling_and_without_replacement(bytes),
    }
}

#[cfg(test)]
mod tests;
