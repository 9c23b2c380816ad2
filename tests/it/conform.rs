//! `musubi conform`: on storages that nobody of this project wrote, and as a verb.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::support::process::ToItsEnd;
use crate::support::{HubFolder, corpus, files_below, repository};

fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_musubi"));
    command.args(arguments).env("LANG", "C").env_remove("LC_ALL").env_remove("LC_MESSAGES");
    command.to_its_end()
}

fn report(storage: &Path) -> Value {
    let output = run(&["conform", &storage.to_string_lossy(), "--json"]);
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Data type, severity, code and place of every row.
fn rows(report: &Value) -> BTreeSet<[String; 4]> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let types = report["data_types"].as_array().unwrap().iter();
    let rows = types.flat_map(|of| of["rows"].as_array().unwrap().iter().map(move |row| (of, row)));
    rows.map(|(of, row)| [text(&of["code"]), text(&row["severity"]), text(&row["code"]), text(&row["place"])])
        .collect()
}

#[test]
fn of_twenty_patients_it_tells_the_known_defects_and_nothing_false() {
    let Some(corpus) = corpus() else { return };
    let folder = tempfile::tempdir().unwrap();
    let archive = corpus.join("ssmix2-20-patients.tar.gz");
    assert!(
        Command::new("tar").arg("xzf").arg(archive).arg("-C").arg(folder.path()).status().unwrap().success()
    );
    let report = report(&folder.path().join("corpus-small/ssmixtwins"));
    assert_eq!(report["files"], json!(1222));
    let mut expected = BTreeSet::new();
    let mut add = |kind: &str, rows: &[(&str, &str, &str)]| {
        for (severity, code, place) in rows {
            expected.insert([kind, *severity, *code, *place].map(str::to_owned));
        }
    };
    for kind in ["ADT-00", "ADT-12", "ADT-22", "ADT-52", "OML-11", "OMP-01", "OMP-02", "PPR-01"] {
        add(kind, &[("error", "name-shifted", "PID-5[1].6"), ("warning", "terminator", "")]);
        add(kind, &[("info", "terminator-last", "")]);
    }
    add("ADT-12", &[("error", "message-type", "MSH-9")]);
    add("PPR-01", &[("error", "order-number", "ORC-2")]);
    // The same name in the next of kin.
    add("ADT-00", &[("error", "name-shifted", "NK1-2[1].6")]);
    // True as well: the department of an admission is left out, three codes come bare or where the table has none.
    add("ADT-22", &[("warning", "field-conditional", "PV1-10")]);
    add("ADT-00", &[("info", "coding-system-missing", "NK1-3")]);
    add("PPR-01", &[("info", "coding-system-missing", "PRB-13")]);
    add("OMP-01", &[("info", "field-not-used", "TQ1-14")]);
    assert_eq!(rows(&report), expected);
}

#[test]
fn of_the_official_samples_it_finds_what_stands_in_them() {
    let Some(corpus) = corpus() else { return };
    let trees = corpus.join("hl7v2/_ssmix2_trees");
    let official = report(&trees.join("nhoHQ+SSMIX2DataTestingTool"));
    // One file is made of nonsense; what the others break is an id, an order number, a date, and small print.
    let nonsense = "OMP-11";
    let found = rows(&official);
    let of_others = |severity: &str| -> BTreeSet<_> {
        let others = found.iter().filter(|row| row[0] != nonsense && row[1] == severity);
        others.map(|[kind, _, code, place]| format!("{kind} {code} {place}").trim_end().to_owned()).collect()
    };
    let wrong_patient = ["ADT-61", "OMD", "OMG-01", "OMG-02", "OMG-12", "OML-11"];
    let mut errors: BTreeSet<_> = wrong_patient.map(|kind| format!("{kind} patient-id PID-3")).into();
    errors.insert("OMG-12 order-number ORC-2".to_owned());
    assert_eq!(of_others("error"), errors);
    let warnings = of_others("warning").into_iter().filter(|row| !row.ends_with("file-frame"));
    let expected = ["OMG-02 care-date ORC-9", "OMG-02 charset-declared MSH-18", "OML-11 care-date SPM-17"];
    assert_eq!(warnings.collect::<Vec<_>>(), expected);
    assert!(found.contains(&[nonsense, "error", "segment-unexpected", "TQ1"].map(str::to_owned)));

    let generated = rows(&report(&trees.join("yuakagi+ssmixtwins")));
    // `480×10^4` in an ST.
    assert!(generated.contains(&["OML-11", "error", "component-surplus", "OBX-5"].map(str::to_owned)));
}

/// A storage of one file with a patient whose number and name are nowhere in the reports.
fn planted() -> HubFolder {
    let hub = HubFolder::new();
    let name = "7654321_20260401_OMP-01_000000000012345_20260401093015123_01_1";
    let message = "MSH|^~\\&|HIS|S|GW|R|20260401||RDE^O11^RDE_O11|1|P|2.5||||||~ISO IR87\r\
        PID|1||7654399||KAKUU<b>^TARO^^^^L^I||19500101|KAKUU\rORC|NW|KAKUU\rZZZ|TARO\r";
    hub.write(&format!("standard/765/432/7654321/20260401/OMP-01/{name}"), message);
    hub.write("standard/765/432/7654321/KAKUU.txt", "TARO");
    hub
}

#[test]
fn the_reports_hold_no_patient_data() {
    let hub = planted();
    let standard = hub.path("standard").to_string_lossy().into_owned();
    let page = hub.path("page.html").to_string_lossy().into_owned();
    for lang in ["en", "ja"] {
        let output = hub.run(&["--lang", lang, "conform", &standard, "--json", "--html", &page]);
        assert!(output.status.success(), "{output:?}");
        let html = fs::read_to_string(&page).unwrap();
        assert!(html.starts_with("<!DOCTYPE html>") && !html.contains("<script") && !html.contains("src="));
        assert!(html.contains(&format!("lang=\"{lang}\"")));
        let table = hub.run(&["--lang", lang, "conform", &standard]);
        for text in
            [html, String::from_utf8(output.stdout).unwrap(), String::from_utf8(table.stdout).unwrap()]
        {
            assert!(text.contains("name-shifted") && text.contains("patient-id"), "{text}");
            for secret in ["7654321", "7654399", "KAKUU", "TARO", "19500101"] {
                assert!(!text.contains(secret), "{secret} in {text}");
            }
        }
    }
    let shown = hub.run(&["conform", &standard, "--examples"]);
    assert!(String::from_utf8(shown.stdout).unwrap().contains("765/432/7654321/20260401/OMP-01/7654321_"));
}

#[test]
fn the_page_and_the_json_name_a_file_by_date_order_time_and_hash() {
    let hub = planted();
    let report = report(&hub.path("standard"));
    let example = &report["data_types"][0]["rows"][0]["examples"][0];
    let of = |key: &str| example[key].as_str().unwrap().to_owned();
    assert_eq!([of("date"), of("order"), of("time")], ["20260401", "000000000012345", "20260401093015123"]);
    let mut hash = blake3::Hasher::new();
    hash.update(b"20260401_OMP-01_000000000012345_20260401093015123_01\x001");
    let file =
        files_below(&hub.path("standard")).into_iter().find(|file| file.extension().is_none()).unwrap();
    hash.update(&fs::read(file).unwrap());
    assert_eq!(Some(of("id").as_str()), hash.finalize().to_hex().get(..8));
}

#[test]
fn the_exit_code_tells_whether_it_could_be_checked() {
    let hub = HubFolder::new();
    let code = |folder: &str| hub.run(&["conform", &hub.path(folder).to_string_lossy()]).status.code();
    hub.write("notes/readme.txt", "nothing");
    assert_eq!(code("absent"), Some(75));
    assert_eq!(code("notes"), Some(65));
    assert_eq!(code("hub.toml"), Some(75));
    assert_eq!(hub.run(&["conform", "x", "--json", "--examples"]).status.code(), Some(64));
    let hub = planted();
    assert_eq!(hub.run(&["conform", &hub.path("standard").to_string_lossy()]).status.code(), Some(0));
}

#[test]
fn people_read_it_in_their_language() {
    let hub = planted();
    let standard = hub.path("standard").to_string_lossy().into_owned();
    let japanese = hub.run(&["--lang", "ja", "conform", &standard]);
    let text = String::from_utf8(japanese.stdout).unwrap();
    assert!(text.contains("処方オーダ") && text.contains("必須項目が空である"), "{text}");
    let english = hub.run(&["--lang", "en", "conform", &standard]);
    let text = String::from_utf8(english.stdout).unwrap();
    assert!(text.contains("prescription order") && text.contains("a required field is empty"), "{text}");
}

#[test]
fn the_document_lists_every_rule_with_its_severity() {
    let text = fs::read_to_string(repository().join("docs/integrate/conformance.md")).unwrap();
    for rule in ssmix2::conformance::rule::ALL {
        let row = format!("| `{}` | {} | ", rule.code, rule.severity.as_str());
        assert!(text.contains(&row), "no row for {row}");
    }
}
