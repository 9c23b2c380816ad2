//! The index database's table `SSMIXIDX`, exported as CSV: one row a version, renamed in place as its file is.
//!
//! The header names the columns, in any order and among any others; case does not matter. Text is UTF-8 (with or
//! without a byte order mark) or Shift_JIS, line by line. A line that can't be read is a fault with its number, and
//! the lines after it are read. No column holds a line end, so that a quote that is never closed ends with its line.

use std::io::{self, BufRead, Read};

use encoding_rs::SHIFT_JIS;

/// Longest line: the columns have at most 1,100 characters together.
const LINE_BYTES_MAX: u64 = 64 << 10;

/// Columns that are read. The table has more: EnterOrgCD, TransactionDatetime, and a system's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// VolumeLabel, `STDnn` or `ANXnn`; may be missing.
    Volume,
    /// FacilityID; may be missing.
    Facility,
    /// PatientID
    Patient,
    /// OrderDate
    Date,
    /// DataKind
    DataType,
    /// OutRelDirectory
    Folder,
    /// FileName
    File,
    /// UpdateDatetime
    Updated,
}

impl Column {
    const ALL: [Self; 8] = [
        Self::Volume,
        Self::Facility,
        Self::Patient,
        Self::Date,
        Self::DataType,
        Self::Folder,
        Self::File,
        Self::Updated,
    ];

    /// Its name in the table.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Volume => "VolumeLabel",
            Self::Facility => "FacilityID",
            Self::Patient => "PatientID",
            Self::Date => "OrderDate",
            Self::DataType => "DataKind",
            Self::Folder => "OutRelDirectory",
            Self::File => "FileName",
            Self::Updated => "UpdateDatetime",
        }
    }

    const fn may_be_empty(self) -> bool {
        matches!(self, Self::Volume | Self::Facility)
    }
}

/// A version, as the index tells it. Holds a patient id.
#[derive(Clone, PartialEq, Eq)]
pub struct Row {
    /// Line in the file, from 1.
    pub line: u64,
    /// Whether it is of the extension storage (`ANX`).
    pub is_extension: bool,
    /// 医療施設ID; empty where it is not told.
    pub facility: String,
    /// 患者ID
    pub patient: String,
    /// 診療日 or `-`.
    pub date: String,
    /// データ種別
    pub data_type: String,
    /// Folder of the file below the storage's root or above it, with `/` between its parts.
    pub folder: String,
    /// Name of the file, with its flag as it is now.
    pub file: String,
    /// When the row was written or changed last, as the number `YYYYMMDDHHMMSSfff` in the database's own zone.
    pub updated: i64,
}

impl Row {
    /// The folder of the patient in a standardised storage.
    pub fn patient_folder(&self) -> String {
        let patient = self.patient.as_str();
        let prefix = |range| patient.get(range).unwrap_or(patient);
        format!("{}/{}/{patient}", prefix(0..3), prefix(3..6))
    }

    /// The file's path below the root of a standardised storage: the last five folders, whatever stands above them.
    pub fn path(&self) -> String {
        let parts: Vec<_> = self.folder.split('/').collect();
        let below = parts.get(parts.len().saturating_sub(5)..).unwrap_or_default();
        format!("{}/{}", below.join("/"), self.file)
    }
}

/// Why a line is no row. Never tells a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RowReason {
    /// It is longer than any row.
    #[error("the line is longer than a row can be")]
    TooLong,
    /// It is not CSV.
    #[error("the line is not CSV")]
    Unreadable,
    /// It has fewer columns than the header.
    #[error("{} is missing", .0.name())]
    Missing(Column),
    /// A column is empty that says which file is meant.
    #[error("{} is empty", .0.name())]
    Empty(Column),
    /// The text is neither UTF-8 nor Shift_JIS.
    #[error("{} is neither UTF-8 nor Shift_JIS", .0.name())]
    Encoding(Column),
    /// The time can't be told.
    #[error("{} is not a date and time", .0.name())]
    Time(Column),
}

/// A line that is no row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct RowFault {
    /// Line in the file, from 1.
    pub line: u64,
    /// Why.
    pub reason: RowReason,
}

/// Why a file is no export of the table, or can't be read on.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The header does not have the column.
    #[error("the first line names no column {0}")]
    NoColumn(&'static str),
    /// Reading failed.
    #[error("the file can't be read")]
    Read(#[from] io::Error),
}

/// Rows of an export, one at a time.
#[derive(Debug)]
pub struct Rows<R> {
    reader: R,
    /// Where each of [`Column::ALL`] stands.
    places: [Option<usize>; 8],
    line: u64,
    ended: bool,
}

impl<R: BufRead> Rows<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// If it does not name the columns that say which file is meant, and when it changed.
    pub fn open(mut reader: R) -> Result<Self, IndexError> {
        let header = line(&mut reader)?.flatten().unwrap_or_default();
        let header = header.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&header);
        let names = fields(header).unwrap_or_default();
        let place = |column: Column| {
            names.iter().position(|name| name.trim_ascii().eq_ignore_ascii_case(column.name().as_bytes()))
        };
        let places = Column::ALL.map(place);
        let missing =
            Column::ALL.into_iter().zip(places).find(|(column, at)| !column.may_be_empty() && at.is_none());
        match missing {
            Some((column, _)) => Err(IndexError::NoColumn(column.name())),
            None => Ok(Self { reader, places, line: 1, ended: false }),
        }
    }

    fn row(&self, line: &[u8]) -> Result<Row, RowReason> {
        let fields = fields(line).ok_or(RowReason::Unreadable)?;
        let [volume, facility, patient, date, data_type, folder, file, updated] =
            Column::ALL.map(|column| self.text(&fields, column));
        let updated = time(&updated?).ok_or(RowReason::Time(Column::Updated))?;
        let folder = folder?.replace('\\', "/");
        Ok(Row {
            line: self.line,
            is_extension: volume?.starts_with("ANX"),
            facility: facility?,
            patient: patient?,
            date: date?,
            data_type: data_type?,
            folder: folder.trim_matches('/').to_owned(),
            file: file?,
            updated,
        })
    }

    fn text(&self, fields: &[Vec<u8>], column: Column) -> Result<String, RowReason> {
        let place = Column::ALL.iter().position(|other| *other == column).and_then(|at| self.places.get(at));
        let Some(place) = place.copied().flatten() else { return Ok(String::new()) };
        let bytes = fields.get(place).ok_or(RowReason::Missing(column))?.trim_ascii();
        if bytes.is_empty() && !column.may_be_empty() {
            return Err(RowReason::Empty(column));
        }
        if let Ok(text) = std::str::from_utf8(bytes) {
            return Ok(text.to_owned());
        }
        let text = SHIFT_JIS.decode_without_bom_handling_and_without_replacement(bytes);
        text.map(|text| text.into_owned()).ok_or(RowReason::Encoding(column))
    }
}

impl<R: BufRead> Iterator for Rows<R> {
    type Item = Result<Result<Row, RowFault>, IndexError>;

    /// The next row or line that is none; an error is the last.
    fn next(&mut self) -> Option<Self::Item> {
        while !self.ended {
            self.line += 1;
            let line = match line(&mut self.reader) {
                Ok(Some(line)) => line,
                Ok(None) => break,
                Err(error) => {
                    self.ended = true;
                    return Some(Err(error.into()));
                }
            };
            let row = match &line {
                Some(line) if line.trim_ascii().is_empty() => continue,
                Some(line) => self.row(line),
                None => Err(RowReason::TooLong),
            };
            return Some(Ok(row.map_err(|reason| RowFault { line: self.line, reason })));
        }
        self.ended = true;
        None
    }
}

/// The next line without its end; none at the end, and nothing in it where it is too long.
fn line(reader: &mut impl BufRead) -> io::Result<Option<Option<Vec<u8>>>> {
    let mut line = Vec::new();
    if Read::by_ref(reader).take(LINE_BYTES_MAX).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    let is_long = line.last() != Some(&b'\n') && line.len() as u64 == LINE_BYTES_MAX;
    if !is_long {
        let end = line.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n')).map_or(0, |at| at + 1);
        line.truncate(end);
        return Ok(Some(Some(line)));
    }
    while line.last() != Some(&b'\n') {
        line.clear();
        if Read::by_ref(reader).take(LINE_BYTES_MAX).read_until(b'\n', &mut line)? == 0 {
            break;
        }
    }
    Ok(Some(None))
}

/// The fields of a line; none where it is not CSV. An empty line has none.
fn fields(line: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut reader = csv::ReaderBuilder::new();
    let mut reader =
        reader.has_headers(false).flexible(true).buffer_capacity(line.len() + 1).from_reader(line);
    let mut record = csv::ByteRecord::new();
    let is_there = reader.read_byte_record(&mut record).ok()?;
    is_there.then(|| record.iter().map(<[u8]>::to_vec).collect())
}

/// A date and time, in whichever of the usual ways it is written, as the number `YYYYMMDDHHMMSSfff`. An offset from
/// UTC is passed over: all rows come from one database.
fn time(text: &str) -> Option<i64> {
    let is_digit = |c: char| c.is_ascii_digit();
    let compact = text.split(|c: char| !is_digit(c)).next().filter(|digits| digits.len() >= 8);
    let digits = match compact {
        Some(digits) if text.len() == digits.len() => digits.to_owned(),
        _ => {
            let (whole, fraction) = text.split_once(['.', ',']).unwrap_or((text, ""));
            let whole = whole.split(['+', 'Z']).next().unwrap_or_default();
            let mut parts = whole.split(|c: char| !is_digit(c)).filter(|part| !part.is_empty());
            let year = parts.next().filter(|year| matches!(year.len(), 4 | 8))?;
            let mut digits = year.to_owned();
            for part in parts {
                digits.push_str(&format!("{part:0>2}"));
            }
            let fraction: String = fraction.chars().take_while(|c| is_digit(*c)).take(3).collect();
            if digits.len() == 14 { digits + &fraction } else { digits }
        }
    };
    let is_time = matches!(digits.len(), 8 | 12 | 14..=20) && is_calendar(&digits);
    let milliseconds: String = digits.chars().chain("000000000".chars()).take(17).collect();
    milliseconds.parse().ok().filter(|_| is_time)
}

/// Whether digits begin with a month and a day that there are.
fn is_calendar(digits: &str) -> bool {
    let part = |range| digits.get(range).and_then(|part: &str| part.parse::<u32>().ok());
    part(4..6).is_some_and(|month| (1..=12).contains(&month))
        && part(6..8).is_some_and(|day| (1..=31).contains(&day))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEADER: &str = "VolumeLabel,FacilityID,PatientID,OrderDate,DataKind,OrderNo,ProcessingType,EnterOrgCD,\
                          TransactionDatetime,OutRelDirectory,FileName,UpdateDatetime";
    const FILE: &str = "0000123_20260401_OML-11_7_20260401093015123_01_1";

    /// Each row as `line patient path updated`, each fault in its own words.
    fn read(bytes: &[u8]) -> Vec<String> {
        let rows = Rows::open(bytes).unwrap().map(|row| match row.unwrap() {
            Ok(row) => format!("{} {} {} {}", row.line, row.patient, row.path(), row.updated),
            Err(fault) => fault.to_string(),
        });
        rows.collect()
    }

    fn line(folder: &str, updated: &str) -> String {
        format!(
            "STD01,3210100018,0000123,20260401,OML-11,7,INS,01,20260401093015123,{folder},{FILE},{updated}"
        )
    }

    #[test]
    fn by_the_book() {
        let folder = "000/012/0000123/20260401/OML-11";
        let text = format!("{HEADER}\r\n{}\r\n", line(folder, "2026-04-01 09:30:16.5"));
        assert_eq!(read(text.as_bytes()), [format!("2 0000123 {folder}/{FILE} 20260401093016500")]);
        let row = Rows::open(text.as_bytes()).unwrap().next().unwrap().unwrap().unwrap();
        assert_eq!((row.patient_folder().as_str(), row.is_extension), ("000/012/0000123", false));
        assert_eq!((row.date.as_str(), row.data_type.as_str()), ("20260401", "OML-11"));
    }

    #[test]
    fn folders_of_windows_and_above_the_root() {
        let folder = r#""\3210100018_1\000\012\0000123\20260401\OML-11\""#;
        let text = format!("{HEADER}\n{}", line(folder, "20260401"));
        let path = format!("000/012/0000123/20260401/OML-11/{FILE}");
        assert_eq!(read(text.as_bytes()), [format!("2 0000123 {path} 20260401000000000")]);
    }

    #[test]
    fn columns_in_any_order_among_others_with_a_byte_order_mark() {
        let text = "\u{FEFF}\"updatedatetime\", FILENAME ,OutRelDirectory,DataKind,OrderDate,PatientID,UniqueID\n\
                    2026/4/1 9:05:00,f_1,a/b/c/d/e,OMD,-,0000123,\"x, \"\"y\"\"\"\n\n";
        assert_eq!(read(text.as_bytes()), ["2 0000123 a/b/c/d/e/f_1 20260401090500000"]);
    }

    #[test]
    fn shift_jis_and_utf_8_line_by_line() {
        let mut bytes = format!("{HEADER}\n{}\n", line("表/能/ソ/d/e", "20260401")).into_bytes();
        let (japanese, ..) = SHIFT_JIS.encode("表/能/ソ/d/e");
        let text = line("@", "20260401").into_bytes();
        let at = text.iter().position(|byte| *byte == b'@').unwrap();
        bytes.extend([&text[..at], &japanese, &text[at + 1..]].concat());
        let found = read(&bytes);
        assert!(found.len() == 2 && found.iter().all(|row| row.contains(" 表/能/ソ/d/e/")), "{found:?}");
    }

    #[test]
    fn what_is_no_row_is_told_with_its_line_and_no_value() {
        let long = "x".repeat(200_000);
        let mut bytes = format!("{HEADER}\na,b\n{long}\n{}\n", line("f", "yesterday")).into_bytes();
        bytes.extend(format!("{}\n", line("", "20260401")).into_bytes());
        bytes.extend(format!("{}\n\"never closed\n", line("\u{0}", "20261301")).into_bytes());
        bytes.extend(line("f", "20260401").replace("0000123,", "\u{1},").into_bytes());
        let found = read(&bytes);
        let expected = [
            "line 2: UpdateDatetime is missing",
            "line 3: the line is longer than a row can be",
            "line 4: UpdateDatetime is not a date and time",
            "line 5: OutRelDirectory is empty",
            "line 6: UpdateDatetime is not a date and time",
            "line 7: UpdateDatetime is missing",
        ];
        assert_eq!(found[..6], expected);
        assert!(found[6].starts_with("8 "), "{found:?}");
    }

    #[test]
    fn a_header_without_a_column() {
        let error = |text: &str| Rows::open(text.as_bytes()).unwrap_err().to_string();
        assert_eq!(error(""), "the first line names no column PatientID");
        assert_eq!(error(&HEADER.replace("FileName", "Name")), "the first line names no column FileName");
    }

    #[test]
    fn times() {
        for (text, expected) in [
            ("2026-04-01T09:30:15+09:00", Some(20_260_401_093_015_000)),
            ("2026-04-01 09:30:15.123456789", Some(20_260_401_093_015_123)),
            ("20260401093015123", Some(20_260_401_093_015_123)),
            ("2026/04/01", Some(20_260_401_000_000_000)),
            ("20260401 093015", Some(20_260_401_093_015_000)),
            ("26-04-01 09:30:15", None),
            ("2026-04", None),
            ("", None),
        ] {
            assert_eq!(time(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_rows_or_faults(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            drop(Rows::open(&bytes[..]).map(|rows| rows.count()));
            let text = [HEADER.as_bytes(), b"\n", &bytes].concat();
            let lines = text.split(|byte| *byte == b'\n').count();
            prop_assert!(Rows::open(&text[..]).unwrap().count() < lines);
        }

        #[test]
        fn any_line_of_such_characters(line in "[0-9,\"/_\\\\ -]{0,80}") {
            let text = format!("{HEADER}\n{line}\n");
            prop_assert!(Rows::open(text.as_bytes()).unwrap().count() <= 1);
        }
    }
}
