//! The infection surveillance feed from end to end: messages, hub, folder, counts.

use std::collections::BTreeMap;
use std::fs;

use musubi::simulate::{Facility, OutbreakSettings, outbreak};
use serde_json::{Value, json};

use crate::support::{HubFolder, files_below, repository};

const IZUMO: &str = "3210100018";
const MATSUE: &str = "3210200024";
const OKI: &str = "3210700019";

/// Rows of a CSV by their columns.
fn rows(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut lines = text.lines();
    let columns: Vec<_> = lines.next().unwrap().split(',').collect();
    let row = |line: &str| {
        columns
            .iter()
            .zip(line.split(','))
            .map(|(name, cell)| ((*name).to_owned(), cell.to_owned()))
            .collect()
    };
    lines.map(row).collect()
}

/// `musubi surveillance --out out` with these arguments: what stands in a file.
#[track_caller]
fn counted(hub: &HubFolder, arguments: &[&str], file: &str) -> String {
    let out = hub.path("out");
    let mut all = vec!["surveillance", "--out", out.to_str().unwrap()];
    all.extend(arguments);
    let output = hub.run(&all);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    fs::read_to_string(out.join(file)).unwrap()
}

/// The cases that the prefecture published for the first five weeks of 2019, replayed through messages with repeats,
/// retests, corrections and withdrawals, give the same table.
#[test]
fn the_influenza_season_of_2019_gives_the_published_table() {
    let hub = HubFolder::new();
    let mut facilities = Vec::new();
    for (feed, code) in [("izumo", IZUMO), ("matsue", MATSUE), ("oki", OKI)] {
        hub.hl7_feed(feed, code, feed);
        facilities.push((Facility { code: code.to_owned(), ..Facility::default() }, hub.path(feed)));
    }
    // 38 sentinels in 2019.
    let areas = fs::read_to_string(hub.path("tables/surveillance_areas.tsv")).unwrap();
    hub.write("tables/surveillance_areas.tsv", areas.replace("Prefecture\t20\t", "Prefecture\t38\t"));
    let published =
        fs::read_to_string(repository().join("fixtures/surveillance/influenza_2019.csv")).unwrap();
    let published = rows(&published);
    let week = |row: &BTreeMap<String, String>| (row["from"].parse().unwrap(), row["n"].parse().unwrap());
    let settings = OutbreakSettings { facilities, weeks: published.iter().map(week).collect(), seed: 2019 };
    let summary = outbreak(&settings).unwrap();
    assert!(summary.withdrawn > 100 && summary.suspected > 50, "{summary:?}");
    let (code, report) = hub.drain();
    assert_eq!((code, &report["messages"]["accepted"]), (0, &summary.messages.into()), "{report:#}");

    let weekly = rows(&counted(&hub, &["--week", "2019-W05"], "weekly.csv"));
    let of_prefecture = |class: &str| {
        let rows = weekly.iter().filter(|row| row["area"] == "all" && row["age_band"] == "all");
        rows.filter(|row| row["disease"] == "influenza" && row["class"] == class).cloned().collect::<Vec<_>>()
    };
    let confirmed = of_prefecture("confirmed");
    let table = |rows: &[BTreeMap<String, String>]| {
        let cells = |row: &BTreeMap<String, String>| {
            ["week", "from", "n", "per_sentinel"].map(|name| row[name].clone())
        };
        rows.iter().map(cells).collect::<Vec<_>>()
    };
    assert_eq!(table(&confirmed), table(&published));
    let suspected: u32 = of_prefecture("suspected").iter().map(|row| row["n"].parse::<u32>().unwrap()).sum();
    assert_eq!(suspected, summary.suspected, "they stand apart");
    for slice in ["area", "age_band"] {
        let parts = weekly.iter().filter(|row| row[slice] != "all" && row["class"] == "confirmed");
        let sum: u32 = parts.map(|row| row["n"].parse::<u32>().unwrap()).sum();
        assert_eq!(sum, 336 + 552 + 1032 + 1284 + 1196, "{slice}");
    }
    let page = fs::read_to_string(hub.path("out/index.html")).unwrap();
    for shown in ["<td>336 (", "<small>8.84", "<td class=\"advisory\">552 (", "<td class=\"warning\">1284 ("]
    {
        assert!(page.contains(shown), "{shown}");
    }
}

/// Each of the committed cases at a facility of its own: what counts, and what must not.
#[test]
fn the_traps_come_out_right_from_message_to_count() {
    let hub = HubFolder::new();
    let cases = [
        ("oul_r22_flu_positive", "influenza confirmed"),
        ("oul_r22_flu_split_kit", "influenza confirmed"),
        ("oul_r22_flu_negative", ""),
        ("oul_r22_titre_only", ""),
        ("ppr_zd1_tuberculosis", "tb confirmed"),
        ("ppr_zd1_suspected_measles", "measles suspected"),
        ("rde_o11_oseltamivir", "influenza suspected"),
        ("oru_r01_shift_jis", "influenza confirmed"),
    ];
    let mut reporting = "facility\tarea\tfrom\n".to_owned();
    let areas = ["matsue", "unnan", "izumo", "oda", "hamada", "masuda", "oki"];
    for (at, (case, _)) in cases.iter().enumerate() {
        let facility = format!("32101001{at:02}");
        hub.hl7_feed(&format!("feed-{at}"), &facility, &format!("in/{at}"));
        let input = fs::read(repository().join("fixtures/cases").join(case).join("input")).unwrap();
        hub.write(&format!("in/{at}/message.hl7"), input);
        reporting += &format!("{facility}\t{}\t2026-01-01\n", areas[at % areas.len()]);
    }
    hub.write("tables/reporting_facilities.tsv", reporting);
    assert_eq!(hub.drain().0, 0);
    counted(&hub, &[], "counts.csv");
    for (at, (case, expected)) in cases.iter().enumerate() {
        let own = fs::read_to_string(hub.path(&format!("out/facilities/32101001{at:02}.csv"))).unwrap();
        let counted: Vec<_> =
            rows(&own).iter().map(|row| format!("{} {}", row["disease"], row["class"])).collect();
        let expected: Vec<_> = Some(*expected).filter(|expected| !expected.is_empty()).into_iter().collect();
        assert_eq!(counted, expected, "{case}");
        assert!(!own.contains(",1\n"), "a facility's small counts are not told: {own}");
    }
}

/// Whatever the service writes, nobody can be found in it.
#[test]
fn nothing_of_a_patient_stands_in_any_output() {
    let hub = crate::run::region();
    assert_eq!(hub.drain().0, 0);
    let folder = hub.path("var/deliveries/surveillance");
    let mut events = hub.delivered("surveillance");
    // What a route that was written carelessly would let through.
    for event in &mut events {
        event["subject"] = "PLANTED-ID".into();
        event["recordkey"] = "PLANTED-KEY".into();
        if let Some(patient) = event["data"].get_mut("patient") {
            patient["id"] = "PLANTED-ID".into();
            patient["network_id"] = "PLANTED-NETWORK".into();
            patient["names"] = json!([{"family": "PLANTED-NAME", "given": "PLANTED-NAME"}]);
        }
        for problem in event["data"].get_mut("problems").and_then(Value::as_array_mut).into_iter().flatten() {
            problem["instance"] = "PLANTED-INSTANCE".into();
            problem["disease"] = json!({"text": "PLANTED-TEXT", "code": "PLANTED-CODE"});
        }
    }
    let mut text: String = events.iter().map(|event| format!("{event}\n")).collect();
    let unreadable = ["{\"subject\": \"PLANTED-ID\"", "{\"id\": [\"PLANTED-ID\"]}", "\"PLANTED-NAME\""];
    unreadable.iter().for_each(|line| text += &format!("{line}\n"));
    fs::write(folder.join("2026-11-22.ndjson"), text).unwrap();

    let out = hub.path("out");
    let mut said = Vec::new();
    for lang in ["ja", "en"] {
        for arguments in
            [["--out", out.to_str().unwrap()].as_slice(), &["--json"], &["--as-of", "2026-11-22"]]
        {
            let output = hub.run(&[["--lang", lang, "surveillance"].as_slice(), arguments].concat());
            assert!(output.status.success());
            assert!(String::from_utf8_lossy(&output.stderr).contains("2026-11-22.ndjson:"), "lines are told");
            said.extend([output.stdout, output.stderr]);
        }
        said.extend(files_below(&out).iter().map(|file| fs::read(file).unwrap()));
    }
    let people = fs::read_to_string(repository().join("fixtures/region/people.tsv")).unwrap();
    let people = people.lines().filter(|line| !line.starts_with('#')).skip(1);
    let columns: Vec<_> =
        people.map(|line| line.split('\t').map(str::to_owned).collect::<Vec<_>>()).collect();
    let identifiers = columns.iter().flat_map(|person| [&person[1], &person[4], &person[7]]);
    let identifiers: Vec<_> = identifiers.map(String::as_str).chain(["PLANTED"]).collect();
    assert!(said.len() > 20 && identifiers.len() > 50);
    for text in said.iter().map(|bytes| String::from_utf8_lossy(bytes)) {
        for identifier in &identifiers {
            assert!(!text.contains(identifier), "{identifier}: {text}");
        }
    }
}

/// An event as the hub delivers it.
fn event(sequence: u64, change: &str, patient: &str, taken: &str, status: &str) -> String {
    let data = json!({
        "change": change, "message": {"sent_at": format!("{taken}T12:00:00+09:00")},
        "patient": {"birth_date": "2015-05-05", "sex": "male"}, "specimens": [{"collected_at": taken}],
        "results": [{"specimen": 1, "value": {"text": "(+)"}, "interpretation": "positive", "status": status,
            "code": {"analyte": "5F399", "identification": "1410", "material": "099"}}],
    });
    let event = json!({
        "id": sequence.to_string(), "source": format!("urn:musubi:facility:{IZUMO}"),
        "type": format!("lab-result.{change}.v1"), "subject": patient, "time": "2026-11-20T00:00:00Z",
        "topic": "surveillance.evidence", "basis": "participation-agreement", "lane": 0, "sequence": sequence,
        "datatype": "OML-11", "recordkey": patient, "recordversion": "1", "change": change, "originhash": "h",
        "data": data,
    });
    format!("{event}\n")
}

/// What was known stays readable: in the revisions, and by asking for an earlier day.
#[test]
fn what_was_known_on_a_day_can_still_be_asked_for() {
    let hub = HubFolder::new();
    let deliver = |day: &str, lines: &[String]| hub.write(&format!("in/{day}.ndjson"), lines.concat());
    deliver(
        "2026-11-16",
        &[event(1, "created", "a", "2026-11-15", "final"), event(2, "created", "b", "2026-11-15", "final")],
    );
    deliver(
        "2026-11-18",
        &[event(3, "updated", "b", "2026-11-15", "wrong"), event(4, "created", "c", "2026-11-18", "final")],
    );
    let from = hub.path("in");
    let ask = |arguments: &[&str]| {
        let all = [&["--from", from.to_str().unwrap()], arguments].concat();
        let rows = rows(&counted(&hub, &all, "counts.csv"));
        rows.iter()
            .map(|row| ["date", "n", "as_of", "revision"].map(|name| row[name].clone()).join(" "))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        ask(&[]),
        ["2026-11-15 2 2026-11-16 1", "2026-11-15 1 2026-11-18 2", "2026-11-18 1 2026-11-18 1"]
    );
    assert_eq!(ask(&["--as-of", "2026-11-17"]), ["2026-11-15 2 2026-11-16 1"]);
    let json: Value =
        serde_json::from_str(&counted(&hub, &["--from", from.to_str().unwrap()], "counts.json")).unwrap();
    assert_eq!(json["counts"].as_array().unwrap().len(), 2);
    assert_eq!((&json["counts"][0]["n"], &json["counts"][0]["revision"]), (&json!(1), &json!(2)));
    let stale: Vec<_> = json["stale"].as_array().unwrap().iter().map(|one| &one["facility"]).collect();
    assert!(stale.contains(&&json!(MATSUE)) && stale.contains(&&json!(OKI)), "{stale:?}");
    let page = fs::read_to_string(hub.path("out/index.html")).unwrap();
    assert!(page.contains(">…</td>") && page.contains("<td>-</td>"), "silence is not zero");
}
