//! Invalid messages and dead letters: counted, sent again, discarded, edited; nothing is lost on the way. All people are
//! invented (架空).

mod crash;
mod dead;
mod holds;
mod rabbitmq;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::HubFolder;
use crate::support::process::ToItsEnd;

/// A feed with so many messages that name no patient, and one that does.
fn with_invalid(count: usize) -> HubFolder {
    let hub = HubFolder::new();
    std::fs::create_dir(hub.path("drop")).unwrap();
    for number in 0..count {
        hub.write(&format!("drop/{number:05}.hl7"), message(number, ""));
    }
    hub.write("drop/good.hl7", message(99_999, "0001"));
    hub.hl7_feed("izumo-chuo", "3210100018", "drop");
    hub
}

fn message(number: usize, patient: &str) -> String {
    format!(
        "MSH|^~\\&|HIS|A|B|C|20261122101500||ADT^A08^ADT_A01|{number}|P|2.5\rEVN||20261122\rPID|1||{patient}^^^^PI||架空^太郎\r"
    )
}

#[track_caller]
fn drain(hub: &HubFolder) -> Value {
    let (code, report) = hub.drain();
    assert_eq!((code, &report["conserved"]), (0, &json!(true)), "{report:#}");
    report
}

/// Ids of the invalid messages, in the order of their queue.
fn invalid(hub: &HubFolder) -> Vec<String> {
    let output = hub.run(&["invalid", "--json"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let id = |line: &str| serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap().to_owned();
    text.lines().map(id).collect()
}

/// A verb that prints JSON.
#[track_caller]
fn told(hub: &HubFolder, arguments: &[&str]) -> Value {
    let output = hub.musubi(arguments).env("LOGNAME", "yakin").env_remove("SUDO_USER").to_its_end();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn what_is_sent_again_is_decided_again_and_the_counts_add_up() {
    let hub = with_invalid(300);
    let report = drain(&hub);
    assert_eq!(report["messages"]["invalid"], 300, "{report:#}");
    let piles = told(&hub, &["invalid", "faults", "--json"]);
    assert_eq!((&piles[0]["count"], &piles[0]["feed"]), (&json!(300), &json!("izumo-chuo")), "{piles:#}");
    let before = invalid(&hub);
    let fault = piles[0]["fault"].as_str().unwrap();
    let all = ["--fault", fault, "--why", "mended", "--rate", "10000", "--yes", "--json"];
    let work = told(&hub, &[&["invalid", "retry"], all.as_slice()].concat());
    assert_eq!((&work["state"], &work["done"]), (&json!("done"), &json!(300)), "{work:#}");
    assert_eq!(invalid(&hub), [""; 0]);
    let report = drain(&hub);
    let messages = &report["messages"];
    // They waited for the routers as the run began: no acceptance, and carried over.
    assert_eq!(
        (&messages["accepted"], &messages["carried"], &messages["invalid"]),
        (&json!(0), &json!(300), &json!(300))
    );
    assert_eq!(
        BTreeSet::from_iter(invalid(&hub)),
        BTreeSet::from_iter(before),
        "under the ids that they had"
    );
}

#[test]
fn a_few_are_taken_out_of_the_middle_and_the_others_keep_their_order() {
    let hub = with_invalid(200);
    drain(&hub);
    let before = invalid(&hub);
    let (first, second) = (before[97].as_str(), before[150].as_str());
    let work = told(
        &hub,
        &["invalid", "discard", first, second, "--why", "a test of the vendor", "--yes", "--json"],
    );
    assert_eq!((&work["state"], &work["done"]), (&json!("done"), &json!(2)), "{work:#}");
    let rest: Vec<_> = before.iter().filter(|id| ![first, second].contains(&id.as_str())).cloned().collect();
    assert_eq!(invalid(&hub), rest);
    let traced = String::from_utf8(hub.run(&["trace", first]).stdout).unwrap();
    assert!(traced.contains("yakin: a test of the vendor"), "{traced}");
    let piles = told(&hub, &["invalid", "faults", "--json"]);
    assert_eq!(piles[0]["count"], 198, "{piles:#}");
    drain(&hub);
    assert_eq!(invalid(&hub), rest);
}

#[test]
fn nothing_is_done_before_somebody_says_yes_and_nonsense_is_refused() {
    let hub = with_invalid(3);
    drain(&hub);
    let before = invalid(&hub);
    let asked = hub.run(&["invalid", "retry", "--why", "look"]);
    let errors = String::from_utf8_lossy(&asked.stderr).into_owned();
    assert!(asked.status.success() && errors.contains('3'), "{asked:?}");
    assert_eq!(invalid(&hub), before);
    for (arguments, code) in [
        (vec!["invalid", "retry"], 64),
        (vec!["invalid", "discard", "--why", " ", "--yes"], 65),
        (vec!["dead", "retry", "--to", "nobody", "--why", "x", "--yes"], 65),
        (vec!["invalid", "show", "no-such-id"], 65),
    ] {
        let output = hub.run(&arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?} {output:?}");
    }
    assert_eq!(invalid(&hub), before);
}

#[test]
fn an_edited_copy_is_a_message_of_its_own_and_the_original_is_gone() {
    let hub = with_invalid(20);
    drain(&hub);
    let id = invalid(&hub)[7].clone();
    let shown = told(&hub, &["invalid", "show", &id, "--json"]);
    let text = shown["text"].as_str().unwrap();
    assert!(text.contains("架空^太郎\n"), "{text}");
    hub.write("edited.txt", text.replace("PID|1||^", "PID|1||0042^"));
    let file = hub.path("edited.txt");
    let edit = ["invalid", "edit", &id, "--file", file.to_str().unwrap(), "--why", "no id", "--json"];
    let work = told(&hub, &edit);
    assert_eq!((&work["state"], &work["done"]), (&json!("done"), &json!(1)), "{work:#}");
    assert_eq!(invalid(&hub).len(), 19);
    let report = drain(&hub);
    assert_eq!(
        (&report["messages"]["carried"], &report["messages"]["invalid"]),
        (&json!(1), &json!(0)),
        "{report:#}"
    );
    let copy = work["copy"].as_str().unwrap();
    assert_ne!(copy, id);
    let traced = String::from_utf8(hub.run(&["trace", copy]).stdout).unwrap();
    assert!(traced.contains(&id) && traced.contains("yakin: no id"), "{traced}");
    let traced = String::from_utf8(hub.run(&["trace", &id]).stdout).unwrap();
    assert!(traced.contains(copy), "{traced}");
    assert!(!traced.contains("0042"), "no patient's id is printed");
}

/// In a hub that runs its counts must add up too: what is sent again stands on the side of what came in.
#[test]
fn a_hub_that_runs_is_asked_and_counts_what_it_sends_again() {
    let hub = with_invalid(50);
    let running = crate::processes::running::Running::start(&hub, &["run", "--json"]);
    let is_there = || std::net::TcpStream::connect(hub.console()).is_ok();
    crate::processes::running::until("the console listens", is_there);
    crate::processes::running::until("all are invalid", || {
        told(&hub, &["invalid", "faults", "--json"]).pointer("/0/count") == Some(&json!(50))
    });
    let work = told(&hub, &["invalid", "retry", "--why", "again", "--rate", "10000", "--yes", "--json"]);
    assert_eq!((&work["state"], &work["done"]), (&json!("done"), &json!(50)), "{work:#}");
    crate::processes::running::until("they are invalid again", || {
        told(&hub, &["invalid", "faults", "--json"]).pointer("/0/count") == Some(&json!(50))
    });
    let report = running.stop();
    assert_eq!(report["conserved"], true, "{report:#}");
    assert_eq!(report["messages"]["retried"], 50, "{report:#}");
    assert_eq!(invalid(&hub).len(), 50);
}
