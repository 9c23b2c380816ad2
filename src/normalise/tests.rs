//! One line of HL7 in, one value of the event out.

mod observations;
mod orders;
mod people;
mod attachment;
mod document;
mod kind;

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::*;
use crate::decode::decode;

const MSH: &str = "MSH|^~\\&|HIS|SEND|GW|RCV|20261120093015.123||";
const PID: &str = "PID|0001||0000123^^^^PI||山本^愛^^^^^L^I~ヤマモト^アイ^^^^^L^P||19800229|F";

fn text_of(message_type: &str, segments: &[&str]) -> String {
    let head = format!("{MSH}{message_type}|1|P|2.5||||||UNICODE UTF-8");
    [&[head.as_str()], segments].concat().join("\r") + "\r"
}

fn normalised(data_type: Option<&str>, message_type: &str, segments: &[&str]) -> Result<Value, Fault> {
    let zone = TimeZone::get("Asia/Tokyo").unwrap();
    let message = decode(text_of(message_type, segments).as_bytes())?;
    let source = Source {
        data_type,
        patient: "0000123",
        order: None,
        facility: "3210100018",
        change: Change::Created,
        zone: &zone,
    };
    Ok(serde_json::to_value(normalise(&message, &source)?).unwrap())
}

/// A message that came without a path.
fn source(zone: &TimeZone) -> Source<'_> {
    Source {
        data_type: None,
        patient: "",
        order: None,
        facility: "3210100018",
        change: Change::Created,
        zone,
    }
}

/// The event of these segments has these values at these JSON pointers.
#[track_caller]
fn check(data_type: Option<&str>, message_type: &str, segments: &[&str], expected: &[(&str, Value)]) {
    let event = normalised(data_type, message_type, segments).unwrap();
    for (pointer, value) in expected {
        assert_eq!(event.pointer(pointer).unwrap_or(&Value::Null), value, "{pointer} of {event:#}");
    }
}

fn finding_codes(event: &Value) -> Vec<String> {
    let findings = event["findings"].as_array().unwrap().iter();
    findings
        .map(|finding| {
            format!("{} {}", finding["code"].as_str().unwrap(), finding["place"].as_str().unwrap())
        })
        .collect()
}

#[test]
fn demographics() {
    let pid = format!(
        "{PID}|||^^^^690-8540^JPN^H^島根県松江市||^PRN^PH^^^^^^^^^0852-22-5111{}20261101",
        "|".repeat(20)
    );
    check(
        Some("ADT-00"),
        "ADT^A08^ADT_A01",
        &[&pid],
        &[
            ("/change", json!("created")),
            ("/message/type", json!("ADT^A08")),
            ("/message/sent_at", json!("2026-11-20T09:30:15.123+09:00")),
            ("/patient/id", json!("0000123")),
            (
                "/patient/names/0",
                json!({"at": "PID-5", "family": "山本", "given": "愛", "script": "ideographic"}),
            ),
            ("/patient/names/1/at", json!("PID-5[2]")),
            ("/patient/names/1/script", json!("phonetic")),
            ("/patient/birth_date", json!("1980-02-29")),
            ("/patient/sex", json!("female")),
            ("/addresses/0/text", json!("島根県松江市")),
            ("/telephones/0", json!("0852-22-5111")),
            ("/updated_at", json!("2026-11-01")),
        ],
    );
}

#[test]
fn the_patient_of_the_path_wins_and_the_difference_is_told() {
    let event = normalised(Some("ADT-00"), "ADT^A08", &["PID|||999^^^^PI"]).unwrap();
    assert_eq!(event["patient"]["id"], "0000123");
    assert_eq!(finding_codes(&event), ["patient-id-differs PID-3"]);
    let event = normalised(Some("ADT-00"), "ADT^A08", &["PID|||123"]).unwrap();
    assert_eq!(finding_codes(&event), ["patient-id-padding PID-3"]);
}

#[test]
fn the_patient_id_is_looked_for_where_old_versions_put_it() {
    let id = |pid: &str| {
        let message = decode(text_of("ADT^A08", &[pid]).as_bytes()).unwrap();
        let zone = TimeZone::UTC;
        let source = source(&zone);
        let event = normalise(&message, &source).unwrap();
        let codes: Vec<_> =
            event.findings.iter().map(|finding| format!("{} {}", finding.code, finding.place)).collect();
        (event.patient.unwrap().id.into_owned(), codes)
    };
    assert_eq!(id("PID|||^^^A~7^^^B"), ("7".to_owned(), vec![]));
    assert_eq!(id("PID||8^^^A|"), ("8".to_owned(), vec!["patient-id-elsewhere PID-2".to_owned()]));
    assert_eq!(id("PID||||9"), ("9".to_owned(), vec!["patient-id-elsewhere PID-4".to_owned()]));
}

#[test]
fn a_name_one_caret_short_is_carried_and_told() {
    let event = normalised(Some("ADT-00"), "ADT^A08", &["PID|||0000123||山本^愛^^^^L^I"]).unwrap();
    assert_eq!(event["patient"]["names"][0]["script"], "ideographic");
    assert_eq!(finding_codes(&event), ["name-shifted PID-5"]);
    let alias = normalised(Some("ADT-00"), "ADT^A08", &["PID|||0000123||YAMAMOTO^AI^^^^^A"]).unwrap();
    assert_eq!(
        (&alias["patient"]["names"][0]["script"], &alias["unmapped"]["PID-5.7"]),
        (&Value::Null, &json!("A"))
    );
    assert_eq!(finding_codes(&alias), [""; 0]);
}

#[test]
fn a_message_about_nobody_is_invalid_only_where_its_kind_is_about_a_patient() {
    let zone = TimeZone::UTC;
    let nobody = |text: String| {
        let message = decode(text.as_bytes()).unwrap();
        let source = source(&zone);
        normalise(&message, &source)
            .map(|event| event.content.kind())
            .map_err(|fault| (fault.code, fault.place))
    };
    let fault = |place: &str| Err(("no-patient-id".to_owned(), place.to_owned()));
    assert_eq!(nobody(text_of("ADT^A08", &["PID|1||^^^^PI"])), fault("PID-3"));
    assert_eq!(nobody(text_of("ORU^R01", &["OBX|1"])), fault("PID"));
    assert_eq!(nobody(text_of("ACK", &["MSA|AA|1"])), Ok(Kind::Message));
}

#[test]
fn encounters() {
    let pv1 = format!("PV1|1|I|2B^10^2^^^N|||3A^1^1|607^医師^一郎|||01{}20261120090000", "|".repeat(34));
    check(
        Some("ADT-42"),
        "ADT^A02^ADT_A02",
        &["EVN||20261120|||DR|20261120091000", PID, &pv1],
        &[
            ("/event", json!("transfer")),
            ("/class", json!("inpatient")),
            (
                "/location",
                json!({"at": "PV1-3", "point_of_care": "2B", "room": "10", "bed": "2", "location_type": "N"}),
            ),
            ("/prior_location/point_of_care", json!("3A")),
            ("/department/code", json!("01")),
            ("/attending/0", json!({"at": "PV1-7", "id": "607", "family": "医師", "given": "一郎"})),
            ("/occurred_at", json!("2026-11-20T09:10:00+09:00")),
            ("/admitted_at", json!("2026-11-20T09:00:00+09:00")),
        ],
    );
}

#[test]
fn a_cancel_is_a_deletion_of_what_it_takes_back() {
    check(
        Some("ADT-22"),
        "ADT^A11^ADT_A09",
        &[PID, "PV1||I"],
        &[("/change", json!("deleted")), ("/event", json!("admission"))],
    );
    check(Some("OMP-01"), "RDE^O11", &[PID, "ORC|CA|1", "RXE||X"], &[("/change", json!("deleted"))]);
    check(Some("OMP-01"), "RDE^O11", &[PID, "ORC|CA|1", "ORC|NW|1"], &[("/change", json!("created"))]);
}

#[test]
fn the_data_type_decides_where_the_trigger_says_something_else() {
    let event = normalised(Some("ADT-12"), "ADT^A01^ADT_A01", &[PID, "PV1||O"]).unwrap();
    assert_eq!(event["event"], "visit");
    assert_eq!(finding_codes(&event), ["trigger-mismatch MSH-9"]);
}

#[test]
fn a_diagnosis_list_is_a_snapshot() {
    let prb = "PRB|AD|20261120|20058577^急性肺炎^MDCDX2|0042|||20261101||20261115|J18.9^^I10^F^最終^JHSD0004|||1||||||||||||V";
    check(
        Some("PPR-01"),
        "PPR^ZD1^PPR_ZD1",
        &[PID, prb, "PRB|DE|20261120|20084317^未コード化傷病名^MDCDX2|0043"],
        &[
            ("/snapshot", json!(true)),
            ("/problems/0/at", json!("PRB")),
            ("/problems/0/action", json!("AD")),
            ("/problems/0/disease/code", json!("20058577")),
            ("/problems/0/disease/text", json!("急性肺炎")),
            ("/problems/0/instance", json!("0042")),
            ("/problems/0/icd10", json!("J189")),
            ("/problems/0/suspected", json!(true)),
            ("/problems/0/diagnosed_at", json!("2026-11-01")),
            ("/problems/0/resolved_at", json!("2026-11-15")),
            ("/problems/0/security", json!("V")),
            ("/problems/1/at", json!("PRB[2]")),
            ("/problems/1/suspected", json!(false)),
        ],
    );
}

#[test]
fn laboratory_results_point_to_specimen_and_order() {
    let segments = [
        PID,
        "SPM|1|S1||023^血清^JC10|||||||||||||202611200900",
        "OBR|1|O1||E001^血液学的検査^99O03",
        "ORC|SC|O1A",
        "OBX|1|NM|3A010000002327101^総蛋白^JC10||7.2|g/dl^g/dl^99XYZ|6.70-8.3||||F|||202611191500",
        "OBR|2|O2",
        "OBX|2|ST|5F399141009919011^インフルエンザ抗原^JC10||A(＋)B(－)||||||C",
        "OBX|3|ST|3D045000002326101^CRP^JC10||< 0.5|mg/dl||||||F",
        "OBX|4|CWE|6B010000006170111^菌名^JC10||1301^MRSA^JANIS||||||P",
    ];
    check(
        Some("OML-11"),
        "OUL^R22^OUL_R22",
        &segments,
        &[
            ("/specimens/0/material/code", json!("023")),
            ("/specimens/0/collected_at", json!("2026-11-20T09:00+09:00")),
            ("/orders/0/number", json!("O1A")),
            ("/orders/0/panel/local/code", json!("E001")),
            ("/orders/0/panel/code", json!(null)),
            ("/orders/1/number", json!("O2")),
            ("/results/0/specimen", json!(1)),
            ("/results/0/order", json!(1)),
            ("/results/0/code/analyte", json!("3A010")),
            ("/results/0/code/identification", json!("0000")),
            ("/results/0/code/material", json!("023")),
            ("/results/0/value/number", json!(7.2)),
            ("/results/0/reference_range", json!("6.70-8.3")),
            ("/results/0/unit/local/code", json!("g/dl")),
            ("/results/0/status", json!("final")),
            ("/results/0/interpretation", json!(null)),
            ("/results/1/order", json!(2)),
            ("/results/1/interpretation", json!("positive")),
            ("/results/1/status", json!("corrected")),
            ("/results/2/value", json!({"text": "< 0.5", "number": 0.5, "comparator": "<"})),
            ("/results/3/value/code/code", json!("1301")),
            ("/results/3/value/text", json!("MRSA")),
        ],
    );
}

#[test]
fn an_unescaped_caret_does_not_cut_a_value() {
    let event =
        normalised(Some("OML-11"), "OUL^R22", &[PID, "OBX|1|ST|1||480×10^4", "OBX|2|TX|1||一~二"]).unwrap();
    assert_eq!(event["results"][0]["value"], json!({"text": "480×10^4"}));
    assert_eq!(event["results"][1]["value"], json!({"text": "一\n二"}));
    assert_eq!(finding_codes(&event), ["delimiter-unescaped OBX-5"]);
}

#[test]
fn an_order_before_its_request_is_read_as_well() {
    check(
        None,
        "ORU^R01",
        &[PID, "ORC|RE|A1", "OBR|1|X", "OBX|1|NM|1||2", "ORC|RE|A2", "OBR|2|Y", "OBX|2|NM|1||3"],
        &[
            ("/orders/0/number", json!("A1")),
            ("/orders/1/number", json!("A2")),
            ("/results/1/order", json!(2)),
        ],
    );
}

#[test]
fn the_six_layouts_of_a_code() {
    let layout = |code: &str| {
        let event = normalised(Some("OML-11"), "OUL^R22", &[PID, &format!("OBX|1|ST|{code}||x")]).unwrap();
        let code = &event["results"][0]["code"];
        format!("{}/{}", code["code"].as_str().unwrap_or("-"), code["local"]["code"].as_str().unwrap_or("-"))
    };
    assert_eq!(layout("L1^局所^99Z01"), "-/L1");
    assert_eq!(layout("S1^標準^JC10"), "S1/-");
    assert_eq!(layout("^^^L1^局所^99Z01"), "-/L1");
    assert_eq!(layout("^^^S1^標準^JC10"), "S1/-");
    assert_eq!(layout("S1^標準^JC10^L1^局所^99Z01"), "S1/L1");
    assert_eq!(layout("L1^局所^99Z01^S1^標準^JC10"), "S1/L1");
    assert_eq!(layout("S1^標準^JC10^S2^standard^LN"), "S1/-");
}

#[test]
fn prescriptions() {
    let segments = [
        PID,
        "ORC|NW|O7||1|||||20261120103045|||110^医師^一郎",
        "RXE||108665201^ダーゼン錠^HOT9|1||TAB^錠^MR9P|||||15|TAB^錠^MR9P||||||||||OHP^外来処方^MR9P~OHI^院内処方^MR9P",
        "TQ1|1||1013044400000000&内服・経口・１日３回朝昼夕食後&JAMISDP01|||5^d|2026112000",
        "RXR|PO^口^HL70162",
        "ORC|NW|O7||2",
        "RXE||110626901^別の薬^HOT9|2",
    ];
    check(
        Some("OMP-01"),
        "RDE^O11^RDE_O11",
        &segments,
        &[
            ("/medications/0/number", json!("O7")),
            ("/medications/0/group", json!("1")),
            ("/medications/0/drug/code", json!("108665201")),
            ("/medications/0/dose/number", json!(1.0)),
            ("/medications/0/dispense/number", json!(15.0)),
            ("/medications/0/setting/code", json!("OHP")),
            ("/medications/0/usage/code", json!("1013044400000000")),
            ("/medications/0/usage/system", json!("JAMISDP01")),
            ("/medications/0/duration", json!("5 d")),
            ("/medications/0/starts_at", json!("2026-11-20T00:00+09:00")),
            ("/medications/0/route/code", json!("PO")),
            ("/medications/0/ordered_by/family", json!("医師")),
            ("/medications/1/group", json!("2")),
            ("/medications/1/usage", json!(null)),
        ],
    );
}

#[test]
fn imaging_is_ordered_and_performed() {
    let order = [
        PID,
        "ORC|PA|P1",
        "TQ1|1||||||20261121|| S^^HL70485",
        "OBR||P1||1000000000000000^Ｘ線^JJ1017|||||||||疑問",
    ];
    check(
        Some("OMG-01"),
        "OMG^O19",
        &order,
        &[
            ("/requests/0/control", json!("PA")),
            ("/requests/0/procedure/system", json!("JJ1017")),
            ("/requests/0/scheduled_at", json!("2026-11-21")),
            ("/requests/0/reason", json!("疑問")),
        ],
    );
    let ipc = "IPC|ACC1|RP1|1.2.392.1|SPS1|CT";
    let performed = [
        PID,
        "ORC|PA|P1",
        "OBR||P1||X^CT^JJ1017|||20261120100000",
        "ZE1|1|RS^済",
        ipc,
        "ORC|CH|P2",
        "OBR||P2",
        ipc,
    ];
    check(
        Some("OMG-11"),
        "OMI^Z23",
        &performed,
        &[
            ("/progress", json!("RS")),
            ("/requests/1/number", json!("P2")),
            ("/requests/0/performed_at", json!("2026-11-20T10:00:00+09:00")),
            ("/studies/0/accession", json!("ACC1")),
            ("/studies/0/study_uid", json!("1.2.392.1")),
            ("/studies/0/modality", json!("CT")),
            ("/studies/1", json!(null)),
        ],
    );
}

#[test]
fn what_no_kind_describes_is_carried_whole() {
    check(
        Some("OML-12"),
        "ZZZ^Z01",
        &[PID, "ZAA|a^b||c&d~\\T\\|\"\""],
        &[
            ("/unmapped/ZAA-1.1", json!("a")),
            ("/unmapped/ZAA-1.2", json!("b")),
            ("/unmapped/ZAA-3.1.2", json!("d")),
            ("/unmapped/ZAA-3[2]", json!("&")),
            ("/unmapped/ZAA-4", json!("\"\"")),
            ("/unmapped/PID-3.5", json!("PI")),
            ("/unmapped/PID-3.1", Value::Null),
            ("/findings/0/code", json!("data-type-unknown")),
        ],
    );
}

#[test]
fn what_could_not_be_used_is_left_among_the_unmapped() {
    let pid = "PID|1||0000123||山本^愛||昭和五十年|Q|||^^^^690-8540^JPN^H^島根県||^PRN^PH^^^^^^^^^0852";
    check(
        Some("ADT-00"),
        "ADT^A08",
        &[pid],
        &[
            ("/unmapped/PID-7", json!("昭和五十年")),
            ("/unmapped/PID-8", json!("Q")),
            ("/unmapped/PID-11.6", json!("JPN")),
            ("/unmapped/PID-13.2", json!("PRN")),
            ("/unmapped/PID-13.12", Value::Null),
            ("/unmapped/PID-11.8", Value::Null),
            ("/unmapped/PID-1", Value::Null),
        ],
    );
}

#[test]
fn a_time_that_is_none_is_a_finding_without_the_value() {
    let event = normalised(Some("ADT-00"), "ADT^A08", &["PID|||0000123||||昭和五十年"]).unwrap();
    assert_eq!(finding_codes(&event), ["time-unreadable PID-7"]);
    assert!(!event["findings"].to_string().contains("昭和"));
    assert_eq!(event["patient"]["birth_date"], Value::Null);
}
