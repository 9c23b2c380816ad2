//! How the connection to RabbitMQ is, since when, and telling it to the log once.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::warn;

use crate::broker::rabbitmq::{LineState, LinkState};
use crate::clock::Clock;

/// How a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    /// Nothing was asked of it yet.
    Idle,
    /// It is there.
    Up,
    /// It is there, but the server takes nothing: its memory or disk alarm is on.
    Blocked,
    /// It is not there.
    Away,
}

/// The connection, as far as it is known now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Condition {
    pub(super) link: Reach,
    /// What the server said, or what the last attempt failed with.
    pub(super) reason: Option<String>,
    /// Moment since which `link` is so, RFC 3339.
    pub(super) since: String,
    began: Instant,
}

/// Follows the connection.
#[derive(Clone)]
pub(super) struct Connection {
    condition: Arc<Mutex<Condition>>,
    state: watch::Receiver<LinkState>,
    clock: Arc<dyn Clock>,
}

impl Connection {
    pub(super) fn new(state: watch::Receiver<LinkState>, clock: Arc<dyn Clock>) -> Self {
        let since = clock.now().to_string();
        let condition = Condition { link: Reach::Idle, reason: None, since, began: Instant::now() };
        Self { condition: Arc::new(Mutex::new(condition)), state, clock }
    }

    /// How it is.
    pub(super) fn condition(&self) -> Condition {
        self.lock().clone()
    }

    /// How long nothing has gone through.
    pub(super) fn impaired(&self) -> Option<Duration> {
        let condition = self.lock();
        matches!(condition.link, Reach::Blocked | Reach::Away).then(|| condition.began.elapsed())
    }

    /// Takes note of every change until told to stop.
    pub(super) async fn follow(mut self, mut stop: watch::Receiver<bool>) {
        loop {
            let (link, reason) = summary(&self.state.borrow_and_update());
            self.note(link, reason);
            tokio::select! {
                _ = stop.wait_for(|&stop| stop) => return,
                changed = self.state.changed() => if changed.is_err() { return },
            }
        }
    }

    fn note(&self, link: Reach, reason: Option<String>) {
        let mut condition = self.lock();
        let before = condition.link;
        if before != link {
            condition.link = link;
            condition.began = Instant::now();
            condition.since = self.clock.now().to_string();
            tell(before, link, reason.as_deref().unwrap_or("no answer"));
        }
        condition.reason = reason;
    }

    fn lock(&self) -> MutexGuard<'_, Condition> {
        self.condition.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn tell(before: Reach, now: Reach, reason: &str) {
    match (before, now) {
        (_, Reach::Blocked) => warn!(reason, "RabbitMQ takes nothing at present; messages wait here"),
        (_, Reach::Away) => warn!(reason, "RabbitMQ is away; connecting again until it is there"),
        (Reach::Blocked | Reach::Away, Reach::Up) => warn!("RabbitMQ is there again"),
        _ => {}
    }
}

/// The worse of the two connections.
fn summary(state: &LinkState) -> (Reach, Option<String>) {
    let lines = [&state.publishing, &state.consuming];
    if let Some(away) = lines.iter().find(|line| line.away_since.is_some()) {
        return (Reach::Away, away.trouble.clone());
    }
    if let Some(reason) = lines.iter().find_map(|line| line.blocked.clone()) {
        return (Reach::Blocked, Some(reason));
    }
    let is_up = |line: &&LineState| line.connected.is_some();
    (if lines.iter().any(is_up) { Reach::Up } else { Reach::Idle }, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worse_connection_counts() {
        let up = LineState { connected: Some("amqp://localhost".to_owned()), ..LineState::default() };
        let blocked = LineState { blocked: Some("low on disk".to_owned()), ..up.clone() };
        let away = LineState { away_since: Some(Instant::now()), ..LineState::default() };
        let of = |publishing: &LineState, consuming: &LineState| {
            let state = LinkState { publishing: publishing.clone(), consuming: consuming.clone() };
            summary(&state).0
        };
        let idle = LineState::default();
        assert_eq!(of(&idle, &idle), Reach::Idle);
        assert_eq!(of(&idle, &up), Reach::Up);
        assert_eq!(of(&blocked, &up), Reach::Blocked);
        assert_eq!(of(&blocked, &away), Reach::Away);
    }
}
