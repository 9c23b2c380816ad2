use proptest::prelude::*;

use super::*;
use crate::decode;

fn traced(bytes: &[u8]) -> Trace {
    trace(bytes, decode(bytes).unwrap().charset().used)
}

fn odd(trace: &Trace) -> Vec<(Oddity, usize)> {
    trace.odd_counts.iter().map(|(oddity, count)| (*oddity, *count)).collect()
}

const HEAD: &[u8] = b"MSH|^~\\&|A|||||||||||||||~ISO IR87\rPID|1||";

fn message(rest: &[u8]) -> Vec<u8> {
    [HEAD, rest, b"\r"].concat()
}

#[test]
fn each_change_of_set_is_a_run() {
    let bytes = message(b"\x1B$B;3ED\x1B(B^x");
    let trace = traced(&bytes);
    let runs: Vec<_> = trace.runs.iter().map(|run| (run.role, run.set, run.text.as_str())).collect();
    assert_eq!(
        runs[1..],
        [
            (Role::Designation, "JIS X 0208", ""),
            (Role::Text, "JIS X 0208", "山田"),
            (Role::Designation, "ASCII", ""),
            (Role::Text, "ASCII", "^x\r"),
        ]
    );
    assert_eq!(trace.runs[2].bytes, HEAD.len() + 3..HEAD.len() + 7);
    assert!(trace.odd.is_empty());
}

#[test]
fn bytes_that_others_read_differently_are_told() {
    let check = |rest: &[u8], expected: &[(Oddity, usize)]| {
        let trace = traced(&message(rest));
        assert_eq!(odd(&trace), expected, "{rest:?}");
        let bytes = message(rest);
        assert!(trace.odd.iter().all(|odd| odd.bytes.end <= bytes.len() && odd.bytes.start >= HEAD.len()));
    };
    check(b"\x1B(I123\x1B(B", &[(Oddity::HalfWidthKana, 3)]);
    check(b"\x1B$(D0!\x1B(B", &[(Oddity::Supplement, 1)]);
    check(b"\x1B$B-!\x1B(B", &[(Oddity::NecRow13, 1)]);
    check(b"\x1B$B|b\x1B(B", &[(Oddity::IbmExtension, 1)]);
    check(b"\x1B$B!]\x1B(B", &[(Oddity::MappingDiffers, 1)]);
    check(b"\x1B$B;3\x1B(Ja\\T\\", &[(Oddity::RomanDifference, 2)]);
    check(b"\x1B$B;3\x1B$B\x1B(Bx", &[(Oddity::EmptyRun, 1)]);
    check(b"\x1B$B;3", &[(Oddity::OpenAtSegmentEnd, 1)]);
    check(b"\x1B$B;3~~\x1B(B", &[(Oddity::ReturnMissing, 1)]);
    check(b"\x1B$B;3\x1B(B\x1B%G", &[(Oddity::UnknownDesignation, 1)]);
    check(b"\\M2442\\;3\\C2842\\", &[(Oddity::Hl7Form, 2)]);
    check(b"\x1B$B;3\x1B(B\x8E\x52", &[(Oddity::EightBit, 1)]);
}

#[test]
fn other_sets_are_traced_by_character() {
    let head = |set: &str| format!("MSH|^~\\&|A|||||||||||||||{set}\rPID|1||").into_bytes();
    let cp932 = [&head("SJIS")[..], &[0x8E, 0x52, 0x87, 0x40, 0xB1, 0x95, 0x5C], b"\r"].concat();
    let trace = traced(&cp932);
    assert_eq!(trace.runs[1].text, "山①ｱ表");
    assert_eq!(odd(&trace), [(Oddity::HalfWidthKana, 1), (Oddity::NecRow13, 1)]);
    assert_eq!(trace.holding_delimiters, 1, "表 holds 0x5C");
    let utf8 = [&head("UNICODE UTF-8")[..], "山\u{FFFD}〜".as_bytes(), b"\xFF\r"].concat();
    let trace = traced(&utf8);
    assert_eq!(odd(&trace), [(Oddity::Undecodable, 1), (Oddity::Lost, 1), (Oddity::MappingDiffers, 1)]);
    let wide: Vec<u8> = "MSH|^~\\&|山\rPID|1\r".encode_utf16().flat_map(u16::to_be_bytes).collect();
    let trace = traced(&wide);
    assert_eq!(trace.runs.len(), 1);
    assert_eq!(trace.runs[0].bytes, 0..wide.len());
}

#[test]
fn offsets_count_from_the_first_byte_that_was_given() {
    let bytes = [b"\x0B\r\n", &message(b"\x1B$B;3\x1B(B")[..]].concat();
    let trace = traced(&bytes);
    assert_eq!(trace.runs[0].bytes.start, 3);
    assert_eq!(trace.runs[1].bytes.start, 3 + HEAD.len());
}

#[test]
fn a_long_message_is_cut_and_says_so() {
    let bytes = message(&b"\x1B$B;3\x1B(B ".repeat(RUNS_MAX));
    let trace = traced(&bytes);
    assert_eq!(trace.runs.len(), RUNS_MAX);
    assert!(trace.runs_left_out > 0);
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"\x1B$B".to_vec()),
        Just(b"\x1B(B".to_vec()),
        Just(b"\x1B(J".to_vec()),
        Just(b"\x1B(I".to_vec()),
        Just(b"\x1B$(D".to_vec()),
        Just(b"\\M2442\\".to_vec()),
        Just(b"\r".to_vec()),
        Just("山田①～".as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..6),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    /// The runs follow each other without a gap, and together they are the text that was decoded.
    #[test]
    fn runs_cover_all_bytes_and_give_the_text(rest in bytes(), set in "(|SJIS|UNICODE UTF-8|EUC-JP|~ISO IR87|GB18030)") {
        let bytes = [format!("MSH|^~\\&|A|||||||||||||||{set}\rPID|1||").as_bytes(), &rest].concat();
        let message = decode(&bytes).unwrap();
        let trace = trace(&bytes, message.charset().used);
        let mut at = 0;
        for run in &trace.runs {
            prop_assert_eq!(run.bytes.start, at);
            at = run.bytes.end;
        }
        prop_assert_eq!(at, bytes.len());
        let text: String = trace.runs.iter().map(|run| run.text.as_str()).collect();
        let exact = !matches!(message.charset().used, Charset::Cp932 | Charset::EucJp | Charset::Gb18030);
        if exact || !text.contains('\u{FFFD}') {
            let read = message.text();
            prop_assert!(message.place(0).is_none() || text == read, "{text:?} {read:?}");
        }
    }
}
