//! Which bytes each character was read from.

use std::ops::Range;

use encoding_rs::Encoding;

use super::{Charset, iso2022};

/// A range for each character that decoding `bytes` gives.
pub(super) fn characters(
    bytes: &[u8],
    charset: Charset,
    escape: Option<u8>,
    has_kana: impl FnOnce() -> bool,
) -> Vec<Range<usize>> {
    let mut ranges = match charset {
        Charset::Iso2022Jp => iso_2022(bytes, escape, has_kana()),
        Charset::Ascii | Charset::Utf8 => utf8(bytes),
        Charset::Utf16Le | Charset::Utf16Be => {
            sized(tabled(bytes, charset).1.chars().map(|c| 2 * c.len_utf16()))
        }
        _ => tabled(bytes, charset).0,
    };
    // The last character may stand for half of one.
    let end = bytes.len();
    ranges.iter_mut().for_each(|range| *range = range.start.min(end)..range.end.min(end));
    ranges
}

/// Ranges of these lengths, one behind the other.
fn sized(lengths: impl Iterator<Item = usize>) -> Vec<Range<usize>> {
    let mut at = 0;
    let next = |length| {
        at += length;
        at - length..at
    };
    lengths.map(next).collect()
}

/// What is no character is one, as in decoding.
fn utf8(bytes: &[u8]) -> Vec<Range<usize>> {
    let lengths = bytes.utf8_chunks().flat_map(|chunk| {
        let invalid = chunk.invalid().len();
        chunk.valid().chars().map(char::len_utf8).chain((invalid > 0).then_some(invalid))
    });
    sized(lengths)
}

/// Byte by byte: a character ends with the byte that brings it out. With its text.
fn tabled(bytes: &[u8], charset: Charset) -> (Vec<Range<usize>>, String) {
    let Some(encoding) = charset.encoding() else { return (Vec::new(), String::new()) };
    let mut decoder = Encoding::new_decoder_without_bom_handling(encoding);
    let (mut ranges, mut all, mut start) = (Vec::with_capacity(bytes.len()), String::new(), 0);
    let mut text = String::with_capacity(64);
    for at in 0..bytes.len() {
        let last = at + 1 == bytes.len();
        text.clear();
        // There is room for what one byte can bring out.
        let (_, _, _) = decoder.decode_to_string(&bytes[at..=at], &mut text, last);
        let count = text.chars().count();
        // One may come out together with what was wrong before it: that is all before the last byte.
        for n in (0..count).rev() {
            let end = (at + 1 - n).max(start);
            ranges.push(start..end);
            start = end;
        }
        all.push_str(&text);
    }
    (ranges, all)
}

fn iso_2022(bytes: &[u8], escape: Option<u8>, has_kana: bool) -> Vec<Range<usize>> {
    let (text, runs) = iso2022::runs(bytes, escape, has_kana);
    let (mut at, mut rest, mut ranges) = (0, text.as_str(), Vec::with_capacity(text.len()));
    for (taken, made) in runs {
        let (run, behind) = rest.split_at_checked(made).unwrap_or((rest, ""));
        let (mut start, width) = (at, width(run, bytes.get(at..at + taken).unwrap_or_default()));
        for character in run.chars() {
            ranges.push(start..start + width(character));
            start += width(character);
        }
        at += taken;
        rest = behind;
    }
    ranges
}

/// How many bytes the characters of a run take, which is one thing for all of it.
fn width(run: &str, bytes: &[u8]) -> impl Fn(char) -> usize + use<> {
    let (count, taken, same) = (run.chars().count(), bytes.len(), run.as_bytes() == bytes);
    move |character| match character {
        _ if same => character.len_utf8(),
        _ if count == 1 => taken,
        _ if taken == count => 1,
        _ if taken == 2 * count => 2,
        // CP932 among escape sequences.
        '\u{FF61}'..='\u{FF9F}' => 1,
        _ => 2,
    }
}
