//! What never happens in the network, and what nobody uses.

use super::{DROP, FEED, ROUTES, check, check_route, faults, other_feed};
use crate::config::{Fault, Part, Severity};

/// Two routes to `surveillance` and `archive`: the second with these keys behind one with those.
#[track_caller]
fn check_second(first: &str, second: &str, expected: &[&str]) {
    let route = |name: &str, keys: &str| {
        format!(
            "[[route]]\nname = \"{name}\"\ntopic = \"a.b\"\n{keys}\nkinds = [\"lab-result\", \"encounter\"]\n"
        )
    };
    let head = ROUTES.split("[[route]]").next().unwrap();
    let archive =
        "[[subscriber]]\nname = \"archive\"\nfacility = \"3210100018\"\ndeliver = { kind = \"queue\" }\n";
    check(
        "routes.toml",
        &format!("{head}{archive}{}{}", route("one", first), route("two", second)),
        expected,
    );
}

const BOTH: &str = "to = [\"surveillance\", \"archive\"]";
const DUTY: &str = "basis = \"public-duty\"";

#[test]
fn a_route_behind_one_that_takes_all_of_it_is_an_error() {
    let dead = &["15 [[route]]: route \"two\" never sends anything: route \"one\" comes first"];
    for (first, second) in [
        ("", ""),
        (
            "where = { field = \"patient.sex\", is = \"male\" }",
            "where = { field = \"patient.sex\", is = \"male\" }",
        ),
        (
            "where = { field = \"patient.sex\", is = \"male\" }",
            "where = { all = [{ field = \"patient.id\", is = \"1\" }, { field = \"patient.sex\", is = \"male\" }] }",
        ),
        ("change = [\"created\"]", "change = [\"created\"]"),
        ("facilities = [\"izumo\", \"oda\"]", "facilities = [\"oda\"]"),
    ] {
        let keys = |more: &str| format!("{BOTH}\n{DUTY}{}{more}", if more.is_empty() { "" } else { "\n" });
        let expected: Vec<_> = dead
            .iter()
            .map(|text| text.replacen("15", if first.is_empty() { "15" } else { "16" }, 1))
            .collect();
        check_second(&keys(first), &keys(second), &expected.iter().map(String::as_str).collect::<Vec<_>>());
    }
}

#[test]
fn what_may_be_decided_either_way_is_let_pass() {
    for (first, second) in [
        ("where = { field = \"patient.sex\", is = \"male\" }", ""),
        (
            "where = { field = \"patient.sex\", is = \"male\" }",
            "where = { field = \"patient.sex\", is = \"female\" }",
        ),
        ("change = [\"created\"]", ""),
        ("facilities = [\"oda\"]", ""),
        ("facilities = [\"oda\"]", "facilities = [\"izumo\"]"),
    ] {
        check_second(&format!("{BOTH}\n{DUTY}\n{first}"), &format!("{BOTH}\n{DUTY}\n{second}"), &[]);
    }
    // The registry may deny the first and grant the second.
    for basis in ["participation-agreement", "entrusted"] {
        check_second(&format!("{BOTH}\nbasis = \"{basis}\""), &format!("{BOTH}\n{DUTY}"), &[]);
    }
    let views =
        |purpose: &str| format!("to = [\"archive\"]\nbasis = \"view-consent\"\npurpose = \"{purpose}\"");
    let rest =
        "[[route]]\nname = \"rest\"\ntopic = \"a.b\"\nto = [\"surveillance\"]\nbasis = \"public-duty\"";
    check_second(&views("phr"), &format!("{}\nkinds = [\"patient\"]\n{rest}", views("shared-record")), &[]);
}

#[test]
fn a_subscriber_that_is_served_before_is_a_warning_at_its_name() {
    check_second(
        &format!("to = [\"archive\"]\n{DUTY}"),
        &format!("{BOTH}\n{DUTY}"),
        &["18 \"archive\": \"archive\" never gets anything by route \"two\": route \"one\" comes first"],
    );
}

#[test]
fn a_route_to_which_no_feed_gives_anything() {
    let only_storage = [("feeds/oda.toml", other_feed())];
    let told = |text: &str| -> Vec<Fault> {
        let files = [("feeds/oda.toml", only_storage[0].1.as_str()), ("routes.toml", text)];
        faults(&files).1
    };
    for (kinds, reached) in [
        ("\"referral\"", false),
        ("\"checkup\"", false),
        ("\"appointment\", \"merge\"", false),
        ("\"referral\", \"diagnosis\"", true),
        ("\"any\"", true),
        ("\"document\"", true),
        ("\"message\"", true),
    ] {
        let found = told(&ROUTES.replace("\"lab-result\"", kinds));
        let is_told = found.iter().any(|fault| fault.message.contains("never gets anything"));
        assert_eq!(is_told, !reached, "{kinds}: {found:?}");
        assert!(
            found.iter().all(|fault| fault.severity == Severity::Warning && fault.part == Part::Topology)
        );
    }
    // Messages come in one version each.
    let (_, found) =
        faults(&[("feeds/izumo.toml", &DROP.replace("3210400013", "3210100018").replace("drop", "in"))]);
    assert!(found.is_empty(), "{found:?}");
    let superseded = format!("{ROUTES}change = [\"superseded\"]\n");
    let drop = DROP.replace("3210400013", "3210100018").replace("drop", "in");
    let (_, found) = faults(&[("feeds/izumo.toml", &drop), ("routes.toml", &superseded)]);
    assert_eq!(found.len(), 1, "{found:?}");
}

#[test]
fn an_extension_storage_gives_letters() {
    let with_extension = format!("{FEED}extension = \"in/extension\"\n");
    let letters = ROUTES.replace("\"lab-result\"", "\"referral\"");
    let files = [
        ("feeds/izumo.toml", with_extension.as_str()),
        ("feeds/oda.toml", &other_feed()),
        ("routes.toml", &letters),
    ];
    assert!(faults(&files).1.is_empty());
}

#[test]
fn folders_of_two_sources_do_not_overlap() {
    for (path, expected) in [
        ("in/standard", "another source reads this folder already"),
        ("./in/x/../standard", "another source reads this folder already"),
        ("in/standard/000", "it lies in a folder that another source reads already"),
        ("in", "a folder that another source reads already lies in it"),
    ] {
        let (config, found) = faults(&[("feeds/oda.toml", &DROP.replace("drop", path))]);
        let [fault] = &found[..] else { panic!("{path}: {found:?}") };
        assert_eq!(fault.message, format!("{expected}: feeds/izumo.toml:7"));
        assert!(config.is_none() && fault.severity == Severity::Error);
        let source = format!("{FEED}[[source]]\nkind = \"hl7-files\"\npath = \"{path}\"\n");
        let (config, found) = faults(&[("feeds/izumo.toml", &source)]);
        assert!(config.is_some() && found.len() == 1 && found[0].severity == Severity::Warning, "{found:?}");
    }
    assert!(faults(&[("feeds/oda.toml", &DROP.replace("drop", "in/standard-2"))]).1.is_empty());
}

#[test]
fn a_field_of_another_kind_is_told_with_the_kinds_that_have_it() {
    let text = ROUTES.replace("\"lab-result\"", "\"encounter\"");
    let condition = "where = { any = \"specimens\", all = [{ field = \"id\", present = true }] }";
    let (_, found) = faults(&[("routes.toml", &format!("{text}{condition}\n"))]);
    let [fault] = &found[..] else { panic!("{found:?}") };
    let message = &fault.message;
    assert!(message.starts_with("encounter has no field \"specimens\" here: "), "{message}");
    assert!(message.contains("; it is a field of ") && message.contains("lab-result"), "{message}");
    assert!(fault.allowed.iter().any(|name| name == "admitted_at"), "{:?}", fault.allowed);
    assert!(fault.help.as_ref().unwrap().en.contains("docs/subscribe/kinds/encounter.md"));
    assert!(fault.japanese.as_ref().unwrap().contains("のフィールドです"));
    check_route(
        "where = { field = \"patient.sexx\", is = \"male\" }",
        &["11 \"patient.sexx\": \"patient\" of lab-result"],
    );
}
