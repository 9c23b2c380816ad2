//! Feeds keep their outbox and ledger, whatever process serves them.

use serde_json::{Value, json};

use super::running::{Running, on_rabbitmq, region, until};
use crate::support::{HubFolder, rabbitmq};

/// `musubi adapter … --drain --json`
fn adapter(hub: &HubFolder, feeds: &[&str]) -> (i32, Value) {
    let arguments: Vec<_> = ["adapter", "--drain", "--json"].iter().chain(feeds).copied().collect();
    let output = hub.run(&arguments);
    let report = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (output.status.code().unwrap(), report)
}

#[tokio::test]
async fn regrouped_feeds_pick_nothing_up_twice() {
    let hub = region();
    on_rabbitmq(&hub, &rabbitmq::node().await.settings().await);
    let (code, report) = adapter(&hub, &["izumo-chuo", "matsue-kita"]);
    assert_eq!((code, &report["messages"]["accepted"]), (0, &json!(199)), "{report:#}");
    assert_eq!(report["messages"]["waiting"], json!(0), "{report:#}");
    for feeds in [["matsue-kita"].as_slice(), &["izumo-chuo"], &["izumo-chuo", "matsue-kita"]] {
        let (code, report) = adapter(&hub, feeds);
        assert_eq!((code, &report["messages"]["accepted"]), (0, &json!(0)), "{feeds:?}: {report:#}");
    }
    let (code, report) = adapter(&hub, &[]);
    assert_eq!((code, &report["messages"]["accepted"]), (0, &json!(61)), "{report:#}");
    let (code, report) = hub.drain();
    assert_eq!((code, &report["messages"]["accepted"]), (0, &json!(0)), "{report:#}");
    assert_eq!(report["messages"]["taken"], json!(260), "{report:#}");
}

#[tokio::test]
async fn a_feed_has_one_process_and_others_have_their_own() {
    let hub = region();
    on_rabbitmq(&hub, &rabbitmq::node().await.settings().await);
    let running = Running::start(&hub, &["adapter", "izumo-chuo", "--json"]);
    until("its outbox is there", || hub.path("var/adapters/1/ledger/db").exists());
    let output = hub.run(&["adapter", "matsue-kita", "izumo-chuo", "--drain"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(75), "{said}");
    assert!(said.contains("izumo-chuo") && said.contains("another process"), "{said}");
    let (code, report) = adapter(&hub, &["matsue-kita"]);
    assert_eq!((code, &report["messages"]["accepted"]), (0, &json!(62)), "{report:#}");
    running.stop();
}

#[tokio::test]
async fn a_data_folder_of_the_embedded_broker_is_not_begun_anew_silently() {
    let hub = region();
    assert_eq!(hub.drain().0, 0);
    on_rabbitmq(&hub, &rabbitmq::node().await.settings().await);
    let output = hub.run(&["run", "--drain"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(78), "{said}");
    assert!(said.contains("another [broker] kind"), "{said}");
}
