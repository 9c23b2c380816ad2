//! The router: one lane from the ingest queue to the subscribers' queues.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;
use tracing::{debug, error};

use super::archive::Archive;
use super::crossing::{self, Crossed, Questions};
use super::in_force::InForce;
use super::original::{Original, keep};
use super::process::{Outcome, Processed, invalid, process};
use super::registry::{Register, RegistryError};
use super::written::Written;
use crate::broker::{Broker, BrokerError, Consumer, Delivery, Publication, topology};
use crate::canonical::Attached;
use crate::clock::Clock;
use crate::envelope::{Change, Lane};
use crate::registry::Entry;
use crate::store::Claims;
use crate::store::history::{EmergencyUse, Step, What};
use crate::telemetry::causes;

/// Messages taken at a time.
const BATCH: usize = 64;
/// Wait before a refused batch is tried again.
const BACK_OFF: Duration = Duration::from_secs(1);

/// What became of messages since the start.
#[derive(Debug, Default)]
pub struct RouterCounts {
    /// Messages taken from their lanes.
    pub(super) taken: AtomicU64,
    /// Messages with at least one recipient.
    pub(super) routed: AtomicU64,
    /// Messages that nobody wanted.
    pub(super) filtered: AtomicU64,
    /// Invalid messages by feed.
    pub(super) invalid: BTreeMap<String, AtomicU64>,
    /// Invalid messages of feeds that are no longer configured.
    pub(super) invalid_unknown: AtomicU64,
    /// Copies by subscriber.
    pub(super) copies: BTreeMap<String, AtomicU64>,
    /// Copies by facility and service, which is the first part of a topic.
    pub(super) services: Mutex<BTreeMap<(String, String), u64>>,
    /// What routers asked each other.
    pub(super) questions: Questions,
}

impl RouterCounts {
    /// Counters for these feeds and subscribers.
    pub fn new<'n>(
        feeds: impl IntoIterator<Item = &'n str>,
        subscribers: impl IntoIterator<Item = &'n str>,
    ) -> Self {
        let zero = |name: &str| (name.to_owned(), AtomicU64::new(0));
        Self {
            invalid: feeds.into_iter().map(zero).collect(),
            copies: subscribers.into_iter().map(zero).collect(),
            ..Self::default()
        }
    }

    /// Messages that made no sense, of all feeds.
    pub(super) fn invalid(&self) -> u64 {
        let counters = self.invalid.values().chain([&self.invalid_unknown]);
        counters.map(|counter| counter.load(Ordering::Relaxed)).sum()
    }

    fn add(&self, outcomes: &[(String, Outcome)], follow: &[Publication]) {
        let one = |counter: &AtomicU64| counter.fetch_add(1, Ordering::Relaxed);
        for (feed, outcome) in outcomes {
            match outcome {
                Outcome::Filtered => one(&self.filtered),
                Outcome::Invalid(_) => one(self.invalid.get(feed).unwrap_or(&self.invalid_unknown)),
                Outcome::Routed(_) => one(&self.routed),
            };
            for copies in outcome.recipients().iter().filter_map(|name| self.copies.get(name)) {
                one(copies);
            }
        }
        let mut services = self.services.lock().unwrap_or_else(PoisonError::into_inner);
        for Publication { to, envelope, .. } in follow {
            let Some(routed) = &envelope.event else { continue };
            let service = routed.topic.split('.').next().unwrap_or_default();
            let cell = services.entry((envelope.facility.clone(), service.to_owned())).or_default();
            *cell += to.len() as u64;
        }
    }
}

/// Routes one lane.
pub struct Router {
    broker: Arc<dyn Broker>,
    lane: Lane,
    in_force: Arc<InForce>,
    counts: Arc<RouterCounts>,
    archive: Arc<Archive>,
    claims: Claims,
    clock: Arc<dyn Clock>,
    /// Takes what messages tell the registry; without it nothing is taken.
    register: Option<Arc<Register>>,
    /// Takes decisions; without it nothing is written down.
    written: Option<Arc<Written>>,
}

/// How the work on a batch, or on a lane, ended.
enum End {
    /// All of it is done.
    Done,
    /// The hub was told to stop; what is open comes again.
    Stopped,
    /// The consumer was lost; what is open comes again from a new one.
    Lost,
}

impl Router {
    /// The routers of that many lanes.
    pub fn of_lanes(
        lanes: u16,
        broker: &Arc<dyn Broker>,
        in_force: &Arc<InForce>,
        counts: &Arc<RouterCounts>,
        claims: &Claims,
        clock: &Arc<dyn Clock>,
    ) -> Vec<Self> {
        let archive = Arc::new(Archive::new(broker.clone()));
        let of = |lane| Self {
            broker: broker.clone(),
            lane,
            in_force: in_force.clone(),
            counts: counts.clone(),
            archive: archive.clone(),
            claims: claims.clone(),
            clock: clock.clone(),
            register: None,
            written: None,
        };
        (0..lanes).map(Lane).map(of).collect()
    }

    /// The same, entering what messages tell the registry, and writing down what is decided.
    #[must_use]
    pub(super) fn keeping(self, register: Option<Arc<Register>>, written: Arc<Written>) -> Self {
        Self { register, written: Some(written), ..self }
    }

    /// Routes until told to stop. A batch's copies and its acknowledgement are one step of the broker.
    pub async fn run(self, mut stop: watch::Receiver<bool>) -> Result<(), BrokerError> {
        let queue = topology::ingest();
        loop {
            let consumer = tokio::select! {
                biased;
                _ = stop.wait_for(|&stop| stop) => return Ok(()),
                consumer = self.broker.consume(&queue, self.lane) => consumer,
            };
            let end = match consumer {
                Ok(mut consumer) => {
                    let end = self.lane(consumer.as_mut(), &mut stop).await?;
                    if matches!(end, End::Stopped) {
                        consumer.close().await;
                    }
                    end
                }
                Err(error) if error.passes() => self.lost(&error),
                Err(error) => return Err(error),
            };
            if matches!(end, End::Stopped) || pause(&mut stop).await {
                return Ok(());
            }
        }
    }

    async fn lane(
        &self,
        consumer: &mut dyn Consumer,
        stop: &mut watch::Receiver<bool>,
    ) -> Result<End, BrokerError> {
        loop {
            let batch = tokio::select! {
                biased;
                _ = stop.wait_for(|&stop| stop) => return Ok(End::Stopped),
                batch = consumer.receive(BATCH) => batch,
            };
            let end = match batch {
                Ok(batch) => self.pieces(consumer, &batch, stop).await?,
                Err(error) if error.passes() => self.lost(&error),
                Err(error) => return Err(error),
            };
            if !matches!(end, End::Done) {
                return Ok(end);
            }
        }
    }

    /// Routes a batch; a message that joins lanes waits until the lower ones are past what belongs before it.
    async fn pieces(
        &self,
        consumer: &mut dyn Consumer,
        mut batch: &[Delivery],
        stop: &mut watch::Receiver<bool>,
    ) -> Result<End, BrokerError> {
        while let Some((first, rest)) = batch.split_first() {
            let end = self.cross(first, stop).await?;
            if !matches!(end, End::Done) {
                return Ok(end);
            }
            let until = rest.iter().position(|delivery| !crossing::before(delivery).is_empty());
            let (piece, after) = batch.split_at(until.map_or(batch.len(), |until| until + 1));
            let end = self.route(consumer, piece, stop).await?;
            if !matches!(end, End::Done) {
                return Ok(end);
            }
            batch = after;
        }
        Ok(End::Done)
    }

    /// Waits for what belongs before a message and lies in lower lanes.
    async fn cross(&self, first: &Delivery, stop: &mut watch::Receiver<bool>) -> Result<End, BrokerError> {
        let lower = crossing::before(first);
        if lower.is_empty() {
            return Ok(End::Done);
        }
        match crossing::cross(self.broker.as_ref(), &self.counts.questions, self.lane, lower, stop).await {
            Ok(Crossed::Over) => Ok(End::Done),
            Ok(Crossed::Stopped) => Ok(End::Stopped),
            Ok(Crossed::Lasts) => Ok(End::Lost),
            Err(error) if error.passes() => Ok(self.lost(&error)),
            Err(error) => Err(error),
        }
    }

    /// Answers the questions of a piece that is settled.
    async fn answer(&self, piece: &[Delivery]) -> Result<(), BrokerError> {
        for (question, lane) in piece.iter().filter_map(|one| Some((one, crossing::asks(one)?))) {
            match crossing::answer(self.broker.as_ref(), question, lane).await {
                // It is asked again.
                Err(error) if error.passes() => drop(self.lost(&error)),
                answered => answered?,
            }
        }
        Ok(())
    }

    async fn route(
        &self,
        consumer: &mut dyn Consumer,
        batch: &[Delivery],
        stop: &mut watch::Receiver<bool>,
    ) -> Result<End, BrokerError> {
        let mut outcomes = Vec::with_capacity(batch.len());
        let mut follow = Vec::with_capacity(batch.len());
        let (mut archived, mut decisions, mut emergencies) = (Vec::new(), Vec::new(), Vec::new());
        for delivery in batch.iter().filter(|delivery| crossing::asks(delivery).is_none()) {
            let Some(done) = self.processed(delivery, stop).await else { return Ok(End::Stopped) };
            if !self.keep(done.attached, stop).await {
                return Ok(End::Stopped);
            }
            outcomes.push((delivery.envelope.origin.feed.clone(), done.outcome));
            follow.extend(done.follow);
            archived.extend(done.archived);
            decisions.push(done.decision);
            emergencies.extend(done.emergencies);
        }
        let decisions = self.keep_originals(batch, decisions);
        if !self.note(&decisions, &emergencies, stop).await {
            return Ok(End::Stopped);
        }
        self.archive.keep(archived).await;
        loop {
            match consumer.settle(batch.len(), follow.clone()).await {
                Ok(()) => {
                    let questions = (batch.len() - outcomes.len()) as u64;
                    self.counts.taken.fetch_add(outcomes.len() as u64, Ordering::Relaxed);
                    self.counts.questions.taken.fetch_add(questions, Ordering::Relaxed);
                    self.counts.add(&outcomes, &follow);
                    self.answer(batch).await?;
                    return Ok(End::Done);
                }
                Err(error @ (BrokerError::Store { .. } | BrokerError::Refused { .. })) => {
                    let lane = self.lane.0;
                    error!(lane, error = causes(&error), "the broker can't take the copies; trying again");
                }
                Err(error) if error.passes() => return Ok(self.lost(&error)),
                Err(error) => return Err(error),
            }
            if pause(stop).await {
                return Ok(End::Stopped);
            }
        }
    }

    /// One message through the pure stages, with what it claims. `None`: told to stop while the folder of claims could
    /// not be read.
    async fn processed(&self, delivery: &Delivery, stop: &mut watch::Receiver<bool>) -> Option<Processed> {
        loop {
            let routing = self.in_force.routing();
            let takes_history = routing.routes.take_change(Change::Superseded);
            match Original::load(&self.claims, delivery, takes_history).await {
                Ok(Ok(original)) => {
                    let now = self.clock.now();
                    let done = process(&delivery.envelope, &original, self.lane, &routing, now);
                    if done.entries.is_empty() {
                        return Some(done);
                    }
                    if self.enter(done.entries, stop).await {
                        continue;
                    }
                }
                Ok(Err(fault)) => {
                    let Delivery { envelope, body, .. } = delivery;
                    return Some(invalid(envelope, body, self.lane, &routing, self.clock.now(), fault));
                }
                Err(error) => {
                    let lane = self.lane.0;
                    error!(lane, error = causes(&error), "the folder of claims can't be read; trying again");
                }
            }
            if pause(stop).await {
                return None;
            }
        }
    }

    /// Enters what a message tells the registry; it is durable then, and the message can be processed anew. What is
    /// refused now is refused by the new processing, too. False: it could not be entered.
    async fn enter(&self, entries: Vec<Entry>, stop: &mut watch::Receiver<bool>) -> bool {
        let Some(register) = &self.register else { return false };
        let entered = tokio::select! {
            biased;
            _ = stop.wait_for(|&stop| stop) => return false,
            entered = register.submit(entries) => entered,
        };
        match entered {
            Ok(_) | Err(RegistryError::Refused(_)) => true,
            Err(error) => {
                let lane = self.lane.0;
                error!(lane, error = causes(&error), "the registry can't be written; trying again");
                false
            }
        }
    }

    /// Keeps the files of an event, durably: its copies tell their hashes. False: told to stop while the folder of
    /// claims could not be written.
    async fn keep(&self, attached: Vec<Attached>, stop: &mut watch::Receiver<bool>) -> bool {
        for Attached { content, .. } in attached {
            let content = Bytes::from(content);
            while let Err(error) = keep(&self.claims, content.clone()).await {
                let lane = self.lane.0;
                error!(lane, error = causes(&error), "the folder of claims can't be written; trying again");
                if pause(stop).await {
                    return false;
                }
            }
        }
        true
    }

    /// Keeps what was accepted, and lets the decisions say where.
    fn keep_originals(&self, batch: &[Delivery], decisions: Vec<Option<Step>>) -> Vec<Step> {
        let Some(written) = &self.written else { return decisions.into_iter().flatten().collect() };
        let messages = batch.iter().filter(|delivery| crossing::asks(delivery).is_none());
        let places = written.originals.keep(self.clock.now(), self.lane, messages);
        let mut places = places.into_iter();
        let with_place = |decision: Option<Step>| {
            let place = places.next();
            let mut step = decision?;
            if let What::Decided(decision) = &mut step.what {
                decision.kept = place;
            }
            Some(step)
        };
        decisions.into_iter().filter_map(with_place).collect()
    }

    /// Writes the decisions down before what follows from them is published. False: told to stop while they could not be
    /// written. A batch that comes again is written again.
    async fn note(
        &self,
        decisions: &[Step],
        emergencies: &[EmergencyUse],
        stop: &mut watch::Receiver<bool>,
    ) -> bool {
        let Some(written) = &self.written else { return true };
        while let Err(error) = written.note(self.clock.now(), decisions, emergencies) {
            let lane = self.lane.0;
            error!(lane, error = causes(&error), "the history can't be written; trying again");
            if pause(stop).await {
                return false;
            }
        }
        true
    }

    /// Whoever watches the connection has told of it already.
    fn lost(&self, error: &BrokerError) -> End {
        debug!(lane = self.lane.0, error = causes(error), "the lane was lost; taking it again");
        End::Lost
    }
}

/// Waits before the next attempt; true if told to stop.
async fn pause(stop: &mut watch::Receiver<bool>) -> bool {
    tokio::select! {
        _ = stop.wait_for(|&stop| stop) => true,
        () = tokio::time::sleep(BACK_OFF) => false,
    }
}
