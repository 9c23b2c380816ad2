//! The bytes of a message of the history: in its feed's own folders, and in the copies of them.

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::super::inspect::read;
use crate::config::Config;
use crate::deliver::Kind;

/// Files that are looked into.
const FILES_MAX: usize = 20_000;
/// Bytes that are read at most.
const BYTES_MAX: u64 = 4 << 30;

/// Where the bytes were looked for.
#[derive(Debug, Default, Serialize)]
pub struct Search {
    /// The file that holds them.
    pub found: Option<PathBuf>,
    /// The folders that were looked through.
    pub folders: Vec<PathBuf>,
    /// How many files were looked into.
    pub files: usize,
    /// Whether that was all of them.
    pub complete: bool,
}

/// Looks for the file whose bytes, or one message of which, have that hash; `named` is looked at alone.
pub(super) fn find(config: &Config, feed: &str, id: &str, hash: &str, named: Option<&Path>) -> Search {
    if let Some(path) = named {
        let found = holds(path, hash).then(|| path.to_owned());
        return Search { found, folders: vec![path.to_owned()], files: 1, complete: true };
    }
    let copies = config.subscribers.iter().filter_map(|subscriber| match &subscriber.deliver {
        Kind::Ssmix2 { path } => Some(path.clone()),
        _ => None,
    });
    let feed = config.feeds.iter().map(|feed| &feed.settings).find(|known| known.name == feed);
    let facility = feed.map(|feed| feed.facility.clone()).unwrap_or_default();
    let copies: Vec<_> = copies.map(|path| path.join(&facility)).filter(|path| path.is_dir()).collect();
    // A message that was not a file of a storage lies in a copy under its id.
    let mut by_id = copies.iter().filter_map(|copy| under_id(copy, id));
    if let Some(found) = by_id.find(|path| holds(path, hash)) {
        return Search { found: Some(found), folders: copies, files: 1, complete: true };
    }
    let roots = feed.into_iter().flat_map(|feed| &feed.sources).flat_map(|source| source.roots());
    let folders: Vec<_> = roots.map(Path::to_owned).chain(copies).collect();
    walk(folders, hash)
}

/// `<copy>/<source>.messages/<first two digits>/<id>.hl7`
fn under_id(copy: &Path, id: &str) -> Option<PathBuf> {
    let entries = fs::read_dir(copy).ok()?.flatten().map(|entry| entry.path());
    let messages = entries.filter(|path| path.extension().is_some_and(|extension| extension == "messages"));
    let mut files = messages.map(|path| path.join(id.get(..2).unwrap_or_default()).join(format!("{id}.hl7")));
    files.find(|path| path.is_file())
}

fn walk(folders: Vec<PathBuf>, hash: &str) -> Search {
    let mut waiting: VecDeque<_> = folders.iter().cloned().collect();
    let mut search = Search { folders, complete: true, ..Search::default() };
    let mut bytes = 0;
    while let Some(path) = waiting.pop_front() {
        // What can't be listed holds nothing that could be shown.
        let Ok(entries) = fs::read_dir(&path) else { continue };
        for entry in entries.flatten() {
            // No link is followed: it may lead round in a circle.
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() {
                waiting.push_back(entry.path());
            } else if kind.is_file() {
                bytes += entry.metadata().map_or(0, |file| file.len());
                if search.files == FILES_MAX || bytes > BYTES_MAX {
                    return Search { complete: false, ..search };
                }
                search.files += 1;
                if holds(&entry.path(), hash) {
                    return Search { found: Some(entry.path()), ..search };
                }
            }
        }
    }
    search
}

/// Whether a file's bytes, or those of one of its messages, have that hash.
fn holds(path: &Path, hash: &str) -> bool {
    let is = |bytes: &[u8]| blake3::hash(bytes).to_hex().as_str() == hash;
    let Ok(bytes) = read(path) else { return false };
    is(&bytes) || hl7v2::split(&bytes).parts.into_iter().filter_map(|part| bytes.get(part)).any(is)
}
