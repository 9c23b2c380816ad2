//! Code tables: patterns in rows, looked up by the values of an event.

use std::collections::{BTreeMap, HashMap};

/// A table of patterns, from `tables/<name>.tsv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Stem of the file.
    pub name: String,
    /// Which edition of it this is: as the file says (`# version: 2026-11-01`), else a hash of its text.
    pub version: String,
    /// Column names.
    pub columns: Vec<String>,
    /// Cells by row; each row has as many as there are columns.
    pub rows: Vec<Vec<String>>,
}

/// Versions of tables by their names.
pub type Versions<'t> = BTreeMap<&'t str, &'t str>;

impl Table {
    /// Writes down that this table is read.
    pub(super) fn note<'t>(&'t self, versions: &mut Versions<'t>) {
        versions.insert(&self.name, &self.version);
    }

    /// The number of that column.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }
}

/// One alternative of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pattern<'c> {
    /// That text.
    Exact(&'c str),
    /// Every text that starts so.
    Prefix(&'c str),
}

impl Pattern<'_> {
    /// Whether every text that the other one matches is matched by this one.
    pub fn covers(self, other: Self) -> bool {
        match (self, other) {
            (Self::Exact(text), Self::Exact(other)) => text == other,
            (Self::Exact(_), Self::Prefix(_)) => false,
            (Self::Prefix(prefix), Self::Exact(other) | Self::Prefix(other)) => other.starts_with(prefix),
        }
    }

    /// What both match.
    pub fn meet(self, other: Self) -> Option<Self> {
        if self.covers(other) { Some(other) } else { other.covers(self).then_some(self) }
    }
}

/// The alternatives of a cell: `a|b` is either, `a*` is anything that starts with `a`, `*` is anything, and an
/// empty cell is nothing.
pub(super) fn patterns(cell: &str) -> impl Iterator<Item = Pattern<'_>> {
    cell.split('|').map(str::trim).filter(|part| !part.is_empty()).map(|part| match part.strip_suffix('*') {
        Some(prefix) => Pattern::Prefix(prefix),
        None => Pattern::Exact(part),
    })
}

/// Whether the value matches the cell.
pub(super) fn matches(cell: &str, value: &str) -> bool {
    patterns(cell).any(|pattern| match pattern {
        Pattern::Exact(text) => value == text,
        Pattern::Prefix(prefix) => value.starts_with(prefix),
    })
}

/// Numbers of rows by a text.
type Rows = HashMap<Box<str>, Vec<usize>>;

/// The rows of a table by the value of one column. A look-up costs one hash per length of prefix that occurs,
/// however many rows there are.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    exact: Rows,
    prefixes: Vec<(usize, Rows)>,
}

impl Index {
    /// Indexes these rows of the table.
    pub(super) fn of(table: &Table, column: usize, rows: &[usize]) -> Self {
        let mut index = Self::default();
        for &row in rows {
            let Some(cell) = table.rows.get(row).and_then(|cells| cells.get(column)) else { continue };
            for pattern in patterns(cell) {
                match pattern {
                    Pattern::Exact(text) => index.exact.entry(text.into()).or_default().push(row),
                    Pattern::Prefix(prefix) => {
                        index.of_length(prefix.len()).entry(prefix.into()).or_default().push(row)
                    }
                }
            }
        }
        index
    }

    fn of_length(&mut self, bytes: usize) -> &mut Rows {
        let at = self.prefixes.iter().position(|(length, _)| *length == bytes).unwrap_or_else(|| {
            self.prefixes.push((bytes, Rows::new()));
            self.prefixes.len() - 1
        });
        &mut self.prefixes[at].1
    }

    /// Everything that a value may match.
    pub(super) fn patterns(&self) -> impl Iterator<Item = Pattern<'_>> {
        let exact = self.exact.keys().map(|text| Pattern::Exact(text));
        let prefixes = self.prefixes.iter().flat_map(|(_, rows)| rows.keys());
        exact.chain(prefixes.map(|prefix| Pattern::Prefix(prefix)))
    }

    /// The numbers of its rows, in no order; some more than once.
    pub(super) fn numbers(&self) -> impl Iterator<Item = usize> {
        self.exact.values().chain(self.prefixes.iter().flat_map(|(_, rows)| rows.values())).flatten().copied()
    }

    /// The rows whose cell matches the value.
    pub(super) fn rows(&self, value: &str) -> impl Iterator<Item = usize> {
        let exact = self.exact.get(value);
        let prefixed = self.prefixes.iter().filter_map(move |(length, rows)| rows.get(value.get(..*length)?));
        exact.into_iter().chain(prefixed).flatten().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(cell: &str, value: &str, expected: bool) {
        assert_eq!(matches(cell, value), expected, "{cell:?} {value:?}");
        let table = Table {
            name: "t".into(),
            version: "1".into(),
            columns: vec!["c".into()],
            rows: vec![vec![cell.into()]],
        };
        assert_eq!(
            Index::of(&table, 0, &[0]).rows(value).next().is_some(),
            expected,
            "index {cell:?} {value:?}"
        );
    }

    #[test]
    fn cells_are_patterns() {
        check("063|085|099", "085", true);
        check("063|085|099", "08", false);
        check("*", "anything", true);
        check("*", "", true);
        check("", "", false);
        check("", "x", false);
        check("A20*", "A20", true);
        check("A20*", "A209", true);
        check("A20*", "A2", false);
        check("A984*", "A98", false);
        check("B20*|B21*", "B211", true);
        check("日*", "日本", true);
        check("a*", "日本", false);
    }
}
