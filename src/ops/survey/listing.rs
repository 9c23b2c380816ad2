//! Folders, listed within a budget.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::Path;

use super::budget::Budget;

/// Names of one folder that are looked at.
const NAMES_MAX: usize = 20_000;

/// A name in a folder. Links, sockets and devices are no entries: a feed passes over them too.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: OsString,
    pub(crate) is_folder: bool,
}

/// The entries of a folder by name, as many as the budget allows.
pub(crate) fn listed(folder: &Path, budget: &mut Budget<'_>) -> io::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entries.len() == NAMES_MAX {
            budget.leave_out();
            break;
        }
        let kind = entry.file_type()?;
        if kind.is_dir() || kind.is_file() {
            entries.push(Entry { name: entry.file_name(), is_folder: kind.is_dir() });
        }
        if !budget.take() {
            break;
        }
    }
    entries.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    Ok(entries)
}

/// The same, in an order that has nothing to do with the names: what is seen first is spread over the folder.
pub(crate) fn shuffled(folder: &Path, budget: &mut Budget<'_>) -> io::Result<Vec<Entry>> {
    let mut entries = listed(folder, budget)?;
    entries.sort_by_cached_key(|entry| *blake3::hash(entry.name.as_encoded_bytes()).as_bytes());
    Ok(entries)
}

/// Whether feeds pass over the name.
pub(crate) fn is_hidden(entry: &Entry) -> bool {
    entry.name.as_encoded_bytes().starts_with(b".")
}
