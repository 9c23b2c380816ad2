//! Where segments and fields lie in the decoded text.
//!
//! One pass records segments and field separators only, four bytes a field; repetitions and
//! components are split when they are asked for.

use std::collections::BTreeMap;
use std::mem;

use crate::finding::{Findings, Place};
use crate::scan;

/// One segment; its bounds are those from `first` to the `first` of the next one.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) start: u32,
    pub(crate) first: u32,
    pub(crate) occurrence: u32,
}

/// The segments of a text and the offsets of its field separators.
#[derive(Debug, Default)]
pub(crate) struct Index {
    pub(crate) entries: Vec<Entry>,
    /// For each segment the offsets of its field separators, then that of its end.
    bounds: Vec<u32>,
    /// Whether an ADD segment or a second MSH asks for continuations to be joined.
    pub(crate) continued: bool,
    occurrences: Occurrences,
}

/// How often each segment id was met.
#[derive(Debug, Default)]
struct Occurrences {
    /// The id of the segment before, whose count is not in `earlier`: segments come in rows of one id.
    last: [u8; 3],
    count: u32,
    earlier: BTreeMap<[u8; 3], u32>,
}

impl Occurrences {
    fn next(&mut self, name: [u8; 3]) -> u32 {
        if name != self.last {
            let count = self.earlier.get(&name).copied().unwrap_or(0);
            self.earlier.insert(mem::replace(&mut self.last, name), mem::replace(&mut self.count, count));
        }
        self.count += 1;
        self.count
    }
}

impl Index {
    /// Indexes `text` from `start`, where the MSH segment is; the text is below 4 GiB.
    pub(crate) fn build(text: &str, start: usize, separator: u8, findings: &mut Findings) -> Self {
        let bytes = text.as_bytes();
        let mut index = Self::default();
        index.bounds.reserve(bytes.len() / 6);
        index.entries.reserve(bytes.len() / 64);
        let (mut line, mut first) = (start, 0);
        scan::each(bytes.get(start..).unwrap_or_default(), separator, |at, byte| {
            let at = start + at;
            if byte == separator {
                index.bounds.push(at as u32);
            } else if matches!(byte, b'\r' | b'\n') {
                index.line(bytes, line, at, first, findings);
                line = at + 1;
                first = index.bounds.len();
            }
        });
        index.line(bytes, line, bytes.len(), first, findings);
        index
    }

    /// Takes the line from `start` to `end`, whose separators are those from `first` on.
    fn line(&mut self, bytes: &[u8], start: usize, end: usize, first: usize, findings: &mut Findings) {
        let line = &bytes[start..end];
        let Some(blanks) = line.iter().position(|b| *b > b' ') else { return };
        // The end block of an MLLP frame is no part of the last field.
        let end = if line.ends_with(&[0x1C]) { end - 1 } else { end };
        let separator = self.bounds.get(first).map(|at| *at as usize - start - blanks);
        if self.entries.is_empty() || starts_segment(&line[blanks..], separator) {
            if line[..blanks].contains(&b' ') {
                let text = "blanks stand before a segment id; they are passed over";
                findings.push("blank-before-segment", Place::Text(start + blanks), text);
            }
            self.open(bytes, start + blanks, first, findings);
        } else {
            // The end of the segment is no longer where the line before ended.
            self.bounds.remove(first - 1);
            let text = "a line that starts with no segment id; it continues the field before it";
            findings.push("line-break-in-field", Place::Text(start), text);
        }
        self.bounds.push(end as u32);
    }

    fn open(&mut self, bytes: &[u8], start: usize, first: usize, findings: &mut Findings) {
        let written = [bytes[start], bytes[start + 1], bytes[start + 2]];
        let name = written.map(|byte| byte.to_ascii_uppercase());
        self.continued |= name == *b"ADD" || (name == *b"MSH" && !self.entries.is_empty());
        let occurrence = self.occurrences.next(name);
        self.entries.push(Entry { start: start as u32, first: first as u32, occurrence });
        if name != written {
            let text = "a segment id in lower case; it is read as if in upper case";
            findings.push("segment-id-case", Place::Text(start), text);
        }
    }

    /// The field separators of the segment at `at`, and its end.
    #[inline]
    pub(crate) fn bounds(&self, at: usize) -> &[u32] {
        let first = self.entries.get(at).map_or(self.bounds.len(), |entry| entry.first as usize);
        let next = self.entries.get(at + 1).map_or(self.bounds.len(), |entry| entry.first as usize);
        self.bounds.get(first..next).unwrap_or_default()
    }

    /// Where the segment at `at` ends.
    pub(crate) fn end(&self, at: usize) -> usize {
        self.bounds(at).last().map_or(0, |end| *end as usize)
    }

    /// Whether a second MSH segment with any field is there.
    pub(crate) fn is_several(&self, text: &str) -> bool {
        self.entries.iter().enumerate().skip(1).any(|(at, entry)| {
            let start = entry.start as usize;
            self.end(at) > start + 3 && text.get(start..start + 3) == Some("MSH")
        })
    }

    /// The path of the field at a text offset, such as `OBX[2]-5`.
    pub(crate) fn place(&self, text: &str, offset: usize) -> String {
        let at = self.entries.partition_point(|entry| entry.start as usize <= offset);
        let Some((at, entry)) = at.checked_sub(1).and_then(|at| Some((at, self.entries.get(at)?))) else {
            return format!("character {offset}");
        };
        let start = entry.start as usize;
        let name = text.get(start..start + 3).unwrap_or("???");
        let separators = self.bounds(at).split_last().map_or(&[][..], |(_, separators)| separators);
        let before = separators.iter().take_while(|place| (**place as usize) < offset).count();
        let number = if is_header(name.as_bytes()) { before + 1 } else { before };
        match before {
            0 => format!("{name}[{}]", entry.occurrence),
            _ => format!("{name}[{}]-{number}", entry.occurrence),
        }
    }
}

/// Whether field 1 of the segment is the field separator itself.
#[inline]
pub(crate) fn is_header(segment: &[u8]) -> bool {
    matches!(segment, [b'M', b'S', b'H', ..] | [b'B' | b'F', b'H', b'S', ..])
}

/// Whether a line without leading blanks starts with a segment id; `separator` is the offset of
/// its first separator.
fn starts_segment(line: &[u8], separator: Option<usize>) -> bool {
    let [a, b, c, rest @ ..] = line else { return false };
    match separator {
        Some(3) => a.is_ascii_alphabetic() && b.is_ascii_alphanumeric() && c.is_ascii_alphanumeric(),
        Some(_) => false,
        None => {
            let upper = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
            a.is_ascii_uppercase() && upper(b) && upper(c) && rest.iter().all(|x| *x <= b' ')
        }
    }
}
