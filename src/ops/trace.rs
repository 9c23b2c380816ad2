//! A message's way, from the history: decided, delivered, parked, given up.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::config::Config;
use crate::envelope::{Fault, Identifying};
use crate::pipeline::Pseudonyms;
pub use crate::store::history::{Act, CopyFate, Decision, Denied, Granted, Step, What};
use crate::store::{day_log::day_files, history::HISTORY};

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// The message of that id.
    Message(String),
    /// All messages about a patient: facility, and the id there.
    Patient(String, Identifying),
    /// The messages of a file, by its bytes.
    File(PathBuf),
}

/// The way of one message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Way {
    /// Its id.
    pub id: String,
    /// Its steps, in the order of time.
    pub steps: Vec<Step>,
}

/// Why nothing can be told.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// The history can't be read.
    #[error("{} can't be read", path.display())]
    History {
        /// File or folder.
        path: PathBuf,
        /// Cause.
        #[source]
        source: io::Error,
    },
    /// The secret that a patient's stand-in is made with.
    #[error("the secret {} can't be read: without it nobody knows a patient in the history", path.display())]
    Secret {
        /// File.
        path: PathBuf,
        /// Cause.
        #[source]
        source: io::Error,
    },
    /// The file that was named.
    #[error("{place}: {reason}")]
    File {
        /// File.
        place: String,
        /// What is the matter.
        reason: String,
    },
}

/// What a decision is known by.
enum Key {
    Ids(HashSet<String>),
    Patient(Identifying),
    Hashes(HashSet<String>),
}

/// The ways of the messages that are wanted, in the order in which they were first met. The whole history is read.
///
/// # Errors
/// If the history, the secret or the file can't be read.
pub fn trace(config: &Config, wanted: &Wanted) -> Result<Vec<Way>, TraceError> {
    let dir = config.hub.data_dir.join(HISTORY);
    let key = match wanted {
        Wanted::Message(id) => Key::Ids(HashSet::from([id.clone()])),
        Wanted::Patient(facility, id) => {
            let path = &config.hub.pseudonym_key;
            let secret = Pseudonyms::read(path);
            let secret = secret.map_err(|source| TraceError::Secret { path: path.clone(), source })?;
            Key::Patient(secret.of(facility, id))
        }
        Wanted::File(path) => Key::Hashes(hashes(path)?),
    };
    let files = day_files(&dir).map_err(|source| TraceError::History { path: dir, source })?;
    let ids = match key {
        Key::Ids(ids) => ids,
        key => {
            let mut ids = HashSet::new();
            each(&files, |step| {
                if matches!(&step.what, What::Decided(decision) if key.is_of(decision)) {
                    ids.insert(step.id);
                }
            })?;
            ids
        }
    };
    ways(&files, &ids)
}

impl Key {
    fn is_of(&self, decision: &Decision) -> bool {
        match self {
            Self::Ids(_) => false,
            Self::Patient(patient) => decision.patient.as_ref() == Some(patient),
            Self::Hashes(hashes) => hashes.contains(&decision.hash),
        }
    }
}

fn ways(files: &[PathBuf], ids: &HashSet<String>) -> Result<Vec<Way>, TraceError> {
    let mut ways: Vec<Way> = Vec::new();
    each(files, |step| {
        if !ids.contains(&step.id) {
            return;
        }
        match ways.iter_mut().find(|way| way.id == step.id) {
            Some(way) => way.steps.push(step),
            None => ways.push(Way { id: step.id.clone(), steps: vec![step] }),
        }
    })?;
    // Files of several processes lie side by side.
    ways.iter_mut().for_each(|way| way.steps.sort_by_key(|step| step.at));
    Ok(ways)
}

/// Every whole line of the files.
fn each(files: &[PathBuf], mut take: impl FnMut(Step)) -> Result<(), TraceError> {
    for path in files {
        let failed = |source| TraceError::History { path: path.clone(), source };
        for line in BufReader::new(File::open(path).map_err(failed)?).split(b'\n') {
            // A line that a power cut tore says nothing.
            if let Ok(step) = serde_json::from_slice(&line.map_err(failed)?) {
                take(step);
            }
        }
    }
    Ok(())
}

/// The hashes under which the messages of a file are known: of the whole file, and of each message in it.
fn hashes(path: &Path) -> Result<HashSet<String>, TraceError> {
    let failed = |Fault { place, reason, .. }| TraceError::File { place, reason };
    let bytes = super::inspect::read(path).map_err(failed)?;
    let parts = hl7v2::split(&bytes).parts.into_iter().filter_map(|part| bytes.get(part));
    Ok(parts.chain([bytes.as_slice()]).map(|bytes| blake3::hash(bytes).to_hex().to_string()).collect())
}
