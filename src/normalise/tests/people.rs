//! Patients, their allergies and diagnoses.

use super::*;

#[test]
fn allergies_with_words_where_a_date_should_stand() {
    let segments = [
        "EVN||20261118101500",
        PID,
        "IAM|1|LA^花粉^HL70127|5A1002216023023^スギ^JC10|MI^軽度^HL70128|目のかゆみ~鼻水|A^追加^HL70323|I1||||199601||20261118||||C^確認^HL70438",
        "IAM|2|FA|X^ソバ^99KKU|||A|||||小学校低学年の頃",
        "IAM|3|DA|Y^薬^99KKU|||D||||||||秋",
        "IAM|4|DA|Z^薬^99KKU|||A|||||不明|春の頃",
    ];
    check(
        Some("ADT-61"),
        "ADT^A60",
        &segments,
        &[
            ("/recorded_at", json!("2026-11-18T10:15:00+09:00")),
            ("/allergies/0/category/code", json!("LA")),
            ("/allergies/0/substance/code", json!("5A1002216023023")),
            ("/allergies/0/reactions", json!(["目のかゆみ", "鼻水"])),
            ("/allergies/0/onset_at", json!("1996-01")),
            ("/allergies/0/reported_at", json!("2026-11-18")),
            ("/allergies/0/status/code", json!("C")),
            ("/allergies/1/onset_text", json!("小学校低学年の頃")),
            ("/unmapped/IAM[2]-11", Value::Null),
            ("/allergies/2/action/code", json!("D")),
            ("/allergies/3/onset_text", json!("春の頃")),
            ("/unmapped/IAM[4]-11", json!("不明")),
            ("/findings/0/place", json!("IAM[2]-11")),
        ],
    );
}

#[test]
fn whom_to_tell_and_who_pays() {
    let segments = [
        PID,
        "NK1|1|架空^花^^^^^L^I|SPO^配偶者^HL70063|^^^^690-0000^JPN^H^島根県|^PRN^PH^^^^^^^^^0852-00|^WPN^PH^^^^^^^^^0852-01|||||||架空商事^D",
        "DB1|1|PT||Y",
        "OBX|1|NM|9N001^身長^JC10||167.8|cm^cm^ISO+|||||F",
        "IN1|1|67^国保^JHSD0001|320001|架空保険||||||記1~番2~01||20200401|20270331||A||SEL^本人^HL70063",
    ];
    check(
        Some("ADT-00"),
        "ADT^A08",
        &segments,
        &[
            ("/contacts/0/names/0/family", json!("架空")),
            ("/contacts/0/relationship/code", json!("SPO")),
            ("/contacts/0/addresses/0/text", json!("島根県")),
            ("/contacts/0/telephones", json!(["0852-00", "0852-01"])),
            ("/contacts/0/organisation", json!("架空商事")),
            ("/disabilities/0/is_disabled", json!(true)),
            ("/results/0/value/number", json!(167.8)),
            ("/insurances/0/plan/code", json!("67")),
            ("/insurances/0/insurer_number", json!("320001")),
            ("/insurances/0/insured_numbers", json!(["記1", "番2", "01"])),
            ("/insurances/0/valid_until", json!("2027-03-31")),
        ],
    );
}

#[test]
fn a_birth_date_in_the_wrong_field_is_found() {
    let event = normalised(Some("ADT-00"), "ADT^A08", &["PID|||0000123|||||F|アイ"]).unwrap();
    assert_eq!(
        (&event["patient"]["birth_date"], &event["unmapped"]["PID-9"]),
        (&Value::Null, &json!("アイ"))
    );
    let event = normalised(Some("ADT-00"), "ADT^A08", &["PID|||0000123|||||F|19800229"]).unwrap();
    assert_eq!(event["patient"]["birth_date"], "1980-02-29");
    assert_eq!(finding_codes(&event), ["birth-date-elsewhere PID-9"]);
}

#[test]
fn a_name_in_the_place_of_an_id_is_a_name() {
    let segments = [PID, "PV1||O|||||山本医師^^^~607^医師一郎"];
    let event = normalised(Some("ADT-12"), "ADT^A04", &segments).unwrap();
    assert_eq!(event["attending"][0], json!({"at": "PV1-7", "family": "山本医師"}));
    assert_eq!(event["attending"][1]["family"], "医師一郎");
    assert_eq!(finding_codes(&event), ["name-in-id PV1-7"]);
}

#[test]
fn another_doctor_attends() {
    let segments = [
        "EVN||20261118|20261119|||20261118",
        PID,
        "PV1||I|3E^301^1^^^N||||607^医師^一郎||||||||||608^別^医師||V9",
    ];
    check(
        Some("ADT-01"),
        "ADT^A54^ADT_A54",
        &segments,
        &[
            ("/event", json!("attending-change")),
            ("/attending/0/id", json!("607")),
            ("/admitted_by/id", json!("608")),
            ("/number", json!("V9")),
            ("/recorded_at", json!("2026-11-18")),
            ("/planned_at", json!("2026-11-19")),
        ],
    );
    let cancelled = [PID, "PV1||I"];
    check(Some("ADT-01"), "ADT^A55^ADT_A52", &cancelled, &[("/change", json!("deleted"))]);
}

#[test]
fn a_diagnosis_with_all_that_belongs_to_it() {
    let segments = [
        PID,
        "PRB|AD|20261118|20058577^肺炎^MDCDX2|0042|||20261101|||J189^^I10^O^外来時^JHSD0004^2013|||1^疑い^JHSD0005|||昨年の秋",
        "ZPR|1234^急性^MDCDX2|20058577^肺炎^MDCDX2|8002^の疑い^MDCDX2|AB12|CD34^肺炎^99KKU|8002|メモ^と",
        "ZPD|1|11^右上中切歯^99KKU~12^右上側切歯^99KKU",
        "NTE|1||覚書",
        "ZI1|1|67^国保^JHSD0001|320001",
        "ORC|NW|O9|||||||20261118101500|||110^医師^一郎|||||01^内科^HL70069",
        "PRB|AD|20261118|20084317|0043||||||^^^K29.7^^I10~X",
    ];
    check(
        Some("PPR-01"),
        "PPR^ZD1",
        &segments,
        &[
            ("/snapshot", json!(true)),
            ("/problems/0/acted_at", json!("2026-11-18")),
            ("/problems/0/icd10", json!("J189")),
            ("/problems/0/icd10_edition", json!("2013")),
            ("/problems/0/phase/code", json!("O")),
            ("/problems/0/suspected", json!(true)),
            ("/problems/0/onset_text", json!("昨年の秋")),
            ("/problems/0/parts/prefixes/0/text", json!("急性")),
            ("/problems/0/parts/exchange_disease/local/code", json!("CD34")),
            ("/problems/0/parts/comment", json!("メモ^と")),
            ("/problems/0/teeth/1/local/code", json!("12")),
            ("/problems/0/notes/0", json!("覚書")),
            ("/problems/0/insurances/0/insurer_number", json!("320001")),
            ("/problems/0/number", json!("O9")),
            ("/problems/0/department/code", json!("01")),
            ("/problems/0/ordered_by/id", json!("110")),
            ("/problems/1/icd10", json!("K297")),
            ("/problems/1/phase", Value::Null),
            ("/unmapped/PRB-10.6", Value::Null),
            ("/unmapped/PRB-13.3", Value::Null),
            ("/unmapped/PRB[2]-10[2]", json!("X")),
        ],
    );
}

#[test]
fn single_diagnoses_are_no_snapshot() {
    let problem = [PID, "PRB|AD|20261118|A|1"];
    for (trigger, snapshot) in [("PC1", false), ("PC2", false), ("PC3", false), ("ZD1", true)] {
        let event = normalised(None, &format!("PPR^{trigger}"), &problem).unwrap();
        assert_eq!(event["snapshot"], snapshot, "{trigger}");
    }
}
