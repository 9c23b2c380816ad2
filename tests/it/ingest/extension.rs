//! Content folders of an extension storage: each one version, with all that is in it.

use musubi::envelope::Format;
use musubi::ingest::Extension;
use musubi::manifest::Manifest;

use super::*;

pub(super) const NOTES: &str = "L12345^入院診療録^99ZZZ^11506-3^経過記録^LN";

pub(super) fn hub() -> Hub {
    Hub::new(|storage| {
        let documents = [("L-VITALS".to_owned(), "8716-3".to_owned())].into();
        let transaction = Some(storage.path("announced"));
        let extension = Extension { root: storage.path("extension"), transaction, documents };
        fs::create_dir(storage.path("extension")).unwrap();
        fs::create_dir_all(storage.path("announced/2026")).unwrap();
        match ssmix2(storage, false) {
            Source::Ssmix2 { standard, transaction, settle, incomplete_limit, poll, .. } => {
                let extension = Some(extension);
                Source::Ssmix2 {
                    standard,
                    transaction,
                    index: None,
                    extension,
                    settle,
                    incomplete_limit,
                    poll,
                }
            }
            other => other,
        }
    })
}

/// Path of a content folder.
pub(super) fn folder(data_type: &str, key: &str, time: &str, flag: u8) -> String {
    let code = data_type.split('^').next().unwrap();
    format!("extension/000/012/0000123/20260401/{data_type}/0000123_20260401_{code}_{key}_{time}_01_{flag}")
}

impl Hub {
    /// What was accepted, as `<key><change>`, `!` and the code of a fault.
    fn documents(&self) -> Vec<String> {
        let all = self.broker.all(&topology::ingest());
        let documents = all.iter().filter(|delivery| delivery.envelope.format == Format::Document);
        documents
            .map(|delivery| {
                let envelope = &delivery.envelope;
                let key = envelope.key.0.rsplit('_').next().unwrap();
                let fault = envelope.fault.as_ref().map(|fault| format!("!{}", fault.code));
                format!("{key}{}{}", sign(envelope.change), fault.unwrap_or_default())
            })
            .collect()
    }

    fn last_manifest(&self) -> Manifest {
        let last = self.broker.all(&topology::ingest()).pop().unwrap();
        Manifest::from_bytes(&last.body).unwrap()
    }

    async fn settle(&mut self) {
        self.wait(4);
        self.drain().await;
    }
}

#[tokio::test]
async fn a_folder_is_one_document_with_all_its_files() {
    let mut hub = hub();
    let path = folder(NOTES, "7", "20260401090000000", 1);
    hub.storage.write(&format!("{path}/main_document.xml"), b"<?xml version=\"1.0\"?><a/>");
    hub.storage.write(&format!("{path}/images/one.jpg"), b"\xff\xd8\xff\xe0");
    hub.settle().await;
    assert_eq!(hub.documents(), ["7+"]);
    let all = hub.broker.all(&topology::ingest());
    let envelope = &all[0].envelope;
    assert_eq!(envelope.data_type.as_deref(), Some("11506-3"));
    assert_eq!((envelope.patient.0.as_str(), envelope.version.as_str()), ("0000123", "20260401090000000"));
    assert!(envelope.findings.is_empty(), "{:?}", envelope.findings);
    let manifest = hub.last_manifest();
    assert_eq!(manifest.data_type, NOTES);
    assert!(path.ends_with(&manifest.folder.0));
    let files =
        manifest.files.iter().map(|file| (file.path.0.as_str(), file.bytes, file.media_type.as_str()));
    assert_eq!(
        files.collect::<Vec<_>>(),
        [("images/one.jpg", 4, "image/jpeg"), ("main_document.xml", 25, "application/xml")]
    );
    let claims = Claims::new(hub.claims.path().to_owned());
    assert_eq!(claims.read(&manifest.files[0].claim(), 99).unwrap(), b"\xff\xd8\xff\xe0");
    let counts = hub.counts();
    assert_eq!((counts.files(), counts.accepted(), counts.unchanged()), (1, 1, 0));
    hub.feed = None;
    hub.settle().await;
    let counts = hub.counts();
    assert_eq!((counts.files(), counts.accepted(), counts.unchanged()), (1, 0, 1));
}

#[tokio::test]
async fn versions_of_a_document() {
    let mut hub = hub();
    let first = folder(NOTES, "7", "20260401090000000", 1);
    hub.storage.write(&format!("{first}/a.pdf"), b"%PDF-1");
    hub.storage.write(&format!("{}/a.pdf", folder(NOTES, "8", "20260401090000001", 1)), b"%PDF-8");
    hub.settle().await;
    hub.storage.reflag(&first, 2);
    let second = folder(NOTES, "7", "20260401100000000", 1);
    hub.storage.write(&format!("{second}/a.pdf"), b"%PDF-2");
    hub.settle().await;
    // A file more, in a folder that has its name already.
    hub.storage.write(&format!("{second}/b.pdf"), b"%PDF-3");
    hub.settle().await;
    hub.storage.reflag(&second, 0);
    hub.settle().await;
    hub.feed = None;
    hub.settle().await;
    assert_eq!(hub.documents(), ["7+", "8+", "7~", "7~", "7-"]);
}

#[tokio::test]
async fn two_keys_that_end_alike_are_two_documents() {
    let mut hub = hub();
    hub.storage.write(&format!("{}/a.pdf", folder(NOTES, "a_1", "20260401090000000", 1)), b"%PDF-1");
    hub.storage.write(&format!("{}/a.pdf", folder(NOTES, "b_1", "20260401090000001", 1)), b"%PDF-1");
    hub.settle().await;
    assert_eq!(hub.documents(), ["1+", "1+"]);
    let all = hub.broker.all(&topology::ingest());
    assert_ne!(all[0].envelope.key, all[1].envelope.key);
}

#[tokio::test]
async fn a_folder_is_waited_for_until_all_in_it_stands_still() {
    let mut hub = hub();
    let path = folder(NOTES, "7", "20260401090000000", 1);
    hub.storage.write(&format!("{path}/a.pdf"), b"%PDF-1");
    for round in 0..3 {
        hub.wait(2);
        hub.storage.write(&format!("{path}/deep/{round}.pdf"), b"%PDF-");
        assert_eq!(hub.pass().await.unwrap(), Pace::Waiting);
    }
    hub.wait(2);
    hub.storage.write(&format!("{path}/deep/0.pdf"), b"%PDF-0 and more");
    assert_eq!(hub.pass().await.unwrap(), Pace::Waiting);
    assert!(hub.documents().is_empty());
    hub.settle().await;
    assert_eq!(hub.documents(), ["7+"]);
    assert_eq!(hub.last_manifest().files.len(), 4);
}

#[tokio::test]
async fn an_empty_folder_is_given_up_and_counts_as_new_once_it_is_whole() {
    let mut hub = hub();
    let path = folder(NOTES, "7", "20260401090000000", 1);
    hub.storage.write(&format!("{path}/.part"), b"");
    hub.wait(5);
    assert_eq!(hub.pass().await.unwrap(), Pace::Waiting);
    hub.drain().await;
    assert_eq!(hub.documents(), ["7+!content-folder-empty"]);
    hub.storage.write(&format!("{path}/a.pdf"), b"%PDF-1");
    hub.settle().await;
    assert_eq!(hub.documents(), ["7+!content-folder-empty", "7+"]);
}

#[tokio::test]
async fn what_is_no_file_is_told_and_not_followed() {
    let mut hub = hub();
    let path = folder(NOTES, "7", "20260401090000000", 1);
    hub.storage.write(&format!("{path}/a.pdf"), b"%PDF-1");
    std::os::unix::fs::symlink("/etc/passwd", hub.storage.path(&format!("{path}/link.pdf"))).unwrap();
    hub.storage.write(&format!("{path}/b.pdf"), b"%PDF-1");
    hub.settle().await;
    let all = hub.broker.all(&topology::ingest());
    assert_eq!(hub.last_manifest().files.len(), 2);
    assert!(all[0].envelope.findings.iter().any(|finding| finding.code == "not-a-file"));
}

#[tokio::test]
async fn odd_names_are_carried_and_local_codes_are_mapped() {
    let mut hub = hub();
    hub.storage.write("extension/000/012/0000123/20260401/L-VITALS^生体情報^99Z/memo_1/a.txt", b"x");
    hub.storage.write(
        "extension/000/012/0000123/20260401/L-VITALS^生体情報^99Z/0000124_20260401_L-VITALS_9_202604010900000_1/main_document.hl7",
        b"MSH|^~\\&|",
    );
    hub.settle().await;
    let mut documents = hub.documents();
    documents.sort();
    assert_eq!(documents, ["1+!file-name", "9+"]);
    let all = hub.broker.all(&topology::ingest());
    let whole = all.iter().find(|delivery| delivery.envelope.fault.is_none()).unwrap();
    assert_eq!(whole.envelope.data_type.as_deref(), Some("8716-3"));
    assert!(whole.envelope.findings.iter().any(|finding| finding.code == "path-patient"));
    let manifest = Manifest::from_bytes(&whole.body).unwrap();
    assert_eq!(manifest.mapped_code.as_deref(), Some("8716-3"));
    assert_eq!(manifest.files[0].media_type, "application/hl7-v2");
}

#[tokio::test]
async fn crash_after_any_step_takes_each_once() {
    for steps in 0..14 {
        let mut hub = hub();
        for (at, key) in ["1", "2", "3"].into_iter().enumerate() {
            let path = folder(NOTES, key, &format!("2026040109000000{at}"), 1);
            hub.storage.write(&format!("{path}/a.pdf"), format!("%PDF-{key}").as_bytes());
        }
        hub.wait(4);
        hub.fuse.set(Some(steps));
        let _crashed = hub.pass().await.is_err();
        hub.fuse.set(None);
        hub.feed = None;
        hub.kv.crash(|_| 0);
        hub.settle().await;
        let mut documents = hub.documents();
        documents.sort();
        assert_eq!(documents, ["1+", "2+", "3+"], "crash after {steps} steps");
    }
}

const LOG: &str = "announced/2026/TR_20260401000000000_00001.DAT";

fn record(operation: &str, data_type: &str, key: &str, time: &str) -> String {
    format!("#SSMIX,2.00,3210100018,0000123,20260401,{data_type},{key},{operation},01,{time}\r\n")
}

#[tokio::test]
async fn a_record_withdraws_a_document_whatever_its_folder_is_called() {
    for (data_type, restart) in [(NOTES, false), ("11506-3", false), ("L12345", true), (NOTES, true)] {
        let mut hub = hub();
        let path = folder(NOTES, "7", "20260401090000000", 1);
        hub.storage.write(&format!("{path}/a.pdf"), b"%PDF-1");
        hub.storage.write(&format!("{}/a.pdf", folder(NOTES, "8", "20260401090000001", 1)), b"%PDF-8");
        hub.settle().await;
        // Older than what lies there, and torn within its header line.
        hub.storage.append(LOG, record("DEL", data_type, "7", "20260301090000000").as_bytes());
        let text = record("DEL", data_type, "7", "20260401100000000");
        let (head, tail) = text.split_at(30);
        hub.storage.append(LOG, head.as_bytes());
        hub.settle().await;
        assert_eq!(hub.documents(), ["7+", "8+"]);
        hub.storage.append(LOG, tail.as_bytes());
        hub.settle().await;
        assert_eq!(hub.documents(), ["7+", "8+", "7-"], "{data_type}");
        if restart {
            hub.feed = None;
            hub.kv.crash(|_| 0);
        }
        hub.settle().await;
        hub.storage.reflag(&path, 0);
        hub.settle().await;
        // The rename is no deletion any more: it is told as history, for copies of the storage.
        assert_eq!(hub.documents(), ["7+", "8+", "7-", "7."], "{data_type}");
        let next = folder(NOTES, "7", "20260401110000000", 1);
        hub.storage.write(&format!("{next}/a.pdf"), b"%PDF-2");
        hub.settle().await;
        assert_eq!(hub.documents(), ["7+", "8+", "7-", "7.", "7~"], "{data_type}");
    }
}

#[tokio::test]
async fn a_record_makes_the_hub_look_into_an_old_folder() {
    for has_record in [false, true] {
        let mut hub = hub();
        let path = folder(NOTES, "7", "20260401090000000", 1);
        hub.storage.write(&format!("{path}/a.pdf"), b"%PDF-1");
        hub.settle().await;
        hub.wait(5 * 24 * 3600);
        hub.drain().await;
        if has_record {
            hub.storage.append(LOG, record("INS", NOTES, "7", "20260401090000000").as_bytes());
        }
        // Changed in place: no folder above tells of it.
        let full = hub.storage.path(&format!("{path}/a.pdf"));
        let time = fs::metadata(&full).unwrap().modified().unwrap();
        fs::write(&full, b"%PDF-1 corrected").unwrap();
        fs::File::open(&full).unwrap().set_modified(time + Duration::from_secs(9)).unwrap();
        hub.settle().await;
        let expected: &[&str] = if has_record { &["7+", "7~"] } else { &["7+"] };
        assert_eq!(hub.documents(), expected);
    }
}

#[tokio::test]
async fn crash_after_any_step_withdraws_once() {
    for steps in 0..14 {
        let mut hub = hub();
        let path = folder(NOTES, "7", "20260401090000000", 1);
        hub.storage.write(&format!("{path}/a.pdf"), b"%PDF-1");
        hub.settle().await;
        hub.storage.append(LOG, record("DEL", NOTES, "7", "20260401100000000").as_bytes());
        hub.wait(4);
        hub.fuse.set(Some(steps));
        let _crashed = hub.pass().await.is_err();
        hub.fuse.set(None);
        hub.feed = None;
        hub.kv.crash(|_| 0);
        hub.settle().await;
        hub.settle().await;
        assert_eq!(hub.documents(), ["7+", "7-"], "crash after {steps} steps");
    }
}

#[tokio::test]
async fn a_folder_with_too_much_in_it_is_told_and_needs_no_end_of_time() {
    let mut hub = hub();
    let path = folder(NOTES, "7", "20260401090000000", 1);
    hub.storage.write(&format!("{path}/a.pdf"), b"%PDF-1");
    let full = hub.storage.path(&path);
    for file in 0..10_001 {
        fs::write(full.join(format!("{file}.txt")), b"").unwrap();
    }
    hub.wait(60);
    // What was written now is far in the future of the test's clock: the hub's own clock counts.
    hub.drain().await;
    assert_eq!(hub.documents(), ["7+!content-folder-too-large"]);
    let deep = format!("{}/{}", folder(NOTES, "8", "20260401090000001", 1), vec!["d"; 17].join("/"));
    hub.storage.write(&format!("{deep}/a.pdf"), b"%PDF-1");
    hub.wait(60);
    hub.drain().await;
    assert_eq!(hub.documents().last().unwrap(), "8+!content-folder-too-large");
}

#[tokio::test]
async fn a_folder_that_goes_while_it_is_waited_for_is_no_document() {
    let mut hub = hub();
    let path = folder(NOTES, "7", "20260401090000000", 1);
    hub.storage.write(&format!("{path}/a.pdf"), b"%PDF-1");
    hub.wait(4);
    hub.storage.write(&format!("{path}/b.pdf"), b"%PDF-2");
    assert_eq!(hub.pass().await.unwrap(), Pace::Waiting);
    fs::remove_dir_all(hub.storage.path(&path)).unwrap();
    hub.settle().await;
    assert!(hub.documents().is_empty());
}
