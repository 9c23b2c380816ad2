//! Conditions: the forms of `where` and `only`. A catalogue.

use super::key::{Key, Shape, Table, key, list};

/// What a condition may look like.
pub(super) const CONDITIONS: &[&str] = &[
    "condition-field",
    "condition-all",
    "condition-any",
    "condition-not",
    "condition-any-element",
    "condition-every-element",
];

pub(super) fn tables() -> [Table; 6] {
    let parts = || list(Shape::Table(CONDITIONS));
    let part = "{ field = \"status\", is = \"final\" }";
    let of_element = || {
        key(
            "all",
            parts(),
            "[{ field = \"status\", is = \"final\" }]",
            "conditions on the fields of an element; it fulfils all of them",
        )
        .required()
    };
    let elements = |name| key(name, Shape::Field, "\"results\"", "path of the list").required();
    [
        Table::new(
            "condition-field",
            "{ field = \"…\", <operator> = … }",
            "Holds if the field fulfils it; one operator each.",
            of_field(),
        ),
        Table::new(
            "condition-all",
            "{ all = [ … ] }",
            "Holds if every part holds.",
            vec![key("all", parts(), "[{ field = \"status\", is = \"final\" }]", "conditions").required()],
        ),
        Table::new(
            "condition-any",
            "{ any = [ … ] }",
            "Holds if at least one part holds.",
            vec![key("any", parts(), "[{ field = \"status\", is = \"final\" }]", "conditions").required()],
        ),
        Table::new(
            "condition-not",
            "{ not = { … } }",
            "Holds if the part does not hold.",
            vec![key("not", Shape::Table(CONDITIONS), part, "a condition").required()],
        ),
        Table::new(
            "condition-any-element",
            "{ any = \"list\", all = [ … ] }",
            "Holds if one element of the list fulfils all parts.",
            vec![elements("any"), of_element()],
        ),
        Table::new(
            "condition-every-element",
            "{ every = \"list\", all = [ … ] }",
            "Holds if there is an element, and every element fulfils all parts.",
            vec![elements("every"), of_element()],
        ),
    ]
}

fn of_field() -> Vec<Key> {
    let some = |shape| Shape::OneOrMore(Box::new(shape));
    vec![
        key(
            "field",
            Shape::Field,
            "\"patient.sex\"",
            "path of the field in the JSON that subscribers get; in any and every a field of the element",
        )
        .required(),
        key("is", Shape::Scalar, "\"female\"", "it is that; of texts, words, numbers, true/false"),
        key("is_not", Shape::Scalar, "\"female\"", "it is there and is not that"),
        key(
            "in",
            list(Shape::Scalar),
            "[\"final\", \"corrected\"]",
            "it is one of these; of texts, words, numbers",
        ),
        key("not_in", list(Shape::Scalar), "[\"deleted\"]", "it is there and is none of these"),
        key(
            "starts_with",
            some(Shape::Text),
            "[\"A15\", \"A16\"]",
            "it begins with that, or one of these; of texts, dates and times",
        ),
        key(
            "at_least",
            Shape::Bound,
            "2026-01-31",
            "that or more; of numbers, dates and times, compared as precisely as the bound is written: 2026-01-31, \"2026-01\", \"2026\"",
        ),
        key("at_most", Shape::Bound, "\"2026-01\"", "that or less"),
        key("above", Shape::Bound, "5", "more than that"),
        key("below", Shape::Bound, "37.5", "less than that"),
        key(
            "present",
            Shape::Flag,
            "true",
            "whether it is there at all; of everything, also objects and lists",
        ),
        key("in_table", Shape::Text, "\"lab_tests\"", "a row of tables/<name>.tsv matches it; of texts"),
        key("column", Shape::Text, "\"analyte\"", "with in_table: the column that the field is looked up in")
            .default("the first"),
        key(
            "also",
            Shape::Map(Box::new(Shape::Field)),
            "{ ident = \"code.identification\" }",
            "with in_table, column = field: must match in the same row",
        ),
        key(
            "having",
            Shape::Map(Box::new(some(Shape::Text))),
            "{ count_as = [\"confirm\"] }",
            "with in_table, column = text or texts: only rows with that text count",
        )
        .default("all rows"),
    ]
}
