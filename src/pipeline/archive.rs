//! The archive of all events, on RabbitMQ a stream.
//!
//! It is written before a lane is acknowledged, so a crash leaves no gap. But no promise rests on it, and nobody's care
//! waits for it: where it does not take a batch in time, the lanes go on without it for a while, and the log says how
//! many events it lacks.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout};
use tracing::{error, warn};

use super::router::RouterCounts;
use crate::broker::{Broker, Publication};
use crate::telemetry::causes;

/// How long a lane waits for it.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the lanes go on without it after that.
const PAUSE: Duration = Duration::from_secs(30);

/// Where every event is kept for replay.
pub(super) struct Archive {
    broker: Arc<dyn Broker>,
    /// Not asked again before.
    paused: Mutex<Option<Instant>>,
    /// Events that it lacks.
    missing: AtomicU64,
    counts: Arc<RouterCounts>,
}

impl Archive {
    pub(super) fn new(broker: Arc<dyn Broker>, counts: Arc<RouterCounts>) -> Self {
        Self { broker, paused: Mutex::new(None), missing: AtomicU64::new(0), counts }
    }

    /// Keeps events, or goes on without them.
    pub(super) async fn keep(&self, events: Vec<Publication>) {
        if events.is_empty() {
            return;
        }
        let count = events.len() as u64;
        if self.paused().is_some_and(|until| Instant::now() < until) {
            self.lacks(count);
            return;
        }
        let why = match timeout(PATIENCE, self.broker.publish(events)).await {
            Ok(Ok(())) => return self.go_on(),
            Ok(Err(error)) => causes(&error),
            Err(_) => "no answer".to_owned(),
        };
        self.lacks(count);
        let mut paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
        if paused.replace(Instant::now() + PAUSE).is_none() {
            error!(why, "the archive takes nothing: what is routed now can't be replayed");
        }
    }

    fn lacks(&self, count: u64) {
        self.missing.fetch_add(count, Ordering::Relaxed);
        self.counts.archive_missing.fetch_add(count, Ordering::Relaxed);
    }

    fn paused(&self) -> Option<Instant> {
        *self.paused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn go_on(&self) {
        if self.paused.lock().unwrap_or_else(PoisonError::into_inner).take().is_some() {
            let missing = self.missing.swap(0, Ordering::Relaxed);
            warn!(missing, "the archive takes events again; so many are missing in it");
        }
    }
}
