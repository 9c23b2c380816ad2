//! A drop file that grows.

use musubi::ingest::After;

use super::{Hub, hl7_files, message};

#[tokio::test]
async fn a_file_that_grows_by_whole_messages_gives_only_those() {
    for restart in [false, true] {
        let mut hub = Hub::new(|storage| hl7_files(storage.path("drop"), After::Keep));
        let mut text = String::new();
        for serial in 1..5 {
            text.push_str(&message("0000001", serial));
            hub.storage.write("drop/a.hl7", text.as_bytes());
            hub.wait(60);
            hub.drain().await;
            if restart {
                hub.feed = None;
                hub.kv.crash(|_| 0);
            }
        }
        assert_eq!(hub.accepted(), ["a.hl7:1+", "a.hl7:2+", "a.hl7:3+", "a.hl7:4+"]);
        let changed = text.replacen("|2|P|", "|9|P|", 1);
        hub.storage.write("drop/a.hl7", format!("{changed}MSH|").as_bytes());
        hub.wait(60);
        hub.drain().await;
        assert_eq!(hub.accepted().len(), 6);
        hub.storage.write("drop/a.hl7", format!("{changed}{}", message("0000001", 6)).as_bytes());
        hub.wait(60);
        hub.drain().await;
        assert_eq!(hub.accepted()[6..], ["a.hl7:6~"]);
    }
}
