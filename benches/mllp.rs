//! Messages a second through a listener on the embedded broker, beside as many writes each followed by an fdatasync.
//!
//! `cargo bench --bench mllp`. Senders and hub share the machine; only the ratios mean much.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::error::Error;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hl7v2::mllp::{Decoder, frame};
use musubi::broker::embedded::{Embedded, Settings};
use musubi::clock::SystemClock;
use musubi::ingest::{Feed, FeedSettings, ListenerSettings};
use musubi::store::{Claims, Ledger, SledKv};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// The allocator of the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Failure = Box<dyn Error + Send + Sync>;

/// Connections, messages that each has under way without an answer, messages of each.
const LOADS: [(usize, usize, usize); 5] =
    [(1, 1, 2_000), (1, 40, 20_000), (10, 1, 1_000), (50, 1, 400), (50, 40, 2_000)];

fn main() -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let message = std::fs::read(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/cases/oul_r22_flu_positive/input"),
    )?;
    let synced = synced(&folder.path().join("bare"), &message)?;
    println!("{} bytes a message; write and fdatasync of one: {synced:.0} a second", message.len());
    println!("{:>12} {:>10} {:>12} {:>14}", "connections", "under way", "messages/s", "/ bare writes");
    let runtime = tokio::runtime::Runtime::new()?;
    for (round, (connections, window, messages)) in LOADS.into_iter().enumerate() {
        let folder = folder.path().join(round.to_string());
        let rate = runtime.block_on(rate(&folder, &message, connections, window, messages))?;
        println!("{connections:>12} {window:>10} {rate:>12.0} {:>14.2}", rate / synced);
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures the real time")]
fn now() -> Instant {
    Instant::now()
}

/// Writes of the message a second, each durable before the next.
fn synced(path: &Path, message: &[u8]) -> Result<f64, Failure> {
    let mut file = File::create(path)?;
    let start = now();
    for _write in 0..2_000 {
        file.write_all(message)?;
        file.sync_data()?;
    }
    Ok(2_000.0 / start.elapsed().as_secs_f64())
}

async fn rate(
    folder: &Path,
    message: &[u8],
    connections: usize,
    window: usize,
    messages: usize,
) -> Result<f64, Failure> {
    let broker = Embedded::open(&folder.join("broker"), Settings::default())?;
    let (store, _) = SledKv::open(&folder.join("ledger"))?;
    let settings = FeedSettings {
        name: "bench".into(),
        facility: "3210100018".into(),
        sources: Vec::new(),
        listeners: vec![ListenerSettings {
            listen: "127.0.0.1:0".parse()?,
            connections_max: connections,
            idle_timeout: Duration::from_secs(60),
            refuse_after: Duration::from_secs(30),
        }],
        bytes_max: 1 << 20,
    };
    let ledger = Ledger::new(Arc::new(store));
    let claims = Claims::new(folder.join("claims"));
    let clock = Arc::new(SystemClock);
    let feed = Feed::open(settings, 16, Arc::new(broker.clone()), ledger, claims, clock).await?;
    let listener = feed.listeners().await?.pop().ok_or("no listener")?;
    let address = listener.address()?;
    let (stop, stopped) = watch::channel(false);
    let mut hub = JoinSet::new();
    hub.spawn(listener.run(stopped));
    let start = now();
    let mut senders = JoinSet::new();
    for sender in 0..connections {
        let stream = TcpStream::connect(address).await?;
        senders.spawn(send(stream, message.to_vec(), sender, window, messages));
    }
    while let Some(ended) = senders.join_next().await {
        ended??;
    }
    let elapsed = start.elapsed().as_secs_f64();
    stop.send_replace(true);
    while let Some(ended) = hub.join_next().await {
        ended??;
    }
    let sent = connections * messages;
    if feed.counts().accepted() != u64::try_from(sent)? {
        return Err(format!("{} of {sent} were accepted", feed.counts().accepted()).into());
    }
    broker.close();
    Ok(f64::from(u32::try_from(sent)?) / elapsed)
}

/// The message under another control id.
fn named(message: &[u8], control_id: &str) -> Vec<u8> {
    let header = message.iter().position(|byte| *byte == b'\r').unwrap_or(message.len());
    let (header, rest) = message.split_at(header);
    let mut fields: Vec<&[u8]> = header.split(|byte| *byte == b'|').collect();
    if let Some(field) = fields.get_mut(9) {
        *field = control_id.as_bytes();
    }
    [fields.join(&b'|').as_slice(), rest].concat()
}

/// Sends messages, so many of them under way.
async fn send(
    mut stream: TcpStream,
    message: Vec<u8>,
    sender: usize,
    window: usize,
    messages: usize,
) -> Result<(), Failure> {
    stream.set_nodelay(true)?;
    let mut decoder = Decoder::new(1 << 20);
    let mut piece = vec![0; 64 << 10];
    let (mut sent, mut answered) = (0, 0);
    while answered < messages {
        let mut frames = Vec::new();
        while sent < messages && sent - answered < window {
            frames.extend(frame(&named(&message, &format!("{sender}-{sent}"))));
            sent += 1;
        }
        stream.write_all(&frames).await?;
        let read = stream.read(&mut piece).await?;
        decoder.extend(piece.get(..read).unwrap_or_default());
        while let Some(answer) = decoder.next_frame()? {
            let answer = hl7v2::ack::read(&answer)?;
            answered += 1;
            if !answer.code.is_accept() {
                return Err("refused".into());
            }
        }
        if read == 0 {
            return Err("closed".into());
        }
    }
    Ok(())
}
