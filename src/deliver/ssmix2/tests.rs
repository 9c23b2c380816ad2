use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::envelope::{Change, Envelope, Identifying, ORIGINAL, Origin, Piece, Routed, Stored};
use crate::manifest::{Manifest, ManifestFile};

const FOLDER: &str = "000/012/0000123/20260401/OML-11";

fn copy(stored: Option<Stored>, body: &str) -> Delivery {
    let origin = Origin { feed: "f".into(), file: Identifying::default(), offset: 0, hash: String::new() };
    let routed = Routed {
        event_type: "lab-result.created.v1".into(),
        topic: "t".into(),
        route: "r".into(),
        basis: "entrusted".into(),
        grounds: Vec::new(),
        disclosure: None,
        media_type: ORIGINAL.into(),
        receipt: None,
        place: None,
        replay: None,
    };
    let envelope = Envelope {
        id: "ab12".into(),
        facility: "3210100018".into(),
        patient: Identifying("0000123".into()),
        data_type: None,
        change: Change::Created,
        key: Identifying("ssmix2/0000123/20260401/OML-11/7".into()),
        version: String::new(),
        origin,
        stored,
        accepted_at: String::new(),
        format: Format::Hl7v2,
        claim: None,
        join: None,
        event: Some(routed),
        fault: None,
        findings: Vec::new(),
    };
    Delivery { sequence: 1, redelivered: false, envelope, body: Bytes::from(body.to_owned()) }
}

fn stored(path: &str, versions: &[&str]) -> Option<Stored> {
    let versions = versions.iter().map(|name| Identifying((*name).to_owned())).collect();
    Some(Stored { path: Identifying(path.to_owned()), versions, piece: None })
}

/// A version of the record, at that time and with that flag.
fn name(time: u32, flag: char) -> String {
    format!("0000123_20260401_OML-11_7_202604010900{time:05}_01_{flag}")
}

struct Store(tempfile::TempDir, Mutex<Known>);

impl Store {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap(), Mutex::default())
    }

    fn keep(&self, copy: &Delivery) -> Result<(), String> {
        let claims = Claims::new(self.0.path().join("claims"));
        keep(self.0.path(), &self.1, &claims, copy).map_err(|error| match error {
            KeepError::Refused(code) => code.to_owned(),
            KeepError::Io(error) => error.kind().to_string(),
        })
    }

    /// A message that came by the transaction storage.
    fn logged(&self, time: u32, flag: char, body: &str) {
        self.keep(&copy(stored(&format!("{FOLDER}/{}", name(time, flag)), &[]), body)).unwrap();
    }

    /// Time, flag and content of each file of the record.
    fn versions(&self) -> String {
        let folder = self.0.path().join("3210100018/ssmix2").join(FOLDER);
        let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let files: BTreeMap<_, _> = files
            .map(|file| {
                let name = file.file_name().unwrap().to_string_lossy().into_owned();
                let time: u32 = name.split('_').nth(4).unwrap().split_at(12).1.parse().unwrap();
                (format!("{time}_{}", name.chars().last().unwrap()), fs::read_to_string(&file).unwrap())
            })
            .collect();
        files.iter().map(|(name, content)| format!("{name}:{content}")).collect::<Vec<_>>().join(" ")
    }

    fn is_untouched(&self) -> bool {
        fs::read_dir(self.0.path()).unwrap().count() == 0
    }
}

#[test]
fn no_path_leads_anywhere_else() {
    let store = Store::new();
    let long = "x".repeat(300);
    for (path, code) in [
        ("../1/2/3/4/file", "path-part"),
        ("000/012/0000123/20260401/OML-11/..", "path-part"),
        ("000/012/./20260401/OML-11/file", "path-part"),
        ("/etc/1/2/3/passwd", "path-part"),
        ("000//0000123/20260401/OML-11/file", "path-part"),
        ("000/012/0000123/20260401/OML-11/", "path-part"),
        ("000/012/0000123/20260401/OML-11/%00file", "path-part"),
        ("000/012/0000123/20260401/%2E%2E/file", "path-part"),
        ("000/012/0000123/20260401/OML-11/a%2Fb", "path-depth"),
        ("file", "path-depth"),
        ("", "path-depth"),
    ] {
        assert_eq!(store.keep(&copy(stored(path, &["file"]), "1")), Err(code.to_owned()), "{path}");
    }
    let versions = copy(stored(&format!("{FOLDER}/file"), &["file", "../file"]), "1");
    assert_eq!(store.keep(&versions), Err("path-part".to_owned()));
    let mut facility = copy(stored(&format!("{FOLDER}/file"), &["file"]), "1");
    facility.envelope.facility = "..".to_owned();
    assert_eq!(store.keep(&facility), Err("path-part".to_owned()));
    assert!(store.is_untouched());
    let too_long = copy(stored(&format!("{FOLDER}/{long}"), &[&long]), "1");
    assert_eq!(store.keep(&too_long), Err("path-too-long".to_owned()));
}

#[test]
fn links_and_folders_in_the_way_are_not_followed() {
    let (store, outside) = (Store::new(), tempfile::tempdir().unwrap());
    let message = copy(stored(&format!("{FOLDER}/file_1"), &["file_1"]), "1");
    store.keep(&message).unwrap();
    let folder = store.0.path().join("3210100018/ssmix2").join(FOLDER);
    fs::write(outside.path().join("victim"), "theirs").unwrap();
    fs::remove_file(folder.join("file_1")).unwrap();
    symlink(outside.path().join("victim"), folder.join("file_1")).unwrap();
    assert_eq!(store.keep(&message), Err("path-blocked".to_owned()));
    fs::remove_file(folder.join("file_1")).unwrap();
    fs::create_dir(folder.join("file_1")).unwrap();
    assert_eq!(store.keep(&message), Err("path-blocked".to_owned()));
    fs::remove_dir(folder.join("file_1")).unwrap();
    fs::remove_dir(&folder).unwrap();
    symlink(outside.path(), &folder).unwrap();
    assert_eq!(store.keep(&message), Err("path-blocked".to_owned()));
    assert_eq!(fs::read_to_string(outside.path().join("victim")).unwrap(), "theirs");
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
    let claims = Claims::new("/nowhere".into());
    let nowhere = keep(Path::new("/nowhere"), &Mutex::default(), &claims, &message);
    assert!(matches!(nowhere, Err(KeepError::Io(_))), "a store that is not mounted is waited for");
}

#[test]
fn by_the_rules_of_a_transaction_storage() {
    let store = Store::new();
    store.logged(1, '1', "a\r");
    store.logged(2, '1', "b\r\r\n");
    assert_eq!(store.versions(), "1_2:a\r 2_1:b\r");
    store.logged(3, '0', "d\r\n\r\n");
    assert_eq!(store.versions(), "1_0:a\r 2_0:b\r 3_0:d\r\n");
    store.logged(4, '1', "e");
    store.logged(4, '1', "e");
    assert_eq!(store.versions(), "1_0:a\r 2_0:b\r 3_0:d\r\n 4_1:e");
    // As after a crash: the whole lane again.
    for (time, flag, body) in [(1, '1', "a\r"), (2, '1', "b\r"), (3, '0', "d\r\n"), (4, '1', "e")] {
        store.logged(time, flag, body);
    }
    assert_eq!(store.versions(), "1_0:a\r 2_0:b\r 3_0:d\r\n 4_1:e");
    assert!(!store.0.path().join(".musubi/replaced").exists());
}

#[test]
fn as_the_source_was_seen() {
    let store = Store::new();
    let told = |time: u32, flag, versions: &[(u32, char)], body: &str| {
        let versions: Vec<_> = versions.iter().map(|(time, flag)| name(*time, *flag)).collect();
        let versions: Vec<_> = versions.iter().map(String::as_str).collect();
        store.keep(&copy(stored(&format!("{FOLDER}/{}", name(time, flag)), &versions), body)).unwrap();
    };
    told(1, '1', &[(1, '1')], "a");
    // History by the meaning of 2015, and a version that has not come yet.
    told(2, '1', &[(1, '0'), (2, '1'), (3, '2')], "b");
    assert_eq!(store.versions(), "1_0:a 2_1:b");
    // Both names exist at the source: neither becomes the other.
    told(1, '2', &[(1, '0'), (1, '2')], "c");
    assert_eq!(store.versions(), "1_0:a 1_2:c 2_1:b");
    // Deleted by renaming alone, and written anew.
    told(2, '0', &[(1, '0'), (1, '2'), (2, '0')], "new");
    assert_eq!(store.versions(), "1_0:a 1_2:c 2_0:new");
    let replaced = store.0.path().join(".musubi/replaced/3210100018/ssmix2").join(FOLDER);
    let kept: Vec<_> = fs::read_dir(replaced).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(kept.iter().map(|file| fs::read_to_string(file).unwrap()).collect::<Vec<_>>(), ["b"]);
}

#[test]
fn what_comes_from_no_storage_is_kept_message_by_message() {
    let store = Store::new();
    let mut message = copy(None, "MSH");
    message.envelope.key = Identifying("mllp/HIS/SEND/1".into());
    store.keep(&message).unwrap();
    let file = store.0.path().join("3210100018/mllp.messages/ab/ab12.hl7");
    assert_eq!(fs::read_to_string(file).unwrap(), "MSH");
    message.envelope.event.as_mut().unwrap().media_type = "application/json".into();
    assert_eq!(store.keep(&message), Err("not-original".to_owned()));
}

/// A document of these files, which lie in claims unless their content is `None`.
fn document(store: &Store, files: &[(&str, Option<&str>)]) -> Delivery {
    let claims = Claims::new(store.0.path().join("claims"));
    let file = |(path, content): &(&str, Option<&str>)| {
        let bytes = content.unwrap_or("never claimed").as_bytes();
        if content.is_some() {
            claims.put(bytes, "text/plain").unwrap();
        }
        ManifestFile {
            path: Identifying((*path).to_owned()),
            bytes: bytes.len() as u64,
            hash: blake3::hash(bytes).to_hex().to_string(),
            media_type: "text/plain".to_owned(),
        }
    };
    let manifest = Manifest {
        data_type: String::new(),
        mapped_code: None,
        folder: Identifying::default(),
        files: files.iter().map(file).collect(),
    };
    let mut copy = copy(stored("000/012/0000123/20260401/^note^/key_1", &["key_1"]), "");
    copy.body = manifest.to_bytes().into();
    copy.envelope.format = Format::Document;
    copy.envelope.event.as_mut().unwrap().media_type = Format::Document.media_type().to_owned();
    copy
}

#[test]
fn a_document_is_there_whole_or_not_at_all() {
    let store = Store::new();
    let folder = store.0.path().join("3210100018/ssmix2.extension/000/012/0000123/20260401/^note^");
    let read = |path: &str| fs::read_to_string(folder.join(path)).ok();
    for path in ["../out", "/out", "a//b", "a/../../out", "", "."] {
        let copy = document(&store, &[("fine", Some("1")), (path, Some("2"))]);
        assert_eq!(store.keep(&copy), Err("path-part".to_owned()), "{path}");
    }
    assert_eq!(
        store.keep(&document(&store, &[("a", Some("1")), ("b", None)])),
        Err("claim-missing".to_owned())
    );
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    for _again in 0..2 {
        store.keep(&document(&store, &[("a", Some("1")), ("in/b", Some("2"))])).unwrap();
        assert_eq!((read("key_1/a").as_deref(), read("key_1/in/b").as_deref()), (Some("1"), Some("2")));
    }
    let replaced = store.0.path().join(".musubi/replaced");
    assert!(!replaced.exists());
    // To and fro: every state is kept, and the last one stands.
    for _round in 0..2 {
        store.keep(&document(&store, &[("a", Some("3"))])).unwrap();
        assert_eq!((read("key_1/a").as_deref(), read("key_1/in/b")), (Some("3"), None));
        store.keep(&document(&store, &[("a", Some("1")), ("in/b", Some("2"))])).unwrap();
    }
    let replaced = replaced.join("3210100018/ssmix2.extension/000/012/0000123/20260401/^note^");
    assert_eq!(fs::read_dir(replaced).unwrap().count(), 4);
    let mut senseless = document(&store, &[]);
    senseless.body = Bytes::from("no list");
    assert_eq!(store.keep(&senseless), Err("manifest-unreadable".to_owned()));
    assert_eq!(read("key_1/a").as_deref(), Some("1"));
}

fn pieces(parts: &[(&str, &str)], tail: &str) -> Vec<Delivery> {
    use base64::Engine as _;
    let encode = |text: &str| Identifying(base64::engine::general_purpose::STANDARD.encode(text));
    let file = parts.iter().map(|(lead, body)| format!("{lead}{body}")).collect::<String>() + tail;
    let mut at = 0;
    let piece = |(number, (lead, body)): (usize, &(&str, &str))| {
        let piece = Piece {
            file_bytes: file.len() as u64,
            file_hash: blake3::hash(file.as_bytes()).to_hex().to_string(),
            before: encode(lead),
            after: encode(if number + 1 == parts.len() { tail } else { "" }),
        };
        let whole = stored(&format!("{FOLDER}/{}", name(1, '1')), &[&name(1, '1')]);
        let mut copy = copy(whole.map(|stored| Stored { piece: Some(piece), ..stored }), body);
        copy.envelope.origin.offset = (at + lead.len()) as u64;
        at += lead.len() + body.len();
        copy
    };
    parts.iter().enumerate().map(piece).collect()
}

#[test]
fn a_file_of_several_messages_is_there_once_all_are() {
    let store = Store::new();
    let [first, second] = &pieces(&[("FHS\r", "one\r"), ("\n", "two\r")], "FTS\r")[..] else { panic!() };
    store.keep(second).unwrap();
    store.keep(second).unwrap();
    assert_eq!(store.versions(), "", "half a file is no file");
    store.keep(first).unwrap();
    assert_eq!(store.versions(), "1_1:FHS\rone\r\ntwo\rFTS\r");
    store.keep(second).unwrap();
    assert_eq!(store.versions(), "1_1:FHS\rone\r\ntwo\rFTS\r");
    // Written anew, with other messages.
    for piece in &pieces(&[("", "one\r"), ("", "three\r"), ("", "four\r")], "") {
        store.keep(piece).unwrap();
    }
    assert_eq!(store.versions(), "1_1:one\rthree\rfour\r");
}

#[test]
fn empty_lines_after_a_record_belong_to_the_log() {
    for (text, expected) in [
        ("", ""),
        ("a", "a"),
        ("a\r", "a\r"),
        ("a\r\n", "a\r\n"),
        ("a\r\r\n", "a\r"),
        ("a\n\n\n", "a\n"),
        ("a\r\n\r", "a\r\n"),
    ] {
        assert_eq!(without_empty_lines(&Bytes::from(text)), expected, "{text:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever a path says, nothing is written outside of the facility's own folder and the hub's.
    #[test]
    fn any_path_stays_inside(path in "([a-z.]{0,3}|%2[EF0e]|/){0,14}", version in "[a-z./%]{0,6}_[012]") {
        let outer = tempfile::tempdir().unwrap();
        let inner = outer.path().join("store");
        fs::create_dir(&inner).unwrap();
        let message = copy(stored(&path, &[&version]), "1");
        drop(keep(&inner, &Mutex::default(), &Claims::new("/nowhere".into()), &message));
        prop_assert_eq!(fs::read_dir(outer.path()).unwrap().count(), 1);
        for entry in fs::read_dir(&inner).unwrap() {
            let name = entry.unwrap().file_name();
            prop_assert!(name == "3210100018" || name == ".musubi", "{:?}", name);
        }
    }
}
