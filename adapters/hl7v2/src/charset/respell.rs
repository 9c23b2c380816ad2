//! Another character in the place of one, in the same way of writing.

use super::encode::{Repertoire, code_of, encode_within};
use super::{Charset, iso2022};

/// One way of writing a character in bytes.
type Way = fn(char) -> Option<Vec<u8>>;

/// Ways of a message in ISO 2022, whose sets are switched to by what stands before.
const ISO_2022: [Way; 6] = [ascii, kana, kana_right, kanji, utf8, cp932];

/// The bytes of `new`, written as `bytes` write `character` and as long; `None` where that can't be.
pub fn respell(character: char, bytes: &[u8], charset: Charset, new: char) -> Option<Vec<u8>> {
    let fits = |written: &Vec<u8>| written.len() == bytes.len();
    if charset != Charset::Iso2022Jp {
        return encode_within(&String::from(new), charset, Repertoire::All).ok().filter(fits);
    }
    let ways = || ISO_2022.iter();
    let same = ways().find(|way| way(character).as_deref() == Some(bytes));
    // A code that is read and never written: one of the same length and of as few bits.
    let like = || {
        let seven = bytes.is_ascii();
        ways().filter_map(|way| way(new)).find(|written| fits(written) && written.is_ascii() == seven)
    };
    match same {
        Some(way) => way(new).filter(fits),
        None => supplement(character, bytes, new).or_else(like),
    }
}

fn ascii(character: char) -> Option<Vec<u8>> {
    u8::try_from(character).ok().filter(u8::is_ascii).map(|byte| vec![byte])
}

fn kana(character: char) -> Option<Vec<u8>> {
    let half_width = matches!(character, '\u{FF61}'..='\u{FF9F}');
    let code = u8::try_from(u32::from(character).checked_sub(0xFF40)?).ok();
    code.filter(|_| half_width).map(|code| vec![code])
}

fn kana_right(character: char) -> Option<Vec<u8>> {
    kana(character).map(|code| code.iter().map(|byte| byte | 0x80).collect())
}

fn kanji(character: char) -> Option<Vec<u8>> {
    code_of(character).map(|code| code.to_vec())
}

/// JIS X 0212, whose codes would be others in JIS X 0208.
fn supplement(character: char, bytes: &[u8], new: char) -> Option<Vec<u8>> {
    let code = |character| super::encode::supplement_of(character).map(|code| code.to_vec());
    code(character).filter(|written| written == bytes).and_then(|_| code(new))
}

fn utf8(character: char) -> Option<Vec<u8>> {
    (!character.is_ascii()).then(|| String::from(character).into_bytes())
}

fn cp932(character: char) -> Option<Vec<u8>> {
    let written = encode_within(&String::from(character), Charset::Cp932, Repertoire::All).ok();
    written.filter(|bytes| !bytes.is_ascii())
}

/// Codes that never begin a character of a multi-byte set.
const ALONE: [u8; 4] = [0xFF, 0xFE, 0xFD, 0x80];

/// Other bytes that are no character either, as many of them; `None` where none are known.
pub fn undecodable(bytes: &[u8], charset: Charset, seed: u8) -> Option<Vec<u8>> {
    let nothing = |candidate: &[u8]| candidate != bytes && is_nothing(candidate, charset);
    match bytes {
        // A code of a two-byte set in which nothing is assigned: row 15.
        [..=0x7F, ..=0x7F] => Some(vec![0x2F, 0x21 + seed % 94]),
        [0x60..=0x7E] => Some(vec![0x60 + (bytes[0] - 0x5F) % 0x1A]),
        [_] => ALONE.iter().map(|byte| vec![*byte]).find(|candidate| nothing(candidate)),
        [front @ .., last] => (1..=u8::MAX)
            .map(|step| [front, &[0x80 | last.wrapping_add(seed).wrapping_add(step)]].concat())
            .find(|candidate| nothing(candidate)),
        [] => None,
    }
}

/// Whether the bytes are read as one U+FFFD.
fn is_nothing(bytes: &[u8], charset: Charset) -> bool {
    let encoding = match charset {
        Charset::Iso2022Jp => return iso2022::decode_exactly(bytes).is_none(),
        _ => charset.encoding().unwrap_or(encoding_rs::UTF_8),
    };
    let (text, _) = encoding.decode_without_bom_handling(bytes);
    text == "\u{FFFD}"
}
