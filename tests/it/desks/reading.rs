//! 読影依頼 and the report on it.

use serde_json::json;

use super::*;

const ROUTES: &str = r#"
version = 1
[[subscriber]]
name = "oki"
facility = "3210700019"
deliver = { kind = "folder" }
[[subscriber]]
name = "izumo"
facility = "3210100018"
deliver = { kind = "folder" }
[[subscriber]]
name = "tasks"
deliver = { kind = "folder" }
[[subscriber]]
name = "imaging"
facility = "3210200024"
deliver = { kind = "folder" }

[[route]]
name = "reading-request"
topic = "imaging.request"
to = ["imaging"]
kinds = ["imaging-order", "imaging-performed"]
facilities = ["oki", "izumo"]
basis = "addressed"

[[route]]
name = "reading-report"
topic = "imaging.report"
to = ["oki", "izumo"]
kinds = ["report"]
address = "requester"
otherwise = "tasks"
basis = "addressed"

[[route]]
name = "reading-report-status"
topic = "imaging.report"
to = ["imaging"]
kinds = ["report"]
basis = "addressed"
"#;

/// A report of Matsue on the fixture's study, with the facility that asked.
fn report(hub: &HubFolder, file: &str, status: &str, requester: &str) {
    let orc = format!("ORC|RE|000000000900001^{requester}");
    let obr = format!(
        "OBR|1|000000000900001|F-1|6000^CT^JJ1017|||202611181015|||||||||||A261118900001||||202611190900||CT|{status}"
    );
    let uid = "OBX|2|ST|110180^Study Instance UID^DCM||2.25.83251097002239100552710994535949963566||||||F";
    let text = format!("OBX|1|TX|59776-5^所見^LN||異常なし||||||{status}");
    let pid = "PID|1||M-77^^^^PI||山本^架空太^^^^^L^I||19410512|F";
    drop_message(hub, "matsue", file, "ORU^R01", &[pid, &orc, &obr, &text, uid]);
}

#[test]
fn an_examination_is_asked_for_once_and_its_reports_reach_who_asked() {
    let hub = hub(ROUTES);
    // The order after the images, and the images twice.
    drop_case(&hub, "oki", "a", "omi_z23_ct_performed");
    drain(&hub);
    drop_case(&hub, "oki", "b", "omg_o19_ct");
    let again = fs::read(hub.path("oki/a.hl7")).unwrap_or_else(|_| {
        fs::read(repository().join("fixtures/cases/omi_z23_ct_performed/input")).unwrap()
    });
    let again = String::from_utf8_lossy(&again).replace("SIM000000000001", "SIM000000000002");
    hub.write("oki/c.hl7", again);
    drain(&hub);
    assert_eq!(delivered(&hub, "imaging").len(), 3);
    let out = hub.path("out");
    let list = || printed(&hub, &["reading", "--json", "--out", out.to_str().unwrap()]);
    let waiting = list();
    assert_eq!(waiting["counts"], json!({"waiting": 1}), "{waiting:#}");
    let request = &waiting["work"][0]["request"];
    assert_eq!(request["version"], 3);
    assert_eq!(request["study"]["accession"], "A261118900001");
    assert_eq!(request["reasons"][0], "検査理由: 胸部異常陰影の精査。マイコプラズマ肺炎を除外。");
    let files: Vec<_> = fs::read_dir(out.join("requests")).unwrap().collect();
    assert_eq!(files.len(), 1);

    report(&hub, "a", "P", OKI);
    report(&hub, "b", "F", OKI);
    drain(&hub);
    assert_eq!(list()["counts"], json!({"final": 1}));
    report(&hub, "c", "C", OKI);
    drain(&hub);
    let read = list();
    assert_eq!(read["counts"], json!({"addendum": 1}), "{read:#}");
    assert_eq!((&read["work"][0]["reports"], &read["work"][0]["reader"]), (&json!(3), &json!(MATSUE)));
    let statuses: Vec<_> =
        delivered(&hub, "oki").iter().map(|event| event["data"]["reports"][0]["status"].clone()).collect();
    assert_eq!(statuses, [json!("preliminary"), json!("final"), json!("corrected")], "the addendum too");
    assert!(delivered(&hub, "izumo").is_empty());

    // A report that names nobody is for people.
    report(&hub, "d", "F", "");
    drain(&hub);
    assert_eq!(delivered(&hub, "tasks").len(), 1);
    let page = fs::read_to_string(out.join("index.html")).unwrap();
    assert!(page.contains("A261118900001") && !page.contains("架空太"), "{page}");
}

#[test]
fn a_cancelled_examination_is_not_read() {
    let hub = hub(ROUTES);
    drop_case(&hub, "oki", "a", "omi_z23_ct_performed");
    let pid = "PID|1||00012345^^^^PI||山本^架空太^^^^^L^I||19410512|F";
    drop_message(
        &hub,
        "oki",
        "b",
        "OMG^O19",
        &[pid, "ORC|CA|000000000900001", "OBR||000000000900001||6000^CT^JJ1017"],
    );
    drain(&hub);
    assert_eq!(printed(&hub, &["reading", "--json"])["counts"], json!({"cancelled": 1}));
}
