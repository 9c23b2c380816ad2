//! `musubi surveillance --follow`: killed in the middle, it comes to the same counts.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use musubi::simulate::{Facility, OutbreakSettings, outbreak};

use super::running::{Running, until};
use crate::support::{HubFolder, files_below};

/// The files of an output folder, by their paths.
fn written(out: &Path) -> Vec<(String, String)> {
    let files = files_below(out).into_iter();
    let read = |path: std::path::PathBuf| {
        let name = path.strip_prefix(out).unwrap().to_string_lossy().into_owned();
        (name, fs::read_to_string(path).unwrap_or_default())
    };
    let mut files: Vec<_> = files.map(read).filter(|(name, _)| !name.ends_with(".new")).collect();
    files.sort();
    files
}

#[test]
fn a_restart_in_the_middle_changes_nothing_in_the_counts() {
    let hub = HubFolder::new();
    hub.hl7_feed("izumo", "3210100018", "in");
    let facility = Facility { code: "3210100018".to_owned(), ..Facility::default() };
    let weeks = vec![("2026-11-09".parse().unwrap(), 40), ("2026-11-16".parse().unwrap(), 60)];
    outbreak(&OutbreakSettings { facilities: vec![(facility, hub.path("in"))], weeks, seed: 7 }).unwrap();
    assert_eq!(hub.drain().0, 0);
    let [whole] = &files_below(&hub.path("var/deliveries/surveillance"))[..] else { panic!("one day") };
    let text = fs::read_to_string(whole).unwrap();
    let arguments = |out: &str| {
        let (from, out) = (hub.path("from"), hub.path(out));
        let path = |path: &Path| path.to_str().unwrap().to_owned();
        ["surveillance", "--week", "2026-W47", "--from"].map(str::to_owned).into_iter().chain([
            path(&from),
            "--out".to_owned(),
            path(&out),
        ])
    };
    let following = || {
        let arguments: Vec<_> = arguments("followed").chain(["--follow".to_owned()]).collect();
        Running::start(&hub, &arguments.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let deliver = |day: &str, part: &str| {
        fs::create_dir_all(hub.path("from")).unwrap();
        let path = hub.path(&format!("from/{day}.ndjson"));
        OpenOptions::new().create(true).append(true).open(path).unwrap().write_all(part.as_bytes()).unwrap();
    };
    let counts = || fs::read_to_string(hub.path("followed/counts.csv")).unwrap_or_default().lines().count();

    // Thirds of the events; each ends within a line, which the next one completes.
    let at = |third: usize| (0..=text.len() * third / 3).rev().find(|at| text.is_char_boundary(*at)).unwrap();
    let running = following();
    deliver("2026-11-19", text.get(..at(1)).unwrap());
    until("the first third is counted", || counts() > 5);
    running.kill();
    let running = following();
    deliver("2026-11-19", text.get(at(1)..at(2)).unwrap());
    // A line of the next day comes before the day is over.
    deliver("2026-11-20", text.lines().last().unwrap());
    deliver("2026-11-20", "\n");
    let before = counts();
    until("the second third is counted", || counts() > before);
    running.kill();
    let running = following();
    until("it has caught up", || counts() > before);
    deliver("2026-11-19", text.get(at(2)..).unwrap());

    let once: Vec<_> = arguments("once").collect();
    let output = hub.run(&once.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(output.status.success(), "{output:?}");
    let expected = written(&hub.path("once"));
    assert!(
        expected.iter().any(|(name, text)| name == "index.html" && text.contains("<svg")),
        "{expected:?}"
    );
    until("what is followed is what is counted at once", || written(&hub.path("followed")) == expected);
    running.stop();
}
