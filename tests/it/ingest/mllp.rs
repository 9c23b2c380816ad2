//! Messages over connections: each taken once, in order, answered after it is durable.

mod answers;
mod attack;
mod binary;
mod crash;
mod framing;
mod joins;
mod repeats;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hl7v2::ack::{self, Answer};
use hl7v2::mllp::{Decoder, frame};
use musubi::broker::{Delivery, topology};
use musubi::clock::ManualClock;
use musubi::ingest::mllp::ListenerCounts;
use musubi::ingest::{Feed, FeedCounts, FeedSettings, IngestError, ListenerSettings};
use musubi::store::{Claims, Ledger};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::control_id;
use crate::support::memory_broker::{Fuse, MemoryBroker};
use crate::support::memory_kv::MemoryKv;

const SOON: Duration = Duration::from_secs(10);

/// What outlives a crash, and how the listener is set.
struct Hub {
    broker: MemoryBroker,
    kv: Arc<MemoryKv>,
    fuse: Fuse,
    clock: ManualClock,
    settings: ListenerSettings,
    bytes_max: u64,
    claims: TempDir,
}

/// A listener at work. Dropped, it is as if it had been killed.
struct Running {
    address: SocketAddr,
    counts: Arc<ListenerCounts>,
    accepted: Arc<FeedCounts>,
    stop: watch::Sender<bool>,
    task: JoinSet<Result<(), IngestError>>,
}

impl Hub {
    fn new() -> Self {
        let fuse = Fuse::default();
        let settings = ListenerSettings {
            listen: "127.0.0.1:0".parse().unwrap(),
            connections_max: 64,
            idle_timeout: Duration::from_secs(60),
            refuse_after: Duration::from_secs(30),
        };
        let (broker, kv) = (MemoryBroker::new(fuse.clone()), Arc::new(MemoryKv::new(fuse.clone())));
        let clock = ManualClock::new("2026-04-01T00:00:00Z".parse().unwrap());
        let claims = tempfile::tempdir().unwrap();
        Self { broker, kv, fuse, clock, settings, bytes_max: 10_000, claims }
    }

    async fn start(&self) -> Running {
        self.try_start().await.unwrap()
    }

    async fn try_start(&self) -> Result<Running, IngestError> {
        let settings = FeedSettings {
            name: "izumo".into(),
            facility: "3210100018".into(),
            sources: Vec::new(),
            listeners: vec![self.settings.clone()],
            bytes_max: self.bytes_max,
        };
        let clock = Arc::new(self.clock.clone());
        let ledger = Ledger::new(self.kv.clone());
        let claims = Claims::new(self.claims.path().to_owned());
        let feed = Feed::open(settings, 4, Arc::new(self.broker.clone()), ledger, claims, clock).await?;
        let listener = feed.listeners().await?.pop().unwrap();
        let (address, counts) = (listener.address().unwrap(), listener.counts());
        let (stop, told) = watch::channel(false);
        let mut task = JoinSet::new();
        task.spawn(listener.run(told));
        Ok(Running { address, counts, accepted: feed.counts(), stop, task })
    }

    /// What was accepted, lane by lane.
    fn ingest(&self) -> Vec<Delivery> {
        self.broker.all(&topology::ingest())
    }

    /// The control ids of it.
    fn control_ids(&self) -> Vec<String> {
        self.ingest().iter().map(|delivery| control_id(&delivery.body)).collect()
    }
}

impl Running {
    async fn client(&self) -> Client {
        Client::of(TcpStream::connect(self.address).await.unwrap())
    }

    /// A client with so small a buffer that unread answers stop the hub soon.
    async fn narrow_client(&self) -> Client {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        Client::of(socket.connect(self.address).await.unwrap())
    }

    async fn stop(mut self) {
        self.stop.send_replace(true);
        timeout(SOON, self.task.join_next()).await.unwrap().unwrap().unwrap().unwrap();
    }

    /// As a kill does: nothing is finished.
    async fn kill(mut self) {
        self.task.shutdown().await;
    }
}

/// A sender.
struct Client {
    stream: TcpStream,
    decoder: Decoder,
}

impl Client {
    fn of(stream: TcpStream) -> Self {
        stream.set_nodelay(true).unwrap();
        Self { stream, decoder: Decoder::new(1 << 20) }
    }

    async fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    async fn send(&mut self, message: impl AsRef<[u8]>) {
        self.write(&frame(message.as_ref())).await;
    }

    /// The next frame, none if the hub closes.
    async fn next(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(bytes) = self.decoder.next_frame().unwrap() {
                return Some(bytes);
            }
            let mut piece = [0; 4096];
            match self.stream.read(&mut piece).await {
                Ok(0) | Err(_) => return None,
                Ok(read) => self.decoder.extend(&piece[..read]),
            }
        }
    }

    async fn answer(&mut self) -> Answer {
        let bytes = timeout(SOON, self.next()).await.expect("an answer in time").expect("an answer");
        ack::read(&bytes).unwrap()
    }

    /// The next answers, as `AA:<control id>`.
    async fn answers(&mut self, count: usize) -> Vec<String> {
        let mut answers = Vec::new();
        while answers.len() < count {
            answers.push(told(&self.answer().await));
        }
        answers
    }

    async fn exchange(&mut self, message: impl AsRef<[u8]>) -> String {
        self.send(message).await;
        told(&self.answer().await)
    }

    /// No answer comes, and the connection stays.
    async fn assert_silence(&mut self) {
        assert_eq!(timeout(Duration::from_millis(100), self.next()).await.ok(), None);
    }

    async fn assert_closed(&mut self) {
        assert_eq!(timeout(SOON, self.next()).await.unwrap(), None);
    }
}

fn told(answer: &Answer) -> String {
    let conditions: String = answer.conditions.iter().map(|number| format!(" {number}")).collect();
    format!("{}:{}{conditions}", answer.code.as_str(), answer.control_id)
}

/// A message of the original mode.
fn message(control_id: impl std::fmt::Display, patient: &str) -> String {
    moded(control_id, patient, "|")
}

/// A message whose MSH-15 and MSH-16 are these.
fn moded(control_id: impl std::fmt::Display, patient: &str, modes: &str) -> String {
    format!(
        "MSH|^~\\&|HIS|SEND|GW|RCV|20260401||ADT^A08^ADT_A01|{control_id}|P|2.5|||{modes}\rPID|1||{patient}^^^^PI||架空^太郎\r"
    )
}

/// A small generator of numbers, so that a seed replays.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (x ^ (x >> 31)) % end
    }
}
