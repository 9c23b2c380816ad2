//! The verbs about messages by hand: send, listen, convert, redact.

mod convert;
mod exchange;
mod faults;
mod process;
mod redact;
mod with_hub;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use musubi::clock::ManualClock;
use musubi::ops::wire::input::{InputFile, files};
use musubi::ops::wire::listen::{self, Answering, Listener, Received};
use musubi::ops::wire::send::{self, Sent, Summary};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Longest that anything may take.
const DEADLINE: Duration = Duration::from_secs(30);

/// Messages of invented people (架空), with control ids C1, C2, …; MSH-15 and MSH-16 as given.
fn message(number: usize, acks: &str) -> String {
    format!(
        "MSH|^~\\&|HIS|S|GW|R|20261120||ADT^A08^ADT_A01|C{number}|P|2.5|||{acks}\rEVN||20261120\rPID|1||98765{number}^^^^PI\r"
    )
}

/// So many files with a message each.
struct Outbox(TempDir);

impl Outbox {
    fn new(count: usize, acks: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for number in 1..=count {
            let file = folder.path().join(format!("{number:03}.hl7"));
            std::fs::write(file, message(number, acks)).unwrap();
        }
        Self(folder)
    }

    fn files(&self) -> Vec<InputFile> {
        files(&[self.path()]).unwrap()
    }

    fn path(&self) -> PathBuf {
        self.0.path().to_owned()
    }
}

fn sending(to: SocketAddr) -> send::Settings {
    send::Settings {
        to: to.to_string(),
        timeout: Duration::from_secs(10),
        connections: 1,
        repeat: 1,
        per_second: None,
        accept: None,
        application: None,
        fresh_ids: None,
        fault: None,
        every: 1,
        big_bytes: 200_000,
    }
}

fn listening() -> listen::Settings {
    listen::Settings {
        address: "127.0.0.1:0".parse().unwrap(),
        to: None,
        answering: Answering::Accept,
        fault: None,
        every: 1,
        late: Duration::from_millis(200),
        count: None,
        bytes_max: 100_000,
        connections_max: 16,
    }
}

/// A listener at work in this process.
struct Running {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    tasks: JoinSet<(listen::Summary, Vec<Received>)>,
}

impl Running {
    async fn start(settings: listen::Settings) -> Self {
        let clock = Arc::new(ManualClock::new("2026-11-20T00:00:00Z".parse().unwrap()));
        let listener = Listener::open(settings, clock).await.unwrap();
        let address = listener.address().unwrap();
        let (stop, told) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut received = Vec::new();
            let summary = listener.run(told, |one| received.push(one.clone())).await;
            (summary, received)
        });
        Self { address, stop, tasks }
    }

    async fn stop(mut self) -> (listen::Summary, Vec<Received>) {
        self.stop.send_replace(true);
        self.end().await
    }

    /// Waits until it ends by itself.
    async fn end(&mut self) -> (listen::Summary, Vec<Received>) {
        timeout(DEADLINE, self.tasks.join_next()).await.expect("the listener does not end").unwrap().unwrap()
    }
}

/// Sends to its end.
async fn sent(outbox: &Outbox, settings: &send::Settings) -> (Summary, Vec<Sent>) {
    let mut all = Vec::new();
    let sending = send::send(outbox.files(), settings, |one| all.push(one.clone()));
    let summary = timeout(DEADLINE, sending).await.expect("sending does not end");
    (summary, all)
}

fn codes(all: &[Sent]) -> Vec<String> {
    all.iter().map(|one| one.codes.join(" ")).collect()
}
