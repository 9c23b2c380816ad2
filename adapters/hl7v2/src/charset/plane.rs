//! The 94 x 94 tables of JIS X 0208 and JIS X 0212.

use std::sync::LazyLock;

/// A table addressed by both bytes of a code, each 0x21 to 0x7E.
///
/// It is wide enough for any first byte below 0x80 and any second byte, so that one look-up also
/// answers whether the two bytes are a code at all.
pub(super) struct Plane(Box<[char]>);

/// Not assigned; no code of either standard is U+0000.
const NONE: char = '\0';

/// JIS X 0208 with NEC's and IBM's extensions.
pub(super) static KANJI: LazyLock<Plane> = LazyLock::new(|| Plane::from_euc(&[]));

/// JIS X 0212, the supplementary kanji.
pub(super) static SUPPLEMENT: LazyLock<Plane> = LazyLock::new(|| Plane::from_euc(&[0x8F]));

impl Plane {
    fn from_euc(prefix: &[u8]) -> Self {
        let mut characters = vec![NONE; 0x8000];
        for lead in 0x21..=0x7E_u8 {
            let mut row = Vec::with_capacity(94 * 3);
            for trail in 0x21..=0x7E_u8 {
                row.extend_from_slice(prefix);
                row.extend_from_slice(&[lead | 0x80, trail | 0x80]);
            }
            let (text, _) = encoding_rs::EUC_JP.decode_without_bom_handling(&row);
            // Every code gives one character, U+FFFD where nothing is assigned.
            for (trail, character) in (0x21..=0x7E_u8).zip(text.chars()) {
                if character != char::REPLACEMENT_CHARACTER {
                    characters[index(lead, trail)] = character;
                }
            }
        }
        Self(characters.into_boxed_slice())
    }

    /// The character of a code, `None` if there is none.
    #[inline]
    pub(super) fn get(&self, lead: u8, trail: u8) -> Option<char> {
        self.0.get(index(lead, trail)).copied().filter(|character| *character != NONE)
    }

    /// Every assigned code with its character.
    pub(super) fn iter(&self) -> impl Iterator<Item = ([u8; 2], char)> {
        let codes = (0x21..=0x7E_u8).flat_map(|lead| (0x21..=0x7E_u8).map(move |trail| [lead, trail]));
        codes.filter_map(|code| Some((code, self.get(code[0], code[1])?)))
    }
}

#[inline]
fn index(lead: u8, trail: u8) -> usize {
    usize::from(lead) << 8 | usize::from(trail)
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
