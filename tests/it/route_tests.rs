//! `musubi test`: the region's route tests pass, and a fault in a route or a test is told with the clause that decided.

mod bless;
mod coverage;
mod expectations;
mod junit;
mod registry;

use std::process::Output;

use serde_json::{Value, json};

use crate::support::process::ToItsEnd;
use crate::support::{HubFolder, copy_tree, repository};

/// The region with its feeds and cases.
fn region() -> HubFolder {
    let hub = HubFolder::new();
    for folder in ["feeds", "fixtures/cases"] {
        copy_tree(&repository().join(folder), &hub.path(folder));
    }
    hub
}

/// A hub with one route for positive influenza antigens, and these tests of it.
fn hub(tests: &str) -> HubFolder {
    let hub = region();
    hub.write(
        "routes.toml",
        format!(
            "version = 1\n[[subscriber]]\nname = \"s\"\ndeliver = {{ kind = \"queue\" }}\n\
             [[subscriber]]\nname = \"t\"\ndeliver = {{ kind = \"queue\" }}\n\
             [[disclosure]]\nname = \"d\"\nfields = [\"patient.birth_date\", \"results.status\"]\n\
             generalise = {{ \"patient.birth_date\" = \"age-band\" }}\n\
             [[route]]\nname = \"flu\"\ntopic = \"a.b\"\nto = [\"s\", \"t\"]\nkinds = [\"lab-result\"]\nbasis = \"addressed\"\n\
             disclose = \"d\"\nwhere = {{ any = \"results\", all = [\n\
             {{ field = \"code.analyte\", in_table = \"lab_tests\" }}, {{ field = \"interpretation\", is = \"positive\" }},\n] }}\n\
             {tests}\n"
        ),
    );
    hub
}

fn test(name: &str, case: &str, expect: &str) -> String {
    format!("[[route.test]]\nname = \"{name}\"\ninput = \"fixtures/cases/{case}\"\nexpect = {{ {expect} }}\n")
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn the_tests_of_the_region_pass() {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_musubi"))
        .args(["test", "--lang", "en"])
        .current_dir(repository())
        .to_its_end();
    assert_eq!(code(&output), Some(0), "{}", stdout(&output));
    assert!(stdout(&output).contains(" 0 failed\n"), "{}", stdout(&output));
    let uncovered = stdout(&output).lines().filter(|line| line.starts_with("no test")).count();
    assert_eq!(uncovered, 0, "{}", stdout(&output));
}

#[test]
fn what_comes_out_is_compared_with_what_is_expected() {
    let leaves = "to = [\"s\", \"t\"], topic = \"a.b\", disclosed = [\"patient.birth_date\", \"results.status\"], \
        withheld = [\"patient.id\", \"results.code\"], without = [\"1941\", \"山本\"], findings = []";
    let hub = hub(&[
        test("positive", "oul_r22_flu_positive", leaves),
        test("negative", "oul_r22_flu_negative", "to = [], not_to = [\"s\"]"),
    ]
    .concat());
    let output = hub.run(&["test"]);
    assert_eq!(code(&output), Some(0), "{}", stdout(&output));
    let folder = hub.path("").display().to_string();
    let told = stdout(&output).replace(folder.trim_end_matches('/'), "DIR");
    assert_eq!(
        told,
        "ok     flu: positive\nok     flu: negative\n2 tests: 2 ok, 0 failed\nnext: musubi --config DIR run --drain\n"
    );
}

#[test]
fn a_difference_is_told_with_the_clause_that_decided() {
    let hub = hub(&[
        test("to", "oul_r22_flu_negative", "to = [\"s\"]"),
        test(
            "more",
            "oul_r22_flu_positive",
            "to = [\"s\"], not_to = [\"t\"], topic = \"x\", disclosed = [\"results.status\", \"results.at\"], \
             withheld = [\"patient\"], without = [\"final\"], findings = [\"odd\"]",
        ),
    ]
    .concat());
    let output = hub.run(&["test"]);
    assert_eq!(code(&output), Some(1), "{}", stdout(&output));
    let told = stdout(&output);
    for line in [
        "failed flu: to (routes.toml:23)\n         - expected, + found\n         to\n           - s\n           + (nothing came out)\n         \
         decided by where.any(results)[1].all[2]: interpretation is positive -> false (routes.toml:20)\n",
        "         to more leaves than was expected\n             s\n           + t\n",
        "           - nothing for t\n           + t gets it\n",
        "         topic\n           - x\n           + a.b\n",
        "           + patient.birth_date\n           - results.at\n             results.status\n",
        "           - nothing of patient\n           + patient.birth_date leaves\n",
        "           - no \"final\"\n           + \"final\" leaves\n",
        "         findings\n           - odd\n           + (nothing came out)\n",
        "         decided by where.any(results)[1].all[2]: interpretation is positive -> true (routes.toml:20)\n",
        "2 tests: 0 ok, 2 failed\nno test with a message that it refuses: flu\nnext: ",
    ] {
        assert!(told.contains(line), "{line}\n{told}");
    }
}

#[test]
fn colour_is_for_terminals() {
    let hub = hub(&test("to", "oul_r22_flu_negative", "to = [\"s\"]"));
    let output = hub.musubi(&["test"]).env("CLICOLOR_FORCE", "1").output().unwrap();
    assert!(stdout(&output).contains("           \u{1b}[31m- s\u{1b}[0m\n"), "{:?}", stdout(&output));
    assert!(!stdout(&hub.run(&["test"])).contains('\u{1b}'));
}

#[test]
fn a_filter_chooses_and_json_tells_the_same() {
    let hub = hub(&[
        test("positive", "oul_r22_flu_positive", "to = [\"s\", \"t\"]"),
        test("negative", "oul_r22_flu_negative", "to = [\"s\"]"),
    ]
    .concat());
    let output = hub.run(&["test", "flu: pos", "--json"]);
    assert_eq!(code(&output), Some(0));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let decided = |subscriber: &str| {
        json!({
            "subscriber": subscriber, "receives": true, "place": "where.any(results)[1].all[2]",
            "clause": "interpretation is positive", "verdict": "true", "line": 20,
        })
    };
    assert_eq!(
        told,
        json!({
            "tests": [{
                "route": "flu", "name": "positive", "place": "routes.toml:23", "unreadable": null,
                "differences": [], "decided_by": [decided("s"), decided("t")],
            }],
            "never_taken": [], "never_refused": [], "coverage": [],
        })
    );
    let output = hub.run(&["test", "--json"]);
    assert_eq!(code(&output), Some(1));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let difference = json!([{ "key": "to", "expected": ["s"], "found": [], "widening": [] }]);
    assert_eq!(told["tests"][1]["differences"], difference);
    assert_eq!(told["never_refused"], json!(["flu"]));
    assert_eq!(code(&hub.run(&["test", "nothing like this"])), Some(64));
}

#[test]
fn a_message_that_makes_no_sense_never_passes_and_a_missing_file_is_bad_data() {
    let hub = hub(&test("half", "half_written", "to = []"));
    hub.write("fixtures/cases/no_message/input", "nonsense");
    let routes = std::fs::read_to_string(hub.path("routes.toml")).unwrap();
    hub.write("routes.toml", format!("{routes}{}", test("nonsense", "no_message", "to = []")));
    let output = hub.run(&["test"]);
    assert_eq!(code(&output), Some(1), "{}", stdout(&output));
    assert!(
        stdout(&output).contains("         fault\n           - an event\n           + no-msh: "),
        "{}",
        stdout(&output)
    );
    hub.write("routes.toml", format!("{routes}{}", test("gone", "gone", "to = []")));
    let output = hub.run(&["test"]);
    assert_eq!(code(&output), Some(65), "{}", stdout(&output));
    assert!(stdout(&output).contains("can't be read"), "{}", stdout(&output));
}

#[test]
fn a_content_folder_of_an_extension_storage_is_a_message_too() {
    let hub = hub("");
    copy_tree(&repository().join("fixtures/documents"), &hub.path("fixtures/cases"));
    let routes = std::fs::read_to_string(hub.path("routes.toml")).unwrap();
    let route = "[[route]]\nname = \"documents\"\ntopic = \"a.b\"\nto = [\"s\"]\nkinds = [\"document\"]\n\
        basis = \"addressed\"\nwhere = { field = \"code.code\", is = \"34112-3\" }\n";
    let tests = [
        test("taken", "inpatient_record_cda", "to = [\"s\"], disclosed = [\"patient\"]"),
        test("other", "progress_note_pdf", "to = []"),
        test("empty", "none", "to = []"),
    ];
    std::fs::create_dir(hub.path("fixtures/cases/none")).unwrap();
    hub.write("routes.toml", format!("{routes}{route}{}", tests.concat()));
    let output = hub.run(&["test"]);
    let told = stdout(&output);
    assert_eq!(code(&output), Some(65), "{told}");
    assert!(told.contains("failed documents: taken "), "{told}");
    assert!(
        told.contains("         disclosed more leaves than was expected\n           + authors.id"),
        "{told}"
    );
    assert!(told.contains("code.code") && told.contains("patient.id"), "{told}");
    assert!(told.contains("ok     documents: other\n"), "{told}");
    assert!(told.contains("neither a message nor a content folder"), "{told}");
}

#[test]
fn a_bad_configuration_runs_no_test() {
    let hub = hub("[[route.test]]\nname = \"n\"\n");
    let output = hub.run(&["test"]);
    assert_eq!((code(&output), stdout(&output)), (Some(78), String::new()));
}

#[test]
fn inspect_shows_the_versions_of_the_tables() {
    let hub = hub("");
    let input = hub.path("fixtures/cases/oul_r22_flu_positive/input");
    let output = hub.run(&["inspect", &input.to_string_lossy(), "--json"]);
    let seen: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(seen["messages"][0]["recipients"][0]["tables"], json!({ "lab_tests": "2026-11-01" }));
    let output = hub.run(&["inspect", &input.to_string_lossy()]);
    assert!(stdout(&output).contains("    table lab_tests version 2026-11-01\n"), "{}", stdout(&output));
}
