//! Where work on letters is asked for, and where it is done.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::sleep;
use tracing::{error, info};

use super::edit::edited;
use super::{Deed, LettersError, RATE, Request, State, Work, checked, look, work};
use crate::pipeline::ControlBus;
use crate::telemetry::causes;

/// Wait before something that failed is tried again.
const AGAIN: Duration = Duration::from_secs(1);
/// Works that are remembered.
const KNOWN: usize = 100;

/// The desk of a process.
pub struct Desk {
    pub(super) control: ControlBus,
    known: Mutex<BTreeMap<String, Job>>,
    /// Something is to be begun.
    wake: Notify,
}

struct Job {
    work: Work,
    text: Option<String>,
    stop: watch::Sender<bool>,
    begun: bool,
}

impl Desk {
    /// The desk of a hub, or of a process of its own.
    pub fn new(control: ControlBus) -> Arc<Self> {
        Arc::new(Self { control, known: Mutex::default(), wake: Notify::new() })
    }

    /// What it works on.
    pub const fn control(&self) -> &ControlBus {
        &self.control
    }

    /// All works of this process, the latest first.
    pub fn list(&self) -> Vec<Work> {
        self.known().values().rev().map(|job| job.work.clone()).collect()
    }

    /// One.
    ///
    /// # Errors
    /// There is none of that id.
    pub fn get(&self, id: &str) -> Result<Work, LettersError> {
        let known = self.known();
        let job = known.get(id).ok_or_else(|| LettersError::Unknown(format!("work {id}")))?;
        Ok(job.work.clone())
    }

    /// Begins to do something in the background.
    ///
    /// # Errors
    /// It can't be done so.
    pub async fn ask(&self, request: Request, who: &str) -> Result<Work, LettersError> {
        let config = self.control.config();
        checked(&config, &request)?;
        let now = self.control.clock().now();
        let Request { act, selection, why, rate, text } = request;
        let mut copy = None;
        if let (Deed::Edit, Some(text), [id]) = (act, &text, selection.ids.as_slice()) {
            let (envelope, body) = look::original(&self.control, None, id).await?;
            copy = Some(edited(&envelope, &body, text, now)?.0.id);
        }
        let depth = self.control.broker().depth(&selection.queue()).await;
        let time = now.to_zoned(config.hub.timezone.clone()).strftime("%Y%m%d-%H%M%S%.3f").to_string();
        let work = Work {
            id: format!("{}-{:04x}", time.replace('.', "-"), rand::random::<u16>()),
            act,
            selection,
            who: who.to_owned(),
            why,
            rate: rate.unwrap_or(RATE),
            state: State::Waiting,
            // A queue that nothing was ever put into is not there.
            depth: depth.unwrap_or_default(),
            looked: 0,
            done: 0,
            skipped: 0,
            reason: None,
            copy,
            created_at: now,
            ended_at: None,
        };
        let mut known = self.known();
        while known.len() >= KNOWN
            && let Some(old) =
                known.iter().find(|(_, job)| !job.work.state.is_at_work()).map(|(id, _)| id.clone())
        {
            known.remove(&old);
        }
        let job = Job { work: work.clone(), text, stop: watch::Sender::new(false), begun: false };
        known.insert(work.id.clone(), job);
        self.wake.notify_one();
        Ok(work)
    }

    /// Stops work: what it has done stays done.
    ///
    /// # Errors
    /// It has ended, or there is none.
    pub fn stop(&self, id: &str) -> Result<Work, LettersError> {
        let mut known = self.known();
        let job = known.get_mut(id).ok_or_else(|| LettersError::Unknown(format!("work {id}")))?;
        if !job.work.state.is_at_work() {
            return Err(LettersError::Ended(job.work.state));
        }
        job.stop.send_replace(true);
        Ok(job.work.clone())
    }

    /// Works until told to stop. What is being settled then is settled.
    pub async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        tokio::select! {
            biased;
            _ = stop.wait_for(|&stop| stop) => return,
            () = self.control.when_ready() => {}
        }
        let mut works = JoinSet::new();
        loop {
            for (work, text, stopped) in self.new_ones() {
                works.spawn(self.clone().work(work, text, stopped));
            }
            tokio::select! {
                biased;
                _ = stop.wait_for(|&stop| stop) => break,
                Some(_) = works.join_next() => {}
                () = self.wake.notified() => {}
            }
        }
        for job in self.known().values() {
            job.stop.send_replace(true);
        }
        while works.join_next().await.is_some() {}
    }

    fn new_ones(&self) -> Vec<(Work, Option<String>, watch::Receiver<bool>)> {
        let mut known = self.known();
        let new = known.values_mut().filter(|job| !job.begun);
        new.map(|job| {
            job.begun = true;
            (job.work.clone(), job.text.clone(), job.stop.subscribe())
        })
        .collect()
    }

    /// One work, to its end.
    async fn work(self: Arc<Self>, work: Work, text: Option<String>, mut stop: watch::Receiver<bool>) {
        let (state, reason) = loop {
            self.change(&work.id, |work| work.state = State::Running);
            match work::go(&self, &work, text.as_deref(), &stop).await {
                Ok(true) => break (State::Done, None),
                Ok(false) => break (State::Stopped, None),
                Err(error) if error.passes() => {
                    let why = causes(&error);
                    self.change(&work.id, |work| (work.state, work.reason) = (State::Waiting, Some(why)));
                }
                Err(error) => {
                    let why = causes(&error);
                    error!(work = work.id, why, "work on letters has failed");
                    break (State::Failed, Some(why));
                }
            }
            tokio::select! {
                _ = stop.wait_for(|&stop| stop) => break (State::Stopped, None),
                () = sleep(AGAIN) => {}
            }
        };
        let now = self.control.clock().now();
        self.change(&work.id, |work| (work.state, work.reason, work.ended_at) = (state, reason, Some(now)));
        if let Ok(work) = self.get(&work.id) {
            let (queue, act) = (work.selection.queue(), work.act.as_str());
            info!(work = work.id, %queue, act, done = work.done, state = state.as_str(), "work on letters has ended");
        }
    }

    pub(super) fn change(&self, id: &str, change: impl FnOnce(&mut Work)) {
        if let Some(job) = self.known().get_mut(id) {
            change(&mut job.work);
        }
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<String, Job>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
