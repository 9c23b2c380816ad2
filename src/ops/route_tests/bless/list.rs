//! Changes a list of texts, and leaves what stays of it as it was written: order, lines and comments.

use std::collections::BTreeSet;

use toml_edit::{Array, Value};

/// An element with what stands around it.
struct Element {
    /// White space before it, and comments on lines of their own.
    before: String,
    value: Value,
    /// What stands behind it on its line, after the comma.
    behind: String,
}

/// Makes the list hold these texts: what stays keeps its place, what is new comes last.
pub(super) fn set(list: &mut Array, texts: &BTreeSet<String>) {
    let mut rest = list.trailing().as_str().unwrap_or_default().to_owned();
    let mut elements = taken_apart(list, &mut rest);
    let is_there = |text: &String| elements.iter().any(|element| element.value.as_str() == Some(text));
    let new: Vec<_> = texts.iter().filter(|text| !is_there(text)).cloned().collect();
    let line = elements.iter().rev().find_map(|element| last_line(&element.before));
    let mut kept = without_others(elements, texts);
    for text in new {
        let alone = if kept.is_empty() { "" } else { " " };
        let before = line.clone().unwrap_or_else(|| alone.to_owned());
        kept.push(Element { before, value: text.into(), behind: String::new() });
    }
    list.clear();
    let mut behind = String::new();
    for Element { before, mut value, behind: next } in kept {
        value.decor_mut().set_prefix(format!("{behind}{before}"));
        value.decor_mut().set_suffix("");
        list.push_formatted(value);
        behind = next;
    }
    list.set_trailing(format!("{behind}{rest}"));
}

/// Those that stay. One that stood behind another on its line comes to the beginning of the line when that goes.
fn without_others(elements: Vec<Element>, texts: &BTreeSet<String>) -> Vec<Element> {
    let mut kept: Vec<Element> = Vec::new();
    let mut beginning = None;
    for (at, mut element) in elements.into_iter().enumerate() {
        let begins_line = at == 0 || element.before.contains('\n');
        if !element.value.as_str().is_some_and(|text| texts.contains(text)) {
            if begins_line {
                beginning = Some(element.before);
            }
            continue;
        }
        if let Some(before) = beginning.take().filter(|_| !begins_line) {
            element.before = before;
        }
        kept.push(element);
    }
    kept
}

/// The elements; what stands behind the last one on its line is taken from `rest`, the end of the list.
fn taken_apart(list: &Array, rest: &mut String) -> Vec<Element> {
    let mut elements: Vec<Element> = Vec::new();
    for value in list.iter() {
        let text = |part: Option<&toml_edit::RawString>| {
            part.and_then(|part| part.as_str()).unwrap_or_default().to_owned()
        };
        let (behind, before) = split(&text(value.decor().prefix()));
        let is_first = elements.is_empty();
        if let Some(last) = elements.last_mut() {
            last.behind = behind.clone();
        }
        let before = if is_first { format!("{behind}{before}") } else { before };
        elements.push(Element { before, value: value.clone(), behind: text(value.decor().suffix()) });
    }
    if let Some(last) = elements.last_mut() {
        let (behind, after) = split(&format!("{}{rest}", last.behind));
        (last.behind, *rest) = (behind, after);
    }
    elements
}

/// What stands on the line of the element before, and the lines after that.
fn split(text: &str) -> (String, String) {
    match text.split_once('\n') {
        Some((line, rest)) => (line.to_owned(), format!("\n{rest}")),
        None => (String::new(), text.to_owned()),
    }
}

/// The beginning of the line on which the element stands, where that is a line of its own.
fn last_line(before: &str) -> Option<String> {
    before.rsplit_once('\n').map(|(_, indent)| format!("\n{indent}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stays_is_left_as_it_was_written() {
        for (before, texts, after) in [
            ("[]", "a b", "[\"a\", \"b\"]"),
            ("[\"b\", \"a\"]", "a b c", "[\"b\", \"a\", \"c\"]"),
            ("[\"a\"]", "a b", "[\"a\", \"b\"]"),
            ("[\"a\",\"b\"]", "a b", "[\"a\",\"b\"]"),
            ("[\"a\", \"b\"]", "b", "[\"b\"]"),
            ("[ \"a\", \"b\" ]", "a", "[ \"a\" ]"),
            ("[\"a\", \"b\"]", "", "[]"),
            (
                "[\n  \"a\", # of a\n  \"b\", # of b\n  # of c\n  \"c\",\n]",
                "a c d",
                "[\n  \"a\", # of a\n  # of c\n  \"c\",\n  \"d\",\n]",
            ),
            ("[\n  \"a\",\n  \"b\"\n]", "a c", "[\n  \"a\",\n  \"c\"\n]"),
            ("[\n  \"a\", \"b\",\n  \"c\",\n]", "b c", "[\n  \"b\",\n  \"c\",\n]"),
        ] {
            let mut value: Value = before.parse().unwrap();
            let list = value.as_array_mut().unwrap();
            let wanted = texts.split_whitespace().map(str::to_owned).collect();
            set(list, &wanted);
            let there: BTreeSet<_> =
                list.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect();
            assert_eq!((value.to_string().as_str(), there), (after, wanted));
        }
    }
}
