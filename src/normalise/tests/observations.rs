//! What an OBX says, in whichever way it was written.

use super::*;

/// The result of an OBX, after these fields: type, code, sub-id and value.
fn result(fields: &str) -> Value {
    let event = normalised(Some("OML-11"), "OUL^R22", &[PID, &format!("OBX|1|{fields}")]).unwrap();
    event["results"][0].clone()
}

#[track_caller]
fn check_value(fields: &str, expected: Value) {
    assert_eq!(result(fields)["value"], expected, "{fields}");
}

#[test]
fn values_are_typed() {
    check_value("NM|1||1.70", json!({"text": "1.70", "number": 1.7}));
    check_value("ST|1||1-5", json!({"text": "1-5", "low": 1.0, "high": 5.0}));
    check_value("ST|1||×64", json!({"text": "×64", "titre": 64.0}));
    check_value("SN|1||>^100", json!({"text": ">100", "number": 100.0, "comparator": ">"}));
    check_value("SN|1||^2^-^10", json!({"text": "2-10", "low": 2.0, "high": 10.0}));
    check_value("SN|1||2^-^10", json!({"text": "2-10", "low": 2.0, "high": 10.0}));
    check_value("SN|1||^1^:^64", json!({"text": "1:64", "titre": 64.0}));
    check_value("DT|1||20261118", json!({"text": "20261118", "time": "2026-11-18"}));
    check_value("CX|1||123^^^X", json!({"text": "123"}));
    check_value(
        "XCN|1||1^架空^医",
        json!({"text": "架空 医", "person": {"at": "OBX-5", "id": "1", "family": "架空", "given": "医"}}),
    );
}

#[test]
fn a_grade_is_no_number() {
    let grade = result("ST|1|| 2 +");
    assert_eq!((&grade["value"], &grade["interpretation"]), (&json!({"text": " 2 +"}), &json!("positive")));
    assert_eq!(result("NM|1||-3")["interpretation"], Value::Null);
}

#[test]
fn two_or_five_carets() {
    let coded = |value: &str| {
        let event = normalised(Some("OML-11"), "OUL^R22", &[PID, &format!("OBX|1|ST|1||{value}")]).unwrap();
        let code = event["results"][0]["value"]["code"]["code"].clone();
        (code, finding_codes(&event).join(" "))
    };
    let differs = "value-type-differs OBX-5".to_owned();
    assert_eq!(coded("1301^MRSA^JANIS"), (json!("1301"), differs.clone()));
    assert_eq!(coded("1301^MRSA^JANIS^L1^院内^99KKU"), (json!("1301"), differs));
    assert_eq!(coded("1.7^^"), (Value::Null, "components-empty OBX-5".to_owned()));
    assert_eq!(coded("a^b^c"), (Value::Null, "delimiter-unescaped OBX-5".to_owned()));
    check_value("ST|1||1.7^^", json!({"text": "1.7", "number": 1.7}));
    check_value("NM|1||1.7^^^^^", json!({"text": "1.7", "number": 1.7}));
}

#[test]
fn a_micro_organism_and_what_it_resists_share_a_sub_id() {
    let segments = [
        PID,
        "OBX|1|CWE|6B010000006170111^菌名^JC10|1|1301^MRSA^JANIS||||||F",
        "OBX|2|ST|6C010000006171101^感受性^JC10|1|Ｒ||||||F",
        "OBX|3|NM|6C010000006171101^MIC^JC10|1|0.5|||S|||F",
    ];
    check(
        Some("OML-11"),
        "OUL^R22",
        &segments,
        &[
            ("/results/0/sub_id", json!("1")),
            ("/results/0/susceptibility", Value::Null),
            ("/results/1/sub_id", json!("1")),
            ("/results/1/susceptibility", json!("resistant")),
            ("/results/2/susceptibility", json!("susceptible")),
        ],
    );
}

#[test]
fn jlac10_codes_of_any_length() {
    let parts = |code: &str| {
        let code = &result(&format!("NM|{code}^x^JC10||1"))["code"];
        ["analyte", "identification", "material", "method", "result_id"]
            .map(|part| code[part].as_str().unwrap_or("-").to_owned())
            .join(" ")
    };
    assert_eq!(parts("3A010000002327101"), "3A010 0000 023 271 01");
    assert_eq!(parts("3A0100000023271"), "3A010 0000 023 271 -");
    assert_eq!(parts("3A01000000232710"), "3A010 0000 023 271 -");
    assert_eq!(parts("3A010"), "3A010 - - - -");
}

#[test]
fn an_order_without_results_and_notes_after_both() {
    let segments = [
        PID,
        "NTE|1||患者",
        "SPM|1|S1||023^血清^JC10",
        "OBR|1|O1||A|||20261118|||||||||607^医師一郎||||||20261118120000",
        "ORC|SC|O1||||CM",
        "NTE|1||再検予定",
        "OBR|2|O2||B",
        "ORC|SC|O2",
        "OBX|1|NM|1||2",
        "NTE|1||溶血",
    ];
    check(
        Some("OML-11"),
        "OUL^R22",
        &segments,
        &[
            ("/orders/0/control", json!("SC")),
            ("/orders/0/notes/0", json!("再検予定")),
            ("/orders/0/ordered_by/family", json!("医師一郎")),
            ("/orders/1/number", json!("O2")),
            ("/results/0/order", json!(2)),
            ("/results/0/notes/0", json!("溶血")),
            ("/unmapped/NTE-3", json!("患者")),
            ("/findings", json!([])),
        ],
    );
}

#[test]
fn a_specimen_after_its_results_is_that_of_its_order() {
    check(
        None,
        "ORU^R01",
        &[
            PID,
            "ORC|RE|1",
            "OBR|1|1",
            "OBX|1|NM|1||2",
            "SPM|1|S1",
            "ORC|RE|2",
            "OBR|2|2",
            "OBX|2|NM|1||3",
            "SPM|2|S2",
        ],
        &[("/results/0/specimen", json!(1)), ("/results/1/specimen", json!(2))],
    );
}

#[test]
fn what_an_order_says_after_its_request_is_read() {
    check(
        None,
        "OUL^R22",
        &[PID, "OBR|1|O1", "ORC|SC|O1A||||||||||110^医師^一郎"],
        &[
            ("/orders/0/number", json!("O1A")),
            ("/orders/0/ordered_by/id", json!("110")),
            ("/unmapped/OBR-2", json!("O1")),
            ("/unmapped/ORC-12.1", Value::Null),
        ],
    );
}

#[test]
fn a_set_id_that_counts_within_its_group_says_nothing() {
    let obx = |id: &str| format!("OBX|{id}|NM|1||2");
    let segments = [PID, &obx("1"), &obx("2"), &obx("1"), &obx("2"), &obx("9"), &obx("x")];
    check(
        Some("OML-11"),
        "OUL^R22",
        &segments,
        &[
            ("/unmapped/OBX[2]-1", Value::Null),
            ("/unmapped/OBX[3]-1", Value::Null),
            ("/unmapped/OBX[4]-1", Value::Null),
            ("/unmapped/OBX[5]-1", json!("9")),
            ("/unmapped/OBX[6]-1", json!("x")),
        ],
    );
}
