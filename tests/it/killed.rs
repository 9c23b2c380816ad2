//! `kill -9` of the hub at random moments, 50 times; then everything is there once and in order.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use crate::run::{everything_to_one, twenty_patients};
use crate::support::{HubFolder, files_below};

const KILLS: usize = 50;

#[test]
fn killed_fifty_times_every_file_is_delivered_once_and_in_order() {
    let hub = twenty_patients().unwrap_or_else(simulated_patients);
    let records = set_aside(&hub);
    let files = records.len();
    let seed = std::env::var("MUSUBI_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or_else(rand::random::<u64>);
    println!("seed {seed} (MUSUBI_SEED={seed} replays the moments; the machine's own timing differs)");
    let mut random = StdRng::seed_from_u64(seed);
    let mut in_the_middle = 0;
    for (kill, portion) in records.chunks(files.div_ceil(KILLS)).enumerate() {
        portion.iter().for_each(|(aside, place)| fs::rename(aside, place).unwrap());
        let mut child = hub.start(&["run", "--drain", "--json"]);
        std::thread::sleep(Duration::from_micros(random.random_range(5_000..160_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        in_the_middle += usize::from(lines(&hub) < (kill + 1) * portion.len());
    }
    println!("{in_the_middle} of {KILLS} kills left something undelivered");
    assert!(in_the_middle > 0, "no kill came in the middle of work");
    let (code, report) = hub.drain();
    assert_eq!((code, &report["conserved"]), (0, &json!(true)), "seed {seed}: {report:#}");
    assert!(files > 1_000, "{files}");
    assert_delivered_once_in_order(&hub.delivered("referral"), files, seed);
}

/// Takes the records out of the storage, so that every kill finds some that are new; gives where they lie now and
/// where they belong.
fn set_aside(hub: &HubFolder) -> Vec<(PathBuf, PathBuf)> {
    let folder = hub.path("aside");
    fs::create_dir(&folder).unwrap();
    let records = files_below(&hub.path("")).into_iter().filter(|file| is_record(file));
    let numbered = records.enumerate().map(|(number, place)| (folder.join(number.to_string()), place));
    numbered.inspect(|(aside, place)| fs::rename(place, aside).unwrap()).collect()
}

/// How many events have reached the subscriber; the last line may be torn.
fn lines(hub: &HubFolder) -> usize {
    let Ok(days) = fs::read_dir(hub.path("var/deliveries/referral")) else { return 0 };
    days.map(|day| fs::read(day.unwrap().path()).unwrap().iter().filter(|byte| **byte == b'\n').count()).sum()
}

/// Where the corpus is not there: a storage of our own making.
fn simulated_patients() -> HubFolder {
    let hub = everything_to_one("standard");
    let made = hub.run(&["simulate", "storage", &hub.path("standard").to_string_lossy(), "--files", "1222"]);
    assert!(made.status.success(), "{made:?}");
    hub
}

/// Whether a file's name has the seven parts of SS-MIX2.
fn is_record(file: &Path) -> bool {
    file.file_name().is_some_and(|name| name.to_string_lossy().split('_').count() == 7)
}

fn assert_delivered_once_in_order(events: &[Value], files: usize, seed: u64) {
    let text = |event: &Value, key: &str| event[key].as_str().unwrap().to_owned();
    let ids: HashSet<_> = events.iter().map(|event| text(event, "id")).collect();
    assert_eq!((ids.len(), events.len()), (files, files), "seed {seed}: lost or repeated");
    let mut last: HashMap<(String, String), String> = HashMap::new();
    let mut sequences: HashMap<u64, u64> = HashMap::new();
    for event in events {
        let lane = event["lane"].as_u64().unwrap();
        let sequence = event["sequence"].as_u64().unwrap();
        assert_eq!(sequences.insert(lane, sequence).unwrap_or(0) + 1, sequence, "seed {seed}: lane {lane}");
        // Within a folder of a patient, versions come in the order in which they were sent.
        let folder = (text(event, "subject"), text(event, "recordkey"));
        let version = text(event, "recordversion");
        let before = last.insert(folder, version.clone());
        assert!(
            before.is_none_or(|before| before <= version),
            "seed {seed}: a patient's versions out of order"
        );
    }
}
