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
    let elements = taken_apart(list, &mut rest);
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
        value.decor_mut().set_prefix(follow(&behind, &before));
        value.decor_mut().set_suffix("");
        list.push_formatted(value);
        behind = next;
    }
    list.set_trailing(follow(&behind, &rest));
}

/// What stands behind an element, and what comes next: after a comment on a line of its own.
fn follow(behind: &str, next: &str) -> String {
    let new_line = if behind.contains('#') && !next.starts_with('\n') { "\n" } else { "" };
    format!("{behind}{new_line}{next}")
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
    use proptest::prelude::*;

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

    /// Lists as people write them: on one line or several, with and without comments and a comma at the end.
    fn lists() -> impl Strategy<Value = (String, Vec<String>)> {
        let element =
            ("[a-f]", prop::sample::select(vec!["", " ", "\n  ", " # why\n    ", "\n  # what\n  "]));
        (
            prop::collection::vec(element, 0..7),
            any::<bool>(),
            prop::sample::select(vec!["", " ", "\n", " # end\n"]),
        )
            .prop_map(|(elements, has_comma, end)| {
                let mut text = "[".to_owned();
                for (at, (name, before)) in elements.iter().enumerate() {
                    text.push_str(if at == 0 { "" } else { "," });
                    text.push_str(&format!("{before}\"{name}\""));
                }
                text.push_str(if has_comma && !elements.is_empty() { "," } else { "" });
                text.push_str(end);
                text.push(']');
                (text, elements.into_iter().map(|(name, _)| name).collect())
            })
    }

    proptest! {
        #[test]
        fn any_list_becomes_one_of_these_texts((text, there) in lists(), wanted in prop::collection::btree_set("[a-h]", 0..8)) {
            let mut value: Value = text.parse().unwrap();
            set(value.as_array_mut().unwrap(), &wanted);
            let again: Value = value.to_string().parse().unwrap();
            let found: Vec<_> = again.as_array().unwrap().iter().filter_map(Value::as_str).collect();
            prop_assert_eq!(found.iter().map(|text| (*text).to_owned()).collect::<BTreeSet<_>>(), wanted.clone());
            // What stays stays in its order, before what is new.
            let stays: Vec<_> = there.iter().filter(|text| wanted.contains(*text)).map(String::as_str).collect();
            prop_assert_eq!(found.get(..stays.len()), Some(stays.as_slice()));
            // What holds these texts already is not touched.
            let whole = there.iter().cloned().collect();
            let mut same: Value = text.parse().unwrap();
            set(same.as_array_mut().unwrap(), &whole);
            prop_assert_eq!(same.to_string(), text);
        }
    }
}
