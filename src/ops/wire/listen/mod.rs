//! Takes messages by MLLP, answers them as it was told to, and keeps them in a folder.
//!
//! A connection holds at most one message and a piece of the next; a message is written to the folder before it is
//! answered.

mod connection;
mod fault;
mod folder;
mod frame;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::Serialize;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

pub use fault::{Answering, Fault};

use self::connection::{Shared, serve};
use self::folder::Folder;
use crate::clock::Clock;

/// How messages are taken.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where to listen; port 0 takes any that is free.
    pub address: SocketAddr,
    /// The folder that gets a file for each message; without one nothing is kept.
    pub to: Option<PathBuf>,
    /// What messages are answered with.
    pub answering: Answering,
    /// The fault that is made.
    pub fault: Option<Fault>,
    /// Fault and negative answers are for every so many-th message; the others are accepted.
    pub every: u64,
    /// How late a late answer is.
    pub late: Duration,
    /// Ends after so many messages.
    pub count: Option<u64>,
    /// Largest message.
    pub bytes_max: usize,
    /// Connections at the same time; a further one is closed at once.
    pub connections_max: usize,
}

/// Why nothing can be taken.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The address.
    #[error("{address} can't be listened at: another program may hold it; `--port 0` takes one that is free")]
    Address {
        /// Which.
        address: SocketAddr,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The folder.
    #[error("{path} can't be made or written to")]
    Folder {
        /// Which.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

/// A message that came, without anything of the patient.
#[derive(Debug, Clone, Serialize)]
pub struct Received {
    /// Which message, from 1.
    pub number: u64,
    /// When, UTC.
    pub at: String,
    /// Which connection, from 1.
    pub connection: u64,
    /// MSH-9.
    pub message_type: String,
    /// MSH-10.
    pub control_id: String,
    /// Its length.
    pub bytes: usize,
    /// MSA-1 of its answers, in their order.
    pub codes: Vec<&'static str>,
    /// The fault with which it was answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<&'static str>,
    /// The file's name in the folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Why it was not taken, or not written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// What came.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Messages.
    pub messages: u64,
    /// Of those, answered positively.
    pub accepted: u64,
    /// Connections.
    pub connections: u64,
    /// Connections that were closed at once.
    pub turned_away: u64,
    /// Faults of streams: bytes outside of frames, frames without an end or too large.
    pub stream_faults: u64,
    /// Messages that the folder did not take.
    pub not_written: u64,
}

/// What a connection tells.
enum Told {
    Received(Box<Received>),
    StreamFault,
    NotWritten,
}

/// A listener that is open.
pub struct Listener {
    socket: TcpListener,
    shared: Arc<Shared>,
}

impl Listener {
    /// Binds the address and opens the folder.
    pub async fn open(settings: Settings, clock: Arc<dyn Clock>) -> Result<Self, ListenError> {
        let opened = settings
            .to
            .clone()
            .map(|path| Folder::open(path.clone()).map_err(|source| ListenError::Folder { path, source }));
        let folder = opened.transpose()?.map(|folder| Arc::new(Mutex::new(folder)));
        let address = settings.address;
        let bound = TcpListener::bind(address).await;
        let socket = bound.map_err(|source| ListenError::Address { address, source })?;
        let began = clock.now().as_second();
        let shared = Shared { settings, clock, folder, began, messages: AtomicU64::new(0) };
        Ok(Self { socket, shared: Arc::new(shared) })
    }

    /// Where it listens.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Takes messages until told to stop or as many as asked for; `tell` is called for each after it was answered.
    pub async fn run(self, mut stop: watch::Receiver<bool>, mut tell: impl FnMut(&Received)) -> Summary {
        let Self { socket, shared } = self;
        let (ending, ended) = watch::channel(false);
        let (tx, mut told) = mpsc::channel(64);
        let (mut connections, mut summary) = (JoinSet::new(), Summary::default());
        loop {
            tokio::select! {
                biased;
                () = told_to_stop(&mut stop) => break,
                Some(told) = told.recv() => {
                    take(told, &mut summary, &mut tell);
                    if shared.settings.count.is_some_and(|count| summary.messages >= count) {
                        break;
                    }
                }
                Some(_) = connections.join_next() => {}
                accepted = socket.accept() => match accepted {
                    Ok(_) if connections.len() >= shared.settings.connections_max => summary.turned_away += 1,
                    Ok((stream, _)) => {
                        summary.connections += 1;
                        let number = summary.connections;
                        connections.spawn(serve(shared.clone(), stream, number, tx.clone(), ended.clone()));
                    }
                    Err(_) => tokio::time::sleep(AGAIN).await,
                },
            }
        }
        ending.send_replace(true);
        drop((socket, tx));
        let rest = async {
            while let Some(told) = told.recv().await {
                take(told, &mut summary, &mut tell);
            }
        };
        // What is being answered may come to its end.
        if timeout(GRACE, rest).await.is_err() {
            connections.shutdown().await;
        }
        summary
    }
}

/// Pause when the system can't give another connection.
const AGAIN: Duration = Duration::from_millis(100);
/// How long connections may go on with an answer at the end.
const GRACE: Duration = Duration::from_secs(2);

/// Waits until it is said to stop. If whoever could say it is gone, nobody wants more.
async fn told_to_stop(stop: &mut watch::Receiver<bool>) {
    drop(stop.wait_for(|stop| *stop).await);
}

fn take(told: Told, summary: &mut Summary, tell: &mut impl FnMut(&Received)) {
    match told {
        Told::StreamFault => summary.stream_faults += 1,
        Told::NotWritten => summary.not_written += 1,
        Told::Received(received) => {
            summary.messages += 1;
            let accepted = received.codes.iter().all(|code| code.ends_with('A')) && received.why.is_none();
            summary.accepted += u64::from(accepted);
            tell(&received);
        }
    }
}
