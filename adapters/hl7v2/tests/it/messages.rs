//! Segments, fields and paths of whole messages.

use hl7v2::decode;

use crate::{at, clean, codes};

#[test]
fn msh_counts_its_separator() {
    let decoded = clean(b"MSH|^~\\&|APP^1|FAC\rPID|1||7~8&9^b\r");
    let msh = decoded.segment("MSH").unwrap();
    assert_eq!(msh.field(1).value(), "|");
    assert_eq!(msh.field(2).value(), "^~\\&");
    assert_eq!(msh.field(2).repetitions().count(), 1);
    assert_eq!(msh.field(3).component(2).value(), "1");
    assert_eq!((msh.field_count(), msh.field(4).raw(), msh.field(5).raw()), (4, "FAC", ""));
    assert_eq!(msh.field(0).raw(), "");
    let pid = decoded.segment("PID").unwrap();
    assert_eq!((pid.field_count(), pid.index(), pid.occurrence()), (3, 1, 1));
    assert!(pid.field(2).is_empty() && pid.field(99).is_empty() && pid.field(0).is_empty());
    assert_eq!(pid.field(3).repetitions().count(), 2);
    assert_eq!(pid.field(2).repetitions().count(), 0);
    assert_eq!(pid.field(3).repetition(2).component(1).value(), "8");
    assert_eq!(pid.field(3).repetition(2).component(1).subcomponents().collect::<Vec<_>>(), ["8", "9"]);
    assert_eq!(pid.field(3).repetition(2).components().map(|c| c.raw()).collect::<Vec<_>>(), ["8&9", "b"]);
}

#[test]
fn null_is_not_empty() {
    let decoded = clean(b"MSH|^~\\&|A\rPID|\"\"|\"\"^x|\r");
    let pid = decoded.segment("PID").unwrap();
    assert!(pid.field(1).is_null() && !pid.field(1).is_empty());
    assert!(!pid.field(2).is_null() && pid.field(2).component(1).is_null());
    assert!(pid.field(3).is_empty() && !pid.field(3).is_null());
    assert_eq!(at(&decoded, "PID-1"), "\"\"");
}

#[test]
fn paths_address_exactly_what_they_name() {
    let decoded = clean(b"MSH|^~\\&|A\rOBX|1||c\rOBX|2||a&b^c\\F\\d~e\r");
    assert_eq!(at(&decoded, "OBX-1"), "1");
    assert_eq!(at(&decoded, "OBX[2]-1"), "2");
    assert_eq!(at(&decoded, "OBX[2]-3"), "a&b^c|d~e");
    assert_eq!(at(&decoded, "OBX[2]-3[1]"), "a&b^c|d");
    assert_eq!(at(&decoded, "OBX[2]-3.1"), "a&b");
    assert_eq!(at(&decoded, "OBX[2]-3.1.2"), "b");
    assert_eq!(at(&decoded, "OBX[2]-3[2].1"), "e");
    for absent in ["OBX[3]-1", "OBX-2", "OBX-9", "OBX-3[2]", "OBX-3.2", "OBX-3.1.2", "PV1-1"] {
        assert_eq!(at(&decoded, absent), "-", "{absent}");
    }
}

#[test]
fn every_terminator_and_any_mixture_ends_a_segment() {
    for text in
        ["{}\r{}\r{}\r", "{}\n{}\n{}\n", "{}\r\n{}\r\n{}\r\n", "{}\r{}\n{}\r\n", "{}\r\r\n\n{}\n\r\r{}"]
    {
        let text =
            text.replacen("{}", "MSH|^~\\&|A", 1).replacen("{}", "PID|1|2", 1).replacen("{}", "PV1|1", 1);
        let decoded = clean(text.as_bytes());
        assert_eq!(
            decoded.segments().map(|s| s.raw()).collect::<Vec<_>>(),
            ["MSH|^~\\&|A", "PID|1|2", "PV1|1"]
        );
    }
}

#[test]
fn a_line_without_a_segment_id_continues_the_field() {
    let decoded = decode(b"MSH|^~\\&|A\rOBX|1|TX|first\nsecond line|x\r\nthird\rPIDX|1\rPV1|1\r").unwrap();
    let obx = decoded.segment("OBX").unwrap();
    assert_eq!(obx.field(3).raw(), "first\nsecond line");
    assert_eq!(obx.field(4).raw(), "x\r\nthird\rPIDX");
    assert_eq!(obx.field(5).raw(), "1");
    assert_eq!(at(&decoded, "PV1-1"), "1");
    assert_eq!(codes(&decoded), ["line-break-in-field"; 3]);
    assert_eq!(decoded.findings()[0].place, "OBX[1]-3");
}

#[test]
fn add_continues_the_last_field() {
    let decoded = clean(b"MSH|^~\\&|A\rOBX|1|abc\rADD|def|x\rADD|\rADD|yz\rNTE|1\r");
    assert_eq!(
        decoded.segments().map(|s| s.raw()).collect::<Vec<_>>(),
        ["MSH|^~\\&|A", "OBX|1|abcdef|xyz", "NTE|1"]
    );
    assert_eq!(clean(b"MSH|^~\\&|A\rADD|x\r").segments().next().unwrap().raw(), "MSH|^~\\&|Ax");
}

#[test]
fn a_second_message_is_kept_and_reported() {
    let decoded = decode(b"MSH|^~\\&|A\rPID|1\rMSH|^~\\&|B\rPID|2\r").unwrap();
    assert_eq!(decoded.len(), 4);
    assert_eq!(codes(&decoded), ["several-messages"]);
}

#[test]
fn odd_segment_ids_are_tolerated_and_reported() {
    let decoded = decode(b"MSH|^~\\&|A\r  PID|1\rpv1|I\r   \rZZZ\r").unwrap();
    assert_eq!(decoded.segments().map(|s| s.name()).collect::<Vec<_>>(), ["MSH", "PID", "pv1", "ZZZ"]);
    assert_eq!(codes(&decoded), ["blank-before-segment", "segment-id-case"]);
    assert_eq!(at(&decoded, "PV1-1"), "I");
}

#[test]
fn a_message_that_cannot_be_addressed_is_refused() {
    let refused = [
        (&b""[..], "no-msh", "byte 0"),
        (b"PID|1\r", "no-msh", "byte 0"),
        (b"junk\rMSH|^~\\&|\r", "no-msh", "byte 0"),
        (b"MSH", "illegal-field-separator", "MSH-1"),
        (b"MSHA^~\\&A", "illegal-field-separator", "MSH-1"),
        (b"MSH|ABCD|", "illegal-encoding-characters", "MSH-2"),
        (b"MSH|^^\\&|", "duplicate-encoding-characters", "MSH-2"),
    ];
    for (bytes, code, place) in refused {
        let error = decode(bytes).unwrap_err();
        assert_eq!((error.code, error.place), (code, place));
    }
}

#[test]
fn what_surrounds_a_message_is_passed_over() {
    let decoded = clean(b"\x0b\r\n MSH|^~\\&|A\rPID|1|x\x1c\r");
    assert_eq!(decoded.len(), 2);
    assert_eq!(at(&decoded, "PID-2"), "x");
}

#[test]
fn debug_shows_no_contents() {
    let decoded = clean(b"MSH|^~\\&|SECRET\rPID|1||HIDDEN\r");
    let shown = format!("{decoded:?}");
    assert!(!shown.contains("SECRET") && !shown.contains("HIDDEN"), "{shown}");
}
