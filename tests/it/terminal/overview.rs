//! The overview, from invented statuses.

use std::time::Duration;

use jiff::Timestamp;
use musubi::config::Config;
use musubi::ops::overview::{Looker, Overview, Severity, Usual, What, Whose};
use musubi::ops::status;
use musubi::pipeline::processes;
use serde_json::{Value, json};

use crate::support::HubFolder;

/// A Monday, 10:00 in Japan.
const NOW: &str = "2026-11-23T01:00:00Z";

fn region() -> (HubFolder, Config) {
    let hub = HubFolder::network();
    let (config, faults) = Config::load(&hub.path(""));
    (hub, config.unwrap_or_else(|| panic!("{faults:#?}")))
}

/// A process elsewhere, of which nobody here knows whether it is there, that wrote just now.
fn process(role: &str, pid: u32, more: &Value) -> Value {
    let mut status = json!({
        "role": role, "names": [], "pid": pid, "host": "elsewhere", "since": "2026-11-22T00:00:00Z",
        "written_at": "2026-11-23T00:59:59Z", "configuration": { "hash": "a", "answers": [] },
        "broker": { "kind": "embedded", "link": "up", "since": "2026-11-22T00:00:00Z" },
        "outboxes": [], "feeds": [], "subscribers": [], "queues": [],
    });
    let (status_fields, more) = (status.as_object_mut().unwrap(), more.as_object().unwrap());
    status_fields.extend(more.clone());
    status
}

/// All feeds and subscribers, well.
fn well(config: &Config) -> (Value, Value) {
    let feeds = config.feeds.iter().map(|feed| {
        json!({ "feed": feed.settings.name, "accepted": 7,
                "flow": { "last_at": "2026-11-23T00:59:30Z", "recent": 50, "recent_seconds": 300, "today": 900 } })
    });
    let subscribers = config.subscribers.iter().map(|one| {
        json!({ "subscriber": one.name, "delivered": 7, "dead": 0, "gone": false,
                "flow": { "last_at": "2026-11-23T00:59:40Z", "recent": 5, "recent_seconds": 300, "today": 90 } })
    });
    (feeds.collect(), subscribers.collect())
}

fn write(hub: &HubFolder, name: &str, status: &Value) {
    hub.write(&format!("var/status/{name}.json"), status.to_string());
}

fn look(config: &Config) -> Overview {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(Looker::default().look(config, NOW.parse().unwrap())).unwrap()
}

fn whats(overview: &Overview) -> Vec<(String, String)> {
    let what = |trouble: &musubi::ops::overview::Trouble| {
        serde_json::to_value(trouble.what).unwrap().as_str().unwrap().to_owned()
    };
    overview.troubles.iter().map(|trouble| (what(trouble), trouble.name.clone())).collect()
}

#[test]
fn a_hub_that_is_well_has_no_trouble_and_an_old_status_is_read() {
    let (hub, config) = region();
    let (feeds, subscribers) = well(&config);
    write(&hub, "run-7", &process("run", 7, &json!({ "feeds": feeds, "subscribers": subscribers })));
    let seen = look(&config);
    assert_eq!(whats(&seen), [], "{seen:#?}");
    let feed = &seen.feeds[0];
    assert_eq!((feed.per_minute, feed.usual_per_minute, feed.today), (Some(10.0), None, 900));
    assert!(seen.subscribers.iter().all(|one| one.served && one.waiting.messages == Some(0)));

    // What a process of the version before wrote.
    let old_feeds: Vec<_> =
        config.feeds.iter().map(|feed| json!({ "feed": feed.settings.name, "accepted": 7 })).collect();
    let names = config.subscribers.iter().map(|one| &one.name);
    let old: Vec<_> =
        names.map(|name| json!({ "subscriber": name, "delivered": 1, "dead": 0, "gone": false })).collect();
    write(&hub, "run-7", &process("run", 7, &json!({ "feeds": old_feeds, "subscribers": old })));
    let seen = look(&config);
    assert_eq!((whats(&seen), seen.feeds[0].per_minute), (Vec::new(), None));
}

#[test]
fn each_trouble_is_told_with_whose_it_is_the_worst_first() {
    let (hub, config) = region();
    let names: Vec<_> = config.subscribers.iter().map(|one| one.name.clone()).take(4).collect();
    let [away, gone, parked, late] = names.as_slice() else { panic!("the region has fewer subscribers") };
    let (mut feeds, mut subscribers) = well(&config);
    feeds[0]["failing"] = json!("the folder is not there");
    let feed = feeds[0]["feed"].as_str().unwrap().to_owned();
    let unserved = feeds.as_array_mut().unwrap().pop().unwrap()["feed"].as_str().unwrap().to_owned();
    let soon = json!({ "since": "2026-11-23T00:50:00Z", "why": "tcp connect error: Connection refused" });
    subscribers[0]["away"] = soon.clone();
    subscribers[1]["gone"] = json!(true);
    subscribers[2]["parked"] = json!(3);
    subscribers[2]["parked_patients"] = json!(2);
    let more = json!({
        "feeds": feeds, "subscribers": subscribers,
        "configuration": { "hash": "a", "answers": [
            { "number": 1, "at": "2026-11-23T00:10:00Z", "hash": "b", "outcome": "refused", "why": ["line 3"] }] },
        "queues": [
            { "queue": format!("to.{away}"), "messages": 12, "oldest": "2026-11-23T00:50:00Z" },
            { "queue": format!("to.{late}"), "messages": 4, "oldest": "2026-11-22T22:00:00Z" },
            { "queue": format!("dead.{parked}"), "messages": 5 },
            { "queue": "invalid", "messages": 9 }, { "queue": "unroutable", "messages": 1 },
            { "queue": "ingest", "messages": 2, "oldest": "2026-11-23T00:30:00Z" }],
        "disk": { "free": 1_000_000, "total": 100_000_000_000_u64 },
    });
    write(&hub, "run-7", &process("run", 7, &more));
    hub.write("var/status/router-8.json", "{");
    let link = json!({ "broker": { "kind": "rabbitmq", "link": "away", "since": "2026-11-23T00:00:00Z", "reason": "no" },
        "configuration": { "hash": "c", "answers": [] },
        "outboxes": [{ "feeds": [feed], "messages": 4, "bytes": 95, "bytes_max": 100 }] });
    write(&hub, "sender-9", &process("sender", 9, &link));
    let mut old = process("router", 10, &json!({}));
    old["written_at"] = json!("2026-11-23T00:00:00Z");
    write(&hub, "router-10", &old);

    let seen = look(&config);
    let data_dir = hub.path("var");
    let expected = [
        ("process-gone", "router (10)"),
        ("broker-away", "sender (9)"),
        ("disk-low", "disk"),
        ("outbox-full", &feed),
        ("feed-not-served", &unserved),
        ("feed-failing", &feed),
        ("routing-behind", "ingest"),
        ("subscriber-gone", gone),
        ("subscriber-away", away),
        ("subscriber-behind", late),
        ("parked", parked),
        ("dead", parked),
        ("invalid", "invalid"),
        ("unroutable", "unroutable"),
        ("reload-refused", "run (7)"),
        ("configurations-differ", "configuration"),
        ("status-unreadable", &data_dir.join("status/router-8.json").display().to_string()),
    ];
    let expected: Vec<_> = expected.map(|(what, name)| (what.to_owned(), name.to_owned())).into();
    assert_eq!(whats(&seen), expected);
    let of = |name: &str| seen.subscribers.iter().find(|one| one.subscriber == name).unwrap();
    assert_eq!((of(away).severity, of(away).whose), (Some(Severity::Warning), Some(Whose::Theirs)));
    assert_eq!((of(parked).parked_patients, of(parked).dead), (2, Some(5)));
    assert_eq!(
        (&seen.subscribers[0].subscriber, seen.subscribers[0].severity),
        (gone, Some(Severity::Alarm))
    );
    let trouble = serde_json::to_value(&seen.troubles[8]).unwrap();
    assert_eq!((&trouble["count"], &trouble["subject"]), (&json!(12), &json!("subscriber")), "{trouble:#}");

    // After a quarter of an hour it is an alarm, and where the name can't be looked up it is the way.
    subscribers[0]["away"] = json!({ "since": "2026-11-23T00:00:00Z", "why": "dns error: failed to lookup" });
    write(&hub, "run-7", &process("run", 7, &json!({ "feeds": feeds, "subscribers": subscribers })));
    let seen = look(&config);
    let away = seen.subscribers.iter().find(|one| &one.subscriber == away).unwrap();
    assert_eq!((away.severity, away.whose), (Some(Severity::Alarm), Some(Whose::Way)));
}

/// A replay to that subscriber, as its file tells of it.
fn replay(to: &str, state: &str, more: &Value) -> Value {
    let none = json!({ "messages": 0, "copies": 0, "bytes": 0, "not_sent": [] });
    let mut replay = json!({
        "id": state, "selection": { "to": to }, "who": "yakin", "why": "disk", "created_at": "2026-11-22T00:00:00Z",
        "rate": 50, "state": state, "estimate": none, "planned": 40, "position": 15,
    });
    replay.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    replay
}

fn patients(overview: &Overview, name: &str, what: What) -> Option<u64> {
    let found = overview.troubles.iter().find(|trouble| trouble.name == name && trouble.what == what);
    found.and_then(|trouble| trouble.patients)
}

#[test]
fn what_operators_hold_and_replay_is_told_and_is_nobody_elses_fault() {
    let (hub, config) = region();
    let names: Vec<_> = config.subscribers.iter().map(|one| one.name.clone()).take(4).collect();
    let [all, both, refused, some] = names.as_slice() else { panic!("the region has fewer subscribers") };
    let (feeds, mut subscribers) = well(&config);
    let held = |facility: Option<&str>| {
        let facility = facility.map_or(json!({}), |code| json!({ "facility": code }));
        let mut held = json!({ "since": "2026-11-23T00:10:00Z", "who": "yakin", "why": "they upgrade" });
        held.as_object_mut().unwrap().extend(facility.as_object().unwrap().clone());
        held
    };
    // It was away when it was held, and refused something: whatever waits, waits for an operator.
    subscribers[0]["away"] = json!({ "since": "2026-11-22T00:00:00Z", "why": "Connection refused" });
    subscribers[0]["held"] = json!([held(None)]);
    (subscribers[0]["parked"], subscribers[0]["parked_patients"]) = (json!(2), json!(1));
    subscribers[1]["held"] = json!([held(Some("3210100018"))]);
    subscribers[3]["held"] = json!([held(Some("3210100018")), held(Some("3210200024"))]);
    for (at, patients) in [(1, 3), (2, 1), (3, 2)] {
        subscribers[at]["parked"] = json!(5);
        subscribers[at]["parked_patients"] = json!(patients);
    }
    (subscribers[1]["parked_held"], subscribers[3]["parked_held"]) = (json!(1), json!(2));
    let queue = json!({ "queue": format!("to.{all}"), "messages": 12, "oldest": "2026-11-22T00:50:00Z" });
    let more = json!({ "feeds": feeds, "subscribers": subscribers, "queues": [queue] });
    write(&hub, "run-7", &process("run", 7, &more));
    let week = json!({ "ended_at": "2026-11-10T00:00:00Z", "reason": "long ago" });
    let now = json!({ "ended_at": "2026-11-23T00:00:00Z", "reason": "the store is damaged" });
    for (id, mut replay) in [
        ("old", replay(all, "failed", &week)),
        ("failed", replay(all, "failed", &now)),
        ("running", replay(some, "running", &json!({ "started_at": "2026-11-23T00:30:00Z" }))),
        ("done", replay(some, "done", &json!({}))),
    ] {
        replay["id"] = json!(id);
        hub.write(&format!("var/replays/{id}.json"), replay.to_string());
    }

    let seen = look(&config);
    let told = |trouble: &musubi::ops::overview::Trouble| {
        let told = serde_json::to_value(trouble).unwrap();
        ["what", "name", "whose", "page", "reason"].map(|key| told[key].as_str().unwrap_or("-").to_owned())
    };
    let expected = [
        ["parked", all, "ours", "/parked", "-"],
        ["parked", both, "theirs", "/parked", "-"],
        ["parked", refused, "theirs", "/parked", "-"],
        ["replay-failed", "failed", "ours", "/replay/failed", &format!("{all}; the store is damaged")],
        ["held", all, "ours", "/holds", "yakin: they upgrade"],
        ["patients-held", some, "ours", "/holds", "yakin: they upgrade"],
        ["patients-held", both, "ours", "/holds", "yakin: they upgrade"],
        ["replay-running", "running", "ours", "/replay/running", &format!("{some}; yakin: disk")],
    ];
    let mut expected = expected.map(|row| row.map(str::to_owned));
    // Of the same kind by name.
    expected[..3].sort();
    expected[5..7].sort();
    assert_eq!(seen.troubles.iter().map(told).collect::<Vec<_>>(), expected);
    assert_eq!((patients(&seen, all, What::Parked), patients(&seen, both, What::Parked)), (Some(1), Some(2)));
    assert_eq!(
        (patients(&seen, some, What::PatientsHeld), patients(&seen, all, What::Held)),
        (Some(2), None)
    );
    let held = seen.troubles.iter().find(|trouble| trouble.name == *all && trouble.count == Some(12));
    assert_eq!(held.and_then(|held| held.since.as_deref()), Some("2026-11-23T00:10:00Z"));
    let of = |name: &str| seen.subscribers.iter().find(|one| one.subscriber == name).unwrap();
    assert_eq!((of(all).whose, of(both).whose), (Some(Whose::Ours), Some(Whose::Theirs)));

    // Who sees one facility is told that a patient of another waits, and not why; replays are the network's.
    let narrow = seen.narrowed(|facility| facility == Some("3210100018"));
    let told: Vec<_> =
        narrow.troubles.iter().map(told).map(|[what, name, .., why]| [what, name, why]).collect();
    let expected = [["parked", all, "-"], ["held", all, "yakin: they upgrade"], ["patients-held", some, "-"]];
    assert_eq!(told, expected.map(|row| row.map(str::to_owned)));
    let one = narrow.subscribers.iter().find(|one| one.subscriber == *some).unwrap();
    assert_eq!(one.held.len(), 1);
}

#[test]
fn a_feed_is_silent_where_the_alerts_say_so_and_its_rhythm_is_told() {
    let (hub, config) = region();
    let (mut feeds, subscribers) = well(&config);
    let feed = feeds[0]["feed"].as_str().unwrap().to_owned();
    feeds[0]["flow"] =
        json!({ "last_at": "2026-11-22T23:50:00Z", "recent": 0, "recent_seconds": 300, "today": 3 });
    write(&hub, "run-7", &process("run", 7, &json!({ "feeds": feeds, "subscribers": subscribers })));
    assert_eq!(whats(&look(&config)), [], "nobody watched it yet");

    // Today is a holiday (勤労感謝の日): eight Sundays with 60 messages from 10 to 11, hour 154 of the week, and the alert.
    let hours = vec![json!({ "count": 60, "gap": 90 }); 8];
    let rhythm =
        json!({ "slots": { "154": hours }, "days": {}, "present": null, "today": [0, 0], "last": null });
    hub.write("var/alerts/rhythms.json", json!({ "feeds": { feed.as_str(): rhythm } }).to_string());
    let alert = json!({
        "id": "0123456789ab", "alarm": "feed-silent", "subject": feed, "facility": config.feeds[0].settings.facility,
        "since": "2026-11-23T00:10:00Z", "seen": "2026-11-23T00:20:00Z",
        "details": { "expected": "10", "last": "2026-11-22T23:50:00Z" }, "told": {},
    });
    hub.write("var/alerts/open.json", json!({ "alerts": [alert] }).to_string());
    let seen = look(&config);
    assert_eq!(whats(&seen), [("feed-silent".to_owned(), feed.clone())]);
    let found = seen.feeds.iter().find(|one| one.feed == feed).unwrap();
    assert_eq!(found.silent_since.as_deref(), Some("2026-11-22T23:50:00Z"));
    assert_eq!(found.usual_per_minute, Some(1.0));
}

#[test]
fn who_sees_one_facility_sees_nothing_of_the_others() {
    let (_, config) = region();
    let seen = look(&config);
    let facility = config.feeds[0].settings.facility.clone();
    let narrow = seen.narrowed(|of| of == Some(&facility));
    assert!(narrow.feeds.iter().all(|feed| feed.facility == facility) && !narrow.feeds.is_empty());
    assert!(narrow.troubles.is_empty() && narrow.processes.is_empty());
    assert!(narrow.subscribers.iter().all(|one| one.facility.as_ref() == Some(&facility)));
}

/// 900 feeds and 3,500 subscribers, all of them in trouble.
#[test]
fn a_large_network_is_looked_at_quickly() {
    let (hub, mut config) = region();
    let (feed, subscriber) = (config.feeds[0].clone(), config.subscribers[0].clone());
    config.feeds = (0..900)
        .map(|number| {
            let mut feed = feed.clone();
            feed.settings.name = format!("feed-{number}");
            feed
        })
        .collect();
    config.subscribers = (0..3_500)
        .map(|number| {
            let mut one = subscriber.clone();
            one.name = format!("subscriber-{number}");
            one
        })
        .collect();
    let (feeds, mut subscribers) = well(&config);
    for one in subscribers.as_array_mut().unwrap() {
        one["away"] = json!({ "since": "2026-11-23T00:00:00Z", "why": "timed out" });
    }
    write(&hub, "run-7", &process("run", 7, &json!({ "feeds": feeds, "subscribers": subscribers })));
    let now: Timestamp = NOW.parse().unwrap();
    let (read, reading) = timed(|| processes(&hub.path("var")).unwrap().0);
    let seen = status::Overview {
        processes: read
            .into_iter()
            .map(|status| status::Process { state: status::State::Running, status })
            .collect(),
        queues: Some(Vec::new()),
        attention: Vec::new(),
    };
    let usual = Usual::new((0..900).map(|number| (format!("feed-{number}"), 3.0)));
    let (overview, making) = timed(|| Overview::of(&config, &seen, &[], &usual, now));
    println!(
        "900 feeds, 3,500 subscribers: read in {reading:?}, judged in {making:?} (without optimisation)"
    );
    assert_eq!((overview.feeds.len(), overview.troubles.len()), (900, 3_500));
    assert!(reading + making < Duration::from_secs(20));
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    #[expect(clippy::disallowed_methods, reason = "a test measures the real time")]
    let now = std::time::Instant::now;
    let began = now();
    let done = work();
    (done, began.elapsed())
}
