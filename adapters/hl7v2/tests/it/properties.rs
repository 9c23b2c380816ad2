//! Any bytes at all: no panic, ranges in order and in bounds.

use std::ops::Range;

use hl7v2::charset::{Charset, encode};
use hl7v2::mllp::{Decoder, frame};
use hl7v2::{FieldPath, alignment, completeness, decode, decode_as_written, split};
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Everything that can be done with bytes.
fn everything(bytes: &[u8]) -> Result<(), TestCaseError> {
    let parts = split(bytes).parts;
    prop_assert!(!parts.is_empty());
    prop_assert!(parts.iter().all(|part| part.start <= part.end && part.end <= bytes.len()));
    prop_assert!(parts.windows(2).all(|pair| pair[0].end <= pair[1].start));
    prop_assert!(completeness(bytes).is_err_and(|e| !e.code.is_empty()) || completeness(bytes).is_ok());
    for part in parts.into_iter().chain([Range { start: 0, end: bytes.len() }]) {
        if let Ok(message) = decode_as_written(&bytes[part.clone()]) {
            let ranges = alignment(&bytes[part.clone()], &message);
            prop_assert_eq!(ranges.len(), message.text().chars().count());
            prop_assert!(ranges.iter().all(|range| range.start <= range.end && range.end <= part.len()));
            prop_assert!(ranges.windows(2).all(|pair| pair[0].end <= pair[1].start));
        }
        let Ok(message) = decode(&bytes[part]) else { continue };
        for segment in message.segments() {
            prop_assert!(segment.raw().len() >= 3);
            for field in segment.fields() {
                for repetition in field.repetitions() {
                    for component in repetition.components() {
                        prop_assert!(component.subcomponents().count() > 0 || component.is_empty());
                    }
                }
                field.value();
            }
        }
        for path in ["MSH-9.1", "PID-5[2].1.1", "OBX[3]-5"] {
            message.at(&path.parse::<FieldPath>().unwrap());
        }
    }
    Ok(())
}

/// A stream never loops, panics, or holds more than it was told to.
fn stream(bytes: &[u8], size: usize) -> Result<(), TestCaseError> {
    let mut decoder = Decoder::new(64);
    for piece in bytes.chunks(size) {
        decoder.extend(piece);
        let mut calls = 0;
        while let Ok(Some(_)) | Err(_) = decoder.next_frame() {
            calls += 1;
            prop_assert!(calls <= 2 * bytes.len() + 2);
        }
    }
    prop_assert!(
        decoder.finish().is_ok_and(|frame| frame.is_none_or(|f| f.len() <= 65)) || decoder.finish().is_ok()
    );
    Ok(())
}

/// Pieces that matter to the reader, so that random input gets far.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let known = select(vec![
        &b"MSH|^~\\&|"[..],
        b"PID|",
        b"OBX|1|TX|",
        b"ADD|",
        b"DSC|1|F",
        b"FHS|^~\\&|",
        b"BHS|",
        b"BTS|1",
        b"FTS|1",
        b"\r",
        b"\n",
        b"\x0b",
        b"\x1c",
        b"\x1c\r",
        b"|",
        b"^",
        b"~",
        b"&",
        b"\\",
        b"\\F\\",
        b"\\X41\\",
        b"\\.br\\",
        b"\x1b$B",
        b"\x1b(B",
        b"\x1b(I",
        b"\x1b$(D",
        b"\x1b$@",
        b";3K\\",
        b"\x8eR\x96{",
        b"\xe5\xb1\xb1",
        b"\xbb\xb3",
        b"\xff\xfe",
        b"\xfe\xff",
        b"\xef\xbb\xbf",
        b"||||||||||||",
        b"~ISO IR87",
        b"UNICODE UTF-8",
        b"\\M2442\\",
        b"\\C2842\\",
        b"\0",
        b" ",
        b"\x0e",
        b"\x0f",
    ]);
    let piece =
        prop_oneof![4 => known.prop_map(<[u8]>::to_vec), 1 => proptest::collection::vec(any::<u8>(), 0..6)];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

const VALID: &str = "MSH|^~\\&|HIS|S|GW|R|20260101||ADT^A08^ADT_A01|1|P|2.5||||||~ISO IR87||ISO 2022-1994\r\
    PID|1||0000001^^^^PI||山本^花子^^^^^L^I~ヤマモト^ハナコ^^^^^L^P||19700101|F\r\
    OBX|1|TX|c||一行目\\.br\\二行目\\F\\||||||F\r";

proptest! {
    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400), size in 1..50_usize) {
        everything(&bytes)?;
        everything(&[b"MSH|^~\\&|", &bytes[..]].concat())?;
        stream(&bytes, size)?;
    }

    #[test]
    fn any_pieces(bytes in pieces(), size in 1..50_usize) {
        everything(&bytes)?;
        everything(&[b"MSH|^~\\&|A\r", &bytes[..]].concat())?;
        stream(&bytes, size)?;
    }

    #[test]
    fn any_mutation_of_a_valid_message(
        set in select(vec![Charset::Iso2022Jp, Charset::Utf8, Charset::Cp932, Charset::EucJp, Charset::Utf16Le]),
        cuts in proptest::collection::vec((any::<Index>(), any::<u8>(), 0..3_u8), 0..6),
    ) {
        let mut bytes = encode(VALID, set).unwrap();
        for (at, byte, how) in cuts {
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => { bytes.remove(at); }
            }
        }
        everything(&bytes)?;
    }

    #[test]
    fn text_survives_encoding_and_framing(text in "[ -~ぁ-んァ-ン亜-腕]{0,60}") {
        for set in [Charset::Iso2022Jp, Charset::Utf8, Charset::Cp932, Charset::EucJp] {
            let Ok(encoded) = encode(&text, set) else { continue };
            let bytes = [b"MSH|^~\\&|A\rNTE|", &encoded[..]].concat();
            let mut decoder = Decoder::new(10_000);
            decoder.extend(&frame(&bytes));
            let payload = decoder.next_frame().unwrap().unwrap();
            prop_assert_eq!(&payload, &bytes);
            if set == Charset::Iso2022Jp || set == Charset::Utf8 {
                let message = decode(&payload).unwrap();
                prop_assert_eq!(message.segments().nth(1).unwrap().raw(), format!("NTE|{text}"));
            }
        }
    }
}
