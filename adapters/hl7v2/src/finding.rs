//! What was wrong with a message that could be read all the same.

use std::borrow::Cow;

/// One defect, described for people without repeating any value of the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Stable name in kebab-case, such as `charset-mismatch`.
    pub code: &'static str,
    /// Where: `PID-5`, `PID[1]` or `byte 123`.
    pub place: String,
    /// What is wrong and what was done about it.
    pub text: String,
}

/// How many findings of one code are kept; the rest are counted.
const KEPT_PER_CODE: usize = 8;

/// A place as it is known while reading.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    /// Offset in the bytes that were handed in.
    Byte(usize),
    /// Offset in the decoded text; becomes a path once the message is indexed.
    Text(usize),
    /// A path that is known already.
    Path(&'static str),
}

/// Collects findings in bounded memory, whatever the input.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    kept: Vec<(&'static str, Place, Cow<'static, str>)>,
    seen: Vec<(&'static str, usize)>,
}

impl Findings {
    pub(crate) fn push(&mut self, code: &'static str, place: Place, text: impl Into<Cow<'static, str>>) {
        let at = self.seen.iter().position(|(known, _)| *known == code).unwrap_or_else(|| {
            self.seen.push((code, 0));
            self.seen.len() - 1
        });
        self.seen[at].1 += 1;
        if self.seen[at].1 <= KEPT_PER_CODE {
            self.kept.push((code, place, text.into()));
        }
    }

    pub(crate) fn has(&self, code: &str) -> bool {
        self.seen.iter().any(|(known, _)| *known == code)
    }

    /// The findings in the order they were made; `resolve` turns a text offset into a path.
    pub(crate) fn finish(self, resolve: impl Fn(usize) -> String) -> Vec<Finding> {
        let name = |place| match place {
            Place::Byte(at) => format!("byte {at}"),
            Place::Text(at) => resolve(at),
            Place::Path(path) => path.to_owned(),
        };
        let kept = self.kept.into_iter().map(|(code, place, text)| Finding {
            code,
            place: name(place),
            text: text.into_owned(),
        });
        let more = self.seen.into_iter().filter(|(_, count)| *count > KEPT_PER_CODE);
        let more = more.map(|(code, count)| Finding {
            code,
            place: String::new(),
            text: format!("and {} more of the same kind", count - KEPT_PER_CODE),
        });
        kept.chain(more).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_of_one_code_are_bounded() {
        let mut findings = Findings::default();
        for at in 0..1_000 {
            findings.push("undecodable", Place::Byte(at), "x");
        }
        findings.push("other", Place::Text(7), "y");
        let list = findings.finish(|at| format!("text {at}"));
        assert_eq!(list.len(), KEPT_PER_CODE + 2);
        assert_eq!(list[KEPT_PER_CODE].place, "text 7");
        assert_eq!(list[KEPT_PER_CODE + 1].text, "and 992 more of the same kind");
    }
}
