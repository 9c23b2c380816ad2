//! One lane of a subscriber: takes the copies in order, attempts, waits, parks and releases.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};
use tracing::{error, info, warn};

use super::Counts;
use super::joined;
use super::outcome::Outcome;
use super::parked::{Memory, ParkedLane, copy_to};
use super::patients::{Patients, Schedule};
use super::receipt::Receipts;
use super::record::Fate;
use super::release::Release;
use super::window::{Handled, Key, Patient, State, Window};
use super::workers::{Shared, told};
use crate::broker::{BrokerError, Consumer, Delivery, Publication, topology};
use crate::envelope::{Fault, Lane, Place};
use crate::telemetry::causes;

/// Copies received at a time.
pub(super) const BATCH: usize = 64;
/// How long the end waits for a lane to be opened: a run that is over at once still counts what is parked.
const OPEN_GRACE: Duration = Duration::from_secs(5);
/// How long a lane that has copies waits for the parked ones.
const SPLIT: Duration = Duration::from_secs(10);
/// Fault of a copy whose permission has ended.
pub(super) const WITHDRAWN: &str = "consent-withdrawn";
/// Fault of a copy that alone got no answer.
pub(super) const NO_ANSWER: &str = "no-answer";
/// Fault of a copy that an operator lets wait.
const HELD: &str = "held";
/// How often it is looked whether what waits may go.
pub(super) const HELD_LOOK: Duration = Duration::from_millis(500);
/// A time that never comes.
const NEVER: Duration = Duration::from_secs(365 * 24 * 3600);

/// Delivers one lane.
pub(super) struct LaneWorker {
    pub(super) shared: Arc<Shared>,
    pub(super) lane: Lane,
    halt: watch::Receiver<bool>,
    pub(super) handled: Handled,
    pub(super) patients: Patients,
    pub(super) receipts: Receipts,
    /// Schedules from before the broker was lost.
    schedules: HashMap<Patient, Schedule>,
    pub(super) releases: JoinSet<Release>,
    /// Rounds of attempts in a row that found the subscriber away.
    failures: u32,
    /// No attempt before.
    resume: Instant,
    ended: bool,
    /// All copies wait until then at least.
    pub(super) held_until: Instant,
    /// Since when lower lanes are waited for, at the first copy that does.
    pub(super) joined_since: Option<Instant>,
    /// How many parked copies the counts know of; `None` until they were read for the first time.
    counted: Option<usize>,
    /// The same of their patients.
    counted_patients: usize,
    /// The same of those that an operator lets wait.
    counted_held: usize,
}

impl LaneWorker {
    pub(super) fn new(shared: Arc<Shared>, lane: Lane, halt: watch::Receiver<bool>) -> Self {
        Self {
            shared,
            lane,
            halt,
            handled: Handled::default(),
            patients: Patients::default(),
            receipts: Receipts::default(),
            schedules: HashMap::new(),
            releases: JoinSet::new(),
            failures: 0,
            resume: Instant::now(),
            ended: false,
            held_until: Instant::now(),
            joined_since: None,
            counted: None,
            counted_patients: 0,
            counted_held: 0,
        }
    }

    /// Delivers until told to stop, or until giving up. A broker that is away, or whose disk is full, is asked again.
    pub(super) async fn run(mut self) -> Result<(), BrokerError> {
        let ended = self.work().await;
        self.shared.joined.end(self.lane);
        ended
    }

    async fn work(&mut self) -> Result<(), BrokerError> {
        loop {
            let failure = match self.serve().await {
                Err(failure) if passes(&failure) => failure,
                ended => return ended,
            };
            let (subscriber, lane, failure) = (self.shared.name(), self.lane.0, causes(&failure));
            warn!(subscriber, lane, failure, "the broker failed; taking up the lane anew");
            // What they deliver must be known before the copies come again.
            while let Some(release) = self.releases.join_next().await {
                self.released(release, None);
            }
            self.schedules.extend(self.patients.schedules());
            self.patients = Patients::default();
            tokio::select! {
                () = told(&mut self.halt) => return Ok(()),
                () = sleep(self.shared.pace().reopen) => {}
            }
        }
    }

    async fn serve(&mut self) -> Result<(), BrokerError> {
        let mut halt = self.halt.clone();
        let halted = async {
            told(&mut halt).await;
            sleep(OPEN_GRACE).await;
        };
        let (mut consumer, mut parked, mut window) = tokio::select! {
            biased;
            opened = self.open() => opened?,
            () = halted => return Ok(()),
        };
        let mut joins = self.shared.joined.subscribe();
        let mut hurried = self.shared.counts().hurry.subscribe();
        while !self.ended {
            self.count();
            self.answer(consumer.as_mut(), &mut window).await?;
            self.settle(consumer.as_mut(), &mut parked, &mut window, false).await?;
            let room = BATCH.saturating_sub(window.len());
            let busy = !self.releases.is_empty();
            let (due, held) = (self.due(), parked.held_until(self.shared.pace().held_max));
            tokio::select! {
                biased;
                () = told(&mut halt), if self.may_halt() => break,
                Ok(()) = joins.changed() => {}
                Some(release) = self.releases.join_next(), if busy => {
                    self.released(release, Some(&mut parked));
                    self.tidy(&mut parked, false).await?;
                }
                received = parked.receive() => {
                    parked.take(received?, &mut self.memory());
                    self.tidy(&mut parked, false).await?;
                }
                Ok(()) = hurried.changed() => self.patients.hurry(),
                // What an operator let wait may go.
                () = sleep(HELD_LOOK), if self.shared.has_holds() => {}
                () = sleep_until(due.unwrap_or_else(never)), if due.is_some() && !busy => self.release(),
                () = sleep_until(held.unwrap_or_else(never)), if held.is_some() => {
                    let dead = parked.rewrite(&self.patients, (&mut self.receipts, self.shared.counts())).await?;
                    self.given_up(dead);
                }
                () = sleep_until(self.resume), if window.has_pending() => self.step(&mut window).await,
                batch = consumer.receive(room), if room > 0 => self.take_in(&mut window, batch?),
            }
        }
        while let Some(release) = self.releases.join_next().await {
            self.released(release, Some(&mut parked));
        }
        self.settle(consumer.as_mut(), &mut parked, &mut window, true).await?;
        self.tidy(&mut parked, true).await?;
        self.count();
        Ok(())
    }

    /// Becomes the consumer of both lanes, that of the copies and that of the parked ones.
    ///
    /// On RabbitMQ each of the two queues has one active process. Should they have come to different ones, the one
    /// that is given copies, but not the parked ones, lets go of everything and goes to the end of both lines.
    async fn open(&mut self) -> Result<(Box<dyn Consumer>, ParkedLane, Window), BrokerError> {
        let shared = self.shared.clone();
        let (name, lane, wait) = (shared.name(), self.lane, shared.pace().marker);
        let mut line = shared.line.subscribe();
        let mut consumer = shared.broker().consume(&topology::subscriber(name), lane).await?;
        let mut window = Window::default();
        let split = async {
            window.extend(consumer.receive(BATCH).await?);
            sleep(SPLIT).await;
            shared.line.send_modify(|line| *line += 1);
            Ok::<_, BrokerError>(())
        };
        let mut parked = tokio::select! {
            biased;
            parked = ParkedLane::open(shared.broker().as_ref(), name, lane, wait, self.memory()) => parked?,
            split = split => return Err(split.err().unwrap_or_else(elsewhere)),
            _ = line.changed() => return Err(elsewhere()),
        };
        self.tidy(&mut parked, true).await?;
        window.copies().for_each(|copy| self.patients.join(copy));
        self.patients.copies().for_each(|copy| shared.joined.ask(copy));
        let copies = self.patients.len();
        if self.counted.is_none() {
            Counts::add(&shared.counts().found, copies);
        }
        if copies > 0 {
            info!(subscriber = name, lane = lane.0, copies, "copies are parked from before");
        }
        Ok((consumer, parked, window))
    }

    /// Puts copies into the window.
    pub(super) fn take_in(&mut self, window: &mut Window, copies: Vec<Delivery>) {
        copies.iter().for_each(|copy| self.patients.join(copy));
        window.extend(copies);
    }

    /// Tells the counts how many copies are parked.
    fn count(&mut self) {
        let counts = self.shared.counts();
        let held = match self.shared.has_holds() {
            true => self.patients.patients_where(|copy| self.shared.is_patient_held(copy)),
            false => 0,
        };
        Counts::follow(&counts.parked, self.counted.get_or_insert_default(), self.patients.len());
        Counts::follow(&counts.parked_patients, &mut self.counted_patients, self.patients.patients());
        Counts::follow(&counts.parked_held, &mut self.counted_held, held);
    }

    fn memory(&mut self) -> Memory<'_> {
        Memory { patients: &mut self.patients, handled: &self.handled, schedules: &self.schedules }
    }

    /// When a parked patient is to be tried.
    fn due(&self) -> Option<Instant> {
        let may_go = |copy: &Delivery| self.shared.joined.may_go(copy) && !self.shared.is_patient_held(copy);
        self.patients.next_due(may_go).map(|due| due.max(self.held_until))
    }

    /// In a drain, what was parked before is tried once before the end.
    fn may_halt(&self) -> bool {
        let tried = || self.releases.is_empty() && self.due().is_none_or(|due| due > Instant::now());
        self.shared.attempts_max().is_none() || !self.shared.joined.is_needed(self.lane) && tried()
    }

    /// Settles the finished copies once there are enough of them, or nothing else is to be done.
    async fn settle(
        &mut self,
        consumer: &mut dyn Consumer,
        parked: &mut ParkedLane,
        window: &mut Window,
        now: bool,
    ) -> Result<(), BrokerError> {
        let count = window.finished().count();
        let waits = !window.has_pending() || self.resume > Instant::now();
        if count == 0 || !(now || waits || count >= BATCH / 4) {
            return Ok(());
        }
        let (mut follow, mut keys, mut dead, mut given_up) = (Vec::new(), Vec::new(), 0, Vec::new());
        for item in window.finished() {
            match &item.state {
                // Released or given up already: nothing is left to be parked.
                State::Parked if !self.patients.contains(item.key) => {
                    if let Some(copy) = parked.given_up(item.key) {
                        follow.push(copy_to(&topology::dead(self.shared.name()), self.lane, copy));
                        given_up.push(item.key);
                    }
                }
                State::Parked => {
                    let copy = self.patients.get(item.key).unwrap_or(&item.copy);
                    follow.push(copy_to(&topology::parked(self.shared.name()), self.lane, copy));
                    keys.push(item.key);
                }
                State::Dead(fault) => {
                    follow.push(self.dead_letter(&item.copy, fault));
                    owe(&mut self.receipts, &self.shared, self.lane, &item.copy, Some(fault));
                    dead += 1;
                }
                State::Done | State::Pending => {}
            }
            follow.extend(self.receipts.owed(item.key));
        }
        consumer.settle(count, follow).await?;
        self.receipts.sent(window.finished().map(|item| item.key), self.shared.counts());
        parked.expect(keys);
        parked.forget(&given_up);
        self.given_up(given_up);
        window.drop_first(count);
        Counts::add(&self.shared.counts().dead, dead);
        Ok(())
    }

    fn dead_letter(&self, copy: &Delivery, fault: &Fault) -> Publication {
        let mut letter = copy_to(&topology::dead(self.shared.name()), self.lane, copy);
        letter.envelope.fault = Some(fault.clone());
        letter
    }

    /// Takes out of the parked lane what was released or given up.
    async fn tidy(&mut self, parked: &mut ParkedLane, all: bool) -> Result<(), BrokerError> {
        parked.catch_up(&mut self.memory()).await?;
        let dead = parked.tidy(&self.patients, (&mut self.receipts, self.shared.counts()), all).await?;
        self.given_up(dead);
        Ok(())
    }

    /// Notes what has gone to the dead letters.
    fn given_up(&mut self, keys: Vec<Key>) {
        Counts::add(&self.shared.counts().dead, keys.len());
        keys.into_iter().for_each(|key| self.handled.insert(key));
    }

    /// One attempt at the first pending copy, after those before it that need none.
    async fn step(&mut self, window: &mut Window) {
        if self.shared.is_held() {
            self.resume = Instant::now() + HELD_LOOK;
            return;
        }
        while let Some(at) = window.first_pending() {
            match self.without_attempt(window, at) {
                Some(state) => window.get_mut(at).state = state,
                None => return self.attempt_at(window, at).await,
            }
        }
    }

    /// What becomes of a copy that must not be attempted.
    fn without_attempt(&mut self, window: &Window, at: usize) -> Option<State> {
        let item = window.get(at);
        if self.handled.contains(item.key) || self.patients.contains(item.key) {
            return Some(State::Done);
        }
        if item.copy.envelope.event.is_none() {
            self.shared.note(&[(&item.copy, 0)], Fate::Dead("no-event"));
            return Some(State::Dead(fault("no-event")));
        }
        if !self.shared.may_go(&item.copy) {
            self.tell_withdrawn(&item.copy);
            self.shared.note(&[(&item.copy, item.failures)], Fate::Dead(WITHDRAWN));
            return Some(State::Dead(fault(WITHDRAWN)));
        }
        if self.shared.is_patient_held(&item.copy) && !self.is_full() {
            self.park(item.key, item.copy.clone(), 0, Some(fault(HELD)));
            return Some(State::Parked);
        }
        if !self.waits(item) {
            self.joined_since = self.joined_since.filter(|_| item.copy.envelope.join.is_none());
            return None;
        }
        if self.is_full() || self.holds(item) {
            return None;
        }
        self.park(item.key, item.copy.clone(), 0, None);
        Some(State::Parked)
    }

    fn is_full(&self) -> bool {
        self.patients.len() >= self.shared.parked_copies()
    }

    async fn attempt_at(&mut self, window: &mut Window, at: usize) {
        let item = window.get(at);
        if self.waits(item) && self.holds(item) {
            self.resume = Instant::now() + joined::LOOK;
            return;
        }
        if self.waits(item) || self.shared.is_patient_held(&item.copy) {
            return self.back_off("too many copies are parked", None);
        }
        let run = self.run_from(window, at);
        match self.attempt(window, &run).await {
            Some((why, retry_after)) => self.failed(window, at, &why, retry_after).await,
            None => self.failures = 0,
        }
    }

    /// The copies of one attempt; one whose body is claimed has an attempt of its own.
    fn run_from(&self, window: &Window, at: usize) -> Vec<usize> {
        let is_claimed = |at: usize| window.get(at).copy.envelope.claim.is_some();
        let alone = is_claimed(at);
        let attempted = |at: &usize| {
            let item = window.get(*at);
            let known = self.handled.contains(item.key) || self.patients.contains(item.key);
            !known
                && (alone || !is_claimed(*at))
                && item.copy.envelope.event.is_some()
                && self.shared.may_go(&item.copy)
                && !self.shared.is_patient_held(&item.copy)
                && !self.waits(item)
        };
        let most = if self.shared.sender.takes_many() && !alone { usize::MAX } else { 1 };
        window.pending().skip_while(|other| *other < at).take_while(attempted).take(most).collect()
    }

    /// Attempts these copies; if the subscriber is away, why and the wait it asked for.
    async fn attempt(&mut self, window: &mut Window, run: &[usize]) -> Option<(String, Option<Duration>)> {
        let copies: Vec<_> = run.iter().map(|at| &window.get(*at).copy).collect();
        let outcome = self.shared.attempt(self.lane, &copies).await;
        match outcome {
            Outcome::Delivered => {
                let tried = |at: &usize| (&window.get(*at).copy, window.get(*at).failures + 1);
                self.shared.note(&run.iter().map(tried).collect::<Vec<_>>(), Fate::Delivered);
                for at in run {
                    let item = window.get_mut(*at);
                    item.state = State::Done;
                    self.handled.insert(item.key);
                    owe(&mut self.receipts, &self.shared, self.lane, &item.copy, None);
                }
                Counts::add(&self.shared.counts().delivered, run.len());
            }
            Outcome::Refused { code } if self.is_full() => {
                return Some((format!("refused ({code}), and too many copies are parked"), None));
            }
            Outcome::Refused { code } => run.iter().for_each(|at| self.park_at(window, *at, &code)),
            Outcome::Away { why, retry_after } => return Some((why, retry_after)),
            Outcome::Gone => self.gone(),
            // They stay pending; the next step takes out those that may not go.
            Outcome::Withdrawn | Outcome::Held => {}
        }
        None
    }

    pub(super) fn tell_withdrawn(&self, copy: &Delivery) {
        let (subscriber, lane, sequence) = (self.shared.name(), self.lane.0, copy.sequence);
        warn!(subscriber, lane, sequence, "not delivered: its permission is no longer in force");
    }

    /// The subscriber was away for a copy. If it keeps being away for that one and answers others, it is that one.
    async fn failed(&mut self, window: &mut Window, at: usize, why: &str, retry_after: Option<Duration>) {
        let stuck_after = self.shared.pace().stuck_after;
        let answers = self.shared.answers();
        let item = window.get_mut(at);
        let answered = std::mem::replace(&mut item.answers, answers) != answers;
        item.failures += 1;
        let single = !self.shared.sender.takes_many() && !self.is_full();
        if single && item.failures >= stuck_after && (answered || self.probe(window).await) {
            for at in window.stuck(stuck_after) {
                self.park_at(window, at, NO_ANSWER);
            }
            self.failures = 0;
            return;
        }
        self.back_off(why, retry_after);
    }

    /// Whether the subscriber answers a copy of a patient that is not stuck.
    async fn probe(&mut self, window: &mut Window) -> bool {
        let stuck = window.stuck(self.shared.pace().stuck_after);
        while let Some(at) = window.beside(&stuck, &self.patients).filter(|_| !self.ended) {
            if self.shared.is_held() {
                return false;
            }
            if let Some(state) = self.without_attempt(window, at) {
                window.get_mut(at).state = state;
                continue;
            }
            if self.waits(window.get(at)) {
                return false;
            }
            let answered = self.attempt(window, &[at]).await.is_none() && !self.ended;
            let item = window.get_mut(at);
            item.failures += u32::from(!answered);
            item.answers = self.shared.answers();
            // Nothing was sent.
            if answered && item.state == State::Pending {
                continue;
            }
            return answered;
        }
        false
    }

    fn park_at(&mut self, window: &mut Window, at: usize, code: &str) {
        let item = window.get_mut(at);
        item.state = State::Parked;
        let (key, copy, attempts) =
            (item.key, item.copy.clone(), item.failures + u32::from(code != NO_ANSWER));
        let (subscriber, lane, sequence) = (self.shared.name().to_owned(), self.lane.0, copy.sequence);
        warn!(subscriber, lane, sequence, code, "parked: this patient's copies wait, the others go on");
        self.park(key, copy, attempts, Some(fault(code)));
    }

    /// Remembers a copy as parked; the settlement that takes it out of its queue takes it to the parked ones.
    fn park(&mut self, key: Key, mut copy: Delivery, attempts: u32, fault: Option<Fault>) {
        let place = Place { lane: self.lane, sequence: copy.sequence, left_at: self.shared.clock().now() };
        if let Some(event) = &mut copy.envelope.event {
            event.place.get_or_insert(place);
        }
        let code = fault.as_ref().map(|fault| fault.code.as_str());
        self.shared.note(&[(&copy, attempts)], Fate::Parked(code));
        // One that was not refused is tried as soon as nothing is before it any more.
        let refused = code.is_some_and(|code| code != HELD);
        let failures = u32::from(refused);
        let wait = refused.then(|| self.shared.pace().after_parked(1));
        copy.envelope.fault = fault;
        let schedule = Schedule {
            failures,
            due: Instant::now() + wait.unwrap_or_default(),
            answers: self.shared.answers(),
        };
        self.patients.park(key, copy, schedule);
    }

    /// The subscriber is away: nothing is attempted for a while.
    fn back_off(&mut self, why: &str, retry_after: Option<Duration>) {
        self.failures += 1;
        let (subscriber, lane, attempt) = (self.shared.name(), self.lane.0, self.failures);
        self.shared.counts().set_away(self.shared.clock().now(), why);
        if self.shared.attempts_max().is_some_and(|most| attempt >= most) {
            error!(subscriber, lane, why, "not delivered; the copies stay in their queue");
            self.shared.counts().gave_up.store(true, Ordering::Relaxed);
            self.ended = true;
            return;
        }
        warn!(subscriber, lane, attempt, why, "not delivered; trying again");
        let wait = self.shared.pace().after_away(attempt).max(retry_after.unwrap_or_default());
        self.resume = Instant::now() + wait;
    }

    pub(super) fn gone(&mut self) {
        self.ended = true;
        self.shared.gone();
    }
}

/// Notes that a copy was delivered, or given up, and that somebody may have to be told.
pub(super) fn owe(
    receipts: &mut Receipts,
    shared: &Shared,
    lane: Lane,
    copy: &Delivery,
    fault: Option<&Fault>,
) {
    receipts.owe(copy, shared.name(), lane, shared.clock().now(), fault);
}

/// Whether asking the broker again can help.
const fn passes(error: &BrokerError) -> bool {
    matches!(error, BrokerError::Away { .. } | BrokerError::Refused { .. } | BrokerError::Store { .. })
}

fn elsewhere() -> BrokerError {
    BrokerError::Away { what: "another process has the parked copies".to_owned() }
}

fn never() -> Instant {
    Instant::now() + NEVER
}

pub(super) fn fault(code: &str) -> Fault {
    let reason = match code {
        "no-event" => "it is no event: no router publishes such a copy",
        WITHDRAWN => "a record that its permission rests on is no longer in force",
        HELD => "an operator lets this patient's copies wait",
        NO_ANSWER => "the subscriber did not answer, though it answered others",
        _ => "the subscriber refused it",
    };
    Fault { code: code.to_owned(), reason: reason.to_owned(), place: "message".to_owned() }
}
