//! A file within a message, from a drop folder to whoever fetches it by its hash.

use crate::support::HubFolder;

#[test]
fn an_attachment_is_fetched_by_the_hash_that_the_event_tells() {
    let hub = HubFolder::new();
    hub.hl7_feed("ward", "3210500033", "drop");
    let message = |control: u32, file: &str| {
        format!(
            "MSH|^~\\&|HIS|S|G|R|20260401||MDM^T02|{control}|P|2.5\rPID|1||0000000001||架空^太郎\r\
             TXA|1|DS|TX|||||||||D{control}\rOBX|1|ED|1^退院サマリー^L||^AP^PDF^Base64^{file}\r"
        )
    };
    hub.write("drop/1.hl7", message(1, "JVBERi0xLjc="));
    hub.write("drop/2.hl7", message(2, "JVBERi0xLjc="));
    hub.write("drop/3.hl7", message(3, "???"));
    let (code, report) = hub.drain();
    assert_eq!(code, 0, "{report:#}");
    let events = hub.delivered("referral");
    assert_eq!(events.len(), 3, "{events:#?}");
    let attachments: Vec<_> = events.iter().map(|event| &event["data"]["attachments"]).collect();
    let hash = blake3::hash(b"%PDF-1.7").to_hex().to_string();
    let told: Vec<_> = attachments.iter().filter_map(|list| list[0]["hash"].as_str()).collect();
    assert_eq!(told, [&hash, &hash]);
    let printed = hub.run(&["claim", &hash]);
    assert!(printed.status.success() && printed.stdout == b"%PDF-1.7", "{printed:?}");
    assert!(
        events.iter().all(|event| !event.to_string().contains("JVBERi0xLjc")),
        "the bytes are in an event"
    );
}
