//! A new configuration for a hub that runs: it is checked and tested before it takes the place of the old one.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde::Serialize;
use tokio::time::{Instant, sleep};

use super::route_tests;
use super::status::{Process, State, StatusError, found};
use crate::clock::Clock;
use crate::config::{Config, Severity};
use crate::pipeline::{ReloadAnswer, ReloadOutcome};

/// How often the status files are looked at while an answer is waited for.
const LOOK: Duration = Duration::from_millis(100);

/// A new configuration that may take the place of the old one.
#[derive(Debug)]
pub enum Prepared {
    /// Only what routers answer is new: nothing needs to be stopped.
    Routing(Config),
    /// Feeds, subscribers or settings of the hub are new: its parts are stopped and started.
    Parts(Config),
}

/// Why a configuration does not take the place of the one that runs.
#[derive(Debug)]
pub struct Refusal {
    /// Fingerprint of the files, where they could be read.
    pub hash: Option<String>,
    /// Each reason, with its place.
    pub why: Vec<String>,
}

/// Reads the configuration of a folder anew, checks it, runs its route tests, and compares it with the one that runs.
///
/// # Errors
///
/// It is faulty, a test of it fails, or it can't take the place of the old one in a process that runs.
pub fn prepare(dir: &Path, running: &Config) -> Result<Prepared, Refusal> {
    let (config, faults) = Config::load(dir);
    let Some(config) = config else {
        let errors = faults.iter().filter(|fault| fault.severity == Severity::Error);
        let told =
            errors.map(|fault| format!("{}:{}:{}: {}", fault.file, fault.line, fault.column, fault.message));
        return Err(Refusal { hash: None, why: told.collect() });
    };
    let why = objections(&config, running);
    if why.is_empty() {
        Ok(match config.differs_in_routing_only(running) {
            true => Prepared::Routing(config),
            false => Prepared::Parts(config),
        })
    } else {
        Err(Refusal { hash: Some(config.hash), why })
    }
}

fn objections(config: &Config, running: &Config) -> Vec<String> {
    let mut why = Vec::new();
    if config.hub.data_dir != running.hub.data_dir || config.hub.broker != running.hub.broker {
        why.push(
            "hub.toml: data_dir and [broker] are read at the start only: stop the hub and start it again"
                .to_owned(),
        );
    }
    match route_tests::run(config, None) {
        Err(unreadable) => why.push(unreadable.to_string()),
        Ok(report) => why.extend(report.tests.iter().filter(|test| !test.passed()).map(|test| {
            let route_tests::TestResult { route, name, .. } = test;
            format!("routes.toml: the route test \"{route}: {name}\" fails; `musubi test` shows why")
        })),
    }
    why
}

/// A process that was asked to take the new configuration.
#[derive(Debug, Serialize)]
pub struct Asked {
    /// The verb that started it.
    pub role: String,
    /// Its id.
    pub pid: u32,
    /// What it answered; nothing where it did not within the time, or ended.
    pub answer: Option<ReloadAnswer>,
}

impl Asked {
    /// Whether it works with the new configuration.
    pub fn took_it(&self) -> bool {
        let outcome = self.answer.as_ref().map(|answer| &answer.outcome);
        outcome.is_some_and(|outcome| !matches!(outcome, ReloadOutcome::Refused { .. }))
    }
}

/// Asks every process of this machine that works on the configuration's data folder to take it, and waits for their
/// answers.
///
/// # Errors
///
/// The status files can't be read, or a process can't be signalled.
pub async fn ask(config: &Config, patience: Duration, clock: &dyn Clock) -> Result<Vec<Asked>, StatusError> {
    let running: Vec<_> = found(config, clock.now())?.into_iter().filter(hears).collect();
    let until = Instant::now() + patience;
    let mut asked = Vec::new();
    for process in &running {
        let signalled = i32::try_from(process.status.pid).ok().and_then(Pid::from_raw);
        let sent = signalled.is_some_and(|pid| kill_process(pid, Signal::HUP).is_ok());
        let answer = if sent { answer(process, config, until, clock).await? } else { None };
        asked.push(Asked { role: process.status.role.clone(), pid: process.status.pid, answer });
    }
    Ok(asked)
}

/// Whether a process is there and takes the signal for what it is. An id may have passed to another program, which the
/// signal would end.
fn hears(process: &Process) -> bool {
    let name = |pid: &str| fs::read_to_string(format!("/proc/{pid}/comm")).ok();
    let is_ours = || name(&process.status.pid.to_string()).is_some_and(|other| name("self") == Some(other));
    process.state == State::Running && !process.status.configuration.hash.is_empty() && is_ours()
}

async fn answer(
    asked: &Process,
    config: &Config,
    until: Instant,
    clock: &dyn Clock,
) -> Result<Option<ReloadAnswer>, StatusError> {
    let before = asked.status.configuration.answers.last().map_or(0, |answer| answer.number);
    let is_new = |answer: &&ReloadAnswer| {
        answer.number > before && answer.hash.as_ref().is_none_or(|hash| *hash == config.hash)
    };
    while Instant::now() < until {
        let found =
            found(config, clock.now())?.into_iter().find(|process| process.status.pid == asked.status.pid);
        let answers = found.map(|process| process.status.configuration.answers).unwrap_or_default();
        if let Some(answer) = answers.iter().find(is_new) {
            return Ok(Some(answer.clone()));
        }
        if asked.status.is_gone() == Some(true) {
            break;
        }
        sleep(LOOK).await;
    }
    Ok(None)
}
