//! `in_table = …` with `column`, `also` and `having`: a row of a table that matches.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::condition::Context;
use super::fields::{Shape, keys};
use super::node::{Node, Section};
use super::said::Said;
use crate::route::{Clause, Condition, Lookup, Table};

/// Reads a condition that looks `field` up in a table.
pub(super) fn read(
    section: &mut Section<'_>,
    field: &Node<'_>,
    table: &Node<'_>,
    context: &Context<'_>,
) -> Option<Condition> {
    let found = find(table, context);
    let (column, also, having) = (section.take("column"), section.take("also"), section.take("having"));
    let table = found?;
    let column = match column {
        Some(node) => self::column(&table, &node, node.text()?),
        None => Some(0),
    };
    let also = also.map_or(Some(Vec::new()), |node| further(&table, &node, context));
    let rows = match &having {
        Some(node) => rows(&table, node),
        None => Some((0..table.rows.len()).collect()),
    };
    let (path, column, also, rows) = (field.text()?, column?, also?, rows?);
    let mut text = format!("{path} in {}.{}", table.name, table.columns.get(column)?);
    for (name, other, _) in &also {
        text += &format!(" and {other} in the row's {name}");
    }
    for (name, node) in having.iter().filter_map(Node::section).flat_map(|section| section.entries()) {
        text += &format!(
            ", rows with {name} {}",
            node.one_or_more()?.iter().map(word).collect::<Vec<_>>().join(" or ")
        );
    }
    let also = also.into_iter().map(|(_, other, column)| (keys(&other), column)).collect();
    let test = Lookup::new(table, keys(path), column, also, &rows);
    Some(Condition::Lookup(Clause { text, test }))
}

fn find(node: &Node<'_>, context: &Context<'_>) -> Option<Arc<Table>> {
    let name = node.text()?;
    context.tables.get(name).cloned().or_else(|| {
        let known: Vec<_> = context.tables.keys().map(String::as_str).collect();
        let (en, ja) =
            (format!("there is no tables/{name}.tsv"), format!("表 tables/{name}.tsv はありません"));
        node.refuse(Said::unknown(&en, &ja, name, &known))
    })
}

fn column(table: &Table, node: &Node<'_>, name: &str) -> Option<usize> {
    table.column(name).or_else(|| {
        let known: Vec<_> = table.columns.iter().map(String::as_str).collect();
        let (en, ja) = (
            format!("table {} has no column \"{name}\"", table.name),
            format!("表 {} に列「{name}」はありません", table.name),
        );
        node.refuse(Said::unknown(&en, &ja, name, &known))
    })
}

/// `also = { ident = "code.identification" }`: column, field path, column number.
fn further(table: &Table, node: &Node<'_>, context: &Context<'_>) -> Option<Vec<(String, String, usize)>> {
    let pairs = node.section()?.entries().into_iter().map(|(name, field)| {
        let column = column(table, &field, name);
        let shapes = context.shapes(&field)?;
        if shapes.iter().any(|shape| !matches!(shape, Shape::Text | Shape::Word(_))) {
            return field.refuse("only a text can be looked up in a table");
        }
        Some((name.to_owned(), field.text()?.to_owned(), column?))
    });
    pairs.collect::<Vec<_>>().into_iter().collect()
}

/// The rows that `having` leaves: a column with the text, or one of the texts.
fn rows(table: &Table, node: &Node<'_>) -> Option<Vec<usize>> {
    let mut wanted: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    let mut sound = true;
    for (name, values) in node.section()?.entries() {
        let column = column(table, &values, name);
        let texts: Option<Vec<_>> =
            values.one_or_more()?.iter().map(|value| occurring(table, column?, value)).collect();
        match (column, texts) {
            (Some(column), Some(texts)) => drop(wanted.insert(column, texts)),
            _ => sound = false,
        }
    }
    let keeps = |row: &Vec<String>| {
        wanted
            .iter()
            .all(|(column, texts)| row.get(*column).is_some_and(|cell| texts.contains(&cell.as_str())))
    };
    let rows: Vec<_> =
        table.rows.iter().enumerate().filter(|(_, row)| keeps(row)).map(|(at, _)| at).collect();
    match sound {
        true if rows.is_empty() => node.refuse("no row of the table is like this"),
        true => Some(rows),
        false => None,
    }
}

/// A text that stands in the column.
fn occurring<'d>(table: &Table, column: usize, value: &Node<'d>) -> Option<&'d str> {
    let text = value.text()?;
    let mut known: Vec<_> = table.rows.iter().filter_map(|row| row.get(column)).map(String::as_str).collect();
    if known.contains(&text) {
        return Some(text);
    }
    known.sort_unstable();
    known.dedup();
    let (en, ja) = (
        format!("no row of table {} has \"{text}\" there", table.name),
        format!("表 {} のその列に「{text}」はありません", table.name),
    );
    value.refuse(Said::unknown(&en, &ja, text, &known))
}

fn word<'d>(node: &Node<'d>) -> &'d str {
    node.text().unwrap_or_default()
}
