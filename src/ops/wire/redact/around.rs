//! What stands around messages: headers and trailers of batches, frames, stray lines.

use hl7v2::Delimiters;
use hl7v2::charset::{Repertoire, encode_within};

use super::super::written::Part;
use super::leaf::{Segment, leaves};
use super::report::Decided;
use super::stand_in::{Draw, carries, character};
use super::value::{Keys, changed};

/// The part with stand-ins, and what was decided for the fields of batch headers and trailers.
pub(super) fn redact(part: &Part, keys: Keys<'_>) -> (Part, Vec<Decided>) {
    let mut part = part.clone();
    let charset = part.charset;
    let length = |c: char| encode_within(&String::from(c), charset, Repertoire::All).map(|bytes| bytes.len());
    let fits = |old: char, new: char| matches!((length(old), length(new)), (Ok(old), Ok(new)) if old == new);
    let (delimiters, mut decided) = (part.delimiters, Vec::new());
    part.head = stray(&part.head, &delimiters, keys, &fits);
    for line in &mut part.lines {
        let mut raw: Vec<char> = line.raw.chars().collect();
        let segment = Segment { raw: &line.raw, start: 0, occurrence: 1 };
        for leaf in leaves(&[segment], &delimiters) {
            let first = line.raw.get(..leaf.start).unwrap_or_default().chars().count();
            let old: Vec<char> = leaf.raw.chars().collect();
            let new =
                changed(&leaf, &delimiters, keys, &|at, new| old.get(at).is_some_and(|old| fits(*old, new)));
            for (place, new) in raw.iter_mut().skip(first).zip(new) {
                *place = new;
            }
            decided.push(leaf.decided);
        }
        line.raw = raw.into_iter().collect();
        line.end = stray(&line.end, &delimiters, keys, &fits);
    }
    (part, decided)
}

/// Text that belongs to no message: all of it is replaced but what a line begins with, where that is a segment id.
fn stray(text: &str, delimiters: &Delimiters, keys: Keys<'_>, fits: &impl Fn(char, char) -> bool) -> String {
    let mut draw = Draw::new(keys.key, keys.salt, text);
    let mut one = |old: char| {
        if !carries(old) {
            return old;
        }
        character(old, &mut draw, &|new| fits(old, new)).unwrap_or(old)
    };
    let line = |line: &str| {
        let blanks = line.len() - line.trim_start_matches(|c: char| c <= ' ').len();
        let id =
            line.get(blanks..blanks + 3).filter(|id| id.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        let separator = line.as_bytes().get(blanks + 3).is_some_and(|byte| *byte == delimiters.field);
        let kept = if id.is_some() && separator { blanks + 3 } else { 0 };
        let (front, rest) = line.split_at_checked(kept).unwrap_or(("", line));
        front.chars().chain(rest.chars().map(&mut one).collect::<Vec<_>>()).collect::<String>()
    };
    text.split_inclusive(['\r', '\n']).map(line).collect()
}

/// Whether the same control codes stand at the same places: frames and lines are told by them, whatever the character set
/// makes of the bytes beside them.
pub(super) fn are_framed_alike(old: &[u8], new: &[u8]) -> bool {
    let is_control = |byte: u8| byte < b' ';
    let alike = |(old, new): (&u8, &u8)| old == new || !(is_control(*old) || is_control(*new));
    old.len() == new.len() && old.iter().zip(new).all(alike)
}

/// Bytes around messages that are in no character set that is known.
pub(super) fn unreadable(bytes: &[u8]) -> Vec<u8> {
    bytes
        .iter()
        .map(|byte| if byte.is_ascii_alphanumeric() || !byte.is_ascii() { b'x' } else { *byte })
        .collect()
}
