//! Which set 8-bit bytes are in when nothing reliable says so.

use std::ops::RangeInclusive;

use encoding_rs::{EUC_JP, SHIFT_JIS};

use super::Charset;

const TRAIL_ASCII: RangeInclusive<u8> = 0x40..=0x7E;

/// The likeliest of CP932, EUC-JP and ISO 8859-1 for bytes that are not UTF-8.
pub(super) fn guess(bytes: &[u8]) -> Charset {
    let cp932 = SHIFT_JIS.decode_without_bom_handling_and_without_replacement(bytes).is_some()
        && cp932_score(bytes) > 0;
    let euc =
        EUC_JP.decode_without_bom_handling_and_without_replacement(bytes).is_some() && euc_pairs(bytes) > 1;
    match (cp932, euc) {
        (true, false) => Charset::Cp932,
        (false, true) => Charset::EucJp,
        (true, true) => between_japanese(bytes),
        (false, false) => Charset::Latin1,
    }
}

/// EUC-JP and CP932 overlap where CP932 reads half-width kana: letter frequency decides.
fn between_japanese(bytes: &[u8]) -> Charset {
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    let hint = detector.guess(Some(b"jp"), chardetng::Utf8Detection::Deny);
    if hint == EUC_JP { Charset::EucJp } else { Charset::Cp932 }
}

/// Whether most characters beyond ASCII are whole UTF-8 characters of three or four bytes.
pub(super) fn mostly_utf8(bytes: &[u8]) -> bool {
    let (mut whole, mut broken) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        whole += chunk.valid().bytes().filter(|b| *b >= 0xE0).count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    whole > 2 * broken
}

/// How many bytes from the start are CP932 characters beyond ASCII.
pub(super) fn cp932_run(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(len) = cp932_char(&bytes[at..]) {
        at += len;
    }
    at
}

/// The length of the CP932 character beyond ASCII at the start.
fn cp932_char(bytes: &[u8]) -> Option<usize> {
    match bytes {
        [0xA1..=0xDF, ..] => Some(1),
        [0x81..=0x9F | 0xE0..=0xFC, 0x40..=0x7E | 0x80..=0xFC, ..] => {
            SHIFT_JIS.decode_without_bom_handling_and_without_replacement(&bytes[..2]).map(|_| 2)
        }
        _ => None,
    }
}

/// Above zero if the bytes look like Japanese in CP932 rather than letters of a Western language.
///
/// Western text has single 8-bit letters beside ASCII letters; Japanese has kana, and kanji whose
/// second byte is mostly an 8-bit byte too.
fn cp932_score(bytes: &[u8]) -> i64 {
    let letter = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_alphabetic);
    let (mut at, mut score) = (0, 0);
    while at < bytes.len() {
        let len = if bytes[at] < 0x80 { 0 } else { cp932_char(&bytes[at..]).unwrap_or(0) };
        score += match (len, bytes[at]) {
            (0, _) => 0,
            (2, 0x82 | 0x83) => 2,
            (2, _) if TRAIL_ASCII.contains(&bytes[at + 1]) => -1,
            (1, _) if letter(at.checked_sub(1)) || letter(Some(at + 1)) => -1,
            _ => 1,
        };
        at += len.max(1);
    }
    score
}

/// The number of two-byte EUC-JP characters, zero if any 8-bit run is of odd length.
fn euc_pairs(bytes: &[u8]) -> usize {
    let runs = bytes.split(u8::is_ascii).filter(|run| !run.is_empty() && !run.contains(&0x8F));
    runs.map(|run| if run.len() % 2 == 0 { Some(run.len() / 2) } else { None })
        .sum::<Option<usize>>()
        .unwrap_or(0)
}

/// CP932 or EUC-JP where a Latin set is declared and the bytes plainly are not Latin.
pub(super) fn guess_against_latin(bytes: &[u8]) -> Option<Charset> {
    match guess(bytes) {
        // Bytes 0x80 to 0x9F are control characters in ISO 8859.
        Charset::Cp932 if bytes.iter().any(|b| matches!(b, 0x80..=0x9F)) => Some(Charset::Cp932),
        Charset::EucJp if euc_pairs(bytes) > 2 => Some(Charset::EucJp),
        _ => None,
    }
}
