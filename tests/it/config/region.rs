//! The configuration that stands in the repository.

use std::path::Path;

use musubi::canonical::{CanonicalEvent, EncounterEvent, Interpretation, ResultStatus};
use musubi::config::{Config, Severity};
use musubi::deliver;
use musubi::envelope::Change;
use musubi::route::Routes;
use serde_json::{Value, json};

use super::samples::{diagnosis, encounter, generic, lab, patient, performed, positive, result};
use super::{CONTEXT, recipients};

fn config() -> Config {
    let (config, faults) = Config::load(Path::new(env!("CARGO_MANIFEST_DIR")));
    // A facility may be connected later.
    let expected = |message: &str| message.contains("does not exist (yet)");
    let faults: Vec<_> =
        faults.iter().filter(|fault| !expected(&fault.message)).map(ToString::to_string).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    config.expect("no fault")
}

pub(super) fn routes() -> Routes {
    (*config().routes).clone()
}

#[track_caller]
fn check(event: &CanonicalEvent<'_>, expected: &[(&str, &str)]) {
    let routes = routes();
    let decided: Vec<_> = recipients(&routes, event)
        .iter()
        .map(|to| (to.subscriber, to.route.topic.clone()))
        .filter(|(_, topic)| topic != "backup.copy")
        .collect();
    let decided: Vec<_> = decided.iter().map(|(subscriber, topic)| (*subscriber, topic.as_str())).collect();
    assert_eq!(decided, expected);
}

#[test]
fn it_has_no_fault() {
    let config = config();
    assert_eq!(config.hub.network, "shimane");
    let deliver::Kind::Folder { path } = &config.subscribers[0].deliver else { panic!() };
    assert!(path.ends_with("var/deliveries/chuo-record"));
}

#[test]
fn a_missing_folder_is_one_fault_per_file() {
    let (config, faults) = Config::load(Path::new("/nonexistent"));
    assert!(config.is_none());
    assert_eq!(
        faults.iter().map(|fault| fault.file.as_str()).collect::<Vec<_>>(),
        ["hub.toml", "routes.toml"]
    );
    assert!(faults.iter().all(|fault| fault.severity == Severity::Error));
}

#[test]
fn referrals_and_readings() {
    // Nobody is a member: nothing that rests on consent leaves, and nobody reads for the facility.
    check(&patient(), &[]);
    check(&encounter(EncounterEvent::Discharge), &[]);
    check(&encounter(EncounterEvent::Visit), &[("surveillance", "surveillance.visit")]);
    check(&performed(Some("CT")), &[]);
    check(&performed(Some("ES")), &[]);
    check(&performed(None), &[]);
    check(&generic(), &[]);
}

#[test]
fn evidence_and_its_withdrawal() {
    let with = |code, status, says, change| {
        let mut event = lab(vec![result(code, status, Some(says))]);
        event.change = change;
        event
    };
    let evidence: &[_] = &[("surveillance", "surveillance.evidence")];
    let revision: &[_] = &[("surveillance", "surveillance.revision")];
    const FLU: &str = "5F3991410099";
    use {Change::*, Interpretation::*, ResultStatus::*};
    check(&with(FLU, Final, Positive, Created), evidence);
    check(&with(FLU, Corrected, Positive, Updated), evidence);
    check(&with(FLU, Preliminary, Positive, Created), &[]);
    check(&with(FLU, Final, Negative, Created), &[]);
    check(&with(FLU, Corrected, Negative, Updated), revision);
    check(&with(FLU, ResultStatus::Deleted, Positive, Updated), revision);
    check(&with(FLU, Final, Positive, Change::Deleted), revision);
    check(&with(FLU, Final, Positive, Superseded), &[]);
    // Antibodies, HIV and chlamydia never.
    for code in ["5F4001430023", "5F5001430023", "5E0210000099"] {
        for change in [Created, Updated, Change::Deleted] {
            check(&with(code, Final, Positive, change), &[]);
        }
    }
    let mut empty = lab(vec![]);
    check(&empty, &[]);
    empty.change = Change::Deleted;
    check(&empty, revision);
}

#[test]
fn diagnoses() {
    check(&diagnosis(&["J00", "J101"]), &[("surveillance", "surveillance.diagnosis")]);
    check(&diagnosis(&["J00", "I10"]), &[]);
    // HIV is kept out; a coronavirus code that says no more needs a person.
    check(&diagnosis(&["B20", "B342"]), &[("chuo-infection", "surveillance.task")]);
    let mut gone = diagnosis(&["J00"]);
    gone.change = Change::Updated;
    check(&gone, &[("surveillance", "surveillance.revision")]);
}

#[test]
fn a_list_without_a_notifiable_disease_says_only_that_it_is_one() {
    let mut gone = diagnosis(&["J00", "B20"]);
    gone.change = Change::Updated;
    let routes = routes();
    let recipients = recipients(&routes, &gone);
    let to = recipients.iter().find(|to| to.subscriber == "surveillance").unwrap();
    let sent: Value = serde_json::from_slice(&to.route.body(&gone, &CONTEXT).unwrap()).unwrap();
    assert_eq!((&sent["patient"], &sent["problems"]), (&Value::Null, &json!([])));
}

#[test]
fn surveillance_gets_no_name_and_nothing_but_the_case() {
    let routes = routes();
    let flu = result("5F3991410063", ResultStatus::Final, Some(Interpretation::Positive));
    let hiv = result("5F5601430023", ResultStatus::Final, Some(Interpretation::Positive));
    for (event, list) in [(lab(vec![hiv, flu]), "results"), (diagnosis(&["B20", "J101", "F20"]), "problems")]
    {
        let recipients = recipients(&routes, &event);
        let to = recipients.iter().find(|to| to.subscriber == "surveillance").unwrap();
        let body = to.route.body(&event, &CONTEXT).unwrap();
        let body = String::from_utf8(body).unwrap();
        for word in ["架空", "カクウ", "5F560", "B20", "F20", "names", "findings"] {
            assert!(!body.contains(word), "{word} left: {body}");
        }
        let sent: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(sent[list].as_array().unwrap().len(), 1);
    }
    assert!(!recipients(&routes, &positive("5F3991410063")).is_empty());
}
