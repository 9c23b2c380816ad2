//! Where segments and fields lie in the decoded text.
//!
//! One pass records segments and field separators only, four bytes a field; repetitions and
//! components are split when they are asked for.

use std::collections::BTreeMap;

use crate::finding::{Findings, Place};

/// One segment; its separators are those from `first` to the `first` of the next one.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) start: u32,
    pub(crate) end: u32,
    pub(crate) first: u32,
    pub(crate) occurrence: u32,
}

/// The segments of a text and the offsets of its field separators.
#[derive(Debug, Default)]
pub(crate) struct Index {
    pub(crate) entries: Vec<Entry>,
    pub(crate) separators: Vec<u32>,
    /// Whether an ADD segment or a second MSH asks for continuations to be joined.
    pub(crate) continued: bool,
    seen: BTreeMap<[u8; 3], u32>,
}

const SEPARATOR: u8 = 1;
const TERMINATOR: u8 = 2;

impl Index {
    /// Indexes `text` from `start`, where the MSH segment is; the text is below 4 GiB.
    pub(crate) fn build(text: &str, start: usize, separator: u8, findings: &mut Findings) -> Self {
        let bytes = text.as_bytes();
        let mut class = [0; 256];
        class[usize::from(separator)] = SEPARATOR;
        class[usize::from(b'\r')] = TERMINATOR;
        class[usize::from(b'\n')] = TERMINATOR;
        let mut index = Self::default();
        index.separators.reserve(bytes.len() / 8);
        let (mut line, mut first) = (start, 0);
        for (at, byte) in bytes.iter().enumerate().skip(start) {
            match class[usize::from(*byte)] {
                SEPARATOR => index.separators.push(at as u32),
                TERMINATOR => {
                    index.line(bytes, line, at, first, findings);
                    line = at + 1;
                    first = index.separators.len();
                }
                _ => {}
            }
        }
        index.line(bytes, line, bytes.len(), first, findings);
        index
    }

    /// Takes the line from `start` to `end`, whose separators are those from `first` on.
    fn line(&mut self, bytes: &[u8], start: usize, end: usize, first: usize, findings: &mut Findings) {
        let line = &bytes[start..end];
        let blanks = line.iter().take_while(|b| **b <= b' ').count();
        if blanks == line.len() {
            return;
        }
        // The end block of an MLLP frame is no part of the last field.
        let end = if line.ends_with(&[0x1C]) { end - 1 } else { end };
        let has_separators = self.separators.len() > first;
        if self.entries.is_empty()
            || starts_segment(
                &line[blanks..],
                has_separators.then(|| self.separators[first] as usize - start - blanks),
            )
        {
            self.open(bytes, start + blanks, end, first);
            if line[..blanks].contains(&b' ') {
                let text = "blanks stand before a segment id; they are passed over";
                findings.push("blank-before-segment", Place::Text(start + blanks), text);
            }
            if line[blanks..].iter().take(3).any(u8::is_ascii_lowercase) {
                let text = "a segment id in lower case; it is read as if in upper case";
                findings.push("segment-id-case", Place::Text(start + blanks), text);
            }
        } else if let Some(last) = self.entries.last_mut() {
            last.end = end as u32;
            let text = "a line that starts with no segment id; it continues the field before it";
            findings.push("line-break-in-field", Place::Text(start), text);
        }
    }

    fn open(&mut self, bytes: &[u8], start: usize, end: usize, first: usize) {
        let mut name = [0; 3];
        name.copy_from_slice(&bytes[start..start + 3]);
        name.make_ascii_uppercase();
        self.continued |= name == *b"ADD" || (name == *b"MSH" && !self.entries.is_empty());
        let count = self.seen.entry(name).or_default();
        *count += 1;
        self.entries.push(Entry {
            start: start as u32,
            end: end as u32,
            first: first as u32,
            occurrence: *count,
        });
    }

    /// The separators of the segment at `at`.
    pub(crate) fn separators(&self, at: usize) -> &[u32] {
        let first = self.entries.get(at).map_or(self.separators.len(), |entry| entry.first as usize);
        let next = self.entries.get(at + 1).map_or(self.separators.len(), |entry| entry.first as usize);
        self.separators.get(first..next).unwrap_or_default()
    }

    /// The path of the field at a text offset, such as `OBX[2]-5`.
    pub(crate) fn place(&self, text: &str, offset: usize) -> String {
        let at = self.entries.partition_point(|entry| entry.start as usize <= offset);
        let Some((at, entry)) = at.checked_sub(1).and_then(|at| Some((at, self.entries.get(at)?))) else {
            return format!("character {offset}");
        };
        let start = entry.start as usize;
        let name = text.get(start..start + 3).unwrap_or("???");
        let before = self.separators(at).iter().take_while(|place| (**place as usize) < offset).count();
        let number = if is_header(name) { before + 1 } else { before };
        match before {
            0 => format!("{name}[{}]", entry.occurrence),
            _ => format!("{name}[{}]-{number}", entry.occurrence),
        }
    }
}

/// Whether field 1 of the segment is the field separator itself.
pub(crate) fn is_header(name: &str) -> bool {
    matches!(name, "MSH" | "BHS" | "FHS")
}

/// Whether a line without leading blanks starts with a segment id; `separator` is the offset of
/// its first separator.
fn starts_segment(line: &[u8], separator: Option<usize>) -> bool {
    let [a, b, c, rest @ ..] = line else { return false };
    let upper = a.is_ascii_uppercase() && [b, c].iter().all(|x| x.is_ascii_uppercase() || x.is_ascii_digit());
    let letters = [a, b, c].iter().all(|x| x.is_ascii_alphabetic());
    match separator {
        Some(3) => upper || letters,
        Some(_) => false,
        None => upper && rest.iter().all(|x| *x <= b' '),
    }
}
