//! What a test can expect beyond recipients: why, values, all that leaves, the answer, the fault.

use super::{code, hub, stdout, test};

const POSITIVE: &str = "oul_r22_flu_positive";
const NEGATIVE: &str = "oul_r22_flu_negative";

#[test]
fn what_decided_is_told_by_text_by_place_or_by_both() {
    let why = |why: &str| format!("to = [], why = {why}");
    let hub = hub(&[
        test("text", NEGATIVE, &why("\"interpretation is positive\"")),
        test("place", NEGATIVE, &why("\"where.any(results).all[2]\"")),
        test("both", NEGATIVE, &why("\"where.any(results).all[2]: interpretation is positive\"")),
        test("each", NEGATIVE, &why("{ s = \"interpretation is positive\" }")),
        test("other", NEGATIVE, &why("\"where.any(results).all[1]\"")),
        test("other of one", NEGATIVE, &why("{ t = \"kinds\" }")),
    ]
    .concat());
    let output = hub.run(&["test"]);
    let told = stdout(&output);
    assert_eq!(code(&output), Some(1), "{told}");
    for name in ["text", "place", "both", "each"] {
        assert!(told.contains(&format!("ok     flu: {name}\n")), "{told}");
    }
    assert!(
        told.contains("         why\n           - s: where.any(results).all[1]\n           + s: interpretation is positive\n"),
        "{told}"
    );
    assert!(
        told.contains("         why\n           - t: kinds\n           + t: interpretation is positive\n"),
        "{told}"
    );
}

#[test]
fn values_that_leave_are_compared_by_their_path() {
    let hub = hub(&[
        test("same", POSITIVE, "to = [\"s\", \"t\"], fields = { \"patient.birth_date\" = \"20+\", \"results.0.status\" = \"final\" }"),
        test("other", POSITIVE, "to = [\"s\", \"t\"], fields = { \"results.0.status\" = \"corrected\", \"results.7.status\" = \"final\" }"),
        test("none", NEGATIVE, "to = [], fields = { \"results.0.status\" = \"final\" }"),
    ]
    .concat());
    let output = hub.run(&["test"]);
    let told = stdout(&output);
    assert_eq!(code(&output), Some(1), "{told}");
    assert!(told.contains("ok     flu: same\n"), "{told}");
    for line in [
        "           - results.0.status = corrected\n           + results.0.status = final\n           - results.7.status = final\n           + results.7.status does not leave\n",
        "         fields\n           + nothing leaves\n           - results.0.status = final\n",
    ] {
        assert!(told.contains(line), "{line}\n{told}");
    }
}

#[test]
fn all_that_leaves_is_compared_with_a_file() {
    let hub = hub(&test("whole", POSITIVE, "to = [\"s\", \"t\"], body = \"expected/flu.json\""));
    let output = hub.run(&["test"]);
    assert!(stdout(&output).contains("expected/flu.json can't be read"), "{}", stdout(&output));
    assert_eq!(code(&hub.run(&["test", "--bless"])), Some(0));
    let written = std::fs::read_to_string(hub.path("expected/flu.json")).unwrap();
    assert!(written.contains("\"20+\""), "{written}");
    // White space and order say nothing; a value does.
    let value: serde_json::Value = serde_json::from_str(&written).unwrap();
    hub.write("expected/flu.json", value.to_string());
    assert_eq!(code(&hub.run(&["test"])), Some(0));
    hub.write("expected/flu.json", written.replace("20+", "15-19"));
    let output = hub.run(&["test"]);
    let told = stdout(&output);
    assert_eq!(code(&output), Some(1), "{told}");
    let line = "           - patient.birth_date = \"15-19\"\n           + patient.birth_date = \"20+\"\n";
    assert!(told.contains(line), "{told}");
}

#[test]
fn the_answer_over_a_connection_is_compared() {
    let hub = hub(&[
        test("taken", POSITIVE, "to = [\"s\", \"t\"], ack = \"AA\""),
        test("no header", "no_message", "to = [], fault = \"no-msh\", ack = \"AR 100\""),
        test("other", POSITIVE, "to = [\"s\", \"t\"], ack = \"AR 100\""),
    ]
    .concat());
    hub.write("fixtures/cases/no_message/input", "nonsense");
    let output = hub.run(&["test"]);
    let told = stdout(&output);
    assert_eq!(code(&output), Some(1), "{told}");
    assert!(told.contains("ok     flu: taken\nok     flu: no header\n"), "{told}");
    assert!(told.contains("         ack\n           - AR 100\n           + AA\n"), "{told}");
}

#[test]
fn a_fault_that_is_expected_must_come() {
    let hub = hub(&[
        test("another", "no_message", "to = [], fault = \"truncated\""),
        test("none", NEGATIVE, "to = [], fault = \"no-msh\""),
    ]
    .concat());
    hub.write("fixtures/cases/no_message/input", "nonsense");
    let told = stdout(&hub.run(&["test"]));
    assert!(told.contains("         fault\n           - truncated\n           + no-msh: "), "{told}");
    assert!(told.contains("         fault\n           - no-msh\n           + an event\n"), "{told}");
}

#[test]
fn what_can_t_be_expected_is_refused_when_the_configuration_is_read() {
    for (expect, told) in [
        ("to = [\"s\"], fields = { \"results.0.colour\" = \"red\" }", "has no field \"colour\""),
        ("to = [], why = { u = \"kinds\" }", "sends nothing to \"u\""),
        ("not_to = [\"s\"]", "missing key \"to\""),
        ("to = [], whi = \"x\"", "unknown key \"whi\""),
    ] {
        let output = hub(&test("bad", NEGATIVE, expect)).run(&["test"]);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(code(&output), Some(78), "{errors}");
        assert!(errors.contains(told), "{told}\n{errors}");
    }
}
