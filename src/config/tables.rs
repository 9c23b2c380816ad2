//! `tables/<name>.tsv`: code tables. Lines that start with `#` are comments; the first other line names the columns. The
//! comment `# version: 2026-11-01` names the table's edition.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::document::Document;
use super::fault::Part;
use super::node::is_name;
use super::said::Said;
use crate::route::Table;

/// The tables by name.
pub(super) type Tables = BTreeMap<String, Arc<Table>>;

pub(super) fn read(document: &Document<'_>, text: &str, tables: &mut Tables) {
    let name = document.file.trim_start_matches("tables/").trim_end_matches(".tsv");
    let mut table =
        Table { name: name.into(), version: version(text), columns: Vec::new(), rows: Vec::new() };
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let span = start..start + line.trim_end().len();
        start += line.len();
        let line = line.trim_end_matches(['\n', '\r']);
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let cells: Vec<_> = line.split('\t').map(|cell| cell.trim().to_owned()).collect();
        if table.columns.is_empty() {
            check_columns(document, &cells, span);
            table.columns = cells;
        } else if cells.len() == table.columns.len() {
            table.rows.push(cells);
        } else {
            let (found, wanted) = (cells.len(), table.columns.len());
            let said = Said::new(
                format!(
                    "this row has {found} cells, the table has {wanted} columns; cells are separated by tabs"
                ),
                format!("この行には {found} 個の値があり、表には {wanted} 列あります。区切りはタブです"),
            );
            document.error(span, "", said.of(Part::Syntax));
        }
    }
    if table.rows.is_empty() {
        document.error(0..0, "", Said::new("the table has no rows", "表に行がありません").of(Part::Syntax));
    }
    tables.insert(name.into(), Arc::new(table));
}

/// The edition that a comment names, else a short hash of the text.
fn version(text: &str) -> String {
    let comments = text.lines().filter_map(|line| line.strip_prefix('#'));
    let named = comments.filter_map(|comment| comment.trim().strip_prefix("version:")).map(str::trim);
    let named = named.filter(|version| !version.is_empty()).map(str::to_owned).next();
    named.unwrap_or_else(|| blake3::hash(text.as_bytes()).to_hex().chars().take(12).collect())
}

fn check_columns(document: &Document<'_>, columns: &[String], span: std::ops::Range<usize>) {
    for (index, column) in columns.iter().enumerate() {
        if !is_name(&column.replace('_', "-")) {
            let rule = "use lower-case letters, digits and underscores";
            let said = Said::from(format!("\"{column}\" is not a column name: {rule}"));
            document.error(span.clone(), "", said.of(Part::Syntax));
        }
        if columns.iter().take(index).any(|earlier| earlier == column) {
            let said = Said::from(format!("column \"{column}\" stands twice"));
            document.error(span.clone(), "", said.of(Part::Syntax));
        }
    }
}
