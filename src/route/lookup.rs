//! A condition that holds when a row of a table matches several fields at once.

use std::sync::Arc;

use serde::Serialize;

use super::condition::Verdict;
use super::probe::{Path, Scalar, Visit, probe};
use super::table::{Index, Pattern, Table, matches, patterns};

/// Looks for a row whose cells match these fields. All of them must match in the *same* row: the analyte alone
/// does not tell an antigen from an antibody.
#[derive(Debug, Clone)]
pub struct Lookup {
    table: Arc<Table>,
    field: Path,
    index: Index,
    also: Vec<(Path, usize)>,
}

impl Lookup {
    /// Looks up `field` in a column, and every field of `also` in its own column of the same row. Only these
    /// rows count.
    pub fn new(
        table: Arc<Table>,
        field: Path,
        column: usize,
        also: Vec<(Path, usize)>,
        rows: &[usize],
    ) -> Self {
        let index = Index::of(&table, column, rows);
        Self { table, field, index, also }
    }

    /// The field that is looked up.
    pub fn field(&self) -> &Path {
        &self.field
    }

    /// What the field must match: one of these.
    pub fn patterns(&self) -> impl Iterator<Item = Pattern<'_>> {
        self.index.patterns()
    }

    /// The fields that must match in the same row, each with what it must match one of in whichever row.
    pub fn also(&self) -> impl Iterator<Item = (&Path, Vec<Pattern<'_>>)> {
        self.also.iter().map(|(field, column)| {
            let rows = self.index.numbers().filter_map(|row| self.table.rows.get(row));
            let mut found: Vec<_> =
                rows.filter_map(|row| row.get(*column)).flat_map(|cell| patterns(cell)).collect();
            found.sort_unstable();
            found.dedup();
            (field, found)
        })
    }

    /// The table.
    pub fn table(&self) -> &Table {
        &self.table
    }

    pub(super) fn test<T: Serialize + ?Sized>(&self, record: &T) -> Verdict {
        let mut search = Search { lookup: self, record, verdict: Verdict::Undecided };
        probe(record, &self.field, &mut search);
        search.verdict
    }

    /// Whether the further fields match that row.
    fn row_matches<T: Serialize + ?Sized>(&self, row: usize, record: &T) -> Verdict {
        let mut verdict = Verdict::True;
        for (path, column) in &self.also {
            let cell = self.table.rows.get(row).and_then(|cells| cells.get(*column));
            let mut matching =
                Matching { cell: cell.map_or("", String::as_str), verdict: Verdict::Undecided };
            probe(record, path, &mut matching);
            match matching.verdict {
                Verdict::True => {}
                Verdict::False => return Verdict::False,
                Verdict::Undecided => verdict = Verdict::Undecided,
            }
        }
        verdict
    }
}

struct Search<'l, T: ?Sized> {
    lookup: &'l Lookup,
    record: &'l T,
    verdict: Verdict,
}

impl<T: Serialize + ?Sized> Visit for Search<'_, T> {
    fn scalar(&mut self, value: Scalar<'_>) {
        let Scalar::Text(text) = value else { return };
        self.verdict = Verdict::False;
        for row in self.lookup.index.rows(text) {
            match self.lookup.row_matches(row, self.record) {
                Verdict::True => {
                    self.verdict = Verdict::True;
                    return;
                }
                Verdict::Undecided => self.verdict = Verdict::Undecided,
                Verdict::False => {}
            }
        }
    }
}

struct Matching<'c> {
    cell: &'c str,
    verdict: Verdict,
}

impl Visit for Matching<'_> {
    fn scalar(&mut self, value: Scalar<'_>) {
        if let Scalar::Text(text) = value {
            self.verdict = Verdict::of(matches(self.cell, text));
        }
    }
}
