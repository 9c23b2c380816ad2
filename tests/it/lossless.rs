//! Nothing of a message is lost on its way into an event: every value stands in a field of it or among the unmapped.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use hl7v2::Message;
use jiff::tz::TimeZone;
use musubi::decode::{NativeMessage, decode};
use musubi::envelope::Change;
use musubi::normalise::{Source, normalise};
use serde_json::Value;

use crate::support::{corpus, files_below, repository};

/// A value with its place, as `unmapped` writes places.
fn values(message: &Message) -> Vec<(String, String)> {
    let mut values = Vec::new();
    for segment in message.segments() {
        let name = segment.name().to_ascii_uppercase();
        let counted =
            if segment.occurrence() > 1 { format!("[{}]", segment.occurrence()) } else { String::new() };
        let literal = if name == "MSH" { 2 } else { 0 };
        for field in literal + 1..=segment.field_count() {
            for (index, repetition) in segment.field(field).repetitions().enumerate() {
                let repeated = if index > 0 { format!("[{}]", index + 1) } else { String::new() };
                let at = format!("{name}{counted}-{field}{repeated}");
                let components: Vec<_> = repetition.components().collect();
                for (index, component) in components.iter().enumerate() {
                    let parts: Vec<_> = component.subcomponents().collect();
                    let several = components.len() > 1 || parts.len() > 1;
                    let at = if several { format!("{at}.{}", index + 1) } else { at.clone() };
                    for (index, part) in parts.iter().enumerate().filter(|(_, part)| !part.is_empty()) {
                        let at = if parts.len() > 1 { format!("{at}.{}", index + 1) } else { at.clone() };
                        values.push((at, part.clone().into_owned()));
                    }
                }
            }
        }
    }
    values
}

/// All texts and numbers of an event, but for the unmapped ones and the findings.
fn said(event: &Value, into: &mut String) {
    match event {
        Value::Object(fields) => {
            let fields =
                fields.iter().filter(|(key, _)| !matches!(key.as_str(), "unmapped" | "findings" | "at"));
            fields.for_each(|(_, value)| said(value, into));
        }
        Value::Array(elements) => elements.iter().for_each(|element| said(element, into)),
        Value::String(text) => into.extend([text.as_str(), "\n"]),
        other => into.extend([other.to_string().as_str(), "\n"]),
    }
}

/// The year and month that a time begins with: the rest of it is written in another way, and hour 30 on another day.
fn month(text: &str) -> Option<String> {
    let digits: String =
        text.chars().filter(|c| *c != '-').take_while(char::is_ascii_digit).take(6).collect();
    (digits.len() >= 4).then_some(digits)
}

/// Fields whose code became a word of the event, a flag, or a number of its own.
fn is_word(place: &str) -> bool {
    let (segment, rest) = place.split_once('-').unwrap();
    let segment = segment.split('[').next().unwrap();
    let field = rest.split(['[', '.']).next().unwrap();
    let set_id = field == "1" && rest == "1";
    set_id || (segment, field) == ("PID", "5") && rest.ends_with(".8") || WORDS.contains(&(segment, field))
}

const WORDS: [(&str, &str); 13] = [
    ("DB1", "4"),
    ("PID", "8"),
    ("PID", "30"),
    ("PV1", "2"),
    ("OBX", "2"),
    ("OBX", "11"),
    ("TQ1", "9"),
    ("PRB", "10"),
    ("PRB", "13"),
    ("OBR", "5"),
    ("OBR", "25"),
    ("OBR", "27"),
    ("OBX", "5"),
];

/// The places of the values that the event has lost.
fn lost(bytes: &[u8], data_type: Option<&str>) -> BTreeSet<String> {
    let Ok(NativeMessage::Hl7v2(message)) = decode(bytes) else { return BTreeSet::new() };
    let values = values(&message);
    let native = NativeMessage::Hl7v2(message);
    let zone = TimeZone::UTC;
    let source = Source {
        data_type,
        patient: "",
        order: None,
        facility: "3210100018",
        change: Change::Created,
        zone: &zone,
    };
    let Ok(event) = normalise(&native, &source) else { return BTreeSet::new() };
    let event = serde_json::to_value(&event).unwrap();
    let unmapped: BTreeMap<String, Value> =
        event.get("unmapped").map(|left| serde_json::from_value(left.clone()).unwrap()).unwrap_or_default();
    let mut text = String::new();
    said(&event, &mut text);
    let months: BTreeSet<String> = text.lines().filter_map(month).collect();
    let kept = |(place, value): &(String, String)| {
        unmapped.get(place).is_some_and(|left| left == value)
            || text.contains(value.trim())
            || is_word(place)
            || month(value).is_some_and(|month| months.contains(&month))
    };
    values.iter().filter(|value| !kept(value)).map(|(place, _)| place.clone()).collect()
}

#[test]
fn of_the_cases_nothing_is_lost() {
    let cases = repository().join("fixtures/cases");
    for entry in fs::read_dir(cases).unwrap() {
        let folder = entry.unwrap().path();
        let source = fs::read_to_string(folder.join("source.toml")).unwrap_or_default();
        let data_type = source.lines().find_map(|line| line.strip_prefix("data_type = "));
        let data_type = data_type.map(|word| word.trim_matches('"').to_owned());
        let Ok(bytes) = fs::read(folder.join("input")) else { continue };
        let lost = lost(&bytes, data_type.as_deref());
        assert!(lost.is_empty(), "{}: {lost:?}", folder.display());
    }
}

#[test]
fn of_what_others_wrote_nothing_is_lost() {
    let Some(corpus) = corpus() else { return };
    let mut places: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for file in files_below(&corpus.join("hl7v2")) {
        let bytes = fs::read(&file).unwrap();
        let name = ssmix2::FileName::parse(file.file_name().unwrap().to_str().unwrap());
        let data_type = name.ok().map(|name| name.data_type);
        for part in hl7v2::split(&bytes).parts {
            for place in lost(&bytes[part], data_type) {
                places.entry(place).or_default().push(file.clone());
            }
        }
    }
    for (place, files) in &places {
        println!("{place} {} {}", files.len(), files[0].display());
    }
    assert!(places.is_empty(), "{} places", places.len());
}
