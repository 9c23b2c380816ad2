//! An edited copy of an invalid message: its text as people change it, and back in the character set that it came in.

use bytes::Bytes;
use hl7v2::charset::{Charset, Repertoire, encode_within};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{EDITED_MAX, LettersError};
use crate::envelope::{CLAIMED_ABOVE, Envelope, Format, Identifying};
use crate::ops::shown;

/// The sets that are tried, in this order: escapes of ISO 2022 look like ASCII, so that this one comes first.
const SETS: [Charset; 4] = [Charset::Iso2022Jp, Charset::Utf8, Charset::Cp932, Charset::EucJp];

/// Where the symbols of control characters begin.
const SYMBOLS: u32 = 0x2400;

/// A message as a text that can be written back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Editable {
    /// A segment a line; control characters as their symbols (U+2400 and on).
    pub text: String,
    /// Its character set, for people.
    pub charset: String,
}

/// A text, and how it becomes bytes.
struct Read {
    text: String,
    charset: Charset,
    end: &'static str,
    /// Whether symbols in it stand for control characters.
    has_symbols: bool,
}

impl Read {
    /// The text of bytes, in the first set in which writing it gives the same bytes.
    fn of(bytes: &[u8]) -> Option<Self> {
        let of = |charset: Charset| {
            if charset == Charset::Iso2022Jp && !bytes.contains(&0x1B) {
                return None;
            }
            let text = charset.decode(bytes)?;
            let same = encode_within(&text, charset, Repertoire::All).is_ok_and(|written| written == bytes);
            same.then_some((text, charset))
        };
        let (text, charset) = SETS.into_iter().find_map(of)?;
        let end = if text.contains("\r\n") {
            "\r\n"
        } else if text.contains('\r') {
            "\r"
        } else {
            "\n"
        };
        let text = lines(&text);
        let has_symbols = text.contains(is_control);
        if has_symbols && text.contains(is_symbol) {
            return None;
        }
        let text = text.chars().map(|one| if is_control(one) { shown::symbol(one) } else { one }).collect();
        Some(Self { text, charset, end, has_symbols })
    }

    /// The bytes of another text.
    fn written(&self, text: &str) -> Result<Vec<u8>, LettersError> {
        let control = |one: char| u32::from(one).checked_sub(SYMBOLS).and_then(char::from_u32);
        let back = |one| if self.has_symbols && is_symbol(one) { control(one).unwrap_or(one) } else { one };
        let text: String = lines(text).chars().map(back).collect();
        let text = text.replace('\n', self.end);
        encode_within(&text, self.charset, Repertoire::All)
            .map_err(|unmappable| LettersError::Bad(unmappable.to_string()))
    }
}

/// Control characters are lost or changed in a browser: they are edited as their symbols.
const fn is_control(character: char) -> bool {
    matches!(character, '\0'..='\u{8}' | '\u{b}'..='\u{1f}')
}

const fn is_symbol(character: char) -> bool {
    matches!(character, '\u{2400}'..='\u{2408}' | '\u{240b}'..='\u{241f}')
}

/// The same with one kind of line end, as browsers and people change it.
fn lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

fn read(envelope: &Envelope, body: &[u8]) -> Result<Read, LettersError> {
    let bad = |why: &str| Err(LettersError::Bad(why.to_owned()));
    if envelope.format != Format::Hl7v2 {
        return bad("only messages of HL7 v2 can be edited");
    }
    if body.is_empty() {
        return bad("its bytes are not in the hub: it is mended at its source");
    }
    if body.len() > EDITED_MAX {
        return bad("it is too large to be edited here");
    }
    match Read::of(body) {
        Some(read) => Ok(read),
        None => bad("it is in no character set in which it could be written back unchanged"),
    }
}

/// A message as a text to be edited.
///
/// # Errors
/// It can't be one.
pub fn editable(envelope: &Envelope, body: &[u8]) -> Result<Editable, LettersError> {
    let Read { text, charset, .. } = read(envelope, body)?;
    Ok(Editable { text, charset: charset.to_string() })
}

/// The edited copy: a message of its own, with its own hash and id.
pub(super) fn edited(
    envelope: &Envelope,
    body: &[u8],
    text: &str,
    now: Timestamp,
) -> Result<(Envelope, Bytes), LettersError> {
    let bytes = read(envelope, body)?.written(text)?;
    if bytes == body {
        return Err(LettersError::Bad("nothing is changed: retry it instead".to_owned()));
    }
    if bytes.len() > CLAIMED_ABOVE {
        return Err(LettersError::Bad("it is too large to be edited here".to_owned()));
    }
    let hash = blake3::hash(&bytes).to_hex().to_string();
    let mut copy = Envelope { fault: None, claim: None, stored: None, ..envelope.clone() };
    let mut hasher = blake3::Hasher::new();
    for part in [&envelope.facility, &envelope.key.0, &envelope.version, &hash, "edited", &envelope.id] {
        hasher.update(part.as_bytes()).update(&[0]);
    }
    copy.id = hasher.finalize().to_hex().chars().take(32).collect();
    copy.origin.hash = hash;
    copy.accepted_at = now.to_string();
    // A storage says by a file's name whom it is about; elsewhere the message says so.
    if envelope.data_type.is_none() {
        let patient = hl7v2::decode(&bytes).ok();
        let patient = patient.as_ref().and_then(hl7v2::Message::patient_id).map(|(_, id)| id.into_owned());
        copy.patient = Identifying(patient.unwrap_or_default());
    }
    Ok((copy, bytes.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope() -> Envelope {
        Envelope { facility: "3210100018".to_owned(), ..Envelope::of_hub("1".to_owned()) }
    }

    #[test]
    fn what_is_edited_is_written_in_the_set_and_with_the_ends_that_it_had() {
        let original = "MSH|^~\\&|A|B|C|D|20261122||ADT^A08|1|P|2.5\rPID|1||0001^^^^PI||架空^太郎\r";
        for charset in SETS {
            let body = encode_within(original, charset, Repertoire::All).unwrap();
            let text = editable(&envelope(), &body).unwrap().text;
            assert!(text.contains("架空^太郎\n") && !text.contains('\r'), "{charset}");
            // As a browser sends it.
            let changed = text.replace("0001", "0002").replace("太郎", "花子").replace('\n', "\r\n");
            let (copy, bytes) = edited(&envelope(), &body, &changed, Timestamp::UNIX_EPOCH).unwrap();
            let wanted = original.replace("0001", "0002").replace("太郎", "花子");
            assert_eq!(bytes, encode_within(&wanted, charset, Repertoire::All).unwrap(), "{charset}");
            assert_eq!(copy.patient.0, "0002", "whom it is about");
            assert_ne!(copy.id, "1");
            assert!(edited(&envelope(), &body, &text, Timestamp::UNIX_EPOCH).is_err(), "nothing is changed");
        }
    }

    #[test]
    fn control_characters_are_edited_as_symbols_and_come_back() {
        let body = b"MSH|^~\\&|A\rPID|||\0\x07\x1f\tx\r";
        let text = editable(&envelope(), body).unwrap().text;
        assert_eq!(text, "MSH|^~\\&|A\nPID|||␀␇␟\tx\n");
        let changed = text.replace('x', "y").replace('\n', "\r\n");
        let (_, bytes) = edited(&envelope(), body, &changed, Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(bytes.as_ref(), b"MSH|^~\\&|A\rPID|||\0\x07\x1f\ty\r");
        let symbols = "PID|||␀x\r";
        let (_, bytes) =
            edited(&envelope(), symbols.as_bytes(), "PID|||␀y\n", Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(bytes.as_ref(), "PID|||␀y\r".as_bytes(), "nothing stood for a control character");
        assert!(editable(&envelope(), "PID|||␀\0\r".as_bytes()).is_err(), "nobody knew which is which");
    }

    #[test]
    fn what_can_not_be_written_back_is_refused() {
        assert!(editable(&envelope(), b"MSH|\xFF\xFF").is_err());
        assert!(editable(&envelope(), b"").is_err());
        let body = encode_within("PID|架空", Charset::Cp932, Repertoire::All).unwrap();
        assert!(edited(&envelope(), &body, "PID|🏥", Timestamp::UNIX_EPOCH).is_err());
    }
}
