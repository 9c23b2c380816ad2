//! Hold and release: copies wait in their queue, across restarts; a held patient's are parked, nobody else waits.

use serde_json::{Value, json};

use super::{drain, told};
use crate::processes::running::{Running, until};
use crate::support::HubFolder;

const TO: &str = "referral";

/// The small region; what `referral` has.
fn region() -> HubFolder {
    crate::run::region()
}

fn lines(hub: &HubFolder) -> usize {
    crate::processes::running::lines(hub, TO)
}

/// The sending facility of an event.
fn facility(event: &Value) -> &str {
    event["source"].as_str().unwrap().rsplit(['/', ':']).find(|part| part.len() == 10).unwrap()
}

#[test]
fn a_held_subscriber_waits_across_restarts_and_gets_everything_once_released() {
    let whole = region();
    drain(&whole);
    let all = lines(&whole);
    assert!(all > 10);
    let hub = region();
    assert!(hub.run(&["hold", TO, "--why", "they upgrade", "--who", "yakin"]).status.success());
    let again = hub.run(&["hold", TO, "--why", "they upgrade", "--who", "yakin"]);
    assert_eq!(again.status.code(), Some(65), "{again:?}");
    for run in 0..2 {
        let report = drain(&hub);
        let of_it =
            report["subscribers"].as_array().unwrap().iter().find(|one| one["subscriber"] == TO).unwrap();
        assert_eq!(
            (&of_it["delivered"], &of_it["waiting"]),
            (&json!(0), &json!(all)),
            "run {run}: {of_it:#}"
        );
        assert_eq!(lines(&hub), 0);
    }
    let held = told(&hub, &["hold", "--json"]);
    assert_eq!((&held[0]["who"], &held[0]["why"]), (&json!("yakin"), &json!("they upgrade")), "{held:#}");
    assert!(crate::processes::running::lines(&hub, "surveillance") > 0, "nobody else waits");
    assert!(hub.run(&["release", TO, "--why", "they are back", "--who", "yakin"]).status.success());
    assert_eq!(told(&hub, &["hold", "--json"]), json!([]));
    drain(&hub);
    assert_eq!(lines(&hub), all);
}

#[test]
fn a_held_patients_copies_are_parked_and_the_others_go() {
    let hub = region();
    drain(&hub);
    let had = hub.delivered(TO);
    // Somebody about whom there is more than one.
    let subject = had[0]["subject"].as_str().unwrap().to_owned();
    let his = had
        .iter()
        .filter(|event| event["subject"] == *subject && event["source"] == had[0]["source"])
        .count();
    let facility = facility(&had[0]);
    let other = region();
    let hold =
        ["hold", TO, "--facility", facility, "--patient", &subject, "--why", "mixed up", "--who", "yakin"];
    let output = other.run(&hold);
    assert!(output.status.success(), "{output:?}");
    let (code, report) = other.drain();
    assert_eq!((code, &report["conserved"]), (75, &json!(true)), "copies are left: {report:#}");
    let of_it =
        report["subscribers"].as_array().unwrap().iter().find(|one| one["subscriber"] == TO).unwrap().clone();
    assert_eq!(of_it["parked"], json!(his), "{of_it:#}");
    assert_eq!(lines(&other), had.len() - his);
    let listed = told(&other, &["hold", "--json"]);
    assert!(!listed.to_string().contains(&subject), "who the patient is is not printed");
    let release =
        ["release", TO, "--facility", facility, "--patient", &subject, "--why", "mended", "--who", "yakin"];
    assert!(other.run(&release).status.success());
    drain(&other);
    assert_eq!(lines(&other), had.len());
}

#[test]
fn what_is_held_is_told_by_the_hub_that_runs_and_is_not_called_refused() {
    let hub = region();
    drain(&hub);
    let had = hub.delivered(TO);
    let (subject, facility) = (had[0]["subject"].as_str().unwrap(), facility(&had[0]));
    let other = region();
    let patient = ["--facility", facility, "--patient", subject, "--why", "mixed up", "--who", "yakin"];
    assert!(other.run(&[&["hold", TO], &patient[..]].concat()).status.success());
    let all = ["hold", "surveillance", "--why", "they upgrade", "--who", "yakin"];
    assert!(other.run(&all).status.success());
    let running = Running::start(&other, &["run", "--json"]);
    let look = || {
        let output = other.run(&["top", "--once", "--json"]);
        serde_json::from_slice::<Value>(&output.stdout).unwrap_or(Value::Null)
    };
    let of = |seen: &Value, list: &str, key: &str, name: &str| {
        let rows = seen[list].as_array().into_iter().flatten();
        rows.filter(|row| row[key] == name).cloned().collect::<Vec<_>>()
    };
    let mut seen = Value::Null;
    until("the patient is parked, and copies wait", || {
        seen = look();
        let parked = |name: &str| of(&seen, "subscribers", "subscriber", name)[0]["parked_held"] == 1;
        let waits = |name: &str| {
            of(&seen, "subscribers", "subscriber", name)[0]["waiting"]["messages"].as_u64() > Some(0)
        };
        seen["subscribers"].is_array() && parked(TO) && waits("surveillance")
    });
    // Copies are left: its end would not be a clean one.
    running.kill();
    let what = |name: &str| {
        let troubles = of(&seen, "troubles", "name", name);
        let told = |trouble: &Value| {
            let word = |key: &str| trouble[key].as_str().unwrap_or_default().to_owned();
            [word("what"), word("whose"), word("severity"), word("page"), word("reason")]
        };
        troubles.iter().map(told).collect::<Vec<_>>()
    };
    let held = |what: &str, reason: &str| vec![[what, "ours", "notice", "/holds", reason].map(str::to_owned)];
    assert_eq!(what(TO), held("patients-held", "yakin: mixed up"), "{seen:#}");
    assert_eq!(what("surveillance"), held("held", "yakin: they upgrade"), "{seen:#}");
    assert!(!seen.to_string().contains(subject), "who the patient is is not told");
}
