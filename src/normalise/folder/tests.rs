//! A manifest and a main document in, values of the event out.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::canonical::schema;
use crate::decode::{NativeMessage, Raw, decode};
use crate::envelope::{Change, Format, Identifying};
use crate::manifest::{Manifest, ManifestFile, XML};
use crate::normalise::normalise;

const NOTES: &str = "L12345^入院診療録^99ZZZ^11506-3^経過記録^LN";
const LOCAL: &str = "L12345^入院診療録^99ZZZ";

fn manifest(data_type: &str, mapped: Option<&str>, files: &[(&str, &str)]) -> Manifest {
    let code = data_type.split('^').next().unwrap();
    let files = files.iter().map(|(path, media_type)| ManifestFile {
        path: Identifying((*path).to_owned()),
        bytes: 7,
        hash: "0".repeat(64),
        media_type: (*media_type).to_owned(),
    });
    Manifest {
        data_type: data_type.to_owned(),
        mapped_code: mapped.map(str::to_owned),
        folder: Identifying(format!("0000123_20260401_{code}_a_7_202604010930151_1")),
        files: files.collect(),
    }
}

fn event(manifest: &Manifest, main: Option<&[u8]>) -> Result<Value, Fault> {
    let body = manifest.to_bytes();
    let message = decode(Raw { format: Format::Document, body: &body, main, name: "" })?;
    let zone = TimeZone::get("Asia/Tokyo").unwrap();
    let source = Source {
        data_type: Some("11506-3"),
        patient: "0000123",
        order: None,
        facility: "3210100018",
        change: Change::Created,
        zone: &zone,
    };
    let event = normalise(&message, &source)?;
    let value = serde_json::to_value(&event).unwrap();
    let validator = jsonschema::validator_for(&schema(event.content.kind())).unwrap();
    let errors: Vec<_> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?} in {value:#}");
    Ok(value)
}

fn cda(inside: &str) -> String {
    format!("<?xml version=\"1.0\"?><ClinicalDocument xmlns=\"urn:hl7-org:v3\">{inside}</ClinicalDocument>")
}

fn codes(event: &Value) -> Vec<&str> {
    event["findings"].as_array().unwrap().iter().map(|finding| finding["code"].as_str().unwrap()).collect()
}

const MAIN: &[(&str, &str)] = &[("main_document.xml", XML)];

#[test]
fn a_folder_without_a_main_document() {
    let pages = [("a/1.pdf", "application/pdf"), ("a/2.pdf", "application/pdf")];
    let event = event(&manifest(NOTES, None, &pages), None).unwrap();
    assert_eq!(event["patient"], json!({"at": "DIR", "id": "0000123", "names": []}));
    assert_eq!(event["code"]["code"], "11506-3");
    assert_eq!(event["code"]["local"]["code"], "L12345");
    assert_eq!(event["code"]["local"]["facility"], "3210100018");
    assert_eq!((&event["id"], &event["title"]), (&json!("a_7"), &json!("経過記録")));
    assert_eq!(event["created_at"], "2026-04-01T09:30:15.1+09:00");
    assert_eq!(event["files"][1]["path"], "a/2.pdf");
    assert_eq!(event["files"][1]["main"], false);
    assert_eq!(codes(&event), [""; 0]);
}

#[test]
fn the_code_is_the_standards_else_the_mapped_one_else_the_documents() {
    let text =
        cda("<code code=\"18842-5\" codeSystem=\"2.16.840.1.113883.6.1\" displayName=\"退院時サマリー\"/>");
    let code = |data_type, mapped| {
        let event = event(&manifest(data_type, mapped, MAIN), Some(text.as_bytes())).unwrap();
        (
            event["code"]["code"].as_str().unwrap().to_owned(),
            event["code"]["system"].as_str().unwrap().to_owned(),
        )
    };
    assert_eq!(code(NOTES, Some("57133-1")), ("11506-3".to_owned(), "LN".to_owned()));
    assert_eq!(code(LOCAL, Some("34112-3")), ("34112-3".to_owned(), "LN".to_owned()));
    assert_eq!(code(LOCAL, None), ("18842-5".to_owned(), "LN".to_owned()));
}

#[test]
fn letters_of_referral() {
    let letter = cda("<code code=\"MD0020730\" codeSystem=\"1.2.392.200119.5.3.1\"/>");
    let of = |manifest: &Manifest, main: Option<&[u8]>| {
        let event = event(manifest, main).unwrap();
        event.get("document").is_some()
    };
    assert!(of(&manifest("^紹介状^^57133-1^診療情報提供書^LN", None, &[("a.pdf", "application/pdf")]), None));
    assert!(of(&manifest(LOCAL, Some("57133-1"), &[]), None));
    assert!(of(&manifest(LOCAL, None, MAIN), Some(letter.as_bytes())));
    assert!(!of(&manifest(LOCAL, None, MAIN), Some(cda("").as_bytes())));
}

#[test]
fn the_path_says_who_it_is() {
    let patient = |id: &str| {
        let text = cda(&format!(
            "<recordTarget><patientRole><id root=\"1.2\" extension=\"{id}\"/><patient><birthTime value=\"1960\"/></patient></patientRole></recordTarget>"
        ));
        event(&manifest(NOTES, None, MAIN), Some(text.as_bytes())).unwrap()
    };
    let same = patient("123");
    assert_eq!((&same["patient"]["id"], &same["patient"]["birth_date"]), (&json!("0000123"), &json!("1960")));
    assert_eq!(codes(&same), [""; 0]);
    let other = patient("0000124");
    assert_eq!(other["patient"]["id"], "0000123");
    assert_eq!(codes(&other), ["patient-id-differs"]);
}

#[test]
fn files_that_are_missing_are_told() {
    let media = |reference: &str| {
        let text = cda(&format!(
            "<component><structuredBody><component><section><entry><observationMedia><value mediaType=\"application/pdf\"><reference value=\"{reference}\"/></value></observationMedia></entry></section></component></structuredBody></component>"
        ));
        let files = [("main_document.xml", XML), ("images/a.pdf", "application/pdf")];
        codes(&event(&manifest(NOTES, None, &files), Some(text.as_bytes())).unwrap()).join(" ")
    };
    assert_eq!(media("images/a.pdf"), "");
    assert_eq!(media("./a.pdf"), "");
    assert_eq!(media("b.pdf"), "attachment-missing");
    assert_eq!(media("https://example.org/b.pdf"), "");
}

#[test]
fn vital_signs() {
    let text = "MSH|^~\\&|V|K|G|K|20260401070000||ORU^R30|1|P|2.5||||||UNICODE UTF-8\rPID|1||0000123^^^^PI||架空^太郎\rOBX|1|NM|8310-5^体温^LN||36.8|Cel|||||F\rZZZ|x\r";
    let files = [("main_document.hl7", "application/hl7-v2")];
    let event = event(&manifest(LOCAL, Some("8716-3"), &files), Some(text.as_bytes())).unwrap();
    assert_eq!(event["observations"][0]["value"]["number"], 36.8);
    assert_eq!(event["patient"]["names"][0]["family"], "架空");
    assert_eq!(event["unmapped"]["ZZZ-1"], "x");
    assert_eq!(event["message"]["type"], "ORU^R30");
}

#[test]
fn what_can_not_be_read_is_carried() {
    let main = manifest(NOTES, None, MAIN);
    assert_eq!(codes(&event(&main, Some(b"<!DOCTYPE a><a/>")).unwrap()), ["xml-doctype"]);
    assert_eq!(codes(&event(&main, None).unwrap()), ["main-document-too-large"]);
    let hl7 = manifest(NOTES, None, &[("main_document.hl7", "application/hl7-v2")]);
    assert_eq!(codes(&event(&hl7, Some(b"nothing")).unwrap()).len(), 1);
    let body = decode(Raw { format: Format::Document, body: b"{}", main: None, name: "" });
    assert!(matches!(body, Err(fault) if fault.code == "manifest"));
    let message =
        decode(Raw { format: Format::Document, body: &main.to_bytes(), main: None, name: "" }).unwrap();
    assert!(matches!(message, NativeMessage::Document(_)));
}

proptest! {
    #[test]
    fn any_document_is_read(data_type in "[A-Z0-9^患-]{0,20}", folder in "[0-9A-Z_-]{0,40}", main in proptest::option::of(".{0,80}"), path in "[a-z._/]{0,20}") {
        let mut manifest = manifest(&data_type, None, &[(path.as_str(), XML)]);
        manifest.folder = Identifying(folder);
        prop_assert!(event(&manifest, main.as_ref().map(|text| text.as_bytes())).is_ok());
    }
}
