//! One connection that is made again whenever it is lost.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{Stream, StreamExt};
use lapin::{Channel, Connection, ConnectionStatus, Event};
use rand::Rng;
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::connect::{Connected, connect};
use super::error::away;
use super::state::{Reporter, Side};
use crate::broker::BrokerError;
use crate::broker::rabbitmq::Settings;

/// The first pause between two attempts; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// A connection that did not live this long counts as an attempt that failed.
const STABLE: Duration = Duration::from_secs(5);

/// How soon a loss shows in the state when nobody uses the connection.
const LOOK: Duration = Duration::from_millis(200);

/// How long a channel may take to open.
const OPEN: Duration = Duration::from_secs(30);

/// One kept connection.
pub(super) struct Line {
    settings: Arc<Settings>,
    name: String,
    reporter: Reporter,
    kept: Mutex<Kept>,
}

struct Kept {
    connection: Option<(Arc<Connection>, Instant)>,
    /// Index of the next URL to try.
    next: usize,
    failures: u32,
    /// Writes what happens to the connection into the state.
    watching: JoinSet<()>,
}

impl Line {
    /// `name` is shown by the server.
    pub(super) fn new(settings: Arc<Settings>, name: String, reporter: Reporter) -> Self {
        let next = rand::rng().random_range(0..settings.urls.len().max(1));
        let kept = Kept { connection: None, next, failures: 0, watching: JoinSet::new() };
        Self { settings, name, reporter, kept: Mutex::new(kept) }
    }

    /// The connection; waits, with back-off over all URLs, until there is one.
    pub(super) async fn connection(&self) -> Arc<Connection> {
        let mut kept = self.kept.lock().await;
        loop {
            if let Some((connection, since)) = kept.connection.take() {
                if connection.status().connected() {
                    kept.connection = Some((Arc::clone(&connection), since));
                    return connection;
                }
                kept.watching.shutdown().await;
                self.reporter.away(None);
                kept.failures = if since.elapsed() >= STABLE { 0 } else { kept.failures + 1 };
            }
            self.pause(kept.failures).await;
            self.attempt(&mut kept).await;
        }
    }

    /// A fresh channel.
    ///
    /// # Errors
    /// [`BrokerError::Away`] where the connection is lost at that moment.
    pub(super) async fn channel(&self) -> Result<(Arc<Connection>, Channel), BrokerError> {
        let connection = self.connection().await;
        match tokio::time::timeout(OPEN, connection.create_channel()).await {
            Ok(Ok(channel)) => Ok((connection, channel)),
            Ok(Err(error)) => Err(away("opening a channel", &error)),
            Err(_) => Err(BrokerError::Away { what: "opening a channel: no answer".into() }),
        }
    }

    async fn attempt(&self, kept: &mut Kept) {
        let url = self.settings.urls.get(kept.next).map_or("", String::as_str);
        kept.next = (kept.next + 1) % self.settings.urls.len().max(1);
        let ask = self.reporter.side == Side::Consuming;
        match connect(&self.settings, url, &self.name, ask).await {
            Ok(Connected { connection, server }) => {
                let side = self.reporter.side.as_str();
                tracing::info!(url, side, server, "connected to the broker");
                self.reporter.connected(url, server);
                let (events, status) = (connection.events_listener(), connection.status().clone());
                kept.watching.spawn(watch(events, status, self.reporter.clone()));
                kept.connection = Some((Arc::new(connection), Instant::now()));
            }
            Err(trouble) => {
                tracing::debug!(
                    url,
                    side = self.reporter.side.as_str(),
                    trouble,
                    "can't connect to the broker"
                );
                kept.failures = kept.failures.saturating_add(1);
                self.reporter.away(Some(trouble));
            }
        }
    }

    /// Nothing before the first attempt, then longer and longer, at random between half and the whole.
    async fn pause(&self, failures: u32) {
        let Some(doublings) = failures.checked_sub(1) else { return };
        let longest = FIRST_PAUSE.saturating_mul(1 << doublings.min(10)).min(LONGEST_PAUSE);
        let share = rand::rng().random_range(0.5..=1.0);
        tokio::time::sleep(longest.mul_f64(share)).await;
    }
}

async fn watch(events: impl Stream<Item = Event>, status: ConnectionStatus, reporter: Reporter) {
    let mut events = std::pin::pin!(events);
    while status.connected() {
        match tokio::time::timeout(LOOK, events.next()).await {
            Ok(Some(Event::ConnectionBlocked(reason))) => {
                tracing::debug!(reason, "the broker takes nothing at present");
                reporter.blocked(Some(reason));
            }
            Ok(Some(Event::ConnectionUnblocked)) => {
                tracing::debug!("the broker takes messages again");
                reporter.blocked(None);
            }
            Ok(None) => break,
            Ok(Some(_)) | Err(_) => {}
        }
    }
    tracing::debug!(side = reporter.side.as_str(), "the connection to the broker was lost");
    reporter.away(None);
}
