//! A second opinion on strictly valid messages.

use hl7v2::decode;
use proptest::prelude::*;

fn component() -> impl Strategy<Value = String> {
    "[A-Za-z0-9 .,山本太郎ー]{0,8}"
}

fn joined(piece: impl Strategy<Value = String>, delimiter: &'static str) -> impl Strategy<Value = String> {
    proptest::collection::vec(piece, 1..4).prop_map(move |pieces| pieces.join(delimiter))
}

fn segment() -> impl Strategy<Value = String> {
    let field = joined(joined(joined(component(), "&"), "^"), "~");
    let fields = proptest::collection::vec(field, 1..12).prop_map(|fields| fields.join("|"));
    ("(PID|PV1|OBX|NTE|ZA1)", fields).prop_map(|(name, fields)| format!("{name}|{fields}"))
}

proptest! {
    #[test]
    fn agrees_with_another_reader(segments in proptest::collection::vec(segment(), 1..8)) {
        let text = format!("MSH|^~\\&|A|B|C|D|20260101||ADT^A01|1|P|2.5\r{}\r", segments.join("\r"));
        let ours = decode(text.as_bytes()).unwrap();
        let theirs = hl7_parser::parse_message_with_lenient_newlines(text.trim_end_matches("\r")).unwrap();
        // The other reader stops at what it cannot read and says nothing.
        prop_assert_eq!(theirs.segments.len(), segments.len() + 1);
        for (ours, theirs) in ours.segments().zip(&theirs.segments) {
            prop_assert_eq!(ours.name(), theirs.name);
            prop_assert_eq!(ours.field_count(), theirs.fields.len());
            for (n, theirs) in theirs.fields.iter().enumerate() {
                let field = ours.field(n + 1);
                prop_assert_eq!(field.raw(), theirs.raw_value());
                if field.is_empty() || (ours.name() == "MSH" && n < 2) {
                    continue;
                }
                prop_assert_eq!(field.repetitions().count(), theirs.repeats.len());
                for (ours, theirs) in field.repetitions().zip(&theirs.repeats) {
                    let components: Vec<_> = ours.components().map(|c| c.raw()).collect();
                    let others: Vec<_> = theirs.components.iter().map(|c| c.raw_value()).collect();
                    prop_assert!(components == others || ours.is_empty());
                    for (ours, theirs) in ours.components().zip(&theirs.components) {
                        let others: Vec<_> = theirs.subcomponents.iter().map(|s| s.value).collect();
                        prop_assert!(ours.subcomponents().eq(others) || ours.is_empty());
                    }
                }
            }
        }
    }
}
