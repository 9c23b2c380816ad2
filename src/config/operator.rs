//! `{ field = …, <operator> = … }`: a comparison that is possible for what the field holds.

use jiff::civil::Date;
use toml::de::DeValue;

use super::condition::Context;
use super::fields::{Shape, keys};
use super::lookup;
use super::node::{Node, Section};
use crate::route::{Bound, Clause, Condition, Expected, Operator, Relation, Test};

/// Every operator, in the order of the documentation.
const OPERATORS: [&str; 11] = [
    "is",
    "is_not",
    "in",
    "not_in",
    "starts_with",
    "at_least",
    "at_most",
    "above",
    "below",
    "present",
    "in_table",
];

/// The operators that are possible for what a field holds.
fn possible(shape: &Shape<'_>) -> &'static [&'static str] {
    match shape {
        Shape::Text => &["is", "is_not", "in", "not_in", "starts_with", "in_table", "present"],
        Shape::Word(_) => &["is", "is_not", "in", "not_in", "present"],
        Shape::Number => {
            &["is", "is_not", "in", "not_in", "at_least", "at_most", "above", "below", "present"]
        }
        Shape::Boolean => &["is", "is_not", "present"],
        Shape::Time => &["at_least", "at_most", "above", "below", "starts_with", "present"],
        Shape::Object | Shape::List => &["present"],
    }
}

/// Reads a condition on one field.
pub(super) fn read(section: &mut Section<'_>, context: &Context<'_>) -> Option<Condition> {
    let field = section.require("field")?;
    let path = field.text();
    let shapes = context.shapes(&field);
    let mut given: Vec<_> = OPERATORS.into_iter().filter_map(|key| Some((key, section.take(key)?))).collect();
    let Some((key, node)) = given.pop() else {
        return section.node.refuse(format!("a condition on a field needs one of: {}", OPERATORS.join(", ")));
    };
    if let Some((other, _)) = given.first() {
        return section.node.refuse(format!("\"{other}\" and \"{key}\" need a condition each"));
    }
    if key == "in_table" {
        let lookup = lookup::read(section, &field, &node, context);
        return shapes.and_then(|shapes| check_possible(key, &node, &field, &shapes)).and(lookup);
    }
    let shapes = shapes?;
    check_possible(key, &node, &field, &shapes)?;
    let operator = operator(key, &node, &shapes)?;
    let path = path?;
    let text = format!("{path} {} {}", key.replace('_', " "), shown(&node));
    Some(Condition::Compare(Clause { text, test: Test { field: keys(path), operator } }))
}

fn check_possible(key: &str, node: &Node<'_>, field: &Node<'_>, shapes: &[Shape<'_>]) -> Option<()> {
    match shapes.iter().find(|shape| !possible(shape).contains(&key)) {
        None => Some(()),
        Some(shape) => node.refuse(format!(
            "\"{key}\" is not possible: \"{}\" is {}; possible: {}",
            field.text().unwrap_or_default(),
            shape.describe(),
            possible(shape).join(", ")
        )),
    }
}

fn operator(key: &str, node: &Node<'_>, shapes: &[Shape<'_>]) -> Option<Operator> {
    Some(match key {
        "is" | "is_not" => Operator::In { values: vec![expected(node, shapes)?], negated: key == "is_not" },
        "in" | "not_in" => {
            let values: Vec<_> = node.full_list()?.iter().map(|node| expected(node, shapes)).collect();
            Operator::In { values: values.into_iter().collect::<Option<_>>()?, negated: key == "not_in" }
        }
        "starts_with" => {
            let prefixes: Vec<_> = node.one_or_more()?.iter().map(|node| prefix(node, shapes)).collect();
            Operator::StartsWith(prefixes.into_iter().collect::<Option<_>>()?)
        }
        "present" => Operator::Present(node.boolean()?),
        "at_least" => Operator::Order(Relation::AtLeast, bound(node, shapes)?),
        "at_most" => Operator::Order(Relation::AtMost, bound(node, shapes)?),
        "above" => Operator::Order(Relation::Above, bound(node, shapes)?),
        _ => Operator::Order(Relation::Below, bound(node, shapes)?),
    })
}

/// The value, if every kind's field can hold it.
fn expected(node: &Node<'_>, shapes: &[Shape<'_>]) -> Option<Expected> {
    let mut value = None;
    for shape in shapes {
        value = Some(match shape {
            Shape::Word(words) => {
                let words: Vec<_> = words.iter().map(|word| (*word, *word)).collect();
                Expected::Text(node.word(&words)?.into())
            }
            Shape::Number => Expected::Number(node.number()?),
            Shape::Boolean => Expected::Boolean(node.boolean()?),
            Shape::Text | Shape::Time | Shape::Object | Shape::List => Expected::Text(node.text()?.into()),
        });
    }
    value
}

fn bound(node: &Node<'_>, shapes: &[Shape<'_>]) -> Option<Bound> {
    if !shapes.contains(&Shape::Time) {
        return node.number().map(Bound::Number);
    }
    let text = match node.value {
        DeValue::Datetime(date) => date.to_string(),
        _ => node.text()?.to_owned(),
    };
    if is_date(&text) {
        return Some(Bound::Date(text.into()));
    }
    node.refuse(format!("\"{text}\" is not a date: write 2026-01-31, \"2026-01\" or \"2026\""))
}

/// What a text may begin with; a date or time can begin only as one.
fn prefix(node: &Node<'_>, shapes: &[Shape<'_>]) -> Option<Box<str>> {
    const FORM: &str = "dddd-dd-ddTdd:dd:dd";
    let text = node.text()?;
    let fits = |(byte, form): (u8, u8)| if form == b'd' { byte.is_ascii_digit() } else { byte == form };
    if shapes.contains(&Shape::Time) && !text.bytes().zip(FORM.bytes()).all(fits) {
        return node
            .refuse(format!("no date or time begins with \"{text}\": they look like 2026-01-31T09:00"));
    }
    Some(text.into())
}

/// `YYYY`, `YYYY-MM` or `YYYY-MM-DD`, of the calendar.
fn is_date(text: &str) -> bool {
    let number = |part: &str, digits: usize, allowed: std::ops::RangeInclusive<u32>| {
        part.len() == digits
            && part.bytes().all(|b| b.is_ascii_digit())
            && part.parse().is_ok_and(|n| allowed.contains(&n))
    };
    let mut parts = text.split('-');
    parts.next().is_some_and(|year| number(year, 4, 0..=9999))
        && parts.next().is_none_or(|month| number(month, 2, 1..=12))
        && parts.next().is_none_or(|day| number(day, 2, 1..=31))
        && parts.next().is_none()
        && (text.len() < 10 || text.parse::<Date>().is_ok())
}

/// The expected value as an explanation shows it.
fn shown(node: &Node<'_>) -> String {
    match node.value {
        DeValue::String(text) => text.to_string(),
        DeValue::Integer(digits) => digits.to_string(),
        DeValue::Float(digits) => digits.to_string(),
        DeValue::Boolean(boolean) => boolean.to_string(),
        DeValue::Datetime(date) => date.to_string(),
        DeValue::Array(_) => node.list().iter().flatten().map(shown).collect::<Vec<_>>().join(", "),
        DeValue::Table(_) => String::new(),
    }
}
