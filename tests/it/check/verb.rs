//! The verb: its parts, its exit codes, what people and scripts read.

use std::fs;

use serde_json::{Value, json};

use super::{checked, only, says};
use crate::support::HubFolder;

#[test]
fn the_demo_region_is_good_in_every_part() {
    let hub = HubFolder::network();
    let output = hub.run(&["check", "--skip", "environment"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}");
    let lines: Vec<_> = said.lines().collect();
    let [parts, summary, next] = lines[..] else { panic!("{said}") };
    assert_eq!(parts, "syntax good, types good, topology good, environment skipped");
    assert!(summary.starts_with("configuration is good: 4 feeds, "), "{summary}");
    assert!(next.starts_with("next: musubi --config ") && next.ends_with(" test"), "{next}");
    // Ports may be in use here by another test; all else of the machine is there.
    let (code, printed) = checked(&hub, &[]);
    assert_eq!((code, &printed["ok"]), (0, &json!(true)), "{printed:#}");
    let others =
        printed["faults"].as_array().unwrap().iter().filter(|fault| fault["key"] != "console.listen");
    assert_eq!(others.count(), 0, "{printed:#}");
}

#[test]
fn a_fault_has_its_place_its_line_what_is_allowed_and_what_to_do() {
    let hub = HubFolder::new();
    hub.hl7_feed("lab", "3210500033", "drop");
    fs::create_dir(hub.path("drop")).unwrap();
    let feed = fs::read_to_string(hub.path("feeds/lab.toml")).unwrap();
    hub.write("feeds/lab.toml", feed.replace("poll =", "pool ="));
    // Another test may have the console's port.
    let output = hub.run(&["check", "--skip", "environment,topology"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(78), "{said}");
    for line in [
        "feeds/lab.toml:10:1: error: unknown key \"pool\": did you mean \"poll\"? (at source[1])",
        " 10 | pool = \"50ms\"",
        "    | ^^^^",
        "   = allowed: kind, settle, incomplete_limit, poll, path, after",
    ] {
        assert!(said.lines().any(|found| found == line), "no line {line:?} in\n{said}");
    }
    assert!(said.contains("\nnext: correct feeds/lab.toml:10:1, then: musubi --config "), "{said}");
    assert!(!said.contains('\u{1b}'), "colours though nobody sees them: {said}");

    let japanese = hub.run(&["--lang", "ja", "check"]);
    let said = String::from_utf8(japanese.stdout).unwrap();
    assert!(said.contains("誤り: キー「pool」はありません: 「poll」ではありませんか"), "{said}");
    assert!(said.contains("= 使えるもの: kind, settle"), "{said}");

    let (code, printed) = checked(&hub, &["--skip", "environment,topology"]);
    assert_eq!((code, &printed["ok"], &printed["errors"]), (78, &json!(false), &json!(1)));
    let fault = only(&printed);
    assert_eq!((&fault["part"], &fault["nearest"]), (&json!("types"), &json!("poll")));
    assert_eq!(
        (&fault["line"], &fault["column"], &fault["key"]),
        (&json!(10), &json!(1), &json!("source[1]"))
    );
    assert!(fault["allowed"].as_array().unwrap().contains(&json!("after")));

    hub.write("feeds/lab.toml", feed.replace("\"50ms\"", "5"));
    let (_, printed) = checked(&hub, &["--skip", "environment,topology"]);
    says(only(&printed), "message", &["expected a text, found a number"]);
    says(only(&printed), "about", &["poll (time; default \"1s\"): 10 ms to 1 h: pause between two passes"]);
}

#[test]
fn faults_of_all_files_and_parts_come_at_once_and_parts_can_be_left_out() {
    let hub = HubFolder::new();
    hub.ssmix2_feed("izumo", "3210100018", "nowhere/standard");
    hub.write("feeds/oki.toml", "version = 1\nfacility = \n");
    let routes = fs::read_to_string(hub.path("routes.toml")).unwrap();
    let idle = "\n[[subscriber]]\nname = \"idle\"\ndeliver = { kind = \"queue\" }\n";
    let bad = "\n[[route]]\nname = \"bad\"\ntopic = \"a\"\nto = [\"idel\"]\nkinds = [\"patient\"]\nbasis = \"addressed\"\n";
    hub.write("routes.toml", format!("{routes}{idle}{bad}"));
    let parts = |skip: &[&str]| -> Vec<String> {
        let (_, printed) = checked(&hub, skip);
        let parts = printed["faults"].as_array().unwrap().iter();
        let mut parts: Vec<_> = parts.map(|fault| fault["part"].as_str().unwrap().to_owned()).collect();
        parts.sort();
        parts.dedup();
        parts
    };
    assert_eq!(parts(&[]), ["environment", "syntax", "topology", "types"]);
    assert_eq!(parts(&["--skip", "environment,topology"]), ["syntax", "types"]);
    assert_eq!(parts(&["--skip", "syntax", "--skip", "types"]), ["environment", "topology"]);
    // What can't be used is not good because nobody looked.
    assert_eq!(checked(&hub, &["--skip", "syntax,types"]).0, 78);
    assert_eq!(hub.run(&["check", "--skip", "luck"]).status.code(), Some(64));
}

#[test]
fn a_warning_fails_only_where_that_is_asked_for() {
    let hub = HubFolder::new();
    hub.ssmix2_feed("izumo", "3210100018", "nowhere/standard");
    let (code, printed) = checked(&hub, &["--skip", "topology"]);
    assert_eq!((code, &printed["ok"]), (0, &json!(true)), "{printed:#}");
    assert!(printed["next"].as_str().unwrap().ends_with(" feed doctor izumo"), "{printed:#}");
    let (code, printed) = checked(&hub, &["--skip", "topology", "--deny-warnings"]);
    assert_eq!((code, &printed["ok"]), (78, &json!(false)));
    assert_eq!(checked(&hub, &["--skip", "topology,environment", "--deny-warnings"]).0, 0);
}

#[test]
fn what_the_registry_and_the_tables_tell_belongs_to_the_topology() {
    let hub = HubFolder::network();
    let feed = fs::read_to_string(hub.path("feeds/oki-kamome.toml")).unwrap();
    hub.write("feeds/oki-kamome.toml", feed.replace("3210700019", "3210700027"));
    let (code, printed) = checked(&hub, &["--skip", "environment"]);
    assert_eq!(code, 0, "{printed:#}");
    says(only(&printed), "message", &["facility 3210700027 is not in the registry's import"]);
    assert_eq!(only(&printed)["nearest"], Value::Null, "two digits differ");
    says(only(&printed), "help", &["facilities.csv"]);
    hub.write("feeds/oki-kamome.toml", feed.replace("3210700019", "3210700091"));
    let (_, printed) = checked(&hub, &["--skip", "environment"]);
    says(only(&printed), "message", &["did you mean \"3210700019\"?"]);
    hub.write("feeds/oki-kamome.toml", feed);
    hub.write("tables/colours.tsv", "code\tname\n1\tred\n");
    let (_, printed) = checked(&hub, &["--skip", "environment"]);
    assert_eq!(only(&printed)["file"], "tables/colours.tsv");
    says(only(&printed), "message", &["no route and no service looks into table \"colours\""]);
}
