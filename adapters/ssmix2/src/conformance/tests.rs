use proptest::prelude::*;

use super::*;

const HEAD: &str = "MSH|^~\\&|HIS|SEND|GW|RCV|20260401093015||";
const TAIL: &str = "|1|P|2.5||||||~ISO IR87||ISO 2022-1994\r";
const PID: &str = "PID|1||0000123^^^^PI||架空^太郎^^^^^L^I~カクウ^タロウ^^^^^L^P||19500101|M\r";

/// A file of data type `kind` on 2026-04-01, order 12345, with the segments behind MSH and PID.
fn file(kind: &str, message: &str, behind: &str) -> Vec<(String, String, &'static str)> {
    let date = if ["ADT-00", "ADT-61", "PPR-01"].contains(&kind) { "-" } else { "20260401" };
    let path =
        format!("000/012/0000123/{date}/{kind}/0000123_{date}_{kind}_000000000012345_20260401093015123_01_1");
    let event = if message.starts_with("ADT") { "EVN||20260401\r" } else { "" };
    raw(&path, &format!("{HEAD}{message}{TAIL}{event}{PID}{behind}"))
}

fn raw(path: &str, text: &str) -> Vec<(String, String, &'static str)> {
    let bytes = hl7v2::charset::encode(text, hl7v2::charset::Charset::Iso2022Jp).unwrap();
    told(path, &bytes)
}

fn told(path: &str, bytes: &[u8]) -> Vec<(String, String, &'static str)> {
    let path = StoragePath::parse(path).unwrap();
    let findings = check_file(&path, bytes);
    findings.into_iter().map(|one| (one.place.to_string(), one.detail, one.rule.code)).collect()
}

#[track_caller]
fn finds(kind: &str, message: &str, behind: &str, expected: &[(&str, &str)]) {
    let found = file(kind, message, behind);
    let found: Vec<_> = found.iter().map(|(place, _, code)| (place.as_str(), *code)).collect();
    assert_eq!(found, expected, "{kind} {behind}");
}

const RDE: &str = "RDE^O11^RDE_O11";
const OUL: &str = "OUL^R22^OUL_R22";
const ORC: &str = "ORC|NW|000000000012345||1|||||20260401";
const RXE: &str = "RXE||620000001^錠^HOT9|1||TAB^錠^MR9P|||||3|TAB^錠^MR9P";
const REST: &str = "TQ1|1\rRXR|PO^口^HL70162\r";

/// A prescription with other text in the place of RXE.
fn prescription(rxe: &str) -> String {
    format!("PV1|1|O\r{ORC}\r{rxe}\r{REST}")
}

/// A laboratory result with these OBX segments.
fn result(obx: &str) -> String {
    format!(
        "PV1|1|O\rSPM|1|||023^血清^JC10|||||||||||||20260401\rOBR|1|000000000012345||E1^血液^99O03\rORC|SC|12345\r{obx}\r"
    )
}

#[test]
fn what_is_right_gives_no_finding() {
    finds("OMP-01", RDE, &prescription(RXE), &[]);
    finds("OML-11", OUL, &result("OBX|1|NM|3A016^比^JC10||1.7||||||F"), &[]);
    finds("ADT-12", "ADT^A04^ADT_A01", "PV1|1|O||||||||||||||||||||||||||||||||||||||||||20260401\r", &[]);
}

#[test]
fn the_message_type_is_that_of_the_folder() {
    let pv1 = "PV1|1|O||||||||||||||||||||||||||||||||||||||||||20260401\r";
    finds("ADT-12", "ADT^A01^ADT_A01", pv1, &[("MSH-9", "message-type")]);
    finds("ADT-12", "ADT^A04^ADT_A04", pv1, &[("MSH-9", "message-structure")]);
    let found = file("ADT-12", "ADT^架空", pv1);
    assert!(found.iter().any(|(_, detail, _)| detail == "? ≠ ADT^A04"), "{found:?}");
}

#[test]
fn a_required_field_is_there_or_is_explicitly_empty() {
    finds("OMP-01", RDE, &prescription(&RXE.replace("|1||TAB", "|||TAB")), &[("RXE-3", "field-missing")]);
    finds("OMP-01", RDE, &prescription(&RXE.replace("|1||TAB", "|^||TAB")), &[("RXE-3", "field-missing")]);
    finds("OMP-01", RDE, &prescription(&RXE.replace("|1||TAB", "|\"\"||TAB")), &[]);
}

#[test]
fn conditions_that_are_known_are_held() {
    let pv1 = "PV1|1|I||||||||DEP||||||||||||||||||||||||||||||||||20260401\r";
    finds("ADT-22", "ADT^A01^ADT_A01", &pv1.replace("DEP", "01"), &[]);
    finds("ADT-22", "ADT^A01^ADT_A01", &pv1.replace("DEP", ""), &[("PV1-10", "field-conditional")]);
    finds("ADT-00", "ADT^A08^ADT_A01", "PV1|1|I\r", &[("PID-33", "field-missing")]);
    let moved = [("EVN-6", "field-conditional"), ("PV1-10", "field-conditional")];
    finds("ADT-42", "ADT^A02^ADT_A02", "PV1|1|I\r", &moved);
    let planned = |pv2: &str| format!("PV1|1|I|||||||||||||||||||\r{pv2}");
    finds("ADT-51", "ADT^A16^ADT_A16", &planned("PV2|||||||||20260401\r"), &[]);
    finds("ADT-51", "ADT^A16^ADT_A16", &planned("PV2||\r"), &[("PV2-9", "field-conditional")]);
    finds("ADT-51", "ADT^A16^ADT_A16", &planned(""), &[("PV2-9", "field-conditional")]);
}

#[test]
fn fields_that_are_not_used_are_told_and_those_of_other_types_are_not() {
    let obx = "OBX|1|NM|3A016^比^JC10||1.7||||||F|||20260401";
    finds("OML-11", OUL, &result(obx), &[("OBX-14", "field-not-used")]);
    let body = format!("PV1|1|I\r{}\r", "OBX|1|NM|9N001^身長^JC10||167.8|cm^cm^ISO+|||||F");
    finds("ADT-00", "ADT^A08^ADT_A01", &body, &[("PID-33", "field-missing")]);
}

/// The orders of segments that the guideline's samples have.
#[test]
fn the_orders_of_the_guideline_are_accepted() {
    let check = |message: &str, ids: &str| {
        let text = format!("{HEAD}{message}{TAIL}{}\r", ids.replace(' ', "\r"));
        let message = hl7v2::decode(text.as_bytes()).unwrap();
        let mut findings = Findings::default();
        grammar::check(
            &message,
            &Expected { data_type: "", entry: None, event: String::new() },
            &mut findings,
        );
        assert_eq!(findings.finish(), [], "{ids}");
    };
    check("ADT^A08", "EVN PID NK1 NK1 PV1 PV2 DB1 OBX OBX AL1 IN1");
    check("ADT^A60", "EVN PID PV1 IAM IAM");
    check("PPR^ZD1", "PID PRB ZPR ZPD ZI1 ORC PRB ZPR ORC ORC");
    check("OMD^O03", "PID PV1 AL1 ORC TQ1 ODS ODS ORC ODS");
    check("RDE^O11", "PID PV1 AL1 ORC RXE TQ1 TQ1 RXR RXC RXC OBX CTI ORC RXE TQ1 RXR");
    check("RAS^O17", "PID AL1 PV1 ORC RXE TQ1 RXR RXC RXA RXA RXR OBX CTI");
    check("OML^O33", "PID PV1 AL1 SPM ORC TQ1 OBR OBX ORC OBR SPM ORC OBR");
    check("OUL^R22", "PID NTE PV1 SPM OBR ORC NTE TQ1 OBX OBX NTE OBR ORC SPM OBR ORC OBX");
    check("OMG^O19", "PID PV1 AL1 ORC TQ1 OBR OBX ORC TQ1 OBR");
    check("OMI^Z23", "PID PV1 ORC TQ1 OBR OBX ZE1 OBX ZE2 ZE1 IPC IPC ORC TQ1 OBR IPC");
    check("ORU^R01", "PID PV1 ORC OBR TQ1 OBX OBR OBX");
}

#[test]
fn the_first_segment_out_of_order_is_named_with_what_could_stand_there() {
    let order = format!("PV1|1|O\r{ORC}\rTQ1|1\r{RXE}\rRXR|PO^口^HL70162\r");
    let found = file("OMP-01", RDE, &order);
    assert_eq!(found, [("RXR".to_owned(), "NTE|TQ1".to_owned(), "segment-unexpected")]);
    finds("OMP-01", RDE, &format!("PV1|1|O\r{ORC}\r{RXE}\rTQ1|1\r"), &[("", "segment-missing")]);
    finds("OMP-01", RDE, &(prescription(RXE) + "ZAB|架空\r"), &[("ZAB", "segment-local")]);
    finds("OMP-01", RDE, &prescription(RXE).replace("PV1|", "PV9|"), &[("PV9", "segment-unexpected")]);
}

#[test]
fn delimiters_that_were_not_escaped_show_as_parts_too_many() {
    let obx = |kind: &str, value: &str| result(&format!("OBX|1|{kind}|3A016^比^JC10||{value}||||||F"));
    finds("OML-11", OUL, &obx("ST", "480×10^4"), &[("OBX-5", "component-surplus")]);
    finds("OML-11", OUL, &obx("ST", "480×10\\S\\4"), &[]);
    finds("OML-11", OUL, &obx("ST", "a&b"), &[("OBX-5.1", "subcomponent-surplus")]);
    finds("OML-11", OUL, &obx("CWE", "a^A&B錠^99X"), &[("OBX-5.2", "subcomponent-surplus")]);
    finds("OML-11", OUL, &obx("ST", "d\\e"), &[("OBX-5", "escape")]);
    finds("OML-11", OUL, &obx("ST", "\\X0D\\ \\.br\\"), &[]);
    let rxe = |name: &str| prescription(&RXE.replace("620000001^錠", &format!("620000001^{name}")));
    finds("OMP-01", RDE, &rxe("a^b^c^d^e^f^g^h^i"), &[("RXE-2", "component-surplus")]);
    let control = ORC.replace("|1|||||20260401", "|1~2|||||20260401~5");
    let body = format!("PV1|1|O\r{control}\r{RXE}\r{REST}");
    finds("OMP-01", RDE, &body, &[("ORC-9", "repetition-surplus"), ("ORC-9[2]", "value-form")]);
    let body = result("OBX|1|NM|3A016^比^JC10||1.7||||||F|||||||||x");
    finds("OML-11", OUL, &body, &[("OBX", "field-surplus")]);
}

#[test]
fn a_name_with_a_caret_too_few_or_too_many() {
    let short = |name: &str| {
        let text =
            format!("{HEAD}{RDE}{TAIL}{}{}", PID.replace("架空^太郎^^^^^L^I", name), prescription(RXE));
        let path = "000/012/0000123/20260401/OMP-01/0000123_20260401_OMP-01_12345_20260401093015123_01_1";
        let mut found = raw(&path.replace("_12345_", "_000000000012345_"), &text);
        found.pop().map(|(place, detail, code)| (place + &detail, code))
    };
    assert_eq!(short("架空^太郎^^^^L^I"), Some(("PID-5[1].6.6 → .7".to_owned(), "name-shifted")));
    assert_eq!(short("架空^太郎^^^^^^L^I"), Some(("PID-5[1].8.8 → .7".to_owned(), "name-shifted")));
    assert_eq!(short("架空^太郎^^^^^L^I"), None);
    let whole = ORC.to_owned() + "|||607^架空一郎^^^^^^^^L^^^^^I";
    finds("OMP-01", RDE, &format!("PV1|1|O\r{whole}\r{RXE}\r{REST}"), &[]);
}

#[test]
fn numbers_and_times_are_written_as_their_type_demands() {
    let obx = |kind: &str, value: &str| result(&format!("OBX|1|{kind}|3A016^比^JC10||{value}||||||F"));
    for right in ["1.7", "-3", "+.5", "\"\""] {
        finds("OML-11", OUL, &obx("NM", right), &[]);
    }
    for wrong in ["< 0.5", "1,000", ".", "１"] {
        finds("OML-11", OUL, &obx("NM", wrong), &[("OBX-5", "value-form")]);
    }
    for right in ["2026", "202604", "20260401", "2026040123", "202604012359", "20260401235959.1234+0900"] {
        finds("OML-11", OUL, &obx("TS", right), &[]);
    }
    for wrong in ["26", "20261301", "202604012400", "2026040109:15", "201601011500.321", "小学校低学年"]
    {
        finds("OML-11", OUL, &obx("TS", wrong), &[("OBX-5", "value-form")]);
    }
    finds("OML-11", OUL, &obx("TM", "0915"), &[]);
    finds("OML-11", OUL, &obx("TM", "9:15"), &[("OBX-5", "value-form")]);
}

#[test]
fn codes_are_of_their_table_and_their_system() {
    let obx = |code: &str, status: &str| result(&format!("OBX|1|NM|{code}||1.7||||||{status}"));
    finds(
        "OML-11",
        OUL,
        &obx("3A016^比^JC10", "確定"),
        &[("OBX-11", "field-length"), ("OBX-11", "code-unknown")],
    );
    finds("OML-11", OUL, &obx("3A016^比^JLAC10", "F"), &[("OBX-3", "coding-system")]);
    finds("OML-11", OUL, &obx("3A016^比^LOCAL^3A016^比^JC10", "F"), &[]);
    finds("OML-11", OUL, &obx("001^比^99LAB", "F"), &[]);
    finds("OML-11", OUL, &obx("001^比", "F"), &[("OBX-3", "coding-system-missing")]);
}

#[test]
fn lengths_are_those_of_the_table_with_its_relaxations() {
    let address = |text: &str| {
        let pid = PID.replace("|M\r", &format!("|M|||^^^^100-0001^JPN^H^{text}\r"));
        let path =
            "000/012/0000123/20260401/OMP-01/0000123_20260401_OMP-01_000000000012345_20260401093015123_01_1";
        let found = raw(path, &format!("{HEAD}{RDE}{TAIL}{pid}{}", prescription(RXE)));
        found.into_iter().map(|(place, detail, _)| place + &detail).collect::<Vec<_>>()
    };
    assert_eq!(address(&"丁".repeat(100)), [""; 0]);
    assert_eq!(address(&"丁".repeat(101)), ["PID-11.8≤ 100"]);
    finds("OMP-01", RDE, &prescription(&format!("{RXE}||||||||1234567890^TAB&錠&MR9P")), &[]);
    let long = prescription(&format!("{RXE}||||||||12345678901^TAB&錠&MR9P"));
    finds("OMP-01", RDE, &long, &[("RXE-19", "field-length")]);
}

#[test]
fn message_and_path_tell_the_same_patient_order_and_date() {
    let other = prescription(RXE).replace("000000000012345", "12346");
    finds("OMP-01", RDE, &other, &[("ORC-2", "order-number")]);
    let unpadded = prescription(RXE).replace("000000000012345", "12345");
    finds("OMP-01", RDE, &unpadded, &[]);
    let late = prescription(RXE).replace("|20260401", "|20260402");
    finds("OMP-01", RDE, &late, &[("ORC-9", "care-date")]);
    let path =
        "000/012/0000124/20260401/OMP-01/0000124_20260401_OMP-01_000000000012345_20260401093015123_01_1";
    let found = raw(path, &format!("{HEAD}{RDE}{TAIL}{PID}{}", prescription(RXE)));
    assert_eq!(found, [("PID-3".to_owned(), String::new(), "patient-id")]);
}

#[test]
fn a_child_order_has_a_number_of_its_own() {
    let part = |control: &str, number: &str, parent: &str| {
        let orc = format!("ORC|{control}|{number}||||||{parent}|20260401|||D1^架空\r");
        format!("{orc}TQ1|1||||||||R^^HL70485\rOBR||{number}||10^胸部^JJ1017\r")
    };
    let of = |child: &str| format!("PV1|1|O\r{}{child}", part("PA", "000000000012345", ""));
    let image = "OMG^O19^OMG_O19";
    finds("OMG-01", image, &of(&part("CH", "000000000012346", "")), &[]);
    finds("OMG-01", image, &of(&part("CA", "000000000012346", "000000000012345")), &[]);
    finds("OMG-01", image, &of(&part("CA", "000000000012346", "")), &[("ORC-2", "order-number")]);
}

#[test]
fn one_message_can_be_checked_without_its_file() {
    let text = format!("{HEAD}{RDE}{TAIL}{PID}{}", prescription(&RXE.replace("|1||TAB", "|||TAB")));
    let message = hl7v2::decode(text.as_bytes()).unwrap();
    let of = |data_type| check_message(&message, Subject { data_type, path: None });
    let codes = |data_type| of(data_type).iter().map(|finding| finding.rule.code).collect::<Vec<_>>();
    assert_eq!(codes("OMP-01"), ["field-missing"]);
    assert_eq!(codes("OML-11")[0], "message-type");
}

#[test]
fn the_name_is_held_against_its_path_and_table_53() {
    let text = format!("{HEAD}{RDE}{TAIL}{PID}{}", prescription(RXE));
    let codes = |path: &str| raw(path, &text).into_iter().map(|(.., code)| code).collect::<Vec<_>>();
    let path =
        "000/012/0000123/20260401/OMP-01/0000123_20260401_OMP-01_000000000012345_20260401093015123_01_1";
    assert_eq!(codes(path), [""; 0]);
    assert_eq!(codes(&path.replace("000/012", "000/013")), ["path-prefix"]);
    assert_eq!(codes(&path.replace("0000123_", "0000129_")), ["path-patient"]);
    assert_eq!(codes(&path.replace("_20260401_", "_20260402_")), ["path-date"]);
    assert_eq!(codes(&path.replace("_OMP-01_", "_OMP-02_")), ["path-data-type"]);
    assert_eq!(codes(&path.replace("_000000000012345_", "_12345_")), ["name-order"]);
    assert_eq!(codes(&path.replace("015123_", "015_")), ["name-time"]);
    assert_eq!(codes(&path.replace("_01_1", "_1")), ["name-department"]);
    assert_eq!(codes(&path.replace("/20260401/", "/-/").replace("_20260401_", "_-_")), ["date-folder"]);
    assert_eq!(codes(&path.replace("OMP-01", "OMP-09"))[0], "data-type-unknown");
}

#[test]
fn a_cancel_lies_in_a_deleted_file() {
    let pv1 = "PV1|1|I||||||||||||||||||||||||||||||||||||||||||20260401\r";
    finds("ADT-22", "ADT^A11^ADT_A09", pv1, &[("", "cancel-flag")]);
}

#[test]
fn bytes_are_terminated_encoded_and_declared_as_demanded() {
    let path =
        "000/012/0000123/20260401/OMP-01/0000123_20260401_OMP-01_000000000012345_20260401093015123_01_1";
    let text = format!("{HEAD}{RDE}{TAIL}{PID}{}", prescription(RXE));
    let codes =
        |text: &str| raw(path, text).into_iter().map(|(_, detail, code)| (code, detail)).collect::<Vec<_>>();
    let told = |code, detail: &str| (code, detail.to_owned());
    assert_eq!(codes(&text.replace('\r', "\n")), [told("terminator", "LF")]);
    assert_eq!(codes(&text.replace('\r', "\r\n")), [told("terminator", "CR LF")]);
    assert_eq!(codes(text.trim_end()), [told("terminator-last", "")]);
    assert_eq!(codes(&(text.clone() + "\u{1c}")), [told("file-frame", "")]);
    assert_eq!(codes(&(text.clone() + &text))[0].0, "file-messages");
    assert_eq!(codes(&text.replace("~ISO IR87", "~ISOIR87"))[0].0, "charset-declared");
    assert_eq!(
        codes(&text.replace("ISO 2022-1994", "ISO2022-1994")),
        [told("charset-handling", "ISO 2022-1994")]
    );
    assert_eq!(codes(&text.replace("|2.5|", "|2.4|")), [told("version", "2.5")]);
    assert_eq!(codes(&text.replace("|^~\\&|", "|^~\\%|"))[0], told("delimiters", "|^~\\&"));
    let utf8 = self::told(path, text.replace("~ISO IR87", "UNICODE UTF-8").as_bytes());
    assert_eq!(utf8[0].2, "charset");
    assert_eq!(self::told(path, b"")[0].2, "file-torn");
}

#[test]
fn characters_outside_of_jis_x_0208_are_told_with_their_field() {
    let path =
        "000/012/0000123/20260401/OMP-01/0000123_20260401_OMP-01_000000000012345_20260401093015123_01_1";
    let text = format!("{HEAD}{RDE}{TAIL}{PID}{}", prescription(RXE).replace('錠', "1"));
    let bytes = hl7v2::charset::encode(&text, hl7v2::charset::Charset::Iso2022Jp).unwrap();
    // NEC row 13: a one in a circle.
    let circled: Vec<u8> =
        String::from_utf8(bytes).unwrap().replace("620000001^1", "620000001^\x1b$B-!\x1b(B").into();
    assert_eq!(told(path, &circled), [("RXE-2".to_owned(), String::new(), "charset-repertoire")]);
}

#[test]
fn bytes_that_are_no_text_are_told_with_their_field() {
    let path =
        "000/012/0000123/20260401/OMP-01/0000123_20260401_OMP-01_000000000012345_20260401093015123_01_1";
    let text = format!("{HEAD}{RDE}{TAIL}{PID}{}", prescription(RXE));
    let bytes = hl7v2::charset::encode(&text, hl7v2::charset::Charset::Iso2022Jp).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let of = |from: &str, to: &str| told(path, text.replacen(from, to, 1).as_bytes());
    let open = of("\x1b(B^MR9P\r", "\r");
    assert_eq!(open[0], ("RXE-11".to_owned(), "shift-open-at-segment-end".to_owned(), "charset-bytes"));
    assert!(of("620000001^", "620000001^\u{e9}").iter().any(|(.., code)| *code == "charset-bytes"));
}

#[test]
fn findings_of_a_file_are_counted_and_bounded() {
    let obx: String = (0..2_000).map(|n| format!("OBX|{n}|NM|{n}^比^JC10||x||||||F\r")).collect();
    let path =
        "000/012/0000123/20260401/OML-11/0000123_20260401_OML-11_000000000012345_20260401093015123_01_1";
    let bytes = format!("{HEAD}{OUL}{TAIL}{}{}", PID.replace("架空^太郎", "A"), result(obx.trim_end()));
    let bytes = hl7v2::charset::encode(&bytes, hl7v2::charset::Charset::Iso2022Jp).unwrap();
    let findings = check_file(&StoragePath::parse(path).unwrap(), &bytes);
    let found = findings.iter().find(|finding| finding.rule.code == "value-form").unwrap();
    assert_eq!((found.count, found.occurrence), (2_000, 1));
    let local: String = (0..2_000).map(|n| format!("Z{:02}|{n}\r", n % 100)).collect();
    let many = format!("{HEAD}{OUL}{TAIL}{local}");
    assert!(check_file(&StoragePath::parse(path).unwrap(), many.as_bytes()).len() <= 501);
}

proptest! {
    #[test]
    fn any_bytes_are_checked(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let path = "000/012/0000123/20260401/OML-11/0000123_20260401_OML-11_1_20260401093015123_01_1";
        check_file(&StoragePath::parse(path).unwrap(), &bytes);
    }

    #[test]
    fn any_message_is_checked(
        kind in proptest::sample::select(crate::data_type::ALL),
        lines in proptest::collection::vec("(MSH|EVN|PID|PV1|ORC|OBR|OBX|SPM|RXE|TQ1|ZE1|AL1|[A-Z]{3}|患者番)[|^~&\\\\A-Z0-9.\"患 ]{0,60}", 0..12),
    ) {
        let (code, (family, event)) = (kind.code, kind.message);
        let path = format!("000/012/0000123/20260401/{code}/0000123_20260401_{code}_1_20260401093015123_01_1");
        let text = format!("{HEAD}{family}^{event}{TAIL}{}", lines.join("\r"));
        for finding in check_file(&StoragePath::parse(&path).unwrap(), text.as_bytes()) {
            prop_assert!(finding.count > 0 && !finding.place.to_string().contains('患'));
        }
    }
}
