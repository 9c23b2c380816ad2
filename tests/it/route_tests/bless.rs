//! `musubi test --bless`: what came out becomes what is expected, in the file as a person wrote it.

use serde_json::Value;

use super::{code, hub, stdout, test};
use crate::support::HubFolder;

const POSITIVE: &str = "oul_r22_flu_positive";
const NEGATIVE: &str = "oul_r22_flu_negative";

fn routes(hub: &HubFolder) -> String {
    std::fs::read_to_string(hub.path("routes.toml")).unwrap()
}

#[test]
fn only_what_differs_is_written_and_comments_and_order_stay() {
    let tests = "[[route.test]] # the first\n\
        expect = { findings = [\"odd\"], to = [\"t\", \"s\"], topic = \"x\" } # of all\n\
        name   = \"positive\"   # 架空\n\
        input  = \"fixtures/cases/oul_r22_flu_positive\"\n\n\
        # the second\n[[route.test]]\nname = \"negative\"\ninput = \"fixtures/cases/oul_r22_flu_negative\"\n\
        [route.test.expect]\nto = [] # nobody\nwhy = \"kinds\"   # the clause\n";
    let hub = hub(tests);
    let before = routes(&hub);
    let output = hub.run(&["test", "--bless"]);
    let told = stdout(&output);
    assert_eq!(code(&output), Some(0), "{told}");
    assert!(
        told.contains("           - x\n           + a.b\n")
            || told.contains("           + a.b\n           - x\n"),
        "{told}"
    );
    assert!(told.contains("blessed flu: positive\nblessed flu: negative\n"), "{told}");
    assert!(told.contains("2 tests: 2 ok, 0 failed\n"), "{told}");
    let expected = before
        .replace("findings = [\"odd\"]", "findings = []")
        .replace("topic = \"x\"", "topic = \"a.b\"")
        .replace("why = \"kinds\"", "why = \"interpretation is positive\"");
    assert_eq!(routes(&hub), expected);
    assert!(!hub.path("routes.toml.new").exists());
    // A second time there is nothing to write.
    assert_eq!(code(&hub.run(&["test", "--bless"])), Some(0));
    assert_eq!(routes(&hub), expected);
}

#[test]
fn a_test_that_expects_nothing_yet_is_completed() {
    let no_expect = "[[route.test]]\nname = \"none\"\ninput = \"fixtures/cases/oul_r22_flu_negative\"\n";
    let hub =
        hub(&[no_expect.to_owned(), test("empty", POSITIVE, ""), test("fault", "no_message", "")].concat());
    hub.write("fixtures/cases/no_message/input", "nonsense");
    let output = hub.run(&["test"]);
    assert_eq!(code(&output), Some(1), "{}", stdout(&output));
    assert!(stdout(&output).contains("           + it goes to s, t\n"), "{}", stdout(&output));
    let output = hub.run(&["test", "--bless"]);
    assert_eq!(code(&output), Some(0), "{}", stdout(&output));
    let written = routes(&hub);
    for line in [
        "expect = { to = [], why = \"interpretation is positive\" }\n",
        "expect = { to = [\"s\", \"t\"], topic = \"a.b\" }\n",
        "expect = { to = [], fault = \"no-msh\" }\n",
    ] {
        assert!(written.contains(line), "{line}\n{written}");
    }
}

#[test]
fn more_than_was_expected_is_not_blessed_unless_that_is_accepted() {
    let wider = [
        ("to", "to = [\"s\"]", "expect = { to = [\"s\", \"t\"] }"),
        ("not to", "to = [\"s\", \"t\"], not_to = [\"t\"]", "expect = { to = [\"s\", \"t\"] }"),
        (
            "field",
            "to = [\"s\", \"t\"], disclosed = [\"results.status\"]",
            "disclosed = [\"results.status\", \"patient.birth_date\"]",
        ),
        (
            "withheld",
            "to = [\"s\", \"t\"], withheld = [\"patient\", \"orders\"]",
            "withheld = [\"orders\"] }",
        ),
        ("without", "to = [\"s\", \"t\"], without = [\"final\", \"1941\"]", "without = [\"1941\"] }"),
        ("body", "to = [\"s\", \"t\"], body = \"expected.json\"", "body = \"expected.json\""),
    ];
    let tests: Vec<_> = wider.iter().map(|(name, expect, _)| test(name, POSITIVE, expect)).collect();
    let hub = hub(&[tests.concat(), test("narrower", NEGATIVE, "to = [\"s\"]")].concat());
    hub.write("expected.json", "{}");
    let output = hub.run(&["test", "--bless"]);
    let told = stdout(&output);
    assert_eq!(code(&output), Some(1), "{told}");
    assert!(told.contains("blessed flu: narrower\n"), "{told}");
    for (name, ..) in &wider {
        assert!(told.contains(&format!("widens  flu: {name}\n")), "{name}\n{told}");
    }
    assert!(told.contains("musubi test --bless --accept-widening\n"), "{told}");
    assert_eq!(std::fs::read_to_string(hub.path("expected.json")).unwrap(), "{}");
    let output = hub.run(&["test", "--bless", "--accept-widening"]);
    assert_eq!(code(&output), Some(0), "{}", stdout(&output));
    for (name, _, written) in wider {
        assert!(routes(&hub).contains(written), "{name}\n{}", routes(&hub));
    }
}

#[test]
fn lists_of_several_lines_keep_their_lines() {
    let hub = hub(&test(
        "list",
        POSITIVE,
        "to = [\"s\", \"t\"], disclosed = [\n  \"results.status\", # the result's\n  \"patient.sex\",\n]",
    ));
    assert_eq!(code(&hub.run(&["test", "--bless", "--accept-widening"])), Some(0));
    let written = routes(&hub);
    let list = "disclosed = [\n  \"results.status\", # the result's\n  \"patient.birth_date\",\n] }\n";
    assert!(written.contains(list), "{written}");
}

#[test]
fn values_are_blessed_as_they_were_written() {
    let hub = hub(&test(
        "values",
        POSITIVE,
        "to = [\"s\", \"t\"], fields = { \"results.0.status\" = \"corrected\", \"results.7.status\" = \"final\" }, ack = \"none\"",
    ));
    assert_eq!(code(&hub.run(&["test", "--bless"])), Some(0));
    let line =
        "expect = { to = [\"s\", \"t\"], fields = { \"results.0.status\" = \"final\" }, ack = \"AA\" }\n";
    assert!(routes(&hub).contains(line), "{}", routes(&hub));
}

#[test]
fn json_tells_what_was_blessed_and_how_it_stands_then() {
    let hub = hub(&[
        test("to", POSITIVE, "to = [\"s\"]"),
        test("topic", POSITIVE, "to = [\"s\", \"t\"], topic = \"x\""),
    ]
    .concat());
    let output = hub.run(&["test", "--bless", "--json"]);
    assert_eq!(code(&output), Some(1));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["blessed"]["written"], serde_json::json!(["flu: topic"]));
    assert_eq!(
        told["blessed"]["widening"],
        serde_json::json!([{ "test": "flu: to", "leaves": [["to", "t"]] }])
    );
    assert_eq!(told["after"]["tests"][1]["differences"], serde_json::json!([]));
}
