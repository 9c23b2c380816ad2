//! kill -9 of a real process that writes and flushes a ledger: what it said was flushed is there.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use musubi::store::ledger::Entries;
use musubi::store::{FolderRecord, Ledger, Place, SledKv};

const KILLS: u64 = 20;
const FOLDER: &str = "MUSUBI_STORE_CRASH_CHILD";

fn open(folder: &Path) -> (Ledger, bool) {
    let (store, aside) = SledKv::open(folder).unwrap();
    (Ledger::new(Arc::new(store)), aside.is_some())
}

fn place() -> Place {
    Place { feed: "izumo".into(), source: "ssmix2".into() }
}

fn record(number: u64) -> FolderRecord {
    FolderRecord {
        mtime: i64::try_from(number).ok(),
        children: vec!["x".repeat(100)],
        ..FolderRecord::default()
    }
}

/// Numbers that stand in the ledger without a gap from 0.
fn stands(ledger: &Ledger) -> u64 {
    let is_there = |n: &u64| ledger.folder(&place(), &n.to_string()).unwrap() == Some(record(*n));
    (0..).find(|n| !is_there(n)).unwrap_or_default()
}

/// The process that is killed: this test binary, told by its environment to be it. Alone it does nothing.
#[test]
fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let (ledger, _) = open(Path::new(&folder));
    let mut next = stands(&ledger);
    loop {
        for _batch in 0..3 {
            let mut entries = Entries::default();
            (next..next + 10).for_each(|n| entries.folder(&place(), &n.to_string(), &record(n)));
            ledger.write(entries).unwrap();
            next += 10;
        }
        ledger.flush().unwrap();
        let mut out = std::io::stdout().lock();
        writeln!(out, "\nflushed {next}").and_then(|()| out.flush()).unwrap();
    }
}

#[test]
fn what_was_flushed_is_there_after_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("ledger");
    let mut flushed = 0;
    for kill in 0..KILLS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "store_crash::child", "--nocapture"])
            .env(FOLDER, &store)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        let listener = std::thread::spawn(move || {
            let lines = said.lines().map_while(Result::ok);
            lines.filter_map(|line| line.strip_prefix("flushed ")?.parse().ok()).last()
        });
        // From before its first flush to some dozens of flushes later.
        std::thread::sleep(Duration::from_millis(20 + 17 * kill));
        child.kill().unwrap();
        child.wait().unwrap();
        flushed = listener.join().unwrap().unwrap_or(flushed).max(flushed);
        // One that was killed while it was begun held nothing, and is begun anew.
        let (ledger, is_set_aside) = open(&store);
        assert!(!is_set_aside || flushed == 0, "kill {kill}: the store would not open");
        let found = stands(&ledger);
        assert!(found >= flushed, "kill {kill}: {flushed} were flushed, {found} are there");
    }
    assert!(flushed > 0, "no kill hit a store at work");
    println!("{flushed} entries flushed over {KILLS} kills");
}
