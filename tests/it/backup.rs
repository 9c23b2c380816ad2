//! The built binary keeps copies of storages, and says whether they are.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use crate::run::{everything_to_one, region, twenty_patients};
use crate::support::{HubFolder, copy_tree, files_below};

const ONE: &str = "backup/3210100018/ssmix2";

/// Adds a store that gets everything.
fn with_store(hub: &HubFolder) {
    fs::create_dir_all(hub.path("backup")).unwrap();
    let routes = fs::read_to_string(hub.path("routes.toml")).unwrap();
    let store = r#"
[[subscriber]]
name = "backup"
deliver = { kind = "ssmix2", path = "backup" }
[[route]]
name = "backup"
topic = "backup.copy"
to = ["backup"]
kinds = ["any"]
change = ["created", "updated", "deleted", "superseded"]
invalid = true
send = "original"
basis = "entrusted"
"#;
    hub.write("routes.toml", routes + store);
}

/// `verify-backup --json`: exit code, differences, and the counts.
fn verify(hub: &HubFolder, source: &str, copy: &str) -> (i32, Vec<Value>, Value) {
    let (source, copy) = (hub.path(source), hub.path(copy));
    let output = hub.run(&["verify-backup", &source.to_string_lossy(), &copy.to_string_lossy(), "--json"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let counts = lines.pop().unwrap_or_default();
    (output.status.code().unwrap(), lines, counts)
}

#[track_caller]
fn assert_same(hub: &HubFolder, source: &str, copy: &str) -> u64 {
    let (code, differences, counts) = verify(hub, source, copy);
    assert_eq!((code, differences), (0, Vec::new()), "{counts}");
    assert_eq!(counts["equal"], counts["files"]);
    counts["files"].as_u64().unwrap()
}

#[track_caller]
fn assert_drained(hub: &HubFolder) -> Value {
    let (code, report) = hub.drain();
    assert_eq!((code, &report["conserved"]), (0, &json!(true)), "{report:#}");
    report
}

fn of<'r>(report: &'r Value, list: &str, key: &str, name: &str) -> &'r Value {
    report[list].as_array().unwrap().iter().find(|row| row[key] == name).unwrap()
}

#[test]
fn the_region_is_kept_byte_for_byte() {
    let hub = region();
    with_store(&hub);
    let report = assert_drained(&hub);
    let mut files = 0;
    for (facility, folder) in
        [("3210100018", "izumo-chuo"), ("3210200024", "matsue-kita"), ("3210700019", "oki-kamome")]
    {
        let source = format!("fixtures/region/{folder}/standard");
        files += assert_same(&hub, &source, &format!("backup/{facility}/ssmix2"));
    }
    assert!(files > 150, "{files}");
    let documents =
        assert_same(&hub, "fixtures/region/izumo-chuo/extension", "backup/3210100018/ssmix2.extension");
    assert!(documents > 0, "the region has documents");
    // What lies in no storage, a file each: messages from a drop folder, and archives.
    let lab = files_below(&hub.path("backup/3210500033"));
    assert_eq!(lab.len() as u64, of(&report, "feeds", "feed", "hamada-kenko")["accepted"].as_u64().unwrap());
    let accepted: u64 =
        report["feeds"].as_array().unwrap().iter().map(|feed| feed["accepted"].as_u64().unwrap()).sum();
    let store = of(&report, "subscribers", "subscriber", "backup");
    assert_eq!((&store["routed"], &store["delivered"]), (&json!(accepted), &json!(accepted)), "{report:#}");
    let again = assert_drained(&hub);
    assert_eq!(of(&again, "subscribers", "subscriber", "backup")["delivered"], json!(0));
}

#[test]
fn twenty_patients_are_kept_byte_for_byte() {
    let Some(hub) = twenty_patients() else { return };
    with_store(&hub);
    assert_drained(&hub);
    assert_eq!(assert_same(&hub, "corpus-small/ssmixtwins", ONE), 1_222);
}

/// A storage of our own making with history, deletions and delete messages.
fn simulated() -> HubFolder {
    let hub = everything_to_one("standard");
    with_store(&hub);
    let standard = hub.path("standard");
    let made = hub.run(&["simulate", "storage", &standard.to_string_lossy(), "--files", "600", "--history"]);
    assert!(made.status.success(), "{made:?}");
    hub
}

fn records(hub: &HubFolder) -> Vec<PathBuf> {
    files_below(&hub.path("standard"))
}

fn with_flag(file: &Path, flag: char) -> PathBuf {
    let name = file.file_name().unwrap().to_string_lossy().into_owned();
    file.with_file_name(format!("{}{flag}", name.strip_suffix(['0', '1', '2']).unwrap()))
}

/// The same record's file of a later time.
fn later(file: &Path, flag: char) -> PathBuf {
    let name = file.file_name().unwrap().to_string_lossy().into_owned();
    let mut parts: Vec<_> = name.split('_').map(str::to_owned).collect();
    parts[4] = "20991231235959999".into();
    parts[6] = flag.into();
    file.with_file_name(parts.join("_"))
}

#[test]
fn what_becomes_of_files_at_the_source_becomes_of_their_copies() {
    let hub = simulated();
    assert_drained(&hub);
    let before = assert_same(&hub, "standard", ONE);
    let current: Vec<_> =
        records(&hub).into_iter().filter(|file| file.to_string_lossy().ends_with("_1")).collect();
    for (number, file) in current.iter().take(60).enumerate() {
        match number % 5 {
            // An update.
            0 => {
                fs::rename(file, with_flag(file, '2')).unwrap();
                fs::copy(with_flag(file, '2'), later(file, '1')).unwrap();
            }
            // An update as storages wrote it in 2015.
            1 => {
                fs::rename(file, with_flag(file, '0')).unwrap();
                fs::copy(with_flag(file, '0'), later(file, '1')).unwrap();
            }
            // A deletion with its message, and one by renaming alone.
            2 => {
                fs::rename(file, with_flag(file, '0')).unwrap();
                fs::copy(with_flag(file, '0'), later(file, '0')).unwrap();
            }
            3 => fs::rename(file, with_flag(file, '0')).unwrap(),
            // Written anew, empty, and then something that is no HL7.
            _ => fs::write(file, if number % 2 == 0 { "" } else { "not HL7" }).unwrap(),
        }
    }
    assert_drained(&hub);
    assert!(assert_same(&hub, "standard", ONE) > before);
    assert_eq!(files_below(&hub.path("backup/.musubi/replaced")).len(), 12, "what lay there before is kept");
    assert_eq!(files_below(&hub.path("backup/.musubi/tmp")), Vec::<PathBuf>::new());
}

#[test]
fn killed_in_the_middle_and_started_again() {
    let hub = simulated();
    let mut unfinished = 0;
    for kill in 0..25_u64 {
        let mut child = hub.start(&["run", "--drain"]);
        std::thread::sleep(Duration::from_millis(20 + kill * 37 % 400));
        child.kill().unwrap();
        child.wait().unwrap();
        unfinished += u64::from(verify(&hub, "standard", ONE).0 != 0);
    }
    assert!(unfinished > 3, "{unfinished} kills came in the middle of work");
    assert_drained(&hub);
    assert_same(&hub, "standard", ONE);
}

#[test]
fn differences_are_told_with_their_paths() {
    let hub = simulated();
    assert_drained(&hub);
    let copies = files_below(&hub.path(ONE));
    fs::remove_file(&copies[0]).unwrap();
    fs::write(&copies[1], "other").unwrap();
    let flag = if copies[2].to_string_lossy().ends_with('1') { '0' } else { '1' };
    fs::rename(&copies[2], with_flag(&copies[2], flag)).unwrap();
    let longer = [fs::read(&copies[3]).unwrap(), b"\r\n".to_vec()].concat();
    fs::write(&copies[3], longer).unwrap();
    hub.write(&format!("{ONE}/extra"), "1");
    let (code, differences, counts) = verify(&hub, "standard", ONE);
    assert_eq!(code, 1);
    let mut sorts: Vec<_> =
        differences.iter().map(|line| line["difference"].as_str().unwrap().to_owned()).collect();
    sorts.sort();
    assert_eq!(sorts, ["bytes", "extra", "flag", "line-ends", "missing"], "{differences:#?}");
    assert_eq!(counts["differences"]["line-ends"], json!(1), "{counts}");
    let said =
        hub.run(&["--lang", "ja", "verify-backup", &hub.path("standard").to_string_lossy(), "/nowhere"]);
    assert_eq!(said.status.code(), Some(75));
    let (standard, copy) = (hub.path("standard"), hub.path(ONE));
    let said =
        hub.run(&["--lang", "ja", "verify-backup", &standard.to_string_lossy(), &copy.to_string_lossy()]);
    let text = String::from_utf8(said.stdout).unwrap();
    assert!(text.contains("末尾の改行のみ相違") && text.contains("完全に一致"), "{text}");
}

/// An export as a database makes it, of a storage's files.
fn export(hub: &HubFolder, file: &str, rows: impl Iterator<Item = PathBuf>) {
    let mut text = "\"PatientID\",\"OrderDate\",\"DataKind\",\"OrderNo\",\"OutRelDirectory\",\"FileName\",\"UpdateDatetime\"\r\n".to_owned();
    for row in rows {
        let path = row.strip_prefix(hub.path("standard")).unwrap().to_string_lossy().into_owned();
        let (folder, name) = path.rsplit_once('/').unwrap();
        let parts: Vec<_> = name.split('_').collect();
        text.push_str(&format!(
            "{},{},{},{},\"\\{}\\\",{name},2026-11-20 10:00:00.000\r\n",
            parts[0],
            parts[1],
            parts[2],
            parts[3],
            folder.replace('/', "\\")
        ));
    }
    hub.write(file, text);
}

#[test]
fn an_index_is_compared_with_its_storage() {
    let hub = simulated();
    let reconcile = |arguments: &[&str]| {
        let (standard, index) = (hub.path("standard"), hub.path("index.csv"));
        let fixed = ["reconcile", &*standard.to_string_lossy(), "--index", &*index.to_string_lossy()];
        let output = hub.run(&[arguments, &fixed].concat());
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
    };
    assert_eq!(reconcile(&[]).0, 75, "there is no export");
    let records = records(&hub);
    export(&hub, "index.csv", records.iter().cloned());
    let (code, text) = reconcile(&[]);
    assert!(code == 0 && text.contains(&format!("{} versions agree", records.len())), "{text}");
    let flag = if records[2].to_string_lossy().ends_with('1') { '0' } else { '1' };
    let rows = [later(&records[0], '1'), with_flag(&records[2], flag)];
    export(&hub, "index.csv", records[3..].iter().cloned().chain(rows));
    let (code, text) = reconcile(&["--lang", "ja"]);
    assert_eq!(code, 1);
    for (words, count) in [("ファイルのない行", 1), ("行のないファイル", 2), ("コンディションフラグ相違", 1)]
    {
        assert!(text.contains(&format!("{words}: {count}\n")), "{words}: {text}");
    }
    let (standard, index) = (hub.path("standard"), hub.path("index.csv"));
    let output =
        hub.run(&["reconcile", &standard.to_string_lossy(), "--index", &index.to_string_lossy(), "--json"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 4 + 1);
    assert_eq!(lines[4]["mismatches"], json!({ "no-file": 1, "no-row": 2, "flag": 1 }));
}

/// The store's own folder is never made, and nothing in it may lead out of it.
#[test]
fn a_store_that_is_away_or_laid_out_to_lead_elsewhere_gets_nothing() {
    let hub = simulated();
    fs::remove_dir(hub.path("backup")).unwrap();
    let (code, report) = hub.drain();
    assert_eq!((code, &report["conserved"]), (75, &json!(true)), "{report:#}");
    assert!(!hub.path("backup").exists());
    fs::create_dir_all(hub.path("backup")).unwrap();
    fs::create_dir_all(hub.path("elsewhere")).unwrap();
    symlink(hub.path("elsewhere"), hub.path("backup/3210100018")).unwrap();
    let (code, report) = hub.drain();
    assert_eq!((code, &report["conserved"]), (75, &json!(true)), "{report:#}");
    assert_eq!(fs::read_dir(hub.path("elsewhere")).unwrap().count(), 0, "it followed a link");
    fs::remove_file(hub.path("backup/3210100018")).unwrap();
    assert_drained(&hub);
    assert_same(&hub, "standard", ONE);
}

/// The hub's own folder, copied while it is stopped, goes on elsewhere: nothing is lost, nothing comes again.
#[test]
fn a_data_folder_that_was_restored_goes_on_without_loss_or_repeat() {
    let hub = simulated();
    assert_drained(&hub);
    let taken = delivered_ids(&hub);
    assert!(!taken.is_empty());
    // What an operator copies while the hub is stopped, and puts back on another machine.
    let elsewhere = HubFolder::new();
    for tree in ["feeds", "standard", "backup", "var"] {
        copy_tree(&hub.path(tree), &elsewhere.path(tree));
    }
    for file in ["hub.toml", "routes.toml"] {
        fs::copy(hub.path(file), elsewhere.path(file)).unwrap();
    }
    let again = assert_drained(&elsewhere);
    let accepted: u64 =
        again["feeds"].as_array().unwrap().iter().map(|feed| feed["accepted"].as_u64().unwrap()).sum();
    assert_eq!((accepted, delivered_ids(&elsewhere)), (0, taken.clone()), "nothing comes again: {again:#}");
    let current = |hub: &HubFolder| {
        records(hub).into_iter().find(|file| file.to_string_lossy().ends_with("_1")).unwrap()
    };
    let file = current(&elsewhere);
    fs::copy(&file, later(&file, '1')).unwrap();
    fs::rename(&file, with_flag(&file, '2')).unwrap();
    assert_drained(&elsewhere);
    assert_same(&elsewhere, "standard", ONE);
    let more = delivered_ids(&elsewhere);
    assert!(more.starts_with(&taken) && more.len() > taken.len(), "what is new is taken, after what was");
    // The stand-ins are the same: subscribers know their records again.
    let key = |hub: &HubFolder| fs::read(hub.path("var/pseudonym.key")).unwrap();
    assert_eq!(key(&hub), key(&elsewhere));
}

/// A backup that is older than what was accepted since: that comes again, under the id it had.
#[test]
fn what_came_after_the_backup_comes_again_with_its_id() {
    let hub = simulated();
    assert_drained(&hub);
    let backup = tempfile::tempdir().unwrap();
    copy_tree(&hub.path("var"), &backup.path().join("var"));
    let file = records(&hub).into_iter().find(|file| file.to_string_lossy().ends_with("_1")).unwrap();
    fs::copy(&file, later(&file, '1')).unwrap();
    fs::rename(&file, with_flag(&file, '2')).unwrap();
    let before = delivered_ids(&hub);
    assert_drained(&hub);
    let since = delivered_ids(&hub).split_off(before.len());
    fs::remove_dir_all(hub.path("var")).unwrap();
    copy_tree(&backup.path().join("var"), &hub.path("var"));
    assert_drained(&hub);
    assert_eq!(delivered_ids(&hub).split_off(before.len()), since);
}

/// Ids that were delivered, in the order of the history.
fn delivered_ids(hub: &HubFolder) -> Vec<String> {
    let mut ids = Vec::new();
    let files = files_below(&hub.path("var/history")).into_iter();
    for file in files.filter(|file| file.extension().is_some_and(|end| end == "ndjson")) {
        for line in fs::read_to_string(file).unwrap().lines() {
            let step: Value = serde_json::from_str(line).unwrap();
            if step["step"] == "delivered" {
                ids.push(format!("{} {}", step["subscriber"], step["id"]));
            }
        }
    }
    ids
}
