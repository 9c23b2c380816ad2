//! What conditions come to.

use musubi::canonical::{CanonicalEvent, Content, Interpretation, ResultStatus};

use super::samples::{diagnosis, generic, lab, positive, problem, result};
use super::{route, takes};

#[track_caller]
fn check(event: &CanonicalEvent<'_>, condition: &str, expected: bool) {
    let routes = route(event.content.kind().as_str(), &format!("where = {condition}"));
    assert_eq!(takes(&routes, event), expected, "{condition}");
}

/// About a lab result of two tests: an antigen positive, an antibody without interpretation.
#[track_caller]
fn check_lab(condition: &str, expected: bool) {
    let antigen = result("5F3991410063", ResultStatus::Final, Some(Interpretation::Positive));
    let antibody = result("5F4001430023", ResultStatus::Preliminary, None);
    check(&lab(vec![antigen, antibody]), condition, expected);
}

#[test]
fn comparisons() {
    check_lab("{ field = \"patient.id\", is = \"00000042\" }", true);
    check_lab("{ field = \"patient.id\", is = \"42\" }", false);
    check_lab("{ field = \"patient.id\", is_not = \"42\" }", true);
    check_lab("{ field = \"patient.sex\", in = [\"female\", \"male\"] }", true);
    check_lab("{ field = \"patient.sex\", not_in = [\"female\", \"male\"] }", false);
    check_lab("{ field = \"patient.id\", starts_with = [\"9\", \"000\"] }", true);
    check_lab("{ field = \"patient.id\", starts_with = \"9\" }", false);
    check(&diagnosis(&[]), "{ field = \"snapshot\", is = true }", true);
    check(&diagnosis(&[]), "{ field = \"snapshot\", is_not = true }", false);
}

#[test]
fn numbers() {
    let number =
        |test: &str| format!("{{ any = \"results\", all = [{{ field = \"value.number\", {test} }}] }}");
    check_lab(&number("at_least = 12.5"), true);
    check_lab(&number("above = 12.5"), false);
    check_lab(&number("below = 13"), true);
    check_lab(&number("at_most = 12"), false);
    check_lab(&number("is = 12.5"), true);
}

#[test]
fn dates_are_compared_as_precisely_as_they_are_known() {
    let sent = |test: &str| format!("{{ field = \"message.sent_at\", {test} }}");
    check_lab(&sent("at_least = 2026-01-31"), true);
    check_lab(&sent("above = 2026-01-31"), false);
    check_lab(&sent("above = \"2025\""), true);
    check_lab(&sent("below = \"2026\""), false);
    check_lab(&sent("at_most = \"2026-01\""), true);
    check_lab(&sent("starts_with = \"2026-01\""), true);
    // Born in May 1970, the day is not known.
    let born = |test: &str| format!("{{ field = \"patient.birth_date\", {test} }}");
    check_lab(&born("below = 1970-06-01"), true);
    check_lab(&born("below = 1970-05-15"), false);
    check_lab(&born("at_least = 1970-05-15"), false);
    check_lab(&format!("{{ not = {} }}", born("below = 1970-05-15")), false);
}

#[test]
fn groups() {
    const TRUE: &str = "{ field = \"change\", is = \"created\" }";
    const FALSE: &str = "{ field = \"patient.id\", is = \"9\" }";
    const UNDECIDED: &str = "{ field = \"message.version\", is = \"2.5\" }";
    check_lab(&format!("{{ all = [{TRUE}, {TRUE}] }}"), true);
    check_lab(&format!("{{ all = [{TRUE}, {FALSE}] }}"), false);
    check_lab(&format!("{{ any = [{FALSE}, {TRUE}] }}"), true);
    check_lab(&format!("{{ not = {FALSE} }}"), true);
    check_lab(&format!("{{ any = [{UNDECIDED}, {TRUE}] }}"), true);
    check_lab(&format!("{{ all = [{TRUE}, {UNDECIDED}] }}"), false);
    check_lab(&format!("{{ not = {{ all = [{FALSE}, {UNDECIDED}] }} }}"), true);
    check_lab(&format!("{{ not = {{ all = [{TRUE}, {UNDECIDED}] }} }}"), false);
}

#[test]
fn what_is_absent_lets_nothing_out() {
    for test in
        ["is = \"2.5\"", "is_not = \"2.5\"", "not_in = [\"2.5\"]", "starts_with = \"2\"", "present = true"]
    {
        check_lab(&format!("{{ field = \"message.version\", {test} }}"), false);
    }
    check_lab("{ not = { field = \"message.version\", is = \"2.5\" } }", false);
    check_lab("{ field = \"message.version\", present = false }", true);
    check_lab("{ field = \"message.sent_at\", present = true }", true);
    check_lab("{ any = \"results\", all = [{ field = \"unit\", present = false }] }", true);
    check_lab("{ any = \"results\", all = [{ field = \"code\", present = true }] }", true);
}

#[test]
fn quantifiers() {
    let status = |quantifier: &str, word: &str| {
        format!("{{ {quantifier} = \"results\", all = [{{ field = \"status\", is = \"{word}\" }}] }}")
    };
    check_lab(&status("any", "preliminary"), true);
    check_lab(&status("any", "corrected"), false);
    check_lab(&status("every", "final"), false);
    check_lab(
        "{ every = \"results\", all = [{ field = \"status\", in = [\"final\", \"preliminary\"] }] }",
        true,
    );
    check(&lab(vec![]), &status("every", "final"), false);
    check(&lab(vec![]), &status("any", "final"), false);
    check(&lab(vec![]), &format!("{{ not = {} }}", status("any", "final")), true);
    // Both must hold of the same result.
    let both = |status: &str| {
        format!(
            "{{ any = \"results\", all = [{{ field = \"status\", is = \"{status}\" }}, \
             {{ field = \"interpretation\", is = \"positive\" }}] }}"
        )
    };
    check_lab(&both("final"), true);
    check_lab(&both("preliminary"), false);
    // One result has no interpretation, so "no result is positive" can't be said of the others.
    check_lab("{ every = \"results\", all = [{ field = \"interpretation\", is = \"positive\" }] }", false);
    check_lab(
        "{ not = { any = \"results\", all = [{ field = \"interpretation\", is = \"negative\" }] } }",
        false,
    );
}

#[test]
fn any_value_by_its_place() {
    let field = |place: &str, test: &str| format!("{{ field = \"unmapped.{place}\", {test} }}");
    check(&generic(), &field("ZZ1[2]-12.2", "is = \"y\""), true);
    check(&generic(), &field("PV1-3.4", "is = \"y\""), false);
    check(&generic(), &field("PV1-3", "present = false"), true);
}

#[test]
fn a_table_row_must_match_as_a_whole() {
    let look_up = "{ any = \"results\", all = [{ field = \"code.analyte\", in_table = \"tests\", \
        also = { ident = \"code.identification\", material = \"code.material\" }, having = { count_as = \"confirm\" } }] }";
    check(&positive("5F3991410063"), look_up, true);
    check(&positive("5F3991410085"), look_up, true);
    check(&positive("5F3991410099"), look_up, false);
    // An antibody against the same virus is no case, whatever the material.
    check(&positive("5F4001430023"), look_up, false);
    check(&positive("5F4001410023"), look_up, true);
    // The rest of the code is missing: which test it is can't be told.
    check(&positive("5F400"), look_up, false);
    check(&positive("5F400"), &format!("{{ not = {look_up} }}"), false);
    check(&positive("9Z9991410063"), look_up, false);
    // An empty cell matches nothing.
    check(&positive("5F5001410063"), look_up, false);
    let analyte = "{ any = \"results\", all = [{ field = \"code.analyte\", in_table = \"tests\" }] }";
    check(&positive("5F4001430023"), analyte, true);
}

#[test]
fn an_icd_10_prefix_takes_finer_codes_and_no_coarser_one() {
    let look_up =
        "{ any = \"problems\", all = [{ field = \"icd10\", in_table = \"diseases\", column = \"icd10\" }] }";
    for (code, expected) in [
        ("A20", true),
        ("A209", true),
        ("A2", false),
        ("A984", true),
        ("A98", false),
        ("B05", true),
        ("B059", false),
    ] {
        check(&diagnosis(&["J00", code]), look_up, expected);
    }
    let mut event = diagnosis(&["J00"]);
    let Content::Diagnosis(content) = &mut event.content else { panic!() };
    content.problems.push(problem(None));
    check(&event, look_up, false);
}
