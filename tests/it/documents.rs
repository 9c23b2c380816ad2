//! Documents of an extension storage, from the folder to the subscriber: the built binary.

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use crate::support::{HubFolder, files_below};

const NOTES: &str = "L12345^入院診療録^99ZZZ^11506-3^経過記録^LN";

fn hub() -> HubFolder {
    let hub = HubFolder::new();
    for folder in ["standard", "extension"] {
        fs::create_dir(hub.path(folder)).unwrap();
    }
    hub.ssmix2_feed("izumo", "3210100018", "standard\"\nextension = \"extension");
    hub
}

fn folder(data_type: &str, key: &str) -> String {
    let code = data_type.split('^').next().unwrap();
    format!(
        "extension/000/012/0000123/20260401/{data_type}/0000123_20260401_{code}_{key}_20260401090000000_01_1"
    )
}

fn codes(event: &Value) -> Vec<&str> {
    event["data"]["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["code"].as_str().unwrap())
        .collect()
}

#[test]
fn a_document_of_the_region_arrives_with_its_files() {
    let hub = crate::run::region();
    let (code, report) = hub.drain();
    assert_eq!(code, 0, "{report:#}");
    let events = hub.delivered("referral");
    let letters: Vec<_> = events.iter().filter(|event| event["topic"] == "referral.letter").collect();
    assert_eq!(letters.iter().filter(|event| event["type"] == "document.created.v1").count(), 3);
    let has_files = |event: &&&Value| event["data"]["document"]["files"].is_array();
    let mut referrals =
        letters.iter().filter(|event| event["type"] == "referral.created.v1").filter(has_files);
    let (referral, another) = (&referrals.next().unwrap()["data"], referrals.next());
    assert_eq!(another, None);
    assert_eq!(referral["to"][0]["facility"], "3210200024");
    assert_eq!(referral["from"]["facility"], "3210100018");
    assert_eq!(referral["reason"], "胸部異常陰影の精査をお願いします。(架空)");
    assert_eq!(referral["findings"], serde_json::json!([]));
    let files = referral["document"]["files"].as_array().unwrap();
    assert_eq!(files.iter().map(|file| file["main"].as_bool().unwrap()).collect::<Vec<_>>(), [false, true]);
    let pdf = hub.run(&["claim", files[0]["hash"].as_str().unwrap()]);
    assert!(
        pdf.stdout.starts_with(b"%PDF-1.4") && pdf.stdout.len() as u64 == files[0]["bytes"].as_u64().unwrap()
    );
}

#[test]
fn hostile_and_broken_documents_are_carried_with_their_files() {
    let hub = hub();
    let bomb = "<?xml version=\"1.0\"?>\n<!DOCTYPE a [<!ENTITY b \"secret\">]>\n<a>&b;</a>";
    hub.write(&format!("{}/main_document.xml", folder(NOTES, "1")), bomb);
    hub.write(&format!("{}/main_document.xml", folder(NOTES, "2")), "<?xml version=\"1.0\"?><a><b></a>");
    hub.write(&format!("{}/main_document.hl7", folder(NOTES, "3")), "MSH|^~\\&");
    hub.write(&format!("{}/page.pdf", folder(NOTES, "4")), "%PDF-1.4");
    hub.write(&format!("{}/main_document.xml", folder(NOTES, "5")), "<?xml version=\"1.0\"?><mml/>");
    let (code, report) = hub.drain();
    assert_eq!((code, report["feeds"][0]["invalid"].as_u64()), (0, Some(0)), "{report:#}");
    let events = hub.delivered("referral");
    let of = |key: &str| events.iter().find(|event| event["data"]["id"] == key).unwrap();
    assert_eq!(codes(of("1")), ["xml-doctype"]);
    assert_eq!(of("1")["data"]["findings"][0]["place"], "main document, line 2, column 1");
    assert_eq!(codes(of("2")), ["xml-malformed"]);
    assert_eq!(codes(of("3")).len(), 1);
    assert_eq!(codes(of("4")), [""; 0]);
    assert_eq!(codes(of("5")), ["not-cda"]);
    for event in &events {
        assert_eq!(event["data"]["code"]["code"], "11506-3");
        assert_eq!(event["data"]["patient"]["id"], "0000123");
        assert_eq!(event["data"]["files"].as_array().unwrap().len(), 1);
    }
    assert!(!events.iter().any(|event| event.to_string().contains("secret")));
}

#[test]
fn a_file_of_300_megabytes_needs_no_more_memory_than_a_small_one() {
    const BYTES: u64 = 300 << 20;
    let hub = hub();
    hub.write(&format!("{}/video.mp4", folder(NOTES, "1")), b"\0\0\0\x18ftypmp42");
    let mut video =
        File::options().write(true).open(hub.path(&format!("{}/video.mp4", folder(NOTES, "1")))).unwrap();
    video.seek(SeekFrom::Start(BYTES - 1)).unwrap();
    video.write_all(&[7]).unwrap();
    let mut child = hub.start(&["run"]);
    let deliveries = hub.path("var/deliveries/referral");
    let mut rounds = 0;
    while !(deliveries.exists()
        && !files_below(&deliveries).is_empty()
        && !hub.delivered("referral").is_empty())
    {
        rounds += 1;
        assert!(rounds < 1_200, "never delivered");
        sleep(Duration::from_millis(100));
    }
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kilobytes: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(kilobytes < 150_000, "{kilobytes} kB at its peak");
    let file = &hub.delivered("referral")[0]["data"]["files"][0];
    assert_eq!((file["bytes"].as_u64(), file["media_type"].as_str()), (Some(BYTES), Some("video/mp4")));
}
