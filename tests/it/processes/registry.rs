//! The registry over RabbitMQ: processes that see the same, and a broker that forgets. All people are invented (架空).

use std::collections::BTreeSet;
use std::fs;

use musubi::broker::rabbitmq::Settings;
use serde_json::Value;

use super::running::{Running, on_rabbitmq, region, until};
use crate::support::{HubFolder, rabbitmq};

const MEMBERS: &str =
    "network_id,from,who,why\n900000000001,2026-04-02,desk,form 1\n900000000002,2026-04-02,desk,form 2\n";

async fn hub(settings: &Settings) -> HubFolder {
    let hub = region();
    on_rabbitmq(&hub, settings);
    hub.write("members/members.csv", MEMBERS);
    hub
}

/// Who is a member by each copy in the data folder.
fn copies(hub: &HubFolder) -> Vec<BTreeSet<String>> {
    let Ok(files) = fs::read_dir(hub.path("var/registry")) else { return Vec::new() };
    let copies = files.map(|file| {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        let batches = text.lines().filter_map(|line| serde_json::from_str::<Value>(line.get(9..)?).ok());
        let entries = batches.flat_map(|batch| batch.as_array().unwrap().clone());
        let ids = entries.map(|entry| entry["network_id"].as_str().unwrap_or_default().to_owned());
        ids.collect::<BTreeSet<_>>()
    });
    copies.collect()
}

fn import(hub: &HubFolder) -> String {
    let output = hub.run(&["registry", "import", &hub.path("members").to_string_lossy()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn is_known(hub: &HubFolder, network_id: &str) -> bool {
    hub.run(&["registry", "show", network_id, "--json"]).status.success()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_entered_anywhere_is_seen_by_every_process_everywhere() {
    let settings = rabbitmq::node().await.settings().await;
    let (here, there) = (hub(&settings).await, hub(&settings).await);
    let running = [(&here, "router"), (&here, "deliver"), (&there, "router")];
    let running = running.map(|(hub, role)| Running::start(hub, &[role, "--json"]));
    until("every process has a copy", || copies(&here).len() == 2 && copies(&there).len() == 1);
    assert!(import(&there).contains("2 entered"), "a third one enters");
    until("all have seen it", || {
        let copies: Vec<_> = copies(&here).into_iter().chain(copies(&there)).collect();
        copies.len() >= 4 && copies.iter().all(|copy| copy.len() == 2)
    });
    assert!(import(&here).contains("0 entered"), "it is known everywhere");
    running.into_iter().for_each(|running| drop(running.stop()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_broker_forgot_is_published_again_by_whoever_has_it() {
    let node = rabbitmq::node().await;
    let here = hub(&node.settings().await).await;
    import(&here);
    // Another virtual host stands for a broker whose disk lost everything.
    let forgetful = node.settings().await;
    on_rabbitmq(&here, &forgetful);
    let there = hub(&forgetful).await;
    assert!(!is_known(&there, "900000000001"));
    let router = Running::start(&here, &["router", "--json"]);
    until("it is there again", || is_known(&there, "900000000001"));
    router.stop();
    assert!(import(&there).contains("0 entered"));
}
