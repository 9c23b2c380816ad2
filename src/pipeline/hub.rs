//! A process of the hub: the parts that it runs, from their start to their end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::channel::Channel;
use super::deliveries::{Served, start_deliveries};
use super::error::HubError;
use super::feeds::{Sources, start_feeds};
use super::part::Part;
use super::process::Routing;
use super::pseudonym::Pseudonyms;
use super::report::{MessageReport, Report};
use super::router::{Router, RouterCounts};
use crate::broker::{BrokerError, topology};
use crate::clock::Clock;
use crate::config::Config;
use crate::envelope::Lane;
use crate::ingest::FeedCounts;

/// How long a run goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Until all that is there is handled.
    Drain,
    /// Until told to stop.
    Watch,
}

/// How often a drain looks whether the queues are empty, and a terminal is told of progress.
const TICK: Duration = Duration::from_millis(10);

/// A hub, opened: the parts that this process runs.
pub struct Hub {
    config: Config,
    part: Part,
    channel: Channel,
    /// Where this process routes.
    routing: Option<Arc<Routing>>,
    clock: Arc<dyn Clock>,
}

pub(super) type Tasks = JoinSet<Result<(), HubError>>;

impl Hub {
    /// Opens what the parts need: below the data folder, and the way to RabbitMQ.
    pub fn open(config: Config, part: Part, clock: Arc<dyn Clock>) -> Result<Self, HubError> {
        let channel = Channel::open(&config, &part)?;
        let routing = if part.routes() { Some(Arc::new(routing(&config)?)) } else { None };
        Ok(Self { config, part, channel, routing, clock })
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
        let (mut takers, mut pickers) = (JoinSet::new(), JoinSet::new());
        self.start_routers(&counts, &halted, &mut takers);
        start_deliveries(&served, &self.channel, &self.config.hub, &self.clock, mode, &halted, &mut takers);
        let feeds = self.part.feeds(&self.config);
        let sources = start_feeds(&feeds, &self.channel, &self.clock, mode, &stop, &mut pickers).await?;

        let mut failure = None;
        loop {
            let drained = mode == Mode::Drain && pickers.is_empty();
            if drained && self.at_rest(&served).await? {
                break;
            }
            tokio::select! {
                _ = stop.wait_for(|&stop| stop) => break,
                Some(ended) = pickers.join_next() => failure = ended.map_err(HubError::from).and_then(|done| done).err(),
                Some(ended) = takers.join_next() => failure = ended.map_err(HubError::from).and_then(|done| done).err(),
                () = tokio::time::sleep(TICK) => {}
            }
            progress(sum(&sources, FeedCounts::files), sum(&sources, FeedCounts::accepted));
            if failure.is_some() {
                break;
            }
        }
        if failure.is_some() {
            pickers.shutdown().await;
        }
        finish(&mut pickers, &mut failure).await;
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
        let subscribers = names.flat_map(|name| [topology::subscriber(name), topology::dead(name)]);
        for queue in own.into_iter().chain(feeds).chain(subscribers) {
            self.channel.broker.declare(&queue).await?;
        }
        self.channel.ingest_depth().await
    }

    async fn served(&self) -> Result<Vec<Served>, BrokerError> {
        let mut served = Vec::new();
        for subscriber in self.part.subscribers(&self.config) {
            let mut one = Served { subscriber: subscriber.clone(), carried: 0, counts: Arc::default() };
            one.carried = one.waiting(&*self.channel.broker).await?;
            served.push(one);
        }
        Ok(served)
    }

    fn router_counts(&self) -> RouterCounts {
        let feeds = self.config.feeds.iter().map(|feed| feed.settings.name.as_str());
        RouterCounts::new(feeds, self.config.subscribers.iter().map(|subscriber| subscriber.name.as_str()))
    }

    fn start_routers(&self, counts: &Arc<RouterCounts>, halted: &watch::Receiver<bool>, tasks: &mut Tasks) {
        let Some(routing) = &self.routing else { return };
        for lane in (0..self.channel.lanes).map(Lane) {
            let (broker, routing, counts) = (self.channel.broker.clone(), routing.clone(), counts.clone());
            let (router, halted) = (Router { broker, lane, routing, counts }, halted.clone());
            tasks.spawn(async move { Ok(router.run(halted).await?) });
        }
    }

    /// Whether nothing is on its way any more. What a subscriber can't be given stays parked in its queue.
    async fn at_rest(&self, served: &[Served]) -> Result<bool, BrokerError> {
        if self.channel.ingest_depth().await? > 0 {
            return Ok(false);
        }
        for one in served.iter().filter(|one| !one.gave_up()) {
            if one.waiting(&*self.channel.broker).await? > 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn report(
        &self,
        carried: u64,
        sources: &Sources,
        served: &[Served],
        counts: &RouterCounts,
    ) -> Result<Report, HubError> {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let invalid = |feed: &str| counts.invalid.get(feed).map_or(0, read);
        let feeds: Vec<_> = sources.iter().map(|(feed, source)| source.report(feed, invalid(feed))).collect();
        let mut subscribers = Vec::new();
        for one in served {
            let routed = counts.copies.get(&one.subscriber.name).map_or(0, read);
            subscribers.push(one.report(routed, one.waiting(&*self.channel.broker).await?));
        }
        let messages = MessageReport {
            accepted: feeds.iter().map(|feed| feed.accepted).sum(),
            carried,
            routed: read(&counts.routed),
            filtered: read(&counts.filtered),
            invalid: counts.invalid(),
            waiting: self.channel.ingest_depth().await?,
        };
        Ok(Report::new(feeds, subscribers, messages))
    }
}

fn routing(config: &Config) -> Result<Routing, HubError> {
    let path = config.hub.pseudonym_key.clone();
    let pseudonyms = Pseudonyms::open(&path).map_err(|source| HubError::Pseudonyms { path, source })?;
    Ok(Routing { routes: config.routes.clone(), zone: config.hub.timezone.clone(), pseudonyms, archive: false })
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

fn sum(sources: &Sources, counter: impl Fn(&FeedCounts) -> u64) -> u64 {
    sources.values().map(|source| counter(&source.counts)).sum()
}
