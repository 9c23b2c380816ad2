//! The 94 x 94 tables of JIS X 0208 and JIS X 0212.

use std::iter;
use std::sync::LazyLock;

use encoding_rs::EUC_JP;

/// A table addressed by both bytes of a code, each 0x21 to 0x7E.
///
/// It is wide enough for any first byte below 0x80 and any second byte, so that one look-up also
/// answers whether the two bytes are a code at all. Each code has three bytes of UTF-8, filled up
/// with [`NONE`].
pub(super) struct Plane(String);

const WIDTH: usize = 3;

/// Not assigned; no code of either standard is U+0000.
const NONE: char = '\0';

/// JIS X 0208 with NEC's and IBM's extensions.
pub(super) static KANJI: LazyLock<Plane> = LazyLock::new(|| Plane::from_euc(&[]));

/// JIS X 0212, the supplementary kanji.
pub(super) static SUPPLEMENT: LazyLock<Plane> = LazyLock::new(|| Plane::from_euc(&[0x8F]));

impl Plane {
    fn from_euc(prefix: &[u8]) -> Self {
        let mut text = String::with_capacity(0x8000 * WIDTH);
        for lead in 0..0x80_u8 {
            let row: Vec<u8> = match lead {
                0x21..=0x7E => (0x21..=0x7E_u8)
                    .flat_map(|trail| [prefix, &[lead | 0x80, trail | 0x80]].concat())
                    .collect(),
                _ => Vec::new(),
            };
            let (row, _) = EUC_JP.decode_without_bom_handling(&row);
            // Every code gives one character, U+FFFD where nothing is assigned.
            let mut row =
                row.chars().map(|known| if known == char::REPLACEMENT_CHARACTER { NONE } else { known });
            for trail in 0..=0xFF_u8 {
                let assigned = if (0x21..=0x7E).contains(&trail) { row.next() } else { None };
                let cell = assigned.unwrap_or(NONE);
                text.push(cell);
                text.extend(iter::repeat_n(NONE, WIDTH - cell.len_utf8()));
            }
        }
        Self(text)
    }

    /// Appends the character of a code; `false` if there is none.
    #[inline]
    pub(super) fn push(&self, lead: u8, trail: u8, out: &mut String) -> bool {
        let at = (usize::from(lead) << 8 | usize::from(trail)) * WIDTH;
        let Some(cell) = self.0.get(at..at + WIDTH) else { return false };
        if cell.as_bytes()[WIDTH - 1] != 0 {
            // Of a length that is known, so that no copying routine is called for every character.
            out.push_str(cell);
            return true;
        }
        push_narrow(cell, out)
    }

    /// The character of a code, `None` if there is none.
    fn get(&self, lead: u8, trail: u8) -> Option<char> {
        let mut out = String::new();
        self.push(lead, trail, &mut out);
        out.pop()
    }

    /// Every assigned code with its character.
    pub(super) fn iter(&self) -> impl Iterator<Item = ([u8; 2], char)> {
        let codes = (0x21..=0x7E_u8).flat_map(|lead| (0x21..=0x7E_u8).map(move |trail| [lead, trail]));
        codes.filter_map(|code| Some((code, self.get(code[0], code[1])?)))
    }
}

/// Appends a character of two bytes; `false` if the cell holds none.
#[cold]
fn push_narrow(cell: &str, out: &mut String) -> bool {
    let narrow = cell.chars().next().filter(|character| *character != NONE);
    out.extend(narrow);
    narrow.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows that the standard itself assigns, without NEC's row 13 and the IBM extensions.
    fn standard(code: [u8; 2]) -> bool {
        matches!(code[0] - 0x20, 1..=8 | 16..=84)
    }

    #[test]
    fn holds_both_standards_in_full() {
        assert_eq!(KANJI.iter().filter(|(code, _)| standard(*code)).count(), 6_879);
        assert_eq!(SUPPLEMENT.iter().count(), 6_067);
    }

    #[test]
    fn what_is_no_code_has_no_entry() {
        assert_eq!(KANJI.get(0x20, 0x21), None);
        assert_eq!(KANJI.get(0x21, 0x20), None);
        assert_eq!(KANJI.get(0x21, 0xA1), None);
        assert_eq!(KANJI.get(0xA1, 0x21), None);
        assert_eq!(KANJI.get(0x29, 0x21), None);
    }
}
