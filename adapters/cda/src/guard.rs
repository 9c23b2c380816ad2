//! Refuses what would cost more than it is worth, before a tree is built: document types, and with them entities;
//! elements too deep in each other; tags with very many attributes.

use crate::error::DecodeError;

/// Elements within each other.
const DEPTH_MAX: usize = 256;
/// Attributes of a tag.
const ATTRIBUTES_MAX: usize = 128;
/// Declarations of namespaces in the document.
const NAMESPACES_MAX: usize = 4_096;

pub(crate) fn check(text: &str) -> Result<(), DecodeError> {
    let bytes = text.as_bytes();
    let refuse = |code, reason, at| Err(DecodeError::at_byte(code, reason, text, at));
    if count(bytes, b"xmlns") > NAMESPACES_MAX {
        return Err(DecodeError::whole("xml-too-large", "the XML declares too many namespaces"));
    }
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(found) = find(bytes, at, b"<") {
        let rest = bytes.get(found..).unwrap_or_default();
        at = match rest {
            [b'<', b'!', b'-', b'-', ..] => after(bytes, found + 4, b"-->"),
            [b'<', b'!', b'[', ..] => after(bytes, found + 3, b"]]>"),
            [b'<', b'!', ..] => return refuse("xml-doctype", "the XML declares a document type", found),
            [b'<', b'?', ..] => after(bytes, found + 2, b"?>"),
            [b'<', b'/', ..] => {
                depth = depth.saturating_sub(1);
                after(bytes, found + 2, b">")
            }
            _ => {
                let Tag { end, attributes, is_empty } = tag(bytes, found + 1);
                if attributes > ATTRIBUTES_MAX {
                    return refuse("xml-too-large", "an element has too many attributes", found);
                }
                depth += usize::from(!is_empty);
                if depth > DEPTH_MAX {
                    return refuse("xml-too-deep", "elements lie too deep in each other", found);
                }
                end
            }
        };
    }
    Ok(())
}

struct Tag {
    end: usize,
    attributes: usize,
    /// `<a/>`
    is_empty: bool,
}

/// The start tag whose name begins at `from`; `>` and `=` within quotes are text.
fn tag(bytes: &[u8], from: usize) -> Tag {
    let (mut quote, mut attributes) = (None, 0);
    for (at, byte) in bytes.iter().enumerate().skip(from) {
        match (quote, byte) {
            (Some(open), byte) if open == *byte => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => quote = Some(*byte),
            (None, b'=') => attributes += 1,
            (None, b'>') => {
                let is_empty = at > from && bytes.get(at - 1) == Some(&b'/');
                return Tag { end: at + 1, attributes, is_empty };
            }
            (None, _) => {}
        }
    }
    Tag { end: bytes.len(), attributes, is_empty: false }
}

fn find(bytes: &[u8], from: usize, what: &[u8]) -> Option<usize> {
    let rest = bytes.get(from..)?;
    match what {
        [one] => rest.iter().position(|byte| byte == one),
        _ => rest.windows(what.len()).position(|window| window == what),
    }
    .map(|at| from + at)
}

/// Where what ends so ends.
fn after(bytes: &[u8], from: usize, what: &[u8]) -> usize {
    find(bytes, from, what).map_or(bytes.len(), |at| at + what.len())
}

fn count(bytes: &[u8], what: &[u8]) -> usize {
    let (mut at, mut count) = (0, 0);
    while let Some(found) = find(bytes, at, what) {
        (at, count) = (found + what.len(), count + 1);
    }
    count
}
