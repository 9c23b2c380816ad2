//! The transaction storage: `<root>/<YYYY>/TR_YYYYMMDDHHMMSSFFF_nnnnn.DAT`, an append-only log of records, each
//! a header line `#SSMIX,…` and an HL7 message.
//!
//! Nothing is lost: bytes before the first header and headers that can't be read are records too, with a fault.

use std::cmp::Ordering;
use std::fmt;
use std::ops::Range;

const MARK: &[u8] = b"#SSMIX,";

/// 処理区分 of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// `INS`: new, or a later version.
    Insert,
    /// `DEL`
    Delete,
}

/// The ten items of a header line.
#[derive(Clone, PartialEq, Eq)]
pub struct Header<'a> {
    /// Version of the form, such as `2.00`.
    pub version: &'a str,
    /// 医療施設ID, 10 digits.
    pub facility: &'a str,
    /// 患者ID
    pub patient: &'a str,
    /// 診療日 or `-`.
    pub date: &'a str,
    /// データ種別
    pub data_type: &'a str,
    /// オーダNo
    pub order: &'a str,
    /// 処理区分
    pub operation: Operation,
    /// 診療科 or `-`.
    pub department: &'a str,
    /// トランザクション日時
    pub time: &'a str,
}

impl Header<'_> {
    /// The name without its flag that the same version carries in the standardised storage.
    pub fn stem(&self) -> String {
        let Self { patient, date, data_type, order, time, department, .. } = self;
        format!("{patient}_{date}_{data_type}_{order}_{time}_{department}")
    }
}

/// Holds a patient id, so that nothing of it is printed.
impl fmt::Debug for Header<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Header({}, {:?})", self.data_type, self.operation)
    }
}

/// What is wrong with a record's header. Never tells a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HeaderFault {
    /// Bytes before the first header line of the text.
    #[error("no header line stands before these bytes (byte {at})")]
    Missing {
        /// Offset of the first byte.
        at: usize,
    },
    /// The text ends within the header line.
    #[error("the header line has no end (byte {at})")]
    Unfinished {
        /// Offset of the header line.
        at: usize,
    },
    /// The line holds bytes that no header has.
    #[error("the header line is not ASCII or UTF-8 text (byte {at})")]
    NotText {
        /// Offset of the header line.
        at: usize,
    },
    /// Not ten items.
    #[error("the header line has {found} items instead of 10 (byte {at})")]
    Items {
        /// How many there are.
        found: usize,
        /// Offset of the header line.
        at: usize,
    },
    /// An item that identifies the record is empty.
    #[error("item {item} of the header line is empty (byte {at})")]
    Empty {
        /// Counted from 1.
        item: usize,
        /// Offset of the header line.
        at: usize,
    },
    /// Item 8 is neither INS nor DEL.
    #[error("item 8 of the header line is neither INS nor DEL (byte {at})")]
    Operation {
        /// Offset of the header line.
        at: usize,
    },
}

impl HeaderFault {
    /// A stable word for the reason.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "transaction-header-missing",
            Self::Unfinished { .. } => "transaction-header-unfinished",
            Self::NotText { .. } | Self::Items { .. } | Self::Empty { .. } | Self::Operation { .. } => {
                "transaction-header-unreadable"
            }
        }
    }
}

/// A record: where it lies, and its header if that can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record<'a> {
    /// The header.
    pub header: Result<Header<'a>, HeaderFault>,
    /// The header line without its end; empty if there is none.
    pub header_range: Range<usize>,
    /// What follows up to the next header: the message, with any line ends after it.
    pub message_range: Range<usize>,
    /// No header follows: more of this record may still be written.
    pub last: bool,
}

/// Takes a transaction file apart, or a piece of one that begins at a header.
pub fn records(bytes: &[u8]) -> Records<'_> {
    Records { bytes, at: 0 }
}

/// Iterator over the records of a text.
#[derive(Debug, Clone)]
pub struct Records<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Records<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Record<'a>> {
        let start = self.at;
        let rest = self.bytes.get(start..).filter(|rest| !rest.is_empty())?;
        let marked = rest.starts_with(MARK);
        let next = next_header(self.bytes, start + usize::from(marked));
        let end = next.unwrap_or(self.bytes.len());
        self.at = end;
        if !marked {
            let blank = rest.get(..end - start).is_some_and(|bytes| bytes.trim_ascii().is_empty());
            if blank && next.is_some() {
                return self.next();
            }
            let header = Err(HeaderFault::Missing { at: start });
            return Some(Record {
                header,
                header_range: start..start,
                message_range: start..end,
                last: next.is_none(),
            });
        }
        let line = rest.iter().take(end - start).position(|byte| matches!(byte, b'\r' | b'\n'));
        let line_end = line.map_or(end, |length| start + length);
        let message = line_end + line_break(self.bytes.get(line_end..end).unwrap_or_default());
        let header = match line {
            Some(_) => header(self.bytes.get(start..line_end).unwrap_or_default(), start),
            None => Err(HeaderFault::Unfinished { at: start }),
        };
        Some(Record {
            header,
            header_range: start..line_end,
            message_range: message..end,
            last: next.is_none(),
        })
    }
}

/// The offset of the first header line that begins at `from` or later.
fn next_header(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += bytes.get(at..)?.iter().position(|byte| *byte == b'#')?;
        let begins = at == 0 || matches!(bytes.get(at - 1), Some(b'\r' | b'\n'));
        if begins && bytes.get(at..)?.starts_with(MARK) {
            return Some(at);
        }
        at += 1;
    }
}

/// Length of the line end that a text begins with.
fn line_break(text: &[u8]) -> usize {
    match text {
        [b'\r', b'\n', ..] => 2,
        [b'\r' | b'\n', ..] => 1,
        _ => 0,
    }
}

fn header(line: &[u8], at: usize) -> Result<Header<'_>, HeaderFault> {
    let line = std::str::from_utf8(line).map_err(|_| HeaderFault::NotText { at })?;
    let items: Vec<&str> = line.split(',').map(str::trim).collect();
    let [_, version, facility, patient, date, data_type, order, operation, department, time] = items[..]
    else {
        return Err(HeaderFault::Items { found: items.len(), at });
    };
    let needed = [(4, patient), (5, date), (6, data_type), (7, order), (10, time)];
    if let Some((item, _)) = needed.into_iter().find(|(_, text)| text.is_empty()) {
        return Err(HeaderFault::Empty { item, at });
    }
    let operation = match operation {
        "INS" => Operation::Insert,
        "DEL" => Operation::Delete,
        _ => return Err(HeaderFault::Operation { at }),
    };
    Ok(Header { version, facility, patient, date, data_type, order, operation, department, time })
}

/// The name of a transaction file; orders as the files were begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransactionFileName<'a> {
    /// When the file was begun, `YYYYMMDDHHMMSSFFF`.
    pub time: &'a str,
    /// Serial number.
    pub number: &'a str,
}

impl<'a> TransactionFileName<'a> {
    /// Reads `TR_YYYYMMDDHHMMSSFFF_nnnnn.DAT`; None for any other name.
    pub fn parse(name: &'a str) -> Option<Self> {
        let stem = name.strip_suffix(".DAT").or_else(|| name.strip_suffix(".dat"))?;
        let (time, number) = stem.strip_prefix("TR_")?.split_once('_')?;
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        (digits(time) && digits(number)).then_some(Self { time, number })
    }
}

impl Ord for TransactionFileName<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let number =
            |name: &Self| (name.number.trim_start_matches('0').len(), name.number.trim_start_matches('0'));
        self.time
            .cmp(other.time)
            .then_with(|| number(self).cmp(&number(other)))
            .then_with(|| self.number.cmp(other.number))
    }
}

impl PartialOrd for TransactionFileName<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const INS: &str =
        "#SSMIX,2.00,3210100018,0000123,20260401,OMP-01,000000000000007,INS,01,20260401093015123";

    /// One line per record: operation or fault code, the message, `+` if more may follow.
    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let found: Vec<String> = records(text.as_bytes())
            .map(|record| {
                let head = match &record.header {
                    Ok(header) => format!("{:?}", header.operation),
                    Err(fault) => fault.code().to_owned(),
                };
                let message = text.get(record.message_range.clone()).unwrap();
                format!("{head} {message:?}{}", if record.last { "+" } else { "" })
            })
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn every_line_end() {
        for end in ["\r", "\n", "\r\n"] {
            let text = format!("{INS}{end}MSH|1\rPID|1\r{INS}{end}MSH|2\r");
            check(&text, &["Insert \"MSH|1\\rPID|1\\r\"", "Insert \"MSH|2\\r\"+"]);
        }
    }

    #[test]
    fn delete_and_no_message() {
        check(&format!("{}\r\n", INS.replace("INS", "DEL")), &["Delete \"\"+"]);
    }

    #[test]
    fn headers_that_can_not_be_read_keep_their_message() {
        check(
            &format!("#SSMIX,2.00\rMSH|1\r{INS}\rMSH|2\r"),
            &["transaction-header-unreadable \"MSH|1\\r\"", "Insert \"MSH|2\\r\"+"],
        );
        check(&INS.replace("INS", "UPD"), &["transaction-header-unfinished \"\"+"]);
        check(&format!("{}\r", INS.replace("INS", "UPD")), &["transaction-header-unreadable \"\"+"]);
        check(&format!("{}\r", INS.replace("0000123", "")), &["transaction-header-unreadable \"\"+"]);
    }

    #[test]
    fn bytes_before_the_first_header() {
        check(
            &format!("lost\r{INS}\rMSH|2\r"),
            &["transaction-header-missing \"lost\\r\"", "Insert \"MSH|2\\r\"+"],
        );
        check(&format!("\r\n{INS}\rMSH|2\r"), &["Insert \"MSH|2\\r\"+"]);
    }

    #[test]
    fn a_mark_within_a_line_is_text() {
        check(&format!("{INS}\rMSH|#SSMIX,\r"), &["Insert \"MSH|#SSMIX,\\r\"+"]);
    }

    #[test]
    fn stem_is_the_name_in_the_storage() {
        let text = format!("{INS}\r");
        let header = records(text.as_bytes()).next().unwrap().header.unwrap();
        let name = "0000123_20260401_OMP-01_000000000000007_20260401093015123_01_1";
        assert_eq!(header.stem(), crate::FileName::parse(name).unwrap().stem());
    }

    #[test]
    fn files_in_the_order_they_were_begun() {
        let parse = |name| TransactionFileName::parse(name).unwrap();
        assert!(parse("TR_20260401000000000_00009.DAT") < parse("TR_20260401000000000_10.DAT"));
        assert!(parse("TR_20260401000000000_00010.DAT") < parse("TR_20260402000000000_00001.dat"));
        assert_eq!(TransactionFileName::parse("TR_2026.DAT"), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_covered_in_order(pieces in proptest::collection::vec(
            prop_oneof![Just(INS.as_bytes().to_vec()), Just(b"\r".to_vec()), Just(b"\n#SSMIX,".to_vec()),
                proptest::collection::vec(any::<u8>(), 0..9)], 0..20)) {
            let bytes = pieces.concat();
            let mut end = 0;
            for record in records(&bytes) {
                let start = record.header_range.start;
                prop_assert!(bytes[end..start].trim_ascii().is_empty());
                prop_assert!(bytes[record.header_range.end..record.message_range.start].trim_ascii().is_empty());
                end = record.message_range.end;
            }
            prop_assert_eq!(end, bytes.len());
        }
    }
}
