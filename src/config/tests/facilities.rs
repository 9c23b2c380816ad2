//! Recipients whose facility nobody knows, and routes that registry and consent may pass by.

use super::*;

/// A route to `kita`, whose facility is known or not, with these further keys from line 13 on.
fn check_to(facility: &str, keys: &str, expected: &[&str]) {
    let text = format!(
        "version = 1\n[[subscriber]]\nname = \"kita\"\n{facility}\ndeliver = {{ kind = \"queue\" }}\n\
         [[route]]\nname = \"r\"\ntopic = \"a.b\"\nkinds = [\"referral\"]\nto = [\"kita\"]\n{keys}\n"
    );
    check("routes.toml", &text, expected);
}

const KNOWN: &str = "facility = \"3210200024\"";

#[test]
fn who_is_asked_for_consent_or_meant_by_an_address_belongs_to_a_facility() {
    check_to(KNOWN, "basis = \"view-consent\"", &[]);
    check_to(KNOWN, "basis = \"addressed\"\naddress = \"referred-to\"", &[]);
    check_to(
        "",
        "basis = \"view-consent\"",
        &["10 \"kita\": it has no \"facility\": with basis = \"view-consent\" nothing is ever sent to it"],
    );
    check_to(
        "",
        "basis = \"emergency\"",
        &["10 \"kita\": it has no \"facility\": with basis = \"emergency\" nothing is ever sent to it"],
    );
    check_to(
        "",
        "basis = \"addressed\"\naddress = \"care-team\"",
        &["10 \"kita\": it has no \"facility\": with address = \"care-team\" it is never meant"],
    );
    check_to(
        KNOWN,
        "basis = \"addressed\"\naddress = \"referred-to\"\notherwise = \"taks\"",
        &["13 \"taks\": there is no subscriber \"taks\""],
    );
    check_to(
        KNOWN,
        "basis = \"addressed\"\notherwise = \"kita\"",
        &["12 \"kita\": it is for routes whose \"address\" means exactly one facility"],
    );
}

#[test]
fn a_route_behind_one_that_may_deny_comes_into_play() {
    let second = |first: &str| {
        let second = "[[route]]\nname = \"s\"\ntopic = \"a.b\"\nkinds = [\"referral\"]\nto = [\"kita\"]\nbasis = \"addressed\"";
        format!("{first}\n{second}")
    };
    check_to(KNOWN, &second("basis = \"view-consent\""), &[]);
    check_to(KNOWN, &second("basis = \"addressed\"\naddress = \"referred-to\""), &[]);
    check_to(KNOWN, &second("basis = \"addressed\""), &["12 [[route]]: route \"s\" never sends anything"]);
}

#[test]
fn a_table_of_what_is_sensitive_is_checked() {
    let head = "category\ticd10\tanalyte\tdrug\twords\n";
    check("tables/sensitive.tsv", &format!("{head}hiv\tB20*\t\t\tHIV\n"), &[]);
    check("tables/sensitive.tsv", &format!("{head}secret\tB20*\t\t\tHIV\n"), &["1 "]);
    check("tables/sensitive.tsv", "category\ticd10\nhiv\tB20*\n", &["1 "]);
}
