//! Subscribers that keep storages, and routes that take everything.

use super::*;
use crate::deliver::Kind;
use crate::route::Basis;

const STORE: &str = r#"version = 1
[[subscriber]]
name = "backup"
deliver = { kind = "ssmix2", path = "copies" }
[[route]]
name = "copy"
topic = "a.b"
to = ["backup"]
kinds = ["any"]
basis = "entrusted"
"#;

/// Further keys of the route, from line 11 on.
#[track_caller]
fn check_store(lines: &str, expected: &[&str]) {
    check("routes.toml", &format!("{STORE}{lines}\n"), expected);
}

#[test]
fn a_route_that_takes_everything() {
    let text = format!(
        "{STORE}send = \"original\"\ninvalid = true\nchange = [\"created\", \"updated\", \"deleted\", \"superseded\"]\n"
    );
    let (config, faults) = faults(&[("routes.toml", &text)]);
    let config = config.unwrap_or_else(|| panic!("{faults:?}"));
    let subscriber = &config.subscribers[0];
    assert_eq!(subscriber.deliver, Kind::Ssmix2 { path: "/etc/musubi/copies".into() });
    assert_eq!(subscriber.give_up_after, None, "a copy is kept for good");
    let route = config.routes.iter().next().unwrap();
    assert_eq!((route.kinds.len(), route.changes.len()), (crate::canonical::Kind::ALL.len(), 4));
    assert_eq!((route.invalid, route.basis), (true, Basis::Entrusted));
}

#[test]
fn history_and_what_makes_no_sense_are_taken_only_if_asked_for() {
    let (config, _) = faults(&[]);
    let config = config.unwrap();
    let route = config.routes.iter().next().unwrap();
    assert!(!route.invalid && !config.routes.take_change(crate::envelope::Change::Superseded));
}

#[test]
fn a_store_gets_originals_only() {
    let needs = "8 \"backup\": it keeps the files of a storage (kind \"ssmix2\"): this route needs send = \"original\"";
    check_store("", &[needs]);
    check_store("send = \"canonical\"", &[needs]);
    check_store("send = \"original\"", &[]);
}

#[test]
fn what_makes_no_sense_can_not_be_tested() {
    check_route("invalid = true", &["11 true: of a message that makes no sense there are only its bytes"]);
    check_store(
        "send = \"original\"\ninvalid = true\nwhere = { field = \"change\", is = \"created\" }",
        &["12 true: a message that makes no sense can't be tested"],
    );
    let mllp =
        STORE.replace("kind = \"ssmix2\", path = \"copies\"", "kind = \"mllp\", connect = \"localhost:1\"");
    check(
        "routes.toml",
        &format!("{mllp}send = \"original\"\ninvalid = true\n"),
        &["8 \"backup\": it takes HL7 messages (kind \"mllp\"): what makes no sense can't be sent to it"],
    );
}

#[test]
fn an_index_is_a_source_of_changes() {
    let (config, faults) = faults(&[("feeds/izumo.toml", &format!("{FEED}index = \"in/index.csv\"\n"))]);
    let config = config.unwrap_or_else(|| panic!("{faults:?}"));
    let crate::ingest::Source::Ssmix2 { index, .. } = &config.feeds[0].settings.sources[0] else { panic!() };
    assert_eq!(index.as_deref(), Some(Path::new("/etc/musubi/in/index.csv")));
}

#[test]
fn any_stands_for_all_kinds() {
    let both = STORE.replace("[\"any\"]", "[\"any\", \"patient\"]");
    check(
        "routes.toml",
        &format!("{both}send = \"original\"\n"),
        &["9 [\"any\", \"patient\"]: \"any\" stands for all kinds: leave the others out"],
    );
}

#[test]
fn a_store_has_a_folder_of_its_own() {
    for path in ["in", "in/standard/below", "."] {
        let text = STORE.replace("copies", path);
        check(
            "routes.toml",
            &format!("{text}send = \"original\"\n"),
            &[&format!("4 \"{path}\": a feed reads from there")],
        );
    }
    let two =
        "[[subscriber]]\nname = \"far\"\ndeliver = { kind = \"ssmix2\", path = \"copies/far\" }\n[[route]]";
    let text = STORE.replace("[[route]]", two).replace("to = [\"backup\"]", "to = [\"backup\", \"far\"]");
    check(
        "routes.toml",
        &format!("{text}send = \"original\"\n"),
        &["7 \"copies/far\": another subscriber keeps its copies there: each needs a folder of its own"],
    );
    let text = STORE.replace(", path = \"copies\"", "");
    check(
        "routes.toml",
        &format!("{text}send = \"original\"\n"),
        &["4 { kind = \"ssmix2\" }: missing key \"path\""],
    );
}
