//! The workers of one subscriber: one for each lane of its queue, with one sender.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::tz::TimeZone;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::{error, warn};

use super::claimed;
use super::joined::Joined;
use super::lane::LaneWorker;
use super::outcome::Outcome;
use super::sender::Sender;
use super::{Counts, DeliverError, Pace, Subscriber};
use crate::broker::{Broker, BrokerError, Delivery, topology};
use crate::clock::Clock;
use crate::envelope::{Envelope, Lane};
use crate::registry::{RecordId, View};
use crate::store::{Claims, DayLog};
use crate::telemetry::causes;

/// Delivers to one subscriber.
pub struct Workers {
    /// Subscriber.
    pub subscriber: Subscriber,
    /// Lanes of its queue; each is served on its own.
    pub lanes: u16,
    /// The broker.
    pub broker: Arc<dyn Broker>,
    /// Counters.
    pub counts: Arc<Counts>,
    /// Clock: the day names a folder's file; the time says how long a copy is parked.
    pub clock: Arc<dyn Clock>,
    /// Zone in which a day begins.
    pub zone: TimeZone,
    /// Bodies that are too large for the broker.
    pub claims: Claims,
    /// Facilities, patients and consents.
    pub registry: View,
    /// Where it is written down what became of copies, if anywhere.
    pub history: Option<Arc<DayLog>>,
    /// Attempts before a lane leaves its copies in the queue and ends; `None` never gives up.
    pub attempts_max: Option<u32>,
    /// Times and bounds.
    pub pace: Pace,
}

/// What the lanes of a subscriber share.
pub(super) struct Shared {
    workers: Workers,
    pub(super) sender: Sender,
    /// Answers to any message since the start.
    answers: AtomicU64,
    /// What lanes ask each other.
    pub(super) joined: Joined,
    halt: watch::Sender<bool>,
    /// Changes when all lanes are to let go of what they consume, and go to the end of the line.
    pub(super) line: watch::Sender<u64>,
}

impl Workers {
    /// Delivers until told to stop, or until giving up. What is wrong with this subscriber concerns no other. Returns
    /// at once for a subscriber that takes its copies itself.
    ///
    /// # Errors
    /// The broker's, where asking it again is of no use, and a lane's panic.
    pub async fn run(self, mut stop: watch::Receiver<bool>) -> Result<(), DeliverError> {
        let Some(sender) = self.sender(&mut stop).await else { return Ok(()) };
        let failed = |source| DeliverError::Broker { subscriber: self.subscriber.name.clone(), source };
        self.declare(&mut stop).await.map_err(failed)?;
        let (halt, halted) = watch::channel(*stop.borrow());
        let shared = Arc::new(Shared {
            workers: self,
            sender,
            answers: AtomicU64::new(0),
            joined: Joined::new(),
            halt,
            line: watch::Sender::new(0),
        });
        let mut lanes = JoinSet::new();
        for lane in (0..shared.workers.lanes).map(Lane) {
            lanes.spawn(LaneWorker::new(shared.clone(), lane, halted.clone()).run());
        }
        loop {
            let ended = tokio::select! {
                ended = lanes.join_next() => ended,
                () = told(&mut stop), if !*halted.borrow() => {
                    shared.halt.send_replace(true);
                    continue;
                }
            };
            let Some(ended) = ended else { break };
            let subscriber = || shared.name().to_owned();
            ended
                .map_err(|_| DeliverError::Failed { subscriber: subscriber() })?
                .map_err(|source| DeliverError::Broker { subscriber: subscriber(), source })?;
        }
        // The end would look like a crash to who watches over the process, and be followed by a start.
        if shared.attempts_max().is_none() {
            told(&mut stop).await;
        }
        Ok(())
    }

    /// Makes the sender ready, however often it takes. `None`: there is none, or given up, or told to stop.
    async fn sender(&self, stop: &mut watch::Receiver<bool>) -> Option<Sender> {
        let subscriber = &self.subscriber.name;
        let mut attempt = 0;
        loop {
            let failure = match Sender::open(&self.subscriber.deliver, &self.clock, &self.zone, &self.claims)
            {
                Ok(sender) => return sender,
                Err(failure) => causes(&failure),
            };
            attempt += 1;
            self.counts.set_away(self.clock.now(), &failure);
            if self.attempts_max.is_some_and(|most| attempt >= most) {
                error!(subscriber, failure, "not delivered; the copies stay in their queue");
                self.counts.gave_up.store(true, Ordering::Relaxed);
                return None;
            }
            warn!(subscriber, attempt, failure, "can't deliver; trying again");
            tokio::select! {
                () = told(stop) => return None,
                () = tokio::time::sleep(self.pace.after_away(attempt)) => {}
            }
        }
    }

    /// Declares the queues that the lanes consume and publish to.
    async fn declare(&self, stop: &mut watch::Receiver<bool>) -> Result<(), BrokerError> {
        let name = &self.subscriber.name;
        let queues = [topology::subscriber(name), topology::parked(name), topology::dead(name)];
        let mut attempt = 0;
        loop {
            let declared = async {
                for queue in &queues {
                    self.broker.declare(queue).await?;
                }
                Ok(())
            };
            attempt += 1;
            let failure = match declared.await {
                Err(failure @ (BrokerError::Away { .. } | BrokerError::Store { .. })) => causes(&failure),
                result => return result,
            };
            warn!(subscriber = name, attempt, failure, "the queues can't be declared; trying again");
            tokio::select! {
                () = told(stop) => return Ok(()),
                () = tokio::time::sleep(self.pace.after_away(attempt)) => {}
            }
        }
    }
}

impl Shared {
    pub(super) fn name(&self) -> &str {
        &self.workers.subscriber.name
    }

    pub(super) fn give_up_after(&self) -> Option<Duration> {
        self.workers.subscriber.give_up_after
    }

    pub(super) fn broker(&self) -> &Arc<dyn Broker> {
        &self.workers.broker
    }

    pub(super) fn counts(&self) -> &Counts {
        &self.workers.counts
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        self.workers.clock.as_ref()
    }

    pub(super) fn history(&self) -> Option<&DayLog> {
        self.workers.history.as_deref()
    }

    pub(super) fn pace(&self) -> &Pace {
        &self.workers.pace
    }

    /// A lane's share of the parked copies.
    pub(super) fn parked_copies(&self) -> usize {
        (self.workers.pace.parked_copies / usize::from(self.workers.lanes).max(1)).max(1)
    }

    pub(super) fn attempts_max(&self) -> Option<u32> {
        self.workers.attempts_max
    }

    /// How many answers the subscriber has given to anything.
    pub(super) fn answers(&self) -> u64 {
        self.answers.load(Ordering::Relaxed)
    }

    /// Whether everything that the copy's permission rests on is in force at this instant.
    pub(super) fn may_go(&self, copy: &Delivery) -> bool {
        let Some(event) = &copy.envelope.event else { return false };
        let grounds: Vec<_> = event.grounds.iter().cloned().map(RecordId).collect();
        let (registry, at) = (self.workers.registry.read(), self.clock().now());
        registry.still(&grounds, at) && registry.takes_part(&event.basis, &copy.envelope.facility, at)
    }

    /// Whether an operator lets all copies wait.
    pub(super) fn is_held(&self) -> bool {
        self.workers.registry.read().is_held(self.name(), self.clock().now())
    }

    /// Whether an operator lets the copies about this patient wait.
    pub(super) fn is_patient_held(&self, copy: &Delivery) -> bool {
        let Envelope { facility, patient, .. } = &copy.envelope;
        let registry = self.workers.registry.read();
        registry.is_patient_held(self.name(), facility, &patient.0, self.clock().now())
    }

    /// Whether an operator ever let anything wait: then it is looked now and then whether it may go.
    pub(super) fn has_holds(&self) -> bool {
        self.workers.registry.read().holds().any(|(_, hold)| hold.subscriber == self.name())
    }

    /// Attempts to deliver copies of a lane, in their order. None is sent unless all may go as the attempt begins.
    pub(super) async fn attempt(&self, lane: Lane, copies: &[&Delivery]) -> Outcome {
        let whole = match copies {
            [copy] => match claimed::resolve(&self.workers.claims, copy).await {
                Ok(whole) => whole,
                // The subscriber has answered nothing.
                Err(outcome) => return outcome,
            },
            _ => None,
        };
        // Nothing is awaited between this and the attempt.
        if !copies.iter().all(|copy| self.may_go(copy)) {
            return Outcome::Withdrawn;
        }
        if self.is_held() || copies.iter().any(|copy| self.is_patient_held(copy)) {
            return Outcome::Held;
        }
        let begun = self.clock().now();
        let outcome = match &whole {
            Some(whole) => self.sender.attempt(lane, &[whole]).await,
            None => self.sender.attempt(lane, copies).await,
        };
        self.counts().attempts.note(self.name(), copies, &outcome, (begun, self.clock().now()));
        if outcome.is_answer() {
            self.answers.fetch_add(1, Ordering::Relaxed);
            self.counts().set_reached();
        }
        outcome
    }

    /// The subscriber wants no more: every lane ends, and leaves its copies where they are.
    pub(super) fn gone(&self) {
        let counts = self.counts();
        counts.gave_up.store(true, Ordering::Relaxed);
        if !counts.gone.swap(true, Ordering::Relaxed) {
            let subscriber = self.name();
            error!(
                subscriber,
                "the subscriber wants no more: nothing is delivered to it until the hub is started again"
            );
        }
        self.halt.send_replace(true);
    }
}

/// Waits until told to stop, or until nobody is left who could tell.
pub(super) async fn told(stop: &mut watch::Receiver<bool>) {
    drop(stop.wait_for(|&stop| stop).await);
}
