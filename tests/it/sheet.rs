//! The daily sheet: a healthy region shows no difference, and each difference that is planted is named.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use musubi::clock::{Clock, SystemClock};
use musubi::config::Checked;
use musubi::ops::sheet::{Difference, Differs, Sheet, Wanted, make};
use musubi::pipeline::{Hub, Part};
use proptest::prelude::*;
use serde_json::Value;

use crate::support::process::ToItsEnd;
use crate::support::{HubFolder, files_below};

/// An hour ahead: what was written a moment ago has settled.
struct Later;

impl Clock for Later {
    fn now(&self) -> Timestamp {
        SystemClock.now() + Duration::from_secs(3600)
    }
}

const FACILITY: &str = "3210100018";

/// The sheets of yesterday, today and tomorrow: a test may run at midnight.
fn sheets(hub: &HubFolder) -> Vec<Sheet> {
    sheets_of(&hub.path(""))
}

fn sheets_of(folder: &Path) -> Vec<Sheet> {
    let config = Checked::read(folder).config.unwrap();
    let today = SystemClock.now().to_zoned(TimeZone::get("Asia/Tokyo").unwrap()).date();
    let wanted = Wanted { from: today - 1.day(), until: today + 1.day(), facility: None };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let hub = Hub::open(config, Part::All, Arc::new(Later)).unwrap();
        make(&hub.control().unwrap(), &wanted).await.unwrap()
    })
}

/// All that differs, over facilities and days: how often, and the examples.
fn differences(sheets: &[Sheet]) -> BTreeMap<Differs, (u64, Vec<String>)> {
    let mut sums = BTreeMap::<_, (u64, Vec<String>)>::new();
    let of_facilities = sheets.iter().flat_map(|sheet| &sheet.facilities).flat_map(|one| &one.differences);
    let of_nobody = sheets.iter().flat_map(|sheet| &sheet.differences);
    for Difference { what, count, examples, .. } in of_facilities.chain(of_nobody) {
        let sum = sums.entry(*what).or_default();
        sum.0 += count;
        sum.1.extend(examples.iter().cloned());
    }
    sums
}

#[track_caller]
fn assert_sums(sheets: &[Sheet]) {
    for facility in sheets.iter().flat_map(|sheet| &sheet.facilities) {
        let messages = facility.messages;
        assert_eq!(
            messages.accepted,
            messages.waiting + messages.filtered + messages.invalid + messages.routed
        );
        for copies in facility.subscribers.values() {
            let ends = [copies.delivered, copies.parked, copies.dead, copies.withdrawn, copies.discarded];
            assert_eq!(copies.routed, ends.iter().sum::<u64>() + copies.waiting + copies.lost);
        }
    }
}

/// A storage of our own making, taken in.
fn drained() -> HubFolder {
    let hub = HubFolder::new();
    fs::create_dir_all(hub.path("standard")).unwrap();
    hub.ssmix2_feed("izumo-chuo", FACILITY, "standard");
    for (name, facility) in
        [("matsue-kita", "3210200024"), ("oki-kamome", "3210700019"), ("hamada-kenko", "3210500033")]
    {
        fs::create_dir_all(hub.path(name)).unwrap();
        hub.hl7_feed(name, facility, name);
    }
    let standard = hub.path("standard");
    let made = hub.run(&["simulate", "storage", &standard.to_string_lossy(), "--files", "150", "--history"]);
    assert!(made.status.success(), "{made:?}");
    let (code, report) = hub.drain();
    assert_eq!(code, 0, "{report:#}");
    hub
}

fn history(hub: &HubFolder) -> PathBuf {
    let files = files_below(&hub.path("var/history"));
    files.into_iter().find(|file| file.extension().is_some_and(|end| end == "ndjson")).unwrap()
}

/// Removes lines of the history that say so; says the ids.
fn remove_lines(hub: &HubFolder, most: usize, is_it: impl Fn(&Value) -> bool) -> Vec<String> {
    let path = history(hub);
    let text = fs::read_to_string(&path).unwrap();
    let mut removed = Vec::new();
    let kept: String = text
        .split_inclusive('\n')
        .filter(|line| {
            let step: Value = serde_json::from_str(line).unwrap();
            let goes = removed.len() < most && is_it(&step);
            if goes {
                removed.push(step["id"].as_str().unwrap().to_owned());
            }
            !goes
        })
        .collect();
    fs::write(path, kept).unwrap();
    removed
}

fn step_is(word: &'static str) -> impl Fn(&Value) -> bool {
    move |step| step["step"] == word
}

/// A record's file that is current.
fn current(hub: &HubFolder, at: usize) -> PathBuf {
    let files = files_below(&hub.path("standard")).into_iter();
    let mut current = files.filter(|file| file.to_string_lossy().ends_with("_1"));
    current.nth(at).unwrap()
}

#[test]
fn a_healthy_hub_has_no_difference_and_its_sums_hold() {
    let hub = drained();
    let sheets = sheets(&hub);
    assert_eq!(differences(&sheets), BTreeMap::new());
    assert!(sheets.iter().all(Sheet::is_even));
    assert_sums(&sheets);
    let own = || sheets.iter().flat_map(|sheet| &sheet.facilities).filter(|one| one.facility == FACILITY);
    let files: u64 = own().map(|one| one.files().files).sum();
    assert_eq!(files, files_below(&hub.path("standard")).len() as u64);
    assert_eq!(files, own().map(|one| one.files().in_ledger).sum::<u64>());
    let superseded: u64 = own().map(|one| one.files().superseded).sum();
    assert!(superseded > 0 && own().map(|one| one.messages.accepted).sum::<u64>() >= files);
}

#[test]
fn the_demo_region_has_no_difference_though_it_has_receipts_and_invalid_messages() {
    let hub = HubFolder::network();
    let (code, report) = hub.drain();
    assert_eq!(code, 0, "{report:#}");
    let sheets = sheets(&hub);
    assert_eq!(differences(&sheets), BTreeMap::new());
    assert_sums(&sheets);
    let sum = |list: &str, column: &str| -> u64 {
        report[list].as_array().unwrap().iter().map(|row| row[column].as_u64().unwrap()).sum()
    };
    let all = || sheets.iter().flat_map(|sheet| &sheet.facilities);
    assert_eq!(all().map(|one| one.messages.accepted).sum::<u64>(), sum("feeds", "accepted"));
    assert_eq!(all().map(|one| one.messages.invalid).sum::<u64>(), sum("feeds", "invalid"));
}

/// What can go wrong behind a hub's back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Plant {
    /// A file of the storage is deleted.
    Deleted,
    /// A file that no pass has met.
    Foreign,
    /// A file where none belongs.
    Stray,
    /// A file is cut short after it was taken.
    Torn,
    /// What became of a copy is taken out of the history.
    NoFate,
    /// The decision about a file that was delivered.
    NoDecision,
    /// A line of the history is half a line.
    TornLine,
}

impl Plant {
    const ALL: [Self; 7] = [
        Self::Deleted,
        Self::Foreign,
        Self::Stray,
        Self::Torn,
        Self::NoFate,
        Self::NoDecision,
        Self::TornLine,
    ];

    /// Does it, and says which difference it has to be.
    fn plant(self, hub: &HubFolder) -> Differs {
        match self {
            Self::Deleted => {
                fs::remove_file(current(hub, 3)).unwrap();
                Differs::FileGone
            }
            Self::Foreign => {
                let (file, text) = (current(hub, 5), fs::read(current(hub, 5)).unwrap());
                let name = file.file_name().unwrap().to_string_lossy().replace("_1", "_9_1");
                fs::write(file.with_file_name(name), [&text[..], b"ZZZ|foreign\r"].concat()).unwrap();
                Differs::NotTaken
            }
            Self::Stray => {
                hub.write("standard/stray.txt", "not of a patient");
                Differs::RefusedName
            }
            Self::Torn => {
                let file = current(hub, 7);
                let bytes = fs::read(&file).unwrap();
                fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
                Differs::Changed
            }
            Self::NoFate => {
                assert_eq!(remove_lines(hub, 1, step_is("delivered")).len(), 1);
                Differs::NoFate
            }
            Self::NoDecision => {
                let delivered = delivered(hub);
                let is_it = |step: &Value| {
                    step["step"] == "decided" && delivered.iter().any(|id| step["id"] == id.as_str())
                };
                assert_eq!(remove_lines(hub, 1, is_it).len(), 1);
                Differs::NoDecision
            }
            Self::TornLine => {
                let path = history(hub);
                let text = fs::read_to_string(&path).unwrap();
                fs::write(path, format!("{text}{{\"at\":\"2026-\n")).unwrap();
                Differs::Torn
            }
        }
    }
}

/// Ids of the messages of which a copy was delivered.
fn delivered(hub: &HubFolder) -> Vec<String> {
    let text = fs::read_to_string(history(hub)).unwrap();
    let steps = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let delivered = steps.filter(|step| step["step"] == "delivered");
    delivered.map(|step| step["id"].as_str().unwrap().to_owned()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]
    #[test]
    fn each_difference_that_is_planted_is_named(
        plants in proptest::sample::subsequence(Plant::ALL.to_vec(), 1..=7)
    ) {
        let hub = drained();
        let mut expected: Vec<Differs> = Vec::new();
        // Lines that can't be read come last: the others read them.
        for plant in &plants {
            expected.push(plant.plant(&hub));
        }
        let sheets = sheets(&hub);
        let named = differences(&sheets);
        for what in &expected {
            prop_assert!(named.contains_key(what), "{:?} is not in {:?}", what, named);
        }
        // A message without its decision is an accepted file without one, too.
        let is_expected = |what: &&Differs| {
            expected.contains(what) || **what == Differs::Undecided && plants.contains(&Plant::NoDecision)
        };
        prop_assert!(named.keys().all(|what| is_expected(&what)), "{:?} of {:?}", named, plants);
        prop_assert!(sheets.iter().any(|sheet| !sheet.is_even()));
        assert_sums(&sheets);
    }
}

#[test]
fn a_lost_decision_about_a_file_that_nobody_got_is_told_from_its_content() {
    let hub = drained();
    let removed = remove_lines(&hub, 1, |step| {
        step["step"] == "decided" && step["recipients"].as_array().is_some_and(Vec::is_empty)
    });
    if removed.is_empty() {
        // The routes of this hub give everything to somebody: take a whole message out.
        let id = delivered(&hub).remove(0);
        assert!(!remove_lines(&hub, usize::MAX, |step| step["id"] == id.as_str()).is_empty());
    }
    let named = differences(&sheets(&hub));
    let (count, examples) = &named[&Differs::Undecided];
    assert_eq!((*count, named.len()), (1, 1), "{named:?}");
    assert_eq!(examples[0].len(), 16, "a stand-in of its path: {examples:?}");
}

#[test]
fn a_ledger_that_was_lost_is_told_from_files_that_were_never_taken() {
    let hub = drained();
    fs::remove_dir_all(hub.path("var/ledger")).unwrap();
    let named = differences(&sheets(&hub));
    let files = files_below(&hub.path("standard")).len() as u64;
    assert_eq!(named.keys().collect::<Vec<_>>(), [&Differs::Forgotten]);
    assert_eq!(named[&Differs::Forgotten].0, files);
    // Taken again, with the ids that they had, nothing differs any more.
    assert_eq!(hub.drain().0, 0);
    assert_eq!(differences(&sheets(&hub)), BTreeMap::new());
}

#[test]
fn no_patient_stands_on_a_sheet() {
    let hub = drained();
    for plant in Plant::ALL {
        plant.plant(&hub);
    }
    let told = serde_json::to_string(&sheets(&hub)).unwrap();
    for file in files_below(&hub.path("standard")) {
        let patient = patient(&file, &hub.path("standard"));
        if patient.len() > 3 {
            assert!(
                !told.contains(&format!("\"{patient}")) && !told.contains(&format!("/{patient}")),
                "{told}"
            );
        }
    }
}

fn patient(file: &Path, root: &Path) -> String {
    let below = file.strip_prefix(root).unwrap();
    below.components().nth(2).map(|part| part.as_os_str().to_string_lossy().into_owned()).unwrap_or_default()
}

#[test]
fn the_verb_prints_text_csv_and_json_and_says_by_its_exit_code_whether_something_differs() {
    let hub = drained();
    let today = SystemClock.now().to_zoned(TimeZone::get("Asia/Tokyo").unwrap()).date();
    let days = [(today - 1.day()).to_string(), (today + 1.day()).to_string()];
    let run = |more: &[&str]| {
        let output = hub.run(&[&["sheet", "--from", &days[0], "--until", &days[1]], more].concat());
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, text) = run(&["--json"]);
    let sheets: Vec<Sheet> = serde_json::from_str(&text).unwrap();
    assert_eq!((code, sheets.len()), (0, 3), "{text}");
    assert_eq!(sheets[0].day, days[0].parse::<Date>().unwrap());
    let (_, text) = run(&["--csv", "--lang", "ja", "--facility", FACILITY]);
    assert!(text.starts_with("\u{feff}日付,施設コード,") && text.contains("\r\n"), "{text}");
    Plant::Stray.plant(&hub);
    let (code, text) = run(&["--lang", "ja"]);
    assert!(code == 1 && text.contains("取込対象外のファイル"), "{text}");
    let unknown = hub.run(&["sheet", "--facility", "0000000000"]);
    assert_eq!(unknown.status.code(), Some(64));
}

/// What a region's systems do wrong is the hub's daily bread: it is taken, or invalid, and differs in nothing.
#[test]
fn a_region_full_of_faults_has_no_difference_and_a_loss_in_it_is_named() {
    let hub = HubFolder::new();
    let region = hub.path("region");
    let out = region.to_string_lossy().into_owned();
    let faults = "torn=0.03,empty=0.02,lf-terminators=0.03,undeclared-charset=0.02,wrong-facility=0.02,bad-date=0.02,\
                  duplicate=0.03,out-of-order=0.03,control-characters=0.02";
    let size = ["--seed", "11", "--facilities", "4", "--patients", "60", "--days", "3"];
    let made = hub.run(&[&["simulate", "region", "--out", &out, "--faults", faults], &size[..]].concat());
    assert!(made.status.success(), "{made:?}");
    let mut drain = Command::new(env!("CARGO_BIN_EXE_musubi"));
    let drained =
        drain.args(["--config", &out, "run", "--drain", "--json"]).stdout(Stdio::piped()).to_its_end();
    let report: Value = serde_json::from_slice(&drained.stdout).unwrap();
    assert_eq!(report["conserved"], Value::Bool(true), "{report:#}");
    let sheets = sheets_of(&region);
    assert_eq!(differences(&sheets), BTreeMap::new());
    assert_sums(&sheets);
    let invalid = |sheets: &[Sheet]| -> u64 {
        sheets.iter().flat_map(|sheet| &sheet.facilities).map(|one| one.messages.invalid).sum()
    };
    assert!(invalid(&sheets) > 0, "the region has faults");
    let files = files_below(&region.join("storages"));
    let record = files.iter().find(|file| file.to_string_lossy().ends_with("_1")).unwrap();
    fs::remove_file(record).unwrap();
    assert_eq!(differences(&sheets_of(&region)).into_keys().collect::<Vec<_>>(), [Differs::FileGone]);
}

/// A process that ends with the test.
struct Running(std::process::Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[test]
fn a_running_hub_gives_its_sheet_and_makes_up_for_the_days_that_it_missed() {
    let hub = drained();
    // The history began three days ago, and nobody wrote a sheet.
    let today = SystemClock.now().to_zoned(TimeZone::get("Asia/Tokyo").unwrap()).date();
    hub.write(&format!("var/history/{}.ndjson", today - 3.day()), "");
    let _running = Running(hub.start(&["run"]));
    let kept = || {
        let files = files_below(&hub.path("var/sheets")).into_iter();
        files.filter(|file| file.extension().is_some_and(|end| end == "json" || end == "csv")).count()
    };
    let until = |what: &str, is_so: &dyn Fn() -> bool| {
        let waited = (0..600).any(|_| {
            std::thread::sleep(Duration::from_millis(100));
            is_so()
        });
        assert!(waited, "{what}");
    };
    until("sheets of three days", &|| hub.path("var/sheets").is_dir() && kept() >= 2 * 2);
    let days = [(today - 1.day()).to_string(), (today + 1.day()).to_string()];
    let told = || hub.run(&["sheet", "--from", &days[0], "--until", &days[1], "--json"]);
    until("a sheet of the running hub", &|| {
        let output = told();
        let sheets: Option<Vec<Sheet>> = serde_json::from_slice(&output.stdout).ok();
        sheets.is_some_and(|sheets| sheets.iter().map(|sheet| sheet.facilities.len()).sum::<usize>() == 12)
    });
}
