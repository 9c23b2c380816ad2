//! What was picked up, by the ledger. It is read from a copy: opening a ledger would lock it, and might change it.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use super::line::{Line, Words};
use crate::config::{Config, Feed};
use crate::store::{Ledger, SledKv};

/// Largest ledger that is copied.
const BYTES_MAX: u64 = 256 << 20;
/// The files that hold it.
const FILES: [&str; 2] = ["conf", "db"];

/// Tells how many files the ledger knows of the feed.
pub(super) fn look(feed: &Feed, config: &Config, lines: &mut Vec<Line>) {
    let Some(dir) = place(&config.hub.data_dir, &feed.settings.name) else {
        return lines.push(Line::ok(
            "ledger",
            "",
            Words::new("there is none: nothing was picked up yet", "台帳なし（まだ取り込んでいません）"),
        ));
    };
    let subject = dir.display().to_string();
    lines.push(match count(&dir, &feed.settings.name) {
        Ok(Some(files)) => Line::ok(
            "ledger",
            subject,
            Words::new(format!("knows {files} files of it"), format!("取込済み {files} 件")),
        ),
        Ok(None) => Line::unknown(
            "ledger",
            subject,
            Words::new("too large to be counted here", "大きいため件数の確認を省略しました"),
        ),
        Err(reason) => Line::unknown(
            "ledger",
            subject,
            Words::new(
                format!("can't be read from here: {reason}"),
                format!("ここからは読み取れません: {reason}"),
            ),
        ),
    });
}

/// The ledger that keeps the feed: that of the hub, or of a group of adapters.
fn place(data_dir: &Path, feed: &str) -> Option<PathBuf> {
    let of_hub = data_dir.join("ledger");
    if of_hub.join("db").exists() {
        return Some(of_hub);
    }
    let adapters = fs::read_dir(data_dir.join("adapters")).ok()?.filter_map(Result::ok);
    adapters.map(|entry| entry.path()).find_map(|dir| {
        let feeds = fs::read_to_string(dir.join("feeds")).ok()?;
        let ledger = dir.join("ledger");
        (feeds.lines().any(|line| line == feed) && ledger.join("db").exists()).then_some(ledger)
    })
}

/// How many files; nothing where the ledger is too large.
fn count(dir: &Path, feed: &str) -> Result<Option<u64>, String> {
    let bytes: u64 =
        FILES.iter().filter_map(|file| fs::metadata(dir.join(file)).ok()).map(|data| data.len()).sum();
    if bytes > BYTES_MAX {
        return Ok(None);
    }
    let copy = Copy::of(dir).map_err(|error| error.to_string())?;
    let (store, aside) = SledKv::open(&copy.0).map_err(|error| crate::telemetry::causes(&error))?;
    if aside.is_some() {
        return Err("it is being written".to_owned());
    }
    Ledger::new(std::sync::Arc::new(store))
        .files(feed)
        .map(Some)
        .map_err(|error| crate::telemetry::causes(&error))
}

/// A copy that only this user can read, and that is gone in the end.
struct Copy(PathBuf);

impl Copy {
    fn of(dir: &Path) -> io::Result<Self> {
        let path = std::env::temp_dir().join(format!("musubi-doctor-{:032x}", rand::random::<u128>()));
        fs::DirBuilder::new().mode(0o700).create(&path)?;
        let copy = Self(path);
        for file in FILES {
            fs::copy(dir.join(file), copy.0.join(file))?;
        }
        Ok(copy)
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}
