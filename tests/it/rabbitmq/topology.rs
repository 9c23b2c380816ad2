//! What the hub needs on the server: made, compared, exported, imported.

use std::process::Output;

use musubi::broker::rabbitmq::amqp::Amqp;
use musubi::broker::rabbitmq::{Link, Settings};

use super::{batch, client, is_ready, outgoing};
use crate::support::HubFolder;
use crate::support::rabbitmq::node;

/// A hub of three lanes on these settings.
fn hub(settings: &Settings) -> HubFolder {
    let hub = HubFolder::new();
    hub.write("password", std::fs::read(&settings.password_file).unwrap());
    hub.write("pseudonym.key", [7; 32]);
    hub.write(
        "hub.toml",
        format!(
            "version = 1\nnetwork = \"musubi\"\ntimezone = \"Asia/Tokyo\"\npseudonym_key = \"pseudonym.key\"\n\
             [broker]\nkind = \"rabbitmq\"\nurls = [{:?}]\nvhost = {:?}\nuser = \"guest\"\n\
             password_file = \"password\"\nlanes = 3\n",
            settings.urls[0], settings.vhost
        ),
    );
    hub
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[track_caller]
fn expect(hub: &HubFolder, arguments: &[&str], code: i32) -> String {
    let output = hub.run(arguments);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(code), "{said}");
    said
}

#[tokio::test]
async fn check_names_what_differs_and_apply_makes_what_is_missing() {
    let settings = node().await.settings().await;
    let hub = hub(&settings);
    let missing = expect(&hub, &["topology", "check"], 1);
    for what in ["queue musubi.ingest.02 is missing", "exchange musubi.routed is missing"] {
        assert!(missing.contains(what), "{missing}");
    }
    assert_eq!(expect(&hub, &["topology", "check"], 1), missing, "to check makes nothing");
    expect(&hub, &["topology", "apply"], 0);
    expect(&hub, &["topology", "check"], 0);
    expect(&hub, &["topology", "apply"], 0);

    let link = Link::new(settings.clone(), "test");
    link.declare("musubi.ingest.09").await.unwrap();
    link.publish(batch("musubi.ingest.09", 1..=2)).await.unwrap();
    let channel = client(&settings.vhost).await.create_channel().await.unwrap();
    channel
        .queue_delete("musubi.invalid".into(), lapin::options::QueueDeleteOptions::default())
        .await
        .unwrap();
    let durable = lapin::options::QueueDeclareOptions { durable: true, ..Default::default() };
    let nothing = lapin::types::FieldTable::default();
    channel.queue_declare("musubi.invalid".into(), durable, nothing).await.unwrap();
    let unused = lapin::options::ExchangeDeleteOptions::default();
    channel.exchange_delete("musubi.routed".into(), unused).await.unwrap();
    let json = expect(&hub, &["topology", "check", "--json"], 1);
    let differences: serde_json::Value = serde_json::from_str(&json).unwrap();
    let found: Vec<_> = differences.as_array().unwrap().iter().collect();
    assert_eq!(found.len(), 3, "{json}");
    assert_eq!(found[0]["difference"], "otherwise");
    assert_eq!(found[0]["what"], "queue musubi.invalid");
    assert!(found[0]["says"].as_str().unwrap().starts_with("PRECONDITION_FAILED"), "{json}");
    assert_eq!(found[1]["difference"], "missing");
    assert_eq!(found[2]["difference"], "beyond");
    assert_eq!(found[2]["ready"], 2);
    let refused = expect(&hub, &["topology", "apply"], 1);
    assert!(refused.contains("PRECONDITION_FAILED"), "{refused}");
}

#[tokio::test]
async fn an_exported_file_can_be_imported_and_is_what_is_declared() {
    let node = node().await;
    let (first, second) = (node.settings().await, node.settings().await);
    let hub = hub(&second);
    let file = hub.path("definitions.json");
    std::fs::write(&file, hub.run(&["topology", "export"]).stdout).unwrap();
    node.script(&["ctl", "import_definitions", file.to_str().unwrap()]).await;
    expect(&hub, &["topology", "check"], 0);
    let bindings = node.script(&["ctl", "list_bindings", "-p", &second.vhost]).await;
    assert!(bindings.contains("musubi.routed\texchange\tmusubi.archive\tqueue\t#"), "{bindings}");
    assert!(bindings.contains("musubi.unroutable\texchange\tmusubi.unroutable\tqueue"), "{bindings}");
    let elsewhere = self::hub(&first);
    expect(&elsewhere, &["topology", "check"], 1);
    let shown = expect(&hub, &["topology", "show", "--lang", "ja"], 0);
    assert!(shown.contains("キュー musubi.to.surveillance  x-dead-letter-exchange=\"\""), "{shown}");
}

#[tokio::test]
async fn an_event_for_an_archive_that_is_gone_is_kept_as_unroutable() {
    let settings = node().await.settings().await;
    let link = Link::new(settings.clone(), "test");
    link.declare("musubi.archive").await.unwrap();
    link.publish(vec![outgoing("musubi.archive", 1)]).await.unwrap();
    is_ready(&link, "musubi.archive", 1).await;
    is_ready(&link, "musubi.unroutable", 0).await;
    let channel = client(&settings.vhost).await.create_channel().await.unwrap();
    let options = lapin::options::QueueDeleteOptions::default();
    channel.queue_delete("musubi.archive".into(), options).await.unwrap();
    link.publish(vec![outgoing("musubi.archive", 2)]).await.unwrap();
    is_ready(&link, "musubi.unroutable", 1).await;
}

#[tokio::test]
async fn what_comes_back_too_often_goes_to_the_dead_letters() {
    let settings = node().await.settings().await;
    let link = Link::new(settings.clone(), "test");
    link.declare("musubi.ingest.00").await.unwrap();
    link.publish(vec![outgoing("musubi.ingest.00", 1)]).await.unwrap();
    let channel = client(&settings.vhost).await.create_channel().await.unwrap();
    let queue = "musubi.ingest.00";
    let mut consumer =
        channel.basic_consume(queue.into(), "".into(), Default::default(), Default::default()).await.unwrap();
    // The queue gives a message up after a thousand times.
    let back = lapin::options::BasicNackOptions { requeue: true, multiple: false };
    for _ in 0..=1_000 {
        let delivery = futures_util::StreamExt::next(&mut consumer).await.unwrap().unwrap();
        delivery.nack(back).await.unwrap();
    }
    is_ready(&link, "musubi.invalid", 1).await;
    is_ready(&link, queue, 0).await;
}

#[tokio::test]
async fn the_embedded_broker_has_no_topology() {
    let hub = HubFolder::new();
    let said = expect(&hub, &["topology", "show"], 64);
    assert!(said.contains("embedded"), "{said}");
}
