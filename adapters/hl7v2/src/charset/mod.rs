//! Character sets: which one a message is in, and both directions of the conversion.
//!
//! Bytes become characters before anything is split, because 582 of the 6,879 characters of
//! JIS X 0208 hold a byte that equals a usual HL7 delimiter.
//!
//! JIS X 0208 is read with the mapping of CP932 in all Japanese sets: 0x2141 is U+FF5E `～`,
//! 0x2142 U+2225 `∥`, 0x215D U+FF0D `－`, 0x2171 U+FFE0 `￠`, 0x2172 U+FFE1 `￡`, 0x224C
//! U+FFE2 `￢`. Encoding takes the characters of the other mapping (U+301C, U+2016, U+2212, U+00A2,
//! U+00A3, U+00AC, and U+2014 for U+2015) to the same codes. NEC's row 13 and the IBM extensions
//! are read and never written.

mod against;
mod align;
mod detect;
mod encode;
mod iso2022;
mod label;
mod likely;
mod oddity;
mod plane;
mod respell;
mod trace;

use std::fmt;

use encoding_rs::Encoding;

pub use encode::{Repertoire, Unmappable, encode, encode_within};
pub use oddity::Oddity;
pub use trace::{ODD_KEPT, Odd, RUNS_MAX, Role, Run, Trace, trace};

pub use respell::{respell, undecodable};

pub(crate) use detect::{Read, align, read, utf16_of};
pub(crate) use iso2022::{ends_in_escape_sequence, ends_shifted};

/// A character set that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Charset {
    /// ISO IR6.
    Ascii,
    /// ISO 2022 with the Japanese sets: ISO IR6, IR13, IR14, IR87, IR159.
    Iso2022Jp,
    /// UTF-8.
    Utf8,
    /// UTF-16, low byte first.
    Utf16Le,
    /// UTF-16, high byte first.
    Utf16Be,
    /// Shift_JIS with the extensions of CP932 (Windows-31J).
    Cp932,
    /// EUC-JP.
    EucJp,
    /// GB 18030.
    Gb18030,
    /// Big5.
    Big5,
    /// KS X 1001 as EUC-KR.
    EucKr,
    /// ISO 8859-1, read as its superset Windows-1252.
    Latin1,
    /// ISO 8859-2.
    Latin2,
    /// ISO 8859-3.
    Latin3,
    /// ISO 8859-4.
    Latin4,
    /// ISO 8859-5.
    Cyrillic,
    /// ISO 8859-6.
    Arabic,
    /// ISO 8859-7.
    Greek,
    /// ISO 8859-8.
    Hebrew,
    /// ISO 8859-9, read as its superset Windows-1254.
    Latin5,
    /// ISO 8859-10.
    Latin6,
    /// ISO 8859-11, read as its superset Windows-874.
    Thai,
    /// ISO 8859-13.
    Latin7,
    /// ISO 8859-14.
    Latin8,
    /// ISO 8859-15.
    Latin9,
    /// ISO 8859-16.
    Latin10,
}

impl Charset {
    /// All of them.
    pub const ALL: [Self; 25] = [
        Self::Ascii,
        Self::Iso2022Jp,
        Self::Utf8,
        Self::Utf16Le,
        Self::Utf16Be,
        Self::Cp932,
        Self::EucJp,
        Self::Gb18030,
        Self::Big5,
        Self::EucKr,
        Self::Latin1,
        Self::Latin2,
        Self::Latin3,
        Self::Latin4,
        Self::Cyrillic,
        Self::Arabic,
        Self::Greek,
        Self::Hebrew,
        Self::Latin5,
        Self::Latin6,
        Self::Thai,
        Self::Latin7,
        Self::Latin8,
        Self::Latin9,
        Self::Latin10,
    ];

    /// The set of a name: one of HL7 table 0211, or one in use elsewhere, written one way or another.
    pub fn of_name(name: &str) -> Option<Self> {
        match label::Label::read(name) {
            label::Label::Set(charset) => Some(charset),
            _ => None,
        }
    }

    /// The repetitions of MSH-18 and the MSH-20 that declare it (HL7 table 0211; those that the table lacks by their
    /// usual name). `kana` says whether half-width kana are switched to as well.
    pub const fn declaration(self, kana: bool) -> (&'static [&'static str], &'static str) {
        match self {
            Self::Ascii => (&[], ""),
            Self::Iso2022Jp if kana => (&["", "ISO IR87", "ISO IR13"], "ISO 2022-1994"),
            Self::Iso2022Jp => (&["", "ISO IR87"], "ISO 2022-1994"),
            Self::Utf8 => (&["UNICODE UTF-8"], ""),
            Self::Utf16Le | Self::Utf16Be => (&["UNICODE UTF-16"], ""),
            Self::Cp932 => (&["SHIFT_JIS"], ""),
            Self::EucJp => (&["EUC-JP"], ""),
            Self::Gb18030 => (&["GB 18030-2000"], ""),
            Self::Big5 => (&["BIG-5"], ""),
            Self::EucKr => (&["KS X 1001"], ""),
            Self::Latin1 => (&["8859/1"], ""),
            Self::Latin2 => (&["8859/2"], ""),
            Self::Latin3 => (&["8859/3"], ""),
            Self::Latin4 => (&["8859/4"], ""),
            Self::Cyrillic => (&["8859/5"], ""),
            Self::Arabic => (&["8859/6"], ""),
            Self::Greek => (&["8859/7"], ""),
            Self::Hebrew => (&["8859/8"], ""),
            Self::Latin5 => (&["8859/9"], ""),
            Self::Latin6 => (&["8859/10"], ""),
            Self::Thai => (&["8859/11"], ""),
            Self::Latin7 => (&["8859/13"], ""),
            Self::Latin8 => (&["8859/14"], ""),
            Self::Latin9 => (&["8859/15"], ""),
            Self::Latin10 => (&["8859/16"], ""),
        }
    }

    /// The table of the character set; `None` for the three that are read without one.
    fn encoding(self) -> Option<&'static Encoding> {
        Some(match self {
            Self::Ascii | Self::Iso2022Jp => return None,
            Self::Utf8 => encoding_rs::UTF_8,
            Self::Utf16Le => encoding_rs::UTF_16LE,
            Self::Utf16Be => encoding_rs::UTF_16BE,
            Self::Cp932 => encoding_rs::SHIFT_JIS,
            Self::EucJp => encoding_rs::EUC_JP,
            Self::Gb18030 => encoding_rs::GB18030,
            Self::Big5 => encoding_rs::BIG5,
            Self::EucKr => encoding_rs::EUC_KR,
            Self::Latin1 => encoding_rs::WINDOWS_1252,
            Self::Latin2 => encoding_rs::ISO_8859_2,
            Self::Latin3 => encoding_rs::ISO_8859_3,
            Self::Latin4 => encoding_rs::ISO_8859_4,
            Self::Cyrillic => encoding_rs::ISO_8859_5,
            Self::Arabic => encoding_rs::ISO_8859_6,
            Self::Greek => encoding_rs::ISO_8859_7,
            Self::Hebrew => encoding_rs::ISO_8859_8,
            Self::Latin5 => encoding_rs::WINDOWS_1254,
            Self::Latin6 => encoding_rs::ISO_8859_10,
            Self::Thai => encoding_rs::WINDOWS_874,
            Self::Latin7 => encoding_rs::ISO_8859_13,
            Self::Latin8 => encoding_rs::ISO_8859_14,
            Self::Latin9 => encoding_rs::ISO_8859_15,
            Self::Latin10 => encoding_rs::ISO_8859_16,
        })
    }

    /// Whether single bytes above 0x7F are letters that stand between ASCII letters.
    fn is_latin(self) -> bool {
        use Charset::{Latin1, Latin2, Latin3, Latin4, Latin5, Latin6, Latin7, Latin8, Latin9, Latin10};
        matches!(
            self,
            Latin1 | Latin2 | Latin3 | Latin4 | Latin5 | Latin6 | Latin7 | Latin8 | Latin9 | Latin10
        )
    }

    /// Decodes a few bytes that stand apart from a message's text; `None` if any has no meaning.
    pub fn decode(self, bytes: &[u8]) -> Option<String> {
        if bytes.is_ascii() && !bytes.contains(&0x1B) {
            return String::from_utf8(bytes.to_vec()).ok();
        }
        match self.encoding() {
            None => iso2022::decode_exactly(bytes),
            Some(encoding) => {
                encoding.decode_without_bom_handling_and_without_replacement(bytes).map(Into::into)
            }
        }
    }
}

impl fmt::Display for Charset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ascii => "ASCII",
            Self::Iso2022Jp => "ISO-2022-JP",
            Self::Cp932 => "CP932",
            Self::Latin1 => "ISO 8859-1",
            Self::Latin5 => "ISO 8859-9",
            Self::Thai => "ISO 8859-11",
            Self::EucKr => "EUC-KR",
            other => other.encoding().map_or("", Encoding::name),
        })
    }
}

/// Why a character set was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// MSH-18 names it.
    Declared,
    /// Nothing is declared and only ASCII is there: HL7's default.
    Default,
    /// A byte order mark, or `MSH` in 16-bit units.
    ByteOrder,
    /// Escape sequences designate it.
    EscapeSequences,
    /// The bytes are valid UTF-8 beyond ASCII.
    ValidUtf8,
    /// The likeliest set in which the bytes make sense.
    Guessed,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Declared => "declared in MSH-18",
            Self::Default => "ASCII only",
            Self::ByteOrder => "byte order mark",
            Self::EscapeSequences => "escape sequences in the bytes",
            Self::ValidUtf8 => "valid UTF-8",
            Self::Guessed => "likeliest reading of the 8-bit bytes",
        })
    }
}

/// What a message says of its character set, and what was used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The repetitions of MSH-18 as they are written.
    pub declared: Vec<String>,
    /// MSH-20, the alternate character set handling scheme.
    pub handling: String,
    /// The set the bytes were read with.
    pub used: Charset,
    /// Why that one.
    pub reason: Reason,
}
