//! What a kept message looks like at every stage: its bytes, the event, and what each subscriber would get now.
//!
//! However long a message is, only the beginning of each view is made into a text.

use bytes::Bytes;
use encoding_rs::{EUC_JP, Encoding, ISO_2022_JP, SHIFT_JIS};
use jiff::Timestamp;
use serde::Serialize;

use super::rehearsal::{Input, Rehearsal};
use crate::broker::{Publication, topology};
use crate::config::Config;
use crate::envelope::{Envelope, Fault, Finding, Format};
use crate::pipeline::{Original, Outcome};
use crate::registry::View;

/// Bytes of a view that are shown.
pub const SHOWN: usize = 64 << 10;
/// Bytes that are shown as hexadecimal digits: a line of 16 takes 76 characters.
const HEX: usize = 4 << 10;
/// JSON up to that length is indented.
const INDENTED: usize = 512 << 10;

/// A message at every stage.
#[derive(Debug, Serialize)]
pub struct Views {
    /// Its bytes as the facility sent them.
    pub original: Text,
    /// What it says, in the network's terms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canonical: Option<Text>,
    /// Why it makes no sense.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<Fault>,
    /// What is odd about it.
    pub findings: Vec<Finding>,
    /// What each subscriber would get now, by the present routes, consents and tables.
    pub copies: Vec<CopyView>,
}

/// The beginning of something, as a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Text {
    /// The text; control characters as their symbols.
    pub text: String,
    /// How its bytes were read: the name of an encoding, or `hex`.
    pub read_as: &'static str,
    /// All bytes.
    pub bytes: usize,
    /// Bytes that are not shown.
    pub left_out: usize,
}

/// What a subscriber would get. Stand-ins in it are made without the hub's secret, and differ from those of the hub.
#[derive(Debug, Serialize)]
pub struct CopyView {
    /// Subscribers; each gets the same.
    pub subscribers: Vec<String>,
    /// Route.
    pub route: String,
    /// Topic.
    pub topic: String,
    /// Media type of the body.
    pub media_type: String,
    /// The body.
    pub body: Text,
}

/// Looks at a message as the present configuration and registry would take it.
pub fn views(config: &Config, registry: View, envelope: Envelope, body: Bytes, now: Timestamp) -> Views {
    let original = match envelope.format {
        Format::Checkup => hex(&body),
        Format::Hl7v2 | Format::Document => text(&body),
    };
    let findings = envelope.findings.clone();
    let input = Input { envelope, original: Original { body, main: None }, at: now };
    let rehearsal = Rehearsal::over(config, registry).telling_events();
    let processed = rehearsal.process(&input);
    let told = rehearsal.look(&input, |event, _| event.findings.clone());
    let refused = match &processed.outcome {
        Outcome::Invalid(_) => processed.follow.iter().find_map(|one| one.envelope.fault.clone()),
        Outcome::Routed(_) | Outcome::Filtered => None,
    };
    Views {
        original,
        canonical: processed.archived.as_ref().map(|publication| json(&publication.body)),
        refused,
        findings: told.unwrap_or(findings),
        copies: processed.follow.iter().filter_map(|publication| copy(config, publication)).collect(),
    }
}

fn copy(config: &Config, publication: &Publication) -> Option<CopyView> {
    let routed = publication.envelope.event.as_ref()?;
    let body = match routed.media_type.ends_with("json") {
        true => json(&publication.body),
        false => text(&publication.body),
    };
    let names = config.subscribers.iter().map(|subscriber| subscriber.name.as_str());
    let is_to = |name: &&str| publication.to.iter().any(|(queue, _)| *queue == topology::subscriber(name));
    Some(CopyView {
        subscribers: names.filter(is_to).map(str::to_owned).collect(),
        route: routed.route.clone(),
        topic: routed.topic.clone(),
        media_type: routed.media_type.clone(),
        body,
    })
}

fn json(bytes: &[u8]) -> Text {
    let value = (bytes.len() <= INDENTED).then(|| serde_json::from_slice::<serde_json::Value>(bytes).ok());
    match value.flatten().and_then(|value| serde_json::to_string_pretty(&value).ok()) {
        Some(indented) => text(indented.as_bytes()),
        None => text(bytes),
    }
}

/// The beginning of bytes as a text: in the first encoding that all of it makes sense in, else as hexadecimal digits.
pub fn text(bytes: &[u8]) -> Text {
    let shown = bytes.get(..SHOWN).unwrap_or(bytes);
    // Escapes of ISO 2022 look like ASCII, so that this one comes first.
    let escaped = shown.contains(&0x1B).then(|| whole(ISO_2022_JP, shown)).flatten();
    let read = escaped
        .map(|text| (text, "ISO-2022-JP"))
        .or_else(|| utf8(shown, shown.len() < bytes.len()).map(|text| (text, "UTF-8")))
        .or_else(|| whole(SHIFT_JIS, shown).map(|text| (text, "Shift_JIS")))
        .or_else(|| whole(EUC_JP, shown).map(|text| (text, "EUC-JP")));
    match read {
        Some((text, read_as)) => {
            Text { text: visible(&text), read_as, bytes: bytes.len(), left_out: bytes.len() - shown.len() }
        }
        None => hex(bytes),
    }
}

/// A character that the end of what is shown cuts through is left out.
fn utf8(shown: &[u8], is_cut: bool) -> Option<String> {
    match std::str::from_utf8(shown) {
        Ok(text) => Some(text.to_owned()),
        Err(error) if is_cut && error.error_len().is_none() => {
            Some(String::from_utf8_lossy(shown.get(..error.valid_up_to())?).into_owned())
        }
        Err(_) => None,
    }
}

fn whole(encoding: &'static Encoding, shown: &[u8]) -> Option<String> {
    // The last character may be cut through.
    let ends = (0..3).filter_map(|less| shown.get(..shown.len().checked_sub(less)?));
    let mut read = ends.map(|shown| encoding.decode_without_bom_handling(shown));
    read.find(|(_, wrong)| !wrong).map(|(text, _)| text.into_owned())
}

/// Ends of segments begin a line; other control characters, which could move or hide what is shown, become symbols.
fn visible(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    super::shown::harmless(&text)
}

fn hex(bytes: &[u8]) -> Text {
    let shown = bytes.get(..HEX).unwrap_or(bytes);
    let mut text = String::with_capacity(shown.len() * 5);
    for (line, row) in shown.chunks(16).enumerate() {
        let digits: Vec<_> = row.iter().map(|byte| format!("{byte:02x}")).collect();
        let shown = |byte: &u8| if (0x20..0x7f).contains(byte) { char::from(*byte) } else { '.' };
        let letters: String = row.iter().map(shown).collect();
        text.push_str(&format!("{:08x}  {:<47}  {letters}\n", line * 16, digits.join(" ")));
    }
    Text { text, read_as: "hex", bytes: bytes.len(), left_out: bytes.len() - shown.len() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_show_what_is_there_and_say_what_they_leave_out() {
        let seen = text("MSH|^~\\&|A\rPID|||山田^太郎<b>\u{1b}".as_bytes());
        assert_eq!(seen.read_as, "UTF-8");
        assert_eq!(seen.text, "MSH|^~\\&|A\nPID|||山田^太郎<b>␛");
        let (jis, ..) = ISO_2022_JP.encode("PID|||山田^太郎");
        assert_eq!((text(&jis).text.as_str(), text(&jis).read_as), ("PID|||山田^太郎", "ISO-2022-JP"));
        let (sjis, ..) = SHIFT_JIS.encode("PID|||山田^太郎");
        assert_eq!((text(&sjis).text.as_str(), text(&sjis).read_as), ("PID|||山田^太郎", "Shift_JIS"));
        let large = "あ".repeat(SHOWN);
        let seen = text(large.as_bytes());
        assert_eq!((seen.bytes, seen.left_out), (large.len(), large.len() - SHOWN));
        assert!(seen.text.chars().all(|character| character == 'あ'));
        let seen = text(&[0xFF, 0x00, 0xFE, b'A']);
        assert_eq!((seen.read_as, seen.left_out), ("hex", 0));
        assert!(seen.text.starts_with("00000000  ff 00 fe 41") && seen.text.trim_end().ends_with("...A"));
    }
}
