//! What a process answers to who watches over it: its metrics, and whether it is ready.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::connection::Reach;
use super::status::ProcessStatus;
use crate::clock::Clock;
use crate::telemetry::{Meter, names};

/// A process that has not looked at itself for so long hangs.
const SILENT: SignedDuration = SignedDuration::from_secs(15);

/// The metrics and the health of a hub.
#[derive(Clone)]
pub struct Monitor {
    pub(super) meter: Arc<Meter>,
    health: Arc<Mutex<Health>>,
    clock: Arc<dyn Clock>,
}

#[derive(Default)]
struct Health {
    /// When it was last looked, and what was seen.
    seen: Option<(Timestamp, Seen)>,
    address: Option<SocketAddr>,
}

struct Seen {
    link: Reach,
    reason: Option<String>,
    /// Why the status could not be written.
    disk: Option<String>,
    failing: Vec<String>,
}

/// Whether a process can do its work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Readiness {
    /// All checks passed.
    pub ready: bool,
    /// What was looked at.
    pub checks: Vec<Check>,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// `parts`, `broker` or `disk`.
    pub name: &'static str,
    /// Whether it is as it should be.
    pub ok: bool,
    /// What is wrong, in the words of the system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Monitor {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { meter: Arc::new(Meter::new()), health: Arc::default(), clock }
    }

    /// The metrics, in Prometheus' text format 0.0.4.
    pub fn metrics(&self) -> String {
        self.meter.render()
    }

    /// Whether the process can do its work: its parts are at work, the broker takes messages, the disk can be written.
    /// A feed that fails is no reason to take it out of service: the others go on.
    pub fn readiness(&self) -> Readiness {
        let now = self.clock.now();
        let health = self.health.lock().unwrap_or_else(PoisonError::into_inner);
        let check = |name, reason: Option<String>| Check { name, ok: reason.is_none(), reason };
        let Some((at, seen)) = &health.seen else {
            let reason = Some("they are being started".to_owned());
            return Readiness { ready: false, checks: vec![check("parts", reason)] };
        };
        let stale = now.duration_since(*at) > SILENT;
        let parts = stale.then(|| format!("nothing was heard of them since {at}"));
        let broker = matches!(seen.link, Reach::Away | Reach::Blocked)
            .then(|| seen.reason.clone().unwrap_or_else(|| "it takes nothing".to_owned()));
        let checks = vec![check("parts", parts), check("broker", broker), check("disk", seen.disk.clone())];
        Readiness { ready: checks.iter().all(|check| check.ok), checks }
    }

    /// Feeds that can't go on at present.
    pub fn failing(&self) -> Vec<String> {
        let health = self.health.lock().unwrap_or_else(PoisonError::into_inner);
        health.seen.as_ref().map(|(_, seen)| seen.failing.clone()).unwrap_or_default()
    }

    /// Tells in the status where the metrics are served.
    pub fn serves(&self, address: SocketAddr) {
        self.health.lock().unwrap_or_else(PoisonError::into_inner).address = Some(address);
    }

    /// How many alerts of each kind are open.
    pub fn open_alerts<'a>(&self, counts: impl IntoIterator<Item = (&'a str, &'a str, u32)>) {
        for (alarm, severity, count) in counts {
            self.meter.set(&names::ALERTS_OPEN, &[alarm, severity], f64::from(count));
        }
    }

    pub(super) fn address(&self) -> Option<SocketAddr> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner).address
    }

    /// Takes note of how the process is, and whether that could be written.
    pub(super) fn note(&self, status: &ProcessStatus, disk: Option<String>) {
        let failing = status.feeds.iter().filter(|feed| feed.failing.is_some());
        let seen = Seen {
            link: status.broker.link,
            reason: status.broker.reason.clone(),
            disk,
            failing: failing.map(|feed| feed.feed.clone()).collect(),
        };
        self.health.lock().unwrap_or_else(PoisonError::into_inner).seen = Some((self.clock.now(), seen));
    }
}
