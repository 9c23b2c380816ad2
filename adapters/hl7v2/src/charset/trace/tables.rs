//! Runs of the sets that are read with one table, and of Unicode.

use std::ops::Range;

use super::super::Charset;
use super::super::oddity::{Oddity, Table};
use super::{ASCII, Role, STEPS_MAX, Tracer};

impl Tracer {
    pub(super) fn utf8(&mut self, message: &[u8]) {
        let mut at = 0;
        for chunk in message.utf8_chunks() {
            for part in chunk.valid().split_inclusive_ascii() {
                if self.steps == STEPS_MAX {
                    self.trace.runs_left_out += 1;
                    return;
                }
                if part.is_ascii() {
                    self.run(at..at + part.len(), part, ASCII, Role::Text);
                } else {
                    let start = self.text_at;
                    for (offset, character) in part.char_indices() {
                        let raw = part.as_bytes().get(offset..offset + character.len_utf8());
                        self.character(
                            character,
                            raw.unwrap_or_default(),
                            at + offset,
                            start + offset,
                            Table::Other,
                        );
                    }
                    self.run(at..at + part.len(), part, "UTF-8", Role::Text);
                }
                at += part.len();
            }
            let invalid = chunk.invalid().len();
            if invalid > 0 {
                self.unreadable(at..at + invalid, "UTF-8");
                at += invalid;
            }
        }
    }

    pub(super) fn utf16(&mut self, message: &[u8], charset: Charset) {
        let unit = |pair: &[u8; 2]| match charset {
            Charset::Utf16Be => u16::from_be_bytes(*pair),
            _ => u16::from_le_bytes(*pair),
        };
        let units = message.as_chunks::<2>().0.iter().map(unit);
        let mut at = 0;
        for decoded in char::decode_utf16(units).take(STEPS_MAX) {
            match decoded {
                Ok(character) => {
                    let width = 2 * character.len_utf16();
                    let raw = message.get(at..at + width).unwrap_or_default();
                    self.character(character, raw, at, self.text_at, Table::Other);
                    let text = character.encode_utf8(&mut [0; 4]).to_owned();
                    self.run(at..at + width, &text, "UTF-16", Role::Text);
                    at += width;
                }
                Err(_) => {
                    self.unreadable(at..at + 2, "UTF-16");
                    at += 2;
                }
            }
        }
        self.trace.runs_left_out += usize::from(at + 1 < message.len());
    }

    pub(super) fn table(&mut self, message: &[u8], charset: Charset) {
        let Some(encoding) = charset.encoding() else { return };
        let table = Table::of(charset);
        let mut at = 0;
        while let Some(rest) = message.get(at..).filter(|rest| !rest.is_empty()) {
            if self.steps == STEPS_MAX {
                self.trace.runs_left_out += 1;
                return;
            }
            let plain = rest.iter().take_while(|byte| byte.is_ascii()).count();
            if plain > 0 {
                let text = String::from_utf8_lossy(rest.get(..plain).unwrap_or_default()).into_owned();
                self.run(at..at + plain, &text, ASCII, Role::Text);
                at += plain;
                continue;
            }
            let read = (1..=4).find_map(|width| {
                let raw = rest.get(..width)?;
                let text = encoding.decode_without_bom_handling_and_without_replacement(raw)?;
                Some((raw, text.into_owned()))
            });
            let Some((raw, text)) = read else {
                self.unreadable(at..at + 1, set_name(charset));
                at += 1;
                continue;
            };
            if let Some(character) = text.chars().next() {
                self.character(character, raw, at, self.text_at, table);
            }
            self.run(at..at + raw.len(), &text, set_name(charset), Role::Text);
            at += raw.len();
        }
    }

    fn unreadable(&mut self, bytes: Range<usize>, set: &'static str) {
        self.odd(Oddity::Undecodable, bytes.clone(), self.text_at, "\u{FFFD}");
        self.run(bytes, "\u{FFFD}", set, Role::Undecodable);
    }
}

/// Splitting where ASCII begins and ends.
trait SplitAscii {
    fn split_inclusive_ascii(&self) -> impl Iterator<Item = &str>;
}

impl SplitAscii for str {
    fn split_inclusive_ascii(&self) -> impl Iterator<Item = &str> {
        let mut rest = self;
        std::iter::from_fn(move || {
            let first = rest.bytes().next()?.is_ascii();
            let end = rest.bytes().position(|byte| byte.is_ascii() != first).unwrap_or(rest.len());
            let (part, behind) = rest.split_at_checked(end)?;
            rest = behind;
            Some(part)
        })
    }
}

/// The name of a set that has a table.
fn set_name(charset: Charset) -> &'static str {
    match charset {
        Charset::Cp932 => "CP932",
        Charset::Latin1 => "ISO 8859-1",
        Charset::Latin5 => "ISO 8859-9",
        Charset::Thai => "ISO 8859-11",
        other => other.encoding().map_or(ASCII, encoding_rs::Encoding::name),
    }
}
