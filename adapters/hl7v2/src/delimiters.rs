//! The field separator and the encoding characters of one message (HL7 2.9, 2.5.4).

use std::borrow::Cow;

use crate::charset::Charset;
use crate::escape;
use crate::finding::{Findings, Place};

/// The characters that structure one message; all are ASCII.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delimiters {
    /// MSH-1, usually `|`.
    pub field: u8,
    /// First of MSH-2, usually `^`.
    pub component: u8,
    /// Second of MSH-2, usually `~`.
    pub repetition: u8,
    /// Third of MSH-2, usually `\`.
    pub escape: u8,
    /// Fourth of MSH-2, usually `&`.
    pub subcomponent: u8,
    /// Fifth of MSH-2, since version 2.7, usually `#`.
    pub truncation: Option<u8>,
}

/// Why no delimiters could be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Illegal {
    Separator,
    Character,
    Duplicate,
}

const DEFAULTS: [u8; 4] = *b"^~\\&";

impl Default for Delimiters {
    fn default() -> Self {
        Self::of(b'|', DEFAULTS, None)
    }
}

impl Delimiters {
    const fn of(
        field: u8,
        [component, repetition, escape, subcomponent]: [u8; 4],
        truncation: Option<u8>,
    ) -> Self {
        Self { field, component, repetition, escape, subcomponent, truncation }
    }

    /// Reads the separator and the encoding characters of a header (MSH, BHS, FHS); `None` if they can't structure one.
    pub fn of_header(segment: &str) -> Option<Self> {
        Self::read(segment.as_bytes(), &mut Findings::default()).ok()
    }

    /// Separator and encoding characters in their order, such as `|^~\&`.
    pub fn as_written(&self) -> String {
        let four = [self.field, self.component, self.repetition, self.escape, self.subcomponent];
        four.into_iter().chain(self.truncation).map(char::from).collect()
    }

    /// What escape sequences stand for (HL7 2.9, 2.7); `charset` is that of the message, for `\X..\`.
    pub fn unescape<'a>(&self, raw: &'a str, charset: Charset) -> Cow<'a, str> {
        escape::unescape(raw, self, charset)
    }

    /// A text as it is written in a field: delimiters and line ends as escape sequences.
    pub fn escape<'a>(&self, text: &'a str) -> Cow<'a, str> {
        escape::escape(text, self)
    }

    /// Reads MSH-1 and MSH-2 from a segment that starts with `MSH`.
    pub(crate) fn read(segment: &[u8], findings: &mut Findings) -> Result<Self, Illegal> {
        let field = *segment.get(3).ok_or(Illegal::Separator)?;
        if !field.is_ascii_punctuation() {
            return Err(Illegal::Separator);
        }
        let rest = segment.get(4..).unwrap_or_default();
        let end = rest.iter().position(|b| *b == field || *b < b' ').unwrap_or(rest.len());
        let (four, truncation) = complete(&rest[..end], findings)?;
        let found = Self::of(field, four, truncation);
        let mut all: Vec<u8> = [field].into_iter().chain(four).chain(truncation).collect();
        all.sort_unstable();
        if all.windows(2).any(|pair| pair[0] == pair[1]) { Err(Illegal::Duplicate) } else { Ok(found) }
    }
}

/// The four encoding characters and the truncation character, defaults where MSH-2 is short.
fn complete(given: &[u8], findings: &mut Findings) -> Result<([u8; 4], Option<u8>), Illegal> {
    if given.iter().any(|b| !b.is_ascii_punctuation()) {
        return Err(Illegal::Character);
    }
    match *given {
        [a, b, c, d] => Ok(([a, b, c, d], None)),
        // Written through a language that doubles its escape character: `^~\\&`.
        [a, b, c, again, d] if c == again => {
            note(
                findings,
                "encoding-characters-doubled",
                "MSH-2 doubles the escape character; it is read once",
            );
            Ok(([a, b, c, d], None))
        }
        [a, b, c, d, e] => Ok(([a, b, c, d], Some(e))),
        [a, b, c, d, e, ..] => {
            note(
                findings,
                "encoding-characters-surplus",
                "MSH-2 holds more than five characters; the surplus has no meaning",
            );
            Ok(([a, b, c, d], Some(e)))
        }
        // The escape character left out, not the subcomponent separator.
        [a, b, b'&'] => {
            note(
                findings,
                "encoding-characters-missing",
                "MSH-2 lacks the escape character; the default is used",
            );
            Ok(([a, b, DEFAULTS[2], b'&'], None))
        }
        _ => {
            note(
                findings,
                "encoding-characters-missing",
                "MSH-2 holds fewer than four characters; defaults fill the rest",
            );
            let mut four = DEFAULTS;
            four[..given.len()].copy_from_slice(given);
            Ok((four, None))
        }
    }
}

fn note(findings: &mut Findings, code: &'static str, text: &'static str) {
    findings.push(code, Place::Path("MSH-2"), text);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(segment: &str) -> Result<(String, bool), Illegal> {
        let mut findings = Findings::default();
        let d = Delimiters::read(segment.as_bytes(), &mut findings)?;
        let all = [d.field, d.component, d.repetition, d.escape, d.subcomponent];
        let all = all.into_iter().chain(d.truncation).map(char::from).collect();
        Ok((all, !findings.finish(|_| String::new()).is_empty()))
    }

    #[test]
    fn reads_what_is_given_and_fills_what_is_not() {
        let fine = |s: &str, found: &str| assert_eq!(read(s), Ok((found.to_owned(), false)), "{s}");
        fine("MSH|^~\\&|A", "|^~\\&");
        fine("MSH|^~\\&#|A", "|^~\\&#");
        fine("MSH#!@%*#A", "#!@%*");
        fine("MSH@~&#\\@A", "@~&#\\");
        let odd = |s: &str, found: &str| assert_eq!(read(s), Ok((found.to_owned(), true)), "{s}");
        odd("MSH|^~&|A", "|^~\\&");
        odd("MSH|^|A", "|^~\\&");
        odd("MSH||A", "|^~\\&");
        odd("MSH|", "|^~\\&");
        odd("MSH|^~\\\\&|A", "|^~\\&");
    }

    #[test]
    fn refuses_what_cannot_structure_a_message() {
        assert_eq!(read("MSH"), Err(Illegal::Separator));
        assert_eq!(read("MSHA^~\\&"), Err(Illegal::Separator));
        assert_eq!(read("MSH.MessageType"), Err(Illegal::Character));
        assert_eq!(read("MSH|^^\\&|A"), Err(Illegal::Duplicate));
        assert_eq!(read("MSH|&|A"), Err(Illegal::Duplicate));
    }
}
