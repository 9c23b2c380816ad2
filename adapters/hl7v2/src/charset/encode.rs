//! Characters to bytes, never with a substitute for a character that cannot be written.

use std::sync::LazyLock;

use super::Charset;
use super::plane::KANJI;

/// A character that the set cannot hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the character at position {position} cannot be written in {charset}")]
pub struct Unmappable {
    /// Its position in characters, from 0.
    pub position: usize,
    /// The set that lacks it.
    pub charset: Charset,
}

/// Encodes `text`, refusing the first character that `charset` lacks.
///
/// ISO-2022-JP is ASCII and JIS X 0208 only, as SS-MIX2 demands, and returns to ASCII before
/// every line end and at the end.
pub fn encode(text: &str, charset: Charset) -> Result<Vec<u8>, Unmappable> {
    match charset {
        Charset::Utf8 => Ok(text.as_bytes().to_vec()),
        Charset::Utf16Be => Ok(text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        Charset::Utf16Le => Ok(text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        Charset::Ascii => match text.chars().position(|c| !c.is_ascii()) {
            Some(position) => Err(Unmappable { position, charset }),
            None => Ok(text.as_bytes().to_vec()),
        },
        Charset::Iso2022Jp => iso_2022_jp(text),
        tabled => by_table(text, tabled),
    }
}

/// The codes of JIS X 0208 in the order of their characters, without NEC's and IBM's extensions.
static CODES: LazyLock<Vec<(char, [u8; 2])>> = LazyLock::new(|| {
    let standard = KANJI.iter().filter(|(code, _)| matches!(code[0] - 0x20, 1..=8 | 16..=84));
    let mut codes: Vec<_> = standard.map(|(code, character)| (character, code)).collect();
    codes.sort_unstable();
    codes
});

fn code(character: char) -> Option<[u8; 2]> {
    let character = normalised(character);
    let at = CODES.binary_search_by_key(&character, |(known, _)| *known).ok()?;
    CODES.get(at).map(|(_, code)| *code)
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

fn iso_2022_jp(text: &str) -> Result<Vec<u8>, Unmappable> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut shifted = false;
    for (position, character) in text.chars().enumerate() {
        let wide = !character.is_ascii();
        if wide != shifted {
            bytes.extend_from_slice(if wide { b"\x1b$B" } else { b"\x1b(B" });
            shifted = wide;
        }
        if wide {
            let code = code(character).ok_or(Unmappable { position, charset: Charset::Iso2022Jp })?;
            bytes.extend_from_slice(&code);
        } else {
            bytes.push(character as u8);
        }
    }
    if shifted {
        bytes.extend_from_slice(b"\x1b(B");
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
