//! The cells of a row, read by the name of their column; what is wrong with them is gathered.

use csv::StringRecord;
use jiff::Timestamp;

use super::super::code::is_id;
use super::super::{HISTORY, Period, when};
use super::Reading;
use crate::envelope::Identifying;
use crate::envelope::{NOT_A_FACILITY_CODE, is_facility_code};

/// One row.
pub(super) struct Cells<'r> {
    header: &'r StringRecord,
    row: &'r StringRecord,
    reading: &'r Reading,
    faults: Vec<(&'static str, String)>,
}

impl<'r> Cells<'r> {
    pub(super) const fn new(header: &'r StringRecord, row: &'r StringRecord, reading: &'r Reading) -> Self {
        Self { header, row, reading, faults: Vec::new() }
    }

    /// What is wrong, by column.
    pub(super) fn into_faults(self) -> Vec<(&'static str, String)> {
        self.faults
    }

    fn refuse<T>(&mut self, column: &'static str, reason: impl Into<String>) -> Option<T> {
        self.faults.push((column, reason.into()));
        None
    }

    /// The cell, if there is anything in it.
    pub(super) fn optional(&self, column: &str) -> Option<&'r str> {
        let place = self.header.iter().position(|name| name.trim() == column)?;
        self.row.get(place).map(str::trim).filter(|text| !text.is_empty())
    }

    /// The cell, in which something must be.
    pub(super) fn text(&mut self, column: &'static str) -> Option<&'r str> {
        self.optional(column).or_else(|| self.refuse(column, "the cell is empty"))
    }

    /// Why, marked as history where the row says that it is.
    pub(super) fn why(&mut self) -> Option<String> {
        let why = self.text("why");
        let history = match self.optional("history") {
            None | Some("no") => "",
            Some("yes") => HISTORY,
            Some(_) => return self.refuse("history", "allowed: yes, no, or nothing"),
        };
        Some(format!("{history}{}", why?))
    }

    /// A facility code.
    pub(super) fn code(&mut self, column: &'static str) -> Option<String> {
        let code = self.text(column)?;
        if is_facility_code(code) {
            return Some(code.to_owned());
        }
        let nine = code.len() == 9 && code.bytes().all(|byte| byte.is_ascii_digit());
        let hint = if nine { "; a spreadsheet may have dropped the 0 at its beginning" } else { "" };
        self.refuse(column, format!("\"{code}\" {NOT_A_FACILITY_CODE}{hint}"))
    }

    /// A network id or local id; a fault does not repeat it.
    pub(super) fn id(&mut self, column: &'static str) -> Option<Identifying> {
        let id = self.text(column)?;
        match is_id(id) {
            true => Some(Identifying(id.to_owned())),
            false => self.refuse(column, "an id is 64 bytes long at most and has no control characters"),
        }
    }

    /// One of the words.
    pub(super) fn word<T: Copy>(
        &mut self,
        column: &'static str,
        all: &[T],
        spell: fn(T) -> &'static str,
    ) -> Option<T> {
        let word = self.text(column)?;
        self.one_of(column, word, all, spell)
    }

    /// Words with semicolons between them, one at least.
    pub(super) fn words<T: Copy>(
        &mut self,
        column: &'static str,
        all: &[T],
        spell: fn(T) -> &'static str,
    ) -> Option<Vec<T>> {
        let words = self.text(column)?.split(';').map(str::trim).filter(|word| !word.is_empty());
        let words: Vec<_> = words.map(|word| self.one_of(column, word, all, spell)).collect();
        words.into_iter().collect()
    }

    fn one_of<T: Copy>(
        &mut self,
        column: &'static str,
        word: &str,
        all: &[T],
        spell: fn(T) -> &'static str,
    ) -> Option<T> {
        all.iter().copied().find(|one| spell(*one) == word).or_else(|| {
            let known: Vec<_> = all.iter().map(|one| spell(*one)).collect();
            self.refuse(column, format!("\"{word}\" is not known here: {}", suggest(word, &known)))
        })
    }

    /// A number of 0 to 255; 0 where the cell is empty.
    pub(super) fn rank(&mut self, column: &'static str) -> Option<u8> {
        let Some(text) = self.optional(column) else { return Some(0) };
        text.parse().ok().or_else(|| self.refuse(column, "not a number of 0 to 255"))
    }

    /// `from` and `until`.
    pub(super) fn period(&mut self) -> Option<Period> {
        let from = self.instant("from");
        let until = match self.optional("until") {
            Some(text) => {
                Some(when::end(text, &self.reading.zone).or_else(|| self.refuse("until", when::RULE))?)
            }
            None => None,
        };
        Some(Period { from: from?, until })
    }

    /// An instant, or the beginning of a day.
    pub(super) fn instant(&mut self, column: &'static str) -> Option<Timestamp> {
        let text = self.text(column)?;
        when::start(text, &self.reading.zone).or_else(|| self.refuse(column, when::RULE))
    }
}

/// `did you mean "x"?`, or what is allowed.
pub fn suggest(word: &str, known: &[&str]) -> String {
    let near = |known: &&str| strsim::damerau_levenshtein(word, known) <= (known.len() / 3).max(1);
    let nearest =
        known.iter().copied().filter(near).min_by_key(|known| strsim::damerau_levenshtein(word, known));
    match nearest.filter(|_| word.len() <= 64) {
        Some(word) => format!("did you mean \"{word}\"?"),
        None => format!("known: {}", known.join(", ")),
    }
}
