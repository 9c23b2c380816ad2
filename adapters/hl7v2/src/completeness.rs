//! Whether a file has been written to its end.
//!
//! An SS-MIX2 storage has no mark for that: a file appears under its final name and grows. A
//! complete one starts with a header, holds more than that, and ends in a segment, in ASCII.

use crate::charset::{ends_in_escape_sequence, ends_shifted};
use crate::file::narrowed;

/// Why a file cannot be complete.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason} ({code}, {place})")]
pub struct Incomplete {
    /// Stable name in kebab-case.
    pub code: &'static str,
    /// What is missing.
    pub reason: &'static str,
    /// Where.
    pub place: String,
}

/// Whether the bytes can be a whole file; looks at its ends, not at the messages in between.
pub fn completeness(bytes: &[u8]) -> Result<(), Incomplete> {
    let (narrow, origin, unit) = narrowed(bytes);
    let units = narrow.as_deref().unwrap_or(bytes);
    let fail = |code, reason, at: usize| {
        Err(Incomplete { code, reason, place: format!("byte {}", origin + at * unit) })
    };
    let unmarked = units.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(units);
    let blanks = unmarked.iter().take_while(|b| is_blank(**b)).count();
    let content = &unmarked[blanks..];
    let start = units.len() - content.len();
    if content.is_empty() {
        return fail("empty", "the file holds nothing", start);
    }
    if ![b"MSH", b"FHS", b"BHS"].iter().any(|header| content.starts_with(*header)) {
        return fail("no-header", "the file does not start with MSH, FHS or BHS", start);
    }
    if let Some(at) = torn_frame(units) {
        return fail("mllp-frame-torn", "the last frame has no end", at);
    }
    let end = content.iter().rposition(|b| !is_blank(*b)).map_or(0, |at| at + 1);
    let (content, behind) = content.split_at(end);
    let last = content.iter().rposition(|b| matches!(b, b'\r' | b'\n')).map(|at| at + 1);
    let Some(last) = last else {
        return fail("only-header", "the file holds a single segment", start);
    };
    if !is_segment(&content[last..]) {
        return fail("torn-segment", "the last line is no segment", start + last);
    }
    let half_a_unit = origin + units.len() * unit < bytes.len();
    // A line that has its end was written whole, whatever it ends in.
    let torn_escape =
        ends_in_escape_sequence(content) && behind.iter().all(|b| matches!(b, 0 | b'\t' | b' '));
    if half_a_unit || unit == 1 && (torn_escape || ends_shifted(content) || ends_in_character(content)) {
        return fail("torn-character", "the file ends within multi-byte characters", start + end);
    }
    Ok(())
}

/// Blanks, line ends and the bytes of a frame.
fn is_blank(byte: u8) -> bool {
    byte <= b' ' && byte != 0x1B
}

/// Where a frame starts that does not end; a start block with nothing behind it starts none.
fn torn_frame(bytes: &[u8]) -> Option<usize> {
    if !bytes.contains(&0x0B) {
        return None;
    }
    let at_line = |at: usize| at == 0 || matches!(bytes[at - 1], b'\r' | b'\n' | 0x1C);
    let start = bytes.iter().enumerate().rposition(|(at, b)| *b == 0x0B && at_line(at))?;
    let behind = &bytes[start..];
    (!behind.contains(&0x1C) && !behind.iter().all(|b| is_blank(*b))).then_some(start)
}

/// An id, alone or with the separator that the file uses; any legal separator will do.
fn is_segment(line: &[u8]) -> bool {
    let blanks = line.iter().take_while(|b| is_blank(**b)).count();
    let [a, b, c, rest @ ..] = &line[blanks..] else { return false };
    let id = a.is_ascii_alphabetic() && b.is_ascii_alphanumeric() && c.is_ascii_alphanumeric();
    id && rest.first().is_none_or(u8::is_ascii_punctuation)
}

/// Whether UTF-8 text ends with the first bytes of a character.
fn ends_in_character(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|e| e.error_len().is_none() && !bytes[..e.valid_up_to()].is_ascii())
}
