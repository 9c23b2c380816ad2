//! Archives of health check-ups, from a drop folder to the insurer.

use std::fs;
use std::io::{Cursor, Read, Write};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::support::{HubFolder, repository};

const NAME: &str = "3210500033_06320011_202611180_1.zip";
const FACILITY: &str = "3210500033";
const INSURER: &str = "insurer-06320011";

/// The archive of the case.
fn archive() -> Vec<u8> {
    fs::read(repository().join("fixtures/cases/checkup_archive/input")).unwrap()
}

/// The archive with texts exchanged in names and contents, and one more file.
fn changed(exchange: &[(&str, &str)], more: Option<(&str, &[u8])>) -> Vec<u8> {
    let mut from = zip::ZipArchive::new(Cursor::new(archive())).unwrap();
    let mut to = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let swap = |text: &str| exchange.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
    for number in 0..from.len() {
        let mut file = from.by_index(number).unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        to.start_file(swap(&file.name().unwrap()), options).unwrap();
        to.write_all(swap(&text).as_bytes()).unwrap();
    }
    if let Some((name, bytes)) = more {
        to.start_file(format!("{}/{name}", NAME.trim_end_matches(".zip")), options).unwrap();
        to.write_all(bytes).unwrap();
    }
    to.finish().unwrap().into_inner()
}

/// A hub with a drop folder of archives. `imaging` gets the event of every archive, the insurer its own archives.
fn hub() -> HubFolder {
    let hub = HubFolder::new();
    hub.checkup_feed("kenko", FACILITY, "drop");
    let routes = fs::read_to_string(hub.path("routes.toml")).unwrap();
    let all = "\n[[route]]\nname = \"all\"\ntopic = \"all\"\nto = [\"imaging\"]\nkinds = [\"checkup\"]\nbasis = \"addressed\"\n";
    hub.write("routes.toml", routes + all);
    hub
}

fn original(event: &Value) -> Vec<u8> {
    BASE64_STANDARD.decode(event["data_base64"].as_str().unwrap()).unwrap()
}

fn codes(event: &Value) -> Vec<&str> {
    let findings = event["data"]["findings"].as_array().unwrap().iter();
    findings.map(|finding| finding["code"].as_str().unwrap()).collect()
}

/// Why the one invalid message is so.
fn fault(hub: &HubFolder) -> Value {
    let output = hub.run(&["invalid", "--json"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    serde_json::from_str::<Value>(&text).unwrap()["fault"].clone()
}

#[test]
fn an_archive_reaches_its_insurer_byte_by_byte_and_no_other() {
    let hub = hub();
    hub.write(&format!("drop/{NAME}"), archive());
    let exchange = [("06320011", "06320029"), ("20261118", "20261119")];
    hub.write("drop/3210500033_06320029_202611190_1.zip", changed(&exchange, None));
    let (code, report) = hub.drain();
    assert_eq!((code, &report["conserved"]), (0, &json!(true)), "{report:#}");
    let arrived = hub.delivered(INSURER);
    assert_eq!(arrived.len(), 1);
    assert_eq!(arrived[0]["type"], "checkup.created.v1");
    assert_eq!(arrived[0]["datacontenttype"], "application/zip");
    assert_eq!(original(&arrived[0]), archive());
    let events = hub.delivered("imaging");
    let of = |insurer: &str| events.iter().find(|event| event["data"]["insurer"] == insurer).unwrap();
    let (one, other) = (of("06320011"), of("06320029"));
    assert_eq!((&one["data"]["records"], &one["data"]["date"]), (&json!(3), &json!("2026-11-18")));
    assert_eq!((&other["data"]["date"], codes(other)), (&json!("2026-11-19"), vec![]));
    assert_eq!(one["data"].get("patient"), None);
    // They have been taken, and are known.
    assert!(hub.path(&format!("drop/.done/{NAME}")).exists() && !hub.path(&format!("drop/{NAME}")).exists());
}

#[test]
fn a_name_that_comes_again() {
    let hub = hub();
    hub.write(&format!("drop/{NAME}"), archive());
    assert_eq!(hub.drain().0, 0);
    // The same once more is known, though the first was moved away.
    hub.write(&format!("drop/{NAME}"), archive());
    let (_, report) = hub.drain();
    assert_eq!(
        (&report["feeds"][0]["accepted"], &report["feeds"][0]["unchanged"]),
        (&json!(0), &json!(1)),
        "{report:#}"
    );
    // Another content is a later version, and said so.
    hub.write(&format!("drop/{NAME}"), changed(&[("身長", "身　長")], None));
    assert_eq!(hub.drain().0, 0);
    let events = hub.delivered("imaging");
    assert_eq!(events.len(), 2);
    assert_eq!((&events[0]["type"], codes(&events[0])), (&json!("checkup.created.v1"), vec![]));
    assert_eq!((&events[1]["type"], codes(&events[1])), (&json!("checkup.updated.v1"), vec!["name-again"]));
    assert_eq!(events[0]["recordkey"], events[1]["recordkey"]);
    assert_eq!(hub.delivered(INSURER).len(), 2);
}

/// Above 1 MiB the bytes do not travel with the message.
#[test]
fn a_large_archive_reaches_its_insurer_too() {
    let hub = hub();
    let large = changed(&[], Some(("XSD/hc08_V08.xsd", &vec![b'x'; 3 << 20])));
    hub.write(&format!("drop/{NAME}"), &large);
    let (code, report) = hub.drain();
    assert_eq!((code, &report["conserved"]), (0, &json!(true)), "{report:#}");
    assert!(original(&hub.delivered(INSURER)[0]) == large);
    assert_eq!(hub.drain().1["feeds"][0]["accepted"], 0);
}

#[test]
fn what_makes_no_sense_is_kept_apart_with_its_reason() {
    let lacking = changed(&[("totalRecordCount value=\"3\"", "totalRecordCount value=\"4\"")], None);
    let whole = archive();
    for (bytes, code, place) in [
        (lacking, "count-differs", "ix08_V08.xml"),
        (whole[..whole.len() - 1].to_vec(), "torn", "archive"),
        (
            changed(&[("extension=\"3210500033\"", "extension=\"3210100018\"")], None),
            "other-sender",
            "ix08_V08.xml",
        ),
        (b"MSH|^~\\&|".to_vec(), "torn", "archive"),
    ] {
        let hub = hub();
        hub.write(&format!("drop/{NAME}"), &bytes);
        let (exit, report) = hub.drain();
        assert_eq!((exit, &report["feeds"][0]["invalid"]), (0, &json!(1)), "{report:#}");
        let fault = fault(&hub);
        assert_eq!((&fault["code"], &fault["place"]), (&json!(code), &json!(place)));
        assert_eq!(hub.delivered(INSURER).len(), 0);
    }
}

#[test]
fn an_archive_of_another_facility_is_carried_and_said_so() {
    let hub = hub();
    hub.checkup_feed("kenko", "3210100018", "drop");
    hub.write(&format!("drop/{NAME}"), archive());
    assert_eq!(hub.drain().0, 0);
    assert_eq!(codes(&hub.delivered("imaging")[0]), ["other-facility"]);
}

#[test]
fn inspect_shows_index_counts_event_and_recipients() {
    let hub = hub();
    hub.write(&format!("drop/{NAME}"), archive());
    let path = hub.path(&format!("drop/{NAME}"));
    let output = hub.run(&["inspect", path.to_str().unwrap()]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}");
    for part in [
        "feed: kenko (3210500033)",
        "ix08 receiver    06320011",
        "ix08 totalRecordCount 3",
        "found DATA       3",
        "event: checkup.created.v1",
        "insurer-06320011 yes",
    ] {
        assert!(text.contains(part), "no {part:?} in:\n{text}");
    }
    let bytes = archive();
    hub.write("half.zip", &bytes[..bytes.len() / 2]);
    let output = hub.run(&["inspect", hub.path("half.zip").to_str().unwrap(), "--json"]);
    let seen: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &seen["refused"]["code"]), (Some(65), &json!("torn")));
}
