//! The configuration in force: a copy of what the hub last began to work with, beside its queues. Comparisons look there
//! for what a new configuration is about to replace.
//!
//! ```text
//! <data_dir>/config/current          hash of the one in force
//! <data_dir>/config/<hash>/          hub.toml, routes.toml, feeds/, tables/
//! <data_dir>/config/<hash>/kept.json when it was kept, and from where
//! ```
//! A copy is there whole or not at all. Relative paths in it are relative to the folder that it was read from. Secrets are
//! in files that the configuration only names, so that none is copied.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::config::{Config, Fault};

/// Folder of the copies in the data folder.
const CONFIG: &str = "config";
/// File with the hash of the copy in force.
const CURRENT: &str = "current";
/// File of a copy that tells of it.
const KEPT: &str = "kept.json";
/// Copies that are kept besides the one in force.
const COPIES_MAX: usize = 20;

/// A copy of a configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// BLAKE3 of its files' names and texts, 64 hexadecimal digits.
    pub hash: String,
    /// When it last came into force.
    pub at: Timestamp,
    /// The folder that it was read from.
    pub folder: PathBuf,
}

/// Why a configuration can't be kept or read back.
#[derive(Debug, thiserror::Error)]
pub enum InForceError {
    /// Disk full, no permission, I/O error.
    #[error("the copy of the configuration at {} can't be kept or read", path.display())]
    Io {
        /// File or folder.
        path: PathBuf,
        /// Cause.
        #[source]
        source: io::Error,
    },
    /// What lies there is not what was kept.
    #[error(
        "the copy of the configuration at {} was changed or is damaged: restart the hub, which keeps it anew",
        path.display()
    )]
    Damaged {
        /// File or folder.
        path: PathBuf,
    },
    /// No copy, or several, have a hash that begins so.
    #[error("{found} copies of the configuration have a hash that begins with \"{hash}\": {known}")]
    NotOne {
        /// What was asked for.
        hash: String,
        /// How many there are.
        found: usize,
        /// The hashes that there are.
        known: String,
    },
}

/// Keeps a configuration, as what is in force from `at` on. It is durable then. Processes that start together do so one
/// after the other.
///
/// # Errors
/// If it can't be written; what was in force before is still told to be.
pub fn keep(config: &Config, at: Timestamp) -> Result<Kept, InForceError> {
    let top = config.hub.data_dir.join(CONFIG);
    let folder = std::path::absolute(&config.folder);
    let folder = folder.map_err(|source| InForceError::Io { path: config.folder.clone(), source })?;
    let kept = Kept { hash: config.hash.clone(), at, folder };
    let copy = top.join(&kept.hash);
    let io = |path: &Path| {
        let path = path.to_owned();
        move |source| InForceError::Io { path, source }
    };
    make(&top).map_err(io(&top))?;
    let alone = File::open(&top).map_err(io(&top))?;
    alone.lock().map_err(io(&top))?;
    if !is_whole(&copy, &kept.hash) {
        write(config, &top, &copy).map_err(io(&copy))?;
    }
    let about = serde_json::to_vec_pretty(&kept).map_err(|error| io(&copy)(error.into()))?;
    replace(&copy, KEPT, &about).map_err(io(&copy))?;
    replace(&top, CURRENT, kept.hash.as_bytes()).map_err(io(&top))?;
    forget(&top, &kept.hash)?;
    Ok(kept)
}

/// The configuration in force; none before the hub ran for the first time.
///
/// # Errors
/// If it can't be read, or is no longer what was kept.
pub fn current(data_dir: &Path) -> Result<Option<Kept>, InForceError> {
    let path = data_dir.join(CONFIG).join(CURRENT);
    match fs::read_to_string(&path) {
        Ok(hash) => about(&data_dir.join(CONFIG).join(hash.trim())).map(Some),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(InForceError::Io { path, source }),
    }
}

/// All copies, the latest first.
///
/// # Errors
/// If they can't be read.
pub fn list(data_dir: &Path) -> Result<Vec<Kept>, InForceError> {
    copies(&data_dir.join(CONFIG))
}

/// The one copy whose hash begins so.
///
/// # Errors
/// If there is none or more than one, or they can't be read.
pub fn find(data_dir: &Path, hash: &str) -> Result<Kept, InForceError> {
    let copies = list(data_dir)?;
    let mut found: Vec<_> = copies.iter().filter(|kept| kept.hash.starts_with(hash)).cloned().collect();
    match found.pop() {
        Some(kept) if found.is_empty() => Ok(kept),
        last => {
            let known: Vec<_> = copies.iter().map(|kept| kept.hash.get(..12).unwrap_or_default()).collect();
            let found = found.len() + usize::from(last.is_some());
            Err(InForceError::NotOne { hash: hash.to_owned(), found, known: known.join(", ") })
        }
    }
}

impl Kept {
    /// Where its files lie.
    pub fn path(&self, data_dir: &Path) -> PathBuf {
        data_dir.join(CONFIG).join(&self.hash)
    }

    /// Loads it, as if from the folder that it was read from.
    ///
    /// # Errors
    /// If it is no longer what was kept.
    pub fn load(&self, data_dir: &Path) -> Result<(Option<Config>, Vec<Fault>), InForceError> {
        let path = self.path(data_dir);
        let (config, faults) = Config::load_copy(&path, &self.folder);
        if config.as_ref().is_some_and(|config| config.hash != self.hash) {
            return Err(InForceError::Damaged { path });
        }
        Ok((config, faults))
    }
}

fn make(dir: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

/// Whether a copy is there as it was kept.
fn is_whole(copy: &Path, hash: &str) -> bool {
    copy.join(KEPT).exists() && Config::load_copy(copy, copy).0.is_some_and(|config| config.hash == hash)
}

/// Writes a copy beside its place and moves it there.
fn write(config: &Config, top: &Path, copy: &Path) -> io::Result<()> {
    let new = top.join(format!("new-{}", process::id()));
    remove(&new)?;
    for (name, text) in config.files.iter() {
        let path = new.join(name);
        make(path.parent().unwrap_or(&new))?;
        put(&path, text.as_bytes())?;
    }
    remove(copy)?;
    fs::rename(&new, copy)?;
    File::open(top)?.sync_all()
}

fn remove(dir: &Path) -> io::Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Replaces a file, whole or not at all.
fn replace(dir: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let new = dir.join(format!("{name}.new-{}", process::id()));
    put(&new, bytes)?;
    fs::rename(&new, dir.join(name))?;
    File::open(dir)?.sync_all()
}

fn about(copy: &Path) -> Result<Kept, InForceError> {
    let path = copy.join(KEPT);
    let bytes = fs::read(&path).map_err(|source| InForceError::Io { path: path.clone(), source })?;
    serde_json::from_slice(&bytes).map_err(|_| InForceError::Damaged { path })
}

/// Those that are whole, the latest first.
fn copies(top: &Path) -> Result<Vec<Kept>, InForceError> {
    let failed = |source| InForceError::Io { path: top.to_owned(), source };
    let entries = match fs::read_dir(top) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    let mut copies = Vec::new();
    for entry in entries {
        let copy = entry.map_err(failed)?.path();
        if copy.join(KEPT).exists() {
            copies.push(about(&copy)?);
        }
    }
    copies.sort_unstable_by(|one, other| (other.at, &other.hash).cmp(&(one.at, &one.hash)));
    Ok(copies)
}

/// Removes the oldest copies.
fn forget(top: &Path, current: &str) -> Result<(), InForceError> {
    let old = copies(top)?.into_iter().filter(|kept| kept.hash != current).skip(COPIES_MAX);
    for kept in old {
        let path = top.join(&kept.hash);
        remove(&path).map_err(|source| InForceError::Io { path, source })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUTES: &str = "version = 1\n[[subscriber]]\nname = \"one\"\ndeliver = { kind = \"folder\" }\n";

    fn configured(folder: &Path, network: &str) -> Config {
        let hub =
            format!("version = 1\nnetwork = \"{network}\"\ntimezone = \"Asia/Tokyo\"\ndata_dir = \"var\"\n");
        fs::create_dir_all(folder.join("feeds")).unwrap();
        fs::write(folder.join("hub.toml"), hub).unwrap();
        fs::write(folder.join("routes.toml"), ROUTES).unwrap();
        let (config, faults) = Config::load(folder);
        config.unwrap_or_else(|| panic!("{faults:?}"))
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn what_is_kept_says_what_it_said_in_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let data_dir = folder.path().join("var");
        assert_eq!(current(&data_dir).unwrap(), None);
        let config = configured(folder.path(), "one");
        let kept = keep(&config, at(1)).unwrap();
        assert_eq!(current(&data_dir).unwrap(), Some(kept.clone()));
        fs::write(folder.path().join("routes.toml"), "version = 1\n").unwrap();
        let loaded = kept.load(&data_dir).unwrap().0.unwrap();
        assert_eq!(loaded.hub.data_dir, data_dir);
        assert_eq!(loaded.hash, config.hash);
        assert_eq!(loaded.subscribers.len(), 1);
    }

    #[test]
    fn the_last_one_is_in_force_and_earlier_ones_can_be_found() {
        let folder = tempfile::tempdir().unwrap();
        let data_dir = folder.path().join("var");
        let one = keep(&configured(folder.path(), "one"), at(1)).unwrap();
        let two = keep(&configured(folder.path(), "two"), at(2)).unwrap();
        assert_eq!(list(&data_dir).unwrap(), [two.clone(), one.clone()]);
        assert_eq!(find(&data_dir, one.hash.get(..8).unwrap()).unwrap(), one);
        assert!(matches!(find(&data_dir, ""), Err(InForceError::NotOne { found: 2, .. })));
        let again = keep(&configured(folder.path(), "one"), at(3)).unwrap();
        assert_eq!(current(&data_dir).unwrap(), Some(again.clone()));
        assert_eq!(list(&data_dir).unwrap(), [again, two]);
        for number in 0..30 {
            keep(&configured(folder.path(), &format!("n{number}")), at(10 + number)).unwrap();
        }
        assert_eq!(list(&data_dir).unwrap().len(), COPIES_MAX + 1);
    }

    #[test]
    fn those_who_start_together_all_keep_it() {
        let folder = tempfile::tempdir().unwrap();
        let data_dir = folder.path().join("var");
        let config = configured(folder.path(), "one");
        let together = std::sync::Barrier::new(8);
        for _ in 0..20 {
            remove(&data_dir).unwrap();
            std::thread::scope(|scope| {
                let start = |second| {
                    let (config, together) = (&config, &together);
                    scope.spawn(move || {
                        together.wait();
                        keep(config, at(second))
                    })
                };
                let started: Vec<_> = (0..8).map(start).collect();
                for thread in started {
                    thread.join().unwrap().unwrap();
                }
            });
            assert_eq!(current(&data_dir).unwrap().unwrap().hash, config.hash);
        }
    }

    #[test]
    fn a_copy_that_was_changed_is_refused_and_kept_anew() {
        let folder = tempfile::tempdir().unwrap();
        let data_dir = folder.path().join("var");
        let config = configured(folder.path(), "one");
        let kept = keep(&config, at(1)).unwrap();
        let routes = kept.path(&data_dir).join("routes.toml");
        fs::write(&routes, format!("{ROUTES}# changed\n")).unwrap();
        assert!(matches!(kept.load(&data_dir), Err(InForceError::Damaged { .. })));
        keep(&config, at(2)).unwrap();
        assert!(kept.load(&data_dir).unwrap().0.is_some());
    }
}
