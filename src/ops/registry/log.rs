//! The registry's log of this configuration.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::PathBuf;

use crate::config::Config;
use crate::registry::{Entry, Refusal, Registry};

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Submitted {
    /// Entries that were new.
    pub new: usize,
    /// Entries that said nothing new, and were passed over.
    pub known: usize,
    /// How many entries the log has now.
    pub revision: u64,
}

/// Why nothing of a batch was taken.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// Something in it must not be said.
    #[error("{} of the entries can't be taken", .0.len())]
    Refused(Vec<Refusal>),
    /// The log can't be read or written.
    #[error("the registry's log can't be used")]
    Log(#[source] io::Error),
}

/// The registry as it stands.
///
/// # Errors
///
/// The log can't be read.
pub fn view(config: &Config) -> Result<Registry, SubmitError> {
    let text = match fs::read_to_string(path(config)) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        Err(error) => return Err(SubmitError::Log(error)),
    };
    let mut registry = Registry::default();
    for line in text.lines() {
        let entry: Entry = serde_json::from_str(line).map_err(|error| SubmitError::Log(error.into()))?;
        registry.apply(entry);
    }
    Ok(registry)
}

/// Enters a batch, whole or not at all: it is durable then.
///
/// # Errors
///
/// An entry is refused, or the log can't be written.
pub fn submit(config: &Config, batch: Vec<Entry>) -> Result<Submitted, SubmitError> {
    let registry = view(config)?;
    registry.check(&batch).map_err(SubmitError::Refused)?;
    let asked = batch.len();
    let news = registry.news(batch);
    let mut lines = Vec::new();
    for entry in &news {
        serde_json::to_writer(&mut lines, entry).map_err(|error| SubmitError::Log(error.into()))?;
        lines.push(b'\n');
    }
    append(config, &lines).map_err(SubmitError::Log)?;
    let revision = registry.revision() + news.len() as u64;
    Ok(Submitted { new: news.len(), known: asked - news.len(), revision })
}

fn append(config: &Config, lines: &[u8]) -> io::Result<()> {
    fs::create_dir_all(&config.hub.data_dir)?;
    let mut file = File::options().create(true).append(true).open(path(config))?;
    file.write_all(lines)?;
    file.sync_all()
}

fn path(config: &Config) -> PathBuf {
    config.hub.data_dir.join("registry.ndjson")
}
