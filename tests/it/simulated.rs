//! `musubi simulate region` and `live`: the built binary, and the hub on what it wrote.

use std::fs;
use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use musubi::simulate::{Expectation, FaultKind, FaultRecord};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::files_below;
use crate::support::process::ToItsEnd;

/// No wait of a test is longer.
const PATIENCE: Duration = Duration::from_secs(60);

fn musubi(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_musubi"));
    command.args(arguments).env("LANG", "C").env_remove("LC_ALL").env_remove("LC_MESSAGES");
    command.env_remove("RUST_LOG").stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A process that is ended when the test ends, however it ends.
struct Process(Option<Child>);

impl Process {
    fn start(arguments: &[&str]) -> Self {
        Self(Some(musubi(arguments).spawn().unwrap()))
    }

    fn terminate(&self) {
        let child = rustix::process::Pid::from_child(self.0.as_ref().unwrap());
        rustix::process::kill_process(child, rustix::process::Signal::TERM).unwrap();
    }

    /// Its exit code and output.
    fn wait(mut self) -> Output {
        self.0.take().unwrap().to_its_end()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

/// A region in a folder of its own.
struct Region(TempDir);

impl Region {
    fn new(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let region = Self(folder);
        let out = ["simulate", "region", "--out", region.root(), "--json"];
        let output = Process::start(&[&out, arguments].concat()).wait();
        assert!(output.status.success(), "{output:?}");
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(told["written"]["messages"].as_u64().unwrap() > 0, "{told}");
        region
    }

    fn root(&self) -> &str {
        self.0.path().to_str().unwrap()
    }

    fn path(&self, below: &str) -> PathBuf {
        self.0.path().join(below)
    }

    /// `run --drain --json`.
    fn drain(&self) -> Value {
        let output = Process::start(&["--config", self.root(), "run", "--drain", "--json"]).wait();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn faults(&self) -> Vec<FaultRecord> {
        let text = fs::read_to_string(self.path("faults.ndjson")).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

fn sum(report: &Value, list: &str, column: &str) -> u64 {
    report[list].as_array().unwrap().iter().map(|row| row[column].as_u64().unwrap()).sum()
}

#[test]
fn a_simulated_region_runs_at_once_and_nothing_in_it_is_invalid() {
    let region = Region::new(&["--seed", "7", "--facilities", "5", "--patients", "80", "--days", "5"]);
    let check = Process::start(&["--config", region.root(), "check"]).wait();
    assert!(check.status.success(), "{check:?}");
    assert!(String::from_utf8_lossy(&check.stdout).contains("0 warnings"), "{check:?}");
    let report = region.drain();
    assert_eq!(report["conserved"], json!(true), "{report:#}");
    assert_eq!(sum(&report, "feeds", "invalid"), 0, "{report:#}");
    assert!(sum(&report, "feeds", "accepted") > 300, "{report:#}");
    assert!(sum(&report, "subscribers", "delivered") > 100, "{report:#}");
    // A second drain finds nothing new.
    assert_eq!(sum(&region.drain(), "feeds", "accepted"), 0);
}

#[test]
fn a_folder_that_is_not_empty_is_left_alone_and_a_wrong_word_is_answered() {
    let region = Region::new(&["--facilities", "1", "--patients", "20", "--days", "1"]);
    let again = Process::start(&["simulate", "region", "--out", region.root()]).wait();
    assert_eq!(again.status.code(), Some(73), "{again:?}");
    let empty = tempfile::tempdir().unwrap();
    let out = empty.path().join("new");
    let wrong =
        Process::start(&["simulate", "region", "--out", out.to_str().unwrap(), "--faults", "torm"]).wait();
    assert_eq!(wrong.status.code(), Some(64));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("half-written"), "{wrong:?}");
    let nothing = Process::start(&["simulate", "live", empty.path().to_str().unwrap()]).wait();
    assert_eq!(nothing.status.code(), Some(65));
    assert!(String::from_utf8_lossy(&nothing.stderr).contains("simulate region --out"), "{nothing:?}");
}

/// All faults, each made often enough to be found.
const FAULTS: &str = "torn=0.03,half-written=0.03,empty=0.03,lf-terminators=0.03,undeclared-charset=0.03,wrong-facility=0.03,\
                      bad-date=0.03,duplicate=0.03,out-of-order=0.03,control-characters=0.03,huge=0.004";

#[test]
fn every_fault_is_written_down_and_the_hub_finds_what_it_can() {
    let region = Region::new(&[
        "--seed",
        "7",
        "--facilities",
        "7",
        "--patients",
        "80",
        "--days",
        "4",
        "--faults",
        FAULTS,
    ]);
    let records = region.faults();
    for kind in FaultKind::ALL {
        let of_kind: Vec<&FaultRecord> = records.iter().filter(|record| record.fault == kind).collect();
        assert!(!of_kind.is_empty(), "{kind:?}");
        for record in of_kind.iter().filter(|record| there(&region, record).is_some()).take(2) {
            inspected(&region, record);
        }
    }
    let report = region.drain();
    assert_eq!(report["conserved"], json!(true), "{report:#}");
    for feed in report["feeds"].as_array().unwrap() {
        let is_lost = |record: &&FaultRecord| {
            record.feed == feed["feed"]
                && record.expect == Expectation::Invalid
                && there(&region, record).is_some()
        };
        assert_eq!(feed["invalid"], json!(records.iter().filter(is_lost).count()), "{feed}");
    }
}

/// The file; a later version of its record may have superseded or deleted it, which its last character tells.
fn there(region: &Region, record: &FaultRecord) -> Option<PathBuf> {
    let file = record.file.as_ref()?;
    let stem = file.strip_suffix(['0', '1', '2']).unwrap_or(file);
    let names = [file.clone(), format!("{stem}2"), format!("{stem}0")];
    names.iter().map(|name| region.path(name)).find(|file| file.exists())
}

/// What `inspect` says of a file agrees with what was expected.
fn inspected(region: &Region, record: &FaultRecord) {
    let file = there(region, record).unwrap();
    let arguments = ["--config", region.root(), "inspect", "--json", file.to_str().unwrap()];
    let output = musubi(&arguments).to_its_end();
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let code = record.code.as_deref().unwrap_or_default();
    let (refused, findings) = (&told["refused"]["code"], &told["messages"][0]["findings"]);
    let found = findings.as_array().into_iter().flatten().any(|finding| finding["code"] == code);
    match record.expect {
        Expectation::Invalid => assert_eq!(refused, code, "{record:?}"),
        Expectation::Finding => assert!(found && refused.is_null(), "{record:?}: {findings}"),
        Expectation::Accepted => assert!(refused.is_null(), "{record:?}: {refused}"),
    }
}

/// The first of two ports that are free now.
fn free_ports() -> u16 {
    let port = || {
        let first = TcpListener::bind("127.0.0.1:0").ok()?;
        let port = first.local_addr().ok()?.port();
        TcpListener::bind(("127.0.0.1", port.checked_add(1)?)).ok().map(|_| port)
    };
    (0..100).find_map(|_| port()).unwrap()
}

/// A hub takes what a region goes on writing, by files and over connections; then both stop, and nothing is torn or lost.
#[test]
fn a_region_goes_on_until_sigterm_and_leaves_nothing_torn() {
    let port = free_ports();
    let region = Region::new(&[
        "--seed",
        "5",
        "--facilities",
        "5",
        "--patients",
        "100",
        "--days",
        "2",
        "--per-day",
        "400",
        "--mllp-port",
        &port.to_string(),
    ]);
    let pharmacy = region.path("storages/masuda-pharmacy-005/hl7");
    let (before, dropped) = (files_below(&region.path("storages")).len(), files_below(&pharmacy).len());
    let hub = Process::start(&["--config", region.root(), "run", "--json"]);
    wait_for("hub that listens", || TcpStream::connect(("127.0.0.1", port + 1)).is_ok());
    let live = Process::start(&["simulate", "live", region.root(), "--speed", "20000", "--json"]);
    wait_for("files that the region goes on writing", || {
        files_below(&region.path("storages")).len() > before + 200
    });
    live.terminate();
    let output = live.wait();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(told["messages"].as_u64().unwrap() > 200, "{told}");
    for file in files_below(&region.path("storages")) {
        assert!(!file.file_name().unwrap().as_encoded_bytes().starts_with(b"."), "{}", file.display());
        assert!(is_whole(&file), "{}", file.display());
    }
    hub.terminate();
    let output = hub.wait();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let running: Value = serde_json::from_slice(&output.stdout).unwrap();
    let rest = region.drain();
    for report in [&running, &rest] {
        assert_eq!(report["conserved"], json!(true), "{report:#}");
        assert_eq!(sum(report, "feeds", "invalid"), 0, "{report:#}");
    }
    assert_eq!(files_below(&pharmacy).len(), dropped, "the pharmacy sends over its connection");
    let feeds = running["feeds"].as_array().unwrap().iter();
    let mut accepted =
        feeds.filter(|feed| feed["feed"] == "masuda-pharmacy-005").map(|feed| &feed["accepted"]);
    assert!(accepted.next_back().unwrap().as_u64().unwrap() > dropped as u64, "{running:#}");
}

/// Messages end with a segment, transaction storages with a message.
fn is_whole(file: &Path) -> bool {
    let mut bytes = Vec::new();
    fs::File::open(file).unwrap().read_to_end(&mut bytes).unwrap();
    let is_message = bytes.starts_with(b"MSH") || bytes.starts_with(b"#SSMIX");
    !bytes.is_empty() && (!is_message || bytes.ends_with(b"\r"))
}

fn wait_for(what: &str, mut holds: impl FnMut() -> bool) {
    let pause = Duration::from_millis(50);
    let mut waited = Duration::ZERO;
    while !holds() {
        assert!(waited < PATIENCE, "no {what}");
        std::thread::sleep(pause);
        waited += pause;
    }
}

/// What a system can't send because nobody listens is not lost: it lies in the drop folder when it stops.
#[test]
fn what_nobody_listens_to_is_dropped_as_files() {
    let (with, without) =
        (free_ports().to_string(), ["--seed", "5", "--facilities", "5", "--patients", "60", "--days", "2"]);
    let listening = Region::new(&[&without[..], &["--mllp-port", &with]].concat());
    let dropping = Region::new(&without);
    for region in [&listening, &dropping] {
        let output =
            Process::start(&["simulate", "live", region.root(), "--speed", "1e9", "--days", "2"]).wait();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
    }
    let names = |region: &Region| -> Vec<PathBuf> {
        let root = region.path("storages");
        files_below(&root).iter().map(|file| file.strip_prefix(&root).unwrap().to_owned()).collect()
    };
    assert_eq!(names(&listening), names(&dropping));
}
