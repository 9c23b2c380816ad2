//! Sends messages by MLLP and tells how each was answered.
//!
//! Several connections take the messages in their order; on each of them a message waits for the answers to the one
//! before. What answers are owed stands in the message (HL7 2.9, 2.9.2 and 2.9.3): one in the original mode; in the
//! enhanced mode the commit, then the application's, as MSH-15 and MSH-16 ask for them.

mod exchange;
mod fault;
mod outgoing;
mod reply;
mod summary;

use std::sync::Arc;
use std::time::Duration;

use hl7v2::ack::Wanted;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;
use tokio::time::{Instant, Interval, interval, timeout};

pub use fault::Fault;
pub use summary::{Latency, Sent, Summary, Verdict};

use self::exchange::exchange;
use self::outgoing::{Outgoing, Preparation};
use self::summary::Tally;
use super::input::{InputError, InputFile, Messages};
use crate::deliver::Link;
use crate::telemetry::causes;

/// How messages are sent.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `host:port`.
    pub to: String,
    /// From the first byte to the last answer; and for opening a connection.
    pub timeout: Duration,
    /// Connections at the same time.
    pub connections: u16,
    /// How often each message is sent.
    pub repeat: u32,
    /// Messages a second over all connections, at most.
    pub per_second: Option<f64>,
    /// MSH-15, where it is to be changed.
    pub accept: Option<Wanted>,
    /// MSH-16, where it is to be changed.
    pub application: Option<Wanted>,
    /// What new control ids (MSH-10) begin with, where each message is to get one.
    pub fresh_ids: Option<String>,
    /// The fault that is made.
    pub fault: Option<Fault>,
    /// The fault is made with every so many-th message.
    pub every: u64,
    /// More bytes than this has a message with the fault [`Fault::Big`].
    pub big_bytes: usize,
}

/// The messages that wait, and the pace at which they go.
struct Queue {
    messages: mpsc::Receiver<Outgoing>,
    pace: Option<Interval>,
}

/// What a connection or the reader of the files tells.
enum Told {
    Sent(Sent),
    Unreadable(InputError),
    NoConnection(String),
}

/// Sends the messages of the files; `tell` is called for each as it is answered.
pub async fn send(files: Vec<InputFile>, settings: &Settings, mut tell: impl FnMut(&Sent)) -> Summary {
    let began = Instant::now();
    let (tx, messages) = mpsc::channel(usize::from(settings.connections.max(1)));
    let (told_tx, mut told) = mpsc::unbounded_channel();
    let mut tasks = JoinSet::new();
    let (reader, unreadable) = (settings.clone(), told_tx.clone());
    tasks.spawn_blocking(move || feed(files, reader, &tx, &unreadable));
    let per_second = settings.per_second.filter(|rate| *rate > 0.0);
    let pace = per_second.map(|rate| interval(Duration::from_secs_f64(1.0 / rate)));
    let queue = Arc::new(Mutex::new(Queue { messages, pace }));
    for _ in 0..settings.connections.max(1) {
        tasks.spawn(connection(settings.clone(), queue.clone(), told_tx.clone()));
    }
    drop((queue, told_tx));
    let mut tally = Tally::default();
    while let Some(told) = told.recv().await {
        match told {
            Told::Sent(sent) => {
                tell(&sent);
                tally.add(&sent);
            }
            Told::Unreadable(error) => tally.summary.unreadable.push(causes(&error)),
            Told::NoConnection(why) => tally.summary.no_connection = Some(why),
        }
    }
    tasks.shutdown().await;
    tally.finish(began.elapsed())
}

/// Reads the files and makes their messages ready, as fast as they are taken.
fn feed(
    files: Vec<InputFile>,
    settings: Settings,
    to: &mpsc::Sender<Outgoing>,
    tell: &mpsc::UnboundedSender<Told>,
) {
    let repeat = settings.repeat.max(1);
    let mut preparation = Preparation::new(settings);
    for message in Messages::new(files) {
        // Where nobody takes them any more there is no connection.
        let gone = match message {
            Ok(message) => (0..repeat).any(|_| to.blocking_send(preparation.prepare(&message)).is_err()),
            Err(error) => tell.send(Told::Unreadable(error)).is_err(),
        };
        if gone {
            return;
        }
    }
}

impl Queue {
    /// The next messages that go out together: one, or two that are glued. `None` after the last.
    async fn next(&mut self, fault: Option<Fault>) -> Option<Vec<Outgoing>> {
        let count = if fault == Some(Fault::Glue) { 2 } else { 1 };
        let mut together = Vec::with_capacity(count);
        while together.len() < count {
            if let Some(pace) = &mut self.pace {
                pace.tick().await;
            }
            let Some(message) = self.messages.recv().await else { break };
            together.push(message);
        }
        (!together.is_empty()).then_some(together)
    }
}

/// Takes messages until there are none; opens a connection where there is none that can be used.
async fn connection(settings: Settings, queue: Arc<Mutex<Queue>>, tell: mpsc::UnboundedSender<Told>) {
    let mut link: Option<Link> = None;
    loop {
        let Some(messages) = queue.lock().await.next(settings.fault).await else { return };
        let opened = match link.take().and_then(|mut link| link.is_open().then_some(link)) {
            Some(open) => Ok(open),
            None => open(&settings).await,
        };
        let told = match opened {
            Ok(open) => {
                let (sent, kept) = exchange(open, &messages, settings.timeout).await;
                link = kept;
                sent.into_iter().map(Told::Sent).collect()
            }
            Err(why) => {
                queue.lock().await.messages.close();
                vec![Told::NoConnection(why)]
            }
        };
        for one in told {
            if tell.send(one).is_err() {
                return;
            }
        }
    }
}

async fn open(settings: &Settings) -> Result<Link, String> {
    match timeout(settings.timeout, Link::open(&settings.to)).await {
        Ok(opened) => opened.map_err(|error| causes(&error)),
        Err(_) => Err("no connection in time".to_owned()),
    }
}
