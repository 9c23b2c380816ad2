//! `musubi init`: from an unknown storage to a running feed, with nothing but what it prints.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use musubi::simulate::{Amount, DropFolderSettings, Facility, StorageSettings, drop_folder, storage};
use serde_json::{Value, json};

use crate::support::process::ToItsEnd;
use crate::support::{copy_tree, corpus, files_below, repository};

/// A folder with a sample, and an empty configuration beside it.
struct Trial(tempfile::TempDir);

impl Trial {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, below: &str) -> std::path::PathBuf {
        self.0.path().join(below)
    }

    fn musubi(&self, arguments: &[&str]) -> Output {
        self.on("config", arguments)
    }

    fn on(&self, config: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_musubi"));
        command.arg("--config").arg(self.path(config)).args(arguments).current_dir(self.0.path());
        command.env("LANG", "C").env_remove("LC_ALL").env_remove("LC_MESSAGES").env_remove("RUST_LOG");
        command.output().unwrap()
    }

    fn init(&self, sample: &str, more: &[&str]) -> Output {
        self.musubi(&[&["init", sample], more].concat())
    }

    fn feed(&self, name: &str) -> String {
        fs::read_to_string(self.path(&format!("config/feeds/{name}.toml"))).unwrap()
    }

    fn write(&self, below: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(below);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// A storage of invented patients.
    fn simulate(&self, below: &str, seed: u64) {
        let today = "2026-11-20".parse().unwrap();
        let settings = StorageSettings::new(self.path(below), Amount::Files(60), seed, today);
        storage(&settings, |_| {}).unwrap();
    }

    /// Checks, tests, and takes all that is there.
    #[track_caller]
    fn drain(&self, accepted: u64, invalid: u64) -> Value {
        for verb in ["check", "test"] {
            let output = self.musubi(&[verb]);
            assert!(output.status.success(), "{verb}: {output:?}");
        }
        let output = self.musubi(&["run", "--drain", "--json"]);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((output.status.code(), &report["conserved"]), (Some(0), &json!(true)), "{report:#}");
        let feed = &report["feeds"][0];
        assert_eq!((&feed["accepted"], &feed["invalid"]), (&json!(accepted), &json!(invalid)), "{report:#}");
        let delivered = &report["subscribers"][0]["delivered"];
        assert_eq!(delivered, &json!(accepted - invalid), "{report:#}");
        report
    }
}

#[track_caller]
fn code(output: &Output, expected: i32) -> String {
    let said = [output.stdout.as_slice(), &output.stderr].concat();
    let said = String::from_utf8(said).unwrap();
    assert_eq!(output.status.code(), Some(expected), "{said}");
    said
}

/// The commands below the line that says what is next.
fn next(said: &str) -> Vec<&str> {
    said.lines().skip_while(|line| !line.ends_with("then:")).skip(1).map(str::trim).collect()
}

#[test]
fn twenty_patients_are_connected_by_the_printed_hints_alone() {
    let Some(corpus) = corpus() else { return };
    let trial = Trial::new();
    let archive = corpus.join("ssmix2-20-patients.tar.gz");
    let unpacked =
        Command::new("tar").arg("xzf").arg(archive).arg("-C").arg(trial.path("")).status().unwrap();
    assert!(unpacked.success());
    // Which facility it is stands nowhere: the hint is a command that only lacks the code.
    let said = code(&trial.init("corpus-small", &[]), 64);
    let hint = said.lines().last().unwrap().trim();
    let words: Vec<_> =
        hint.split(' ').map(|word| if word == "CODE" { "3210100018" } else { word }).collect();
    assert_eq!(words[0], "musubi");
    let said = code(&trial.musubi(&words[3..]), 0);
    let commands = next(&said);
    assert_eq!(commands.len(), 6, "{said}");
    // The last one goes on until it is stopped.
    for command in &commands[..5] {
        let binary = env!("CARGO_BIN_EXE_musubi");
        let command = command.replacen("musubi", binary, 1);
        let output = Command::new("sh").arg("-c").arg(&command).current_dir(trial.path("")).to_its_end();
        assert!(output.status.success(), "{command}: {output:?}");
    }
    // All of it was taken by the last one.
    let report = trial.musubi(&["run", "--drain", "--json"]);
    let report: Value = serde_json::from_slice(&report.stdout).unwrap();
    assert_eq!(
        (&report["feeds"][0]["unchanged"], &report["feeds"][0]["accepted"]),
        (&json!(1222), &json!(0))
    );
    let feed = trial.feed("corpus-small");
    for seen in ["ADT-12 outpatient registration", "~ISO IR87", "LF", "name-shifted", "# transaction ="] {
        assert!(feed.contains(seen), "{seen}: {feed}");
    }
}

#[test]
fn a_hospital_of_the_region_is_found_with_all_its_storages() {
    let trial = Trial::new();
    copy_tree(&repository().join("fixtures/region/izumo-chuo"), &trial.path("izumo"));
    let said = code(&trial.init("izumo", &["--title", "出雲中央病院 (架空) \"本院\""]), 0);
    assert!(said.contains("3210100018 (header lines of the transaction storage"), "{said}");
    let feed = trial.feed("izumo");
    for key in ["standard = ", "transaction = ", "extension = ", "kind = \"hl7-files\""] {
        assert!(feed.contains(key), "{key}: {feed}");
    }
    let output = trial.musubi(&["check"]);
    assert!(output.status.success(), "{output:?}");
    let report = trial.musubi(&["run", "--drain", "--json"]);
    let report: Value = serde_json::from_slice(&report.stdout).unwrap();
    assert_eq!(report["feeds"][0]["invalid"], json!(0), "{report:#}");
    let files = files_below(&trial.path("izumo")).len();
    assert!(report["feeds"][0]["accepted"].as_u64().unwrap() > 100 && files > 100, "{report:#}");
    // Each version came by one way or the other.
    let counted = |key: &str| report["feeds"][0][key].as_u64().unwrap();
    assert!(counted("accepted") + counted("unchanged") >= counted("files"), "{report:#}");
}

#[test]
fn a_drop_folder_and_a_folder_of_archives_are_connected() {
    let trial = Trial::new();
    copy_tree(&repository().join("fixtures/region/hamada-kenko"), &trial.path("lab"));
    code(&trial.init("lab", &["--facility", "3210500033"]), 0);
    let feed = trial.feed("lab");
    assert!(feed.contains("kind = \"checkup\"") && feed.contains("kind = \"hl7-files\""), "{feed}");
    assert!(feed.contains("CP932") && feed.contains("ORU^R01"), "{feed}");
    // 19 files, of which two hold more than one message, and an archive.
    let report = trial.drain(trial_messages(&trial.path("lab")), 0);
    assert!(report["feeds"][0]["files"].as_u64().unwrap() >= 20, "{report:#}");

    let trial = Trial::new();
    copy_tree(&repository().join("fixtures/region/hamada-kenko/checkup"), &trial.path("archives"));
    let said = code(&trial.init("archives", &[]), 0);
    assert!(said.contains("3210500033 (sender of the archives: 1)"), "{said}");
    trial.drain(1, 0);
}

/// Messages in the files of a folder; an archive is one.
fn trial_messages(folder: &Path) -> u64 {
    let files = files_below(folder).into_iter().map(|file| fs::read(file).unwrap());
    files
        .map(|bytes| if bytes.starts_with(b"PK") { 1 } else { hl7v2::split(&bytes).parts.len() as u64 })
        .sum()
}

#[test]
fn a_folder_of_one_patient_leads_to_the_root_and_its_number_stays_out_of_the_configuration() {
    let trial = Trial::new();
    trial.simulate("storage", 3);
    let patient = files_below(&trial.path("storage"))[0].ancestors().nth(3).unwrap().to_owned();
    let said = code(&trial.init(&patient.to_string_lossy(), &["--facility", "3210100018"]), 0);
    assert!(said.contains("the folder lies within a storage"), "{said}");
    assert!(trial.feed("facility-3210100018").contains(&format!("{:?}", trial.path("storage"))), "{said}");
    let number = patient.file_name().unwrap().to_str().unwrap().to_owned();
    for file in files_below(&trial.path("config")) {
        assert!(!String::from_utf8_lossy(&fs::read(&file).unwrap()).contains(&number), "{}", file.display());
    }
    trial.drain(60, 0);
}

#[test]
fn drop_folders_of_one_patient_each_are_named_by_the_folder_above_them() {
    let trial = Trial::new();
    let message = |patient: &str| {
        format!("MSH|^~\\&|HIS|KAKUHITO|GW|R|20260401||ADT^A08|1|P|2.5\rPID|1||{patient}||KAKUHITO^TARO\r")
    };
    trial.write("drop/7654321/a.hl7", message("7654321"));
    let said = code(&trial.init("drop", &["--facility", "3210100018", "--feed", "lab", "--dry-run"]), 0);
    assert!(!said.contains("765432") && said.contains(&format!("path = {:?}", trial.path("drop"))), "{said}");
    trial.write("drop/7654322/b.hl7", message("7654322"));
    code(&trial.init("drop", &["--facility", "3210100018", "--feed", "lab"]), 0);
    let feed = trial.feed("lab");
    assert!(feed.contains(&format!("path = {:?}", trial.path("drop"))) && !feed.contains("765432"), "{feed}");
    trial.drain(2, 0);
}

/// A storage in which a patient's name and number stand where codes are expected.
fn planted(trial: &Trial) {
    let name = "7654321_20260401_KAKUHITO_000000000012345_20260401093015123_01_1";
    let message = "MSH|^~\\&|KAKUHITO|TARO|GW|R|20260401||TARO^KAKUHITO|1|P|2.5||||||KAKUHITO TARO||ISO\r\
        PID|1||7654399||KAKUHITO<b>^TARO^^^^L^I||19500101|KAKUHITO\rORC|NW|KAKUHITO\rZZZ|TARO\r";
    trial.write(&format!("sample/standard/765/432/7654321/20260401/KAKUHITO/{name}"), message);
    trial.write("sample/standard/765/432/7654321/KAKUHITO.txt", "TARO");
    let document = "7654321_20260401_TARO KAKUHITO_1_20260401093015123_01_1";
    trial.write(
        &format!("sample/extension/765/432/7654321/20260401/TARO KAKUHITO^KAKUHITO/{document}/x.xml"),
        "<TARO/>",
    );
    trial.write(
        "sample/transaction/2026/TR_20260401093015123_00001.DAT",
        format!(
            "#SSMIX,2.00,3210100018,7654321,20260401,KAKUHITO TARO,1,INS,01,20260401093015123\r\n{message}"
        ),
    );
    trial.write("sample/hl7/7654321.hl7", message);
    trial.write("sample/hl7/KAKUHITO_TARO.txt", "TARO");
}

#[test]
fn what_it_writes_and_says_holds_no_patient_data() {
    let trial = Trial::new();
    planted(&trial);
    for lang in ["en", "ja"] {
        let sample = ["--lang", lang, "init", "sample", "--feed", "one", "--force"];
        let output = trial.musubi(&sample);
        let said = code(&output, 0);
        let json = trial.musubi(&[&sample[..], &["--json", "--dry-run"]].concat());
        let mut texts = vec![said, code(&json, 0)];
        let files = files_below(&trial.path("config")).into_iter();
        texts.extend(files.map(|file| String::from_utf8_lossy(&fs::read(file).unwrap()).into_owned()));
        for text in texts {
            for secret in ["7654321", "7654399", "KAKUHITO", "TARO", "19500101"] {
                assert!(!text.contains(secret), "{secret} in {text}");
            }
        }
    }
}

#[test]
fn nothing_that_is_there_is_overwritten() {
    let trial = Trial::new();
    trial.simulate("storage", 3);
    let arguments = ["--facility", "3210100018", "--feed", "one"];
    let dry = code(&trial.init("storage", &[&arguments[..], &["--dry-run"]].concat()), 0);
    assert!(dry.contains("--- feeds/one.toml ---") && !trial.path("config").exists(), "{dry}");
    code(&trial.init("storage", &arguments), 0);
    for file in ["feeds/one.toml", "hub.toml", "routes.toml", "examples/oul_r22_flu_positive/input"] {
        trial.write(&format!("config/{file}"), "mine");
    }
    let said = code(&trial.init("storage", &arguments), 73);
    assert!(said.contains("is there already") && said.contains("--force"), "{said}");
    assert_eq!(trial.feed("one"), "mine");
    code(&trial.init("storage", &[&arguments[..], &["--force"]].concat()), 0);
    assert!(trial.feed("one").contains("kind = \"ssmix2\""));
    for file in ["hub.toml", "routes.toml", "examples/oul_r22_flu_positive/input"] {
        assert_eq!(fs::read_to_string(trial.path(&format!("config/{file}"))).unwrap(), "mine", "{file}");
    }
    // A folder that can't be made.
    trial.write("file", "");
    code(&trial.on("file/config", &["init", "storage", "--facility", "3210100018"]), 73);
}

#[test]
fn a_copy_of_another_facilitys_storage_is_told_and_not_connected() {
    let trial = Trial::new();
    trial.simulate("first/storage", 3);
    code(&trial.init("first", &["--facility", "3210100018"]), 0);
    // The same code again; the same place again; the same files under another code.
    trial.simulate("third/storage", 4);
    let said = code(&trial.init("third", &["--facility", "3210100018"]), 1);
    assert!(said.contains("feeds/first.toml has this facility already"), "{said}");
    let said = code(&trial.init("first/storage", &["--facility", "3210200024", "--feed", "again"]), 1);
    assert!(said.contains("feed first reads") && said.contains("taken twice"), "{said}");
    copy_tree(&trial.path("first/storage"), &trial.path("second/storage"));
    let said = code(&trial.init("second", &["--facility", "3210200024"]), 1);
    assert!(said.contains("looks like a copy") && said.contains("60 of 60"), "{said}");
    assert!(!trial.path("config/feeds/second.toml").exists());
    code(&trial.init("second", &["--facility", "3210200024", "--force"]), 0);
    // Another hospital's own is no copy, though the same people were invented.
    trial.simulate("fourth/storage", 5);
    let said = code(&trial.init("fourth", &["--facility", "3210700019"]), 0);
    assert!(!said.contains("warning"), "{said}");
}

#[test]
fn a_code_that_the_sample_contradicts_is_told() {
    let trial = Trial::new();
    trial.simulate("3210100018_2026", 3);
    let said = code(&trial.init("3210100018_2026", &["--facility", "3210200024"]), 0);
    assert!(said.contains("the sample names facility 3210100018 too (name of the root folder: 1)"), "{said}");
    assert!(trial.feed("facility-3210200024").contains("# the sample also names 3210100018"));
    let own = code(&trial.init("3210100018_2026", &["--dry-run", "--json"]), 0);
    let own: Value = serde_json::from_str(&own).unwrap();
    assert_eq!(own["proposal"]["facility"]["code"], json!("3210100018"), "{own:#}");
}

#[test]
fn a_wrong_path_is_answered_with_the_nearest_name() {
    let trial = Trial::new();
    trial.simulate("izumo/standard", 3);
    let said = code(&trial.init("izumo/standrad", &[]), 64);
    assert!(said.contains("did you mean \"standard\""), "{said}");
    let said = code(&trial.init("nowhere/at/all", &[]), 64);
    assert!(said.contains("is it mounted? findmnt"), "{said}");
    trial.write("notes/readme.txt", "nothing");
    let said = code(&trial.init("notes", &[]), 65);
    assert!(said.contains("1 other files") && said.contains("OML-11"), "{said}");
    fs::create_dir(trial.path("empty")).unwrap();
    assert!(code(&trial.init("empty", &[]), 65).contains("is it mounted? findmnt -T"));
    code(&trial.init("izumo", &["--facility", "123"]), 64);
    code(&trial.init("izumo", &["--facility", "3210100018", "--feed", "Izumo!"]), 64);
    code(&trial.musubi(&["init"]), 64);
}

#[test]
fn a_simulated_drop_folder_is_connected_in_japanese() {
    let trial = Trial::new();
    let settings = DropFolderSettings {
        root: trial.path("drop"),
        facility: Facility::default(),
        people: 4,
        first_person: 0,
        seed: 9,
        today: "2026-11-20".parse().unwrap(),
    };
    drop_folder(&settings).unwrap();
    let output =
        trial.musubi(&["--lang", "ja", "init", "drop", "--facility", "3210500033", "--feed", "kensa"]);
    let said = code(&output, 0);
    assert!(said.contains("フィード") && said.contains("確認したうえで"), "{said}");
    let feed = trial.feed("kensa");
    assert!(feed.contains("セグメント終端") && feed.contains("メッセージ型"), "{feed}");
    trial.drain(trial_messages(&trial.path("drop")), 0);
}
