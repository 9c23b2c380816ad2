//! Which clauses no test decides.

use serde_json::Value;

use super::{code, hub, stdout, test};
use crate::support::repository;

const POSITIVE: &str = "oul_r22_flu_positive";

#[test]
fn a_clause_is_decided_where_a_test_would_notice_both_of_its_faults() {
    let hub = hub(&[
        test("positive", POSITIVE, "to = [\"s\", \"t\"]"),
        test("negative", "oul_r22_flu_negative", "to = []"),
    ]
    .concat());
    let output = hub.run(&["test", "--require-coverage"]);
    let told = stdout(&output);
    assert_eq!(code(&output), Some(1), "{told}");
    for line in [
        "flu: 2 tests, 1 with a message that it takes\n",
        "      1 /   -  kinds: kind is lab-result (routes.toml:16)\n",
        "  !   1 /   0  where.any(results).all[1]: code.analyte in lab_tests.analyte (routes.toml:20)\n",
        "      1 /   1  where.any(results).all[2]: interpretation is positive (routes.toml:20)\n",
        "2 of 3 clauses are decided by a test\n",
    ] {
        assert!(told.contains(line), "{line}\n{told}");
    }
    assert_eq!(code(&hub.run(&["test", "--coverage"])), Some(0));
    assert_eq!(code(&hub.run(&["test", "flu", "--coverage"])), Some(64));
}

#[test]
fn the_tests_of_the_region_decide_every_clause() {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_musubi"))
        .args(["test", "--json", "--require-coverage"])
        .current_dir(repository())
        .output()
        .unwrap();
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let routes = told["coverage"].as_array().unwrap();
    let open: Vec<_> = routes
        .iter()
        .flat_map(|route| route["clauses"].as_array().unwrap().iter().map(move |clause| (route, clause)))
        .filter(|(_, clause)| clause["holds"] == 0 || clause["fails"] == 0)
        .map(|(route, clause)| format!("{}: {clause}", route["route"]))
        .collect();
    assert_eq!(open, [] as [String; 0]);
    assert_eq!(code(&output), Some(0));
}
