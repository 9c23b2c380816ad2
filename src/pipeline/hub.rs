//! A process of the hub: the parts that it runs, from their start to their end.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::again::Again;
use super::channel::Channel;
use super::connection::Connection;
use super::control::ControlBus;
use super::crossing::Questions;
use super::deliveries::{AtWork, Served, start_deliveries};
use super::error::HubError;
use super::feeds::{Sources, start_feeds};
use super::in_force::InForce;
use super::monitor::Monitor;
use super::part::Part;
use super::process::Routing;
use super::pseudonym::Pseudonyms;
use super::registry::Register;
use super::report::{MessageReport, Report, ServiceCell};
use super::router::{Router, RouterCounts};
use super::start::Start;
use super::status::{ConfigurationStatus, ReloadAnswer};
use super::watch::Watched;
use super::written::Written;
use crate::broker::rabbitmq::{History, Link};
use crate::broker::{BrokerError, QueueName, topology};
use crate::clock::Clock;
use crate::config::{self, Config};
use crate::ingest::FeedCounts;
use crate::registry::View;
use crate::store::Claims;
use crate::telemetry::{Collector, Tracer, names};

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
/// The same where the queues are elsewhere.
const TICK_REMOTE: Duration = Duration::from_millis(250);
/// How long queues elsewhere must have been empty: what another process has in hand is in none of them.
const CALM: Duration = Duration::from_secs(1);
/// A drain without RabbitMQ for so long gives up.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long parts that wait for RabbitMQ may take to end.
const GRACE: Duration = Duration::from_secs(5);

/// A hub, opened: the parts that this process runs.
pub struct Hub {
    pub(super) config: Config,
    pub(super) part: Part,
    pub(super) channel: Arc<Channel>,
    /// Where this process routes, or is operated.
    in_force: Option<Arc<InForce>>,
    /// The configuration, which changes where only the routing does.
    current: Arc<RwLock<Arc<Config>>>,
    /// Facilities, patients and consents, where this process asks for them.
    pub(super) register: Option<Arc<Register>>,
    /// What they are, as far as this process has heard.
    pub(super) registry: View,
    pub(super) written: Arc<Written>,
    pub(super) clock: Arc<dyn Clock>,
    /// What operators let copies be made of again.
    again: Arc<Again>,
    /// Subscribers that it delivers to while it runs.
    at_work: Arc<AtWork>,
    /// Its metrics and its health.
    monitor: Monitor,
    tracer: Option<Tracer>,
    /// What brings traces to their collector, until the hub runs.
    collector: Mutex<Option<Collector>>,
    /// Which configuration is in force, told in the status.
    configuration: Arc<Mutex<ConfigurationStatus>>,
}

pub(super) type Tasks = JoinSet<Result<(), HubError>>;

/// Why a run went on no longer.
enum Over {
    /// Told to stop, or a drain is done.
    Done,
    /// RabbitMQ was not there for a drain.
    GaveUp(String),
    /// A part failed.
    Failed(HubError),
}

impl Hub {
    /// Opens what the parts need: below the data folder, and the way to RabbitMQ.
    pub fn open(config: Config, part: Part, clock: Arc<dyn Clock>) -> Result<Self, HubError> {
        if part != Part::All && matches!(config.hub.broker, config::Broker::Embedded { .. }) {
            return Err(HubError::OneProcess);
        }
        let link = match &config.hub.broker {
            config::Broker::RabbitMq(settings) => Some(Arc::new(Link::new(settings.clone(), part.role()))),
            config::Broker::Embedded { .. } => None,
        };
        let register = if part.asks_the_registry() { Some(register(&config, link.clone())?) } else { None };
        let registry = register.as_ref().map_or_else(View::default, |register| register.view().clone());
        let in_force = if part.is_operated() { Some(Arc::new(in_force(&config, &registry)?)) } else { None };
        let history = history(in_force.clone(), register.clone(), clock.clone());
        let channel = Arc::new(Channel::open(&config, &part, link, history)?);
        let written = Arc::new(Written::new(&config.hub, &part));
        let configuration = ConfigurationStatus { hash: config.hash.clone(), answers: Vec::new() };
        let configuration = Arc::new(Mutex::new(configuration));
        let current = Arc::new(RwLock::new(Arc::new(config.clone())));
        let (tracer, collector) = config.hub.traces.as_ref().map(|traces| Tracer::new(traces.below)).unzip();
        Ok(Self {
            monitor: Monitor::new(clock.clone()),
            tracer,
            collector: Mutex::new(collector),
            config,
            part,
            channel,
            in_force,
            current,
            register,
            registry,
            written,
            clock,
            again: Arc::default(),
            at_work: Arc::default(),
            configuration,
        })
    }

    /// Runs until the mode's end or until `stop`; `progress` is told files and accepted messages now and then.
    pub async fn run(
        &self,
        mode: Mode,
        stop: watch::Receiver<bool>,
        progress: impl FnMut(u64, u64),
    ) -> Result<Report, HubError> {
        if self.channel.remote.is_none() {
            self.import().await?;
        }
        let carried = self.prepare().await?;
        self.again.begin().await;
        let served = Arc::new(self.served().await?);
        self.at_work.begin(&served);
        let counts = Arc::new(self.router_counts());
        self.fit(&served, &counts);
        let (halt, halted) = watch::channel(false);
        let (mut takers, mut pickers) = (JoinSet::new(), JoinSet::new());
        let connection = self.follow(&halted, &mut takers);
        let start = match &self.channel.remote {
            Some(remote) => Start::when_made(&remote.link, self, halted.clone(), &mut takers),
            None => Start::now(halted.clone()),
        };
        self.channel.start_forwarding(&start, &mut takers);
        self.start_routers(&counts, &start, &mut takers);
        start_deliveries(self, &served, mode, &start, &mut takers);
        let started = start_feeds(self, mode, &stop, &mut pickers).await;
        let sources = match started {
            Ok(sources) => Arc::new(sources),
            // What works already lets go of what another hub may open next.
            Err(failure) => {
                pickers.shutdown().await;
                halt.send_replace(true);
                self.finish(&mut takers, &mut None).await;
                return Err(failure);
            }
        };
        self.start_collector(&halted, &mut takers);
        let watched = self.watched(&connection, &sources, &served, &counts);
        takers.spawn(async move {
            watched.run(halted).await;
            Ok(())
        });

        let work = Work { hub: self, mode, connection, served: &served, sources: &sources };
        let over = work.until_over(stop, &mut pickers, &mut takers, progress).await?;
        let (mut failure, broken_off) = match over {
            Over::Done => (None, None),
            Over::GaveUp(why) => (None, Some(why)),
            Over::Failed(failure) => (Some(failure), None),
        };
        if failure.is_some() {
            pickers.shutdown().await;
        }
        self.finish(&mut pickers, &mut failure).await;
        halt.send_replace(true);
        self.finish(&mut takers, &mut failure).await;
        match failure {
            Some(failure) => Err(failure),
            None => Ok(Report { broken_off, ..self.report(carried, &sources, &served, &counts).await? }),
        }
    }

    /// From now on routes as another configuration says, which differs in the routing only. The files that every start
    /// imports are imported before. On an error the routing stays what it was.
    pub async fn replace_routing(&self, config: &Config) -> Result<(), HubError> {
        if let Some(in_force) = &self.in_force {
            self.import().await?;
            let routing = routing(config, &self.registry)?;
            let fingerprint = fingerprint(config, &routing);
            in_force.replace(routing, fingerprint);
        }
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(config.clone());
        Ok(())
    }

    /// Tells in the status what became of a new configuration, after what became of earlier ones; `hash` is that of the
    /// one that is in force now.
    pub fn tell(&self, hash: &str, answers: &[ReloadAnswer]) {
        let mut configuration = self.configuration.lock().unwrap_or_else(PoisonError::into_inner);
        *configuration = ConfigurationStatus { hash: hash.to_owned(), answers: answers.to_vec() };
    }

    /// What operators look at and act on, where they do so through this process.
    pub fn control(&self) -> Option<ControlBus> {
        let (Some(register), Some(in_force)) = (&self.register, &self.in_force) else { return None };
        let kept = self
            .channel
            .homes
            .iter()
            .flat_map(|(home, _)| home.feeds.iter().map(|feed| (feed.clone(), home.ledger.clone())));
        Some(ControlBus {
            config: self.current.clone(),
            broker: self.channel.broker.clone(),
            register: register.clone(),
            in_force: in_force.clone(),
            written: self.written.clone(),
            ledgers: Arc::new(kept.collect()),
            clock: self.clock.clone(),
            again: self.again.clone(),
            at_work: self.at_work.clone(),
        })
    }

    /// The verb that starts its parts.
    pub fn role(&self) -> &'static str {
        self.part.role()
    }

    /// What it answers to who watches over it.
    pub fn monitor(&self) -> Monitor {
        self.monitor.clone()
    }

    /// Imports the files that every start imports.
    async fn import(&self) -> Result<(), HubError> {
        let (Some(register), Some(folder)) = (&self.register, &self.config.hub.registry_import) else {
            return Ok(());
        };
        register.import(folder, &self.config.hub.timezone, self.clock.now()).await?;
        Ok(())
    }

    /// On the embedded broker declares the queues; on RabbitMQ whoever uses a queue does so. Returns how many messages
    /// an interrupted run left on their way on this machine.
    async fn prepare(&self) -> Result<u64, BrokerError> {
        if self.channel.remote.is_some() {
            return Ok(self.channel.kept());
        }
        let own = [topology::ingest(), topology::invalid()];
        let feeds = self.config.feeds.iter().map(|feed| topology::accepted(&feed.settings.name));
        for queue in own.into_iter().chain(feeds).chain(self.subscriber_queues()) {
            self.channel.broker.declare(&queue).await?;
        }
        Ok(self.channel.kept())
    }

    fn subscriber_queues(&self) -> impl Iterator<Item = QueueName> {
        let names = self.config.subscribers.iter().map(|subscriber| &subscriber.name);
        names.flat_map(|name| [topology::subscriber(name), topology::parked(name), topology::dead(name)])
    }

    async fn served(&self) -> Result<Vec<Served>, BrokerError> {
        let mut served = Vec::new();
        for subscriber in self.part.subscribers(&self.config) {
            let mut one = Served { subscriber: subscriber.clone(), carried: 0, counts: Arc::default() };
            if self.channel.remote.is_none() {
                one.carried = self.waiting_for(&one).await?.unwrap_or(0);
            }
            served.push(one);
        }
        Ok(served)
    }

    /// Copies that wait for a subscriber, where this process delivers them; `None` where RabbitMQ does not say.
    async fn waiting_for(&self, served: &Served) -> Result<Option<u64>, BrokerError> {
        if !served.is_delivered() {
            return Ok(Some(0));
        }
        self.channel.depth(&topology::subscriber(&served.subscriber.name)).await
    }

    pub(super) fn claims(&self) -> Claims {
        Claims::new(self.config.hub.claims.clone())
    }

    fn router_counts(&self) -> RouterCounts {
        let feeds = self.config.feeds.iter().map(|feed| feed.settings.name.as_str());
        RouterCounts::new(feeds, self.config.subscribers.iter().map(|subscriber| subscriber.name.as_str()))
    }

    fn follow(&self, halted: &watch::Receiver<bool>, tasks: &mut Tasks) -> Option<Connection> {
        let remote = self.channel.remote.as_ref()?;
        let connection = Connection::new(remote.link.state(), self.clock.clone());
        let (following, halted) = (connection.clone(), halted.clone());
        tasks.spawn(async move {
            following.follow(halted).await;
            Ok(())
        });
        Some(connection)
    }

    fn watched(
        &self,
        connection: &Option<Connection>,
        sources: &Arc<Sources>,
        served: &Arc<Vec<Served>>,
        counts: &Arc<RouterCounts>,
    ) -> Watched {
        Watched {
            hub: self.config.hub.clone(),
            part: self.part.clone(),
            channel: self.channel.clone(),
            connection: connection.clone(),
            sources: sources.clone(),
            served: served.clone(),
            counts: counts.clone(),
            clock: self.clock.clone(),
            registry: self.registry.clone(),
            configuration: self.configuration.clone(),
            monitor: self.monitor.clone(),
            tracer: self.tracer.clone(),
        }
    }

    /// From now on routers and deliveries tell how long things take.
    fn fit(&self, served: &[Served], counts: &RouterCounts) {
        let meter = &self.monitor.meter;
        for one in served.iter().filter(|one| one.is_delivered()) {
            let histogram = meter.histogram(&names::DELIVERY_SECONDS, &[&one.subscriber.name]);
            one.counts.attempts.probe.fit(histogram, self.tracer.clone());
        }
        if self.part.routes() {
            counts.probe.fit(meter.histogram(&names::PROCESS_SECONDS, &[]), self.tracer.clone());
        }
    }

    /// From now on a feed tells how long things take.
    pub(super) fn fit_feed(&self, feed: &str, counts: &FeedCounts) {
        for (probe, name) in
            [(&counts.pickup, &names::PICKUP_SECONDS), (&counts.accept, &names::ACCEPT_SECONDS)]
        {
            probe.fit(self.monitor.meter.histogram(name, &[feed]), self.tracer.clone());
        }
    }

    /// Starts what brings traces to their collector.
    #[cfg(feature = "otlp")]
    fn start_collector(&self, halted: &watch::Receiver<bool>, tasks: &mut Tasks) {
        let collector = self.collector.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (Some(traces), Some(collector)) = (&self.config.hub.traces, collector) else { return };
        let work = collector.run(traces.collector.clone(), self.part.role(), halted.clone());
        tasks.spawn(async move {
            work.await;
            Ok(())
        });
    }

    /// Without OpenTelemetry no configuration names a collector.
    #[cfg(not(feature = "otlp"))]
    fn start_collector(&self, _: &watch::Receiver<bool>, _: &mut Tasks) {
        drop(self.collector.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    fn start_routers(&self, counts: &Arc<RouterCounts>, start: &Start, tasks: &mut Tasks) {
        let Some(in_force) = self.in_force.as_ref().filter(|_| self.part.routes()) else { return };
        let Channel { lanes, broker, .. } = &*self.channel;
        let routers = Router::of_lanes(*lanes, broker, in_force, counts, &self.claims(), &self.clock);
        for router in routers {
            let router = router.keeping(self.register.clone(), self.written.clone());
            let halted = start.halted.clone();
            tasks.spawn(start.clone().then(async move { Ok(router.run(halted).await?) }));
        }
    }

    /// Whether nothing is on its way any more. What a subscriber can't be given stays parked in its queue.
    async fn at_rest(&self, served: &[Served]) -> Result<bool, BrokerError> {
        if self.channel.kept() > 0 {
            return Ok(false);
        }
        if self.part.routes() && self.channel.depth(&topology::ingest()).await? != Some(0) {
            return Ok(false);
        }
        // What was delivered to the last may be a receipt for the first.
        let is_held = |one: &Served| self.registry.read().is_held(&one.subscriber.name, self.clock.now());
        for one in served.iter().chain(served).filter(|one| !one.gave_up() && !is_held(one)) {
            if self.waiting_for(one).await? != Some(0) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Waits for all tasks; the first failure is kept. Those that wait for RabbitMQ are not waited for long: what they
    /// did not finish comes again, as after a crash.
    async fn finish(&self, tasks: &mut Tasks, failure: &mut Option<HubError>) {
        let mut all = async || {
            while let Some(ended) = tasks.join_next().await {
                let ended = ended.map_err(HubError::from).and_then(|done| done);
                if failure.is_none() {
                    *failure = ended.err();
                }
            }
        };
        if self.channel.remote.is_none() {
            all().await;
        } else if timeout(GRACE, all()).await.is_err() {
            tasks.shutdown().await;
        }
    }

    async fn report(
        &self,
        carried: u64,
        sources: &Sources,
        served: &[Served],
        counts: &RouterCounts,
    ) -> Result<Report, HubError> {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let invalid = |feed: &str| self.part.routes().then(|| counts.invalid.get(feed).map_or(0, read));
        let feeds: Vec<_> = sources.iter().map(|(feed, source)| source.report(feed, invalid(feed))).collect();
        let mut subscribers = Vec::new();
        let again = self.again.close().await;
        for one in served {
            let copies = counts.copies.get(&one.subscriber.name).map_or(0, read);
            let queue = topology::subscriber(&one.subscriber.name);
            let receipts: u64 = served.iter().map(|other| other.counts.receipts_to(&queue)).sum();
            let routed = copies + receipts;
            let replayed = again.copies.get(&one.subscriber.name).copied().unwrap_or_default();
            subscribers.push(one.report(routed, replayed, self.waiting_for(one).await?));
        }
        // The journal counts messages, whatever they are.
        let Questions { asked, taken } = &counts.questions;
        let carried = (carried + read(asked)).saturating_sub(read(taken));
        let messages = MessageReport {
            accepted: feeds.iter().map(|feed| feed.accepted).sum(),
            carried,
            retried: again.messages,
            routed: read(&counts.routed),
            filtered: read(&counts.filtered),
            invalid: counts.invalid(),
            waiting: self.channel.kept(),
            taken: self.channel.remote.is_some().then(|| read(&counts.taken)),
        };
        Ok(Report { matrix: self.matrix(counts), ..Report::new(feeds, subscribers, messages) })
    }

    /// Copies by facility and service, with the facilities' names: of their feed, else of the registry.
    fn matrix(&self, counts: &RouterCounts) -> Vec<ServiceCell> {
        let services = counts.services.lock().unwrap_or_else(PoisonError::into_inner);
        let registry = self.registry.read();
        let name_of = |code: &str| {
            let feed = self.config.feeds.iter().find(|feed| feed.settings.facility == code);
            let known = || registry.facility(code, self.clock.now()).map(|facility| facility.name.clone());
            feed.map(|feed| feed.title.clone()).or_else(known)
        };
        let cell = |((facility, service), copies): (&(String, String), &u64)| ServiceCell {
            facility: facility.clone(),
            name: name_of(facility),
            service: service.clone(),
            copies: *copies,
        };
        services.iter().map(cell).collect()
    }
}

/// A hub at work.
struct Work<'h> {
    hub: &'h Hub,
    mode: Mode,
    connection: Option<Connection>,
    served: &'h [Served],
    sources: &'h Sources,
}

impl Work<'_> {
    /// Waits until the run is over.
    async fn until_over(
        &self,
        mut stop: watch::Receiver<bool>,
        pickers: &mut Tasks,
        takers: &mut Tasks,
        mut progress: impl FnMut(u64, u64),
    ) -> Result<Over, HubError> {
        let (tick, needed) =
            if self.connection.is_some() { (TICK_REMOTE, CALM) } else { (TICK, Duration::ZERO) };
        let mut calm: Option<Instant> = None;
        loop {
            if self.mode == Mode::Drain && pickers.is_empty() {
                let rests = tokio::select! {
                    _ = stop.wait_for(|&stop| stop) => return Ok(Over::Done),
                    rests = self.hub.at_rest(self.served) => rests?,
                };
                calm = if rests { calm.or_else(|| Some(Instant::now())) } else { None };
                if calm.is_some_and(|since| since.elapsed() >= needed) {
                    return Ok(Over::Done);
                }
                if let Some(why) = self.hopeless() {
                    return Ok(Over::GaveUp(why));
                }
            }
            let ended = tokio::select! {
                _ = stop.wait_for(|&stop| stop) => return Ok(Over::Done),
                Some(ended) = pickers.join_next() => ended,
                Some(ended) = takers.join_next() => ended,
                () = sleep(tick) => Ok(Ok(())),
            };
            progress(sum(self.sources, FeedCounts::files), sum(self.sources, FeedCounts::accepted));
            if let Err(failure) = ended.map_err(HubError::from).and_then(|done| done) {
                return Ok(Over::Failed(failure));
            }
        }
    }

    /// Why there is no use in waiting any longer.
    fn hopeless(&self) -> Option<String> {
        let connection = self.connection.as_ref()?;
        connection.impaired().filter(|impaired| *impaired >= PATIENCE)?;
        Some(connection.condition().reason.unwrap_or_else(|| "RabbitMQ is away".to_owned()))
    }
}

fn routing(config: &Config, registry: &View) -> Result<Routing, HubError> {
    let path = config.hub.pseudonym_key.clone();
    let (shared, archive) = match &config.hub.broker {
        config::Broker::RabbitMq(settings) => (true, settings.archive),
        config::Broker::Embedded { .. } => (false, false),
    };
    let pseudonyms = if shared { Pseudonyms::read(&path) } else { Pseudonyms::open(&path) };
    let pseudonyms = pseudonyms.map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound if shared => HubError::NoPseudonyms { path },
        _ => HubError::Pseudonyms { path, source },
    })?;
    Ok(Routing {
        routes: config.routes.clone(),
        registry: registry.clone(),
        authority: config.hub.registry_authority.clone(),
        zone: config.hub.timezone.clone(),
        pseudonyms,
        archive,
    })
}

/// The registry, opened: on the embedded broker it is known to its end then.
fn register(config: &Config, link: Option<Arc<Link>>) -> Result<Arc<Register>, HubError> {
    let folder = Register::folder(&config.hub.data_dir);
    Ok(Arc::new(match link {
        Some(link) => Register::follower(&folder, link)?,
        None => Register::open(&folder)?,
    }))
}

fn in_force(config: &Config, registry: &View) -> Result<InForce, HubError> {
    let routing = routing(config, registry)?;
    let fingerprint = fingerprint(config, &routing);
    Ok(InForce::new(routing, fingerprint))
}

/// All that makes a router's answers: the routing in force, and what the registry says now.
fn history(
    in_force: Option<Arc<InForce>>,
    register: Option<Arc<Register>>,
    clock: Arc<dyn Clock>,
) -> History {
    let (Some(in_force), Some(register)) = (in_force, register) else { return History::from("") };
    History::new(move || format!("{} {}", in_force.history(), register.state(clock.now())))
}

/// A fingerprint of all that a configuration says and that makes a router's answers.
fn fingerprint(config: &Config, routing: &Routing) -> String {
    let zone = config.hub.timezone.iana_name().unwrap_or_default();
    let own = [env!("CARGO_PKG_VERSION"), zone, &config.routes_hash, &routing.pseudonyms.fingerprint()];
    let feeds = config.feeds.iter().map(|feed| &feed.settings);
    let feeds = feeds.flat_map(|feed| [feed.name.as_str(), feed.facility.as_str()]);
    let mut hasher = blake3::Hasher::new();
    for part in own.into_iter().chain(feeds) {
        hasher.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
    }
    hasher.finalize().to_hex().chars().take(32).collect()
}

fn sum(sources: &Sources, counter: impl Fn(&FeedCounts) -> u64) -> u64 {
    sources.values().map(|source| counter(&source.counts)).sum()
}
