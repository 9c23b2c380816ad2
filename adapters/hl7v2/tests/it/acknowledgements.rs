//! Acknowledgements, written and read.

use hl7v2::ack::{
    AckCode, Acknowledgement, Answer, AnswerError, Condition, Initiating, Location, Mode, Problem, Severity,
    batch, read,
};
use proptest::prelude::*;

const TIME: &str = "20261122103000+0900";
const WRONG: Problem = Problem {
    condition: Condition::RequiredFieldMissing,
    severity: Severity::Error,
    location: Some(Location { segment: "MSH", sequence: 1, field: 10 }),
    text: "no control id",
};

fn answer(message: &[u8], code: AckCode, problem: Option<Problem>) -> Vec<u8> {
    let initiating = Initiating::read(message).unwrap_or_default();
    Acknowledgement { code, control_id: "42", time: TIME, problem }.to_bytes(&initiating)
}

fn text(message: &str, code: AckCode, problem: Option<Problem>) -> String {
    String::from_utf8(answer(message.as_bytes(), code, problem)).unwrap()
}

#[test]
fn sender_and_receiver_change_places() {
    let message = "MSH|^~\\&|HIS|HOSP|HUB|NET|20261122||ADT^A08^ADT_A01|M1|T|2.5.1|||||JPN|~ISO IR87|JA|ISO 2022-1994\rPID|1\r";
    assert_eq!(
        text(message, AckCode::Aa, None),
        "MSH|^~\\&|HUB|NET|HIS|HOSP|20261122103000+0900||ACK^A08^ACK|42|T|2.5.1|||||JPN|~ISO IR87|JA|ISO 2022-1994\rMSA|AA|M1\r"
    );
}

#[test]
fn the_error_stands_where_the_version_has_it() {
    let new = text("MSH|^~\\&|A|B|C|D|1||ADT^A08||P|2.5\r", AckCode::Ar, Some(WRONG));
    assert!(
        new.ends_with("MSA|AR\rERR||MSH^1^10|101^Required field missing^HL70357|E||||no control id\r"),
        "{new}"
    );
    let old = text("MSH|^~\\&|A|B|C|D|1||ADT^A08|7|P|2.4\r", AckCode::Ae, Some(WRONG));
    assert!(
        old.ends_with("MSA|AE|7|no control id\rERR|MSH^1^10^101&Required field missing&HL70357\r"),
        "{old}"
    );
    for (answer, code) in [(new, AckCode::Ar), (old, AckCode::Ae)] {
        let read = read(answer.as_bytes()).unwrap();
        assert_eq!((read.code, read.conditions), (code, vec![101]));
    }
}

#[test]
fn separators_are_those_of_the_message_and_are_escaped() {
    let answer = text("MSH+.~\\&+A+B+C+D+1++ADT.A08+5+P+2\\S\\5\r", AckCode::Aa, None);
    assert_eq!(answer, "MSH+.~\\&+C+D+A+B+20261122103000\\F\\0900++ACK.A08.ACK+42+P+2\\S\\5\rMSA+AA+5\r");
    let with_truncation = text("MSH|^~\\&#|A|B|C|D|1||ADT^A08|5|P|2.8\r", AckCode::Aa, None);
    assert!(with_truncation.starts_with("MSH|^~\\&#|C|D|A|B|"));
}

#[test]
fn japanese_names_come_back_byte_for_byte() {
    // Each kanji holds the byte of a separator; the second name lacks its return to ASCII.
    let mut message = b"MSH|^~\\&|\x1b$BL|\x1b(B|\x1b$BL^".to_vec();
    assert!(
        answer(&message, AckCode::Aa, None).starts_with(b"MSH|^~\\&|||\x1b$BL|\x1b(B|\x1b$BL^\x1b(B|2026")
    );
    message.extend_from_slice(b"\rPID|1\r");
    let shift_jis = b"MSH|^~\\&|\x83|\x83|A|S|GW|R|2026||ADT^A08|1|P|2.5||||||MS932\r";
    let answer = answer(shift_jis, AckCode::Aa, None);
    assert!(answer.starts_with(b"MSH|^~\\&|GW|R|\x83|\x83|A|S|2026"), "{answer:?}");
}

#[test]
fn an_application_acknowledgement_asks_for_none() {
    let message = "MSH|^~\\&|A|B|C|D|1||ADT^A08|5|P|2.5|||AL|AL\r";
    assert!(
        text(message, AckCode::Ca, None)
            .starts_with("MSH|^~\\&|C|D|A|B|20261122103000+0900||ACK^A08^ACK|42|P|2.5\r")
    );
    assert!(text(message, AckCode::Aa, None).contains("|42|P|2.5|||NE|NE\r"));
}

#[test]
fn what_is_hardly_a_message_is_answered_in_the_plainest_form() {
    for bytes in [&b""[..], b"GET / HTTP/1.1", b"MSH", b"MSH|||", b"MSHAAAA"] {
        let answer = answer(bytes, AckCode::Ar, Some(WRONG));
        assert!(answer.starts_with(b"MSH|^~\\&|||||20261122103000+0900||ACK|42|P|2.5\rMSA|AR\rERR|"));
    }
}

#[test]
fn a_message_in_utf_16_is_answered_in_ascii() {
    let text = "MSH|^~\\&|病|B|C|D|1||ADT^A08|5|P|2.5||||||UNICODE UTF-16\rPID|1\r";
    let message: Vec<u8> =
        "\u{FEFF}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let expected = "MSH|^~\\&|C|D|?|B|20261122103000+0900||ACK^A08^ACK|42|P|2.5\rMSA|AA|5\r";
    assert_eq!(String::from_utf8(answer(&message, AckCode::Aa, None)).unwrap(), expected);
}

#[test]
fn a_response_batch_names_the_batch() {
    let bytes =
        b"BHS|^~\\&|HIS|HOSP|HUB|NET|2026|||| B7 |\rMSH|^~\\&|HIS|HOSP|HUB|NET|1||ADT^A08|M1|P|2.5\rBTS|1\r";
    let inner =
        answer(&bytes[bytes.iter().position(|byte| *byte == b'\r').unwrap() + 1..], AckCode::Aa, None);
    let answer = String::from_utf8(batch(bytes, &[inner.clone(), inner.clone()], "43", TIME)).unwrap();
    assert!(
        answer.starts_with("BHS|^~\\&|HUB|NET|HIS|HOSP|20261122103000+0900||||43| B7 \rMSH|"),
        "{answer}"
    );
    assert!(answer.ends_with("MSA|AA|M1\rBTS|2\r"), "{answer}");
    assert_eq!(hl7v2::split(answer.as_bytes()).findings, []);
}

#[test]
fn reads_the_answers_of_others() {
    let of = |text: &str| read(format!("MSH|^~\\&|A|B|C|D|1||ACK|9|P|2.4\r{text}").as_bytes());
    let answer = |code, control_id: &str, conditions: &[u32]| {
        Ok(Answer { code, control_id: control_id.into(), conditions: conditions.into() })
    };
    assert_eq!(of("MSA|AA|M1"), answer(AckCode::Aa, "M1", &[]));
    assert_eq!(
        of("MSA| AE |M\\F\\1|bad|||207^x\nERR|PID^1^3^101&y~PID^1^5^102"),
        answer(AckCode::Ae, "M|1", &[207, 101, 102])
    );
    assert_eq!(
        of("MSA|CR|M1\rERR||PID^1^3|200|E\rERR||PID^1^3|200|E\rERR||||E"),
        answer(AckCode::Cr, "M1", &[200])
    );
    assert_eq!(of("MSA|OK|M1"), Err(AnswerError::UnknownCode));
    assert_eq!(of("PID|1"), Err(AnswerError::NoMsa));
    assert!(matches!(read(b"OK"), Err(AnswerError::Decode(_))));
}

proptest! {
    #[test]
    fn any_bytes_are_answered_readably(start in "MSH[|+][\\^.]?~?", bytes: Vec<u8>, more in "[|^~\\\\&A-Z0-9\x1b$(B\r]{0,60}") {
        let message = [start.as_bytes(), &bytes, more.as_bytes()].concat();
        let answer = answer(&message, AckCode::Ar, Some(WRONG));
        let read = read(&answer);
        prop_assert!(read.is_ok(), "{:?}", answer);
        let read = read.unwrap();
        prop_assert_eq!(read.code, AckCode::Ar);
        prop_assert_eq!(read.conditions, vec![101]);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>, text in "MSH\\|[A-Z|^~\r]{0,80}") {
        let _read = (read(&bytes).is_ok(), read(text.as_bytes()).is_ok());
        let _batch = batch(&bytes, &[], "1", TIME);
        prop_assert!(Initiating::default().mode() == Mode::Original);
    }
}
