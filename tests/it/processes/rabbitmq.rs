//! Separate processes on a real RabbitMQ, from the facility's files to the subscribers.

use std::collections::BTreeSet;
use std::time::Duration;

use rand::Rng;
use rand::seq::SliceRandom;
use serde_json::{Value, json};

use super::running::{Running, lines, on_rabbitmq, region, status, until};
use crate::run::{assert_no_gap_and_no_repeat, everything_to_one};
use crate::support::{HubFolder, rabbitmq};

/// What the demo region's subscribers get.
const REFERRAL: usize = 94;
const IMAGING: usize = 18;
const SURVEILLANCE: usize = 61;

async fn region_on_rabbitmq() -> HubFolder {
    let hub = region();
    on_rabbitmq(&hub, &rabbitmq::node().await.settings().await);
    hub
}

/// A hub with a storage of `files` files, all of which go to one subscriber.
async fn storage_on_rabbitmq(files: usize) -> HubFolder {
    let hub = everything_to_one("standard");
    on_rabbitmq(&hub, &rabbitmq::node().await.settings().await);
    let (to, files) = (hub.path("standard"), files.to_string());
    let made = hub.run(&["simulate", "storage", &to.to_string_lossy(), "--files", &files]);
    assert!(made.status.success(), "{made:?}");
    hub
}

fn everything_is_there(hub: &HubFolder) -> bool {
    lines(hub, "referral") >= REFERRAL && lines(hub, "imaging") >= IMAGING
}

#[track_caller]
fn assert_delivered_once(hub: &HubFolder, subscriber: &str, count: usize) {
    let events = hub.delivered(subscriber);
    assert_no_gap_and_no_repeat(&events);
    let ids: BTreeSet<_> = events.iter().map(|event| event["id"].as_str().unwrap()).collect();
    assert_eq!((events.len(), ids.len()), (count, count), "{subscriber}");
}

fn printed(hub: &HubFolder, arguments: &[&str]) -> Vec<Value> {
    let output = hub.run(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn the_parts_may_be_started_and_stopped_in_any_order() {
    let mut orders = vec![["adapter", "router", "deliver"]; 3];
    orders.iter_mut().enumerate().for_each(|(by, order)| order.rotate_left(by));
    let reversed: Vec<_> = orders.iter().map(|[a, b, c]| [*c, *b, *a]).collect();
    orders.extend(reversed);
    for order in orders {
        let hub = region_on_rabbitmq().await;
        let mut running = Vec::new();
        for role in order {
            running.push(Running::start(&hub, &[role, "--json"]));
            std::thread::sleep(Duration::from_millis(700));
        }
        until(&format!("everything is there after {order:?}"), || everything_is_there(&hub));
        let reports: Vec<_> = running.into_iter().map(Running::stop).collect();
        for (role, report) in order.iter().zip(&reports) {
            assert_eq!((&report["conserved"], &report["shared"]), (&json!(true), &json!(true)), "{role}");
        }
        assert_delivered_once(&hub, "referral", REFERRAL);
        assert_delivered_once(&hub, "imaging", IMAGING);
    }
}

#[tokio::test]
async fn one_process_for_all_drains_and_takes_nothing_twice() {
    let hub = region_on_rabbitmq().await;
    let (code, first) = hub.drain();
    assert_eq!((code, &first["conserved"]), (0, &json!(true)), "{first:#}");
    assert_eq!(
        (&first["messages"]["accepted"], &first["messages"]["taken"]),
        (&json!(260), &json!(260)),
        "{first:#}"
    );
    assert_delivered_once(&hub, "referral", REFERRAL);
    let (code, second) = hub.drain();
    assert_eq!((code, &second["messages"]["accepted"]), (0, &json!(0)), "{second:#}");
    assert_delivered_once(&hub, "referral", REFERRAL);
    let text = String::from_utf8(hub.run(&["run", "--drain"]).stdout).unwrap();
    assert!(text.contains("this process (others may work on the same queues)"), "{text}");
}

#[tokio::test]
async fn a_queue_is_looked_at_and_taken_while_the_hub_runs() {
    let hub = region_on_rabbitmq().await;
    hub.by_queue("surveillance");
    let running = Running::start(&hub, &["run", "--json"]);
    until("everything is there", || everything_is_there(&hub));
    until("the queue holds what it should", || {
        printed(&hub, &["subscribe", "surveillance"]).len() == SURVEILLANCE
    });
    let mut taken = printed(&hub, &["subscribe", "surveillance", "--take", "--max", "3"]);
    assert_eq!(taken.len(), 3);
    taken.extend(printed(&hub, &["subscribe", "surveillance", "--take"]));
    assert_eq!(taken.len(), SURVEILLANCE);
    assert_no_gap_and_no_repeat(&taken);
    assert_eq!(printed(&hub, &["subscribe", "surveillance"]).len(), 0);
    // One file is half-written, and waited for.
    until("it is invalid", || printed(&hub, &["invalid", "--json"]).len() == 1);

    let mut seen = Value::Null;
    let well = (0..1_200).any(|_| {
        std::thread::sleep(Duration::from_millis(100));
        let (code, now) = status(&hub);
        seen = now;
        code == 0
    });
    assert!(well, "{seen:#}");
    assert_eq!(seen["processes"][0]["lanes"], json!([0, 1, 2, 3]));
    assert_eq!(seen["processes"][0]["broker"]["link"], json!("up"));
    running.stop();
}

fn lanes(hub: &HubFolder) -> Vec<Vec<u64>> {
    let (_, seen) = status(hub);
    let routers = seen["processes"].as_array().unwrap().iter();
    let routers = routers.filter(|process| process["role"] == "router" && process["state"] == "running");
    let numbers =
        |lanes: &Value| lanes.as_array().unwrap().iter().map(|lane| lane.as_u64().unwrap()).collect();
    routers.map(|process| numbers(&process["lanes"])).collect()
}

#[tokio::test]
async fn two_routers_share_the_lanes_and_one_takes_over_from_the_other() {
    let hub = storage_on_rabbitmq(1_500).await;
    let first = Running::start(&hub, &["router", "--json"]);
    until("the first has all lanes", || lanes(&hub) == [[0, 1, 2, 3]]);
    let second = Running::start(&hub, &["router", "--json"]);
    until("each has half of the lanes", || {
        let shares = lanes(&hub);
        let all: BTreeSet<_> = shares.iter().flatten().collect();
        shares.iter().all(|share| share.len() == 2) && all.len() == 4
    });
    let others = ["adapter", "deliver"].map(|role| Running::start(&hub, &[role, "--json"]));
    until("work is being done", || lines(&hub, "referral") > 100);
    second.kill();
    until("the other has all lanes", || lanes(&hub) == [[0, 1, 2, 3]]);
    until("everything is there", || lines(&hub, "referral") >= 1_500);
    others.into_iter().chain([first]).for_each(|running| drop(running.stop()));
    assert_delivered_once(&hub, "referral", 1_500);
}

#[tokio::test]
async fn a_second_delivery_waits_and_goes_on_where_the_first_was_killed() {
    let hub = storage_on_rabbitmq(1_500).await;
    let first = Running::start(&hub, &["deliver", "referral", "--json"]);
    let others = ["adapter", "router"].map(|role| Running::start(&hub, &[role, "--json"]));
    until("the first delivers", || lines(&hub, "referral") > 0);
    let standby = Running::start(&hub, &["deliver", "referral", "--json"]);
    until("work is being done", || lines(&hub, "referral") > 100);
    first.kill();
    until("everything is there", || lines(&hub, "referral") >= 1_500);
    let report = standby.stop();
    assert!(report["subscribers"][0]["delivered"].as_u64() > Some(0), "{report:#}");
    others.into_iter().for_each(|running| drop(running.stop()));
    assert_delivered_once(&hub, "referral", 1_500);
}

#[tokio::test]
async fn processes_are_stopped_and_started_in_the_middle_of_work() {
    let hub = storage_on_rabbitmq(2_500).await;
    let mut random = rand::rng();
    let start = |role: &str| Running::start(&hub, &[role, "--json"]);
    let mut roles = vec!["adapter", "router", "router", "deliver"];
    roles.shuffle(&mut random);
    let mut running: Vec<_> = roles.iter().map(|role| start(role)).collect();
    for round in 0..12 {
        std::thread::sleep(Duration::from_millis(random.random_range(100..900)));
        let which = random.random_range(0..roles.len());
        let one = running.swap_remove(which);
        let role = roles.swap_remove(which);
        println!("round {round}: {role}, {} delivered", lines(&hub, "referral"));
        if random.random_bool(0.5) {
            one.kill()
        } else {
            drop(one.stop())
        }
        running.push(start(role));
        roles.push(role);
    }
    until("everything is there", || lines(&hub, "referral") >= 2_500);
    running.into_iter().for_each(|running| drop(running.stop()));
    assert_delivered_once(&hub, "referral", 2_500);
}
