//! Which character set is used, and what is reported about it.

use hl7v2::charset::{Charset, Reason};
use hl7v2::decode;

use crate::{at, clean, codes, message};

/// Decodes a PID segment and checks PID-5, the set used and the codes of the findings.
#[track_caller]
fn check(declared: &str, pid_5: &[u8], expected: &str, used: Charset, found: &[&str]) {
    let bytes = message(declared, &[b"PID|1||||", pid_5, b"|next"].concat());
    let decoded = decode(&bytes).unwrap();
    assert_eq!(decoded.charset().used, used);
    let field = decoded.segment("PID").unwrap().field(5).raw();
    assert_eq!(field, expected);
    assert_eq!(codes(&decoded), found);
    assert_eq!(at(&decoded, "PID-6"), "next");
}

const YAMAMOTO_UTF8: &[u8] = "山本^ウイルス".as_bytes();
const YAMAMOTO_SJIS: &[u8] = b"\x8eR\x96{^\x83E\x83C\x83\x8b\x83X";
const YAMAMOTO_EUC: &[u8] = b"\xbb\xb3\xcb\xdc^\xa5\xa6\xa5\xa4\xa5\xeb\xa5\xb9";
const YAMAMOTO_JIS: &[u8] = b"\x1b$B;3K\\\x1b(B^\x1b$B%&%$%k%9\x1b(B";
const YAMAMOTO: &str = "山本^ウイルス";

#[test]
fn a_true_declaration_is_followed() {
    check("~ISO IR87", YAMAMOTO_JIS, YAMAMOTO, Charset::Iso2022Jp, &[]);
    check("~ISOIR87", YAMAMOTO_JIS, YAMAMOTO, Charset::Iso2022Jp, &[]);
    check("UNICODE UTF-8", YAMAMOTO_UTF8, YAMAMOTO, Charset::Utf8, &[]);
    check("Shift_JIS", YAMAMOTO_SJIS, YAMAMOTO, Charset::Cp932, &[]);
    check("EUC-JP", YAMAMOTO_EUC, YAMAMOTO, Charset::EucJp, &[]);
    check("GB 18030-2000", b"\xc0\xee^\xc3\xf7", "李^明", Charset::Gb18030, &[]);
    check("8859/1", b"M\xfcller", "Müller", Charset::Latin1, &[]);
    check("8859/15", b"\xa4", "€", Charset::Latin9, &[]);
    check("8859/5", b"\xb8\xd2\xd0\xdd\xde\xd2", "Иванов", Charset::Cyrillic, &[]);
    check("KS X 1001", b"\xb1\xe8", "김", Charset::EucKr, &[]);
    check("BIG-5", b"\xa7\xf5", "李", Charset::Big5, &[]);
}

#[test]
fn a_false_declaration_is_recognised_and_reported() {
    let mismatch = ["charset-mismatch"];
    for declared in ["ASCII", "8859/1", "UNICODE UTF-8", "MS932", "EUC-JP"] {
        check(declared, YAMAMOTO_JIS, YAMAMOTO, Charset::Iso2022Jp, &mismatch);
    }
    for declared in ["ASCII", "8859/1", "~ISO IR87", "MS932", "EUC-JP", "GB18030"] {
        check(declared, YAMAMOTO_UTF8, YAMAMOTO, Charset::Utf8, &mismatch);
    }
    for declared in ["ASCII", "8859/1", "~ISO IR87", "UNICODE UTF-8", "EUC-JP"] {
        check(declared, YAMAMOTO_SJIS, YAMAMOTO, Charset::Cp932, &mismatch);
    }
    for declared in ["ASCII", "8859/1", "~ISO IR87", "UNICODE UTF-8"] {
        check(declared, YAMAMOTO_EUC, YAMAMOTO, Charset::EucJp, &mismatch);
    }
    check("UNICODE UTF-8", b"M\xfcller^J\xf6rg", "Müller^Jörg", Charset::Latin1, &mismatch);
}

#[test]
fn japanese_under_a_set_that_takes_any_bytes_is_recognised_and_reported() {
    let mismatch = ["charset-mismatch"];
    for declared in ["8859/5", "8859/7", "8859/15", "GB 18030-2000", "KS X 1001", "BIG-5"] {
        check(declared, YAMAMOTO_SJIS, YAMAMOTO, Charset::Cp932, &mismatch);
    }
    for declared in ["8859/7", "8859/15", "GB 18030-2000", "KS X 1001"] {
        check(declared, YAMAMOTO_EUC, YAMAMOTO, Charset::EucJp, &mismatch);
    }
    let kana = b"\xd4\xcf\xd3\xc4^\xc0\xdb\xb3";
    for declared in ["8859/1", "8859/5", "GB 18030-2000"] {
        check(declared, kana, "ﾔﾏﾓﾄ^ﾀﾛｳ", Charset::Cp932, &mismatch);
    }
    // The same bytes are an ordinary word in capitals.
    check("8859/5", b"\xb8\xb2\xb0\xbd\xbe\xb2", "ИВАНОВ", Charset::Cyrillic, &[]);
    check("GB 18030-2000", b"\xc0\xee^\xc3\xf7\xcf\xc9\xbb\xaa", "李^明仙华", Charset::Gb18030, &[]);
}

#[test]
fn a_missing_declaration_is_reported_only_beyond_ascii() {
    let undeclared = ["charset-undeclared"];
    check("", b"YAMAMOTO", "YAMAMOTO", Charset::Ascii, &[]);
    check("", YAMAMOTO_JIS, YAMAMOTO, Charset::Iso2022Jp, &undeclared);
    check("", YAMAMOTO_UTF8, YAMAMOTO, Charset::Utf8, &undeclared);
    check("", YAMAMOTO_SJIS, YAMAMOTO, Charset::Cp932, &undeclared);
    check("", YAMAMOTO_EUC, YAMAMOTO, Charset::EucJp, &undeclared);
    check("", b"\xd4\xcf\xd3\xc4^\xc0\xdb\xb3", "ﾔﾏﾓﾄ^ﾀﾛｳ", Charset::Cp932, &undeclared);
    check("", b"M\xfcller^\x93x\x94", "Müller^“x”", Charset::Latin1, &undeclared);
}

#[test]
fn ascii_is_fine_under_every_declaration() {
    for declared in
        ["", "ASCII", "~ISO IR87", "UNICODE UTF-8", "8859/1", "UNICODE UTF-16", "ISO IR6~ISO IR87"]
    {
        clean(&message(declared, b"PID|1||||YAMAMOTO^TARO"));
    }
    check("ISO IR 999", b"A", "A", Charset::Ascii, &["charset-unknown"]);
}

#[test]
fn every_designation_in_use_is_known() {
    let iso = |bytes: &[u8], text: &str| check("~ISO IR87", bytes, text, Charset::Iso2022Jp, &[]);
    iso(b"\x1b$@;3\x1b(B", "山");
    iso(b"\x1b$B;3\x1b(J\\S\\~a", "山\\S\\~a");
    iso(b"\x1b$(B;3\x1b(B", "山");
    iso(b"\x1b&@\x1b$B;3\x1b(B", "山");
    iso(b"\x1b(I\x54\x4f\x53\x44\x1b(B", "ﾔﾏﾓﾄ");
    iso(b"\x1b$(D\x30\x21\x1b(B", "丂");
    iso(b"\x1b$B\x2d\x21\x7c\x62\x1b(B", "①髙");
    // Empty, doubled, and one after the other.
    iso(b"\x1b$B\x1b(B", "");
    iso(b"\x1b$B\x1b$B;3\x1b(B\x1b(B", "山");
    iso(b"\x1b$B;3\x1b(B\x1b$BK\\\x1b(B", "山本");
    iso(b"\x1b$B;3\x1b(I\x31\x1b$(D\x30\x21\x1b$BK\\\x1b(B", "山ｱ丂本");
    // Shift out and in once kana are designated.
    iso(b"\x1b)I\x0e\x31\x32\x0f", "ｱｲ");
}

#[test]
fn hl7_escapes_designate_too() {
    let iso = |bytes: &[u8], text: &str| check("~ISO IR87", bytes, text, Charset::Iso2022Jp, &[]);
    iso(b"\\M2442\\;3K\\\\C2842\\^a", "山本^a");
    iso(b"\\M242844\\\x30\x21\\C2842\\", "丂");
    iso(b"\\C2849\\\x31\\C2842\\", "ｱ");
    // 0x5C43 is a kanji unless a whole designation stands there.
    iso(b"\x1b$B\x5c\x43\x5c\x4d\x1b(B", &(kanji(0x5C43) + &kanji(0x5C4D)));
}

fn kanji(code: u16) -> String {
    let euc = (code | 0x8080).to_be_bytes();
    encoding_rs::EUC_JP.decode_without_bom_handling(&euc).0.into_owned()
}

#[test]
fn a_shift_left_open_ends_with_its_segment() {
    for terminator in [&b"\r"[..], b"\n", b"\r\n"] {
        let bytes = message("~ISO IR87", &[b"PID|1||||\x1b$B;3K\\", terminator, b"PV1|1|I"].concat());
        let decoded = decode(&bytes).unwrap();
        assert_eq!(codes(&decoded), ["shift-open-at-segment-end"]);
        assert_eq!(decoded.findings()[0].place, "PID[1]-5");
        assert_eq!(at(&decoded, "PID-5"), "山本");
        assert_eq!(at(&decoded, "PV1-2"), "I");
    }
    let mut bytes = message("~ISO IR87", b"PID|1||||\x1b(I\x31");
    bytes.pop();
    assert_eq!(codes(&decode(&bytes).unwrap()), ["shift-open-at-segment-end"]);
    // ESC ( J is ASCII enough to be left open.
    clean(&message("~ISO IR87", b"PID|1||||\x1b(Jabc"));
}

#[test]
fn eight_bit_bytes_among_escape_sequences_are_read() {
    let found = ["eight-bit-in-iso-2022"];
    check("~ISO IR87", b"\x1b$B;3\x1b(B\x96{", "山本", Charset::Iso2022Jp, &found);
    check("~ISO IR87", b"\x1b$B;3\x1b(B\xb1\xb2", "山ｱｲ", Charset::Iso2022Jp, &found);
    check("~ISO IR87~ISO IR13", b"\x1b$B;3\x1b(B\xb1\xb2", "山ｱｲ", Charset::Iso2022Jp, &[]);
    check("~ISO IR87", "\x1b$B;3\x1b(B本".as_bytes(), "山本", Charset::Iso2022Jp, &found);
    check("~ISO IR13", b"\xb1\xb2", "ｱｲ", Charset::Cp932, &[]);
}

#[test]
fn what_cannot_be_decoded_is_replaced_and_reported() {
    check("~ISO IR87", b"\x1b$B\x29\x21;3\x1b(B", "\u{FFFD}山", Charset::Iso2022Jp, &["undecodable"]);
    check("~ISO IR87", b"\x1b$B;\x1b(B", "\u{FFFD}", Charset::Iso2022Jp, &["undecodable"]);
    check("~ISO IR87", b"\x1b$B;3\x1b(B\xff", "山\u{FFFD}", Charset::Iso2022Jp, &["undecodable"]);
    check("~ISO IR87", b"\x1b$B;3\x1b(Ba\x1b[0m", "山a␛[0m", Charset::Iso2022Jp, &["unknown-designation"]);
    let korean = b"\x1b$(C\x30\x21\x7c\x7c\x1b(B";
    check("~ISO IR87", korean, "␛$(C\u{FFFD}\u{FFFD}", Charset::Iso2022Jp, &["unknown-designation"]);
    let torn = ["山本太郎".as_bytes(), b"\xe5\xb1^a"].concat();
    check("UNICODE UTF-8", &torn, "山本太郎\u{FFFD}^a", Charset::Utf8, &["undecodable"]);
}

#[test]
fn utf_16_is_read_with_and_without_a_byte_order_mark() {
    let text = "MSH|^~\\&|A|||||||||2.4||||||UNICODE UTF-16\rPID|1||||山本^太郎\r";
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for (mark, bytes, used) in [
        (&b"\xff\xfe"[..], &little, Charset::Utf16Le),
        (b"", &little, Charset::Utf16Le),
        (b"\xfe\xff", &big, Charset::Utf16Be),
        (b"", &big, Charset::Utf16Be),
    ] {
        let decoded = clean(&[mark, bytes].concat());
        assert_eq!((decoded.charset().used, decoded.charset().reason), (used, Reason::ByteOrder));
        assert_eq!(at(&decoded, "PID-5"), "山本^太郎");
        assert_eq!(decoded.charset().declared, ["UNICODE UTF-16"]);
    }
}

#[test]
fn a_utf_8_mark_is_passed_over() {
    let bytes = [b"\xef\xbb\xbf", &message("UNICODE UTF-8", "PID|山".as_bytes())[..]].concat();
    assert_eq!(at(&clean(&bytes), "PID-1"), "山");
}

#[test]
fn what_msh_18_and_20_say_is_kept() {
    let decoded = clean(&message("~ISO IR87", b"PID|1"));
    assert_eq!(decoded.charset().declared, ["", "ISO IR87"]);
    assert_eq!(decoded.charset().handling, "ISO 2022-1994");
    assert_eq!(decoded.charset().used, Charset::Iso2022Jp);
}

#[test]
fn findings_are_placed_and_hold_no_values() {
    let bytes = message("ASCII", &[b"PID|1||||", YAMAMOTO_SJIS].concat());
    for finding in decode(&bytes).unwrap().findings() {
        assert_eq!(finding.place, "MSH-18");
        assert!(!finding.text.contains("山"));
    }
}
