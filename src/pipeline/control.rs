//! What operators look at and act on in a process that runs: the control bus (Enterprise Integration Patterns).

use std::sync::{Arc, PoisonError, RwLock};

use super::in_force::InForce;
use super::process::Routing;
use super::registry::Register;
use super::written::Written;
use crate::broker::Broker;
use crate::clock::Clock;
use crate::config::Config;
use crate::store::DayLogError;
use crate::store::day_log::Following;
use crate::store::history::Step;

/// The way to a hub's queues, registry and history, for what `ops` does.
#[derive(Clone)]
pub struct ControlBus {
    pub(super) config: Arc<RwLock<Arc<Config>>>,
    pub(super) broker: Arc<dyn Broker>,
    pub(super) register: Arc<Register>,
    pub(super) in_force: Arc<InForce>,
    pub(super) written: Arc<Written>,
    pub(super) clock: Arc<dyn Clock>,
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
}
