//! What runs, how it is, and what waits: from the status files of the processes on this data folder and from the broker.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use tokio::time::timeout;

use super::queues;
use crate::broker::rabbitmq::amqp::Amqp;
use crate::broker::rabbitmq::{Link, Settings};
use crate::broker::topology::{self, QueueName};
use crate::broker::{BrokerError, embedded};
use crate::config::{self, Config};
use crate::envelope::Lane;
use crate::pipeline::{ProcessStatus, QueueStatus, Reach, processes};
use crate::telemetry::causes;

/// A process writes every second; one that has not for so long hangs, or its disk is full.
const SILENT: Duration = Duration::from_secs(10);
/// How long the broker may take to say what waits.
const ANSWER: Duration = Duration::from_secs(10);

/// Why the status can't be told.
#[derive(Debug, thiserror::Error)]
#[error("the status files below {} can't be read", path.display())]
pub struct StatusError {
    /// Data folder.
    path: PathBuf,
    /// Cause.
    #[source]
    source: io::Error,
}

/// What runs, how it is, and what waits.
#[derive(Debug, Serialize)]
pub struct Overview {
    /// Processes on this data folder.
    pub processes: Vec<Process>,
    /// What waits in the queues, where the broker says.
    pub queues: Option<Vec<QueueStatus>>,
    /// What somebody should look at; none if all is well.
    pub attention: Vec<Attention>,
}

/// A process.
#[derive(Debug, Serialize)]
pub struct Process {
    /// Whether it is there.
    pub state: State,
    /// What it told last.
    #[serde(flatten)]
    pub status: ProcessStatus,
}

/// Whether a process is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It tells of itself.
    Running,
    /// It is there and has not told of itself for 10 s.
    Silent,
    /// It ended without saying so.
    Gone,
}

/// Something to look at.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Attention {
    /// What kind.
    pub what: Concern,
    /// Process, feed, subscriber, queue or file.
    pub subject: String,
    /// Why, in the words of the system or the broker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What may be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Concern {
    /// Nothing runs on this data folder.
    NothingRuns,
    /// A process ended without saying so.
    Gone,
    /// A process tells nothing any more.
    Silent,
    /// A process has no connection to RabbitMQ.
    Away,
    /// RabbitMQ takes nothing: memory or disk alarm.
    Blocked,
    /// An outbox is nearly full or full: its feeds pause.
    OutboxFull,
    /// A feed can't go on.
    FeedFailing,
    /// A subscriber said that it wants no more.
    SubscriberGone,
    /// Events wait behind one that the subscriber refused.
    Parked,
    /// Events were given up.
    Dead,
    /// Events met no queue.
    Unroutable,
    /// The broker does not say what waits.
    Unreachable,
    /// A status file can't be read.
    Unreadable,
}

/// Looks at everything. `now` tells how old the status files are.
///
/// # Errors
///
/// The folder of the status files can't be read.
pub async fn overview(config: &Config, now: Timestamp) -> Result<Overview, StatusError> {
    let (processes, unreadable) = looked_up(&config.hub.data_dir, now)?;
    let queues = waiting(config, &processes).await;
    Ok(judged(config, processes, unreadable, queues))
}

/// What somebody should look at in all that.
pub(super) fn judged(
    config: &Config,
    processes: Vec<Process>,
    unreadable: Vec<PathBuf>,
    queues: Result<Vec<QueueStatus>, String>,
) -> Overview {
    let data_dir = &config.hub.data_dir;
    let mut attention = Vec::new();
    if !processes.iter().any(|process| process.state == State::Running) {
        attention.push(Attention {
            what: Concern::NothingRuns,
            subject: data_dir.display().to_string(),
            reason: None,
        });
    }
    processes.iter().for_each(|process| process.concerns(&mut attention));
    let unreadable = unreadable.into_iter().map(|path| path.display().to_string());
    attention.extend(unreadable.map(|subject| Attention {
        what: Concern::Unreadable,
        subject,
        reason: None,
    }));
    let queues = match queues {
        Ok(queues) => Some(queues),
        Err(reason) => {
            let subject = "broker".to_owned();
            attention.push(Attention { what: Concern::Unreachable, subject, reason: Some(reason) });
            None
        }
    };
    attention.extend(queues.iter().flatten().filter_map(of_queue));
    Overview { processes, queues, attention }
}

/// The processes on the configuration's data folder, as they told of themselves last.
///
/// # Errors
///
/// The folder of the status files can't be read.
pub fn found(config: &Config, now: Timestamp) -> Result<Vec<Process>, StatusError> {
    looked_up(&config.hub.data_dir, now).map(|(processes, _)| processes)
}

/// The processes on a data folder, and the files that can't be read.
pub(super) fn looked_up(
    data_dir: &Path,
    now: Timestamp,
) -> Result<(Vec<Process>, Vec<PathBuf>), StatusError> {
    let failed = |source| StatusError { path: data_dir.to_owned(), source };
    let (found, unreadable) = processes(data_dir).map_err(failed)?;
    let judged = found.into_iter().map(|status| Process { state: state(&status, now), status });
    Ok((judged.collect(), unreadable))
}

fn state(status: &ProcessStatus, now: Timestamp) -> State {
    let written: Option<Timestamp> = status.written_at.parse().ok();
    let age = written.and_then(|written| Duration::try_from(now.duration_since(written)).ok());
    match (status.is_gone(), written.is_some() && age.is_none_or(|age| age < SILENT)) {
        (Some(true), _) | (None, false) => State::Gone,
        (Some(false), false) => State::Silent,
        (Some(false) | None, true) => State::Running,
    }
}

impl Process {
    /// Role, names and process id.
    pub fn title(&self) -> String {
        let names: String = self.status.names.iter().map(|name| format!(" {name}")).collect();
        format!("{}{names} ({})", self.status.role, self.status.pid)
    }

    fn concerns(&self, attention: &mut Vec<Attention>) {
        let mut add = |what, subject, reason| attention.push(Attention { what, subject, reason });
        match self.state {
            // What it told last is no longer so.
            State::Gone => return add(Concern::Gone, self.title(), None),
            State::Silent => add(Concern::Silent, self.title(), Some(self.status.written_at.clone())),
            State::Running => {}
        }
        match self.status.broker.link {
            Reach::Away => add(Concern::Away, self.title(), self.status.broker.reason.clone()),
            Reach::Blocked => add(Concern::Blocked, self.title(), self.status.broker.reason.clone()),
            Reach::Idle | Reach::Up => {}
        }
        let full = self.status.outboxes.iter().filter(|outbox| outbox.bytes >= outbox.bytes_max / 10 * 9);
        full.for_each(|outbox| add(Concern::OutboxFull, outbox.feeds.join(" "), None));
        let failing = self.status.feeds.iter().filter(|feed| feed.failing.is_some());
        failing.for_each(|feed| add(Concern::FeedFailing, feed.feed.clone(), feed.failing.clone()));
        let gone = self.status.subscribers.iter().filter(|subscriber| subscriber.gone);
        gone.for_each(|one| add(Concern::SubscriberGone, one.subscriber.clone(), None));
    }
}

fn of_queue(queue: &QueueStatus) -> Option<Attention> {
    let what = match queue.queue.split('.').next() {
        Some("parked") => Concern::Parked,
        Some("dead") => Concern::Dead,
        Some("unroutable") => Concern::Unroutable,
        _ => return None,
    };
    let subject = queue.queue.clone();
    (queue.messages > 0).then(|| Attention { what, subject, reason: Some(queue.messages.to_string()) })
}

/// What waits, or why that can't be told.
pub(super) async fn waiting(config: &Config, processes: &[Process]) -> Result<Vec<QueueStatus>, String> {
    match &config.hub.broker {
        config::Broker::RabbitMq(settings) => {
            let names = config.subscribers.iter().map(|subscriber| subscriber.name.as_str());
            match timeout(ANSWER, on_rabbitmq(settings, names)).await {
                Ok(Ok(mut counted)) => {
                    counted.iter_mut().for_each(|queue| add_in_hand(queue, processes));
                    Ok(counted)
                }
                Ok(Err(error)) => Err(causes(&error)),
                Err(_) => Err(format!("no answer within {} s", ANSWER.as_secs())),
            }
        }
        config::Broker::Embedded { .. } => {
            let running = processes.iter().find(|process| process.state != State::Gone);
            match running {
                Some(running) => Ok(running.status.queues.clone()),
                None => on_disk(config).map_err(|error| causes(&error)),
            }
        }
    }
}

fn on_disk(config: &Config) -> Result<Vec<QueueStatus>, BrokerError> {
    if !queues::folder(config).exists() {
        return Ok(Vec::new());
    }
    let broker = embedded::Embedded::open(&queues::folder(config), embedded::Settings::default())?;
    let waiting = broker.queues().into_iter().filter(|queue| queue.depth() > 0);
    Ok(waiting.map(|queue| queue_status(queue.queue.to_string(), queue.depth())).collect())
}

async fn on_rabbitmq<'n>(
    settings: &Settings,
    subscribers: impl Iterator<Item = &'n str>,
) -> Result<Vec<QueueStatus>, BrokerError> {
    let link = Link::new(settings.clone(), "status");
    let mut queues = vec![topology::ingest()];
    for name in subscribers {
        queues.extend([topology::subscriber(name), topology::parked(name), topology::dead(name)]);
    }
    queues.extend([topology::invalid(), topology::unroutable()]);
    let mut counted = Vec::new();
    for queue in queues {
        let lanes = if queue == topology::ingest() { settings.lanes } else { 1 };
        let mut messages = 0;
        for lane in (0..lanes).map(Lane) {
            messages += ready(&link, &queue, lane).await?;
        }
        counted.push(queue_status(queue.to_string(), messages));
    }
    Ok(counted)
}

/// Adds what processes have of a queue: RabbitMQ counts it as no longer waiting.
fn add_in_hand(queue: &mut QueueStatus, processes: &[Process]) {
    let there = processes.iter().filter(|process| process.state != State::Gone);
    for in_hand in there.flat_map(|process| &process.status.in_hand).filter(|one| one.queue == queue.queue) {
        queue.messages += in_hand.messages;
        let oldest = [queue.oldest.take(), in_hand.oldest.clone()].into_iter().flatten();
        queue.oldest = oldest.min_by_key(|at| at.parse::<Timestamp>().ok());
    }
}

const fn queue_status(queue: String, messages: u64) -> QueueStatus {
    QueueStatus { queue, messages, oldest: None }
}

/// Messages that are with no consumer. A queue that is not there yet has none.
async fn ready(link: &Link, queue: &QueueName, lane: Lane) -> Result<u64, BrokerError> {
    match link.count(&queue.on_rabbitmq(lane)).await {
        Ok(count) => Ok(count.ready),
        Err(BrokerError::Refused { .. }) => Ok(0),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::{BrokerStatus, ConfigurationStatus};

    fn status(pid: u32, host: &str, written_at: &str) -> ProcessStatus {
        ProcessStatus {
            configuration: ConfigurationStatus::default(),
            role: "router".to_owned(),
            names: Vec::new(),
            pid,
            host: host.to_owned(),
            since: written_at.to_owned(),
            written_at: written_at.to_owned(),
            broker: BrokerStatus {
                kind: "rabbitmq".to_owned(),
                link: Reach::Up,
                since: written_at.to_owned(),
                reason: None,
            },
            outboxes: Vec::new(),
            feeds: Vec::new(),
            lanes: None,
            in_hand: Vec::new(),
            topics: Vec::new(),
            subscribers: Vec::new(),
            queues: Vec::new(),
            signs: crate::pipeline::Signs::default(),
            invalid: Vec::new(),
            disk: None,
        }
    }

    #[test]
    fn a_process_is_running_silent_or_gone() {
        let own = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let (now, pid) = ("2026-11-22T10:00:20Z".parse().unwrap(), std::process::id());
        let (young, old) = ("2026-11-22T10:00:15Z", "2026-11-22T10:00:05Z");
        for (pid, host, written_at, expected) in [
            (pid, own.as_str(), young, State::Running),
            (pid, &own, old, State::Silent),
            (pid, &own, "nonsense", State::Silent),
            // No such process, but on another machine nobody here knows.
            (u32::MAX, &own, young, State::Gone),
            (u32::MAX, "elsewhere", young, State::Running),
            (u32::MAX, "elsewhere", old, State::Gone),
            // A clock that was set back.
            (pid, &own, "2026-11-22T10:05:00Z", State::Running),
        ] {
            assert_eq!(state(&status(pid, host, written_at), now), expected, "{pid} {host} {written_at}");
        }
    }

    #[test]
    fn queues_that_nobody_empties_by_himself_are_told() {
        let queue = |queue: &str, messages| queue_status(queue.to_owned(), messages);
        let concern = |name: &str, messages| of_queue(&queue(name, messages)).map(|concern| concern.what);
        assert_eq!(concern("parked.referral", 1), Some(Concern::Parked));
        assert_eq!(concern("dead.referral", 2), Some(Concern::Dead));
        assert_eq!(concern("unroutable", 1), Some(Concern::Unroutable));
        assert_eq!(concern("dead.referral", 0), None);
        assert_eq!(concern("to.referral", 9), None);
        assert_eq!(concern("invalid", 9), None);
    }
}
