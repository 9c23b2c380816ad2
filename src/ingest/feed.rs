//! A feed at work: runs passes over its sources, publishes what they find, keeps the ledger.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::spawn_blocking;

use super::claimed;
use super::context::{Context, FeedCounts};
use super::error::{Halt, IngestError};
use super::joins::{self, Joins};
use super::mllp::Listener;
use super::outbox::{Batch, Disposal, Outbox};
use super::read::stat;
use super::replay::Replay;
use super::settings::{self, FeedSettings, ListenerSettings, Source, labels, listener_label};
use super::source::SourceState;
use crate::broker::{Broker, BrokerError, Consumer, topology};
use crate::clock::Clock;
use crate::disposition::Disposition;
use crate::envelope::Lane;
use crate::store::ledger::Entries;
use crate::store::{Claims, Ledger, StoreError};
use crate::telemetry::causes;

/// Deliveries of `accepted.<feed>` that are read at once.
const CHUNK: usize = 256;
/// Entries after which the ledger is flushed in the middle of a pass.
const OPEN_MAX: usize = 5_000;
/// Time after which it is.
const FLUSH: Duration = Duration::from_secs(1);

/// How soon another pass makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// All that is there has been taken.
    Idle,
    /// A file is still being written, or may be.
    Waiting,
    /// The feed was told to stop.
    Stopped,
}

/// The adapter of one facility's files.
pub struct Feed {
    context: Arc<Context>,
    broker: Arc<dyn Broker>,
    /// Moved out while a pass is at work on it.
    sources: Vec<Option<SourceState>>,
    listeners: Vec<ListenerSettings>,
    poll: Duration,
    accepted: Option<Box<dyn Consumer>>,
    /// Deliveries of `accepted.<feed>` whose entries are in the ledger and not yet flushed.
    open: usize,
    flushed: Timestamp,
    /// Held while files are read.
    passes: Arc<Semaphore>,
}

impl Feed {
    /// Opens a feed and brings its ledger up to date. `lanes` is the number of lanes of the ingest queue.
    pub async fn open(
        settings: FeedSettings,
        lanes: u16,
        broker: Arc<dyn Broker>,
        ledger: Ledger,
        claims: Claims,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, IngestError> {
        let flushed = clock.now();
        let opened = Joins::open(&settings.facility, lanes, &settings.name, &ledger);
        let joins = opened.map_err(|source| IngestError::Ledger { feed: settings.name.clone(), source })?;
        let context = Arc::new(Context {
            accepted: topology::accepted(&settings.name),
            feed: settings.name,
            facility: settings.facility,
            lanes,
            bytes_max: settings.bytes_max,
            ledger,
            joins: Arc::new(joins),
            claims,
            clock,
            counts: Arc::default(),
            troubles: Mutex::new(HashSet::new()),
        });
        let labels = labels(&settings.sources).into_iter();
        let sources =
            labels.zip(&settings.sources).map(|(label, source)| SourceState::new(&context, label, source));
        let sources = sources.map(Some).collect();
        let poll = settings.sources.iter().map(Source::poll).min().unwrap_or(settings::POLL);
        let mut feed = Self {
            context,
            broker,
            sources,
            listeners: settings.listeners,
            poll,
            accepted: None,
            open: 0,
            flushed,
            passes: Arc::new(Semaphore::new(1)),
        };
        for queue in [topology::ingest(), feed.context.accepted.clone()] {
            feed.broker.declare(&queue).await.map_err(|error| feed.refused(error))?;
        }
        feed.recover().await?;
        feed.note_joins().await?;
        Ok(feed)
    }

    /// Lets only so many feeds read files at a time as `passes` has permits. A pass keeps a blocking thread, and
    /// needs another for the ledger: hundreds of feeds at once would take them all and wait for each other.
    #[must_use]
    pub fn taking_turns(self, passes: Arc<Semaphore>) -> Self {
        Self { passes, ..self }
    }

    /// Opens the feed's listeners, bound and not yet accepting. Each runs beside the feed, which is for files only.
    pub async fn listeners(&self) -> Result<Vec<Listener>, IngestError> {
        let mut listeners = Vec::with_capacity(self.listeners.len());
        for (index, settings) in self.listeners.iter().enumerate() {
            listeners.push(Listener::open(&self.context, index, settings, self.broker.clone()).await?);
        }
        Ok(listeners)
    }

    /// The feed's counters.
    pub fn counts(&self) -> Arc<FeedCounts> {
        self.context.counts.clone()
    }

    /// Takes all that is there, waiting for files that are still being written up to their limits, and returns.
    pub async fn drain(&mut self, mut stop: watch::Receiver<bool>) -> Result<(), IngestError> {
        while self.pass(&stop).await? == Pace::Waiting {
            if pause(self.poll, &mut stop).await {
                break;
            }
        }
        Ok(())
    }

    /// Takes what comes until it is told to stop. Returns early only for errors that going on would make worse.
    pub async fn watch(&mut self, mut stop: watch::Receiver<bool>) -> Result<(), IngestError> {
        loop {
            let began = self.context.clock.now();
            match self.pass(&stop).await {
                Ok(Pace::Stopped) => return Ok(()),
                Ok(Pace::Idle | Pace::Waiting) => self.context.counts.set_failing(None),
                Err(error) if error.disposition() == Disposition::Retry => {
                    self.context.counts.set_failing(Some(causes(&error)));
                    tracing::warn!(feed = %self.context.feed, error = &error as &dyn std::error::Error, "pass failed");
                }
                Err(error) => return Err(error),
            }
            // A tree so large that a pass outlasts the poll gets no more than half of the time.
            let lasted = self.since(began);
            if pause(self.poll.max(lasted), &mut stop).await {
                return Ok(());
            }
        }
    }

    /// One pass over all sources; at its end the ledger is flushed. Run to its end: a pass that is dropped in the
    /// middle leaves a feed that must be opened anew.
    pub async fn pass(&mut self, stop: &watch::Receiver<bool>) -> Result<Pace, IngestError> {
        if self.accepted.is_none() {
            self.recover().await?;
        }
        let mut pace = Pace::Idle;
        for index in 0..self.sources.len() {
            if *stop.borrow() {
                pace = Pace::Stopped;
                break;
            }
            if self.source(index, stop).await? {
                pace = Pace::Waiting;
            }
        }
        self.settle().await?;
        Ok(if *stop.borrow() { Pace::Stopped } else { pace })
    }

    /// One pass over one source; whether something is waited for.
    async fn source(&mut self, index: usize, stop: &watch::Receiver<bool>) -> Result<bool, IngestError> {
        let Some(mut source) = self.sources.get_mut(index).and_then(Option::take) else {
            return Err(self.ended());
        };
        let _turn = self.passes.clone().acquire_owned().await;
        let (sender, batches) = mpsc::channel(2);
        let context = self.context.clone();
        let work = spawn_blocking(move || {
            let result = source.pass(&context, &mut Outbox::new(sender));
            (source, result)
        });
        let published = self.publish_all(batches, stop).await;
        let (mut source, result) = work.await.map_err(|_| self.ended())?;
        source.end(published.is_ok() && result.is_ok());
        let source_label = source.label.clone();
        if let Some(place) = self.sources.get_mut(index) {
            *place = Some(source);
        }
        published?;
        let feed = self.context.feed.clone();
        match result {
            Ok(waits) => Ok(waits),
            Err(Halt::Stopped) => Ok(false),
            Err(Halt::Ledger(error)) => Err(self.failed(error)),
            Err(Halt::Claims(source)) => Err(IngestError::Claims { feed, source }),
            Err(Halt::Root(source)) => Err(IngestError::Source { feed, source_label, source }),
        }
    }

    async fn publish_all(
        &mut self,
        mut batches: mpsc::Receiver<Batch>,
        stop: &watch::Receiver<bool>,
    ) -> Result<(), IngestError> {
        while let Some(batch) = batches.recv().await {
            if *stop.borrow() {
                return Ok(());
            }
            self.publish(batch).await?;
            if self.open >= OPEN_MAX || self.open > 0 && self.since(self.flushed) >= FLUSH {
                self.settle().await?;
            }
        }
        Ok(())
    }

    /// Publishes a batch; once that is confirmed, notes it and does away with dropped files.
    async fn publish(&mut self, batch: Batch) -> Result<(), IngestError> {
        let Batch { publications, entries, disposals, done } = batch;
        let count = publications.len();
        let (shared, mut publications) = (self.context.joins.clone(), publications);
        let turn = shared.place(&mut publications, self.context.clock.now()).await;
        let publications = claimed::claim(&self.context, publications).await?;
        // Until the ledger shows it, what became of the batch is known only from `accepted.<feed>`.
        let accepted = self.accepted.take();
        if count > 0 {
            let (begun, traced) = (self.context.clock.now(), self.context.traced(&publications));
            self.broker.publish(publications).await.map_err(|error| self.refused(error))?;
            self.context.tell_accepted(count, traced, begun);
        }
        let joined = joins::entries(&self.context.feed, &turn.done());
        let ledger = self.context.ledger.clone();
        self.blocking(move |context| {
            ledger.write(joined)?;
            ledger.write(entries)?;
            dispose(context, disposals)
        })
        .await?;
        self.accepted = accepted;
        self.open += count;
        if let Some(done) = done {
            // If the file work no longer listens, nobody needs the answer.
            let _gone = done.send(()).is_err();
        }
        Ok(())
    }

    /// Flushes the ledger and settles the deliveries that it now covers.
    async fn settle(&mut self) -> Result<(), IngestError> {
        self.flushed = self.context.clock.now();
        let Some(mut accepted) = self.accepted.take() else { return Ok(()) };
        if self.open > 0 {
            self.blocking(|context| context.ledger.flush()).await?;
            accepted.skip(self.open).await.map_err(|error| self.refused(error))?;
        }
        self.open = 0;
        self.accepted = Some(accepted);
        Ok(())
    }

    /// Notes in the ledger what lies in `accepted.<feed>`.
    async fn recover(&mut self) -> Result<(), IngestError> {
        let queue = &self.context.accepted;
        let mut accepted = self.broker.consume(queue, Lane(0)).await.map_err(|error| self.refused(error))?;
        let depth = self.broker.depth(queue).await.map_err(|error| self.refused(error))?;
        let mut left = usize::try_from(depth).unwrap_or(usize::MAX);
        let mut replay = Replay::default();
        while left > 0 {
            let received = accepted.receive(left.min(CHUNK)).await.map_err(|error| self.refused(error))?;
            let count = received.len();
            let joined = joins::entries(&self.context.feed, &self.context.joins.note(&received).await);
            self.blocking(|context| context.ledger.write(joined)).await?;
            for group in claimed::groups(&received) {
                let group = claimed::bodies(&self.context, group).await?;
                let sources: Vec<&SourceState> = self.sources.iter().flatten().collect();
                replay.note(&self.context, &sources, &group).map_err(|error| self.failed(error))?;
            }
            self.blocking(|context| context.ledger.flush()).await?;
            accepted.settle(count, Vec::new()).await.map_err(|error| self.refused(error))?;
            left = left.saturating_sub(count);
        }
        self.open = 0;
        self.accepted = Some(accepted);
        Ok(())
    }

    /// Hears of joins that the listeners published and did not note yet: they may not be opened in this run.
    async fn note_joins(&self) -> Result<(), IngestError> {
        for index in 0..self.listeners.len() {
            let queue = topology::accepted_by(&self.context.feed, &listener_label(index));
            self.broker.declare(&queue).await.map_err(|error| self.refused(error))?;
            let accepted = self.broker.peek(&queue, Lane(0), 2 * OPEN_MAX).await;
            self.context.joins.note(&accepted.map_err(|error| self.refused(error))?).await;
        }
        Ok(())
    }

    async fn blocking(
        &self,
        work: impl FnOnce(&Context) -> Result<(), StoreError> + Send + 'static,
    ) -> Result<(), IngestError> {
        let context = self.context.clone();
        let done = spawn_blocking(move || work(&context)).await.map_err(|_| self.ended())?;
        done.map_err(|error| self.failed(error))
    }

    fn since(&self, moment: Timestamp) -> Duration {
        Duration::try_from(self.context.clock.now().duration_since(moment)).unwrap_or_default()
    }

    fn refused(&self, source: BrokerError) -> IngestError {
        IngestError::Broker { feed: self.context.feed.clone(), source }
    }

    fn failed(&self, source: StoreError) -> IngestError {
        IngestError::Ledger { feed: self.context.feed.clone(), source }
    }

    fn ended(&self) -> IngestError {
        IngestError::Ended { feed: self.context.feed.clone() }
    }
}

/// Waits; true if told to stop.
async fn pause(time: Duration, stop: &mut watch::Receiver<bool>) -> bool {
    tokio::select! {
        () = tokio::time::sleep(time) => false,
        // If whoever could say stop is gone, nobody wants the feed any more.
        _told = stop.wait_for(|stop| *stop) => true,
    }
}

/// Moves or deletes dropped files that were taken, and forgets them. One that can't be moved stays in the ledger.
fn dispose(context: &Context, disposals: Vec<Disposal>) -> Result<(), StoreError> {
    let mut entries = Entries::default();
    for Disposal { from, to, stat: taken, place, name, forget } in disposals {
        let done = match stat(&from) {
            Ok(Some(now)) if now == taken => match to {
                Some(to) => move_file(&from, to),
                None => fs::remove_file(&from),
            },
            // Gone, or another file under the same name: the next pass will see.
            Ok(_) => continue,
            Err(error) => Err(error),
        };
        match done {
            Ok(()) if forget => entries.forget_file(&place, &name),
            Ok(()) => {}
            Err(error) => {
                context.trouble(&place.source, &name, "", &format!("moving it away: {}", error.kind()))
            }
        }
    }
    context.ledger.write(entries)
}

/// Moves a file to a place where nothing lies yet.
fn move_file(from: &Path, to: PathBuf) -> io::Result<()> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut target = to.clone();
    let mut serial = 1_u32;
    while target.try_exists()? {
        let mut name = to.as_os_str().to_owned();
        name.push(format!(".{serial}"));
        target = name.into();
        serial += 1;
    }
    fs::rename(from, target)
}
