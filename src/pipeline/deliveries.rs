//! The deliveries of a process at work.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::hub::{Hub, Mode, Tasks};
use super::report::SubscriberReport;
use super::signs::SubscriberSigns;
use super::start::Start;
use crate::deliver::{self, Pace, Subscriber, Workers};

/// Attempts of a drain at a delivery before it leaves the copies parked.
const DRAIN_ATTEMPTS: u32 = 4;

/// A subscriber and what became of its copies.
pub(super) struct Served {
    pub(super) subscriber: Subscriber,
    /// Copies that waited for it when the run began.
    pub(super) carried: u64,
    pub(super) counts: Arc<deliver::Counts>,
}

impl Served {
    /// Whether this process takes its copies; a subscriber of kind `queue` reads them itself.
    pub(super) fn is_delivered(&self) -> bool {
        self.subscriber.deliver != deliver::Kind::Queue
    }

    /// Whether there is no use in waiting for its copies.
    pub(super) fn gave_up(&self) -> bool {
        self.counts.gave_up.load(Ordering::Relaxed)
    }

    /// What else is told of it.
    pub(super) fn signs(&self) -> SubscriberSigns {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let attempts = &self.counts.attempts;
        SubscriberSigns {
            parkings: read(&self.counts.parkings),
            withdrawn: read(&self.counts.withdrawn),
            attempts: attempts.counts().map(|(word, count)| (word.to_owned(), count)).collect(),
        }
    }

    /// What became of its copies: `routed` and `replayed` of them in this run, and `left` in its queue.
    pub(super) fn report(&self, routed: u64, replayed: u64, left: Option<u64>) -> SubscriberReport {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        // Who gave up knows of one at least.
        let (left, waiting) = match self.gave_up() {
            true => (left.unwrap_or(1), 0),
            false => (0, left.unwrap_or(0)),
        };
        let delivered = if self.is_delivered() { read(&self.counts.delivered) } else { routed + replayed };
        SubscriberReport {
            subscriber: self.subscriber.name.clone(),
            routed,
            carried: self.carried + read(&self.counts.found),
            replayed,
            delivered,
            parked: read(&self.counts.parked) + left,
            waiting,
            dead: read(&self.counts.dead),
        }
    }
}

/// The subscribers that a process delivers to, for who wants something of its deliveries.
#[derive(Default)]
pub(super) struct AtWork(Mutex<BTreeMap<String, Arc<deliver::Counts>>>);

impl AtWork {
    /// From now on these.
    pub(super) fn begin(&self, served: &[Served]) {
        let delivered = served.iter().filter(|served| served.is_delivered());
        let delivered = delivered.map(|served| (served.subscriber.name.clone(), served.counts.clone()));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = delivered.collect();
    }

    /// Lets every parked patient of a subscriber be tried now. False: another process delivers to it.
    pub(super) fn hurry(&self, subscriber: &str) -> bool {
        let at_work = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        at_work.get(subscriber).map(|counts| counts.hurry()).is_some()
    }
}

/// Starts the workers of those subscribers that do not read their queue themselves.
pub(super) fn start_deliveries(hub: &Hub, served: &[Served], mode: Mode, start: &Start, tasks: &mut Tasks) {
    for Served { subscriber, counts, .. } in served.iter().filter(|served| served.is_delivered()) {
        let workers = Workers {
            subscriber: subscriber.clone(),
            lanes: hub.channel.lanes,
            broker: hub.channel.broker.clone(),
            counts: counts.clone(),
            clock: hub.clock.clone(),
            zone: hub.config.hub.timezone.clone(),
            claims: hub.claims(),
            registry: hub.registry.clone(),
            history: Some(hub.written.history.clone()),
            attempts_max: (mode == Mode::Drain).then_some(DRAIN_ATTEMPTS),
            pace: Pace::default(),
        };
        let halted = start.halted.clone();
        tasks.spawn(start.clone().then(async move { Ok(workers.run(halted).await?) }));
    }
}
