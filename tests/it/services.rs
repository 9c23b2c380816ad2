//! The network's services over the demo region: what arrives where it must, and nothing where it must not.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;
use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::process::ToItsEnd;
use crate::support::{HubFolder, files_below, repository};

const CHUO: &str = "3210100018";
const KITA: &str = "3210200024";
const OKI: &str = "3210700019";
const HAMADA: &str = "3210500033";

/// The region, delivered once for all tests.
fn network() -> &'static HubFolder {
    static NETWORK: OnceLock<HubFolder> = OnceLock::new();
    NETWORK.get_or_init(|| {
        let hub = HubFolder::network();
        let (code, report) = hub.drain();
        assert_eq!((code, &report["conserved"]), (0, &json!(true)), "{report:#}");
        hub
    })
}

/// What a subscriber got: an empty list where it got nothing at all.
fn got(subscriber: &str) -> Vec<Value> {
    let hub = network();
    if hub.path("var/deliveries").join(subscriber).exists() { hub.delivered(subscriber) } else { Vec::new() }
}

/// The code of the sender.
fn source(event: &Value) -> &str {
    event["source"].as_str().unwrap().strip_prefix("urn:musubi:facility:").unwrap()
}

/// How many copies of each topic.
fn topics(subscriber: &str) -> BTreeMap<String, usize> {
    let mut topics = BTreeMap::new();
    for event in got(subscriber) {
        *topics.entry(event["topic"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    topics
}

#[track_caller]
fn assert_topics(subscriber: &str, expected: &[(&str, usize)]) {
    let expected: BTreeMap<_, _> = expected.iter().map(|(topic, n)| ((*topic).to_owned(), *n)).collect();
    assert_eq!(topics(subscriber), expected, "{subscriber}");
}

#[test]
fn every_service_delivers_to_whom_it_must() {
    assert_topics("chuo-referral", &[("referral.reply", 1)]);
    assert_topics("kita-referral", &[("referral.letter", 2)]);
    assert_topics("oki-referral", &[("referral.cancel", 1), ("referral.letter", 1)]);
    assert_topics("referral-desk", &[("referral.receipt", 3), ("referral.status", 6)]);
    assert_topics("kita-reading", &[("reading.done", 1), ("reading.order", 1), ("reading.request", 1)]);
    assert_topics("oki-reports", &[("reading.report", 1)]);
    assert_topics("kita-booking", &[("appointment.booked", 2), ("appointment.cancelled", 1)]);
    assert_topics("chuo-booking", &[("appointment.answer", 3)]);
    assert_topics("insurer-06320011", &[("checkup.archive", 1)]);
    assert_topics("nami-pharmacy", &[("pharmacy.prescription", 1)]);
    assert_topics("hidamari-care", &[("care.notice", 3), ("care.summary", 2)]);
    assert_topics(
        "tsubasa-nursing",
        &[("nursing.medication", 1), ("nursing.notice", 3), ("nursing.summary", 2)],
    );
    assert_topics("hamada-lab", &[("lab.order", 4)]);
    assert_topics("iwami-lab", &[("lab.order", 1)]);
    assert_topics("oki-lab", &[("lab.result", 1)]);
    assert_topics("nagisa-perinatal", &[("perinatal.record", 4)]);
    assert_topics("chuo-infection", &[("surveillance.task", 2)]);
    assert_topics("kita-infection", &[("surveillance.task", 2)]);
    assert_topics("tasks", &[("referral.letter", 1)]);
    for (subscriber, topic) in [
        ("kita-record", "record.diagnosis"),
        ("kita-record", "record.document"),
        ("kita-record", "record.image"),
        ("oki-record", "record.report"),
        ("oki-record", "checkup.result"),
        ("chuo-record", "record.result"),
        ("health-record", "phr.record"),
        ("kita-calendar", "meeting.invitation"),
        ("shinji-reading", "reading.request"),
    ] {
        assert!(topics(subscriber).contains_key(topic), "{subscriber}: no {topic}");
    }
}

/// Those whose card was shown at the sender, and who let the facility see their record; nobody else. 00084200 and
/// 00084207 withdrew their consent.
#[test]
fn records_come_from_those_who_consented_and_where_they_are_linked() {
    for (subscriber, expected) in [
        ("chuo-record", vec![(KITA, "00051143")]),
        ("kita-record", vec![(CHUO, "00084151"), (CHUO, "00084165"), (CHUO, "00084193"), (OKI, "00083806")]),
        (
            "oki-record",
            vec![(CHUO, "00084193"), (KITA, "00051143"), (KITA, "00051213"), (HAMADA, "00051262")],
        ),
        ("nagisa-perinatal", vec![(KITA, "00051178")]),
        ("health-record", vec![(CHUO, "00084158")]),
        ("nami-pharmacy", vec![(OKI, "00083806")]),
    ] {
        let events = got(subscriber);
        let known: BTreeSet<_> = events
            .iter()
            .map(|event| (source(event), event["subject"].as_str().unwrap_or_default()))
            .collect();
        let expected: BTreeSet<_> = expected.into_iter().collect();
        let stand_ins = |(_, id): &&(&str, &str)| id.len() == 8;
        let plain: BTreeSet<_> = known.iter().filter(stand_ins).copied().collect();
        assert_eq!(plain, expected, "{subscriber}");
    }
}

/// 松江 sent a depression among the diagnoses of 00051143: the patient's consent shows it to 出雲, not to 隠岐.
#[test]
fn what_is_sensitive_is_withheld_unless_the_consent_shows_it() {
    let says = |subscriber: &str| {
        let diagnoses = got(subscriber).into_iter().filter(|event| event["topic"] == "record.diagnosis");
        let of_matsue: Vec<_> = diagnoses.filter(|event| source(event) == KITA).collect();
        assert_eq!(of_matsue.len(), 2, "{subscriber}");
        of_matsue.iter().map(Value::to_string).collect::<String>()
    };
    let (izumo, oki) = (says("chuo-record"), says("oki-record"));
    assert!(izumo.contains("本態性高血圧症") && oki.contains("本態性高血圧症"));
    assert!(izumo.contains("F329"), "the consent shows it");
    assert!(!oki.contains("F329") && !oki.contains("うつ病"), "it was not withheld");
}

#[test]
fn a_notice_says_what_and_when_and_nobodys_name() {
    for subscriber in ["hidamari-care", "tsubasa-nursing"] {
        let notices: Vec<_> = got(subscriber)
            .into_iter()
            .filter(|event| event["topic"].as_str().unwrap().ends_with(".notice"))
            .collect();
        let happened: Vec<_> = notices.iter().map(|notice| notice["data"]["event"].clone()).collect();
        assert_eq!(happened, ["admission", "transfer", "discharge"], "{subscriber}");
        for notice in &notices {
            assert_eq!(notice["data"]["patient"], json!({ "at": "PID", "network_id": "329900000002" }));
            let text = notice.to_string();
            for word in ["縁結", "エンムスビ", "00084165", "1962"] {
                assert!(!text.contains(word), "{subscriber}: {word} left");
            }
        }
    }
}

#[test]
fn a_pharmacy_gets_what_is_dispensed_outside() {
    let [prescription] = &got("nami-pharmacy")[..] else { panic!("one prescription") };
    let text = prescription.to_string();
    assert!(text.contains("999000101"), "{text}");
    assert!(!text.contains("999000102") && !text.contains("999000103"), "{text}");
}

/// A letter has one addressee, and its bytes are the sender's.
#[test]
fn a_letter_goes_to_one_and_is_not_touched() {
    let mut addressees: BTreeMap<String, usize> = BTreeMap::new();
    for event in ["chuo-referral", "kita-referral", "oki-referral", "tasks"].into_iter().flat_map(got) {
        *addressees.entry(event["id"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    assert!(addressees.values().all(|count| *count == 1), "{addressees:?}");
    let file = repository().join("fixtures/region/izumo-chuo/hl7/101_ref_i12_to_matsue.hl7");
    let sent = fs::read(file).unwrap();
    let letters = got("kita-referral");
    let hash = blake3::hash(&sent).to_hex().to_string();
    let letter = letters.iter().find(|letter| letter["originhash"] == hash).unwrap();
    let arrived = STANDARD.decode(letter["data_base64"].as_str().unwrap()).unwrap();
    assert_eq!(arrived, sent);
    let receipts = got("referral-desk");
    let receipt = receipts
        .iter()
        .find(|event| event["data"]["event"] == letter["id"])
        .expect("it was told that it arrived");
    assert_eq!(receipt["data"]["hash"], hash);
}

#[test]
fn both_stores_hold_what_the_facilities_have() {
    let hub = network();
    let stored = |store: &str| -> BTreeMap<_, _> {
        let root = hub.path(store);
        let files = files_below(&root).into_iter().filter(|file| !file.starts_with(root.join(".musubi")));
        files.map(|file| (file.strip_prefix(&root).unwrap().to_owned(), fs::read(&file).unwrap())).collect()
    };
    let (near, far) = (stored("stores/near"), stored("stores/far"));
    assert!(near.len() > 250, "{}", near.len());
    assert!(near == far, "the stores differ");
    for (facility, feed) in [(CHUO, "izumo-chuo"), (KITA, "matsue-kita"), (OKI, "oki-kamome")] {
        let source = hub.path(&format!("fixtures/region/{feed}/standard"));
        let copy = hub.path(&format!("stores/far/{facility}/ssmix2"));
        let output = hub.run(&["verify-backup", source.to_str().unwrap(), copy.to_str().unwrap()]);
        assert!(output.status.success(), "{facility}: {}", String::from_utf8_lossy(&output.stdout));
    }
}

/// The sample subscriber reads a folder, passes repeats over, and takes every event once, in order.
#[test]
fn the_sample_subscriber_takes_every_notice_once() {
    let hub = network();
    let script = repository().join("samples/subscriber.py");
    let state = hub.path("sample-state.json");
    let read = || {
        let output = Command::new("python3")
            .arg(&script)
            .arg(hub.path("var/deliveries/hidamari-care"))
            .arg(&state)
            .to_its_end();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let first = read();
    assert_eq!(first.lines().count(), 5, "{first}");
    for word in ["care.notice admission", "care.notice discharge", "care.summary"] {
        assert!(first.contains(word), "{word}: {first}");
    }
    assert_eq!(read(), "", "nothing is new the second time");
}
