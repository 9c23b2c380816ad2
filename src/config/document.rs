//! One configuration file: its text, the places in it, and the faults found so far.

use std::cell::RefCell;
use std::ops::Range;
use std::path::PathBuf;

use toml::de::{DeTable, DeValue};

use super::fault::{Fault, Severity};

/// A file that is being checked.
pub(super) struct Document<'t> {
    pub(super) file: &'t str,
    text: &'t str,
    faults: RefCell<Vec<Fault>>,
    paths: RefCell<Vec<(PathBuf, Fault)>>,
}

impl<'t> Document<'t> {
    pub(super) fn new(file: &'t str, text: &'t str) -> Self {
        Self { file, text, faults: RefCell::default(), paths: RefCell::default() }
    }

    /// The text as a tree with places. What can't be parsed becomes a fault; the rest is there.
    pub(super) fn tree(&self) -> DeValue<'t> {
        let (tree, errors) = DeTable::parse_recoverable(self.text);
        for error in errors {
            let message = error.message().lines().collect::<Vec<_>>().join(", ");
            self.error(error.span().unwrap_or_default(), "", message);
        }
        DeValue::Table(tree.into_inner())
    }

    pub(super) fn error(&self, span: Range<usize>, key: &str, message: String) {
        self.faults.borrow_mut().push(self.fault(Severity::Error, &span, key, message));
    }

    pub(super) fn warn(&self, span: Range<usize>, key: &str, message: String) {
        self.faults.borrow_mut().push(self.fault(Severity::Warning, &span, key, message));
    }

    /// Remembers a path that should exist when the hub runs.
    pub(super) fn expect_path(&self, path: PathBuf, span: Range<usize>, key: &str) {
        let message = format!("\"{}\" does not exist (yet)", path.display());
        self.paths.borrow_mut().push((path, self.fault(Severity::Warning, &span, key, message)));
    }

    /// Whether anything stops the file from being used.
    pub(super) fn has_errors(&self) -> bool {
        self.faults.borrow().iter().any(|fault| fault.severity == Severity::Error)
    }

    /// The faults, and the paths that should exist with the fault if they don't.
    pub(super) fn into_faults(self) -> (Vec<Fault>, Vec<(PathBuf, Fault)>) {
        (self.faults.into_inner(), self.paths.into_inner())
    }

    /// `file:line` of a place, to point to it from elsewhere.
    pub(super) fn place(&self, span: &Range<usize>) -> String {
        format!("{}:{}", self.file, self.fault(Severity::Error, span, "", String::new()).line)
    }

    fn fault(&self, severity: Severity, span: &Range<usize>, key: &str, message: String) -> Fault {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let excerpt = self.text.get(line_start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        let column = before.get(line_start..).map_or(0, |text| text.chars().count()) + 1;
        let meant = self.text.get(span.clone()).and_then(|text| text.lines().next()).unwrap_or_default();
        Fault {
            severity,
            file: self.file.into(),
            line: before.matches('\n').count() + 1,
            column,
            key: key.into(),
            message,
            excerpt: without_credentials(excerpt),
            width: meant.chars().count(),
        }
    }
}

/// The line with stars for what stands between `://` and `@`: faults are printed and logged.
fn without_credentials(line: &str) -> String {
    let mut parts = line.split("://");
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(['"', '\'']).unwrap_or(part.len());
        let secret = part.get(..end).and_then(|authority| authority.rfind('@')).unwrap_or(0);
        let stars = part.get(..secret).map_or(0, |secret| secret.chars().count());
        shown.push_str("://");
        shown.push_str(&"*".repeat(stars));
        shown.push_str(part.get(secret..).unwrap_or_default());
    }
    shown
}
