//! The bytes of a file: whole, terminated and encoded as SS-MIX2 demands.

use hl7v2::charset::{Charset, encode};
use hl7v2::{Delimiters, FieldPath, Message, completeness, decode, split};

use super::findings::Findings;
use super::place::Place;
use super::rule;

/// Findings of the decoder that tell of bytes which are no text of ISO-2022-JP.
const BYTES: [&str; 4] =
    ["undecodable", "shift-open-at-segment-end", "unknown-designation", "eight-bit-in-iso-2022"];

/// The bytes around a message on a connection.
const FRAME: [u8; 2] = [0x0B, 0x1C];

/// The messages of a file that can be read.
pub(super) fn read(bytes: &[u8], findings: &mut Findings) -> Vec<Message> {
    if let Err(incomplete) = completeness(bytes) {
        findings.file(&rule::FILE_TORN, incomplete.code);
    }
    let split = split(bytes);
    if bytes.iter().any(|byte| FRAME.contains(byte)) {
        findings.file(&rule::FILE_FRAME, "");
    }
    let around = split.findings.iter().any(|finding| !finding.code.starts_with("mllp-"));
    if split.parts.len() != 1 || around {
        findings.file(&rule::FILE_MESSAGES, "= 1");
    }
    terminators(bytes, findings);
    let mut messages = Vec::new();
    for part in split.parts {
        match decode(bytes.get(part).unwrap_or_default()) {
            Ok(message) => {
                text(&message, findings);
                messages.push(message);
            }
            Err(error) => findings.file(&rule::MESSAGE_UNREADABLE, error.code),
        }
    }
    messages
}

fn terminators(bytes: &[u8], findings: &mut Findings) {
    let (mut crlf, mut lf, mut before) = (false, false, 0);
    for byte in bytes.iter().filter(|byte| !FRAME.contains(byte)) {
        crlf |= *byte == b'\n' && before == b'\r';
        lf |= *byte == b'\n' && before != b'\r';
        before = *byte;
    }
    if crlf {
        findings.file(&rule::TERMINATOR, "CR LF");
    }
    if lf {
        findings.file(&rule::TERMINATOR, "LF");
    }
    if !bytes.is_empty() && !matches!(before, b'\r' | b'\n') {
        findings.file(&rule::TERMINATOR_LAST, "");
    }
}

fn text(message: &Message, findings: &mut Findings) {
    let used = message.charset().used;
    if !matches!(used, Charset::Ascii | Charset::Iso2022Jp) {
        findings.file(&rule::CHARSET, used.to_string());
    }
    for finding in message.findings().iter().filter(|finding| BYTES.contains(&finding.code)) {
        let (place, occurrence) = place(message, &finding.place);
        findings.add(&rule::CHARSET_BYTES, place, occurrence, finding.code.to_owned());
    }
    if message.delimiters() != Delimiters::default() {
        findings.file(&rule::DELIMITERS, "|^~\\&");
    }
    if message.text().is_ascii() {
        return;
    }
    for segment in message.segments().filter(|segment| !segment.raw().is_ascii()) {
        for (number, field) in segment.fields().enumerate() {
            // What could not be decoded has been told already.
            let plain = field.raw().replace('\u{FFFD}', "");
            if !plain.is_ascii() && encode(&plain, Charset::Iso2022Jp).is_err() {
                let place = Place::segment(&segment).field(number + 1);
                findings.add(&rule::CHARSET_REPERTOIRE, place, segment.occurrence(), String::new());
            }
        }
    }
}

/// The field that a finding of the decoder names; the file if it names none.
fn place(message: &Message, text: &str) -> (Place, usize) {
    let Ok(path) = text.parse::<FieldPath>() else { return (Place::default(), 0) };
    let segment = message
        .segments()
        .find(|segment| segment.name() == path.segment() && segment.occurrence() == path.occurrence());
    segment.map_or((Place::default(), 0), |segment| {
        (Place::segment(&segment).field(path.field()), segment.occurrence())
    })
}
