//! The registry as an operator sees it: what files say, what is known, and what is entered.

pub mod api;
mod log;
pub mod records;
pub mod suggest;

use std::fs;
use std::io;
use std::path::Path;

use jiff::Timestamp;

use crate::config::Config;
use crate::registry::csv::{self, Import, Reading};
use crate::registry::{Entry, Fact};

pub use log::{SubmitError, Submitted, submit, view};

/// Reads a CSV file, or all of a folder.
///
/// # Errors
///
/// The folder or a file can't be read.
pub fn read(config: &Config, path: &Path, now: Timestamp) -> io::Result<Import> {
    let mut files = Vec::new();
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            let path = entry?.path();
            if path.is_file()
                && path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"))
            {
                files.push(file(&path)?);
            }
        }
        files.sort_unstable();
    } else {
        files.push(file(path)?);
    }
    Ok(csv::read(&files, &Reading { zone: config.hub.timezone.clone(), now }))
}

fn file(path: &Path) -> io::Result<(String, Vec<u8>)> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok((name, fs::read(path)?))
}

/// Entries for facts that somebody enters now.
pub fn entries(facts: impl IntoIterator<Item = Fact>, who: &str, why: &str, now: Timestamp) -> Vec<Entry> {
    let entry = |fact| Entry { recorded_at: now, who: who.to_owned(), why: why.to_owned(), fact };
    facts.into_iter().map(entry).collect()
}
