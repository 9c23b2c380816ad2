//! Files in OBX-5.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

use super::*;

/// The attachment of an OBX of the type ED, the number of unmapped values of OBX-5, and the findings.
fn file_of(data: &str) -> (Value, usize, Vec<String>) {
    let obx = format!("OBX|1|ED|18842-5^退院サマリー^LN||{data}||||||F");
    let event = normalised(None, "ORU^R01", &[PID, "OBR|1||1|1^^L", &obx]).unwrap();
    let unmapped =
        event["unmapped"].as_object().map(|left| left.keys().filter(|key| key.starts_with("OBX-5")).count());
    (event["results"][0]["attachment"].clone(), unmapped.unwrap_or_default(), finding_codes(&event))
}

/// `%PDF-1.7`
const PDF: &str = "JVBERi0xLjc=";

#[test]
fn a_file_is_taken_out_and_named_by_its_hash() {
    let (attachment, unmapped, findings) = file_of(&format!("^application^pdf^Base64^{PDF}"));
    let expected = json!({
        "at": "OBX-5",
        "title": "退院サマリー",
        "media_type": "application/pdf",
        "bytes": 8,
        "hash": blake3::hash(b"%PDF-1.7").to_hex().as_str(),
    });
    assert_eq!((attachment, unmapped, findings), (expected, 0, vec![]));
}

#[test]
fn its_bytes_are_kept_beside_the_event() {
    let zone = TimeZone::UTC;
    let obx = format!("OBX|1|ED|a||^AP^PDF^Base64^{PDF}");
    let message = decode(text_of("ORU^R01", &[PID, &obx, &obx]).as_bytes()).unwrap();
    let source = source(&zone);
    let attached = normalise(&message, &source).unwrap().attached;
    assert_eq!(attached.len(), 1, "the same bytes are kept once");
    assert_eq!(attached[0].content, b"%PDF-1.7");
    assert_eq!(attached[0].hash, blake3::hash(b"%PDF-1.7").to_hex().as_str());
}

#[test]
fn layouts_and_breaks_seen_in_the_field_are_read() {
    for data in [
        "^AP^PDF^Base64^JVBE\\.br\\Ri0x\\X0D\\\\X0A\\Ljc=",
        "^AP^PDF^base64^JVBERi0xLjc",
        "^AP^PDF^Hex^255044462D312E37",
        "^^application/pdf^BASE64^JVBE Ri0xLjc=",
    ] {
        let (attachment, unmapped, findings) = file_of(data);
        assert_eq!(attachment["media_type"], "application/pdf", "{data}");
        assert_eq!((attachment["bytes"].as_u64(), unmapped, findings), (Some(8), 0, vec![]), "{data}");
    }
    for data in ["PDF^Base64^JVBERi0xLjc=", "JVBERi0xLjc="] {
        let (attachment, unmapped, findings) = file_of(data);
        assert_eq!((attachment["bytes"].as_u64(), unmapped), (Some(8), 0), "{data}");
        assert_eq!(findings, ["attachment-layout OBX-5"], "{data}");
    }
    let (attachment, ..) = file_of("^TEXT^plain^A^血圧 A&B^続き");
    assert_eq!(attachment["bytes"], "血圧 A&B^続き".len());
    assert_eq!(attachment["media_type"], "text/plain");
}

#[test]
fn the_bytes_say_what_a_file_is_and_the_words_stay_where_they_differ() {
    let (attachment, unmapped, _) = file_of(&format!("^IM^JPEG^Base64^{PDF}"));
    assert_eq!((attachment["media_type"].as_str(), unmapped), (Some("application/pdf"), 2));
    let (attachment, unmapped, _) = file_of("^IM^JPEG^Base64^44GC44GE");
    assert_eq!((attachment["media_type"].as_str(), unmapped), (Some("image/jpeg"), 0));
}

#[test]
fn what_cannot_be_decoded_stays() {
    for data in ["^AP^PDF^Base64^<Base64 encoded>", "^AP^PDF^Base64^", "see attached", "^AP^PDF^Hex^2"] {
        let (attachment, unmapped, findings) = file_of(data);
        assert_eq!(attachment, Value::Null, "{data}");
        assert!(unmapped > 0, "{data}");
        assert_eq!(findings, ["attachment-unreadable OBX-5"], "{data}");
    }
}

#[test]
fn a_pointer_is_a_value() {
    let event = normalised(None, "ORU^R01", &[PID, "OBX|1|RP|a||https://x/1\\T\\2^PACS^IM^JPEG"]).unwrap();
    assert_eq!(event["results"][0]["value"]["text"], "https://x/1&2");
    assert_eq!(event["unmapped"]["OBX-5.2"], "PACS");
    assert_eq!(finding_codes(&event), Vec::<String>::new());
}

proptest! {
    /// Whatever a file holds, and wherever its text was broken, it comes back.
    #[test]
    fn any_file_comes_back(
        content in prop::collection::vec(any::<u8>(), 1..300),
        every in 1_usize..80,
        is_hex in any::<bool>(),
        mark in prop::sample::select(vec!["\\.br\\", "\\X0D\\", " ", "\\X0D0A\\"]),
    ) {
        let (word, text) = if is_hex {
            ("Hex", content.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
        } else {
            ("Base64", STANDARD.encode(&content))
        };
        let lines: Vec<_> = text.as_bytes().chunks(every).map(|line| std::str::from_utf8(line).unwrap()).collect();
        let (attachment, unmapped, findings) = file_of(&format!("^AP^x-test^{word}^{}", lines.join(mark)));
        let hash = blake3::hash(&content).to_hex().to_string();
        prop_assert_eq!(&attachment["hash"], &json!(hash));
        prop_assert!(unmapped % 2 == 0 && findings.is_empty(), "{} {:?}", unmapped, findings);
    }

    /// Whatever stands there, it is either decoded or carried as it was sent, and told.
    #[test]
    fn nothing_is_lost_of_what_is_no_file(data in "[^|~\\\\\r\n\"]{1,60}") {
        let (attachment, unmapped, findings) = file_of(&data);
        let is_told = findings.iter().any(|finding| finding.starts_with("attachment-unreadable"));
        prop_assert_eq!(attachment.is_null(), is_told);
        prop_assert!(attachment.is_object() || unmapped > 0 || data.replace(['^', '&'], "").is_empty());
    }
}
