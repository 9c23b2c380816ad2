//! Characters to bytes, never with a substitute for a character that cannot be written.

use std::sync::LazyLock;

use super::Charset;
use super::plane::{KANJI, SUPPLEMENT};

/// A character that the set cannot hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the character at position {position} cannot be written in {charset}")]
pub struct Unmappable {
    /// Its position in characters, from 0.
    pub position: usize,
    /// The set that lacks it.
    pub charset: Charset,
}

/// What ISO 2022 may switch to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repertoire {
    /// ASCII and JIS X 0208: what SS-MIX2 allows.
    Kanji,
    /// And half-width kana, JIS X 0201.
    Kana,
    /// And all else that is read: JIS X 0212, and the characters of NEC and IBM.
    All,
}

/// Encodes `text`, refusing the first character that `charset` lacks.
///
/// ISO-2022-JP is ASCII and JIS X 0208 only, as SS-MIX2 demands, and returns to ASCII before
/// every line end and at the end.
pub fn encode(text: &str, charset: Charset) -> Result<Vec<u8>, Unmappable> {
    encode_within(text, charset, Repertoire::Kanji)
}

/// Encodes `text`; for ISO-2022-JP, `repertoire` says what may be switched to.
pub fn encode_within(text: &str, charset: Charset, repertoire: Repertoire) -> Result<Vec<u8>, Unmappable> {
    match charset {
        Charset::Utf8 => Ok(text.as_bytes().to_vec()),
        Charset::Utf16Be => Ok(text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        Charset::Utf16Le => Ok(text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        Charset::Ascii => match text.chars().position(|c| !c.is_ascii()) {
            Some(position) => Err(Unmappable { position, charset }),
            None => Ok(text.as_bytes().to_vec()),
        },
        Charset::Iso2022Jp => iso_2022_jp(text, repertoire),
        tabled => by_table(text, tabled),
    }
}

/// Codes in the order of their characters.
type Codes = Vec<(char, [u8; 2])>;

/// JIS X 0208 without NEC's and IBM's extensions.
static CODES: LazyLock<Codes> =
    LazyLock::new(|| sorted(KANJI.iter().filter(|(code, _)| matches!(code[0] - 0x20, 1..=8 | 16..=84))));
/// Those extensions. Some of their characters have two codes; the lower one is taken.
static EXTENSIONS: LazyLock<Codes> =
    LazyLock::new(|| sorted(KANJI.iter().filter(|(code, _)| !matches!(code[0] - 0x20, 1..=8 | 16..=84))));
/// JIS X 0212.
static SUPPLEMENTS: LazyLock<Codes> = LazyLock::new(|| sorted(SUPPLEMENT.iter()));

fn sorted(codes: impl Iterator<Item = ([u8; 2], char)>) -> Codes {
    let mut codes: Vec<_> = codes.map(|(code, character)| (character, code)).collect();
    codes.sort_unstable();
    codes.dedup_by_key(|(character, _)| *character);
    codes
}

fn look_up(codes: &Codes, character: char) -> Option<[u8; 2]> {
    let at = codes.binary_search_by_key(&character, |(known, _)| *known).ok()?;
    codes.get(at).map(|(_, code)| *code)
}

/// The character that the CP932 mapping has for one of the other mapping.
fn normalised(character: char) -> char {
    match character {
        '\u{301C}' => '\u{FF5E}',
        '\u{2016}' => '\u{2225}',
        '\u{2212}' => '\u{FF0D}',
        '\u{00A2}' => '\u{FFE0}',
        '\u{00A3}' => '\u{FFE1}',
        '\u{00AC}' => '\u{FFE2}',
        '\u{2014}' => '\u{2015}',
        other => other,
    }
}

/// The code of a character in JIS X 0208, NEC's and IBM's included.
pub(super) fn code_of(character: char) -> Option<[u8; 2]> {
    let character = normalised(character);
    look_up(&CODES, character).or_else(|| look_up(&EXTENSIONS, character))
}

/// The code of a character in JIS X 0212.
pub(super) fn supplement_of(character: char) -> Option<[u8; 2]> {
    look_up(&SUPPLEMENTS, character)
}

/// A character in one of the sets of ISO 2022: the escape sequence of its set, and its code there.
fn in_iso_2022(character: char, repertoire: Repertoire) -> Option<(&'static [u8], Vec<u8>)> {
    const SINGLE: &[u8] = b"\x1b(B";
    const KANA: &[u8] = b"\x1b(I";
    const DOUBLE: &[u8] = b"\x1b$B";
    if character.is_ascii() {
        return Some((SINGLE, vec![character as u8]));
    }
    if let Some(code) = look_up(&CODES, normalised(character)) {
        return Some((DOUBLE, code.to_vec()));
    }
    match (repertoire, character) {
        (Repertoire::Kanji, _) => None,
        (_, '\u{FF61}'..='\u{FF9F}') => {
            u8::try_from(u32::from(character) - 0xFF40).ok().map(|code| (KANA, vec![code]))
        }
        (Repertoire::Kana, _) => None,
        // What an escape byte without a meaning is read as.
        (Repertoire::All, '␛') => Some((SINGLE, vec![0x1B])),
        (Repertoire::All, _) => {
            let supplement = || Some((&b"\x1b$(D"[..], look_up(&SUPPLEMENTS, character)?));
            let extended = look_up(&EXTENSIONS, normalised(character)).map(|code| (DOUBLE, code));
            extended.or_else(supplement).map(|(set, code)| (set, code.to_vec()))
        }
    }
}

fn iso_2022_jp(text: &str, repertoire: Repertoire) -> Result<Vec<u8>, Unmappable> {
    let ascii = b"\x1b(B".as_slice();
    let mut bytes = Vec::with_capacity(text.len());
    let mut set = ascii;
    for (position, character) in text.chars().enumerate() {
        let lacks = Unmappable { position, charset: Charset::Iso2022Jp };
        let (needed, code) = in_iso_2022(character, repertoire).ok_or(lacks)?;
        if needed != set {
            bytes.extend_from_slice(needed);
            set = needed;
        }
        bytes.extend(code);
    }
    if set != ascii {
        bytes.extend_from_slice(ascii);
    }
    Ok(bytes)
}

fn by_table(text: &str, charset: Charset) -> Result<Vec<u8>, Unmappable> {
    let unmappable = |position| Unmappable { position, charset };
    let encoding = charset.encoding().ok_or(unmappable(0))?;
    let text: String = match charset {
        Charset::Cp932 | Charset::EucJp => text.chars().map(normalised).collect(),
        _ => text.to_owned(),
    };
    let (bytes, _, faulty) = encoding.encode(&text);
    // The encoder writes a character reference for what it lacks; that is an error here.
    let lacks = |character: char| encoding.encode(character.encode_utf8(&mut [0; 4])).2;
    match text.chars().position(lacks).filter(|_| faulty) {
        Some(position) => Err(unmappable(position)),
        None => Ok(bytes.into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repertoire_holds_what_it_says() {
        let jis = |text: &str, repertoire| encode_within(text, Charset::Iso2022Jp, repertoire).ok();
        assert_eq!(jis("山a", Repertoire::Kanji).as_deref(), Some(&b"\x1b$B;3\x1b(Ba"[..]));
        for (text, enough, less) in [
            ("ﾔ", Repertoire::Kana, Repertoire::Kanji),
            ("①", Repertoire::All, Repertoire::Kana),
            ("丂", Repertoire::All, Repertoire::Kana),
        ] {
            assert_eq!(jis(text, less), None, "{text}");
            assert_eq!(Charset::Iso2022Jp.decode(&jis(text, enough).unwrap()).as_deref(), Some(text));
        }
        assert_eq!(jis("ﾔ山\r", Repertoire::Kana).as_deref(), Some(&b"\x1b(I\x54\x1b$B;3\x1b(B\r"[..]));
    }

    #[test]
    fn every_charset_has_a_name_that_is_read_as_it() {
        for charset in Charset::ALL {
            let (names, _) = charset.declaration(false);
            let name = names.iter().find(|name| !name.is_empty());
            match (name, charset) {
                (None, Charset::Ascii) => {}
                (Some(name), Charset::Utf16Le) => assert_eq!(Charset::of_name(name), Some(Charset::Utf16Be)),
                (name, _) => assert_eq!(name.and_then(|name| Charset::of_name(name)), Some(charset)),
            }
            assert_eq!(Charset::of_name(&charset.to_string()), Some(charset), "{charset}");
        }
    }
}
