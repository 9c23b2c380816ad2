//! What operators look at and act on in a process that runs: the control bus (Enterprise Integration Patterns).

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::again::Again;
use super::deliveries::AtWork;
use super::in_force::InForce;
use super::process::Routing;
use super::registry::Register;
use super::written::Written;
use crate::broker::{Broker, BrokerError, Consumer, Publication};
use crate::clock::Clock;
use crate::config::Config;
use crate::store::day_log::Following;
use crate::store::history::{EmergencyUse, Step};
use crate::store::{Claims, DayLogError, Ledger};

/// The way to a hub's queues, registry and history, for what `ops` does.
#[derive(Clone)]
pub struct ControlBus {
    pub(super) config: Arc<RwLock<Arc<Config>>>,
    pub(super) broker: Arc<dyn Broker>,
    pub(super) register: Arc<Register>,
    pub(super) in_force: Arc<InForce>,
    pub(super) written: Arc<Written>,
    /// By the names of feeds: of those that this process keeps.
    pub(super) ledgers: Arc<BTreeMap<String, Ledger>>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) again: Arc<Again>,
    pub(super) at_work: Arc<AtWork>,
}

impl ControlBus {
    /// The configuration that is in force.
    pub fn config(&self) -> Arc<Config> {
        self.config.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What carries the messages.
    pub fn broker(&self) -> &Arc<dyn Broker> {
        &self.broker
    }

    /// Facilities, patients and consents.
    pub fn register(&self) -> &Arc<Register> {
        &self.register
    }

    /// The routing that is in force.
    pub fn routing(&self) -> Arc<Routing> {
        self.in_force.routing()
    }

    /// What a feed has taken from its sources, where this process keeps that.
    pub fn ledger(&self, feed: &str) -> Option<&Ledger> {
        self.ledgers.get(feed)
    }

    /// The time.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// The steps of messages that this process writes into the history from now on, as lines of it. Who follows slowly
    /// misses some; nothing waits for him.
    pub fn follow(&self) -> Following {
        self.written.history.follow()
    }

    /// Writes what was done into the history.
    ///
    /// # Errors
    ///
    /// It can't be written: then it was not noted, and must not be done.
    pub fn note(&self, steps: &[Step]) -> Result<(), DayLogError> {
        self.written.note(self.clock.now(), steps, &[])
    }

    /// Writes down what copies that are made again rest on: as [`note`](Self::note), and the audit of emergency access.
    ///
    /// # Errors
    ///
    /// It can't be written: then no copy must leave.
    pub fn note_copies(&self, steps: &[Step], uses: &[EmergencyUse]) -> Result<(), DayLogError> {
        self.written.note(self.clock.now(), steps, uses)
    }

    /// What is too large for the broker.
    pub fn claims(&self) -> Claims {
        Claims::new(self.config().hub.claims.clone())
    }

    /// Waits until the registry is known to its end: before, nothing must be decided.
    pub async fn when_ready(&self) {
        self.register.when_whole().await;
    }

    /// Publishes copies that are made again for a subscriber, and counts them on the side of what it got. Durable when it
    /// returns.
    ///
    /// # Errors
    ///
    /// The broker's; [`BrokerError::Closed`] once the hub adds up what its run did.
    pub async fn send_again(&self, subscriber: &str, copies: Vec<Publication>) -> Result<(), BrokerError> {
        self.again.send(self.broker.as_ref(), subscriber, copies).await
    }

    /// Lets every parked patient of a subscriber be tried now. False: another process delivers to it.
    pub fn try_parked(&self, subscriber: &str) -> bool {
        self.at_work.hurry(subscriber)
    }

    /// Takes the oldest open letters of a queue out and makes `follow` durable in the same step; what of it goes back to
    /// the routers or to a subscriber is counted.
    ///
    /// # Errors
    ///
    /// As [`send_again`](Self::send_again).
    pub async fn settle_again(
        &self,
        consumer: &mut dyn Consumer,
        count: usize,
        follow: Vec<Publication>,
    ) -> Result<(), BrokerError> {
        self.again.settle(consumer, count, follow).await
    }
}
