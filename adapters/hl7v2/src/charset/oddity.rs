//! What is worth a second look about a character or an escape sequence, though it was read.

use super::Charset;

/// Something that other systems read differently, or not at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Oddity {
    /// Bytes that are no character of the set in force.
    Undecodable,
    /// A delimiter stands where a character of the set in force should: the return to ASCII is missing before it.
    ReturnMissing,
    /// A segment ends while another set than ASCII is in force.
    OpenAtSegmentEnd,
    /// An escape sequence without known meaning.
    UnknownDesignation,
    /// Bytes above 0x7F among escape sequences.
    EightBit,
    /// A code of the user (外字), which every system shows differently.
    UserDefined,
    /// U+FFFD in the bytes themselves: the character was lost before they came here.
    Lost,
    /// Half-width kana, which SS-MIX2 forbids.
    HalfWidthKana,
    /// JIS X 0212, which few systems read.
    Supplement,
    /// Row 13 of NEC (NEC特殊文字: ① ㈱ Ⅰ ㍉ …), which JIS X 0208 does not have.
    NecRow13,
    /// Kanji of IBM, also as selected by NEC (髙 﨑 …), which JIS X 0208 does not have.
    IbmExtension,
    /// 0x5C or 0x7E after `ESC ( J`, where JIS X 0201 has ¥ and ‾.
    RomanDifference,
    /// One of ～ ∥ － ￠ ￡ ￢, which tables map to two different Unicode characters.
    MappingDiffers,
    /// An escape sequence in HL7's own form, `\M2442\` or `\C2842\`.
    Hl7Form,
    /// A set is designated, and before any character another one.
    EmptyRun,
}

impl Oddity {
    /// All of them, the gravest first.
    pub const ALL: [Self; 15] = [
        Self::Undecodable,
        Self::ReturnMissing,
        Self::OpenAtSegmentEnd,
        Self::UnknownDesignation,
        Self::EightBit,
        Self::UserDefined,
        Self::Lost,
        Self::HalfWidthKana,
        Self::Supplement,
        Self::NecRow13,
        Self::IbmExtension,
        Self::RomanDifference,
        Self::MappingDiffers,
        Self::Hl7Form,
        Self::EmptyRun,
    ];

    /// A stable name in kebab-case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Undecodable => "undecodable",
            Self::ReturnMissing => "return-missing",
            Self::OpenAtSegmentEnd => "shift-open-at-segment-end",
            Self::UnknownDesignation => "unknown-designation",
            Self::EightBit => "eight-bit-in-iso-2022",
            Self::UserDefined => "user-defined-character",
            Self::Lost => "replacement-character",
            Self::HalfWidthKana => "half-width-kana",
            Self::Supplement => "jis-x-0212",
            Self::NecRow13 => "nec-row-13",
            Self::IbmExtension => "ibm-extension",
            Self::RomanDifference => "roman-5c-7e",
            Self::MappingDiffers => "mapping-differs",
            Self::Hl7Form => "hl7-escape-form",
            Self::EmptyRun => "empty-run",
        }
    }
}

/// The table that a code was looked up in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Table {
    /// Two bytes of JIS X 0208.
    Kanji,
    /// Two bytes of JIS X 0212.
    Supplement,
    /// One byte of JIS X 0201.
    Kana,
    /// CP932.
    Cp932,
    /// EUC-JP.
    Euc,
    /// Unicode itself, or a set that is not Japanese.
    Other,
}

impl Table {
    pub(super) const fn of(charset: Charset) -> Self {
        match charset {
            Charset::Cp932 => Self::Cp932,
            Charset::EucJp => Self::Euc,
            _ => Self::Other,
        }
    }
}

/// What is odd about one character beyond ASCII, which was read from these bytes.
pub(super) fn of_character(character: char, raw: &[u8], table: Table) -> Option<Oddity> {
    match character {
        char::REPLACEMENT_CHARACTER => return Some(Oddity::Lost),
        '\u{E000}'..='\u{F8FF}' => return Some(Oddity::UserDefined),
        '\u{FF61}'..='\u{FF9F}' => return Some(Oddity::HalfWidthKana),
        _ => {}
    }
    let by_code = match (table, raw) {
        (Table::Supplement, _) | (Table::Euc, [0x8F, ..]) => Some(Oddity::Supplement),
        (Table::Kanji, [0x2D, _]) | (Table::Cp932, [0x87, _]) | (Table::Euc, [0xAD, _]) => {
            Some(Oddity::NecRow13)
        }
        (Table::Kanji, [0x79..=0x7C, _])
        | (Table::Cp932, [0xED | 0xEE | 0xFA..=0xFC, _])
        | (Table::Euc, [0xF9..=0xFC, _]) => Some(Oddity::IbmExtension),
        _ => None,
    };
    by_code.or_else(|| is_mapped_differently(character, table).then_some(Oddity::MappingDiffers))
}

/// The characters of JIS X 0208 that the tables of CP932 and of JIS give different places in Unicode. In Unicode itself
/// it is the other one of each pair that is met where the hub's own mapping has the first.
fn is_mapped_differently(character: char, table: Table) -> bool {
    match table {
        Table::Kanji | Table::Cp932 | Table::Euc => {
            matches!(character, '～' | '∥' | '－' | '￠' | '￡' | '￢')
        }
        Table::Other => matches!(character, '\u{301C}' | '\u{2016}' | '\u{2212}'),
        Table::Kana | Table::Supplement => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_other_systems_lack_are_told() {
        let kanji = |character, raw| of_character(character, raw, Table::Kanji);
        assert_eq!(kanji('山', &[0x3B, 0x33]), None);
        assert_eq!(kanji('①', &[0x2D, 0x21]), Some(Oddity::NecRow13));
        assert_eq!(kanji('髙', &[0x7C, 0x62]), Some(Oddity::IbmExtension));
        assert_eq!(kanji('－', &[0x21, 0x5D]), Some(Oddity::MappingDiffers));
        assert_eq!(of_character('髙', &[0xFB, 0xFC], Table::Cp932), Some(Oddity::IbmExtension));
        assert_eq!(of_character('髙', "髙".as_bytes(), Table::Other), None);
        assert_eq!(of_character('ｱ', &[0xB1], Table::Cp932), Some(Oddity::HalfWidthKana));
        assert_eq!(of_character('\u{E000}', &[0xF0, 0x40], Table::Cp932), Some(Oddity::UserDefined));
        assert_eq!(of_character('丂', &[0x8F, 0xB0, 0xA1], Table::Euc), Some(Oddity::Supplement));
        assert_eq!(of_character('\u{FFFD}', "\u{FFFD}".as_bytes(), Table::Other), Some(Oddity::Lost));
    }

    #[test]
    fn every_oddity_has_a_name_of_its_own() {
        let names: std::collections::BTreeSet<_> = Oddity::ALL.iter().map(|oddity| oddity.as_str()).collect();
        assert_eq!(names.len(), Oddity::ALL.len());
    }
}
