//! `tables/sensitive.tsv`: what is withheld where consent is asked for. A folder without it gets the hub's own, so that
//! nothing is shown because a file was forgotten.

use std::sync::Arc;

use super::document::Document;
use super::tables::{self, Tables};
use crate::route::{Sensitive, Table};

/// Stem of the file.
pub(super) const NAME: &str = "sensitive";
/// The table that comes with the hub.
const BUILT_IN: &str = include_str!("../../tables/sensitive.tsv");

/// Says what is wrong with the table.
pub(super) fn check(document: &Document<'_>, table: &Arc<Table>) {
    if let Err(wrong) = Sensitive::of(table.clone()) {
        document.error(0..0, "", wrong);
    }
}

/// What is sensitive. A table with faults, which were told where it stands, withholds nothing: there are no settings
/// then.
pub(super) fn read(tables: &Tables) -> Sensitive {
    let mut built_in = Tables::new();
    if !tables.contains_key(NAME) {
        let document = Document::new("tables/sensitive.tsv", BUILT_IN);
        tables::read(&document, BUILT_IN, &mut built_in);
    }
    let table = tables.get(NAME).or_else(|| built_in.get(NAME));
    table.and_then(|table| Sensitive::of(table.clone()).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::SENSITIVE_COLUMNS;

    #[test]
    fn the_table_that_comes_with_the_hub_is_sound() {
        let document = Document::new("tables/sensitive.tsv", BUILT_IN);
        let mut tables = Tables::new();
        tables::read(&document, BUILT_IN, &mut tables);
        assert!(!document.has_errors());
        let table = &tables[NAME];
        assert_eq!(Sensitive::of(table.clone()).err(), None);
        assert!(SENSITIVE_COLUMNS.iter().all(|column| table.column(column).is_some()));
        assert!(table.rows.len() > 5);
    }
}
