//! What a file holds, and whether it is whole.

use hl7v2::{completeness, decode, split};

use crate::{at, message};

const A: &str = "MSH|^~\\&|A|||||||1||2.5\rPID|1\r";
const B: &str = "MSH|^~\\&|B|||||||2||2.5\rPID|2\r";

/// Checks the messages that a file is split into and the codes of the findings.
#[track_caller]
fn check(file: &str, parts: &[&str], codes: &[&str]) {
    let split = split(file.as_bytes());
    let found: Vec<_> = split.parts.into_iter().map(|part| file.get(part).unwrap()).collect();
    assert_eq!(found, parts);
    let found: Vec<_> = split.findings.iter().map(|finding| finding.code).collect();
    assert_eq!(found, codes, "{:?}", split.findings);
}

#[test]
fn one_or_several_messages() {
    check(A, &[A], &[]);
    check(&[A, B].concat(), &[A, B], &[]);
    check(&format!("\u{FEFF}\r\n {A}\r\n\r\n{B}\n"), &[&format!("{A}\r\n\r\n"), &format!("{B}\n")], &[]);
    check("PID|1\r", &["PID|1\r"], &["outside-of-messages"]);
    check("", &[""], &[]);
    check(&format!("junk\r{A}"), &[A], &["outside-of-messages"]);
    let lines = A.replace('\r', "\n");
    check(&format!("{lines}{lines}"), &[&lines, &lines], &[]);
}

#[test]
fn a_second_msh_may_have_other_delimiters() {
    check(&format!("{A}MSH@~#%\\@B@\rPID@1\r"), &[A, "MSH@~#%\\@B@\rPID@1\r"], &[]);
    check(&format!("{A}MSHX|1\r"), &[&format!("{A}MSHX|1\r")], &[]);
}

#[test]
fn batches() {
    let batch = |count: &str| format!("BHS|^~\\&|\r{A}{B}BTS|{count}\r");
    check(&format!("FHS|^~\\&|\r{}FTS|1\r", batch("2")), &[A, B], &[]);
    check(&format!("FHS|^~\\&|\r{}{}FTS|2\r", batch("2"), batch("")), &[A, B, A, B], &[]);
    check(&batch("2"), &[A, B], &[]);
    check(&batch("3"), &[A, B], &["batch-count"]);
    check(&format!("FHS|^~\\&|\r{}FTS|2\r", batch("2")), &[A, B], &["batch-count"]);
    check(&format!("FHS|^~\\&|\r{A}{B}BTS|2\rFTS|1\r"), &[A, B], &[]);
    check(&format!("FHS|^~\\&|\r{A}FTS|1\r"), &[A], &[]);
    check(&format!("BHS|^~\\&|\r{A}"), &[A], &["batch-trailer-missing"]);
    check(&format!("BHS:-+?*:\r{A}BTS:1\r"), &[A], &[]);
    check(&format!("BHS|^~\\&|\r{A}BTS|1\rPID|9\r"), &[A], &["outside-of-messages"]);
}

#[test]
fn frames() {
    check(&format!("\u{b}{A}\u{1c}\r"), &[A], &[]);
    check(&format!("\u{b}{A}\u{1c}\r\u{b}{B}\u{1c}\r"), &[A, B], &[]);
    check(&format!("\u{b}{A}\u{1c}\u{b}{B}\u{1c}"), &[A, B], &[]);
    check(&format!("{A}\u{1c}\r"), &[A], &["mllp-start-missing"]);
    check(&format!("\u{b}{A}"), &[A], &["mllp-end-missing"]);
    check(&format!("\u{b}{A}\u{b}{B}\u{1c}\r"), &[A, B], &["mllp-end-missing"]);
    check(&format!("{A}\u{b}\r\n"), &[&format!("{A}\u{b}\r\n")], &[]);
    // Either byte within a line is content.
    let odd = "MSH|^~\\&|A\rNTE|a\u{b}b\u{1c}c\r";
    check(odd, &[odd], &[]);
}

#[test]
fn continuations_stay_together() {
    let first = "MSH|^~\\&|A|||||||1||2.5\rOBX|1|TX|c||begun, \rADD|\rDSC|P1|F\r";
    let second = "MSH|^~\\&|A|||||||2||2.5||P1\rADD|carried on|||||F\rNTE|1\r";
    let both = [first, second].concat();
    check(&both, &[&both], &[]);
    let joined = decode(both.as_bytes()).unwrap();
    let names: Vec<_> = joined.segments().map(|segment| segment.name()).collect();
    assert_eq!(names, ["MSH", "OBX", "NTE"]);
    assert_eq!(at(&joined, "OBX-5"), "begun, carried on");
    assert_eq!(at(&joined, "OBX-10"), "F");
    assert_eq!(at(&joined, "MSH-10"), "1");

    let framed = format!("\u{b}{first}\u{1c}\r\u{b}{second}\u{1c}\r");
    let split = split(framed.as_bytes());
    assert_eq!((split.parts.len(), split.findings.len()), (1, 0));
    let joined = decode(&framed.as_bytes()[split.parts[0].clone()]).unwrap();
    assert_eq!(at(&joined, "OBX-5"), "begun, carried on");

    let other = second.replace("P1", "P2");
    check(&[first, &other].concat(), &[first, &other], &[]);
    let alone = decode(first.as_bytes()).unwrap();
    assert_eq!(alone.segments().last().unwrap().name(), "DSC");
}

#[test]
fn utf_16_is_split_by_units() {
    let text = format!("{A}\r\n{B}山");
    for (mark, unit) in
        [(b"\xff\xfe", u16::to_le_bytes as fn(u16) -> [u8; 2]), (b"\xfe\xff", u16::to_be_bytes)]
    {
        let units = |text: &str| text.encode_utf16().flat_map(unit).collect::<Vec<u8>>();
        let file = [&mark[..], &units(&text)].concat();
        let parts = split(&file).parts;
        let found: Vec<_> = parts.into_iter().map(|part| decode(&file[part]).unwrap()).collect();
        assert_eq!(found.iter().map(|found| at(found, "MSH-3")).collect::<Vec<_>>(), ["A", "B"]);
        assert_eq!(found[1].text(), format!("{B}山"));
        assert_eq!(completeness(&units(A)), Ok(()));
        let torn = [&units(A)[..], b"\0"].concat();
        assert_eq!(completeness(&torn).unwrap_err().code, "torn-character");
        assert_eq!(split(&torn).parts.last().map(|part| part.end), Some(torn.len()));
    }
}

#[test]
fn a_whole_file_is_complete() {
    let jis = message("~ISO IR87", b"PID|1||||\x1b$B;3K\\\x1b(B");
    let trailing = [&jis[..jis.len() - 1], b"\x1c\r"].concat();
    for whole in
        [A, "MSH|^~\\&|A\nPID|1", "MSH|^~\\&|A\rDSC|1", "\u{FEFF}MSH@~#%\\@\r\n\r\nPID@1\r\n", "FHS|\rFTS"]
    {
        assert_eq!(completeness(whole.as_bytes()), Ok(()), "{whole}");
    }
    assert_eq!(completeness(&jis), Ok(()));
    assert_eq!(completeness(&trailing), Ok(()));
    assert_eq!(completeness(format!("\u{b}{A}\u{1c}\r").as_bytes()), Ok(()));
}

#[test]
fn a_file_in_the_making_is_not() {
    let code = |bytes: &[u8]| completeness(bytes).unwrap_err().code;
    assert_eq!(code(b""), "empty");
    assert_eq!(code(b"\xef\xbb\xbf \r\n\0"), "empty");
    assert_eq!(code(b"PID|1\r"), "no-header");
    assert_eq!(code(b"MS"), "no-header");
    assert_eq!(code(b"MSH|^~\\&|A|B\r"), "only-header");
    assert_eq!(code(b"MSH|^~\\&|A\rPI"), "torn-segment");
    assert_eq!(code(b"MSH|^~\\&|A\rPID|\x1b$B;3"), "torn-character");
    assert_eq!(code("MSH|^~\\&|A\rPID|山\u{5c71}".as_bytes().split_last().unwrap().1), "torn-character");
    assert_eq!(code(format!("\u{b}{A}").as_bytes()), "mllp-frame-torn");
    assert_eq!(code(format!("\u{b}{A}\u{1c}\r\u{b}{B}").as_bytes()), "mllp-frame-torn");
    assert_eq!(completeness(b"MSH|^~\\&|A\rPI").unwrap_err().place, "byte 11");
}

#[test]
fn a_file_cut_within_an_escape_sequence_is_not_complete() {
    let before: [&[u8]; 3] = [b"", b"\x1b$B;3K\\", b"\x1b$B;3K\\\x1b(B^"];
    for before in before {
        for torn in ["\x1b", "\x1b$", "\x1b(", "\x1b$(", "\x1b)", "\x1b&"] {
            let file = [b"MSH|^~\\&|A\rPID|", before, torn.as_bytes()].concat();
            assert_eq!(completeness(&file).unwrap_err().code, "torn-character", "{file:02X?}");
        }
    }
    // The line has its end: nothing more of it will come.
    assert_eq!(completeness(b"MSH|^~\\&|A\rPID|a\x1b\r"), Ok(()));
    assert_eq!(completeness(b"MSH|^~\\&|A\rPID|$("), Ok(()));
}
