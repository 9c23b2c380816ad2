//! `musubi explain`.

use std::fs;

use serde_json::Value;

use crate::support::HubFolder;

const FLU: &str = "fixtures/cases/oul_r22_flu_positive";

fn explain(hub: &HubFolder, arguments: &[&str]) -> (i32, String) {
    let output = hub.run(&[&["explain"], arguments].concat());
    let told = if output.stdout.is_empty() { output.stderr } else { output.stdout };
    (output.status.code().unwrap(), String::from_utf8(told).unwrap())
}

fn json(hub: &HubFolder, arguments: &[&str]) -> (i32, Value) {
    let (code, text) = explain(hub, &[arguments, &["--json"]].concat());
    (code, serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}")))
}

#[test]
fn who_gets_it_is_told_why() {
    let hub = HubFolder::network();
    let flu = hub.path(FLU);
    let flu = flu.to_str().unwrap();
    let (code, text) = explain(&hub, &[flu, "--to", "surveillance"]);
    assert_eq!(code, 0, "{text}");
    for part in [
        "surveillance gets ",
        "feed izumo-chuo from facility 3210100018 (OML-11)",
        "Route infection-evidence (routes.toml:",
        "interpretation is positive — holds (routes.toml:",
        "on the basis participation-agreement, as topic surveillance.evidence",
        "It rests on contract 3210100018, from 2024-04-01",
        "Kept back: ",
        "patient.id",
    ] {
        assert!(text.contains(part), "no {part:?} in:\n{text}");
    }
    let (code, text) = explain(&hub, &[flu, "--to", "kita-record"]);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("view-consent: not linked at the source"), "{text}");
    assert!(text.contains("musubi registry link 3210100018 LOCAL-ID NETWORK-ID --why TEXT"), "{text}");
    let output = hub.run(&["--lang", "ja", "explain", flu, "--to", "kita-record"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("配信されません") && text.contains("配信されるために必要なこと"), "{text}");
}

#[test]
fn the_argument_holds_no_value_of_the_patient() {
    let hub = HubFolder::network();
    let flu = hub.path(FLU);
    for to in ["surveillance", "kita-record", "store-near", "tasks"] {
        for form in [&[][..], &["--json"]] {
            let (_, text) = explain(&hub, &[&[flu.to_str().unwrap(), "--to", to], form].concat());
            for value in
                ["00012345", "山本", "ヤマモト", "19410512", "1941-05-12", "685-0000", "000000000900001"]
            {
                assert!(!text.contains(value), "{to} {form:?}: {value} in\n{text}");
            }
        }
    }
}

#[test]
fn what_would_have_to_change_is_that_of_the_nearest_route() {
    let hub = HubFolder::network();
    let needed = |case: &str, to: &str| {
        let path = hub.path(&format!("fixtures/cases/{case}"));
        let (code, seen) = json(&hub, &[path.to_str().unwrap(), "--to", to]);
        assert_eq!(code, 1, "{seen}");
        seen["now"]["needed"].as_array().unwrap().clone()
    };
    let weak = needed("oul_r22_flu_negative", "surveillance");
    assert!(
        weak.iter().any(|one| one["text"][0].as_str().unwrap().contains("would have to hold")),
        "{weak:?}"
    );
    assert!(weak.iter().all(|one| one["line"].is_u64()), "{weak:?}");
    let kinds = needed("oul_r22_flu_negative", "chuo-calendar");
    assert!(kinds[0]["text"][0].as_str().unwrap().contains("take the kind lab-result"), "{kinds:?}");
}

#[test]
fn consents_are_shown_with_their_time_and_asked_for_at_it() {
    let hub = HubFolder::network();
    let consents = fs::read_to_string(hub.path("registry/consents.csv")).unwrap();
    let head = consents.lines().next().unwrap().to_owned();
    let row = "329900000000,3210200024,shared-record,2024-04-01,2026-06-30,network office,demo (架空),";
    hub.write("registry/consents.csv", format!("{head}\n{row}\n"));
    let storage = hub.path("fixtures/region/izumo-chuo/standard");
    let files = crate::support::files_below(&storage);
    let adt = files.iter().find(|path| {
        path.to_str().unwrap().contains("/00084151_-_ADT-00_") && path.to_str().unwrap().ends_with('1')
    });
    let adt = adt.unwrap().to_str().unwrap().to_owned();
    let (code, then) = json(&hub, &[&adt, "--to", "kita-record", "--at", "2026-06-01T00:00:00Z"]);
    assert_eq!(code, 0, "{then}");
    let (code, now) = json(&hub, &[&adt, "--to", "kita-record", "--at", "2026-08-01T00:00:00Z"]);
    assert_eq!(code, 1, "{now}");
    let records = now["now"]["records"].as_array().unwrap();
    let consent = records.iter().find(|record| record["fact"] == "view-consent").unwrap();
    assert_eq!((&consent["in_force"], &consent["what"]), (&false.into(), &"shared-record".into()));
    assert_eq!(consent["until"], "2026-06-30T15:00:00Z");
    assert!(now["now"]["needed"][0]["command"].as_str().unwrap().contains("consents.csv"), "{now}");
}

#[test]
fn of_an_id_then_now_and_what_differs_are_told() {
    let hub = HubFolder::network();
    hub.only_drops();
    let body = fs::read(hub.path(&format!("{FLU}/input"))).unwrap();
    hub.write(
        "drop/two.hl7",
        [b"MSH|^~\\&|A|B|C|D|20261120||ADT^A08|1|P|2.5\rPID|||1\r", &body[..]].concat(),
    );
    assert_eq!(hub.drain().0, 0);
    let trace = hub.run(&["trace", "--file", hub.path("drop/two.hl7").to_str().unwrap(), "--json"]);
    let trace: Value = serde_json::from_slice(&trace.stdout).unwrap();
    let of_lab = |way: &&Value| way["steps"][0]["kind"] == "lab-result";
    let id =
        trace["messages"].as_array().unwrap().iter().find(of_lab).unwrap()["id"].as_str().unwrap().to_owned();
    let (code, seen) = json(&hub, &[&id, "--to", "surveillance"]);
    assert_eq!((code, &seen["then"]["gets"]), (0, &true.into()), "{seen}");
    assert_eq!(seen["differences"], serde_json::json!([]), "{seen}");
    assert_eq!(seen["then"]["copies"][0]["step"], "delivered");
    let routes = fs::read_to_string(hub.path("routes.toml")).unwrap();
    hub.write(
        "routes.toml",
        routes.replacen(
            "{ field = \"interpretation\", is = \"positive\" }",
            "{ field = \"interpretation\", is = \"negative\" }",
            1,
        ),
    );
    let (code, seen) = json(&hub, &[&id, "--to", "surveillance"]);
    assert_eq!(code, 1, "{seen}");
    assert_eq!(seen["differences"][0], serde_json::json!({"what": "gets", "then": "yes", "now": "no"}));
    let (_, text) = explain(&hub, &[&id, "--to", "surveillance"]);
    assert!(
        text.contains("went out by route infection-evidence") && text.contains("gets: then yes, now no"),
        "{text}"
    );
    fs::rename(hub.path("drop/two.hl7"), hub.path("aside.hl7")).unwrap();
    fs::remove_dir_all(hub.path("stores")).unwrap();
    let (code, seen) = json(&hub, &[&id, "--to", "surveillance"]);
    assert_eq!((code, &seen["now"], &seen["search"]["complete"]), (0, &Value::Null, &true.into()), "{seen}");
    let (code, _) =
        json(&hub, &[&id, "--to", "surveillance", "--file", hub.path("aside.hl7").to_str().unwrap()]);
    assert_eq!(code, 1);
}

#[test]
fn what_can_not_be_explained_is_told() {
    let hub = HubFolder::network();
    let flu = hub.path(FLU);
    let (code, told) = explain(&hub, &[flu.to_str().unwrap(), "--to", "surveilance"]);
    assert_eq!((code, told.contains("did you mean \"surveillance\"?")), (64, true), "{told}");
    let (code, told) = explain(&hub, &["nowhere", "--to", "tasks"]);
    assert_eq!((code, told.contains("nowhere")), (65, true), "{told}");
    let (code, told) = explain(&hub, &[&"0".repeat(32), "--to", "tasks"]);
    assert_eq!((code, told.contains("musubi trace --file")), (65, true), "{told}");
    hub.write("torn", "MSH|^~\\&|A");
    let (code, told) =
        explain(&hub, &[hub.path("torn").to_str().unwrap(), "--to", "tasks", "--feed", "izumo-chuo"]);
    assert_eq!(code, 65, "{told}");
    hub.write("many", "MSH|^~\\&|A|B|C|D|20261120||ADT^A08|1|P|2.5\rPID|||1\r".repeat(3));
    let (code, told) = explain(&hub, &[hub.path("many").to_str().unwrap(), "--to", "tasks"]);
    assert_eq!((code, told.contains("3 messages")), (65, true), "{told}");
}
