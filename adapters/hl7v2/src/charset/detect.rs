//! Chooses the character set of a message and decodes it.

use std::borrow::Cow;
use std::ops::Range;

use super::label::Label;
use super::{Charset, Decision, Reason, against, iso2022, likely};
use crate::finding::{Findings, Place};
use crate::header::Header;

/// Text, and how it was read.
pub(crate) struct Read {
    pub(crate) text: String,
    pub(crate) decision: Decision,
}

/// What MSH-18 and MSH-20 say.
struct Declaration {
    labels: Vec<Label>,
    names: Vec<String>,
    handling: String,
}

impl Declaration {
    /// `bytes` start with the MSH segment.
    fn read(bytes: &[u8]) -> Self {
        let header = Header::read(bytes);
        let plain = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let repetition = bytes.get(5).copied().unwrap_or(b'~');
        let names: Vec<String> = match header.field(18) {
            b"" => Vec::new(),
            field => field.split(|b| *b == repetition).map(plain).collect(),
        };
        let labels = names.iter().map(|name| name.trim()).filter(|name| !name.is_empty()).map(Label::read);
        Self { labels: labels.collect(), handling: plain(header.field(20)), names }
    }

    /// The first set named that tells anything about 8-bit bytes.
    fn set(&self) -> Option<Charset> {
        let set = |label: &Label| match label {
            Label::Set(charset) => Some(*charset),
            Label::Kana => Some(Charset::Iso2022Jp),
            Label::Unicode => Some(Charset::Utf8),
            Label::Unknown => None,
        };
        let sets = || self.labels.iter().filter_map(set);
        sets().find(|charset| *charset != Charset::Ascii).or_else(|| sets().next())
    }

    fn has_kana(&self) -> bool {
        self.labels.contains(&Label::Kana)
    }

    /// Reports what the declaration and the bytes do not agree on.
    fn compare(&self, used: Charset, beyond_ascii: bool, findings: &mut Findings) {
        let place = || Place::Path("MSH-18");
        if self.labels.contains(&Label::Unknown) {
            findings.push("charset-unknown", place(), "MSH-18 names a character set that is not known");
        }
        if !beyond_ascii {
            return;
        }
        if self.labels.is_empty() {
            let text = format!("MSH-18 declares no character set; the bytes are read as {used}");
            findings.push("charset-undeclared", place(), text);
        } else if !self.labels.iter().any(|label| label.allows(used)) {
            let text = format!("MSH-18 does not declare what the bytes are; they are read as {used}");
            findings.push("charset-mismatch", place(), text);
        }
    }
}

/// Decodes a message whose first bytes, in its own code units, are `MSH` or a byte order mark.
pub(crate) fn read(bytes: &[u8], findings: &mut Findings) -> Read {
    let (used, reason, text, declaration) = match utf16_of(bytes) {
        Some(charset) => {
            let text = sixteen_bit(bytes, charset, findings);
            let declaration = Declaration::read(text.trim_start_matches('\u{FEFF}').as_bytes());
            (charset, Reason::ByteOrder, text, declaration)
        }
        None => {
            let declaration = Declaration::read(bytes);
            let (used, reason, text) = eight_bit(bytes, &declaration, findings);
            (used, reason, text, declaration)
        }
    };
    let beyond_ascii = !text.is_ascii() || reason == Reason::ByteOrder;
    declaration.compare(used, beyond_ascii, findings);
    let decision = Decision { declared: declaration.names, handling: declaration.handling, used, reason };
    Read { text, decision }
}

/// Which bytes of a message, in the same form as for [`read`], each character of its text was read from.
pub(crate) fn align(bytes: &[u8], used: Charset) -> Vec<Range<usize>> {
    super::align::characters(bytes, used, escape_of(bytes), || Declaration::read(bytes).has_kana())
}

/// UTF-16 by its byte order mark, or by `M` in 16-bit units.
pub(crate) fn utf16_of(bytes: &[u8]) -> Option<Charset> {
    match bytes {
        [0xFE, 0xFF, ..] | [0, b'M', 0, b'S', ..] => Some(Charset::Utf16Be),
        [0xFF, 0xFE, ..] | [b'M', 0, b'S', 0, ..] => Some(Charset::Utf16Le),
        _ => None,
    }
}

fn sixteen_bit(bytes: &[u8], charset: Charset, findings: &mut Findings) -> String {
    let encoding = charset.encoding().unwrap_or(encoding_rs::UTF_16BE);
    let (text, faulty) = encoding.decode_without_bom_handling(bytes);
    if faulty {
        undecodable(&text, charset, findings);
    }
    text.into_owned()
}

/// The escape character of MSH-2.
pub(super) fn escape_of(bytes: &[u8]) -> Option<u8> {
    // In a short MSH-2 the field separator stands there.
    bytes.get(6).copied().filter(|b| b.is_ascii_punctuation() && Some(b) != bytes.get(3))
}

/// What the reader of ISO 2022 has to know: the escape character, and whether kana are declared.
pub(super) fn switching(bytes: &[u8]) -> (Option<u8>, bool) {
    (escape_of(bytes), Declaration::read(bytes).has_kana())
}

fn eight_bit(bytes: &[u8], declaration: &Declaration, findings: &mut Findings) -> (Charset, Reason, String) {
    let declared = declaration.set();
    let escape = escape_of(bytes);
    if iso2022::is_designated(bytes, escape) {
        let text = iso2022::decode(bytes, escape, declaration.has_kana(), findings);
        return (Charset::Iso2022Jp, Reason::EscapeSequences, text);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        if text.is_ascii() {
            // Sixteen-bit sets would make nonsense of what is plainly ASCII.
            let fits = |set: &Charset| !matches!(set, Charset::Utf16Be | Charset::Utf16Le);
            return match declared.filter(fits) {
                Some(set) => (set, Reason::Declared, text.to_owned()),
                None => (Charset::Ascii, Reason::Default, text.to_owned()),
            };
        }
        if !declared.is_some_and(|set| outweighs_utf8(bytes, set)) {
            let reason = if declared == Some(Charset::Utf8) { Reason::Declared } else { Reason::ValidUtf8 };
            return (Charset::Utf8, reason, text.to_owned());
        }
    }
    let (charset, reason) = choose(bytes, declaration);
    (charset, reason, tabled(bytes, charset, findings))
}

/// Whether a declared set stands against bytes that are valid UTF-8 as well.
///
/// Two-byte UTF-8 alone may be chance in a multi-byte set; in a single-byte set it is not.
fn outweighs_utf8(bytes: &[u8], declared: Charset) -> bool {
    matches!(declared, Charset::Cp932 | Charset::EucJp | Charset::Gb18030 | Charset::Big5 | Charset::EucKr)
        && !bytes.iter().any(|b| *b >= 0xE0)
        && declared.decode(bytes).is_some()
}

/// The set of bytes that are not ASCII, not UTF-8 and hold no escape sequence.
fn choose(bytes: &[u8], declaration: &Declaration) -> (Charset, Reason) {
    let declared = declaration.set();
    match declared {
        Some(Charset::Iso2022Jp) if declaration.has_kana() && Charset::Cp932.decode(bytes).is_some() => {
            (Charset::Cp932, Reason::Declared)
        }
        Some(Charset::Utf8 | Charset::Ascii | Charset::Iso2022Jp | Charset::Utf16Be | Charset::Utf16Le)
        | None => (guess(bytes), Reason::Guessed),
        Some(set @ (Charset::Cp932 | Charset::EucJp)) if set.decode(bytes).is_some() => {
            (set, Reason::Declared)
        }
        Some(set) if set.is_latin() || set.decode(bytes).is_some() => {
            let better = against::japanese_against(bytes, set);
            better.map_or((set, Reason::Declared), |better| (better, Reason::Guessed))
        }
        Some(set) => match guess(bytes) {
            // Nothing fits better than the declared set with a few broken characters.
            Charset::Latin1 => (set, Reason::Declared),
            better => (better, Reason::Guessed),
        },
    }
}

fn guess(bytes: &[u8]) -> Charset {
    if likely::mostly_utf8(bytes) { Charset::Utf8 } else { likely::guess(bytes) }
}

fn tabled(bytes: &[u8], charset: Charset, findings: &mut Findings) -> String {
    let Some(encoding) = charset.encoding() else {
        return String::from_utf8_lossy(bytes).into_owned();
    };
    let (text, faulty): (Cow<'_, str>, bool) = encoding.decode_without_bom_handling(bytes);
    if faulty {
        undecodable(&text, charset, findings);
    }
    let mut text = text.into_owned();
    // The decoder has made room for the worst case.
    text.shrink_to_fit();
    text
}

fn undecodable(text: &str, charset: Charset, findings: &mut Findings) {
    for (at, _) in text.match_indices(char::REPLACEMENT_CHARACTER) {
        let text = format!("bytes that are no {charset}; replaced by U+FFFD");
        findings.push("undecodable", Place::Text(at), text);
    }
}
