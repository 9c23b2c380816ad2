//! `/metrics`, `/livez`, `/readyz`.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use super::{address, drop_messages, get, hub};
use crate::processes::running::{Running, region, until};
use crate::support::{files_below, repository};

const LISTEN: &str = "[metrics]\nlisten = \"127.0.0.1:0\"\n";

/// The sum of all series of a metric.
fn sum(text: &str, name: &str) -> f64 {
    let lines = text
        .lines()
        .filter(|line| line.starts_with(&format!("{name}{{")) || line.starts_with(&format!("{name} ")));
    lines.map(|line| line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap()).sum()
}

/// Names and labels, without values.
fn series(text: &str) -> BTreeSet<String> {
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.map(|line| line.rsplit_once(' ').unwrap().0.to_owned()).collect()
}

fn handled(text: &str) -> f64 {
    ["musubi_messages_routed_total", "musubi_messages_filtered_total", "musubi_messages_invalid_total"]
        .map(|name| sum(text, name))
        .iter()
        .sum()
}

#[test]
fn the_region_is_counted_at_every_stage_and_nobody_is_named() {
    let hub = region();
    let text = fs::read_to_string(hub.path("hub.toml")).unwrap();
    hub.write("hub.toml", format!("{text}\n{LISTEN}"));
    let running = Running::start(&hub, &["run"]);
    let address = address(&hub);
    let mut text = String::new();
    until("everything is delivered", || {
        text = get(&address, "/metrics").1;
        let accepted = sum(&text, "musubi_messages_accepted_total");
        let copies = sum(&text, "musubi_copies_routed_total");
        accepted > 20.0
            && accepted == handled(&text)
            && copies > 0.0
            && sum(&text, "musubi_copies_delivered_total") > 0.0
    });
    for (metric, least) in [
        ("musubi_files_seen_total", 20.0),
        ("musubi_messages_invalid_total", 0.0),
        ("musubi_delivery_attempts_total", 1.0),
        ("musubi_process_duration_seconds_count", 20.0),
        ("musubi_accept_duration_seconds_count", 1.0),
        ("musubi_pickup_latency_seconds_count", 1.0),
        ("musubi_delivery_duration_seconds_count", 1.0),
        ("musubi_disk_free_bytes", 1.0),
        ("musubi_config_hash", 1.0),
        ("musubi_broker_link", 1.0),
        ("musubi_feed_last_message_timestamp_seconds", 1.7e9),
    ] {
        assert!(sum(&text, metric) >= least, "{metric} in\n{text}");
    }
    assert_eq!(get(&address, "/livez"), (200, "ok\n".to_owned()));
    let (status, ready) = get(&address, "/readyz");
    let ready: Value = serde_json::from_str(&ready).unwrap();
    assert_eq!((status, &ready["ready"]), (200, &Value::Bool(true)), "{ready}");
    assert_eq!(ready["checks"].as_array().unwrap().len(), 3, "{ready}");

    // People, and the numbers of messages.
    let files =
        files_below(&repository().join("registry")).into_iter().chain(files_below(&hub.path("var/history")));
    // The index holds nothing that the files of the days do not.
    let files = files.filter(|file| file.extension().is_some_and(|kind| kind == "csv" || kind == "ndjson"));
    let texts: String = files.map(|file| fs::read_to_string(file).unwrap()).collect();
    let words = texts.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| word.len() >= 6);
    let routes = fs::read_to_string(hub.path("routes.toml")).unwrap();
    let planted = words.filter(|word| word.bytes().filter(u8::is_ascii_digit).count() >= 6);
    // Some subscribers have a number as their name.
    let planted: BTreeSet<_> = planted.filter(|word| !routes.contains(word)).collect();
    assert!(planted.len() > 40);
    let told: BTreeSet<_> = series(&text).into_iter().collect();
    for word in planted {
        assert!(!told.iter().any(|series| series.contains(word)), "{word} is in the metrics");
    }
    running.stop();
    assert_eq!(fs::read_dir(hub.path("var/metrics")).unwrap().count(), 0, "Prometheus is not told of an end");
}

#[test]
fn ten_times_the_messages_are_no_more_series() {
    let hub = hub(LISTEN);
    let running = Running::start(&hub, &["run"]);
    let address = address(&hub);
    let mut seen = Vec::new();
    for until_number in [20, 220] {
        drop_messages(&hub, if until_number == 20 { 0..20 } else { 20..220 });
        let mut text = String::new();
        until("all are handled", || {
            text = get(&address, "/metrics").1;
            sum(&text, "musubi_messages_accepted_total") == f64::from(until_number)
                && handled(&text) == f64::from(until_number)
                && sum(&text, "musubi_copies_delivered_total") == sum(&text, "musubi_copies_routed_total")
                && sum(&text, "musubi_delivery_duration_seconds_count") > 0.0
                && sum(&text, "musubi_alerts_open") == 0.0
                && text.contains("musubi_alerts_open")
        });
        assert!(!text.contains("PLANTED"), "{text}");
        seen.push(series(&text));
    }
    let more: Vec<_> = seen[1].difference(&seen[0]).collect();
    assert!(more.is_empty(), "{more:?}");
    running.stop();
}

#[test]
fn two_processes_of_a_machine_share_an_address_and_tell_their_ports() {
    let first = hub(LISTEN);
    let running = Running::start(&first, &["run"]);
    let taken = address(&first);
    let second = hub(&format!("[metrics]\nlisten = \"{taken}\"\n"));
    let other = Running::start(&second, &["run"]);
    let next = address(&second);
    assert_ne!(taken, next);
    assert_eq!(get(&next, "/livez").0, 200);
    other.stop();
    running.stop();
}
