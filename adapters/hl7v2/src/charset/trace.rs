//! How the bytes of a message became its characters, run by run: for people who look at a sample.
//!
//! The ISO 2022 reader shows its own steps, so that what is told here is what was done.

mod tables;

use std::collections::BTreeMap;
use std::ops::Range;

use super::iso2022::{self, Piece, Set};
use super::oddity::{Oddity, Table, of_character};
use super::{Charset, detect, likely};
use crate::finding::Findings;
use crate::message::from_header;

/// What a run of bytes is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Characters of the set.
    Text,
    /// An escape sequence or a shift that names the set of what follows.
    Designation,
    /// Bytes above 0x7F among escape sequences, read all the same.
    EightBit,
    /// Bytes that are no character.
    Undecodable,
}

impl Role {
    /// A stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Designation => "designation",
            Self::EightBit => "eight-bit",
            Self::Undecodable => "undecodable",
        }
    }
}

/// Bytes that are read with one set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Where they stand in the message's bytes.
    pub bytes: Range<usize>,
    /// Where their characters stand in the text.
    pub text_at: usize,
    /// Their characters.
    pub text: String,
    /// The set: of a designation the one that it names.
    pub set: &'static str,
    /// What they are.
    pub role: Role,
}

/// A character or sequence that is worth a second look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Odd {
    /// What it is.
    pub oddity: Oddity,
    /// Its bytes.
    pub bytes: Range<usize>,
    /// Where it stands in the text.
    pub text_at: usize,
    /// How it was read.
    pub text: String,
}

/// The runs of a message.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    /// In their order, from the first byte on; at most [`RUNS_MAX`].
    pub runs: Vec<Run>,
    /// Runs that are not among them.
    pub runs_left_out: usize,
    /// The first of each oddity, at most [`ODD_KEPT`].
    pub odd: Vec<Odd>,
    /// How many there are of each.
    pub odd_counts: BTreeMap<Oddity, usize>,
    /// Characters of two bytes one of which equals a usual delimiter: who splits before decoding breaks them.
    pub holding_delimiters: usize,
}

/// Runs that are kept of one message.
pub const RUNS_MAX: usize = 20_000;
/// How many of one oddity are kept.
pub const ODD_KEPT: usize = 8;
/// Steps of the reader that are looked at: more than a message of a few megabytes has.
const STEPS_MAX: usize = 500_000;
const DELIMITERS: &[u8] = b"|^~\\&";

/// Traces the bytes of one message, which were read with that set.
pub fn trace(bytes: &[u8], used: Charset) -> Trace {
    let Ok(message) = from_header(bytes) else { return Trace::default() };
    let mut tracer =
        Tracer { base: bytes.len() - message.len(), text_at: 0, trace: Trace::default(), steps: 0 };
    match used {
        Charset::Iso2022Jp if iso2022::is_designated(message, detect::escape_of(message)) => {
            tracer.iso2022(message);
        }
        Charset::Utf16Be | Charset::Utf16Le => tracer.utf16(message, used),
        Charset::Utf8 | Charset::Ascii | Charset::Iso2022Jp => tracer.utf8(message),
        table => tracer.table(message, table),
    }
    tracer.trace
}

struct Tracer {
    /// What lies before the header.
    base: usize,
    text_at: usize,
    trace: Trace,
    steps: usize,
}

impl Tracer {
    fn run(&mut self, bytes: Range<usize>, text: &str, set: &'static str, role: Role) {
        let bytes = bytes.start + self.base..bytes.end + self.base;
        let text_at = self.text_at;
        self.text_at += text.len();
        self.steps += 1;
        let (cut, full) = (self.trace.runs_left_out > 0, self.trace.runs.len() == RUNS_MAX);
        let last = self.trace.runs.last_mut().filter(|last| {
            role != Role::Designation && last.role == role && last.set == set && last.bytes.end == bytes.start
        });
        match last {
            _ if cut => self.trace.runs_left_out += 1,
            Some(last) => {
                last.text.push_str(text);
                last.bytes.end = bytes.end;
            }
            None if full => self.trace.runs_left_out = 1,
            None => self.trace.runs.push(Run { bytes, text_at, text: text.to_owned(), set, role }),
        }
    }

    fn odd(&mut self, oddity: Oddity, bytes: Range<usize>, text_at: usize, text: &str) {
        let count = self.trace.odd_counts.entry(oddity).or_default();
        *count += 1;
        if *count <= ODD_KEPT {
            let bytes = bytes.start + self.base..bytes.end + self.base;
            self.trace.odd.push(Odd { oddity, bytes, text_at, text: text.to_owned() });
        }
    }

    /// Looks at one character beyond ASCII.
    fn character(&mut self, character: char, raw: &[u8], at: usize, text_at: usize, table: Table) {
        if let Some(oddity) = of_character(character, raw, table) {
            self.odd(oddity, at..at + raw.len(), text_at, character.encode_utf8(&mut [0; 4]));
        }
        let multi = raw.len() > 1 && table != Table::Other;
        self.trace.holding_delimiters +=
            usize::from(multi && raw.iter().any(|byte| DELIMITERS.contains(byte)));
    }

    /// Looks at characters that take `width` bytes each.
    fn characters(&mut self, raw: &[u8], at: usize, text: &str, table: Table, width: usize) {
        let start = self.text_at;
        for ((offset, character), (index, code)) in text.char_indices().zip(raw.chunks(width).enumerate()) {
            self.character(character, code, at + index * width, start + offset, table);
        }
    }

    fn iso2022(&mut self, message: &[u8]) {
        let (mut pieces, mut beyond) = (Vec::new(), 0);
        let (escape, kana) = detect::switching(message);
        let text = iso2022::watched(message, escape, kana, &mut Findings::default(), |piece| {
            if piece.from.0 == piece.to.0 {
                return;
            }
            if pieces.len() < STEPS_MAX { pieces.push(piece) } else { beyond += 1 }
        });
        let mut roman = false;
        for piece in pieces {
            let raw = message.get(piece.from.0..piece.to.0).unwrap_or_default();
            let text = text.get(piece.from.1..piece.to.1).unwrap_or_default();
            self.text_at = piece.from.1;
            self.piece(piece, raw, text, &mut roman);
        }
        self.trace.runs_left_out += beyond;
    }

    fn piece(&mut self, piece: Piece, raw: &[u8], text: &str, roman: &mut bool) {
        let bytes = piece.from.0..piece.to.0;
        if piece.plain {
            return self.plain(piece.set, bytes, raw, text, *roman);
        }
        let first = raw.first().copied().unwrap_or_default();
        match first {
            0x1B if raw.len() > 1 => {
                *roman = raw.ends_with(b"(J");
                self.designation(bytes, raw, text, piece.after, *roman);
            }
            0x1B => self.faulty(Oddity::UnknownDesignation, bytes, text, piece.set),
            _ if text.is_empty() => {
                if first != 0x0E && first != 0x0F {
                    self.odd(Oddity::Hl7Form, bytes.clone(), piece.from.1, &String::from_utf8_lossy(raw));
                }
                self.designation(bytes, raw, text, piece.after, false);
            }
            b'\r' | b'\n' => {
                *roman = false;
                if piece.set != Set::Ascii {
                    self.odd(Oddity::OpenAtSegmentEnd, bytes.clone(), piece.from.1, "");
                }
                self.run(bytes, text, name(Set::Ascii, false), Role::Text);
            }
            0x80.. if text != "\u{FFFD}" => self.eight_bit(bytes, raw, text),
            0x80.. => self.faulty(Oddity::Undecodable, bytes, text, piece.set),
            0x21..=0x7E if piece.set != Set::Ascii => {
                let delimiter = raw.iter().any(|byte| DELIMITERS.contains(byte));
                let oddity = if delimiter { Oddity::ReturnMissing } else { Oddity::Undecodable };
                self.faulty(oddity, bytes, text, piece.set);
            }
            _ => self.plain(Set::Ascii, bytes, raw, text, *roman),
        }
    }

    /// What has its plain meaning in the set.
    fn plain(&mut self, set: Set, bytes: Range<usize>, raw: &[u8], text: &str, roman: bool) {
        let role = if set == Set::Foreign { Role::Undecodable } else { Role::Text };
        match set {
            Set::Ascii if roman => {
                for (at, byte) in raw.iter().enumerate().filter(|(_, byte)| matches!(byte, b'\\' | b'~')) {
                    let at = bytes.start + at;
                    self.odd(
                        Oddity::RomanDifference,
                        at..at + 1,
                        self.text_at,
                        &char::from(*byte).to_string(),
                    );
                }
            }
            Set::Ascii => {}
            Set::Kana => self.characters(raw, bytes.start, text, Table::Kana, 1),
            Set::Kanji => self.characters(raw, bytes.start, text, Table::Kanji, 2),
            Set::Supplement => self.characters(raw, bytes.start, text, Table::Supplement, 2),
            Set::Foreign => self.odd(Oddity::Undecodable, bytes.clone(), self.text_at, text),
        }
        self.run(bytes, text, name(set, roman), role);
    }

    fn designation(&mut self, bytes: Range<usize>, raw: &[u8], text: &str, after: Set, roman: bool) {
        let at = bytes.start + self.base;
        let doubled = |last: &Run| last.role == Role::Designation && last.bytes.end == at;
        if self.trace.runs.last().is_some_and(doubled) {
            self.odd(Oddity::EmptyRun, bytes.clone(), self.text_at, "");
        }
        if after == Set::Foreign {
            self.odd(Oddity::UnknownDesignation, bytes.clone(), self.text_at, text);
        }
        let set = if raw.ends_with(b")I") { "JIS X 0201 kana (8-bit)" } else { name(after, roman) };
        self.run(bytes, text, set, Role::Designation);
    }

    fn faulty(&mut self, oddity: Oddity, bytes: Range<usize>, text: &str, set: Set) {
        self.odd(oddity, bytes.clone(), self.text_at, text);
        self.run(bytes, text, name(set, false), Role::Undecodable);
    }

    fn eight_bit(&mut self, bytes: Range<usize>, raw: &[u8], text: &str) {
        // A single kana in 8-bit form is what `ESC ) I` is for.
        let is_kana = raw.len() == 1 && !matches!(text.as_bytes(), [_]);
        let (set, table) = match raw == text.as_bytes() {
            true => ("UTF-8", Table::Other),
            false if is_kana => ("JIS X 0201 kana (8-bit)", Table::Kana),
            false => ("CP932", Table::Cp932),
        };
        self.odd(Oddity::EightBit, bytes.clone(), self.text_at, text);
        let (mut at, start) = (bytes.start, self.text_at);
        for (offset, character) in text.char_indices() {
            let rest = raw.get(at - bytes.start..).unwrap_or_default();
            let width = match table {
                Table::Other => character.len_utf8(),
                _ => likely::cp932_char(rest).unwrap_or(1),
            };
            self.character(character, rest.get(..width).unwrap_or(rest), at, start + offset, table);
            at += width;
        }
        self.run(bytes, text, set, Role::EightBit);
    }
}

const ASCII: &str = "ASCII";

const fn name(set: Set, roman: bool) -> &'static str {
    match set {
        Set::Ascii if roman => "JIS X 0201 Roman",
        Set::Ascii => ASCII,
        Set::Kana => "JIS X 0201 kana",
        Set::Kanji => "JIS X 0208",
        Set::Supplement => "JIS X 0212",
        Set::Foreign => "not Japanese",
    }
}

#[cfg(test)]
mod tests;
