//! What the bytes of a sample say: character sets, line ends, what the hub makes of it, and what is wrong with it.
//!
//! Counts, codes and places, never a value of a message: all of it may be written into a configuration.

use std::collections::BTreeMap;

use hl7v2::Message;
use jiff::tz::TimeZone;
use serde::Serialize;
use ssmix2::StoragePath;
use ssmix2::conformance::{Severity, check_file};

use crate::canonical::CanonicalEvent;
use crate::decode::{NativeMessage, Raw};
use crate::envelope::{Change, is_facility_code};
use crate::normalise::Source;
use crate::pipeline;

/// Messages of one file that are looked at.
const MESSAGES_MAX: usize = 20;
/// How the names of character sets begin; anything else in MSH-18 may be anything.
const CHARSET_NAMES: [&str; 14] = [
    "ASCII", "ISO", "JIS", "SHIFT", "SJIS", "MS932", "CP932", "WINDOWS", "EUC", "UNICODE", "UTF", "8859",
    "GB", "KS X",
];

/// What the files of a sample say.
#[derive(Debug, Default, Serialize)]
pub struct Content {
    /// Files that were read.
    pub files: u64,
    /// Character sets, the most frequent first.
    pub charsets: Vec<CharsetSeen>,
    /// How segments end.
    pub terminators: Terminators,
    /// What SS-MIX2 says of the files of a standardised storage, the gravest and most frequent first.
    pub conformance: Vec<RuleSeen>,
    /// Findings of the hub by code, with how many files have them.
    pub findings: BTreeMap<String, u64>,
    /// Messages that make no sense to the hub, by the reason's code.
    pub refused: BTreeMap<String, u64>,
    /// Files that look half-written, by the reason's code.
    pub incomplete: BTreeMap<String, u64>,
    /// Kinds of events that the hub makes of the messages.
    pub kinds: BTreeMap<&'static str, u64>,
    /// Message types (MSH-9) of messages without a data type.
    pub message_types: BTreeMap<String, u64>,
    /// MSH-4 where it is a facility code, with how many messages have it.
    #[serde(skip)]
    pub(super) facilities: BTreeMap<String, u64>,
}

/// A character set as it was declared and as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CharsetSeen {
    /// MSH-18; `?` where it holds something else than the name of a character set.
    pub declared: String,
    /// The set in which the bytes make sense.
    pub used: String,
    /// Messages.
    pub messages: u64,
}

/// How segments end, in files.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct Terminators {
    /// CR, as HL7 has it.
    pub cr: u64,
    /// LF
    pub lf: u64,
    /// CR LF
    pub crlf: u64,
    /// Several of them in one file.
    pub mixed: u64,
    /// Files whose last segment has none.
    pub last_missing: u64,
}

/// A rule of SS-MIX2 that files break.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleSeen {
    /// `error`, `warning`, `info`.
    pub severity: &'static str,
    /// The rule's name: see `docs/integrate/conformance.md`.
    pub code: &'static str,
    /// What is wrong, English and Japanese.
    pub text: [&'static str; 2],
    /// Where in the message.
    pub place: String,
    /// Files that were read and break it.
    pub files: u64,
}

/// Adds files up.
#[derive(Default)]
pub(super) struct Reader {
    content: Content,
    charsets: BTreeMap<(String, String), u64>,
    rules: BTreeMap<(Severity, &'static str, String), RuleSeen>,
}

/// What was made of one file.
#[derive(Debug, Default)]
pub(super) struct Made {
    /// The kinds of its events.
    pub(super) kinds: Vec<&'static str>,
}

impl Reader {
    /// Adds a file of HL7 v2; `place` where it lies in a standardised storage.
    pub(super) fn hl7(&mut self, bytes: &[u8], place: Option<&StoragePath<'_>>) -> Made {
        self.content.files += 1;
        self.terminators(bytes);
        if let Err(incomplete) = hl7v2::completeness(bytes) {
            count(&mut self.content.incomplete, incomplete.code);
        }
        for finding in place.map(|place| check_file(place, bytes)).unwrap_or_default() {
            let rule = finding.rule;
            let key = (rule.severity, rule.code, finding.place.to_string());
            let new = || RuleSeen {
                severity: rule.severity.as_str(),
                code: rule.code,
                text: [rule.en, rule.ja],
                place: finding.place.to_string(),
                files: 0,
            };
            self.rules.entry(key).or_insert_with(new).files += 1;
        }
        let mut made = Made::default();
        for part in hl7v2::split(bytes).parts.into_iter().take(MESSAGES_MAX) {
            self.message(bytes.get(part).unwrap_or_default().into(), place, &mut made);
        }
        made
    }

    /// Adds an archive of health check-ups.
    pub(super) fn archive(&mut self, bytes: &[u8], name: &str) -> Made {
        self.content.files += 1;
        let raw = Raw { format: crate::envelope::Format::Checkup, body: bytes, name, main: None };
        let mut made = Made::default();
        self.message(raw, None, &mut made);
        made
    }

    fn message(&mut self, raw: Raw<'_>, place: Option<&StoragePath<'_>>, made: &mut Made) {
        let native = match pipeline::decode(raw) {
            Ok(native) => native,
            Err(fault) => return count(&mut self.content.refused, &fault.code),
        };
        match &native {
            NativeMessage::Hl7v2(message) => self.header(message, place.is_none()),
            NativeMessage::Checkup(archive) => {
                let sender = archive.sender().filter(|sender| is_facility_code(sender));
                sender.into_iter().for_each(|sender| count(&mut self.content.facilities, sender));
            }
            NativeMessage::Document(_) => {}
        }
        let source = Source {
            data_type: place.map(|place| place.data_type),
            patient: place.map_or("", |place| place.patient),
            order: place.map(|place| place.name.order),
            facility: "",
            change: Change::Created,
            zone: &TimeZone::UTC,
        };
        match pipeline::normalise(&native, &source) {
            Ok(event) => self.event(&event, made),
            Err(fault) => count(&mut self.content.refused, &fault.code),
        }
    }

    fn event(&mut self, event: &CanonicalEvent<'_>, made: &mut Made) {
        let kind = event.content.kind().as_str();
        made.kinds.push(kind);
        *self.content.kinds.entry(kind).or_default() += 1;
        let codes: std::collections::BTreeSet<_> =
            event.findings.iter().map(|finding| finding.code.as_ref()).collect();
        codes.into_iter().for_each(|code| count(&mut self.content.findings, code));
    }

    fn header(&mut self, message: &Message, has_no_data_type: bool) {
        let charset = message.charset();
        let key = (plain_charset(&charset.declared), charset.used.to_string());
        *self.charsets.entry(key).or_default() += 1;
        let Some(msh) = message.segment("MSH") else { return };
        let sender = msh.field(4);
        let code = (1..=2).map(|number| sender.component(number).value()).find(|code| is_facility_code(code));
        code.into_iter().for_each(|code| count(&mut self.content.facilities, &code));
        if has_no_data_type {
            count(&mut self.content.message_types, &message_type(message));
        }
    }

    fn terminators(&mut self, bytes: &[u8]) {
        let (mut cr, mut lf, mut crlf) = (0_u64, 0_u64, 0_u64);
        let mut before = 0;
        for byte in bytes.iter().copied().filter(|byte| !matches!(byte, 0x0B | 0x1C)) {
            match (before, byte) {
                (b'\r', b'\n') => (cr, crlf) = (cr - 1, crlf + 1),
                (_, b'\n') => lf += 1,
                (_, b'\r') => cr += 1,
                _ => {}
            }
            before = byte;
        }
        let seen = &mut self.content.terminators;
        match (cr, lf, crlf) {
            (0, 0, 0) => {}
            (_, 0, 0) => seen.cr += 1,
            (0, _, 0) => seen.lf += 1,
            (0, 0, _) => seen.crlf += 1,
            _ => seen.mixed += 1,
        }
        seen.last_missing += u64::from(!bytes.is_empty() && !matches!(before, b'\r' | b'\n'));
    }

    /// The sums.
    pub(super) fn finish(mut self) -> Content {
        let charsets = self.charsets.into_iter();
        let mut charsets: Vec<_> =
            charsets.map(|((declared, used), messages)| CharsetSeen { declared, used, messages }).collect();
        charsets.sort_by_key(|seen| std::cmp::Reverse(seen.messages));
        self.content.charsets = charsets;
        let mut rules: Vec<_> = self.rules.into_iter().collect();
        rules.sort_by_key(|((severity, ..), rule)| (*severity, std::cmp::Reverse(rule.files)));
        self.content.conformance = rules.into_iter().map(|(_, rule)| rule).collect();
        self.content
    }
}

fn count(counts: &mut BTreeMap<String, u64>, key: &str) {
    if let Some(known) = counts.get_mut(key) {
        *known += 1;
    } else {
        counts.insert(key.to_owned(), 1);
    }
}

/// MSH-18 as it is written, if it names character sets and nothing else.
fn plain_charset(declared: &[String]) -> String {
    let is_name = |text: &String| {
        let upper = text.trim().to_ascii_uppercase();
        let known = CHARSET_NAMES.iter().any(|name| upper.starts_with(name));
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-' | '_' | '/');
        text.is_empty() || known && text.len() <= 20 && text.chars().all(plain)
    };
    if declared.iter().all(is_name) { declared.join("~") } else { "?".to_owned() }
}

/// `ADT^A08`, or `?` where MSH-9 holds something else than codes.
fn message_type(message: &Message) -> String {
    let Some(msh) = message.segment("MSH") else { return "?".to_owned() };
    let part = |number| msh.field(9).component(number).value().into_owned();
    let is_code = |text: &str| {
        text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    };
    match (part(1), part(2)) {
        (code, trigger) if is_code(&code) && is_code(&trigger) => format!("{code}^{trigger}"),
        (code, trigger) if is_code(&code) && trigger.is_empty() => code,
        _ => "?".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Content {
        let mut reader = Reader::default();
        reader.hl7(text.as_bytes(), None);
        reader.finish()
    }

    #[test]
    fn what_stands_in_the_wrong_field_is_not_repeated() {
        let content =
            read("MSH|^~\\&|HIS|KAKUU|GW|R|20260401||TARO^KAKUU|1|P|2.5||||||KAKUU TARO\rPID|1||0001\r");
        assert_eq!(content.charsets[0].declared, "?");
        assert_eq!(content.message_types.keys().collect::<Vec<_>>(), ["?"]);
        assert!(content.facilities.is_empty());
        assert!(!serde_json::to_string(&content).unwrap().contains("KAKUU"));
    }

    #[test]
    fn codes_and_character_sets_are_told() {
        let content =
            read("MSH|^~\\&|HIS|3210100018|GW|R|20260401||ADT^A08|1|P|2.5||||||~ISO IR87\r\nPID|1||0001");
        assert_eq!(
            content.charsets[0],
            CharsetSeen { declared: "~ISO IR87".to_owned(), used: "ISO-2022-JP".to_owned(), messages: 1 }
        );
        assert_eq!(content.facilities["3210100018"], 1);
        assert_eq!(content.message_types["ADT^A08"], 1);
        assert_eq!((content.terminators.crlf, content.terminators.last_missing), (1, 1));
        assert_eq!(content.kinds["patient"], 1);
    }
}
