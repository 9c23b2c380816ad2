//! Faults in how fields of a disclosure are changed.

use super::{ROUTES, check, faults};

const AREAS: &str = "prefecture\tcounty\tmunicipality\tarea\n島根県\t\t松江市\t松江\n";

/// Faults of further keys of a disclosure of a patient's fields, which begin in line 15; there is a table of areas.
#[track_caller]
fn check_keys(keys: &str, expected: &[&str]) {
    let routes = ROUTES.replace("[\"lab-result\"]", "[\"patient\"]");
    let text = format!(
        "{routes}disclose = \"d\"\n[[disclosure]]\nname = \"d\"\n\
         fields = [\"patient.id\", \"patient.birth_date\", \"addresses\", \"telephones\", \"deceased\"]\n{keys}\n"
    );
    let (_, found) = faults(&[("routes.toml", &text), ("tables/areas.tsv", AREAS)]);
    let shown: Vec<_> = found.iter().map(|fault| format!("{} {}", fault.line, fault.message)).collect();
    assert_eq!(shown.len(), expected.len(), "{shown:#?}");
    for (shown, expected) in shown.iter().zip(expected) {
        assert!(shown.starts_with(expected), "expected {expected}\nfound    {shown}");
    }
}

#[test]
fn changes_that_are_possible() {
    check_keys(
        "generalise = { \"patient.birth_date\" = \"age-band\", \"addresses.text\" = \"area\" }\n\
         pseudonym = [\"patient.id\"]\nredact = [\"telephones\", \"addresses.use_code\"]",
        &[],
    );
}

#[test]
fn rules_that_do_not_fit() {
    check_keys(
        "generalise = { \"patient.birth_date\" = \"age-bond\" }",
        &["15 \"age-bond\" is not known here: did you mean \"age-band\"?"],
    );
    check_keys(
        "generalise = { \"patient.id\" = \"year\" }",
        &["15 this is possible for a date or time only: \"patient.id\" is a text"],
    );
    check_keys(
        "pseudonym = [\"patient.birth_date\"]\nredact = [\"deceased\", \"addresses\"]",
        &[
            "15 this is possible for a text only: \"patient.birth_date\" is a date or time",
            "16 this is possible for a text only: \"deceased\" is true or false",
            "16 this is possible for a text only: \"addresses\" is an object",
        ],
    );
}

#[test]
fn fields_that_are_not_disclosed_or_not_there() {
    check_keys(
        "redact = [\"addresses.txt\"]",
        &["15 \"addresses\" of patient has no field \"txt\": did you mean \"text\"?"],
    );
    check_keys(
        "pseudonym = [\"patient.sex\"]",
        &["15 \"patient.sex\" is not among the fields that are disclosed: did you mean \"patient.id\"?"],
    );
    check_keys(
        "pseudonym = [\"patient.id\"]\nredact = [\"patient.id\"]",
        &["16 \"patient.id\" is changed twice"],
    );
}

#[test]
fn areas_need_their_table() {
    let text = format!(
        "{ROUTES}[[disclosure]]\nname = \"d\"\nfields = [\"addresses\"]\ngeneralise = {{ \"addresses.text\" = \"area\" }}\n"
    );
    check(
        "routes.toml",
        &text,
        &["14 \"area\": this needs tables/areas.tsv: which municipality lies in which area"],
    );
    let (_, found) = faults(&[("routes.toml", &text), ("tables/areas.tsv", "municipality\n松江市\n")]);
    assert!(
        found[0].message.contains("needs the columns prefecture, county, municipality, area"),
        "{found:?}"
    );
}

#[test]
fn an_age_band_is_told_of_a_birth_date() {
    let text = format!(
        "{ROUTES}disclose = \"d\"\n[[disclosure]]\nname = \"d\"\nfields = [\"message.sent_at\"]\n\
         generalise = {{ \"message.sent_at\" = \"age-band-5\" }}\n"
    );
    check(
        "routes.toml",
        &text,
        &["15 \"age-band-5\": an age band is told of a birth_date: \"message.sent_at\" is none"],
    );
}
