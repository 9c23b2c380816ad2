//! Why bytes are no clinical document.

use roxmltree::{Error, TextPos};

/// Why bytes are no clinical document. Tells the place, never what stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{reason} (line {line}, column {column})")]
pub struct DecodeError {
    /// A stable word for the reason.
    pub code: &'static str,
    /// For people.
    pub reason: &'static str,
    /// From 1; 0 where it is about the whole.
    pub line: u32,
    /// From 1, in characters; 0 where it is about the whole.
    pub column: u32,
}

impl DecodeError {
    pub(crate) fn whole(code: &'static str, reason: &'static str) -> Self {
        Self { code, reason, line: 0, column: 0 }
    }

    pub(crate) fn at(code: &'static str, reason: &'static str, place: TextPos) -> Self {
        Self { code, reason, line: place.row, column: place.col }
    }

    /// The same of a byte of the text.
    pub(crate) fn at_byte(code: &'static str, reason: &'static str, text: &str, byte: usize) -> Self {
        let before = text.as_bytes().get(..byte).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count();
        let from = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        // Bytes that begin a character.
        let is_first = |byte: &&u8| **byte & 0xc0 != 0x80;
        let column = before.get(from..).unwrap_or_default().iter().filter(is_first).count();
        let number = |count: usize| u32::try_from(count + 1).unwrap_or(u32::MAX);
        Self { code, reason, line: number(line), column: number(column) }
    }

    /// The reader's texts name elements and characters: only its place is told.
    pub(crate) fn of(error: &Error) -> Self {
        let (code, reason) = match error {
            Error::DtdDetected => ("xml-doctype", "the XML declares a document type"),
            Error::UnknownNamespace(..) => ("xml-malformed", "a prefix is not declared"),
            Error::UnexpectedCloseTag(..) => ("xml-malformed", "an element is closed that is not open"),
            Error::UnclosedRootNode | Error::UnexpectedEndOfStream => ("xml-truncated", "the XML ends early"),
            Error::NoRootNode => ("xml-malformed", "there is no element"),
            Error::NonXmlChar(..) => ("xml-malformed", "a control character stands in it"),
            Error::UnknownEntityReference(..) => ("xml-malformed", "an entity is not declared"),
            Error::NodesLimitReached | Error::AttributesLimitReached | Error::NamespacesLimitReached => {
                ("xml-too-large", "the XML has too many elements")
            }
            _ => ("xml-malformed", "the XML is not well-formed"),
        };
        Self::at(code, reason, error.pos())
    }
}
