use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::ops::inspect::inspect;

/// The input of every case.
static CASES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/cases");
    let inputs = fs::read_dir(cases).unwrap().map(|case| case.unwrap().path().join("input"));
    inputs.map(|input| fs::read(input).unwrap()).filter(|bytes| bytes.len() < 20_000).collect()
});

fn seen(bytes: &[u8]) -> Inspection {
    inspect(Path::new("sample"), bytes, Given { all_bytes: true, ..Given::default() }, None)
}

/// All three forms, in both languages.
fn shown(bytes: &[u8]) -> (Vec<String>, Vec<String>, String) {
    let seen = seen(bytes);
    let langs = [Lang::En, Lang::Ja];
    let texts =
        langs.iter().map(|lang| text::text(&seen, *lang, Paint::off(), bytes.len().is_multiple_of(2), false));
    let pages = langs.iter().map(|lang| page::page(&seen, *lang));
    (texts.collect(), pages.collect(), serde_json::to_string(&seen).unwrap())
}

/// Elements that a page is made of.
const ELEMENTS: [&str; 31] = [
    "!DOCTYPE", "html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "dl", "dt", "dd", "p",
    "pre", "table", "thead", "tbody", "tr", "th", "td", "span", "br", "code", "div", "ol", "ul", "li",
    "strong", "small", "hr",
];

/// Nothing in a page but its own elements, and nothing that is loaded.
#[track_caller]
fn assert_inert(page: &str) {
    let (_, body) = page.split_once("</head>").unwrap();
    for rest in body.split('<').skip(1) {
        let name: String =
            rest.trim_start_matches('/').chars().take_while(|c| c.is_ascii_alphanumeric()).collect();
        assert!(ELEMENTS.contains(&name.as_str()), "<{}", rest.chars().take(40).collect::<String>());
        let tag = rest.split('>').next().unwrap();
        assert!(["on", "src", "href"].iter().all(|word| !tag.contains(&format!(" {word}"))), "<{tag}>");
    }
    assert_plain(page);
}

/// No control character but the line end.
#[track_caller]
fn assert_plain(text: &str) {
    let control = text.chars().find(|c| c.is_control() && *c != '\n' || matches!(c, '\u{202A}'..='\u{202E}'));
    assert_eq!(control, None, "{text}");
}

#[test]
fn what_is_in_a_message_is_shown_as_text() {
    let name = "<script>alert('1')</script>\u{1B}[31m\u{7}\u{202E}\"&<b onclick=x>";
    let bytes = format!(
        "MSH|^~\\&|A|B|C|D|20261120||ADT^A08|1|P|2.5||||||UNICODE UTF-8\rPID|||1||{name}\rZZZ|{name}\r"
    );
    let (texts, pages, _) = shown(bytes.as_bytes());
    texts.iter().for_each(|text| assert_plain(text));
    for page in pages {
        assert_inert(&page);
        assert!(page.contains("&lt;script&gt;alert(&#39;1&#39;)"), "{page}");
        assert!(page.contains("␛[31m") && page.contains("\\u{202e}"));
    }
}

#[test]
fn names_stand_beside_values_in_both_languages() {
    let bytes = b"MSH|^~\\&|A|B|C|D|20261120||ADT^A08|1|P|2.5\rPID|||1||\x59^Z^^^^^L^I\rZPR|1\rEVN|A08|1|1|1|1|1|1|8\r";
    let (texts, pages, json) = shown(bytes);
    assert!(
        texts[0].contains("PID-5.1          Y                           Patient Name / Family Name\n"),
        "{}",
        texts[0]
    );
    assert!(texts[1].contains("患者氏名 / 姓\n") && texts[1].contains("PID 患者識別"), "{}", texts[1]);
    assert!(texts[0].contains("Event Type Code (deprecated)") && texts[0].contains("(not in the standard)"));
    assert!(texts[1].contains("修飾語管理番号（接頭語） (ローカル)"), "{}", texts[1]);
    assert!(pages[1].contains("患者氏名 / 名"));
    assert!(
        json.contains(r#""names":[["Patient Name","患者氏名"],["Given Name","名"]],"type":"XPN""#),
        "{json}"
    );
}

#[test]
fn a_hint_follows_each_code() {
    let bytes = b"MSH|^~\\&|A|B|C|D|20261120||ADT^A08|1|P|2.5\rPID|||1||\x1B$B;3ED\x1B(I1\r";
    let (texts, pages, json) = shown(bytes);
    let hint = hint("half-width-kana").unwrap();
    assert!(texts[0].contains(hint[0]) && texts[1].contains(hint[1]), "{}", texts[0]);
    assert!(pages[1].contains(hint[1]) && json.contains(hint[0]));
    assert!(texts[0].contains("shift-open-at-segment-end ×1"), "{}", texts[0]);
}

#[test]
fn what_is_too_much_is_counted_and_left_out() {
    let head = "MSH|^~\\&|A|B|C|D|20261120||ORU^R01|1|P|2.5\rPID|||1\r";
    for body in [
        format!("{head}OBX|1|ST|A||{}\r", "x~".repeat(120_000)),
        format!("{head}OBX|1|ST|A||{}\r", "x&".repeat(120_000)),
        format!("{head}{}", "OBX|1|ST|A||1\r".repeat(12_000)),
        format!("{head}OBX|1|ST|A||{}\r", "x".repeat(1_000_000)),
        format!("{head}OBX|1|ST|A||{}\r", "\u{1B}$B;3\u{1B}(B ".repeat(30_000)),
        head.repeat(1_000),
    ] {
        let (texts, pages, json) = shown(body.as_bytes());
        for shown in texts.iter().chain(&pages) {
            assert!(shown.len() < 3_000_000, "{} of {}", shown.len(), body.len());
            assert!(["…", "more messages", "省略"].iter().any(|word| shown.contains(word)), "{}", body.len());
        }
        // Each value has its names beside it: so many times the message, however long it is.
        assert!(json.len() < 50 * body.len() + 100_000, "{} of {}", json.len(), body.len());
    }
}

fn change() -> impl Strategy<Value = (usize, usize, Vec<u8>)> {
    let piece = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..6),
        prop::sample::select(vec![
            "\u{1B}$B",
            "\u{1B}(B",
            "\u{1B}(J",
            "|",
            "^",
            "~",
            "&",
            "\\",
            "\r",
            "\nMSH|^~\\&|",
            "<b>",
            "\u{202E}"
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ];
    (any::<usize>(), 0..12_usize, piece)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_bytes_can_be_shown(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let (texts, pages, _) = shown(&bytes);
        texts.iter().for_each(|text| assert_plain(text));
        pages.iter().for_each(|page| assert_inert(page));
    }

    #[test]
    fn changed_messages_can_be_shown(pick in any::<prop::sample::Index>(), changes in prop::collection::vec(change(), 1..8)) {
        let mut bytes = pick.get(&CASES).clone();
        for (at, length, piece) in changes {
            let at = at % (bytes.len() + 1);
            let end = (at + length).min(bytes.len());
            bytes.splice(at..end, piece);
        }
        let (texts, pages, _) = shown(&bytes);
        texts.iter().for_each(|text| assert_plain(text));
        pages.iter().for_each(|page| assert_inert(page));
    }
}
