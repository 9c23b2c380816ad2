//! The registry as an operator sees it: what files say, what is known, and what is entered.

mod log;
pub mod records;
pub mod suggest;

use std::fs;
use std::io;
use std::path::Path;

use jiff::Timestamp;

use crate::config::Config;
use crate::pipeline::files;
use crate::registry::csv::{self, Import, Reading};
use crate::registry::{Entry, Fact, Registry};

pub use log::{SubmitError, Submitted, submit, view};

/// Reads a CSV file, or all of a folder.
///
/// # Errors
///
/// The folder or a file can't be read.
pub fn read(config: &Config, path: &Path, now: Timestamp) -> io::Result<Import> {
    let files = if path.is_dir() { files(path)? } else { vec![file(path)?] };
    Ok(csv::read(&files, &Reading { zone: config.hub.timezone.clone(), now }))
}

fn file(path: &Path) -> io::Result<(String, Vec<u8>)> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok((name, fs::read(path)?))
}

/// The registry that a message would be asked about: the hub's own, or what its next start imports where there is none
/// yet.
///
/// # Errors
///
/// The log or the files can't be read, or RabbitMQ is away.
pub fn asked(config: &Config, now: Timestamp) -> Result<Registry, SubmitError> {
    let mut registry = view(config)?;
    if let (0, Some(folder)) = (registry.revision(), &config.hub.registry_import) {
        let unreadable = |source| SubmitError::Files { path: folder.clone(), source };
        let import = read(config, folder, now).map_err(unreadable)?;
        import.entries.into_iter().for_each(|entry| registry.apply(entry));
    }
    Ok(registry)
}

/// Entries for facts that somebody enters now.
pub fn entries(facts: impl IntoIterator<Item = Fact>, who: &str, why: &str, now: Timestamp) -> Vec<Entry> {
    let entry = |fact| Entry { recorded_at: now, who: who.to_owned(), why: why.to_owned(), fact };
    facts.into_iter().map(entry).collect()
}
