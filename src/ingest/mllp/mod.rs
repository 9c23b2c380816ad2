//! Channel adapter for connections: messages that a facility's system sends by MLLP.
//!
//! A message's way: `connection` takes frames out of the stream -> `frame` puts envelopes on -> `taker` publishes
//! what is new -> `answer` writes the acknowledgement -> `connection` sends it. What one piece of the stream held is
//! one request to the taker; the requests of all connections that wait together are one publication.
//!
//! **Why nothing is lost or taken twice.** A message is answered positively only after its publication to `ingest`
//! and `accepted.<feed>.<label>` was confirmed. A sender that got no answer sends it again: the taker knows it by
//! sender (MSH-3, MSH-4), control id (MSH-10) and content, and answers as before. The ledger's sightings are a read
//! model of `accepted.<feed>.<label>` by the same three rules as the files' entries (see [`ingest`](super)); there is
//! one taker, so that two connections can't bring the same message at the same time.
//!
//! **Why memory is bounded.** A connection reads nothing while what it read is being published or answered; more
//! than [`SMALL`] bytes of an unfinished message are held only by as many connections as [`LARGE`] says.

mod answer;
mod connection;
mod frame;
mod reply;
mod taker;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;

use self::answer::Answerer;
use self::connection::{Connection, Shared};
pub use self::reply::{Reply, reply};
use self::taker::Taker;
use super::context::Context;
use super::error::IngestError;
use super::settings::{ListenerSettings, listener_label};
use crate::broker::{Broker, topology};
use crate::store::Place;

/// Bytes of an unfinished message that every connection may hold.
const SMALL: usize = 1 << 20;
/// Connections that may hold more at the same time.
const LARGE: usize = 8;
/// How long connections may go on with what they have begun when the listener is told to stop.
const GRACE: Duration = Duration::from_secs(5);
/// Pause when the system can't give another connection.
const NO_CONNECTION: Duration = Duration::from_millis(100);

/// Counters of a listener since it was opened. Accepted messages are counted by the feed.
#[derive(Debug, Default)]
pub struct ListenerCounts {
    connections: AtomicU64,
    turned_away: AtomicU64,
    repeats: AtomicU64,
    rejected: AtomicU64,
    refused: AtomicU64,
}

impl ListenerCounts {
    /// Connections taken.
    pub fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }

    /// Connections closed at once, because there were as many as allowed.
    pub fn turned_away(&self) -> u64 {
        self.turned_away.load(Ordering::Relaxed)
    }

    /// Messages that had been accepted before, and were answered positively again.
    pub fn repeats(&self) -> u64 {
        self.repeats.load(Ordering::Relaxed)
    }

    /// Messages answered with AR or CR: they can't be read, or are too large.
    pub fn rejected(&self) -> u64 {
        self.rejected.load(Ordering::Relaxed)
    }

    /// Messages answered with AE or CE: the hub could not store them in time.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }
}

fn count(counter: &AtomicU64, more: usize) {
    counter.fetch_add(u64::try_from(more).unwrap_or(u64::MAX), Ordering::Relaxed);
}

/// Waits until it is said to stop. If whoever could say it is gone, nobody wants the listener any more.
async fn told(stop: &mut watch::Receiver<bool>) {
    drop(stop.wait_for(|stop| *stop).await);
}

/// A listener of a feed.
pub struct Listener {
    socket: TcpListener,
    taker: Taker,
    shared: Arc<Shared>,
}

impl Listener {
    /// Binds the address and brings the ledger up to date.
    pub(super) async fn open(
        feed: &Context,
        index: usize,
        settings: &ListenerSettings,
        broker: Arc<dyn Broker>,
    ) -> Result<Self, IngestError> {
        let label = listener_label(index);
        let context = Arc::new(feed.with_accepted(topology::accepted_by(&feed.feed, &label)));
        let place = Place { feed: feed.feed.clone(), source: label.clone() };
        let counts = Arc::new(ListenerCounts::default());
        let taker = Taker::open(context.clone(), place, broker, counts.clone()).await?;
        let address = settings.listen;
        let failed = |source| IngestError::Listen { feed: feed.feed.clone(), address, source };
        let socket = TcpListener::bind(address).await.map_err(failed)?;
        let answerer = Answerer::new(context.clock.clone());
        let settings = settings.clone();
        let large = Arc::new(Semaphore::new(LARGE));
        let shared = Arc::new(Shared { context, label, settings, answerer, counts, large });
        Ok(Self { socket, taker, shared })
    }

    /// Where it listens.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// The listener's own counters.
    pub fn counts(&self) -> Arc<ListenerCounts> {
        self.shared.counts.clone()
    }

    /// Takes messages until told to stop: then what was read is published and answered, and all is closed.
    /// Returns early only for errors that going on would make worse.
    pub async fn run(self, mut stop: watch::Receiver<bool>) -> Result<(), IngestError> {
        let Self { socket, taker, shared } = self;
        let (requests, waiting) = mpsc::channel(shared.settings.connections_max.max(1));
        let mut taking = JoinSet::new();
        taking.spawn(taker.run(waiting));
        let (mut connections, stops) = (JoinSet::new(), stop.clone());
        loop {
            tokio::select! {
                () = told(&mut stop) => break,
                Some(ended) = taking.join_next() => return ended.unwrap_or_else(|_| Err(shared.ended())),
                Some(ended) = connections.join_next() => shared.closed(ended),
                accepted = socket.accept() => match accepted {
                    Ok((stream, peer)) => {
                        while let Some(ended) = connections.try_join_next() {
                            shared.closed(ended);
                        }
                        if let Some(connection) = shared.admit(stream, peer, connections.len()) {
                            connections.spawn(connection.run(requests.clone(), stops.clone()));
                        }
                    }
                    Err(error) => {
                        tracing::warn!(feed = %shared.context.feed, error = &error as &dyn std::error::Error, "no connection could be taken");
                        tokio::time::sleep(NO_CONNECTION).await;
                    }
                },
            }
        }
        drop((socket, requests));
        let ending = async { while connections.join_next().await.is_some() {} };
        if tokio::time::timeout(2 * GRACE, ending).await.is_err() {
            connections.shutdown().await;
        }
        taking.join_next().await.map_or(Ok(()), |ended| ended.unwrap_or_else(|_| Err(shared.ended())))
    }
}

impl Shared {
    /// A connection, unless there are as many as allowed.
    fn admit(self: &Arc<Self>, stream: TcpStream, peer: SocketAddr, open: usize) -> Option<Connection> {
        let feed = &self.context.feed;
        let connections_max = self.settings.connections_max;
        if open >= connections_max {
            count(&self.counts.turned_away, 1);
            tracing::warn!(%feed, %peer, connections_max, "a connection was closed: there are as many as allowed");
            return None;
        }
        count(&self.counts.connections, 1);
        // A short answer should not wait for more to come.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%feed, %peer, error = &error as &dyn std::error::Error, "answers may be delayed");
        }
        Some(Connection::new(self.clone(), stream, peer))
    }

    fn closed(&self, ended: Result<(), tokio::task::JoinError>) {
        if ended.is_err() {
            tracing::error!(feed = %self.context.feed, "a connection failed: a fault of the hub, please report it");
        }
    }

    fn ended(&self) -> IngestError {
        IngestError::Ended { feed: self.context.feed.clone() }
    }
}
