//! A replay in a hub that runs: through its API, stopped and resumed, killed and gone on with.

use std::time::Duration;

use musubi::clock::{Clock, SystemClock};
use serde_json::Value;

use super::{TO, id, ids, lines, region, replay};
use crate::processes::running::{Running, until};
use crate::support::HubFolder;

/// The demo region's hub at work. Its own copies are all delivered.
fn at_work(hub: &HubFolder) -> Running {
    let running = Running::start(hub, &["run", "--json"]);
    until("the console answers", || hub.run(&["replay", "list", "--json"]).status.success() && is_there(hub));
    running
}

/// Whether the hub, and not its folder, answers.
fn is_there(hub: &HubFolder) -> bool {
    let settings = std::fs::read_to_string(hub.path("hub.toml")).unwrap();
    let address = settings.split('"').find(|part| part.starts_with("127.0.0.1:")).unwrap();
    std::net::TcpStream::connect(address).is_ok()
}

fn show(hub: &HubFolder, id: &str) -> Value {
    replay(hub, &["show", id])
}

fn replayed(hub: &HubFolder, mark: &str) -> Vec<Value> {
    hub.delivered(TO).into_iter().filter(|event| event["replay"] == mark).collect()
}

/// Planned in the hub, and started without waiting for its end.
fn started(hub: &HubFolder, rate: &str) -> String {
    let planned = replay(hub, &["--to", TO, "--why", "broken link", "--rate", rate]);
    assert_eq!(planned["state"], "planned", "{planned:#}");
    let id = planned["id"].as_str().unwrap().to_owned();
    let mut starting = hub.start(&["replay", "start", &id, "--json"]);
    until("it has sent something", || show(hub, &id)["done"]["copies"].as_u64().unwrap() > 0);
    starting.kill().unwrap();
    starting.wait().unwrap();
    id
}

#[test]
fn it_is_stopped_and_resumed_at_its_rate_and_the_counts_add_up() {
    let hub = region();
    let before = lines(&hub);
    let had = hub.delivered(TO);
    let running = at_work(&hub);
    let begun = SystemClock.now();
    let mark = started(&hub, "20");
    let stopped = replay(&hub, &["stop", &mark]);
    assert_eq!(stopped["state"], "stopped");
    until("it rests", || {
        let one = show(&hub, &mark)["position"].clone();
        std::thread::sleep(Duration::from_millis(300));
        one == show(&hub, &mark)["position"]
    });
    let half = show(&hub, &mark);
    assert!(half["done"]["copies"].as_u64().unwrap() < had.len() as u64, "{half:#}");
    let done = replay(&hub, &["resume", &mark]);
    assert_eq!((&done["state"], &done["done"]), (&"done".into(), &done["estimate"]), "{done:#}");
    // At 20 a second, two at a time; how much longer it takes says nothing.
    let least = Duration::from_millis(had.len() as u64 * 1000 / 20 / 2);
    let took = SystemClock.now().duration_since(begun).unsigned_abs();
    assert!(took >= least, "{} copies in {took:?}", had.len());
    until("all of them are delivered", || replayed(&hub, &mark).len() == had.len());
    assert_eq!(ids(&replayed(&hub, &mark)), ids(&had));
    let report = running.stop();
    assert_eq!(report["conserved"], true, "{report:#}");
    let of_it = report["subscribers"].as_array().unwrap().iter().find(|one| one["subscriber"] == TO).unwrap();
    assert_eq!(of_it["replayed"], had.len(), "{of_it:#}");
    for (name, count) in lines(&hub).into_iter().filter(|(name, _)| name != TO) {
        assert_eq!(count, before[&name], "{name} gets nothing");
    }
}

#[test]
fn what_is_killed_goes_on_by_itself_without_a_gap() {
    let hub = region();
    let had = hub.delivered(TO);
    let running = at_work(&hub);
    let mark = started(&hub, "20");
    running.kill();
    let running = at_work(&hub);
    until("it is done", || show(&hub, &mark)["state"] == "done");
    until("every copy came", || ids(&replayed(&hub, &mark)) == ids(&had));
    let again = replayed(&hub, &mark);
    assert!(again.iter().map(id).count() >= had.len());
    running.stop();
}

#[test]
fn a_hub_is_asked_by_those_only_who_may() {
    let hub = region();
    let _running = at_work(&hub);
    std::fs::write(hub.path("var/api.token"), format!("{}\n", "0".repeat(64))).unwrap();
    let output = hub.run(&["replay", "list"]);
    assert_eq!(output.status.code(), Some(77), "{output:?}");
}
