//! Merges, referrals, reports, appointments, documents.

use super::*;

#[test]
fn a_merge_names_what_is_no_more() {
    check(
        None,
        "ADT^A40^ADT_A39",
        &["EVN||20261120", PID, "MRG|0000456^^^^PI||会計1||受診2"],
        &[
            ("/patient/id", json!("0000123")),
            (
                "/merged/0",
                json!({"at": "MRG", "former_id": "0000456", "former_account": "会計1", "former_visit": "受診2"}),
            ),
            ("/unmapped/MRG-1.5", json!("PI")),
        ],
    );
    check(
        None,
        "ADT^A40",
        &["PID|||1", "MRG|2", "PID|||3", "MRG|4"],
        &[
            ("/patient/id", json!("0000123")),
            ("/merged/0/into", json!("1")),
            ("/merged/1", json!({"at": "MRG[2]", "former_id": "4", "into": "3"})),
        ],
    );
    let event = normalised(None, "ADT^A34", &[PID]).unwrap();
    assert_eq!(finding_codes(&event), ["merge-incomplete MRG"]);
}

#[test]
fn a_referral_goes_from_one_facility_to_another() {
    check(
        None,
        "REF^I12",
        &[
            "RF1|P|R|MED^内科^HL70281|||3210100018^2026^000001^L|20261120||20261119|0^胸部異常影の精査^L",
            "PRD|RP|架空^一郎||内科^^^出雲架空病院|||3210100018",
            "PRD|RT|||放射線科^^^松江架空病院|||9876^L~3210200024^JP",
            PID,
            "DG1|1||R91^胸部異常陰影^I10",
            "OBX|1|ST|1^主訴^L||咳",
            "NTE|1||よろしくお願いします",
        ],
        &[
            ("/id", json!("3210100018^2026^000001")),
            ("/unmapped/RF1-6.4", json!("L")),
            ("/status", json!("P")),
            ("/reason", json!("胸部異常影の精査")),
            (
                "/from",
                json!({"role": "RP", "name": "架空 一郎", "facility": "3210100018",
                    "organisation": "出雲架空病院", "department": "内科"}),
            ),
            (
                "/to/0",
                json!({"role": "RT", "id": "9876", "facility": "3210200024",
                    "organisation": "松江架空病院", "department": "放射線科"}),
            ),
            ("/diagnoses/0/code", json!("R91")),
            ("/results/0/value/text", json!("咳")),
            ("/notes/0", json!("よろしくお願いします")),
            ("/unmapped/RF1-9", json!("20261119")),
            ("/findings", json!([])),
        ],
    );
}

#[test]
fn a_referral_without_id_or_with_no_or_two_addressees_is_carried_and_told() {
    let event = normalised(None, "REF^I12", &["PRD|RP||||||1", PID]).unwrap();
    assert_eq!(event["id"], "1", "MSH-10");
    assert_eq!(finding_codes(&event), ["referral-id-missing RF1-6", "referral-addressee PRD"]);
    let event =
        normalised(None, "RRI^I12", &["MSA|AA|77", "RF1|A|||||5", "PRD|RT", "PRD|RT~PP", PID]).unwrap();
    assert_eq!((event["answers"].as_str(), event["to"].as_array().unwrap().len()), (Some("77"), 2));
    assert_eq!(finding_codes(&event), ["referral-addressee PRD[2]-1"]);
}

#[test]
fn the_code_of_a_facility_is_known_by_its_form() {
    let facility = |prd: &str| {
        let event = normalised(None, "REF^I12", &[prd, PID]).unwrap();
        event["to"][0]["facility"].as_str().map(str::to_owned)
    };
    assert_eq!(facility("PRD|RT||||||3210100018").as_deref(), Some("3210100018"));
    assert_eq!(facility("PRD|RT|||^^^3210100018&x").as_deref(), Some("3210100018"));
    assert_eq!(facility("PRD|RT|||||||||架空病院^^3210100018").as_deref(), Some("3210100018"));
    assert_eq!(facility("PRD|RT||||||5210100018"), None);
    assert_eq!(facility("PRD|RT||||||3260100018").as_deref(), Some("3260100018"), "home nursing");
    assert_eq!(facility("PRD|RT||||||3250100018"), None);
    assert_eq!(facility("PRD|RT||||||321010001"), None);
}

#[test]
fn who_asks_and_who_is_asked_for_an_appointment() {
    let sch = "SCH|A1^3210100018|B2^松江^3210200024^L||||||||||110^架空^太郎|^^^taro@izumo.example|||607^架空^花子|0852-00-0000|||58^架空^入力";
    check(
        None,
        "SIU^S12",
        &[sch, PID, "AIP|1||8^架空^次郎^^^^^^^^^^^3210200024"],
        &[
            ("/placer_facility", json!({"at": "SCH-1.2", "code": "3210100018"})),
            ("/filler_facility", json!({"at": "SCH-2.3", "code": "3210200024"})),
            ("/placer_contact/id", json!("110")),
            ("/placer_mail", json!("taro@izumo.example")),
            ("/filler_contact/id", json!("607")),
            ("/filler_mail", Value::Null),
            ("/entered_by/id", json!("58")),
            ("/unmapped/SCH-17", json!("0852-00-0000")),
            ("/resources/0/facility", json!("3210200024")),
        ],
    );
}

#[test]
fn a_reading_has_its_words_its_reader_and_its_study() {
    let obr = format!(
        "OBR|1|P1|F1|1000^胸部CT^JJ1017|||202611201000{}ACC1|RP1|||202611201130||RAD|F{}607&架空&花子",
        "|".repeat(11),
        "|".repeat(7)
    );
    check(
        None,
        "ORU^R01",
        &[
            PID,
            "ORC|RE|P9",
            &obr,
            "OBX|1|TX|A^所見^L||右上葉に結節。\\.br\\胸水なし。||||||F",
            "OBX|2|ED|B^画像^L||^IM^JPEG^Base64^/9j/4A==",
            "OBX|3|ST|110180^Study Instance UID^DCM||1.2.392.1",
        ],
        &[
            ("/reports/0/at", json!("OBR")),
            ("/reports/0/number", json!("P9")),
            ("/reports/0/filler_number", json!("F1")),
            ("/reports/0/status", json!("final")),
            ("/reports/0/performed_at", json!("2026-11-20T10:00+09:00")),
            ("/reports/0/reported_at", json!("2026-11-20T11:30+09:00")),
            ("/reports/0/reader", json!({"at": "OBR-32", "id": "607", "family": "架空", "given": "花子"})),
            (
                "/reports/0/sections",
                json!([{"code": "A", "title": "所見", "text": "右上葉に結節。\n胸水なし。"}]),
            ),
            ("/reports/0/attachments/0/media_type", json!("image/jpeg")),
            (
                "/studies",
                json!([{"at": "OBR", "accession": "ACC1", "procedure_id": "RP1", "study_uid": "1.2.392.1"}]),
            ),
            ("/unmapped/OBR-2", json!("P1")),
        ],
    );
}

#[test]
fn the_study_is_named_by_ipc_before_zds() {
    let segments = [PID, "OBR|1||1|1^^JJ1017", "IPC|ACC1|RP1|1.2.3|S1|CT", "ZDS|9.9.9", "OBX|1|TX|a||所見"];
    let studies = json!([
        {"at": "IPC", "accession": "ACC1", "procedure_id": "RP1", "study_uid": "1.2.3", "modality": "CT"}
    ]);
    check(None, "ORU^R01", &segments, &[("/studies", studies), ("/unmapped/ZDS-1", json!("9.9.9"))]);
    let segments = [PID, "OBR|1||1|1^^JJ1017", "ZDS|9.9.9^^Application^DICOM", "OBX|1|TX|a||所見"];
    check(None, "ORU^R01", &segments, &[("/studies", json!([{"at": "OBR", "study_uid": "9.9.9"}]))]);
}

#[test]
fn a_report_may_come_as_a_document() {
    let txa = "TXA|1|DI|TX|20261120|||20261121||607^架空^花子|||D1||P1|F1||AU";
    check(
        None,
        "MDM^T02",
        &[PID, txa, "OBX|1|TX|A||所見"],
        &[
            ("/reports/0/number", json!("P1")),
            ("/reports/0/filler_number", json!("F1")),
            ("/reports/0/examination/code", json!("DI")),
            ("/reports/0/status", json!("final")),
            ("/reports/0/reported_at", json!("2026-11-21")),
            ("/reports/0/reader/family", json!("架空")),
            ("/unmapped/TXA-12", json!("D1")),
            ("/unmapped/TXA-17", json!("AU")),
        ],
    );
}

#[test]
fn a_document_about_two_orders_is_two_reports_of_one_reader() {
    check(
        None,
        "MDM^T02",
        &[
            PID,
            "OBR|1|P1|F1|1^心エコー^L",
            "OBR|2|P2|F2|2^負荷心エコー^L",
            "TXA|1|CD|TX||||||607^架空^花子|||||P1",
            "OBX|1|TX",
            "OBX|2|HD|113014^DICOM Study^DCM||1.2.3",
            "OBX|3|TX|A||所見",
        ],
        &[
            ("/reports/0/reader/id", json!("607")),
            ("/reports/1/reader/id", json!("607")),
            ("/reports/1/number", json!("P2")),
            ("/reports/1/sections", json!([{"code": "A", "text": "所見"}])),
            ("/studies", json!([{"at": "OBR[2]", "study_uid": "1.2.3"}])),
        ],
    );
}

#[test]
fn an_appointment_has_its_time_and_what_is_booked() {
    let sch = "SCH|A1|B2||||10^初診^L|CT^造影CT^L||30|min^分^UCUM|^^^202611251000^202611251030|||||607^架空^太郎|||||||||Booked^^HL70278";
    let segments = [
        sch,
        "NTE|1||絶食",
        PID,
        "RGS|1",
        "AIS|1||CT^CT^L|202611251000",
        "AIL|1||CT室^^^松江架空病院",
        "AIP|1||8^架空^次郎",
    ];
    check(
        None,
        "SIU^S12",
        &segments,
        &[
            ("/event", json!("booked")),
            ("/number", json!("A1")),
            ("/filler_number", json!("B2")),
            ("/duration", json!("30 min")),
            ("/starts_at", json!("2026-11-25T10:00+09:00")),
            ("/ends_at", json!("2026-11-25T10:30+09:00")),
            ("/filler_contact/family", json!("架空")),
            ("/status/code", json!("Booked")),
            ("/notes", json!(["絶食"])),
            ("/resources/0/kind", json!("service")),
            ("/resources/0/starts_at", json!("2026-11-25T10:00+09:00")),
            ("/resources/1/location", json!("CT室")),
            ("/resources/1/facility", json!("松江架空病院")),
            ("/resources/2/person/given", json!("次郎")),
            ("/unmapped/SCH-10.2", json!("分")),
        ],
    );
    let timed = [sch, "TQ1|1||||||202612011000", PID];
    let expected = [
        ("/starts_at", json!("2026-12-01T10:00+09:00")),
        ("/ends_at", json!("2026-11-25T10:30+09:00")),
        ("/unmapped/SCH-11.4", json!("202611251000")),
    ];
    check(None, "SIU^S13", &timed, &expected);
    let short = ["SCH|A1||||||||60^MIN", PID, "AIG|1|||99^装置^L"];
    let expected = [("/duration", json!("60 MIN")), ("/resources/0/code/text", json!("装置"))];
    check(None, "SIU^S14", &short, &expected);
    let event = normalised(None, "SIU^S15", &["SCH|", PID]).unwrap();
    assert_eq!(finding_codes(&event), ["appointment-id-missing SCH-1"]);
}

#[test]
fn a_document_has_its_type_its_authors_and_its_content() {
    let txa = "TXA|1|DS|TX|20261120||20261121|||607^架空^花子||記録者|D2^HIS|D1^HIS|||退院サマリー|LA|R||||608^架空^部長|609^架空^受取";
    check(
        None,
        "MDM^T10",
        &[
            PID,
            txa,
            "OBX|1|FT|1^経過^L||軽快",
            "OBX|2|NM|2^体温^L||36.5|Cel",
            "OBX|3|ED|3||^AP^PDF^Base64^JVBERi0xLjc=",
        ],
        &[
            ("/id", json!("D2")),
            ("/code", json!({"code": "DS", "system": "HL70270"})),
            ("/title", json!("退院サマリー")),
            ("/status", json!("LA")),
            ("/confidentiality", json!("R")),
            ("/created_at", json!("2026-11-21")),
            ("/authors", json!([{"id": "607", "name": "架空 花子"}])),
            ("/signed_by/name", json!("架空 部長")),
            ("/recipients/0/id", json!("609")),
            ("/relates_to", json!([{"relation": "RPLC", "id": "D1"}])),
            ("/sections", json!([{"code": "1", "title": "経過", "text": "軽快"}])),
            ("/observations/0/value/number", json!(36.5)),
            ("/attachments/0/media_type", json!("application/pdf")),
            ("/unmapped/TXA-4", json!("20261120")),
        ],
    );
}

#[test]
fn a_data_type_that_ss_mix2_lacks_is_a_document_of_the_facility() {
    let event = normalised(Some("OML-12"), "OUL^R22", &[PID, "OBX|1|NM|a^体重^L||50"]).unwrap();
    assert_eq!(event["code"]["local"], json!({"code": "OML-12", "facility": "3210100018"}));
    assert_eq!(event["observations"][0]["value"]["number"], 50.0);
    assert_eq!(finding_codes(&event), ["data-type-unknown MSH-9"]);
}
