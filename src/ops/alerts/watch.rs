//! The task that looks, in a process with the control bus.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use tracing::{error, info, warn};

use super::book::{Book, Entry};
use super::look::{Memory, Sight};
use super::rhythms::Rhythms;
use super::{Alarm, AlertError, Folder, notes, notice, remove, send};
use crate::broker::topology;
use crate::config::{self, Config, Receiver};
use crate::ops::doctor;
use crate::ops::status;
use crate::pipeline::{ControlBus, Monitor};
use crate::store::DayLog;
use crate::telemetry::causes;

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(15);
/// How often what was learned is written down.
const LEARNED_EVERY: Duration = Duration::from_secs(300);
/// How long the broker may take to say how many dead letters there are.
const ANSWER: Duration = Duration::from_secs(5);
/// Wait before a receiver that could not be told is tried again, the first time and at most.
const PAUSES: (Duration, Duration) = (Duration::from_secs(15), Duration::from_secs(900));

/// Looks until told to stop. Of the processes on a data folder one does so at a time.
pub async fn watch(control: ControlBus, monitor: Monitor, mut stop: watch::Receiver<bool>) {
    let working = async {
        let folder = Folder::of(&control.config());
        let _turn = turn(&folder).await;
        match Watcher::open(control, monitor, folder) {
            Ok(watcher) => watcher.work().await,
            Err(failure) => error!(failure = causes(&failure), "nobody is told of alerts"),
        }
    };
    tokio::select! {
        biased;
        _ = stop.wait_for(|&stop| stop) => {}
        () = working => {}
    }
}

/// Waits until no other process looks. The lock ends with the file.
async fn turn(folder: &Folder) -> Option<File> {
    let mut complained = false;
    loop {
        let opened = fs::create_dir_all(&folder.0).and_then(|()| File::create(folder.lock()));
        match opened.map(|file| (file.try_lock(), file)) {
            Ok((Ok(()), file)) => return Some(file),
            Ok((Err(fs::TryLockError::WouldBlock), _)) => {}
            Ok((Err(fs::TryLockError::Error(error)), _)) | Err(error) if !complained => {
                warn!(%error, "the folder of alerts can't be used; trying again");
                complained = true;
            }
            Ok(_) | Err(_) => {}
        }
        sleep(EVERY).await;
    }
}

/// Who looks.
struct Watcher {
    control: ControlBus,
    monitor: Monitor,
    folder: Folder,
    book: Book,
    memory: Memory,
    log: DayLog,
    /// Receivers that could not be told: not before, and the wait after that.
    resting: BTreeMap<String, (Instant, Duration)>,
    /// When it was looked last, by the clock and by what no clock changes.
    looked: Option<(Timestamp, Instant)>,
    learned: Instant,
}

impl Watcher {
    fn open(control: ControlBus, monitor: Monitor, folder: Folder) -> Result<Self, AlertError> {
        let failed = |source| folder.failed(source);
        let book = Book::read(&folder.book()).map_err(failed)?;
        let rhythms = Rhythms::read(&folder.rhythms()).unwrap_or_else(|error| {
            warn!(%error, "the rhythms of the feeds can't be read: they are learned anew");
            Rhythms::default()
        });
        let zone = control.config().hub.timezone.clone();
        let log = DayLog::new(folder.log(), None, zone);
        Ok(Self {
            control,
            monitor,
            book,
            memory: Memory::with(rhythms),
            log,
            folder,
            resting: BTreeMap::new(),
            looked: None,
            learned: Instant::now(),
        })
    }

    async fn work(mut self) {
        loop {
            let config = self.control.config();
            if let Err(failure) = self.look(&config).await {
                error!(failure = causes(&failure), "alerts can't be kept; trying again");
            }
            self.tell(&config).await;
            sleep(EVERY).await;
        }
    }

    /// One look, and what follows from it for the book.
    async fn look(&mut self, config: &Config) -> Result<(), AlertError> {
        let now = self.control.clock().now();
        let failed = |source| AlertError::Files { path: config.hub.data_dir.clone(), source };
        let processes = status::found(config, now).map_err(|error| failed(std::io::Error::other(error)))?;
        let dead = self.dead(config).await;
        let jumped = self.jumped(now);
        let certificates = certificates(config);
        let sight =
            Sight { config, processes: &processes, dead: &dead, certificates: &certificates, now, jumped };
        let found = sight.found(&mut self.memory);
        let before = self.book.clone();
        let mut entries = self.book.update(found, now);
        let noted = notes(&self.folder).map_err(failed)?;
        for (id, by) in &noted {
            entries.extend(self.book.acknowledge(id, by.clone()));
        }
        self.keep(&before, &entries, now).map_err(failed)?;
        for (id, _) in noted {
            remove(&self.folder.notes().join(format!("{id}.json"))).map_err(failed)?;
        }
        if self.learned.elapsed() >= LEARNED_EVERY {
            self.learned = Instant::now();
            self.memory.rhythms.write(&self.folder.rhythms()).map_err(failed)?;
        }
        self.count();
        Ok(())
    }

    /// Keeps the book where something of it changed but the moment at which alerts were seen last.
    fn keep(&self, before: &Book, entries: &[Entry], now: Timestamp) -> std::io::Result<()> {
        for Entry { event, alert, .. } in entries {
            let (alarm, subject) = (alert.alarm.code(), &alert.subject);
            info!(?event, alarm, subject, id = alert.id, "alert");
        }
        self.log.append(now, entries).map_err(std::io::Error::other)?;
        if *before == self.book { Ok(()) } else { self.book.write(&self.folder.book()) }
    }

    fn count(&self) {
        let open = |alarm: Alarm| self.book.open().filter(|alert| alert.alarm == alarm).count();
        let counts = Alarm::ALL.iter().map(|alarm| {
            let severity = alarm.about().severity.word();
            (alarm.code(), severity, u32::try_from(open(*alarm)).unwrap_or(u32::MAX))
        });
        self.monitor.open_alerts(counts);
    }

    /// By how much the clock was set since the look before.
    fn jumped(&mut self, now: Timestamp) -> SignedDuration {
        let before = self.looked.replace((now, Instant::now()));
        before.map_or(SignedDuration::ZERO, |(at, instant)| {
            let passed = SignedDuration::try_from(instant.elapsed()).unwrap_or_default();
            now.duration_since(at) - passed
        })
    }

    /// Dead letters by subscriber, as far as the broker says.
    async fn dead(&self, config: &Config) -> BTreeMap<String, u64> {
        let mut dead = BTreeMap::new();
        for subscriber in &config.subscribers {
            let queue = topology::dead(&subscriber.name);
            // A queue that was never declared holds nothing; a broker that is away is an alarm of its own.
            if let Ok(Ok(depth)) = timeout(ANSWER, self.control.broker().depth(&queue)).await {
                dead.insert(subscriber.name.clone(), depth);
            }
        }
        dead
    }

    /// Tells receivers what they have to be told, and notes that durably: twice is better than never.
    async fn tell(&mut self, config: &Config) {
        for receiver in &config.hub.alerts.receivers {
            if self.resting.get(&receiver.name).is_some_and(|(until, _)| Instant::now() < *until) {
                continue;
            }
            if let Err(failure) = self.tell_one(config, receiver).await {
                let last = self.resting.get(&receiver.name).map(|(_, wait)| *wait * 2);
                let wait = last.unwrap_or(PAUSES.0).min(PAUSES.1);
                self.resting.insert(receiver.name.clone(), (Instant::now() + wait, wait));
                warn!(
                    receiver = receiver.name,
                    failure, "a receiver of alerts could not be told; trying again"
                );
            } else {
                self.resting.remove(&receiver.name);
            }
        }
    }

    async fn tell_one(&mut self, config: &Config, receiver: &Receiver) -> Result<(), String> {
        let now = self.control.clock().now();
        for place in 0..self.book.alerts.len() {
            let Some(alert) = self.book.alerts.get(place).cloned() else { break };
            let Some(event) = send::due(receiver, &alert, &config.hub, now) else { continue };
            let notice = notice(config, receiver.japanese, event, alert);
            send::send(receiver, &notice).await.map_err(|error| causes(&error))?;
            if let Some(alert) = self.book.alerts.get_mut(place) {
                send::note(alert, &receiver.name, event, now);
            }
            self.book.write(&self.folder.book()).map_err(|error| causes(&error))?;
        }
        Ok(())
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        if let Err(error) = self.memory.rhythms.write(&self.folder.rhythms()) {
            warn!(%error, "what was learned of the feeds' rhythms can't be written");
        }
    }
}

/// Certificates of the console and of the connection to the broker, and when they end. One that can't be read is told by
/// `musubi check`.
fn certificates(config: &Config) -> Vec<(String, Timestamp)> {
    let of_broker = match &config.hub.broker {
        config::Broker::RabbitMq(settings) => settings.tls.as_ref(),
        config::Broker::Embedded { .. } => None,
    };
    let client = of_broker.and_then(|tls| tls.client.as_ref()).map(|(chain, _)| chain);
    let of_console = config.hub.access.tls.as_ref();
    let files = [of_broker.map(|tls| &tls.ca), client, of_console.map(|tls| &tls.certificate)];
    let ends = files.into_iter().flatten().filter_map(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Some((name, doctor::certificate_ends(path)?))
    });
    ends.collect()
}
