//! What is wrong with an archive: faults stop it, findings travel with it.

/// Why an archive makes no sense, or must not be passed on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason} (at {place})")]
pub struct Fault {
    /// A stable word for the reason, such as `no-index`.
    pub code: &'static str,
    /// For people; never a value of the archive.
    pub reason: String,
    /// `archive`, a file whose name is of the specification, or `entry 7` for any other.
    pub place: String,
}

impl Fault {
    pub(crate) fn new(code: &'static str, reason: impl Into<String>, place: impl Into<String>) -> Self {
        Self { code, reason: reason.into(), place: place.into() }
    }

    /// Of the archive as a whole.
    pub(crate) fn of_archive(code: &'static str, reason: impl Into<String>) -> Self {
        Self::new(code, reason, ARCHIVE)
    }
}

/// Something odd about an archive, carried with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// A stable word for what is odd, such as `name-differs`.
    pub code: &'static str,
    /// As of a [`Fault`].
    pub place: String,
    /// For people; never a value of the archive.
    pub text: String,
}

/// The place of what concerns all of an archive.
pub(crate) const ARCHIVE: &str = "archive";
/// Findings that are told one by one; the others are counted.
const TOLD_MAX: usize = 200;

/// Findings as they are gathered: bounded, however many there are.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    told: Vec<Finding>,
    more: usize,
}

impl Findings {
    pub(crate) fn add(&mut self, code: &'static str, place: impl Into<String>, text: impl Into<String>) {
        if self.told.len() < TOLD_MAX {
            self.told.push(Finding { code, place: place.into(), text: text.into() });
        } else {
            self.more += 1;
        }
    }

    pub(crate) fn finish(mut self) -> Vec<Finding> {
        if self.more > 0 {
            let text = format!("{} more findings are not told", self.more);
            self.told.push(Finding { code: "more-findings", place: ARCHIVE.to_owned(), text });
        }
        self.told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_bounded_and_the_others_counted() {
        let mut findings = Findings::default();
        for _ in 0..TOLD_MAX + 7 {
            findings.add("odd", ARCHIVE, "it is odd");
        }
        let findings = findings.finish();
        assert_eq!(findings.len(), TOLD_MAX + 1);
        assert_eq!(findings[TOLD_MAX].text, "7 more findings are not told");
    }
}
