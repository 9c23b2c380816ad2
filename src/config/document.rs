//! One configuration file: its text, the places in it, and the faults found so far.

use std::cell::RefCell;
use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::fault::{Fault, Part, Severity};
use super::need::{Need, Thing};
use super::said::Said;

/// A file that is being checked.
pub(super) struct Document<'t> {
    pub(super) file: &'t str,
    text: &'t str,
    faults: RefCell<Vec<Fault>>,
    needs: RefCell<Vec<Need>>,
}

impl<'t> Document<'t> {
    pub(super) fn new(file: &'t str, text: &'t str) -> Self {
        Self { file, text, faults: RefCell::default(), needs: RefCell::default() }
    }

    /// The text as a tree with places. What can't be parsed becomes a fault; the rest is there.
    pub(super) fn tree(&self) -> DeValue<'t> {
        let (tree, errors) = DeTable::parse_recoverable(self.text);
        for error in errors {
            let message = error.message().lines().collect::<Vec<_>>().join(", ");
            let said = Said::from(message).of(Part::Syntax);
            self.error(error.span().unwrap_or_default(), "", said);
        }
        DeValue::Table(tree.into_inner())
    }

    pub(super) fn error(&self, span: Range<usize>, key: &str, said: impl Into<Said>) {
        self.say(Severity::Error, &span, key, said.into());
    }

    pub(super) fn warn(&self, span: Range<usize>, key: &str, said: impl Into<Said>) {
        self.say(Severity::Warning, &span, key, said.into());
    }

    fn say(&self, severity: Severity, span: &Range<usize>, key: &str, said: Said) {
        self.faults.borrow_mut().push(self.at(span, key).saying(severity, said));
    }

    /// Remembers what must be there when the hub runs.
    pub(super) fn need(&self, thing: Thing, span: &Range<usize>, key: &str) {
        self.needs.borrow_mut().push(Need { thing, place: self.at(span, key) });
    }

    /// Whether anything stops the file from being used.
    pub(super) fn has_errors(&self) -> bool {
        self.faults.borrow().iter().any(|fault| fault.severity == Severity::Error)
    }

    /// The faults, and what must be there when the hub runs.
    pub(super) fn into_faults(self) -> (Vec<Fault>, Vec<Need>) {
        (self.faults.into_inner(), self.needs.into_inner())
    }

    /// `file:line` of a place, to point to it from elsewhere.
    pub(super) fn place(&self, span: &Range<usize>) -> String {
        format!("{}:{}", self.file, self.at(span, "").line)
    }

    /// A place with nothing to say of it yet.
    fn at(&self, span: &Range<usize>, key: &str) -> Fault {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let excerpt = self.text.get(line_start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        let column = before.get(line_start..).map_or(0, |text| text.chars().count()) + 1;
        let meant = self.text.get(span.clone()).and_then(|text| text.lines().next()).unwrap_or_default();
        Fault {
            severity: Severity::Error,
            part: Part::Types,
            file: self.file.into(),
            line: before.matches('\n').count() + 1,
            column,
            key: key.into(),
            message: String::new(),
            japanese: None,
            allowed: Vec::new(),
            nearest: None,
            help: None,
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
