//! The 94 x 94 tables of JIS X 0208 and JIS X 0212, ready to be copied as UTF-8.

use std::sync::LazyLock;

/// Up to three UTF-8 bytes and, last, their number; zero where the code is not assigned.
pub(super) type Entry = [u8; 4];

/// A table addressed by both bytes of a code, each 0x21 to 0x7E.
///
/// It is wide enough for any first byte below 0x80 and any second byte, so that one look-up also
/// answers whether the two bytes are a code at all.
pub(super) struct Plane(Box<[Entry]>);

/// JIS X 0208 with NEC's and IBM's extensions.
pub(super) static KANJI: LazyLock<Plane> = LazyLock::new(|| Plane::from_euc(&[]));

/// JIS X 0212, the supplementary kanji.
pub(super) static SUPPLEMENT: LazyLock<Plane> = LazyLock::new(|| Plane::from_euc(&[0x8F]));

impl Plane {
    fn from_euc(prefix: &[u8]) -> Self {
        let mut entries = vec![Entry::default(); 0x8000];
        for lead in 0x21..=0x7E_u8 {
            let row: Vec<u8> =
                (0x21..=0x7E_u8).flat_map(|trail| [prefix, &[lead | 0x80, trail | 0x80]].concat()).collect();
            let (text, _) = encoding_rs::EUC_JP.decode_without_bom_handling(&row);
            // Every code gives one character, U+FFFD where nothing is assigned.
            for (trail, character) in (0x21..=0x7E_u8).zip(text.chars()) {
                if character != char::REPLACEMENT_CHARACTER {
                    entries[index(lead, trail)] = entry(character);
                }
            }
        }
        Self(entries.into_boxed_slice())
    }

    /// The character of a code, `None` if there is none.
    #[inline]
    pub(super) fn get(&self, lead: u8, trail: u8) -> Option<Entry> {
        self.0.get(index(lead, trail)).copied().filter(|entry| entry[3] != 0)
    }

    /// Every assigned code with its character.
    pub(super) fn iter(&self) -> impl Iterator<Item = ([u8; 2], char)> {
        let codes = (0x21..=0x7E_u8).flat_map(|lead| (0x21..=0x7E_u8).map(move |trail| [lead, trail]));
        codes.filter_map(|code| {
            let [bytes @ .., len] = self.get(code[0], code[1])?;
            let character = std::str::from_utf8(&bytes[..usize::from(len)]).ok()?.chars().next()?;
            Some((code, character))
        })
    }
}

#[inline]
fn index(lead: u8, trail: u8) -> usize {
    usize::from(lead) << 8 | usize::from(trail)
}

fn entry(character: char) -> Entry {
    let mut entry = Entry::default();
    let mut utf8 = [0; 4];
    let bytes = character.encode_utf8(&mut utf8).as_bytes();
    // All of both standards lies in the basic plane: three bytes at most.
    for (to, from) in entry.iter_mut().zip(bytes) {
        *to = *from;
    }
    entry[3] = bytes.len() as u8;
    entry
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
