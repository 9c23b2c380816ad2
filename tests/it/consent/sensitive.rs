//! What is sensitive is withheld, element by element, unless the consent shows it.

use musubi::registry::{SensitiveConsent, Sensitivity};
use musubi::store::history::What;
use serde_json::Value;

use super::*;

fn routes(kind: &str, keys: &str) -> String {
    format!(
        "[[subscriber]]\nname = \"kita\"\nfacility = \"{VIEWER}\"\ndeliver = {{ kind = \"queue\" }}\n\
         [[route]]\nname = \"record\"\ntopic = \"record.shared\"\nto = [\"kita\"]\nkinds = [\"{kind}\"]\n\
         basis = \"view-consent\"\n{keys}\n"
    )
}

fn showing(category: Sensitivity) -> View {
    let view = consenting();
    view.apply(entry(Fact::SensitiveConsent(SensitiveConsent {
        network_id: Identifying(NETWORK_ID.into()),
        facility: VIEWER.into(),
        category,
        period: since("2026-01-01T00:00:00Z"),
    })));
    view
}

/// What Kita gets of a message: the body, or the clause that kept it back, and what was withheld.
fn seen(kind: &str, keys: &str, view: View, body: &str) -> (Result<String, String>, Vec<String>) {
    let config = config(&routes(kind, keys));
    let processed = processed(&routing(&config, view), SOURCE, PATIENT, body);
    let Some(What::Decided(decision)) = processed.decision.as_ref().map(|step| step.what.clone()) else {
        panic!("no decision")
    };
    assert_eq!(decision.kind, kind, "{body}");
    let withheld = decision.recipients.first().map(|one| one.withheld.clone()).unwrap_or_default();
    let body = copies(processed).pop().map(|copy| String::from_utf8(copy.body.to_vec()).unwrap());
    (body.ok_or_else(|| decision.denials.iter().map(|denial| denial.clause.clone()).collect()), withheld)
}

const PV1: &str = "PV1|1|O|01^^^^^C";

fn problem(number: u32, name: &str, icd10: &str, security: &str) -> String {
    format!(
        "PRB|AD|20261118|{number}^{name}^MDCDX2|i{number}|||20261118|||{icd10}^^I10|||||||||||||||{security}\r\
         ZPR||{number}^{name}^MDCDX2"
    )
}

fn diagnoses(problems: &[String]) -> String {
    let problems: Vec<_> = problems.iter().map(String::as_str).collect();
    hl7("PPR^ZD1^PPR_ZD1", PATIENT, &[&[PV1], problems.as_slice()].concat())
}

fn lab(panels: &[(&str, &[&str])]) -> String {
    let mut segments = vec![PV1.to_owned()];
    let mut number = 0;
    for (order, (panel, results)) in (1..).zip(panels) {
        segments.push(format!("SPM|{order}|{order}||023^血清^JC10"));
        segments.push(format!("OBR|{order}|{order}|{order}|{panel}^JC10|||20261118"));
        for result in *results {
            number += 1;
            segments.push(format!("OBX|{number}|ST|{result}^JC10||(-)||||||F"));
        }
    }
    hl7("OUL^R22^OUL_R22", PATIENT, &segments.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn a_sensitive_diagnosis_is_left_out_of_its_list() {
    let list = diagnoses(&[
        problem(1, "高血圧症", "I10", ""),
        problem(2, "ＨＩＶ感染症", "B24", ""),
        problem(3, "糖尿病", "E119", "V"),
    ]);
    let (body, withheld) = seen("diagnosis", "", consenting(), &list);
    let body: Value = serde_json::from_str(&body.unwrap()).unwrap();
    let problems: Vec<_> = body["problems"].as_array().unwrap().iter().map(|one| &one["icd10"]).collect();
    assert_eq!(problems, ["I10"]);
    assert_eq!(withheld, ["hiv", "restricted"]);
    let text = body.to_string();
    assert!(!text.contains("Ｖ") && !text.contains("E119") && !text.contains("糖尿病"), "{text}");

    let (body, withheld) = seen("diagnosis", "", showing(Sensitivity::Hiv), &list);
    assert!(body.unwrap().contains("B24"));
    assert_eq!(withheld, ["restricted"]);
}

#[test]
fn a_snapshot_of_which_nothing_is_left_still_says_that_the_others_are_over() {
    let (body, _) = seen("diagnosis", "", consenting(), &diagnoses(&[problem(2, "統合失調症", "F209", "")]));
    let body: Value = serde_json::from_str(&body.unwrap()).unwrap();
    assert_eq!(body["problems"], serde_json::json!([]));
    assert!(!body.to_string().contains("統合失調症"));
}

#[test]
fn a_sensitive_result_goes_with_its_order_and_the_others_count_anew() {
    let message = lab(&[
        ("5F500143002305^ＨＩＶ抗体", &["5F5001430023051^ＨＩＶ１抗体"]),
        ("3F050000002327^コレステロール", &["3F0500000023271^総コレステロール", "5F5001430023051^HIV 2"]),
    ]);
    let (body, withheld) = seen("lab-result", "", consenting(), &message);
    let body: Value = serde_json::from_str(&body.unwrap()).unwrap();
    assert_eq!(withheld, ["hiv"]);
    assert_eq!(body["orders"].as_array().unwrap().len(), 1, "{body:#}");
    let results = body["results"].as_array().unwrap();
    assert_eq!(results.len(), 1);
    assert_eq!((&results[0]["order"], &results[0]["specimen"]), (&1.into(), &2.into()));
    assert!(!body.to_string().contains("5F500") && body["unmapped"].is_null(), "{body:#}");
}

#[test]
fn what_is_sensitive_as_a_whole_does_not_go() {
    let clause = |kind: &str, keys: &str, body: &str| seen(kind, keys, consenting(), body).0.unwrap_err();
    let only = lab(&[("5F500143002305^ＨＩＶ抗体", &["5F5001430023051^ＨＩＶ１抗体"])]);
    assert_eq!(clause("lab-result", "", &only), "sensitive (hiv): it can't go without that");
    let psychiatry = hl7(
        "ADT^A01^ADT_A01",
        PATIENT,
        &["PV1|1|I|01^^^^^N||||||||||||||||||||||||||||||||||||||||20261118"],
    );
    assert!(seen("encounter", "", consenting(), &psychiatry).0.is_ok());
    let psychiatry = psychiatry.replace("PV1|1|I|01^^^^^N||||", "PV1|1|I|精神科病棟^^^^^N||||");
    assert_eq!(clause("encounter", "", &psychiatry), "sensitive (psychiatric): it can't go without that");
    let document = |confidentiality: &str| {
        hl7(
            "MDM^T02^MDM_T02",
            PATIENT,
            &[
                &format!("TXA|1|18842-5^退院時サマリー^LN|TX|20261118||||||||D1||||||{confidentiality}"),
                "OBX|1|TX|1||経過良好||||||F",
            ],
        )
    };
    assert!(seen("document", "", consenting(), &document("N")).0.is_ok());
    assert!(clause("document", "", &document("V")).contains("restricted"));
}

#[test]
fn nothing_is_left_out_of_an_original_so_it_goes_whole_or_not() {
    let harmless = diagnoses(&[problem(1, "高血圧症", "I10", "")]);
    let (body, _) = seen("diagnosis", "send = \"original\"", consenting(), &harmless);
    assert_eq!(body.unwrap(), harmless);
    let list = diagnoses(&[problem(1, "高血圧症", "I10", ""), problem(2, "梅毒", "A539", "")]);
    let (body, _) = seen("diagnosis", "send = \"original\"", consenting(), &list);
    assert_eq!(body.unwrap_err(), "sensitive (sti): nothing can be left out of the original");
    let (body, withheld) = seen("diagnosis", "send = \"fhir\"", consenting(), &list);
    let body = body.unwrap();
    assert!(body.contains("I10") && !body.contains("A539") && !body.contains("梅毒"), "{body}");
    assert_eq!(withheld, ["sti"]);
}

#[test]
fn only_consent_withholds() {
    let routes = routes("diagnosis", "").replace("view-consent", "addressed");
    let config = config(&routes);
    let list = diagnoses(&[problem(2, "ＨＩＶ感染症", "B24", "")]);
    let copies = copies(processed(&routing(&config, View::default()), SOURCE, PATIENT, &list));
    assert!(String::from_utf8_lossy(&copies[0].body).contains("B24"));
}

/// Every case that is about somebody: whatever consent lets out mentions nothing that it does not show.
#[test]
fn no_case_lets_out_a_sensitive_code() {
    let kinds = "[\"any\"]";
    let routes = routes("any", "").replace("[\"any\"]", kinds);
    let config = config(&routes);
    let routing = routing(&config, consenting());
    let (mut kept, mut sent) = (0, 0);
    for case in std::fs::read_dir(crate::support::repository().join("fixtures/cases")).unwrap() {
        let input = std::fs::read(case.unwrap().path().join("input")).unwrap();
        let mut envelope = accepted(SOURCE, PATIENT, "1", "");
        envelope.patient = Identifying(PATIENT.into());
        let original = Original::from(Bytes::from(input));
        // All cases are about one patient, whom the registry knows by another id.
        routing.registry.apply(entry(Fact::Link(Link {
            facility: SOURCE.into(),
            local_id: Identifying("00012345".into()),
            network_id: Identifying(NETWORK_ID.into()),
            period: since("2026-01-01T00:00:00Z"),
        })));
        let processed = process(&envelope, &original, Lane(0), &routing, instant("2026-11-22T12:00:00Z"));
        for copy in copies(processed) {
            let body = String::from_utf8_lossy(&copy.body).into_owned();
            sent += 1;
            for word in ["HIV", "ＨＩＶ", "梅毒", "5F500", "5E074", "5E075", "\"B24\"", "淋菌"] {
                assert!(!body.contains(word), "{word}: {body}");
            }
        }
        kept += 1;
    }
    assert!(kept > 90 && sent > 50, "{kept} {sent}");
}
