//! Everything in one process: feeds, routers and delivery workers on the embedded broker.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinError, JoinSet};
use tracing::warn;

use super::process::Routing;
use super::pseudonym::Pseudonyms;
use super::report::{FeedReport, MessageReport, Report, SubscriberReport};
use super::router::{Router, RouterCounts};
use crate::broker::embedded::{self, Embedded};
use crate::broker::{Broker, BrokerError, QueueName, topology};
use crate::clock::Clock;
use crate::config::{self, Config};
use crate::deliver::{self, DeliverError, Pace, Subscriber, Workers};
use crate::disposition::Disposition;
use crate::envelope::Lane;
use crate::ingest::{Feed, FeedCounts, IngestError};
use crate::store::ledger::Entries;
use crate::store::{Ledger, Place, SledKv, StoreError};
use crate::telemetry::causes;

/// How long a run goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Until all that is there is handled.
    Drain,
    /// Until told to stop.
    Watch,
}

/// Why the hub could not start, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// The embedded broker.
    #[error("the broker did not do as asked")]
    Broker(#[from] BrokerError),
    /// The pick-up ledger.
    #[error("the pick-up ledger in {} can't be opened", path.display())]
    Ledger {
        /// Folder.
        path: PathBuf,
        /// Cause.
        #[source]
        source: StoreError,
    },
    /// The journal is another one than that beside which the ledger was kept.
    #[error(
        "the journal is not the one beside which the pick-up ledger in {} was kept: what was accepted before is gone \
         from the journal; restore the folder of the journal, or remove that ledger to pick everything up again",
        path.display()
    )]
    OtherJournal {
        /// Folder of the ledger.
        path: PathBuf,
    },
    /// The secret of the stand-ins.
    #[error("the secret in {} can't be read or made", path.display())]
    Pseudonyms {
        /// File.
        path: PathBuf,
        /// Cause.
        #[source]
        source: std::io::Error,
    },
    /// Fewer lanes than before, with messages in those that would be left behind.
    #[error("queue {queue} has messages in lane {lane}, but hub.toml gives it {lanes} lanes; run with the old number until they are gone", lane = lane.0)]
    LaneLeftBehind {
        /// Queue.
        queue: QueueName,
        /// The highest such lane.
        lane: Lane,
        /// Lanes of `hub.toml`.
        lanes: u16,
    },
    /// A feed.
    #[error("picking up stopped")]
    Ingest(#[from] IngestError),
    /// Delivery.
    #[error("delivering stopped")]
    Deliver(#[from] DeliverError),
    /// A task ended by panic: a fault of the hub.
    #[error("a part of the hub failed: a fault of the hub, please report it")]
    Failed(#[from] JoinError),
}

/// Attempts of a drain at a delivery before it leaves the copies parked.
const DRAIN_ATTEMPTS: u32 = 4;
/// Feeds that read files at the same time.
const PASSES: usize = 8;
/// How often a drain looks whether the queues are empty, and a terminal is told of progress.
const TICK: Duration = Duration::from_millis(10);

struct Served {
    subscriber: Subscriber,
    carried: u64,
    counts: Arc<deliver::Counts>,
}

/// A feed at work.
struct Source {
    counts: Arc<FeedCounts>,
    failed: Arc<OnceLock<String>>,
}

/// A hub, opened.
pub struct Hub {
    config: Config,
    broker: Embedded,
    ledger: Ledger,
    routing: Arc<Routing>,
    clock: Arc<dyn Clock>,
}

type Tasks = JoinSet<Result<(), HubError>>;

impl HubError {
    /// Whether trying again later can help.
    pub const fn passes(&self) -> bool {
        let lasting = matches!(
            self,
            Self::Failed(_) | Self::OtherJournal { .. } | Self::Broker(BrokerError::Damaged { .. })
        );
        !lasting
    }
}

impl Hub {
    /// Opens the broker and the ledger under the data folder.
    pub fn open(config: Config, clock: Arc<dyn Clock>) -> Result<Self, HubError> {
        let broker = Embedded::open(&config.hub.data_dir.join("broker"), embedded::Settings::default())?;
        check_lanes(&broker, config.hub.broker.lanes())?;
        let path = config.hub.data_dir.join("ledger");
        let (store, aside) =
            SledKv::open(&path).map_err(|source| HubError::Ledger { path: path.clone(), source })?;
        if let Some(aside) = aside {
            let aside = aside.display();
            warn!(%aside, "the pick-up ledger could not be opened; it was set aside and is built anew");
        }
        let ledger = Ledger::new(Arc::new(store));
        same_journal(&ledger, broker.journal_number(), &path)?;
        let path = config.hub.pseudonym_key.clone();
        let pseudonyms = Pseudonyms::open(&path).map_err(|source| HubError::Pseudonyms { path, source })?;
        let (routes, zone) = (config.routes.clone(), config.hub.timezone.clone());
        let routing = Arc::new(Routing { routes, zone, pseudonyms, archive: false });
        Ok(Self { config, broker, ledger, routing, clock })
    }

    /// Runs until the mode's end or until `stop`; `progress` is told files and accepted messages now and then.
    pub async fn run(
        &self,
        mode: Mode,
        mut stop: watch::Receiver<bool>,
        mut progress: impl FnMut(u64, u64),
    ) -> Result<Report, HubError> {
        let carried = self.declare().await?;
        let served = self.served().await?;
        let counts = Arc::new(self.router_counts());
        let (halt, halted) = watch::channel(false);
        let mut takers = self.start_takers(mode, &served, &counts, &halted);
        let (mut feeds, sources) = self.start_feeds(mode, &stop).await?;

        let mut failure = None;
        loop {
            let drained = mode == Mode::Drain && feeds.is_empty();
            if drained && self.at_rest(&served).await? {
                break;
            }
            tokio::select! {
                _ = stop.wait_for(|&stop| stop) => break,
                Some(ended) = feeds.join_next() => failure = ended.map_err(HubError::from).and_then(|done| done).err(),
                Some(ended) = takers.join_next() => failure = ended.map_err(HubError::from).and_then(|done| done).err(),
                () = tokio::time::sleep(TICK) => {}
            }
            progress(sum(&sources, FeedCounts::files), sum(&sources, FeedCounts::accepted));
            if failure.is_some() {
                break;
            }
        }
        if failure.is_some() {
            feeds.shutdown().await;
        }
        finish(&mut feeds, &mut failure).await;
        halt.send_replace(true);
        finish(&mut takers, &mut failure).await;
        match failure {
            Some(failure) => Err(failure),
            None => self.report(carried, &sources, &served, &counts).await,
        }
    }

    /// Declares the queues; returns how many messages an interrupted run left on their way.
    async fn declare(&self) -> Result<u64, BrokerError> {
        let own = [topology::ingest(), topology::invalid()];
        let feeds = self.config.feeds.iter().map(|feed| topology::accepted(&feed.settings.name));
        let names = self.config.subscribers.iter().map(|subscriber| &subscriber.name);
        let subscribers =
            names.flat_map(|name| [topology::subscriber(name), topology::parked(name), topology::dead(name)]);
        for queue in own.into_iter().chain(feeds).chain(subscribers) {
            self.broker.declare(&queue).await?;
        }
        self.broker.depth(&topology::ingest()).await
    }

    async fn served(&self) -> Result<Vec<Served>, BrokerError> {
        let mut served = Vec::new();
        for subscriber in &self.config.subscribers {
            let carried = match subscriber.deliver {
                deliver::Kind::Queue => 0,
                _ => self.depth(&topology::subscriber(&subscriber.name)).await?,
            };
            served.push(Served { subscriber: subscriber.clone(), carried, counts: Arc::default() });
        }
        Ok(served)
    }

    fn router_counts(&self) -> RouterCounts {
        let zero = |name: &String| (name.clone(), AtomicU64::new(0));
        RouterCounts {
            invalid: self.config.feeds.iter().map(|feed| zero(&feed.settings.name)).collect(),
            copies: self.config.subscribers.iter().map(|subscriber| zero(&subscriber.name)).collect(),
            ..RouterCounts::default()
        }
    }

    fn lanes(&self) -> impl Iterator<Item = Lane> + use<> {
        (0..self.config.hub.broker.lanes()).map(Lane)
    }

    /// Starts the routers and the delivery workers.
    fn start_takers(
        &self,
        mode: Mode,
        served: &[Served],
        counts: &Arc<RouterCounts>,
        halted: &watch::Receiver<bool>,
    ) -> Tasks {
        let mut takers = JoinSet::new();
        let broker: Arc<dyn Broker> = Arc::new(self.broker.clone());
        for lane in self.lanes() {
            let router = Router {
                broker: broker.clone(),
                lane,
                routing: self.routing.clone(),
                counts: counts.clone(),
            };
            let halted = halted.clone();
            takers.spawn(async move { Ok(router.run(halted).await?) });
        }
        for Served { subscriber, counts, .. } in served {
            let workers = Workers {
                subscriber: subscriber.clone(),
                lanes: self.config.hub.broker.lanes(),
                broker: broker.clone(),
                counts: counts.clone(),
                clock: self.clock.clone(),
                zone: self.config.hub.timezone.clone(),
                attempts_max: (mode == Mode::Drain).then_some(DRAIN_ATTEMPTS),
                pace: Pace::default(),
            };
            let halted = halted.clone();
            takers.spawn(async move { Ok(workers.run(halted).await?) });
        }
        takers
    }

    async fn start_feeds(
        &self,
        mode: Mode,
        stop: &watch::Receiver<bool>,
    ) -> Result<(Tasks, BTreeMap<String, Source>), HubError> {
        let (mut tasks, mut sources) = (JoinSet::new(), BTreeMap::new());
        let passes = Arc::new(Semaphore::new(PASSES));
        for config::Feed { settings, .. } in &self.config.feeds {
            let broker: Arc<dyn Broker> = Arc::new(self.broker.clone());
            let (ledger, clock) = (self.ledger.clone(), self.clock.clone());
            let lanes = self.config.hub.broker.lanes();
            let feed = Feed::open(settings.clone(), lanes, broker, ledger, clock).await?;
            let mut feed = feed.taking_turns(passes.clone());
            let source = Source { counts: feed.counts(), failed: Arc::default() };
            let (stop, failed) = (stop.clone(), source.failed.clone());
            sources.insert(settings.name.clone(), source);
            tasks.spawn(async move {
                match mode {
                    Mode::Watch => Ok(feed.watch(stop).await?),
                    Mode::Drain => match feed.drain(stop).await {
                        // A share that is away is that feed's matter; the others go on.
                        Err(error) if error.disposition() == Disposition::Retry => {
                            drop(failed.set(causes(&error)));
                            Ok(())
                        }
                        other => Ok(other?),
                    },
                }
            });
        }
        Ok((tasks, sources))
    }

    /// Whether nothing is on its way any more. What a subscriber can't be given stays parked in its queue.
    async fn at_rest(&self, served: &[Served]) -> Result<bool, BrokerError> {
        if self.depth(&topology::ingest()).await? > 0 {
            return Ok(false);
        }
        for Served { subscriber, counts, .. } in served {
            let served_here = subscriber.deliver != deliver::Kind::Queue;
            let waiting = served_here && !counts.gave_up.load(Ordering::Relaxed);
            if waiting && self.depth(&topology::subscriber(&subscriber.name)).await? > 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn depth(&self, queue: &QueueName) -> Result<u64, BrokerError> {
        self.broker.depth(queue).await
    }

    async fn report(
        &self,
        carried: u64,
        sources: &BTreeMap<String, Source>,
        served: &[Served],
        counts: &RouterCounts,
    ) -> Result<Report, HubError> {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let invalid = |feed: &str| counts.invalid.get(feed).map_or(0, read);
        let feeds = sources.iter().map(|(feed, Source { counts, failed })| FeedReport {
            feed: feed.clone(),
            files: counts.files(),
            accepted: counts.accepted(),
            unchanged: counts.unchanged(),
            invalid: invalid(feed),
            failed: failed.get().cloned(),
        });
        let feeds: Vec<_> = feeds.collect();
        let mut subscribers = Vec::new();
        for Served { subscriber, carried, counts: delivery } in served {
            let routed = counts.copies.get(&subscriber.name).map_or(0, read);
            let left = match subscriber.deliver {
                deliver::Kind::Queue => 0,
                _ => self.depth(&topology::subscriber(&subscriber.name)).await?,
            };
            let gave_up = delivery.gave_up.load(Ordering::Relaxed);
            let (left, waiting) = if gave_up { (left, 0) } else { (0, left) };
            let parked = read(&delivery.parked) + left;
            let delivered = match subscriber.deliver {
                deliver::Kind::Queue => routed,
                _ => read(&delivery.delivered),
            };
            let carried = *carried + read(&delivery.found);
            let (dead, subscriber) = (read(&delivery.dead), subscriber.name.clone());
            subscribers.push(SubscriberReport {
                subscriber,
                routed,
                carried,
                delivered,
                parked,
                waiting,
                dead,
            });
        }
        let messages = MessageReport {
            accepted: feeds.iter().map(|feed| feed.accepted).sum(),
            carried,
            routed: read(&counts.routed),
            filtered: read(&counts.filtered),
            invalid: counts.invalid.values().chain([&counts.invalid_unknown]).map(read).sum(),
            waiting: self.depth(&topology::ingest()).await?,
        };
        Ok(Report::new(feeds, subscribers, messages))
    }
}

/// The ledger says what was accepted, the journal holds it: without the journal that it was kept beside, the ledger
/// would pass over files whose messages are gone.
fn same_journal(ledger: &Ledger, journal: u64, path: &Path) -> Result<(), HubError> {
    let failed = |source| HubError::Ledger { path: path.to_owned(), source };
    let place = Place { feed: String::new(), source: String::new() };
    let journal = journal.cast_signed();
    match ledger.mark(&place, "journal").map_err(failed)? {
        Some(known) if known == journal => Ok(()),
        Some(_) => Err(HubError::OtherJournal { path: path.to_owned() }),
        None => {
            let mut entries = Entries::default();
            entries.mark(&place, "journal", journal);
            ledger.write(entries).and_then(|()| ledger.flush()).map_err(failed)
        }
    }
}

/// The number of lanes may only shrink once the lanes above are empty: a patient's lane is a hash over the number.
fn check_lanes(broker: &Embedded, lanes: u16) -> Result<(), HubError> {
    for waiting in broker.queues() {
        let behind = waiting.lanes.into_iter().rev().find(|(lane, depth)| lane.0 >= lanes && *depth > 0);
        if let Some((lane, _)) = behind {
            return Err(HubError::LaneLeftBehind { queue: waiting.queue, lane, lanes });
        }
    }
    Ok(())
}

/// Waits for all tasks; the first failure is kept.
async fn finish(tasks: &mut Tasks, failure: &mut Option<HubError>) {
    while let Some(ended) = tasks.join_next().await {
        let ended = ended.map_err(HubError::from).and_then(|done| done);
        if failure.is_none() {
            *failure = ended.err();
        }
    }
}

fn sum(sources: &BTreeMap<String, Source>, counter: impl Fn(&FeedCounts) -> u64) -> u64 {
    sources.values().map(|source| counter(&source.counts)).sum()
}
