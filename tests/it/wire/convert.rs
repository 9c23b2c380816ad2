//! Another character set, other terminators, and JSON without a loss.

use std::fs;

use hl7v2::charset::{Charset, encode};
use hl7v2::{decode, decode_as_written, split};
use musubi::ops::wire::convert::{Target, recode, terminate};
use musubi::ops::wire::json::{from_json, to_json};
use musubi::ops::wire::terminator::Terminator;
use musubi::ops::wire::written::Written;
use proptest::prelude::*;
use proptest::sample::select;

use crate::support::{HubFolder, corpus, files_below, repository};

fn through_json(bytes: &[u8]) -> Option<Vec<u8>> {
    let written = Written::read(bytes).ok()?;
    let json = to_json(&written).unwrap();
    let back = from_json(json.as_bytes()).unwrap();
    assert_eq!(written, back, "JSON loses something");
    back.bytes().ok()
}

/// Every subcomponent of every message with its place, as the hub reads it.
fn tree(bytes: &[u8]) -> Vec<String> {
    let mut all = Vec::new();
    for part in split(bytes).parts {
        let Ok(message) = decode(&bytes[part]) else { continue };
        for segment in message.segments() {
            for (field, value) in segment.fields().enumerate() {
                for repetition in value.repetitions() {
                    for component in repetition.components() {
                        let leaves: Vec<_> = component.subcomponents().collect();
                        all.push(format!("{}-{field} {leaves:?}", segment.name()));
                    }
                    all.push("~".to_owned());
                }
            }
        }
    }
    all
}

/// Whether nothing in the file is written in another way than it would be written.
fn is_canonical(bytes: &[u8]) -> bool {
    let split = split(bytes);
    split.findings.is_empty()
        && split.parts.iter().all(|part| {
            let bytes = &bytes[part.clone()];
            decode_as_written(bytes).is_ok_and(|message| {
                let again = encode(message.text(), message.charset().used);
                again.is_ok_and(|again| bytes.ends_with(&again))
            })
        })
}

/// How many files came through as they were, and how many as the same tree only.
fn check(paths: impl Iterator<Item = std::path::PathBuf>) -> (usize, usize) {
    let (mut same, mut trees) = (0, 0);
    for path in paths {
        let bytes = fs::read(&path).unwrap();
        if bytes.len() > 1 << 20 {
            continue;
        }
        let Some(back) = through_json(&bytes) else { continue };
        if back == bytes {
            same += 1;
            continue;
        }
        assert!(!is_canonical(&bytes), "{} is well-formed and comes back otherwise", path.display());
        assert_eq!(tree(&bytes), tree(&back), "{}", path.display());
        trees += 1;
    }
    (same, trees)
}

#[test]
fn the_projects_own_messages_come_back_byte_for_byte() {
    let all = files_below(&repository().join("fixtures"));
    let (same, _) = check(all.into_iter());
    assert!(same > 100, "{same}");
}

#[test]
fn what_others_wrote_comes_back_as_it_was_or_as_the_same_tree() {
    let Some(corpus) = corpus() else { return };
    let (same, trees) = check(files_below(&corpus.join("hl7v2")).into_iter());
    println!("{same} byte for byte, {trees} as the same tree");
    assert!(same > 2_000 && trees < 60, "{same}, {trees}");
}

/// Messages of any shape, in one of the sets.
fn message() -> impl Strategy<Value = (String, Charset)> {
    let leaf = select(vec![
        "",
        "a",
        "山本",
        "ヤマモト",
        "\\F\\",
        "\\.br\\",
        "\\X0D\\",
        "\\H\\x\\N\\",
        "\\",
        "\"\"",
        "a\\Zb\\c",
    ]);
    let delimiter = select(vec!["|", "|", "^", "~", "&"]);
    let line = proptest::collection::vec((leaf, delimiter), 0..12).prop_map(|pieces| {
        pieces.iter().flat_map(|(leaf, delimiter)| [*leaf, *delimiter]).collect::<String>()
    });
    let end = select(vec!["\r", "\r", "\r", "\n", "\r\n", "\r\r"]);
    let lines = proptest::collection::vec((select(vec!["PID", "OBX", "ZZ1", "NTE"]), line, end), 0..6);
    let sets = select(vec![Charset::Utf8, Charset::Iso2022Jp, Charset::Cp932]);
    (lines, sets).prop_map(|(lines, set)| {
        let declared = match set {
            Charset::Iso2022Jp => "~ISO IR87",
            Charset::Cp932 => "SHIFT_JIS",
            _ => "UNICODE UTF-8",
        };
        let mut text = format!("MSH|^~\\&|A|B|C|D|20261120||ADT^A08|1|P|2.5||||||{declared}\r");
        lines.iter().for_each(|(id, line, end)| text.push_str(&format!("{id}|{line}{end}")));
        (text, set)
    })
}

proptest! {
    #[test]
    fn any_message_comes_back((text, set) in message()) {
        let bytes = encode(&text, set).unwrap();
        // A backslash before a kanji may look like a switch of sets; what is read then is another message.
        prop_assume!(decode(&bytes).is_ok_and(|message| message.text() == text));
        prop_assert_eq!(through_json(&bytes), Some(bytes));
    }

    #[test]
    fn any_bytes_are_a_file_or_not(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        through_json(&bytes);
        through_json(&[b"MSH|^~\\&|A\r", &bytes[..]].concat());
    }
}

fn converted(bytes: &[u8], name: &str, replace: bool) -> (Vec<u8>, usize) {
    let mut written = Written::read(bytes).unwrap();
    let lacks = recode(&mut written, Target::of_name(name).unwrap(), replace);
    (written.bytes().unwrap(), lacks.len())
}

#[test]
fn a_message_reads_the_same_in_every_set_and_declares_it() {
    let text = "MSH|^~\\&|A|B|C|D|20261120||ADT^A08|1|P|2.5\rPID|1||1||山本^花子~ヤマモト^ハナコ|\\F\\\r";
    for (name, declared, handling, used) in [
        ("ss-mix2", "~ISO IR87", "ISO 2022-1994", Charset::Iso2022Jp),
        ("iso-2022-jp", "~ISO IR87", "ISO 2022-1994", Charset::Iso2022Jp),
        ("shift_jis", "SHIFT_JIS", "", Charset::Cp932),
        ("euc-jp", "EUC-JP", "", Charset::EucJp),
        ("utf-8", "UNICODE UTF-8", "", Charset::Utf8),
    ] {
        let (bytes, lacks) = converted(text.as_bytes(), name, false);
        let message = decode(&bytes).unwrap();
        assert_eq!((message.charset().used, lacks), (used, 0), "{name}");
        assert_eq!(message.findings(), [], "{name}");
        let msh = message.segment("MSH").unwrap();
        assert_eq!((msh.field(18).raw(), msh.field(20).raw()), (declared, handling), "{name}");
        assert_eq!(message.segment("PID").unwrap().raw(), "PID|1||1||山本^花子~ヤマモト^ハナコ|\\F\\");
        // And back again: the header keeps the fields that were made for it.
        let (back, _) = converted(&bytes, "utf-8", false);
        assert_eq!(
            decode(&back).unwrap().segment("PID").unwrap().raw(),
            message.segment("PID").unwrap().raw()
        );
    }
}

#[test]
fn half_width_kana_are_declared_where_they_may_be_and_lacking_where_not() {
    let text = "MSH|^~\\&|A|B|C|D|20261120||ADT^A08|1|P|2.5\rPID|1||1||ﾔﾏﾓﾄ①𠮷\r";
    let mut written = Written::read(text.as_bytes()).unwrap();
    let lacks = recode(&mut written, Target::of_name("ss-mix2").unwrap(), false);
    assert_eq!(lacks.len(), 6);
    assert!(lacks.iter().all(|lack| lack.place == "PID-5"));
    assert_eq!(written, Written::read(text.as_bytes()).unwrap(), "nothing may be changed");
    let (bytes, lacks) = converted(text.as_bytes(), "ss-mix2", true);
    assert_eq!(lacks, 6);
    assert_eq!(decode(&bytes).unwrap().segment("PID").unwrap().field(5).value(), "ヤマモト(1)■");
    let (bytes, _) = converted(text.replace("①𠮷", "ﾞ").as_bytes(), "iso-2022-jp", false);
    let message = decode(&bytes).unwrap();
    assert_eq!(message.segment("MSH").unwrap().field(18).raw(), "~ISO IR87~ISO IR13");
    assert_eq!(message.segment("PID").unwrap().field(5).value(), "ﾔﾏﾓﾄﾞ");
    let (bytes, _) = converted(text.replace("ﾔﾏﾓﾄ①𠮷", "ｶﾞｰﾎﾟ").as_bytes(), "ss-mix2", true);
    assert_eq!(decode(&bytes).unwrap().segment("PID").unwrap().field(5).value(), "ガーポ");
}

#[test]
fn hexadecimal_bytes_follow_the_set() {
    let text = "MSH|^~\\&|A|B|C|D|20261120||ADT^A08|1|P|2.5||||||UNICODE UTF-8\rNTE|1||\\XE5B1B1\\\\X0D\\\r";
    let (bytes, _) = converted(text.as_bytes(), "shift_jis", false);
    let message = decode(&bytes).unwrap();
    let note = message.segment("NTE").unwrap();
    assert_eq!((note.field(3).raw(), &*note.field(3).value()), ("\\X8E52\\\\X0D\\", "山\r"));
}

#[test]
fn batches_and_frames_keep_what_stands_around_their_messages() {
    let text = "\u{b}FHS|^~\\&|病院\r\nBHS|^~\\&\r\nMSH|^~\\&|A||||||ADT^A08|1|P|2.5\r\nPID|1||1||山\r\nBTS|1\r\nFTS|1\r\n\u{1c}\r";
    let mut written = Written::read(text.as_bytes()).unwrap();
    terminate(&mut written, Terminator::Cr);
    assert_eq!(String::from_utf8(written.bytes().unwrap()).unwrap(), text.replace("\r\n", "\r"));
    let json = to_json(&written).unwrap();
    assert!(json.contains(r#"["FHS","|","^~\\&",[[["病院"]]]]"#), "{json}");
    assert_eq!(from_json(json.as_bytes()).unwrap(), written);
}

#[test]
fn json_that_was_edited_is_written_and_what_contradicts_itself_is_refused() {
    let text = "MSH|^~\\&|A||||||ADT^A08|1|P|2.5\rPID|1||1||\\H\\X|\r";
    let json = to_json(&Written::read(text.as_bytes()).unwrap()).unwrap();
    let escaped = r#"{"text":"X","raw":"\\H\\X"}"#;
    assert!(json.contains(escaped), "{json}");
    let edited = from_json(json.replace(escaped, r#""a|b""#).as_bytes()).unwrap().bytes().unwrap();
    assert_eq!(String::from_utf8(edited).unwrap(), text.replace("\\H\\X", "a\\F\\b"));
    for (from, to, fault) in [
        ("\"text\":\"X\"", "\"text\":\"Y\"", "PID-5: text and raw"),
        ("\"version\":1", "\"version\":2", "format and version"),
        ("\"UTF-8\"", "\"KLINGON\"", "charset"),
        ("\"ASCII\"", "\"KLINGON\"", "charset"),
        ("\"separators\":\"|^~\\\\&\"", "\"separators\":\"||||\"", "separators"),
        ("\"parts\"", "\"pieces\"", "--to json"),
    ] {
        let wrong = json.replace(from, to);
        if wrong != json {
            assert!(from_json(wrong.as_bytes()).unwrap_err().to_string().contains(fault), "{fault}");
        }
    }
}

#[test]
fn the_verb_writes_new_files_only_and_tells_what_a_set_lacks() {
    let hub = HubFolder::new();
    hub.write("m.hl7", "MSH|^~\\&|A||||||ADT^A08|1|P|2.5\rPID|1||1||ﾔﾏ\r");
    let (input, output) = (hub.path("m.hl7"), hub.path("out.hl7"));
    let (input, output) = (input.to_str().unwrap(), output.to_str().unwrap());
    let run = |arguments: &[&str]| {
        let all: Vec<_> = ["convert", input].iter().chain(arguments).copied().collect();
        let done = hub.run(&all);
        (done.status.code().unwrap(), done.stdout, String::from_utf8(done.stderr).unwrap())
    };
    let (code, out, said) = run(&["--charset", "ss-mix2"]);
    assert_eq!((code, out.len()), (65, 0));
    assert!(said.contains("PID-5") && said.contains("--replace") && !said.contains('ﾔ'), "{said}");
    let (code, _, said) = run(&["--charset", "ss-mix2", "--replace", "-o", output]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("another spelling"), "{said}");
    let (code, _, said) = run(&["-o", output]);
    assert_eq!(code, 73, "{said}");
    assert_eq!(run(&["-o", input]).0, 73);
    let (code, json, _) = run(&["--to", "json"]);
    assert_eq!(code, 0);
    fs::write(hub.path("m.json"), json).unwrap();
    let back = hub.run(&["convert", hub.path("m.json").to_str().unwrap(), "--from", "json"]);
    assert_eq!(back.stdout, fs::read(input).unwrap());
    assert_eq!(run(&["--charset", "klingon"]).0, 64);
    assert_eq!(hub.run(&["convert", hub.path("hub.toml").to_str().unwrap()]).status.code(), Some(65));
}
