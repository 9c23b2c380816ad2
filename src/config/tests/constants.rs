//! Conditions that are the same for every event are refused, with place and reason.

use super::check_where;

#[track_caller]
fn check_results(parts: &str, expected: &[&str]) {
    check_where(&format!("{{ any = \"results\", all = [{parts}] }}"), expected);
}

#[test]
fn clauses_that_exclude_each_other() {
    check_where(
        "{ all = [{ field = \"change\", is = \"created\" }, { field = \"change\", is = \"deleted\" }] }",
        &[
            "11 { all = [{ field = \"change\", is = \"created\" }, { field = \"change\", is = \"deleted\" }] }: \
           this never holds: \"change is created\" and \"change is deleted\" exclude each other",
        ],
    );
    check_results(
        "{ field = \"status\", in = [\"final\", \"corrected\"] }, { field = \"status\", is = \"preliminary\" }",
        &["11 { any = \"results\", all = [{ field = \"status\", in = [\"final\", \"corrected\"] }, \
           { field = \"status\", is = \"preliminary\" }] }: this never holds of any element of results: \
           \"status in final, corrected\" and \"status is preliminary\" exclude each other"],
    );
    for parts in [
        "{ field = \"value.number\", above = 5 }, { field = \"value.number\", at_most = 5 }",
        "{ field = \"value.number\", is = 5 }, { field = \"value.number\", not_in = [5, 6] }",
        "{ field = \"unit\", present = false }, { field = \"unit.code\", is = \"mg\" }",
        "{ field = \"unit.code\", is = \"mg\" }, { field = \"unit\", present = false }",
        "{ field = \"value.text\", starts_with = \"A2\" }, { field = \"value.text\", is = \"A1\" }",
        "{ field = \"value.text\", starts_with = [\"A2\", \"B\"] }, { not = { field = \"value.text\", starts_with = [\"A\", \"B\"] } }",
        "{ field = \"code.analyte\", in_table = \"lab_tests\" }, { field = \"code.analyte\", is = \"9Z999\" }",
        "{ field = \"code.analyte\", in_table = \"lab_tests\", also = { ident = \"code.identification\" } }, { field = \"code.identification\", is = \"9999\" }",
        "{ field = \"observed_at\", at_least = 2026-05-01 }, { field = \"observed_at\", below = \"2026-05\" }",
        "{ field = \"observed_at\", starts_with = \"2026-05\" }, { field = \"observed_at\", above = \"2026\" }",
        "{ field = \"specimen\", below = 0 }",
        "{ any = [{ field = \"status\", is = \"final\" }, { field = \"status\", is = \"corrected\" }] }, { field = \"status\", is = \"deleted\" }",
    ] {
        let (config, faults) = super::faults(&[(
            "routes.toml",
            &format!("{}where = {{ any = \"results\", all = [{parts}] }}\n", super::ROUTES),
        )]);
        let messages: Vec<_> = faults.iter().map(|fault| fault.message.as_str()).collect();
        assert!(config.is_none() && faults.len() == 1, "{parts}: {messages:?}");
        assert!(messages[0].contains("never holds"), "{parts}: {messages:?}");
    }
}

#[test]
fn clauses_that_leave_something() {
    for parts in [
        "{ field = \"value.number\", at_least = 5 }, { field = \"value.number\", at_most = 5 }",
        "{ field = \"unit\", present = false }, { not = { field = \"interpretation\", is = \"positive\" } }",
        "{ field = \"value.text\", starts_with = \"A\" }, { field = \"value.text\", is_not = \"A\" }",
        "{ field = \"observed_at\", at_least = 2026-05-01 }, { field = \"observed_at\", at_most = \"2026-05\" }",
        "{ any = [{ field = \"status\", is = \"final\" }, { field = \"unit\", present = true }] }, { field = \"status\", is = \"deleted\" }",
        "{ field = \"at\", present = true }",
        "{ field = \"code.analyte\", in_table = \"lab_tests\" }, { not = { field = \"code.analyte\", in_table = \"lab_tests\", having = { count_as = \"support\" } } }",
    ] {
        check_results(parts, &[]);
    }
    // Of two elements each may fulfil one.
    check_where(
        "{ all = [{ any = \"results\", all = [{ field = \"status\", is = \"final\" }] }, \
         { any = \"results\", all = [{ field = \"status\", is = \"corrected\" }] }] }",
        &[],
    );
}

#[test]
fn what_every_event_fulfils() {
    check_where(
        "{ field = \"change\", in = [\"created\", \"updated\", \"deleted\"] }",
        &["11 { field = \"change\", in = [\"created\", \"updated\", \"deleted\"] }: \
           this always holds, as the field always has such a value: leave it out, or say more"],
    );
    check_where(
        "{ field = \"message.type\", present = true }",
        &["11 { field = \"message.type\", present = true }: this always holds"],
    );
    check_where(
        "{ any = [{ field = \"patient.sex\", in = [\"male\", \"female\"] }, \
         { field = \"patient.sex\", in = [\"other\", \"unknown\"] }, { field = \"patient.sex\", present = false }] }",
        &["11 { any = [{ field = \"patient.sex\", in = [\"male\", \"female\"] }, \
           { field = \"patient.sex\", in = [\"other\", \"unknown\"] }, { field = \"patient.sex\", present = false }] }: \
           this always holds"],
    );
    // Somebody of whom the sex is not told fulfils neither.
    check_where(
        "{ any = [{ field = \"patient.sex\", in = [\"male\", \"female\"] }, { field = \"patient.sex\", in = [\"other\", \"unknown\"] }] }",
        &[],
    );
    check_where(
        "{ not = { all = [{ field = \"message.type\", is = \"A\" }, { field = \"message.type\", is = \"B\" }] } }",
        &[
            "11 { all = [{ field = \"message.type\", is = \"A\" }, { field = \"message.type\", is = \"B\" }] }: this never holds",
        ],
    );
    check_where(
        "{ not = { field = \"message.type\", starts_with = \"\" } }",
        &["11 { field = \"message.type\", starts_with = \"\" }: this always holds"],
    );
}

#[test]
fn of_a_date_less_may_be_known_than_the_bound_says() {
    let all = |bound: &str| {
        format!(
            "{{ any = [{{ field = \"patient.birth_date\", at_least = \"{bound}\" }}, \
             {{ field = \"patient.birth_date\", below = \"{bound}\" }}, \
             {{ field = \"patient.birth_date\", present = false }}] }}"
        )
    };
    // Everybody was born in a year, but of whom no more is known can't be held against a month.
    check_where(&all("1970-05"), &[]);
    let year = all("1970");
    check_where(&year, &[&format!("11 {year}: this always holds, as one of its parts always does")]);
}

#[test]
fn the_changes_of_the_route_count() {
    let change =
        |taken: &str, word: &str| format!("{{ field = \"change\", is = \"{word}\" }}\nchange = [{taken}]");
    check_where(&change("\"updated\", \"deleted\"", "deleted"), &[]);
    check_where(
        &change("\"created\"", "deleted"),
        &[
            "11 { field = \"change\", is = \"deleted\" }: this never holds: no value that the field can have fulfils",
        ],
    );
    check_where(
        &change("\"created\"", "created"),
        &["11 { field = \"change\", is = \"created\" }: this always holds"],
    );
}

#[test]
fn impossible_dates() {
    check_where(
        "{ field = \"patient.birth_date\", above = \"2026-02-30\" }",
        &["11 \"2026-02-30\": \"2026-02-30\" is not a date"],
    );
    check_where(
        "{ field = \"patient.birth_date\", starts_with = \"令和\" }",
        &["11 \"令和\": no date or time begins with \"令和\""],
    );
    check_where("{ field = \"patient.birth_date\", starts_with = [\"197\", \"1980-\"] }", &[]);
}
