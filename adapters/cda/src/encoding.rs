//! Bytes become characters: by the byte order mark, else by what the XML declaration says, else UTF-8.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use crate::document::Finding;
use crate::error::DecodeError;

/// The XML declaration stands within so many bytes.
const DECLARATION_MAX: usize = 256;

/// The text, and what was lost of it.
pub(crate) fn decode(bytes: &[u8]) -> Result<(Cow<'_, str>, Vec<Finding>), DecodeError> {
    let (encoding, bom) = match bytes {
        [0xef, 0xbb, 0xbf, ..] => (UTF_8, 3),
        [0xff, 0xfe, ..] => (UTF_16LE, 2),
        [0xfe, 0xff, ..] => (UTF_16BE, 2),
        [b'<', 0, ..] => (UTF_16LE, 0),
        [0, b'<', ..] => (UTF_16BE, 0),
        _ => (declared(bytes)?, 0),
    };
    let (text, has_lost) = encoding.decode_without_bom_handling(bytes.get(bom..).unwrap_or_default());
    let lost = has_lost.then_some(Finding {
        code: "characters-lost",
        text: "bytes that are no characters of the document's encoding stand as U+FFFD",
    });
    Ok((text, lost.into_iter().collect()))
}

/// What `<?xml … encoding="…"?>` says.
fn declared(bytes: &[u8]) -> Result<&'static Encoding, DecodeError> {
    let head = bytes.get(..bytes.len().min(DECLARATION_MAX)).unwrap_or_default();
    let Some(rest) = head.strip_prefix(b"<?xml") else { return Ok(UTF_8) };
    let end = rest.windows(2).position(|pair| pair == b"?>").unwrap_or(rest.len());
    let Some(label) = rest.get(..end).and_then(label) else { return Ok(UTF_8) };
    match Encoding::for_label(label) {
        // Its first bytes were read as single ones: it is not what it says.
        Some(encoding) if encoding == UTF_16LE || encoding == UTF_16BE => Ok(UTF_8),
        Some(encoding) => Ok(encoding),
        None => Err(DecodeError::whole("xml-encoding", "the declared encoding is not known")),
    }
}

fn label(declaration: &[u8]) -> Option<&[u8]> {
    const KEY: &[u8] = b"encoding";
    let at = declaration.windows(KEY.len()).position(|window| window == KEY)?;
    let rest = declaration.get(at + KEY.len()..)?.trim_ascii_start();
    let rest = rest.strip_prefix(b"=")?.trim_ascii_start();
    let (quote, rest) = rest.split_first()?;
    let end = rest.iter().position(|byte| byte == quote)?;
    matches!(quote, b'"' | b'\'').then(|| rest.get(..end)).flatten()
}
