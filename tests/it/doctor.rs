//! `musubi feed doctor`: every obstacle is told with what to do, and nothing is changed.

use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output};
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use musubi::clock::{Clock, SystemClock};
use musubi::simulate::{Amount, Facility, StorageSettings, storage};
use serde_json::{Value, json};

use crate::support::{HubFolder, copy_tree, files_below};

/// What the doctor says of all feeds, and its exit code.
fn doctor(hub: &HubFolder) -> (i32, Value) {
    told(&hub.run(&["feed", "doctor", "--json"]))
}

fn told(output: &Output) -> (i32, Value) {
    let report = serde_json::from_slice(&output.stdout);
    (output.status.code().unwrap(), report.unwrap_or_else(|error| panic!("{error}: {output:?}")))
}

/// Lines of the hub and of all feeds.
fn lines(report: &Value) -> Vec<&Value> {
    let feeds = report["feeds"].as_array().unwrap().iter().map(|feed| &feed["lines"]);
    feeds.chain([&report["hub"]]).flat_map(|lines| lines.as_array().unwrap()).collect()
}

/// The line of that check and state, whose words have this in them; it says what to do.
#[track_caller]
fn find<'r>(report: &'r Value, check: &str, state: &str, words: &str) -> &'r Value {
    let is = |line: &&&Value| {
        line["check"] == check
            && line["state"] == state
            && line["found"]["en"].as_str().unwrap().contains(words)
    };
    let found = lines(report)
        .into_iter()
        .find(|line| is(&line))
        .unwrap_or_else(|| panic!("{check} {state} {words}: {report:#}"));
    let has_todo = found["todo"]["en"].is_string() && found["todo"]["ja"].is_string();
    assert_eq!(has_todo, state == "warning" || state == "fault", "{found:#}");
    found
}

fn simulated(root: PathBuf, seed: u64) {
    let today = "2026-11-20".parse().unwrap();
    storage(&StorageSettings::new(root, Amount::Files(40), seed, today), |_| {}).unwrap();
}

/// Names, sizes, modes and times of all that is below a folder.
fn snapshot(folder: &Path) -> Vec<(PathBuf, u64, u32, SystemTime)> {
    let files = files_below(folder).into_iter();
    files
        .map(|file| {
            let data = fs::metadata(&file).unwrap();
            (file, data.len(), data.mode(), data.modified().unwrap())
        })
        .collect()
}

#[test]
fn nothing_stands_in_the_way_of_the_demo_region_and_nothing_is_changed() {
    let hub = HubFolder::network();
    assert_eq!(hub.drain().0, 0);
    fs::create_dir(hub.path("tmp")).unwrap();
    let before = snapshot(&hub.path(""));
    let output = hub.musubi(&["feed", "doctor", "--json"]).env("TMPDIR", hub.path("tmp")).output().unwrap();
    let (code, report) = told(&output);
    assert_eq!(code, 0, "{report:#}");
    assert_eq!(report["feeds"].as_array().unwrap().len(), 4);
    for check in ["path", "mount", "scan", "content", "facility"] {
        assert!(lines(&report).iter().any(|line| line["check"] == check && line["state"] == "ok"), "{check}");
    }
    assert!(lines(&report).iter().all(|line| line["state"] != "fault"), "{report:#}");
    // 125 files of the storage and 9 beside it; documents count as folders.
    let izumo = report["feeds"].as_array().unwrap().iter().find(|feed| feed["feed"] == "izumo-chuo").unwrap();
    let ledger = izumo["lines"].as_array().unwrap().iter().find(|line| line["check"] == "ledger").unwrap();
    let known = ledger["found"]["en"].as_str().unwrap();
    assert!(known.starts_with("knows 1") && known.ends_with(" files of it"), "{known}");
    assert_eq!(snapshot(&hub.path("")), before);
    assert_eq!(files_below(&hub.path("tmp")), Vec::<PathBuf>::new());
    let said = String::from_utf8(hub.run(&["--lang", "ja", "feed", "doctor", "oki-kamome"]).stdout).unwrap();
    assert!(
        said.contains("障害はありません") && said.contains("run --drain") && !said.contains('\u{1b}'),
        "{said}"
    );
    let list = hub.run(&["feed", "list"]);
    assert!(String::from_utf8(list.stdout).unwrap().contains("oki-kamome    3210700019"));
    assert_eq!(hub.run(&["feed", "doctor", "oki"]).status.code(), Some(64));
}

#[test]
fn a_wrong_path_is_told_to_the_folder() {
    let hub = HubFolder::new();
    hub.write("mnt/izumo/readme", "");
    hub.ssmix2_feed("missing", "3210100018", "mnt/izumo/standard/2026");
    hub.ssmix2_feed("file", "3210200024", "mnt/izumo/readme");
    let (code, report) = doctor(&hub);
    assert_eq!(code, 1);
    find(&report, "path", "fault", "mnt/izumo/standard is not there");
    find(&report, "path", "fault", "mnt/izumo/readme");
    let said = String::from_utf8(hub.run(&["feed", "doctor", "missing"]).stdout).unwrap();
    assert!(said.contains("findmnt") && said.contains("then again: musubi"), "{said}");
}

#[test]
fn a_folder_that_is_not_the_root_leads_to_the_root() {
    let hub = HubFolder::new();
    simulated(hub.path("mnt/izumo/standard"), 1);
    hub.ssmix2_feed("above", "3210100018", "mnt/izumo");
    fs::create_dir(hub.path("empty")).unwrap();
    hub.hl7_feed("empty", "3210200024", "empty");
    let (code, report) = doctor(&hub);
    assert_eq!(code, 1);
    find(&report, "content", "fault", "mnt/izumo/standard is");
    find(&report, "content", "warning", "holds nothing of its kind");
}

#[test]
fn another_facilitys_storage_is_a_fault() {
    let hub = HubFolder::new();
    let transaction = |feed: &str, code: &str| {
        let facility = Facility { code: code.to_owned(), ..Facility::default() };
        let settings = StorageSettings {
            transaction: Some(hub.path(&format!("{feed}/transaction"))),
            facility,
            ..StorageSettings::new(
                hub.path(&format!("{feed}/standard")),
                Amount::Files(40),
                1,
                "2026-11-20".parse().unwrap(),
            )
        };
        storage(&settings, |_| {}).unwrap();
    };
    let feed = |name: &str, code: &str| {
        hub.write(
            &format!("feeds/{name}.toml"),
            format!(
                "version = 1\nfacility = \"{code}\"\nname = \"架空\"\nroles = [\"disclosing\"]\n[[source]]\n\
                 kind = \"ssmix2\"\nstandard = \"{name}/standard\"\ntransaction = \"{name}/transaction\"\n"
            ),
        );
    };
    transaction("first", "3210100018");
    feed("first", "3210100018");
    transaction("second", "3210700019");
    feed("second", "3210200024");
    copy_tree(&hub.path("first"), &hub.path("third"));
    feed("third", "3210500033");
    let (code, report) = doctor(&hub);
    assert_eq!(code, 1);
    let own = &report["feeds"][0]["lines"].as_array().unwrap().iter();
    assert!(own.clone().any(|line| line["check"] == "facility" && line["state"] == "ok"), "{report:#}");
    find(&report, "facility", "warning", "names facility 3210700019 (header lines: ");
    find(&report, "facility", "fault", "3210100018 is that of feed first");
    find(&report, "copy", "fault", "third/standard of feed third too");
    find(&report, "copy", "fault", "first/standard of feed first too");
}

#[test]
fn files_of_the_future_and_a_transaction_storage_that_stands_still_are_warnings() {
    let hub = HubFolder::new();
    let settings = StorageSettings {
        transaction: Some(hub.path("transaction")),
        ..StorageSettings::new(hub.path("standard"), Amount::Files(40), 1, "2026-11-20".parse().unwrap())
    };
    storage(&settings, |_| {}).unwrap();
    let late = "00000017_20301231_OMD_000000000000001_20301231120000000_01_1";
    hub.write(&format!("standard/000/000/00000017/20301231/OMD/{late}"), "MSH|^~\\&|A\rPID|1||00000017\r");
    let late = hub.path(&format!("standard/000/000/00000017/20301231/OMD/{late}"));
    let ahead = SystemTime::from(SystemClock.now()) + Duration::from_secs(7_200);
    fs::File::open(&late).unwrap().set_modified(ahead).unwrap();
    hub.write(
        "feeds/one.toml",
        "version = 1\nfacility = \"3219900019\"\nname = \"架空\"\nroles = [\"disclosing\"]\n[[source]]\n\
         kind = \"ssmix2\"\nstandard = \"standard\"\ntransaction = \"transaction\"\n",
    );
    let (code, report) = doctor(&hub);
    assert_eq!(code, 0, "{report:#}");
    find(&report, "clock", "warning", "1 files are dated up to 7");
    find(&report, "newest", "warning", "has versions of 2030-12-31");
}

/// A hub that is ended with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Asks until it holds, for 30 s at most.
#[track_caller]
fn wait(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..300 {
        if holds() {
            return;
        }
        sleep(Duration::from_millis(100));
    }
    panic!("waited 30 s in vain: {what}");
}

#[test]
fn it_works_while_the_hub_runs_and_knows_whose_the_port_is() {
    let hub = HubFolder::new();
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    fs::create_dir(hub.path("drop")).unwrap();
    hub.write("drop/a.hl7", "MSH|^~\\&|A|B|C|D|20261120||ADT^A08|1|P|2.5\rPID|||1\r");
    hub.write(
        "feeds/lab.toml",
        format!(
            "version = 1\nfacility = \"3210500033\"\nname = \"架空\"\nroles = [\"disclosing\"]\n[[source]]\n\
             kind = \"mllp\"\nlisten = \"{address}\"\n[[source]]\nkind = \"hl7-files\"\npath = \"drop\"\nsettle = \"100ms\"\n"
        ),
    );
    let hub_toml = fs::read_to_string(hub.path("hub.toml")).unwrap();
    hub.write("hub.toml", hub_toml.replace(&format!("[console]\nlisten = \"{}\"\n", hub.console()), ""));
    let (code, report) = doctor(&hub);
    assert_eq!(code, 1);
    assert!(
        find(&report, "port", "fault", "another program")["todo"]["en"]
            .as_str()
            .unwrap()
            .contains("ss -ltnp")
    );
    drop(free);
    find(&doctor(&hub).1, "port", "ok", "free");
    let running = Running(hub.start(&["run"]));
    wait("the hub takes the file", || {
        let (_, report) = doctor(&hub);
        lines(&report)
            .iter()
            .any(|line| line["found"]["en"].as_str().unwrap().contains("picks it up: 1 accepted"))
    });
    let (code, report) = doctor(&hub);
    assert_eq!(code, 0, "{report:#}");
    find(&report, "port", "ok", "held by the running hub");
    find(&report, "broker", "ok", "held by the running hub");
    find(&report, "ledger", "ok", "knows 1 files");
    // A feed that came later.
    hub.hl7_feed("later", "3210100018", "later");
    find(&doctor(&hub).1, "hub", "warning", "does not know this feed");
    drop(running);
}

#[test]
fn a_rabbitmq_that_is_away_is_a_fault_soon() {
    let hub = HubFolder::new();
    fs::create_dir(hub.path("drop")).unwrap();
    hub.hl7_feed("lab", "3210500033", "drop");
    hub.write("password", "secret\n");
    hub.write("pseudonym.key", [7; 32]);
    fs::set_permissions(hub.path("password"), Permissions::from_mode(0o644)).unwrap();
    hub.write("ca.pem", "no certificate");
    hub.write(
        "hub.toml",
        "version = 1\nnetwork = \"trial\"\ntimezone = \"Asia/Tokyo\"\npseudonym_key = \"pseudonym.key\"\n[broker]\n\
         kind = \"rabbitmq\"\nurl = \"amqps://localhost:1\"\nuser = \"hub\"\npassword_file = \"password\"\n\
         [broker.tls]\nca = \"ca.pem\"\n",
    );
    let (code, report) = doctor(&hub);
    assert_eq!(code, 1);
    assert!(
        find(&report, "broker", "fault", "RabbitMQ")["todo"]["en"]
            .as_str()
            .unwrap()
            .contains("rabbitmqctl status")
    );
    find(&report, "secret", "warning", "others on this machine");
    find(&report, "certificate", "fault", "no certificate in PEM");
    assert!(!report.to_string().contains("secret\\n") && report["hub"][1]["key"] != json!(null));
}

#[test]
fn a_certificate_that_can_be_read_is_told_with_its_days() {
    let hub = HubFolder::new();
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "10", "-subj", "/CN=trial"])
        .args(["-keyout", "key.pem", "-out", "ca.pem"])
        .current_dir(hub.path(""))
        .output();
    if !made.is_ok_and(|output| output.status.success()) {
        println!("SKIPPED: no openssl");
        return;
    }
    hub.write("password", "secret\n");
    hub.write("pseudonym.key", [7; 32]);
    hub.write("drop/readme", "");
    hub.hl7_feed("lab", "3210500033", "drop");
    hub.write(
        "hub.toml",
        "version = 1\nnetwork = \"trial\"\ntimezone = \"Asia/Tokyo\"\npseudonym_key = \"pseudonym.key\"\n[broker]\n\
         kind = \"rabbitmq\"\nurl = \"amqps://localhost:1\"\nuser = \"hub\"\npassword_file = \"password\"\n\
         [broker.tls]\nca = \"ca.pem\"\n",
    );
    find(&doctor(&hub).1, "certificate", "warning", "valid from 20");
}

/// The binary as a user who owns nothing: as root everything can be read.
fn as_nobody(hub: &HubFolder, arguments: &[&str]) -> Option<Output> {
    let musubi = env!("CARGO_BIN_EXE_musubi");
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        return Some(hub.run(arguments));
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups", musubi, "--config"]).arg(hub.path(""));
    command.args(arguments).env("LANG", "C").env_remove("LC_ALL").env_remove("LC_MESSAGES");
    let output = command.output().ok().filter(|output| output.status.code().is_some_and(|code| code < 126));
    if output.is_none() {
        println!("SKIPPED: there is no setpriv, or the program can't be run as nobody");
    }
    output
}

#[test]
fn rights_are_told_with_who_who_stops_it_and_what_to_type() {
    let hub = HubFolder::new();
    simulated(hub.path("closed/standard"), 1);
    simulated(hub.path("half"), 2);
    hub.write("drop/readme", "");
    let mode =
        |below: &str, mode: u32| fs::set_permissions(hub.path(below), Permissions::from_mode(mode)).unwrap();
    let patients: Vec<_> =
        fs::read_dir(hub.path("half/000")).unwrap().map(|entry| entry.unwrap().path()).collect();
    fs::set_permissions(&patients[0], Permissions::from_mode(0o000)).unwrap();
    hub.ssmix2_feed("closed", "3210100018", "closed/standard");
    hub.ssmix2_feed("half", "3210200024", "half");
    hub.write(
        "feeds/drop.toml",
        "version = 1\nfacility = \"3210500033\"\nname = \"架空\"\nroles = [\"disclosing\"]\n[[source]]\n\
         kind = \"hl7-files\"\npath = \"drop\"\nafter = \"move\"\n",
    );
    mode("", 0o755);
    mode("drop", 0o555);
    mode("closed", 0o700);
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        mode("closed", 0o000);
    }
    let output = as_nobody(&hub, &["feed", "doctor", "--json"]);
    let sample = hub.path("closed/standard").to_string_lossy().into_owned();
    let proposed = as_nobody(&hub, &["init", &sample]);
    mode("closed", 0o755);
    mode("drop", 0o755);
    fs::set_permissions(&patients[0], Permissions::from_mode(0o755)).unwrap();
    let (Some(output), Some(proposed)) = (output, proposed) else { return };
    let said = String::from_utf8(proposed.stderr).unwrap();
    assert_eq!(proposed.status.code(), Some(75), "{said}");
    assert!(said.contains("who may read it says ls -ld") && said.contains("closed"), "{said}");
    let (code, report) = told(&output);
    assert_eq!(code, 1);
    let closed = find(&report, "rights", "fault", "may not enter");
    assert!(
        closed["found"]["en"].as_str().unwrap().contains("closed (") && closed["key"] == "standard",
        "{closed:#}"
    );
    assert!(closed["todo"]["en"].as_str().unwrap().contains("setfacl -R -m u:"), "{closed:#}");
    find(&report, "rights", "fault", "1 folders or files below it can't be read");
    find(&report, "rights", "fault", "may read it and not write to it");
    // The folder that can't be read is a patient's.
    let prefix = patients[0].to_string_lossy().into_owned();
    assert!(!report.to_string().contains(&prefix), "{report:#}");
}

#[test]
fn it_names_no_patient() {
    let hub = HubFolder::new();
    let name = "7654321_20260401_KAKUHITO_000000000012345_20260401093015123_01_1";
    let message =
        "MSH|^~\\&|KAKUHITO|TARO|GW|R|20260401||TARO^KAKUHITO|1|P|2.5\rPID|1||7654399||KAKUHITO^TARO\r";
    hub.write(&format!("standard/765/432/7654321/20260401/KAKUHITO/{name}"), message);
    hub.write("standard/765/432/7654321/TARO.txt", "TARO");
    hub.write("drop/7654321_TARO.hl7", message);
    hub.write("drop/KAKUHITO.txt", "TARO");
    hub.ssmix2_feed("one", "3210100018", "standard");
    hub.hl7_feed("two", "3210200024", "drop");
    for arguments in [["feed", "doctor", "--json"].as_slice(), &["--lang", "ja", "feed", "doctor"]] {
        let output = hub.musubi(arguments).env("RUST_LOG", "trace").output().unwrap();
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        for secret in ["7654321", "7654399", "KAKUHITO", "TARO"] {
            assert!(!said.contains(secret), "{secret} in {said}");
        }
    }
}
