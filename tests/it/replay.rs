//! Replay: what was accepted, once more for one subscriber, as of now. All people are invented (架空).

mod api;
mod rabbitmq;
mod same;
mod stores;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;
use std::sync::OnceLock;

use musubi::config::Config;
use musubi::ops::messages::{find, read};
use serde_json::{Value, json};

use crate::support::process::ToItsEnd;
use crate::support::{HubFolder, copy_tree, files_below, repository};

/// Izumo's patient 00084165 let Kita see the record.
const CONSENTING: &str = "329900000002";
const TO: &str = "kita-record";

/// The demo region, all of which was delivered, in a folder of its own; its console listens nowhere else's hub does.
fn region() -> HubFolder {
    static DRAINED: OnceLock<HubFolder> = OnceLock::new();
    let drained = DRAINED.get_or_init(|| {
        let hub = HubFolder::network();
        let (code, report) = hub.drain();
        assert_eq!((code, &report["conserved"]), (0, &json!(true)), "{report:#}");
        hub
    });
    let hub = HubFolder::network();
    for tree in ["var", "fixtures", "stores"] {
        fs::remove_dir_all(hub.path(tree)).or_else(|_| fs::create_dir(hub.path(tree))).unwrap();
        copy_tree(&drained.path(tree), &hub.path(tree));
    }
    hub
}

/// `musubi replay … --json`: what it printed.
#[track_caller]
fn replay(hub: &HubFolder, arguments: &[&str]) -> Value {
    let arguments: Vec<_> = ["replay"].iter().chain(arguments).chain(&["--json"]).copied().collect();
    let output = hub.musubi(&arguments).env("LOGNAME", "yakin").env_remove("SUDO_USER").to_its_end();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Everything for a subscriber, started at once.
#[track_caller]
fn all_to(hub: &HubFolder, subscriber: &str, more: &[&str]) -> Value {
    let all = ["--to", subscriber, "--why", "the link was broken", "--rate", "10000", "--yes"];
    let done = replay(hub, &all.iter().chain(more).copied().collect::<Vec<_>>());
    assert_eq!(done["state"], "done", "{done:#}");
    assert_eq!(done["done"], done["estimate"], "{done:#}");
    done
}

/// Lines that every subscriber has, by its name.
fn lines(hub: &HubFolder) -> BTreeMap<String, usize> {
    let folder = hub.path("var/deliveries");
    let subscribers =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    subscribers.map(|name| (name.clone(), hub.delivered(&name).len())).collect()
}

fn id(event: &Value) -> &str {
    event["id"].as_str().unwrap()
}

fn ids(events: &[Value]) -> BTreeSet<&str> {
    events.iter().map(id).collect()
}

#[track_caller]
fn drain(hub: &HubFolder) -> Value {
    let (code, report) = hub.drain();
    assert_eq!((code, &report["conserved"]), (0, &json!(true)), "{report:#}");
    report
}

/// What the sample subscriber takes that it did not take before.
fn taken(hub: &HubFolder, subscriber: &str) -> usize {
    let output = Command::new("python3")
        .arg(repository().join("samples/subscriber.py"))
        .arg(hub.path("var/deliveries").join(subscriber))
        .arg(hub.path("state.json"))
        .to_its_end();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().count()
}

#[test]
fn one_subscriber_gets_its_copies_again_marked_and_twice_changes_nothing() {
    let hub = region();
    let (before, had) = (lines(&hub), hub.delivered(TO));
    assert_eq!(taken(&hub, TO), had.len());
    let mut marks = Vec::new();
    for _ in 0..2 {
        let done = all_to(&hub, TO, &[]);
        assert_eq!(done["done"]["copies"], had.len(), "{done:#}");
        assert_eq!((&done["who"], &done["why"]), (&json!("yakin"), &json!("the link was broken")));
        let report = drain(&hub);
        assert_eq!(report["messages"]["accepted"], 0, "a replay is no acceptance");
        marks.push(done["id"].as_str().unwrap().to_owned());
    }
    let has = hub.delivered(TO);
    assert_eq!(has.len(), 3 * had.len());
    for (again, mark) in has[had.len()..].chunks(had.len()).zip(&marks) {
        assert_eq!(ids(again), ids(&had), "each once, under the id that it had");
        assert!(again.iter().all(|event| event["replay"] == **mark), "marked");
    }
    assert!(had.iter().all(|event| event.get("replay").is_none()), "what was routed is not");
    assert_eq!(taken(&hub, TO), 0, "a consumer that follows the rules has them all");
    let unchanged = |lines: &BTreeMap<String, usize>| lines.iter().filter(|(name, _)| *name != TO).count();
    assert_eq!(unchanged(&lines(&hub)), unchanged(&before));
    for (name, count) in lines(&hub).into_iter().filter(|(name, _)| name != TO) {
        assert_eq!(count, before[&name], "{name} gets nothing");
    }
    let traced = String::from_utf8(hub.run(&["trace", id(&had[0])]).stdout).unwrap();
    assert_eq!(traced.matches("yakin: the link was broken").count(), 2, "{traced}");
    let listed = replay(&hub, &["list"]);
    assert_eq!(listed.as_array().unwrap().len(), 2);
    assert_eq!(listed[0]["id"], *marks[1], "the latest first");
}

/// In the order of acceptance: a patient's events come as they came at first.
#[test]
fn a_patients_events_keep_their_order() {
    let hub = region();
    let had = hub.delivered(TO);
    all_to(&hub, TO, &[]);
    drain(&hub);
    let order = |events: &[Value]| {
        let mut by_patient = BTreeMap::<String, Vec<String>>::new();
        for event in events {
            let patient = format!("{} {}", event["source"], event["subject"]);
            by_patient.entry(patient).or_default().push(id(event).to_owned());
        }
        by_patient
    };
    assert_eq!(order(&hub.delivered(TO)[had.len()..]), order(&had));
}

#[test]
fn who_withdrew_meanwhile_is_not_sent_and_is_counted() {
    let hub = region();
    let had = hub.delivered(TO);
    let his = |events: &[Value]| events.iter().filter(|event| event["subject"] == "00084165").count();
    assert!(his(&had) > 0);
    let withdrawn = hub.run(&["registry", "withdraw", CONSENTING, "--why", "form 7", "--who", "madoguchi"]);
    assert!(withdrawn.status.success(), "{}", String::from_utf8_lossy(&withdrawn.stderr));
    let done = all_to(&hub, TO, &["--facility", "3210100018", "--patient", "00084165"]);
    assert_eq!(done["done"]["copies"], 0);
    let denied = done["done"]["not_sent"].as_array().unwrap().iter().filter(|one| one["reason"] == "denied");
    let denied: u64 = denied.map(|one| one["messages"].as_u64().unwrap()).sum();
    assert_eq!(denied, his(&had) as u64, "{done:#}");
    assert!(!done.to_string().contains("00084165"), "who the patient is is not printed");
    let done = all_to(&hub, TO, &[]);
    assert_eq!(done["done"]["copies"], had.len() - his(&had));
    drain(&hub);
    assert_eq!(his(&hub.delivered(TO)), his(&had));
}

#[test]
fn a_torn_store_gives_what_is_whole_and_counts_what_is_damaged() {
    let hub = region();
    let had = hub.delivered(TO).len();
    let store = files_below(&hub.path("var/messages"));
    let first = fs::read(&store[0]).unwrap();
    // The body of one message is another one, and the last record lacks its end.
    let at = first.windows(8).position(|bytes| bytes == b"00084165").unwrap();
    let body = at + first[at..].windows(4).position(|bytes| bytes == b"MSH|").unwrap();
    let mut torn = first.clone();
    torn[body + 9] ^= 1;
    torn.truncate(first.len() - 3);
    fs::write(&store[0], &torn).unwrap();
    let whole = replay(&hub, &["--to", TO, "--why", "look"]);
    assert_eq!(whole["state"], "planned");
    let gone: Vec<_> = whole["estimate"]["not_sent"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["reason"] == "gone")
        .collect();
    assert_eq!(gone.len(), 1, "{whole:#}");
    assert_eq!(gone[0]["messages"], 1);
    let copies = whole["estimate"]["copies"].as_u64().unwrap() as usize;
    assert!(copies >= had - 2 && copies <= had, "{copies} of {had}");
    let started = replay(&hub, &["start", whole["id"].as_str().unwrap()]);
    assert_eq!((&started["state"], &started["done"]), (&json!("done"), &whole["estimate"]));
}

#[test]
fn nothing_is_sent_before_somebody_starts_it_and_nonsense_is_refused() {
    let hub = region();
    let planned = replay(&hub, &["--to", TO, "--why", "look"]);
    assert_eq!((&planned["state"], &planned["done"]["copies"]), (&json!("planned"), &json!(0)));
    let had = lines(&hub);
    drain(&hub);
    assert_eq!(lines(&hub), had);
    let text = String::from_utf8(hub.run(&["replay", "--to", TO, "--why", "look"]).stdout).unwrap();
    assert!(text.contains("nothing was sent") && text.contains("copies"), "{text}");
    for (arguments, code) in [
        (vec!["--to", "nobody", "--why", "x"], 65),
        (vec!["--to", TO], 64),
        (vec!["--to", TO, "--why", " "], 65),
        (vec!["--to", TO, "--why", "x", "--from", "yesterday"], 64),
        (vec!["--to", TO, "--why", "x", "--from", "2026-11-23", "--until", "2026-11-22"], 65),
        (vec!["resume", "none"], 65),
        (vec!["show", "none"], 65),
        (vec!["resume", planned["id"].as_str().unwrap()], 75),
    ] {
        let arguments: Vec<_> = ["replay"].into_iter().chain(arguments).collect();
        let output = hub.run(&arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?} {output:?}");
    }
}

/// A message is found as it was accepted, by its id and by the place that the history tells.
#[test]
fn what_was_accepted_is_found_with_its_bytes() {
    let hub = region();
    let (config, _) = Config::load(&hub.path(""));
    let config = config.unwrap();
    let traced: Value =
        serde_json::from_slice(&hub.run(&["trace", id(&hub.delivered(TO)[0]), "--json"]).stdout).unwrap();
    let text = traced.to_string();
    let step = steps(&traced).find(|step| step["step"] == "decided").unwrap_or_else(|| panic!("{text}"));
    let at = step["at"].as_str().unwrap().parse().unwrap();
    let id = step["id"].as_str().unwrap();
    let (envelope, body) = find(&config, id, at).unwrap().unwrap();
    assert_eq!((envelope.id.as_str(), envelope.event), (id, None));
    assert!(body.starts_with(b"MSH|"));
    let kept = serde_json::from_value(step["kept"].clone()).unwrap();
    assert_eq!(read(&config, &kept).unwrap().unwrap().1, body);
    assert!(find(&config, "no such id", at).unwrap().is_none());
}

/// All steps in what `trace` prints.
fn steps(traced: &Value) -> Box<dyn Iterator<Item = &Value> + '_> {
    match traced {
        Value::Array(list) => Box::new(list.iter().flat_map(steps)),
        Value::Object(fields) if fields.contains_key("step") => Box::new(std::iter::once(traced)),
        Value::Object(fields) => Box::new(fields.values().flat_map(steps)),
        _ => Box::new(std::iter::empty()),
    }
}
