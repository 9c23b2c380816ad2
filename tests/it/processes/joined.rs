//! Patients become one, again and again, while processes are killed: at the subscriber each person's events keep the
//! order in which the facility sent them.

use std::fs::File;
use std::time::{Duration, UNIX_EPOCH};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::json;

use super::running::{Running, lines, on_rabbitmq, until};
use crate::joined_lanes::facility::Facility;
use crate::support::{HubFolder, rabbitmq};

const ROUTES: &str = r#"version = 1
[[subscriber]]
name = "all"
deliver = { kind = "folder" }
[[route]]
name = "everything"
topic = "all"
to = ["all"]
kinds = ["patient", "merge", "message"]
basis = "public-duty"
"#;
const MESSAGES: usize = 480;

fn hub() -> HubFolder {
    let hub = HubFolder::new();
    hub.hl7_feed("izumo", "3210100018", "drop");
    hub.write("routes.toml", ROUTES);
    std::fs::create_dir_all(hub.path("drop")).unwrap();
    hub
}

fn seeded() -> (u64, StdRng) {
    let seed = std::env::var("MUSUBI_SEED").map_or_else(|_| rand::random(), |seed| seed.parse().unwrap());
    println!(
        "seed {seed} (MUSUBI_SEED={seed} replays messages and moments; the machine's own timing differs)"
    );
    (seed, StdRng::seed_from_u64(seed))
}

/// What the facility sends next, in files that have stood still for long.
fn write(hub: &HubFolder, facility: &mut Facility, random: &mut StdRng, count: usize) {
    for _ in 0..count {
        let serial = facility.sent.len();
        facility.something(random, 40);
        let aside = hub.path(&format!("{serial}.new"));
        std::fs::write(&aside, &facility.sent[serial].text).unwrap();
        let time = UNIX_EPOCH + Duration::from_secs(1_700_000_000 + serial as u64);
        File::options().append(true).open(&aside).unwrap().set_modified(time).unwrap();
        std::fs::rename(aside, hub.path(&format!("drop/{serial:05}.hl7"))).unwrap();
    }
}

#[track_caller]
fn check(hub: &HubFolder, facility: &Facility, seed: u64) {
    let events = hub.delivered("all");
    let mut places: Vec<_> = events
        .iter()
        .map(|event| (event["lane"].as_u64().unwrap(), event["sequence"].as_u64().unwrap()))
        .collect();
    places.sort_unstable();
    let is_next = |[(lane, sequence), next]: [(u64, u64); 2]| {
        next == (lane, sequence + 1) || next == (next.0, 1) && next.0 > lane
    };
    assert!(places.array_windows().all(|pair| is_next(*pair)), "seed {seed}: a gap or a repeat");
    let serial = |event: &serde_json::Value| {
        let key = event["recordkey"].as_str().unwrap();
        key.rsplit('/').next().unwrap().strip_suffix(".hl7").unwrap().parse().unwrap()
    };
    let got: Vec<usize> = events.iter().map(serial).collect();
    assert_eq!(got.len(), facility.sent.len(), "seed {seed}");
    facility.check("all", seed, &got, |_| true);
}

#[test]
fn killed_again_and_again_a_joined_person_keeps_the_order() {
    let (seed, mut random) = seeded();
    let (hub, mut facility) = (hub(), Facility::default());
    for _ in 0..24 {
        write(&hub, &mut facility, &mut random, MESSAGES / 24);
        let mut child = hub.start(&["run", "--drain", "--json"]);
        std::thread::sleep(Duration::from_micros(random.random_range(5_000..250_000)));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let (code, report) = hub.drain();
    assert_eq!((code, &report["conserved"]), (0, &json!(true)), "seed {seed}: {report:#}");
    check(&hub, &facility, seed);
}

#[test]
fn a_drain_waits_for_who_was_joined() {
    let (seed, mut random) = seeded();
    let (hub, mut facility) = (hub(), Facility::default());
    write(&hub, &mut facility, &mut random, MESSAGES);
    let (code, report) = hub.drain();
    assert_eq!((code, &report["conserved"]), (0, &json!(true)), "seed {seed}: {report:#}");
    assert_eq!(report["subscribers"][0]["parked"], json!(0), "seed {seed}: {report:#}");
    check(&hub, &facility, seed);
}

#[tokio::test]
async fn two_routers_keep_the_order_of_a_joined_person() {
    let (seed, mut random) = seeded();
    let (hub, mut facility) = (hub(), Facility::default());
    on_rabbitmq(&hub, &rabbitmq::node().await.settings().await);
    let start = |role: &str| Running::start(&hub, &[role, "--json"]);
    write(&hub, &mut facility, &mut random, MESSAGES / 4);
    let mut roles = vec!["adapter", "router", "router", "deliver", "deliver"];
    let mut running: Vec<_> = roles.iter().map(|role| start(role)).collect();
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(random.random_range(0..4_000))).await;
        let place = random.random_range(0..roles.len());
        running.remove(place).kill();
        let role = roles.remove(place);
        if role == "adapter" {
            write(&hub, &mut facility, &mut random, MESSAGES / 8);
        }
        running.push(start(role));
        roles.push(role);
    }
    let adapter = roles.iter().position(|role| *role == "adapter").unwrap();
    drop(running.remove(adapter).stop());
    let rest = MESSAGES - facility.sent.len();
    write(&hub, &mut facility, &mut random, rest);
    running.push(start("adapter"));
    until("everything is there", || lines(&hub, "all") >= MESSAGES);
    running.into_iter().for_each(|running| drop(running.stop()));
    check(&hub, &facility, seed);
}
