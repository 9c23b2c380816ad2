//! What `musubi status` says.

use std::fs;

use musubi::broker::rabbitmq::Settings;
use serde_json::json;

use super::running::{Running, concerns, on_rabbitmq, region, status, until};
use crate::support::rabbitmq;

#[test]
fn status_tells_what_runs_what_waits_and_what_is_gone() {
    let hub = region();
    hub.by_queue("surveillance");
    let (code, seen) = status(&hub);
    assert_eq!((code, concerns(&seen)), (75, vec!["nothing-runs".to_owned()]), "{seen:#}");

    let running = Running::start(&hub, &["run", "--json"]);
    until("everything was picked up and all is well", || {
        let (code, seen) = status(&hub);
        let feeds = seen["processes"][0]["feeds"]
            .as_array()
            .map_or(0, |feeds| feeds.iter().filter(|feed| feed["accepted"].as_u64() > Some(0)).count());
        code == 0 && feeds == 4
    });
    until("what waits is told", || {
        let (_, seen) = status(&hub);
        let queues = seen["queues"].as_array().unwrap();
        queues.iter().any(|queue| queue["queue"] == "to.surveillance" && queue["messages"] == 61)
    });
    let (_, seen) = status(&hub);
    let process = &seen["processes"][0];
    assert_eq!((&process["role"], &process["state"]), (&json!("run"), &json!("running")), "{seen:#}");
    assert_eq!(process["pid"], json!(running.id()));
    assert_eq!(process["lanes"].as_array().unwrap().len(), 16);
    let text = String::from_utf8(hub.run(&["status"]).stdout).unwrap();
    assert!(text.contains("izumo-chuo: accepted") && text.contains("all is well"), "{text}");
    let text = String::from_utf8(hub.run(&["--lang", "ja", "status"]).stdout).unwrap();
    assert!(text.contains("稼働中") && text.contains("異常はありません"), "{text}");

    running.kill();
    let (code, seen) = status(&hub);
    assert_eq!((code, concerns(&seen)), (75, vec!["nothing-runs".to_owned(), "gone".to_owned()]), "{seen:#}");
    // Whoever takes its place lets it be forgotten.
    let running = Running::start(&hub, &["run", "--json"]);
    until("the one that is gone is forgotten", || status(&hub).0 == 0);
    running.stop();
    assert_eq!(fs::read_dir(hub.path("var/status")).unwrap().count(), 0);
    let (_, seen) = status(&hub);
    let waiting = seen["queues"].as_array().unwrap();
    assert!(waiting.iter().any(|queue| queue["queue"] == "to.surveillance"), "{seen:#}");
}

#[tokio::test]
async fn on_rabbitmq_what_is_in_hand_waits_too_and_tells_how_long() {
    let hub = region();
    on_rabbitmq(&hub, &rabbitmq::node().await.settings().await);
    hub.by_http("referral", "http://127.0.0.1:9/");
    let running = Running::start(&hub, &["run", "--json"]);
    let mut accepted_at = Vec::new();
    until("all copies wait, most of them in hand", || {
        let (_, seen) = status(&hub);
        let queues = seen["queues"].as_array().into_iter().flatten();
        let mut waiting = queues.filter(|queue| queue["queue"] == "to.referral");
        let found = waiting.next().filter(|queue| queue["messages"] == 94);
        accepted_at.extend(found.and_then(|queue| queue["oldest"].as_str()).map(str::to_owned));
        accepted_at.len() >= 2
    });
    assert_eq!(accepted_at[0], accepted_at[1], "the oldest stays the oldest");
    let process = &status(&hub).1["processes"][0];
    let in_hand = process["in_hand"].as_array().unwrap();
    assert!(in_hand.iter().any(|queue| queue["queue"] == "to.referral"), "{process:#}");
    running.stop();
}

/// Nobody listens there.
fn nowhere(hub: &crate::support::HubFolder) -> Settings {
    hub.write("password", "guest\n");
    Settings {
        urls: vec!["amqp://127.0.0.1:9".to_owned()],
        vhost: "/".to_owned(),
        user: "guest".to_owned(),
        password_file: hub.path("password"),
        tls: None,
        lanes: 4,
        window: 64,
        prefetch: 64,
        outbox_bytes_max: 1 << 30,
        archive: true,
    }
}

#[test]
fn without_rabbitmq_adapters_go_on_say_so_once_and_end_when_told() {
    let hub = region();
    on_rabbitmq(&hub, &nowhere(&hub));
    let running = ["adapter", "router", "deliver"].map(|role| Running::start(&hub, &[role, "--json"]));
    until("everything is in the outbox", || {
        let (_, seen) = status(&hub);
        seen["processes"][0]["outboxes"][0]["messages"] == 260
    });
    until("it is noticed that RabbitMQ is away", || {
        let (code, seen) = status(&hub);
        let away = concerns(&seen).iter().filter(|concern| *concern == "away").count();
        code == 75 && away == 3 && concerns(&seen).contains(&"unreachable".to_owned())
    });
    std::thread::sleep(std::time::Duration::from_secs(2));
    for running in running {
        let output = running.terminate();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{said}");
        assert_eq!(said.matches("RabbitMQ is away").count(), 1, "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

#[test]
fn the_secret_of_the_stand_ins_must_be_there_on_rabbitmq() {
    let hub = region();
    on_rabbitmq(&hub, &nowhere(&hub));
    fs::remove_file(hub.path("pseudonym.key")).unwrap();
    let output = hub.run(&["router"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(78), "{said}");
    assert!(said.contains("copy it from the machine of another router"), "{said}");
}
