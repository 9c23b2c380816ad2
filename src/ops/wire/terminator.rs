//! What ends a segment.

use serde::{Deserialize, Serialize};

/// A terminator. HL7 has the carriage return alone; files of the field have the others too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Terminator {
    /// Carriage return.
    Cr,
    /// Line feed.
    Lf,
    /// Both.
    Crlf,
}

impl Terminator {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Cr, Self::Lf, Self::Crlf];

    /// As it is asked for.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cr => "cr",
            Self::Lf => "lf",
            Self::Crlf => "crlf",
        }
    }

    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cr => "\r",
            Self::Lf => "\n",
            Self::Crlf => "\r\n",
        }
    }

    /// The one that most segments have.
    pub(super) fn most<'e>(ends: impl Iterator<Item = &'e str>) -> Self {
        let mut counts = [0_usize; 3];
        for end in ends {
            let found = Self::ALL.iter().zip(&mut counts).find(|(known, _)| known.as_str() == end);
            found.into_iter().for_each(|(_, count)| *count += 1);
        }
        let most = Self::ALL.into_iter().zip(counts).rev().max_by_key(|(_, count)| *count);
        most.map_or(Self::Cr, |(found, _)| found)
    }

    /// What stands behind a segment with every line end made this one; the end of a frame (`1C 0D`) stays.
    pub(super) fn in_place_of(self, end: &str) -> String {
        let (mut out, mut rest) = (String::new(), end);
        while let Some(character) = rest.chars().next() {
            let taken = match rest {
                _ if rest.starts_with("\u{1c}\r") => {
                    out.push_str("\u{1c}\r");
                    2
                }
                _ if rest.starts_with("\r\n") => {
                    out.push_str(self.as_str());
                    2
                }
                _ if matches!(character, '\r' | '\n') => {
                    out.push_str(self.as_str());
                    1
                }
                _ => {
                    out.push(character);
                    character.len_utf8()
                }
            };
            rest = rest.get(taken..).unwrap_or_default();
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_are_changed_and_frames_are_not() {
        assert_eq!(Terminator::Cr.in_place_of("\r\n"), "\r");
        assert_eq!(Terminator::Cr.in_place_of("\n\n"), "\r\r");
        assert_eq!(Terminator::Crlf.in_place_of("\r\n\r"), "\r\n\r\n");
        assert_eq!(Terminator::Lf.in_place_of("\r\u{1c}\r\u{b}"), "\n\u{1c}\r\u{b}");
        assert_eq!(Terminator::Lf.in_place_of(""), "");
    }

    #[test]
    fn the_most_frequent_one_counts() {
        assert_eq!(Terminator::most(["\n", "\n", "\r", ""].into_iter()), Terminator::Lf);
        assert_eq!(Terminator::most([].into_iter()), Terminator::Cr);
    }
}
