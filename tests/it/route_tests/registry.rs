//! Tests with a registry and a moment of their own.

use super::{code, region, stdout};
use crate::support::HubFolder;

/// The region's route of admissions, which asks for consent.
fn hub(tests: &str) -> HubFolder {
    let hub = region();
    hub.write(
        "routes.toml",
        format!(
            "version = 1\n[[subscriber]]\nname = \"office\"\ndeliver = {{ kind = \"queue\" }}\n\
             [[route]]\nname = \"visits\"\ntopic = \"a.b\"\nto = [\"office\"]\nkinds = [\"encounter\"]\n\
             basis = \"participation-agreement\"\n{tests}"
        ),
    );
    hub
}

fn visit(name: &str, more: &str, expect: &str) -> String {
    format!(
        "[[route.test]]\nname = \"{name}\"\ninput = \"fixtures/cases/ssmix2_adt_12\"\n{more}expect = {{ {expect} }}\n"
    )
}

const FACILITIES: &str = "code,name,name_en,area,roles,from,until,who,why\n\
    3210100018,出雲中央病院 (架空),Izumo (invented),izumo,disclosing,2024-04-01,,事務局,架空\n";
const CONTRACTS: &str = "who,why,facility,kind,from,until\n\
    事務局,架空,3210100018,participation,2026-01-01,2026-06-30\n";

#[test]
fn a_test_may_be_asked_with_a_registry_and_at_a_moment_of_its_own() {
    let over = "to = [], why = \"the facility's contract is not in force\"";
    let hub = hub(&[
        visit("no contract is known", "", "to = [\"office\"]"),
        visit("over", "registry = \"own\"\n", over),
        visit("in force", "registry = \"own\"\nat = \"2026-06-30\"\n", "to = [\"office\"]"),
        visit("the day after", "registry = { only = \"own\" }\nat = \"2026-07-01\"\n", over),
        visit("an instant", "registry = \"own\"\nat = \"2026-06-30T23:59:59+09:00\"\n", "to = [\"office\"]"),
    ]
    .concat());
    hub.write("own/contracts.csv", CONTRACTS);
    hub.write("own/facilities.csv", FACILITIES);
    let output = hub.run(&["test"]);
    assert_eq!(code(&output), Some(0), "{}{output:?}", stdout(&output));
}

#[test]
fn a_registry_that_can_t_be_read_or_has_faulty_rows_runs_no_test() {
    let imports = |hub: &HubFolder| {
        let text = std::fs::read_to_string(hub.path("hub.toml")).unwrap();
        hub.write("hub.toml", format!("{text}\n[registry]\nimport = \"registry-files\"\n"));
    };
    for (files, told) in [
        (None, "registry-files: can't read the registry's files"),
        (
            Some("who,why,facility,kind,from\n事務局,架空,3210100018,participation,sometime\n"),
            "contracts.csv:2: from: ",
        ),
        (Some("nonsense\n"), "contracts.csv:1: "),
    ] {
        let hub = hub(&visit("any", "", "to = [\"office\"]"));
        imports(&hub);
        if let Some(text) = files {
            hub.write("registry-files/contracts.csv", text);
        }
        let output = hub.run(&["test"]);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((code(&output), stdout(&output)), (Some(78), String::new()), "{errors}");
        assert!(errors.contains(told), "{told}\n{errors}");
    }
    let hub = hub(&visit("own", "registry = \"nowhere\"\n", "to = [\"office\"]"));
    assert_eq!(code(&hub.run(&["test"])), Some(78));
}

#[test]
fn a_moment_that_is_none_is_refused() {
    let output = hub(&visit("when", "at = \"tomorrow\"\n", "to = []")).run(&["test"]);
    assert_eq!(code(&output), Some(78));
    assert!(String::from_utf8_lossy(&output.stderr).contains("\"tomorrow\" is neither a day"));
}
