//! `musubi registry`, the built binary on a folder of its own. All people are invented (架空).

use serde_json::{Value, json};

use crate::support::HubFolder;
use crate::support::process::ToItsEnd;

const FACILITIES: &str = "code,name,area,roles,from,who,why\n\
    3210100018,出雲中央病院（架空）,izumo,disclosing,2026-04-01,desk,contract 12\n\
    3210200024,松江北病院（架空）,matsue,participating,2026-04-01,desk,contract 13\n";
const MEMBERS: &str = "network_id,from,who,why\n900000000001,2026-04-02,desk,form 1\n";
const LINKS: &str =
    "facility,local_id,network_id,from,who,why\n3210100018,0001,900000000001,2026-04-02,desk,card\n";
const CONSENTS: &str = "network_id,facility,purposes,from,who,why\n\
    900000000001,3210200024,shared-record;pharmacy,2026-04-02,desk,form 1\n";

fn region() -> HubFolder {
    let hub = HubFolder::new();
    let files = [("facilities", FACILITIES), ("members", MEMBERS), ("links", LINKS), ("consents", CONSENTS)];
    for (name, text) in files {
        hub.write(&format!("registry/{name}.csv"), text);
    }
    hub
}

/// Exit code, standard output and standard error of `musubi registry …`.
fn registry(hub: &HubFolder, arguments: &[&str]) -> (i32, String, String) {
    let arguments: Vec<_> = ["registry"].iter().chain(arguments).copied().collect();
    let output = hub.musubi(&arguments).env("LOGNAME", "madoguchi").env_remove("SUDO_USER").to_its_end();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn import(hub: &HubFolder) -> (i32, String, String) {
    registry(hub, &["import", hub.path("registry").to_str().unwrap()])
}

fn json(hub: &HubFolder, arguments: &[&str]) -> Value {
    let (code, output, errors) = registry(hub, arguments);
    assert_eq!(code, 0, "{errors}");
    serde_json::from_str(&output).unwrap()
}

#[test]
fn files_are_entered_once_and_shown() {
    let hub = region();
    let dry = registry(&hub, &["import", hub.path("registry").to_str().unwrap(), "--dry-run"]);
    assert_eq!(dry.1, "6 would be entered, 0 are known already; nothing was changed\n", "{}", dry.2);
    assert_eq!(import(&hub).1, "6 entered, 0 known already; revision 6\n");
    assert_eq!(import(&hub).1, "0 entered, 6 known already; revision 6\n");

    let (_, shown, _) = registry(&hub, &["show", "3210100018/0001"]);
    assert!(shown.starts_with("linked to network id 900000000001\n"), "{shown}");
    assert_eq!(shown.lines().count(), 5, "{shown}");
    let (_, shown, _) = registry(&hub, &["show", "3210200024"]);
    assert!(shown.starts_with("0 links and 2 consents to view in force\n"), "{shown}");
    let facilities = json(&hub, &["show", "--json"]);
    assert_eq!(facilities[1]["versions"][0]["code"], "3210200024");
    let before = json(&hub, &["show", "900000000001", "--at", "2026-04-01", "--json"]);
    assert!(before.as_array().unwrap().iter().all(|record| record["in_force"] == false), "{before:#}");
    assert_eq!(registry(&hub, &["show", "900000000009"]).0, 65);
    assert_eq!(registry(&hub, &["show", "900000000001", "--at", "soon"]).0, 64);
}

#[test]
fn one_bad_row_refuses_all_of_an_import() {
    let hub = region();
    hub.write("registry/contracts.csv", "kind,facility,from,who,why\nreeding,3210100018,2026-04-01,desk,x\n");
    let (code, _, errors) = import(&hub);
    let fault = "contracts.csv:2: kind: \"reeding\" is not known here: did you mean \"reading\"?";
    assert_eq!((code, errors.lines().next()), (65, Some(fault)));

    hub.write(
        "registry/contracts.csv",
        "kind,facility,from,who,why\nparticipation,3210400011,2026-04-01,desk,x\n",
    );
    let twice = "3210100018,0001,900000000002,2026-05-02,desk,card\n";
    hub.write("registry/members.csv", MEMBERS.to_owned() + "900000000002,2026-04-02,desk,form 2\n");
    hub.write("registry/links.csv", LINKS.to_owned() + twice);
    let (code, _, errors) = import(&hub);
    let lines: Vec<_> =
        errors.lines().map(|line| line.split(": ").take(2).collect::<Vec<_>>().join(": ")).collect();
    assert_eq!(code, 65);
    assert_eq!(
        lines,
        [
            "links.csv:2: two-network-ids",
            "links.csv:3: two-network-ids",
            "contracts.csv:2: unknown-facility",
            "3 faults; nothing was entered"
        ]
    );
    assert!(!errors.contains("9000") && !errors.contains("0001"), "{errors}");
    let output = registry(&hub, &["import", hub.path("registry").to_str().unwrap(), "--json"]).1;
    let refusals: Value = serde_json::from_str(&output).unwrap();
    assert_eq!(refusals["refusals"][1]["other"], "links.csv:2");
    assert_eq!(registry(&hub, &["show"]).0, 65, "nothing is known");
}

#[test]
fn a_withdrawal_stands_in_the_history_and_no_file_undoes_it() {
    let hub = region();
    assert_eq!(import(&hub).0, 0);
    let withdraw = ["withdraw", "900000000001", "--purpose", "pharmacy", "--why", "by phone"];
    assert_eq!(registry(&hub, &withdraw).1, "entered 1; revision 7\n");
    assert_eq!(registry(&hub, &withdraw).0, 65, "there is no such consent any more");
    assert_eq!(import(&hub).1, "0 entered, 6 known already; revision 7\n");
    let history = json(&hub, &["history", "900000000001", "--json"]);
    let pharmacy =
        history.as_array().unwrap().iter().find(|record| record["versions"][0]["purpose"] == "pharmacy");
    let pharmacy = pharmacy.unwrap();
    assert_eq!(pharmacy["in_force"], false);
    assert_eq!(pharmacy["versions"].as_array().unwrap().len(), 2);
    let last = &pharmacy["versions"][1];
    assert_eq!((&last["who"], &last["why"]), (&json!("madoguchi"), &json!("by phone")));
    let (_, text, _) = registry(&hub, &["history", "900000000001"]);
    assert!(text.contains("madoguchi: by phone"), "{text}");
    assert_eq!(registry(&hub, &["withdraw", "900000000001", "--why", "letter"]).1, "entered 1; revision 8\n");
}

#[test]
fn a_link_and_an_emergency_are_entered_with_account_and_reason() {
    let hub = region();
    assert_eq!(import(&hub).0, 0);
    let link = ["link", "3210200024", "A-7", "900000000001", "--why", "card shown", "--who", "yamada"];
    assert_eq!(registry(&hub, &link).0, 0);
    let (code, _, errors) = registry(&hub, &["link", "3210200024", "A-7", "900000000002", "--why", "card"]);
    assert_eq!(code, 65);
    assert!(errors.contains("no-member") && errors.contains("two-network-ids"), "{errors}");
    let emergency = |until: &str| {
        registry(
            &hub,
            &[
                "emergency",
                "900000000001",
                "--facility",
                "3210200024",
                "--until",
                until,
                "--why",
                "unconscious",
            ],
        )
    };
    assert_eq!(emergency("2099-01-01").0, 0);
    assert_eq!(emergency("2020-01-01").0, 65);
    assert_eq!(emergency("tomorrow").0, 64);
    let records = json(&hub, &["show", "900000000001", "--json"]);
    let entered: Vec<_> = records
        .as_array()
        .unwrap()
        .iter()
        .map(|record| &record["versions"][0])
        .filter(|version| version["who"] != "desk")
        .map(|version| (version["fact"].as_str().unwrap(), version["who"].as_str().unwrap()))
        .collect();
    assert_eq!(entered, [("link", "yamada"), ("emergency", "madoguchi")]);
}

/// 架空.
fn event(facility: &str, id: &str, kana: &str, day: &str) -> String {
    let names = json!([{"family": kana, "script": "phonetic"}, {"family": "出雲", "script": "ideographic"}]);
    let patient = json!({"id": id, "names": names, "birth_date": day, "sex": "female"});
    json!({"source": format!("urn:musubi:facility:{facility}"), "data": {"patient": patient}}).to_string()
        + "\n"
}

#[test]
fn demographics_suggest_a_link_and_make_none() {
    let hub = region();
    assert_eq!(import(&hub).0, 0);
    let (chuo, kita) = ("3210100018", "3210200024");
    let events = [
        event(chuo, "0001", "イズモ", "1980-02-29"),
        event(kita, "A-7", "ｲｽﾞﾓ", "1980-02-29"),
        event(kita, "A-8", "ｲｽﾞﾓ", "1981-02-28"),
        event(chuo, "0002", "イズモ", "1980-02-29"),
        "not an event\n".to_owned(),
    ];
    hub.write("events/2026-11-22.ndjson", events.concat());
    let suggest = ["suggest", hub.path("events").to_str().unwrap()].map(str::to_owned);
    let suggest = suggest.each_ref().map(String::as_str);
    let (code, output, errors) = registry(&hub, &suggest);
    assert_eq!(code, 0, "{errors}");
    let lines: Vec<_> = output.lines().collect();
    assert_eq!(
        lines,
        [
            " 60  3210100018/0001 (900000000001)  3210200024/A-7  kana birth-date sex",
            " 60  3210100018/0002  3210200024/A-7  kana birth-date sex",
            "2 suggestions among 4 patients; ask for the card",
        ]
    );
    assert!(registry(&hub, &["history", "3210200024/A-7"]).2.contains("nothing is known"));
}
