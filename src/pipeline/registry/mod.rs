//! The registry as a process keeps it: a log of entries, and the view that is its fold.
//!
//! On the embedded broker the log in the data folder is the registry. On RabbitMQ the entries are events in a stream
//! that every process follows ([`stream`]), and the log is this process' own copy of it, on its own disk, because a
//! stream is not synchronised to disk before it is confirmed.
//!
//! A batch is checked, then durable, then seen: all of it at once. Whatever an answer rests on is durable before the
//! answer is given.

mod error;
mod import;
mod stream;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

pub use error::RegistryError;
pub use import::files;
use stream::Stream;

use crate::broker::BrokerError;
use crate::broker::rabbitmq::amqp::Amqp;
use crate::registry::{Entry, Registry, View};
use crate::store::{Log, LogError};

/// File of the registry, or of the first copy of it.
const FIRST: &str = "entries.log";
/// Processes on one machine, each with its own copy.
const COPIES_MAX: u16 = 64;
/// The hash over no entry.
const NOTHING: blake3::Hash = blake3::Hash::from_bytes([0; 32]);
/// How long a batch may take until it comes back by the stream.
const ROUND: Duration = Duration::from_secs(30);

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Taken {
    /// Entries that are new.
    pub new: usize,
    /// Entries that say what was known.
    pub known: usize,
    /// How many entries the registry has now.
    pub revision: u64,
}

/// A process' registry.
pub struct Register {
    view: View,
    log: Mutex<Log>,
    /// Hash over all entries in their order. Written together with the view, so that whoever reads it in between waits.
    chain: RwLock<blake3::Hash>,
    stream: Option<Stream>,
    /// Grows with what is seen.
    revision: watch::Sender<u64>,
    /// Whether everything is seen that was there when this process began.
    whole: watch::Sender<bool>,
}

impl Register {
    /// Where a process keeps it, below the data folder.
    pub fn folder(data_dir: &Path) -> PathBuf {
        data_dir.join("registry")
    }

    /// What the folder's first copy says, read while another process may have it.
    pub fn look(folder: &Path) -> Result<Registry, RegistryError> {
        let mut registry = Registry::default();
        read(&Log::look(&folder.join(FIRST))?)?.into_iter().for_each(|entry| registry.apply(entry));
        Ok(registry)
    }

    /// Opens the registry of a hub on the embedded broker. Nobody else can while it is open.
    pub fn open(folder: &Path) -> Result<Self, RegistryError> {
        let (log, records) = Log::open(&folder.join(FIRST))?;
        Self::with(log, &records, None)
    }

    /// Opens a copy of the registry that lies in a stream: the first copy that no other process has.
    pub fn follower(folder: &Path, amqp: Arc<dyn Amqp>) -> Result<Self, RegistryError> {
        let mut number = 1;
        loop {
            let name = if number == 1 { FIRST.to_owned() } else { format!("entries-{number}.log") };
            match Log::open(&folder.join(name)) {
                Err(LogError::Taken { .. }) if number < COPIES_MAX => number += 1,
                opened => {
                    let (log, records) = opened?;
                    return Self::with(log, &records, Some(Stream::new(amqp)));
                }
            }
        }
    }

    fn with(log: Log, records: &[String], stream: Option<Stream>) -> Result<Self, RegistryError> {
        let whole = watch::Sender::new(stream.is_none());
        let register = Self {
            view: View::default(),
            log: Mutex::new(log),
            chain: RwLock::new(NOTHING),
            stream,
            revision: watch::Sender::new(0),
            whole,
        };
        register.see(read(records)?);
        Ok(register)
    }

    /// What everybody else reads.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// Waits until everything is seen that was there when this process began.
    pub async fn when_whole(&self) {
        // Nobody drops the sender while this waits.
        drop(self.whole.subscribe().wait_for(|whole| *whole).await);
    }

    /// Changes whenever an answer may change: a hash of the entries in their order, and the last instant at which a
    /// record came into force or ended.
    pub(super) fn state(&self, now: Timestamp) -> String {
        let chain = self.chain.read().unwrap_or_else(PoisonError::into_inner);
        format!("{} {:?}", chain.to_hex(), self.view.read().epoch(now))
    }

    /// Takes a batch in, whole or not at all: returns when it is durable and seen.
    pub async fn submit(self: &Arc<Self>, entries: Vec<Entry>) -> Result<Taken, RegistryError> {
        match &self.stream {
            None => {
                let register = Arc::clone(self);
                spawn_blocking(move || register.take(entries)).await.map_err(RegistryError::Failed)?
            }
            Some(stream) => {
                timeout(ROUND, self.when_whole()).await.map_err(|_| RegistryError::Behind)?;
                self.send(stream, entries).await
            }
        }
    }

    /// The same at once, on the embedded broker.
    pub fn take(&self, entries: Vec<Entry>) -> Result<Taken, RegistryError> {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let asked = entries.len();
        let new = self.admit(entries)?;
        let taken = new.len();
        if !new.is_empty() {
            log.append(&written(&new)?)?;
            self.see(new);
        }
        Ok(self.taken(taken, asked))
    }

    async fn send(&self, stream: &Stream, entries: Vec<Entry>) -> Result<Taken, RegistryError> {
        let asked = entries.len();
        let new = self.admit(entries)?;
        if !new.is_empty() {
            let mut revision = self.revision.subscribe();
            stream.publish(&new).await?;
            let seen = revision.wait_for(|_| new.iter().all(|entry| is_known(&self.view.read(), entry)));
            let what = "its stream took entries that do not come back".to_owned();
            timeout(ROUND, seen)
                .await
                .map_err(|_| BrokerError::Away { what })?
                .map_err(|_| BrokerError::Closed)?;
        }
        Ok(self.taken(new.len(), asked))
    }

    fn taken(&self, new: usize, asked: usize) -> Taken {
        Taken { new, known: asked - new, revision: self.view.read().revision() }
    }

    /// What of a batch is new; refuses a batch in which anything must not be said.
    fn admit(&self, entries: Vec<Entry>) -> Result<Vec<Entry>, RegistryError> {
        let registry = self.view.read();
        registry.check(&entries).map_err(RegistryError::Refused)?;
        Ok(registry.news(entries))
    }

    /// Shows entries to everybody who reads the view.
    fn see(&self, entries: Vec<Entry>) {
        let mut chain = self.chain.write().unwrap_or_else(PoisonError::into_inner);
        *chain = entries.iter().fold(*chain, linked);
        self.view.extend(entries);
        self.revision.send_replace(self.view.read().revision());
    }

    /// Shows these entries, in this order, instead of all before.
    fn see_instead(&self, registry: Registry, order: blake3::Hash) {
        let mut chain = self.chain.write().unwrap_or_else(PoisonError::into_inner);
        if *chain != order {
            *chain = order;
            self.view.replace(registry);
            self.revision.send_replace(self.view.read().revision());
        }
    }

    /// Makes this process' own copy of entries durable.
    fn keep(&self, entries: &[Entry]) -> Result<(), RegistryError> {
        if entries.is_empty() {
            return Ok(());
        }
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(log.append(&written(entries)?)?)
    }

    /// This process' own copy.
    fn kept(&self) -> Result<Vec<Entry>, RegistryError> {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        read(&log.records()?)
    }
}

/// Whether that very entry is in the registry.
fn is_known(registry: &Registry, entry: &Entry) -> bool {
    registry.history(&entry.fact.record_id()).contains(entry)
}

/// The same entries without repeats.
fn once(entries: impl Iterator<Item = Entry>) -> Vec<Entry> {
    let mut seen = HashSet::new();
    entries.filter(|entry| seen.insert(linked(NOTHING, entry))).collect()
}

/// The hash over these entries in their order.
fn chain(entries: &[Entry]) -> blake3::Hash {
    entries.iter().fold(NOTHING, linked)
}

/// The hash over all entries up to this one.
fn linked(chain: blake3::Hash, entry: &Entry) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(chain.as_bytes());
    if serde_json::to_writer(&mut hasher, entry).is_err() {
        // What can't be written is in no log; should it be seen all the same, it is told by its record.
        hasher.update(entry.fact.record_id().0.as_bytes());
    }
    hasher.finalize()
}

fn written(entries: &[Entry]) -> Result<String, RegistryError> {
    serde_json::to_string(entries).map_err(RegistryError::Json)
}

/// All entries of a log.
fn read(records: &[String]) -> Result<Vec<Entry>, RegistryError> {
    let mut entries = Vec::new();
    for record in records {
        entries.extend(serde_json::from_str::<Vec<Entry>>(record).map_err(RegistryError::Json)?);
    }
    Ok(entries)
}
