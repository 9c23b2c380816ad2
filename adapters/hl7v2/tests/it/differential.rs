//! A second opinion on strictly valid messages.
//!
//! The other reader (the `hl7-parser` crate) stops at what it can't read and says nothing, so that it counts only
//! where it has read as many segments as there are.

use std::collections::BTreeMap;
use std::fs;

use hl7_parser::parse_message_with_lenient_newlines;
use hl7v2::{Message, decode, split};
use proptest::prelude::*;

use crate::corpus::{corpus, files};

fn component() -> impl Strategy<Value = String> {
    "[A-Za-z0-9 .,山本太郎ー]{0,8}"
}

fn joined(piece: impl Strategy<Value = String>, delimiter: &'static str) -> impl Strategy<Value = String> {
    proptest::collection::vec(piece, 1..4).prop_map(move |pieces| pieces.join(delimiter))
}

fn segment() -> impl Strategy<Value = String> {
    let field = joined(joined(joined(component(), "&"), "^"), "~");
    let fields = proptest::collection::vec(field, 1..12).prop_map(|fields| fields.join("|"));
    ("(PID|PV1|OBX|NTE|ZA1)", fields).prop_map(|(name, fields)| format!("{name}|{fields}"))
}

/// Where the two trees differ first, from segments down to subcomponents.
fn difference(ours: &Message, theirs: &hl7_parser::Message<'_>) -> Option<String> {
    let escape = char::from(ours.delimiters().escape);
    ours.segments().zip(&theirs.segments).find_map(|(ours, theirs)| {
        let name = ours.name();
        if name != theirs.name {
            return Some(format!("{name}: a segment {}", theirs.name));
        }
        let empty = |from: usize| theirs.fields.iter().skip(from).all(|field| field.raw_value().is_empty());
        if ours.field_count() > theirs.fields.len() || !empty(ours.field_count()) {
            return Some(format!("{name}: {} fields and {}", ours.field_count(), theirs.fields.len()));
        }
        theirs.fields.iter().enumerate().find_map(|(n, theirs)| {
            let same = name == "MSH" && n < 2 || field(ours.field(n + 1), theirs, escape);
            (!same).then(|| format!("{name}-{}", n + 1))
        })
    })
}

fn field(ours: hl7v2::Field<'_>, theirs: &hl7_parser::message::Field<'_>, escape: char) -> bool {
    if ours.is_empty() {
        return theirs.raw_value().is_empty();
    }
    let repetitions = ours.repetitions().count() == theirs.repeats.len();
    let mut pairs = ours.repetitions().zip(&theirs.repeats);
    ours.raw() == theirs.raw_value()
        && repetitions
        && pairs.all(|(ours, theirs)| repetition(ours, theirs, escape))
}

fn repetition(ours: hl7v2::Repetition<'_>, theirs: &hl7_parser::message::Repeat<'_>, escape: char) -> bool {
    let components: Vec<_> = ours.components().map(|component| component.raw()).collect();
    let others: Vec<_> = theirs.components.iter().map(|component| component.raw_value()).collect();
    let mut pairs = ours.components().zip(&theirs.components);
    ours.is_empty()
        || components == others
            && pairs.all(|(ours, theirs)| {
                // Escapes are compared by the tests of escapes: the other reader leaves them as they are.
                let others = theirs.subcomponents.iter().map(|subcomponent| subcomponent.value);
                ours.raw().contains(escape) || ours.is_empty() || ours.subcomponents().eq(others)
            })
}

proptest! {
    #[test]
    fn agrees_with_another_reader(segments in proptest::collection::vec(segment(), 1..8)) {
        let text = format!("MSH|^~\\&|A|B|C|D|20260101||ADT^A01|1|P|2.5\r{}\r", segments.join("\r"));
        let ours = decode(text.as_bytes()).unwrap();
        let theirs = parse_message_with_lenient_newlines(text.trim_end_matches("\r")).unwrap();
        prop_assert_eq!(theirs.segments.len(), segments.len() + 1);
        prop_assert_eq!(difference(&ours, &theirs), None);
    }
}

/// What the other reader made of a message that this one reads without a finding.
fn second_opinion(message: &Message) -> String {
    // With a truncation character in MSH-2 (HL7 v2.7) the other reader counts MSH one field too far.
    let text = message.text().trim_end_matches(['\r', '\n']).replacen("^~\\&#", "^~\\&", 1);
    let lines = || text.split(['\r', '\n']).filter(|line| !line.is_empty()).count();
    match parse_message_with_lenient_newlines(&text) {
        Err(_) => REFUSED.to_owned(),
        Ok(theirs) if theirs.segments.len() < lines() => STOPPED.to_owned(),
        Ok(theirs) if theirs.segments.len() != message.len() => {
            format!("{} segments and {}", message.len(), theirs.segments.len())
        }
        Ok(theirs) => match difference(message, &theirs) {
            None => "equal".to_owned(),
            Some(place) => place,
        },
    }
}

#[test]
fn agrees_with_another_reader_on_what_others_wrote() {
    let Some(corpus) = corpus() else {
        eprintln!("SKIPPED: no corpus beside the project and MUSUBI_CORPUS is not set");
        return;
    };
    let mut paths = Vec::new();
    files(&corpus.join("hl7v2"), &mut paths);
    let mut opinions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in &paths {
        let bytes = fs::read(path).unwrap();
        for part in split(&bytes).parts {
            let Ok(message) = decode(&bytes[part]) else { continue };
            if message.findings().is_empty() {
                opinions.entry(second_opinion(&message)).or_default().push(path.display().to_string());
            }
        }
    }
    for (opinion, files) in &opinions {
        eprintln!("{:6} {opinion}, such as {}", files.len(), files[0]);
    }
    let equal = opinions.get("equal").map_or(0, Vec::len);
    for (explained, _) in EXPLAINED {
        opinions.remove(explained);
    }
    opinions.remove("equal");
    assert_eq!(opinions, BTreeMap::new());
    assert!(equal > paths.len(), "{equal} messages of {} files are equal", paths.len());
}

/// Where the readers differ, and why this one is right.
const EXPLAINED: [(&str, &str); 2] = [
    (STOPPED, "at a segment without fields, a line of blanks or another mark: what follows is read here"),
    (REFUSED, "what the standard allows"),
];
const STOPPED: &str = "the other reader stops early";
const REFUSED: &str = "the other reader refuses it";
