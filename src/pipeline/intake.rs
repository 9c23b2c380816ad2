//! What the sources of a feed hold now, as the feed would accept it, without taking it in.
//!
//! The feed itself is at work, on a broker that only listens and a ledger of its own that is thrown away: nothing is
//! published, no dropped file moves, and the hub's queues and ledger are not touched.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::sync::{mpsc, watch};

use super::original::Original;
use crate::broker::{Broker, BrokerError, Consumer, Delivery, Publication, QueueName};
use crate::clock::Clock;
use crate::envelope::{Envelope, Format, Lane};
use crate::ingest::{After, Feed, FeedSettings, IngestError, Source};
use crate::manifest::Manifest;
use crate::store::{ClaimError, Claims, Ledger, SledKv, StoreError};

/// How far the feed's clock is ahead, so that it waits for no file to stand still.
const AHEAD: Duration = Duration::from_secs(24 * 3600);
/// Pause between two passes over a folder with more files than one listing gives.
const POLL: Duration = Duration::from_millis(1);
/// How long the work on files may take to notice that nobody listens any more.
const GRACE: Duration = Duration::from_secs(1);
/// Where a drop folder keeps what was taken.
const DONE: &str = ".done";

/// Why a feed's sources can't be read.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// The feed.
    #[error(transparent)]
    Feed(#[from] IngestError),
    /// The ledger that is thrown away.
    #[error("the ledger of this reading can't be kept")]
    Ledger(#[from] StoreError),
    /// What is too large for a message, kept for as long as it is read.
    #[error("what is too large for a message can't be kept")]
    Claims(#[from] ClaimError),
    /// The folder of this reading.
    #[error("{} can't be made", path.display())]
    Scratch {
        /// Folder.
        path: PathBuf,
        /// Cause.
        #[source]
        source: io::Error,
    },
    /// The threads.
    #[error("the work can't begin")]
    Runtime(#[source] io::Error),
}

/// A feed that is read.
pub struct Intake<'a> {
    /// What it is told.
    pub settings: FeedSettings,
    /// Parallel strands of the hub's ingest queue.
    pub lanes: u16,
    /// A folder in which a temporary one can be made; patients' data lie there while they are read.
    pub data_dir: &'a Path,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl Intake<'_> {
    /// Gives every message to `take` until that has had enough. What drop folders hold is read, and what was moved away
    /// within them.
    ///
    /// # Errors
    /// The sources can't be read.
    pub fn each(self, take: &mut dyn FnMut(Envelope, Original) -> bool) -> Result<(), IntakeError> {
        let scratch = Scratch::make(self.data_dir)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(IntakeError::Runtime)?;
        let empty = scratch.0.join("empty");
        let taken = taken(&self.settings, &empty);
        let mut read = runtime.block_on(self.read(as_it_stands(self.settings.clone()), &scratch.0, take));
        if let (Ok(true), Some(settings)) = (&read, taken) {
            let made = fs::create_dir_all(&empty);
            made.map_err(|source| IntakeError::Scratch { path: empty, source })?;
            read = runtime.block_on(self.read(settings, &scratch.0.join("taken"), take));
        }
        runtime.shutdown_timeout(GRACE);
        read.map(|_| ())
    }

    /// One reading to its end, unless `take` has had enough: then false.
    async fn read(
        &self,
        settings: FeedSettings,
        dir: &Path,
        take: &mut dyn FnMut(Envelope, Original) -> bool,
    ) -> Result<bool, IntakeError> {
        let (store, _) = SledKv::open(&dir.join("ledger"))?;
        let claims = Claims::new(dir.join("claims"));
        let (sender, mut batches) = mpsc::channel(1);
        let (_run, stop) = watch::channel(false);
        let clock = Arc::new(Ahead(self.clock.clone()));
        let broker: Arc<dyn Broker> = Arc::new(Listening(sender));
        let ledger = Ledger::new(Arc::new(store));
        let mut feed = Feed::open(settings, self.lanes, broker, ledger, claims.clone(), clock).await?;
        let reading = feed.drain(stop);
        tokio::pin!(reading);
        let mut ended = false;
        while !ended || !batches.is_empty() {
            let batch = tokio::select! {
                biased;
                Some(batch) = batches.recv() => batch,
                read = &mut reading, if !ended => {
                    read?;
                    ended = true;
                    continue;
                }
            };
            for publication in batch {
                if !hand_on(publication, &claims, dir, take).await? {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }
}

/// Gives one message to `take`.
async fn hand_on(
    publication: Publication,
    claims: &Claims,
    dir: &Path,
    take: &mut dyn FnMut(Envelope, Original) -> bool,
) -> Result<bool, IntakeError> {
    let Publication { envelope, body, .. } = publication;
    let delivery = Delivery { sequence: 0, redelivered: false, envelope, body };
    let loaded = Original::load(claims, &delivery, true).await?;
    let mut envelope = delivery.envelope;
    let original = match loaded {
        Ok(original) => original,
        Err(fault) => {
            envelope.fault = Some(fault);
            Original::from(delivery.body)
        }
    };
    if envelope.format == Format::Document {
        forget_files(&original, dir);
    }
    Ok(take(envelope, original))
}

/// Removes copies of a document's files that nobody reads: images may be as large as the disk.
fn forget_files(original: &Original, dir: &Path) {
    let Ok(manifest) = Manifest::from_bytes(&original.body) else { return };
    let main = manifest.main().map(|file| file.hash.clone());
    for file in manifest.files.iter().filter(|file| Some(&file.hash) != main.as_ref()) {
        let shard = file.hash.get(..2).unwrap_or_default();
        // The whole folder goes in the end; this only keeps it small.
        let _left = fs::remove_file(dir.join("claims").join(shard).join(&file.hash)).is_err();
    }
}

/// The same feed, changing nothing and waiting for nothing.
fn as_it_stands(mut settings: FeedSettings) -> FeedSettings {
    settings.listeners.clear();
    for source in &mut settings.sources {
        match source {
            Source::Ssmix2 { poll, .. } => *poll = POLL,
            Source::Hl7Files { after, poll, .. } | Source::Checkup { after, poll, .. } => {
                (*after, *poll) = (After::Keep, POLL);
            }
        }
    }
    settings
}

/// What the feed moved away within its drop folders; all other sources are empty, so that each keeps its name.
fn taken(settings: &FeedSettings, empty: &Path) -> Option<FeedSettings> {
    let mut taken = as_it_stands(settings.clone());
    let mut any = false;
    for (source, was) in taken.sources.iter_mut().zip(&settings.sources) {
        let moves = |after: &After, path: &Path| *after == After::Move && path.join(DONE).is_dir();
        match (source, was) {
            (
                Source::Hl7Files { path, .. } | Source::Checkup { path, .. },
                Source::Hl7Files { after, path: was, .. } | Source::Checkup { after, path: was, .. },
            ) if moves(after, was) => {
                *path = was.join(DONE);
                any = true;
            }
            (Source::Hl7Files { path, .. } | Source::Checkup { path, .. }, _) => {
                path.clone_from(&empty.to_owned())
            }
            (Source::Ssmix2 { standard, transaction, extension, index, .. }, _) => {
                empty.clone_into(standard);
                (*transaction, *extension, *index) = (None, None, None);
            }
        }
    }
    any.then_some(taken)
}

/// A clock that is ahead of another.
struct Ahead(Arc<dyn Clock>);

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        self.0.now().saturating_add(AHEAD).unwrap_or(Timestamp::MAX)
    }
}

/// A broker that passes on what is published, and keeps nothing.
struct Listening(mpsc::Sender<Vec<Publication>>);

#[async_trait]
impl Broker for Listening {
    async fn declare(&self, _: &QueueName) -> Result<(), BrokerError> {
        Ok(())
    }

    async fn publish(&self, batch: Vec<Publication>) -> Result<(), BrokerError> {
        self.0.send(batch).await.map_err(|_| BrokerError::Closed)
    }

    async fn consume(&self, _: &QueueName, _: Lane) -> Result<Box<dyn Consumer>, BrokerError> {
        Ok(Box::new(Silent))
    }

    async fn depth(&self, _: &QueueName) -> Result<u64, BrokerError> {
        Ok(0)
    }

    async fn peek(&self, _: &QueueName, _: Lane, _: usize) -> Result<Vec<Delivery>, BrokerError> {
        Ok(Vec::new())
    }
}

/// A consumer to whom nothing comes.
struct Silent;

#[async_trait]
impl Consumer for Silent {
    async fn receive(&mut self, _: usize) -> Result<Vec<Delivery>, BrokerError> {
        std::future::pending().await
    }

    async fn settle(&mut self, _: usize, _: Vec<Publication>) -> Result<(), BrokerError> {
        Ok(())
    }

    async fn skip(&mut self, _: usize) -> Result<(), BrokerError> {
        Ok(())
    }
}

/// A folder that is removed in the end.
struct Scratch(PathBuf);

impl Scratch {
    /// Below the data folder, which is protected as patients' data need it; made where it is not there yet.
    fn make(data_dir: &Path) -> Result<Self, IntakeError> {
        let path = data_dir.join(format!("reading-{}-{:08x}", process::id(), rand::random::<u32>()));
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&path);
        made.map_err(|source| IntakeError::Scratch { path: path.clone(), source })?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            tracing::warn!(folder = %self.0.display(), %error, "a temporary folder is left: remove it");
        }
    }
}
