//! Letters in queues of RabbitMQ, where all lanes of a kind of letters are one queue.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use musubi::broker::Broker;
use musubi::broker::rabbitmq::{Link, Options, RabbitMq, Settings};
use musubi::broker::topology;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use super::dead::{TO, letter};
use super::{invalid, told, with_invalid};
use crate::processes::running::{Running, lines, on_rabbitmq, until};
use crate::support::{HubFolder, rabbitmq};

const KILLS: u64 = 4;

/// A hub on a virtual host of its own, with a feed with so many messages that name no patient, and one that does.
async fn hub_with_invalid(count: usize) -> (HubFolder, Settings) {
    let hub = with_invalid(count);
    let settings = rabbitmq::node().await.settings().await;
    on_rabbitmq(&hub, &settings);
    let text = fs::read_to_string(hub.path("hub.toml")).unwrap();
    hub.write("hub.toml", format!("{text}[console]\nlisten = \"{}\"\n", hub.console()));
    (hub, settings)
}

/// Runs until so many messages are invalid.
fn running(hub: &HubFolder, count: usize) -> Running {
    let running = Running::start(hub, &["run", "--json"]);
    until("the console listens", || std::net::TcpStream::connect(hub.console()).is_ok());
    until_invalid(hub, count);
    running
}

fn until_invalid(hub: &HubFolder, count: usize) {
    until("so many are invalid", || {
        let piles = told(hub, &["invalid", "faults", "--json"]);
        piles.as_array().unwrap().iter().filter_map(|pile| pile["count"].as_u64()).sum::<u64>()
            == count as u64
    });
}

/// Does it with all or some of the invalid messages.
#[track_caller]
fn act(hub: &HubFolder, verb: &str, more: &[&str]) -> Value {
    let work = told(hub, &[&["invalid", verb, "--why", "a test", "--json"], more].concat());
    assert_eq!(work["state"], "done", "{work:#}");
    work
}

#[tokio::test]
async fn a_hub_that_runs_discards_edits_and_sends_again_and_the_counts_add_up() {
    let (hub, _) = hub_with_invalid(60).await;
    let running = running(&hub, 60);
    let before = invalid(&hub);
    let (first, second, third) = (before[17].as_str(), before[41].as_str(), before[50].as_str());
    assert_eq!(act(&hub, "discard", &[first, second, "--yes"])["done"], 2);
    let mut rest: Vec<_> =
        before.iter().filter(|id| ![first, second].contains(&id.as_str())).cloned().collect();
    let left = invalid(&hub);
    let moved: Vec<_> = (0..58).filter(|at| left[*at] != rest[*at]).collect();
    assert_eq!(moved, [0; 0], "the others keep their order: {} of {}", left.len(), rest.len());
    let text = told(&hub, &["invalid", "show", third, "--json"])["text"].as_str().unwrap().to_owned();
    hub.write("edited.txt", text.replace("PID|1||^", "PID|1||0042^"));
    let edited = act(&hub, "edit", &[third, "--file", hub.path("edited.txt").to_str().unwrap()]);
    rest.retain(|id| id != third);
    assert_eq!(invalid(&hub), rest);
    let again = act(&hub, "retry", &["--rate", "10000", "--yes"]);
    assert_eq!(again["done"], 57, "{again:#}");
    until_invalid(&hub, 57);
    assert_eq!(BTreeSet::from_iter(invalid(&hub)), BTreeSet::from_iter(rest), "under the ids that they had");
    let report = running.stop();
    assert_eq!(
        (&report["conserved"], &report["messages"]["retried"]),
        (&json!(true), &json!(58)),
        "{report:#}"
    );
    let traced = String::from_utf8(hub.run(&["trace", edited["copy"].as_str().unwrap()]).stdout).unwrap();
    assert!(traced.contains(third), "{traced}");
}

/// A letter may lie there twice then, under one id; what is lost would be for good.
#[tokio::test]
async fn no_letter_is_lost_by_a_kill() {
    let (hub, _) = hub_with_invalid(300).await;
    running(&hub, 300).stop();
    let all = BTreeSet::from_iter(invalid(&hub));
    assert_eq!(all.len(), 300);
    let mut dice = StdRng::seed_from_u64(11);
    let mut expected = all;
    for kill in 0..=KILLS {
        let chosen: BTreeSet<_> = expected.iter().skip(kill as usize).step_by(7).take(30).cloned().collect();
        let mut arguments = vec!["invalid", "discard", "--why", "kill", "--yes"];
        arguments.extend(chosen.iter().map(String::as_str));
        if kill == KILLS {
            let output = hub.run(&arguments);
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        } else {
            let mut child = hub.start(&arguments);
            sleep(Duration::from_millis(dice.random_range(100..1_500)));
            child.kill().unwrap();
            child.wait().unwrap();
        }
        let mut there = BTreeSet::new();
        // The node gives back what the process had in hand once it knows that it is gone.
        until("all others are there", || {
            there = BTreeSet::from_iter(invalid(&hub));
            expected.difference(&there).all(|id| chosen.contains(id))
        });
        assert!(there.is_subset(&expected), "kill {kill}");
        if kill == KILLS {
            assert!(there.is_disjoint(&chosen));
        }
        expected = there;
    }
}

#[tokio::test]
async fn dead_letters_of_all_lanes_go_back_to_their_subscriber() {
    let (hub, settings) = hub_with_invalid(0).await;
    let link = Arc::new(Link::new(settings.clone(), "letters"));
    let options = Options { lanes: settings.lanes, prefetch: 100, history: "same".into() };
    let broker = RabbitMq::new(link, None, options);
    broker.declare(&topology::dead(TO)).await.unwrap();
    broker.publish((0..100).map(letter).collect()).await.unwrap();
    let stays: Vec<_> = (4..8).map(|number| format!("{number:03}")).collect();
    let ids: Vec<_> =
        (0..100).map(|number| format!("{number:03}")).filter(|id| !stays.contains(id)).collect();
    let mut arguments =
        vec!["dead", "retry", "--to", TO, "--why", "mended", "--rate", "10000", "--yes", "--json"];
    arguments.extend(ids.iter().map(String::as_str));
    let work = told(&hub, &arguments);
    assert_eq!((&work["state"], &work["done"]), (&json!("done"), &json!(96)), "{work:#}");
    assert_eq!(broker.depth(&topology::dead(TO)).await.unwrap(), 4);
    let running = Running::start(&hub, &["run", "--json"]);
    // And the one message of the feed that names a patient.
    until("they are delivered", || lines(&hub, TO) >= 97);
    let report = running.stop();
    assert_eq!(report["conserved"], true, "{report:#}");
    let delivered = hub.delivered(TO);
    let again: Vec<_> =
        delivered.iter().filter_map(|event| event["id"].as_str()).filter(|id| id.len() == 3).collect();
    assert_eq!(BTreeSet::from_iter(again.iter().map(|id| (*id).to_owned())), BTreeSet::from_iter(ids));
    for lane in 0..4 {
        let of_lane = again.iter().filter(|id| id.parse::<usize>().unwrap() % 4 == lane);
        assert!(of_lane.is_sorted(), "in their order: {again:?}");
    }
}
