//! The verb itself.

use std::fs;

use serde_json::Value;

use crate::support::{HubFolder, corpus, files_below};

const FLU: &str = "fixtures/cases/oul_r22_flu_positive/input";

fn run(hub: &HubFolder, arguments: &[&str]) -> (i32, String, String) {
    let output = hub.run(arguments);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn flu(hub: &HubFolder, more: &[&str]) -> (i32, String, String) {
    let input = hub.path(FLU);
    let all = [&["inspect", input.to_str().unwrap(), "--feed", "izumo-chuo", "--data-type", "OML-11"], more]
        .concat();
    run(hub, &all)
}

#[test]
fn each_recipient_has_its_clause_line_basis_and_copy() {
    let hub = HubFolder::network();
    let (code, json, _) = flu(&hub, &["--json", "--to", "surveillance"]);
    assert_eq!(code, 0);
    let seen: Value = serde_json::from_str(&json).unwrap();
    let recipients = seen["messages"][0]["recipients"].as_array().unwrap();
    let of = |name: &str, outcome: &str| {
        recipients.iter().find(|one| one["subscriber"] == name && one["outcome"] == outcome).unwrap()
    };
    let routes = fs::read_to_string(hub.path("routes.toml")).unwrap();
    let line = |value: &Value| {
        let line = routes.lines().nth(value.as_u64().unwrap() as usize - 1).unwrap();
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let yes = of("surveillance", "receives");
    assert_eq!(line(&yes["route_line"]).trim(), "name = \"infection-evidence\"");
    assert!(line(&yes["line"]).contains("code.analyte"), "{}", line(&yes["line"]));
    assert_eq!(
        (&yes["basis"], &yes["grounds"][0]["fact"]),
        (&"participation-agreement".into(), &"contract".into())
    );
    let copy = &yes["copy"];
    assert!(copy["body"]["patient"]["name"].is_null() && copy["body"]["results"].is_array(), "{copy}");
    let kept: Vec<_> = copy["kept_back"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(
        kept.contains(&"patient.id") && kept.iter().any(|path| path.starts_with("patient.names")),
        "{kept:?}"
    );
    let denied = of("kita-record", "denied");
    assert_eq!(line(&denied["line"]).trim(), "basis = \"view-consent\"");
    assert!(of("store-near", "receives")["copy"]["body"].is_null(), "only the wanted copy is shown");
    assert!(seen["hints"]["unlinked-patient"][1].as_str().unwrap().contains("registry link"));
}

#[test]
fn the_copy_is_what_the_router_sends() {
    let hub = HubFolder::network();
    hub.only_drops();
    hub.write("drop/1.hl7", fs::read(hub.path(FLU)).unwrap());
    hub.write("registry/links.csv", "facility,local_id,network_id,from,until,who,why\n");
    assert_eq!(hub.drain().0, 0);
    let sent = hub.delivered("surveillance").remove(0);
    let input = hub.path("drop/1.hl7");
    let (_, json, _) = run(&hub, &["inspect", input.to_str().unwrap(), "--json", "--to", "surveillance"]);
    let seen: Value = serde_json::from_str(&json).unwrap();
    let mut recipients = seen["messages"][0]["recipients"].as_array().unwrap().iter();
    let copy = recipients.find_map(|one| one["copy"].get("body").cloned()).unwrap();
    assert_eq!(sent["data"], copy);
}

#[test]
fn text_page_and_language_are_chosen() {
    let hub = HubFolder::network();
    let (_, text, _) = flu(&hub, &[]);
    for part in [
        "Patient Name / Family Name",
        "→JIS X 0208",
        "basis participation-agreement",
        "kept back: ",
        "next: ",
    ] {
        assert!(text.contains(part), "no {part:?} in:\n{text}");
    }
    assert!(!text.contains('\u{1B}'), "no colour where no terminal is");
    let (_, all, _) = flu(&hub, &["--bytes"]);
    assert!(all.len() > text.len() && all.contains("4D 53 48 7C"), "{all}");
    let input = hub.path(FLU);
    let (_, text, _) = run(&hub, &["--lang", "ja", "inspect", input.to_str().unwrap()]);
    assert!(text.contains("患者氏名 / 姓") && text.contains("文字コード:"), "{text}");
    let page = hub.path("page.html");
    let (code, _, _) = flu(&hub, &["--html", page.to_str().unwrap()]);
    let written = fs::read_to_string(&page).unwrap();
    let (_, printed, _) = flu(&hub, &["--html", "-"]);
    assert_eq!((code, &written), (0, &printed));
    assert!(written.contains("prefers-color-scheme: dark") && !written.contains("<script"));
    let (code, _, told) = flu(&hub, &["--html", hub.path("no/where.html").to_str().unwrap()]);
    assert_eq!(code, 73, "{told}");
}

#[test]
fn unknown_names_are_told_with_the_nearest() {
    let hub = HubFolder::network();
    let input = hub.path(FLU);
    for (flag, name, nearest) in
        [("--to", "surveilance", "surveillance"), ("--feed", "izumo-cho", "izumo-chuo")]
    {
        let (code, _, told) = run(&hub, &["inspect", input.to_str().unwrap(), flag, name]);
        assert_eq!((code, told.contains(nearest)), (64, true), "{told}");
    }
    let (code, _, told) = run(&hub, &["inspect", hub.path("nowhere").to_str().unwrap()]);
    assert!(code == 65 && told.contains("ls -l"), "{told}");
}

/// Files of other people, cut, doubled and mixed: each form ends with 0 or 65, and says what it is.
#[test]
fn mutated_files_of_the_corpus_end_well() {
    let Some(corpus) = corpus() else { return };
    let hub = HubFolder::new();
    let files: Vec<_> = files_below(&corpus.join("hl7v2")).into_iter().step_by(40).collect();
    for (index, pair) in files.chunks(2).enumerate() {
        let read = |at: usize| pair.get(at).map(|path| fs::read(path).unwrap()).unwrap_or_default();
        let (one, other) = (read(0), read(1));
        let (cut, from) = (one.len() * (index % 7 + 1) / 8, other.len() * (index % 5) / 6);
        hub.write("mixed", [&one[..cut], &other[from..], b"\x1B$B", &one[cut / 2..]].concat());
        let form = [&[][..], &["--json"], &["--html", "-"]][index % 3];
        let input = hub.path("mixed");
        let all = [&["inspect", input.to_str().unwrap()], form].concat();
        let output = hub.run(&all);
        let code = output.status.code();
        assert!(
            matches!(code, Some(0 | 65)),
            "{pair:?}: {code:?} {}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(!output.stdout.is_empty());
    }
}
