//! The same as plain text, where there is no terminal.

use ratatui::text::Span;

use super::rows::{Sort, Table, table};
use super::screen::Tab;
use crate::lang::Lang;
use crate::ops::overview::Overview;

/// All tabs, one below the other.
pub(super) fn text(overview: &Overview, lang: Lang) -> String {
    let mut out = String::new();
    for tab in Tab::ALL {
        let table = table(overview, tab, Sort::Trouble, lang);
        out.push_str(&format!("{} ({})\n", tab.title(lang), table.rows.len()));
        if !table.rows.is_empty() {
            rows(&mut out, &table);
        }
        out.push('\n');
    }
    out
}

fn rows(out: &mut String, table: &Table) {
    let head: Vec<_> = table.head.iter().map(|(name, _)| (*name).to_owned()).collect();
    let all: Vec<&Vec<String>> = [&head].into_iter().chain(table.rows.iter().map(|row| &row.cells)).collect();
    let width = |column: usize| all.iter().filter_map(|row| row.get(column)).map(|cell| wide(cell)).max();
    let widths: Vec<_> = (0..head.len()).map(|column| width(column).unwrap_or(0)).collect();
    for row in all {
        let cells = row.iter().zip(&widths);
        let cells =
            cells.map(|(cell, width)| format!("{cell}{}", " ".repeat(width - wide(cell).min(*width))));
        out.push_str(&format!("  {}\n", cells.collect::<Vec<_>>().join("  ").trim_end()));
    }
}

/// Columns that a text takes: two for each Japanese character.
fn wide(text: &str) -> usize {
    Span::raw(text).width()
}
