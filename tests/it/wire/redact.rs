//! Nobody can be told from what was redacted, and it is read as the original is.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use hl7v2::{Message, decode, decode_as_written, split};
use musubi::ops::wire::redact::{Action, Reason, Redacted, Redactor};
use proptest::prelude::*;

use crate::support::{HubFolder, corpus, files_below, repository};

const KEY: [u8; 32] = [42; 32];

/// Fields that tell who somebody is, or may; of OBX-5 those whose type is text.
const IDENTIFYING: [(&str, &[usize]); 12] = [
    ("PID", &[2, 3, 4, 5, 6, 7, 9, 11, 13, 14, 18, 19, 20, 21, 23]),
    ("NK1", &[2, 4, 5, 6, 13, 16, 30, 33]),
    ("IN1", &[3, 4, 5, 6, 7, 8, 9, 11, 16, 18, 19, 36, 49]),
    ("IN2", &[1, 2, 6, 8, 9, 40, 61]),
    ("GT1", &[2, 3, 4, 5, 6, 7, 8, 12, 19]),
    ("PV1", &[3, 7, 8, 9, 17, 19, 50, 52]),
    ("MRG", &[1, 2, 3, 4, 7]),
    ("ORC", &[2, 3, 10, 11, 12, 14, 19, 21, 22]),
    ("OBR", &[2, 3, 10, 16, 28, 32]),
    ("NTE", &[3]),
    ("TXA", &[5, 9, 10, 12]),
    ("EVN", &[5]),
];
const WORDS: [&str; 6] = ["TX", "ST", "FT", "ED", "RP", ""];
/// Codes within names and addresses stay.
const CODES: [&str; 29] = [
    "PRN", "ORN", "WPN", "VHN", "ASN", "EMR", "NET", "BPN", "PRS", "PH", "FX", "MD", "CP", "BP", "Internet",
    "JPN", "PI", "MR", "PT", "VN", "AN", "DN", "BA", "BDL", "BR", "RH", "BI", "SH", "\"\"",
];

/// Subcomponents of identifying fields, as written, with their places.
fn identifying(message: &Message) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for segment in message.segments() {
        let id = segment.name();
        let text = id == "OBX" && WORDS.contains(&segment.field(2).raw());
        let listed = |n: &usize| {
            let known = IDENTIFYING.iter().find(|(name, _)| *name == id);
            known.is_some_and(|(_, fields)| fields.contains(n)) || id.starts_with('Z') || text && *n == 5
        };
        for n in (1..=segment.field_count()).filter(listed) {
            let delimiters = message.delimiters();
            let cuts = [delimiters.repetition, delimiters.component, delimiters.subcomponent].map(char::from);
            for (at, leaf) in segment.field(n).raw().split(cuts).enumerate() {
                all.push((format!("{id}[{}]-{n}/{at}", segment.occurrence()), leaf.to_owned()));
            }
        }
    }
    all
}

/// Whether a value tells anything: two letters or digits, and no code that says what kind of a value stands beside it.
fn tells(value: &str) -> bool {
    let sequences = [
        "\\F\\",
        "\\S\\",
        "\\T\\",
        "\\R\\",
        "\\E\\",
        "\\H\\",
        "\\N\\",
        "\\.br\\",
        "\\X0D\\",
        "\\X0A\\",
        "\\X0D0A\\",
    ];
    let words = sequences.iter().fold(value.to_owned(), |text, sequence| text.replace(sequence, " "));
    words.chars().filter(|c| c.is_alphanumeric()).nth(1).is_some()
        && !CODES.contains(&value)
        // What can't be decoded shows the same character whatever stands there.
        && !value.contains('\u{FFFD}')
}

fn messages(bytes: &[u8]) -> Vec<Message> {
    split(bytes).parts.into_iter().filter_map(|part| decode_as_written(&bytes[part]).ok()).collect()
}

/// How each message is read.
fn reading(bytes: &[u8]) -> Vec<String> {
    let mut lines = Vec::new();
    for part in split(bytes).parts {
        let Ok(message) = decode(&bytes[part]) else { continue };
        lines.push(format!("{} {}", message.charset().used, message.charset().reason));
        lines.extend(message.findings().iter().map(|finding| format!("{} {}", finding.code, finding.place)));
        for segment in message.segments() {
            let fields = segment.fields().map(|field| field.repetitions().count().to_string());
            lines.push(format!("{} {}", segment.name(), fields.collect::<Vec<_>>().join("|")));
        }
    }
    lines.extend(split(bytes).findings.into_iter().map(|finding| finding.code.to_owned()));
    lines
}

#[track_caller]
fn check(name: &Path, bytes: &[u8], made: &Redacted) {
    let name = name.display();
    let (before, after) = (messages(bytes), messages(&made.bytes));
    assert_eq!(before.len(), after.len(), "{name}");
    for (before, after) in before.iter().zip(&after) {
        let (before, after) = (identifying(before), identifying(after));
        assert_eq!(before.len(), after.len(), "{name}");
        let values: HashSet<&str> =
            before.iter().map(|(_, value)| value.as_str()).filter(|v| tells(v)).collect();
        for ((place, old), (_, new)) in before.iter().zip(&after) {
            assert!(!tells(old) || old != new, "{name}: {place} stays as it was");
            // Two digits may be those of another by chance; two kanji and five letters are not.
            let chance = new.is_ascii() && new.len() < 5;
            assert!(chance || !values.contains(new.as_str()), "{name}: {place} is another's value");
        }
    }
    // Nor does any longer one stand anywhere else.
    let text: String = after.iter().map(Message::text).collect();
    for (place, value) in before.iter().flat_map(identifying) {
        let long = if value.is_ascii() { 8 } else { 9 };
        let plain = value.chars().all(|c| c.is_alphanumeric());
        // What is said in words or by a local segment may be said by a code too; eight digits are a date.
        let who = ["PID", "NK1", "IN1", "IN2", "GT1", "MRG"].iter().any(|id| place.starts_with(id));
        let date = value.len() == 8 && value.bytes().all(|byte| byte.is_ascii_digit());
        if who && value.len() >= long && plain && tells(&value) && !date {
            assert!(!text.contains(&value), "{name}: what was {place} still stands somewhere");
        }
    }
    if made.differing.is_empty() {
        assert_eq!(reading(bytes), reading(&made.bytes), "{name}");
    }
}

/// How many files were redacted, and how many of them are read otherwise.
fn all_of(folder: &Path) -> (usize, usize) {
    let redactor = Redactor::new(KEY);
    let (mut count, mut differing) = (0, 0);
    for path in files_below(folder) {
        let bytes = fs::read(&path).unwrap();
        if bytes.len() > 1 << 17 {
            continue;
        }
        let Ok(made) = redactor.file(&bytes) else { continue };
        check(&path, &bytes, &made);
        count += 1;
        differing += made.differing.len();
        if !made.differing.is_empty() {
            println!("read otherwise: {}", path.display());
        }
    }
    (count, differing)
}

#[test]
fn nobody_of_the_projects_own_messages_can_be_told() {
    let (count, differing) = all_of(&repository().join("fixtures"));
    assert!(count > 200, "{count}");
    assert_eq!(differing, 0);
}

#[test]
fn nobody_of_the_corpus_can_be_told() {
    let Some(corpus) = corpus() else { return };
    let (count, differing) = all_of(&corpus.join("hl7v2"));
    println!("{count} files, {differing} messages read otherwise");
    assert!(count > 2_000, "{count}");
    assert!(differing <= 3, "{differing}");
}

fn text(redacted: &Redacted) -> String {
    messages(&redacted.bytes).iter().map(|message| message.text().replace('\r', "\n")).collect()
}

#[test]
fn quirks_of_the_bytes_stay_where_they_are() {
    let bytes = b"MSH|^~\\&|HIS|S|GW|R|20261120||ADT^A08|1|P|2.5||||||~ISO IR87\rPID|1||0001||\x1b$B\x1b(B\x1b$B;3K\\\x1b(J^\
        \x1b$@2V;R\x1b(B\\F\\||19700101\rNTE|1||\x1b$B;3\rZZZ|\x1b(I\x54\x1b(B\r";
    let made = Redactor::new(KEY).file(bytes).unwrap();
    assert_eq!(made.bytes.len(), bytes.len());
    let sequences = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == 0x1B).count();
    assert_eq!(sequences(&made.bytes), sequences(bytes));
    let found = |bytes: &[u8]| messages(bytes)[0].findings().iter().map(|f| f.code).collect::<Vec<_>>();
    assert_eq!(found(&made.bytes), found(bytes));
    assert!(found(bytes).contains(&"shift-open-at-segment-end"));
    let pid = messages(&made.bytes)[0].segment("PID").unwrap().raw().to_owned();
    assert!(!pid.contains('山') && pid.contains("\\F\\|"), "{pid}");
}

#[test]
fn what_is_harmless_stays_and_dates_move_together() {
    let message = "MSH|^~\\&|HIS|S|GW|R|20261120101500||OUL^R22^OUL_R22|1|P|2.5\rPID|1||0001^^^^PI||山本^花子^^^^^L^I||19700101|F\r\
                   OBX|1|NM|3A016000002327101^ALB^JC10||4.1|g/dL^g/dL^ISO+|3.8-5.3|N|||F|||20261118\r\
                   OBX|2|ST|X^Y^99ABC||山本さんより電話\rZZ1|山本|12\r";
    let made = Redactor::new(KEY).file(message.as_bytes()).unwrap();
    let text = text(&made);
    for kept in [
        "OUL^R22^OUL_R22",
        "3A016000002327101^",
        "^JC10|",
        "|4.1|g/dL^",
        "^ISO+|3.8-5.3|N|||F|||",
        "^^^^^L^I|",
        "|F\n",
    ] {
        assert!(text.contains(kept), "{kept}: {text}");
    }
    for gone in ["山本", "花子", "0001", "1970", "ALB", "20261120", "20261118", "X^Y"] {
        assert!(!text.contains(gone), "{gone}: {text}");
    }
    let field =
        |segment: &str, n| messages(&made.bytes)[0].segment(segment).unwrap().field(n).value().into_owned();
    let day = |text: String| jiff::civil::Date::strptime("%Y%m%d", text.get(..8).unwrap()).unwrap();
    assert_eq!((day(field("MSH", 7)) - day(field("OBX", 14))).get_days(), 2);
    assert!(field("MSH", 7).ends_with("101500"));
    let reason =
        |place: &str| made.rows.iter().find(|row| row.place == place).map(|row| (row.action, row.reason));
    assert_eq!(reason("PID-5.1"), Some((Action::Replaced, Reason::Name)));
    assert_eq!(reason("PID-7"), Some((Action::Replaced, Reason::Birth)));
    assert_eq!(reason("OBX[2]-5"), Some((Action::Replaced, Reason::Text)));
    assert_eq!(reason("OBX-14"), Some((Action::Shifted, Reason::Moment)));
    assert_eq!(reason("ZZ1-1"), Some((Action::Replaced, Reason::Unknown)));
}

#[test]
fn one_value_has_one_stand_in_for_one_key() {
    let message = |name: &str| {
        format!(
            "MSH|^~\\&|A||||||ADT^A08|1|P|2.5||||||UNICODE UTF-8\rPID|1||00012345||{name}\rNK1|1|山本\rPV1|1|I|||00012345\r"
        )
    };
    let values = |redactor: &Redactor, name: &str| {
        let made = redactor.file(message(name).as_bytes()).unwrap();
        let message = messages(&made.bytes).remove(0);
        let value = |segment: &str, n| message.segment(segment).unwrap().field(n).value().into_owned();
        [value("PID", 3), value("PV1", 5), value("PID", 5), value("NK1", 2)]
    };
    let one = Redactor::new(KEY);
    let [id, again, name, kin] = values(&one, "山本");
    assert_eq!((&id, &name), (&again, &kin));
    assert_eq!(values(&one, "鈴木")[0], id);
    assert_ne!(values(&Redactor::of_secret(b"another secret of sixteen"), "山本")[0], id);
    let path = one.path(Path::new(
        "000/123/00012345/20261120/ADT-00/00012345_20261120_ADT-00_999999999999999_20261120101500123_-_1",
    ));
    let path = path.to_str().unwrap();
    let (first, second) = (id.get(..3).unwrap(), id.get(3..6).unwrap());
    assert!(
        path.starts_with(&format!("{first}/{second}/{id}/20")) && path.contains(&format!("/ADT-00/{id}_20")),
        "{path}"
    );
    assert!(
        path.ends_with("_-_1") && path.contains("_999999999999999_") && !path.contains("00012345"),
        "{path}"
    );
}

#[test]
fn a_kept_field_that_repeats_who_it_is_is_replaced() {
    let message =
        "MSH|^~\\&|A||||||ADT^A08|1|P|2.5\rPID|1||AB12||YAMAMOTO\rPV1|1|AB12\rOBX|1|CE|YAMAMOTO1^x^LN||1\r";
    let made = Redactor::new(KEY).file(message.as_bytes()).unwrap();
    assert!(!text(&made).contains("AB12") && !text(&made).contains("YAMAMOTO"), "{}", text(&made));
    assert!(made.rows.iter().any(|row| row.place == "PV1-2" && row.reason == Reason::Elsewhere));
}

#[test]
fn bytes_that_are_no_character_do_not_stay_either() {
    // A name in Shift_JIS where UTF-8 is declared and other text proves it.
    let bytes = [
        "MSH|^~\\&|病院の検査システム||||||ADT^A08|1|P|2.5||||||UNICODE UTF-8\rPID|1||1||".as_bytes(),
        b"\x8eR\x96{",
        "\rNTE|1||検査の結果を参照してください。\r".as_bytes(),
    ]
    .concat();
    let made = Redactor::new(KEY).file(&bytes).unwrap();
    assert!(!made.bytes.windows(2).any(|two| two == b"\x8eR" || two == b"\x96{"));
    assert_eq!(reading(&bytes), reading(&made.bytes));
}

proptest! {
    /// Any bytes: no panic, no loss of a message, and the same reading where it is said to be the same.
    #[test]
    fn any_bytes_are_redacted_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for bytes in [bytes.clone(), [b"MSH|^~\\&|A|B|C|D|20261120||ADT^A08|1|P|2.5\rPID|1||", &bytes[..]].concat()] {
            if let Ok(made) = Redactor::new(KEY).file(&bytes) {
                prop_assert_eq!(messages(&made.bytes).len(), messages(&bytes).len());
                prop_assert!(!made.differing.is_empty() || reading(&bytes) == reading(&made.bytes));
            }
        }
    }
}

#[test]
fn the_verb_writes_a_folder_and_a_report_without_a_value() {
    let hub = HubFolder::network();
    let storage = hub.path("fixtures/region/matsue-kita/standard");
    let (out, report) = (hub.path("out"), hub.path("why.txt"));
    let run = |arguments: &[&str]| {
        let output = hub.run(arguments);
        (output.status.code().unwrap(), output.stdout, String::from_utf8(output.stderr).unwrap())
    };
    let (source, target, why) = (storage.to_str().unwrap(), out.to_str().unwrap(), report.to_str().unwrap());
    let (code, _, said) = run(&["redact", source, "--out", target, "--report", why]);
    assert_eq!(code, 0, "{said}");
    let (before, after) = (files_below(&storage), files_below(&out));
    assert!(after.len() > 5 && after.len() <= before.len());
    let report = fs::read_to_string(&report).unwrap();
    assert!(report.contains("PID-5.1\treplaced\tperson's name"), "{report}");
    let written = after.iter().map(|path| path.to_str().unwrap().to_owned()).collect::<String>();
    for path in &before {
        for message in messages(&fs::read(path).unwrap()) {
            let Some((_, id)) = message.patient_id() else { continue };
            let name = message.segment("PID").unwrap().field(5).value().into_owned();
            assert!(!report.contains(&*id) && !written.contains(&*id), "a patient's id is told");
            assert!(name.is_empty() || !report.contains(&name));
        }
    }
    assert_eq!(
        run(&["redact", source, "--out", target, "--report", why]).0,
        73,
        "the report is there already"
    );
    assert_eq!(run(&["redact", source]).0, 64);
    let file = before.iter().find(|path| decode(&fs::read(path).unwrap()).is_ok()).unwrap().to_str().unwrap();
    let (code, bytes, said) = run(&["redact", file, "--json"]);
    assert_eq!(code, 0, "{said}");
    assert!(decode(&bytes).is_ok());
    let row: serde_json::Value = serde_json::from_str(said.lines().next().unwrap()).unwrap();
    assert!(row["place"].as_str().unwrap().starts_with("MSH-") && row["ja"].is_string());
    assert_eq!(run(&["redact", file, "-o", file]).0, 73);
    assert_eq!(run(&["redact", hub.path("hub.toml").to_str().unwrap()]).0, 65);
}
