//! Hold and release: copies wait in their queue, across restarts; a held patient's are parked, nobody else waits.

use serde_json::json;

use super::{drain, told};
use crate::support::HubFolder;

const TO: &str = "referral";

/// The small region; what `referral` has.
fn region() -> HubFolder {
    crate::run::region()
}

fn lines(hub: &HubFolder) -> usize {
    crate::processes::running::lines(hub, TO)
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
    let facility =
        had[0]["source"].as_str().unwrap().rsplit(['/', ':']).find(|part| part.len() == 10).unwrap();
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
