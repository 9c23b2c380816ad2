//! On RabbitMQ: one process replays, others deliver.

use serde_json::json;

use super::{ids, replay};
use crate::processes::running::{Running, lines, on_rabbitmq, region, until};
use crate::support::rabbitmq;

#[tokio::test]
async fn a_process_of_its_own_replays_and_those_that_run_deliver() {
    let hub = region();
    on_rabbitmq(&hub, &rabbitmq::node().await.settings().await);
    let running = Running::start(&hub, &["run", "--json"]);
    until("everything is there", || {
        lines(&hub, "referral") >= 94 && lines(&hub, "imaging") >= 18 && lines(&hub, "surveillance") >= 61
    });
    let others = ["imaging", "surveillance"].map(|name| lines(&hub, name));
    let had = hub.delivered("referral");
    let done = replay(&hub, &["--to", "referral", "--why", "broken link", "--rate", "10000", "--yes"]);
    assert_eq!((&done["state"], &done["done"]["copies"]), (&json!("done"), &json!(had.len())), "{done:#}");
    until("all of them came again", || lines(&hub, "referral") >= 2 * had.len());
    let report = running.stop();
    assert_eq!(report["conserved"], true, "{report:#}");
    let has = hub.delivered("referral");
    let again = &has[had.len()..];
    assert_eq!((again.len(), ids(again)), (had.len(), ids(&had)));
    for event in again {
        assert_eq!((&event["replay"], &event["sequence"]), (&done["id"], &json!(0)), "no place of its lane");
    }
    assert_eq!(
        ["imaging", "surveillance"].map(|name| lines(&hub, name)),
        others,
        "nobody else gets anything"
    );
}
