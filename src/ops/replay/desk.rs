//! The replays of a data folder: one process has them, and works on them beside each other.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tracing::{error, info, warn};

use super::state::{Counts, known};
use super::{DEPTH_MAX, RATE, RATE_MAX, REPLAYS, Replay, ReplayError, Request, State, plan, run};
use crate::config::Config;
use crate::pipeline::ControlBus;
use crate::telemetry::causes;

/// Held by the process that has the replays.
const LOCK: &str = "LOCK";
/// Wait before a lock that another process has is tried again.
const TAKEN: Duration = Duration::from_secs(1);

/// Where replays are asked for, and where they are worked on.
pub struct Desk {
    pub(super) control: ControlBus,
    pub(super) folder: PathBuf,
    /// Whether what was at work when a process ended goes on by itself, and waits for its subscriber to keep up.
    is_hub: bool,
    /// Nothing while another process has them.
    known: Mutex<Option<BTreeMap<String, Replay>>>,
    /// Ends the work on a replay.
    stops: Mutex<BTreeMap<String, watch::Sender<bool>>>,
    /// Something is to be begun.
    wake: Notify,
    /// Whether this process has them.
    has_them: watch::Sender<bool>,
}

impl Desk {
    /// The desk of a hub that runs: what was interrupted goes on.
    pub fn of_hub(control: ControlBus) -> Arc<Self> {
        Self::new(control, true)
    }

    /// A desk of its own, where no hub runs: what was interrupted is taken for stopped, and nobody takes the copies
    /// meanwhile.
    pub fn alone(control: ControlBus) -> Arc<Self> {
        Self::new(control, false)
    }

    fn new(control: ControlBus, is_hub: bool) -> Arc<Self> {
        Arc::new(Self {
            folder: control.config().hub.data_dir.join(REPLAYS),
            control,
            is_hub,
            known: Mutex::new(None),
            stops: Mutex::default(),
            wake: Notify::new(),
            has_them: watch::Sender::new(false),
        })
    }

    /// All replays, the latest first.
    ///
    /// # Errors
    /// If the folder can't be read.
    pub fn list(&self) -> Result<Vec<Replay>, ReplayError> {
        let replays = match &*self.known() {
            Some(known) => known.values().cloned().collect(),
            None => known(&self.folder)?.into_values().collect::<Vec<_>>(),
        };
        Ok(replays.into_iter().rev().collect())
    }

    /// All replays of a data folder that perhaps nobody works on, the latest first.
    ///
    /// # Errors
    /// If the folder can't be read.
    pub fn look(config: &Config) -> Result<Vec<Replay>, ReplayError> {
        Ok(known(&config.hub.data_dir.join(REPLAYS))?.into_values().rev().collect())
    }

    /// A replay.
    ///
    /// # Errors
    /// There is none of that id.
    pub fn get(&self, id: &str) -> Result<Replay, ReplayError> {
        self.list()?
            .into_iter()
            .find(|replay| replay.id == id)
            .ok_or_else(|| ReplayError::Unknown(id.to_owned()))
    }

    /// Plans a replay: it is counted what it would do.
    ///
    /// # Errors
    /// It can't be planned so, or not by this process.
    pub fn plan(&self, request: Request, who: &str) -> Result<Replay, ReplayError> {
        let config = self.control.config();
        let now = self.control.clock().now();
        let Request { mut selection, why, rate } = request;
        let rate = rate.unwrap_or(RATE);
        let bad = |what: String| Err(ReplayError::Bad(what));
        if !config.subscribers.iter().any(|subscriber| subscriber.name == selection.to) {
            return bad(format!("there is no subscriber {}", selection.to));
        }
        if why.trim().is_empty() {
            return bad("say why: it stands in the history of every message".to_owned());
        }
        if !(1..=RATE_MAX).contains(&rate) {
            return bad(format!("the rate is 1 to {RATE_MAX} copies a second"));
        }
        if selection.from.zip(selection.until).is_some_and(|(from, until)| from >= until) {
            return bad("the time ends before it begins".to_owned());
        }
        // What is accepted from now on reaches the subscriber anyway.
        selection.until = Some(selection.until.map_or(now, |until| until.min(now)));
        let day = now.to_zoned(config.hub.timezone.clone()).strftime("%Y%m%d-%H%M%S").to_string();
        let replay = Replay {
            id: format!("{day}-{:04x}", rand::random::<u16>()),
            selection,
            who: who.to_owned(),
            why,
            created_at: now,
            rate,
            depth_max: self.is_hub.then_some(DEPTH_MAX),
            state: State::Planning,
            estimate: Counts::default(),
            done: Counts::default(),
            planned: 0,
            position: 0,
            reason: None,
            started_at: None,
            told_by: None,
            ended_at: None,
        };
        let mut known = self.known();
        let known = known.as_mut().ok_or(ReplayError::Elsewhere)?;
        replay.keep(&self.folder)?;
        known.insert(replay.id.clone(), replay.clone());
        self.wake.notify_one();
        Ok(replay)
    }

    /// Starts a replay that is planned.
    ///
    /// # Errors
    /// It is not, or not here.
    pub fn start(&self, id: &str, who: &str) -> Result<Replay, ReplayError> {
        self.turn(id, who, "started", |replay| (replay.state == State::Planned).then_some(State::Running))
    }

    /// Stops a replay; it keeps its position.
    ///
    /// # Errors
    /// It is neither at work nor planned, or not here.
    pub fn stop(&self, id: &str, who: &str) -> Result<Replay, ReplayError> {
        let stoppable = |replay: &Replay| replay.state.is_at_work() || replay.state == State::Planned;
        let stopped = self.turn(id, who, "stopped", |replay| stoppable(replay).then_some(State::Stopped))?;
        if let Some(stop) = lock(&self.stops).get(id) {
            stop.send_replace(true);
        }
        Ok(stopped)
    }

    /// Goes on with a replay that was stopped, or that failed.
    ///
    /// # Errors
    /// It was not, or not here.
    pub fn resume(&self, id: &str, who: &str) -> Result<Replay, ReplayError> {
        self.turn(id, who, "resumed", |replay| {
            let rests = matches!(replay.state, State::Stopped | State::Failed);
            let has_plan = replay.plan_file(&self.folder).exists();
            rests.then_some(if has_plan { State::Running } else { State::Planning })
        })
    }

    fn turn(
        &self,
        id: &str,
        who: &str,
        what: &'static str,
        to: impl Fn(&Replay) -> Option<State>,
    ) -> Result<Replay, ReplayError> {
        let now = self.control.clock().now();
        let mut known = self.known();
        let known = known.as_mut().ok_or(ReplayError::Elsewhere)?;
        let replay = known.get_mut(id).ok_or_else(|| ReplayError::Unknown(id.to_owned()))?;
        let state = to(replay).ok_or(ReplayError::Not { state: replay.state, what })?;
        let mut turned = Replay { state, reason: None, told_by: Some(who.to_owned()), ..replay.clone() };
        match state {
            State::Running => (turned.started_at, turned.ended_at) = (Some(now), None),
            State::Stopped => turned.ended_at = Some(now),
            _ => {}
        }
        turned.keep(&self.folder)?;
        *replay = turned;
        info!(replay = id, state = state.as_str(), "a replay was {what}");
        self.wake.notify_one();
        Ok(replay.clone())
    }

    /// Waits until this process has the replays.
    pub async fn when_open(&self) {
        // This desk holds the sender.
        drop(self.has_them.subscribe().wait_for(|&open| open).await);
    }

    /// Works until told to stop. What is being sent then is sent to its end.
    pub async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let _lock = tokio::select! {
            biased;
            _ = stop.wait_for(|&stop| stop) => return,
            lock = self.take() => lock,
        };
        tokio::select! {
            biased;
            _ = stop.wait_for(|&stop| stop) => return,
            () = self.control.when_ready() => {}
        }
        self.has_them.send_replace(true);
        let mut works = JoinSet::new();
        loop {
            self.begin(&mut works);
            tokio::select! {
                biased;
                _ = stop.wait_for(|&stop| stop) => break,
                Some(ended) = works.join_next() => self.ended(ended.ok()),
                () = self.wake.notified() => {}
            }
        }
        for stop in lock(&self.stops).values() {
            stop.send_replace(true);
        }
        while works.join_next().await.is_some() {}
    }

    /// Waits until no other process has the replays, and reads them.
    async fn take(&self) -> File {
        let mut complained = false;
        loop {
            match self.try_to_take() {
                Ok(lock) => return lock,
                Err(why) if !complained => {
                    warn!(why, "the replays can't be worked on; trying again");
                    complained = true;
                }
                Err(_) => {}
            }
            tokio::time::sleep(TAKEN).await;
        }
    }

    fn try_to_take(&self) -> Result<File, String> {
        let lock = open_lock(&self.folder).map_err(|error| error.to_string())?;
        lock.try_lock().map_err(|error| error.to_string())?;
        let mut found = known(&self.folder).map_err(|error| causes(&error))?;
        if !self.is_hub {
            let interrupted = found.values_mut().filter(|replay| replay.state.is_at_work());
            interrupted.for_each(|replay| replay.state = State::Stopped);
        }
        *self.known() = Some(found);
        Ok(lock)
    }

    /// Begins whatever is to be at work and is not.
    fn begin(self: &Arc<Self>, works: &mut JoinSet<String>) {
        let wanted: Vec<_> = match &*self.known() {
            Some(known) => known.values().filter(|replay| replay.state.is_at_work()).cloned().collect(),
            None => Vec::new(),
        };
        let mut stops = lock(&self.stops);
        for replay in wanted {
            if !stops.contains_key(&replay.id) {
                let (stop, stopped) = watch::channel(false);
                stops.insert(replay.id.clone(), stop);
                works.spawn(self.clone().work(replay, stopped));
            }
        }
    }

    /// One replay, until it is done or told to stop; gives its id.
    async fn work(self: Arc<Self>, replay: Replay, stop: watch::Receiver<bool>) -> String {
        let id = replay.id.clone();
        let (end, to) = match replay.state {
            State::Planning => (plan::make(&self, &replay, &stop).await, State::Planned),
            _ => (run::run(&self, &replay, &stop).await, State::Done),
        };
        let now = self.control.clock().now();
        self.change(&id, |replay| match end {
            Ok(false) => {}
            Ok(true) => {
                (replay.state, replay.reason) = (to, None);
                replay.ended_at = (to == State::Done).then_some(now);
            }
            Err(error) => {
                let why = causes(&error);
                error!(replay = replay.id, why, "a replay has failed");
                (replay.state, replay.reason, replay.ended_at) = (State::Failed, Some(why), Some(now));
            }
        });
        if let Err(error) = self.keep(&id) {
            error!(replay = id, error = causes(&error), "the state of a replay can't be kept");
        }
        id
    }

    fn ended(&self, id: Option<String>) {
        // One that panicked is not begun again by this process.
        if let Some(id) = id {
            lock(&self.stops).remove(&id);
        }
    }

    /// Changes what is known of a replay, not yet durably.
    pub(super) fn change(&self, id: &str, change: impl FnOnce(&mut Replay)) {
        if let Some(replay) = self.known().as_mut().and_then(|known| known.get_mut(id)) {
            change(replay);
        }
    }

    /// Makes what is known of a replay durable.
    pub(super) fn keep(&self, id: &str) -> Result<(), ReplayError> {
        match self.known().as_ref().and_then(|known| known.get(id)) {
            Some(replay) => replay.keep(&self.folder),
            None => Ok(()),
        }
    }

    fn known(&self) -> MutexGuard<'_, Option<BTreeMap<String, Replay>>> {
        lock(&self.known)
    }
}

fn lock<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}

fn open_lock(folder: &Path) -> std::io::Result<File> {
    fs::create_dir_all(folder)?;
    OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(folder.join(LOCK))
}
