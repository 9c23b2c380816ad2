//! The life of a process of the hub: from its configuration to its report, with signals, a new configuration at SIGHUP, and
//! the console.

use std::cell::Cell;
use std::io::{self, IsTerminal};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use indicatif::ProgressBar;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::complain;
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::console::monitor::{self, Targets};
use crate::console::{self, Console};
use crate::lang::Lang;
use crate::ops::access::Gate;
use crate::ops::reload::{Prepared, Refusal, prepare};
use crate::ops::sheet::keep_daily;
use crate::ops::{alerts, client, in_force, upkeep};
use crate::pipeline::{Hub, HubError, Mode, Part, ReloadAnswer, ReloadOutcome, Report};
use crate::telemetry::causes;

/// How long a new routing may wait for RabbitMQ, which carries what the registry imports.
const PATIENCE: Duration = Duration::from_secs(30);
/// Answers that are kept.
const ANSWERS: usize = 10;

/// What a process is and how it is to go on.
pub(super) struct Process<'p> {
    /// Configuration folder.
    pub(super) folder: &'p Path,
    pub(super) lang: Lang,
    pub(super) mode: Mode,
    /// Whether people read what it says.
    pub(super) talks: bool,
    /// The parts that it runs of a configuration.
    pub(super) part: &'p dyn Fn(&Config) -> Result<Part, String>,
    pub(super) signals: Signals,
    /// What became of new configurations.
    pub(super) answers: Vec<ReloadAnswer>,
    /// The configuration is to be read once more: that was asked while another was on its way.
    pub(super) again: bool,
    /// Who is logged in to the console of this data folder.
    pub(super) gate: Option<(PathBuf, Arc<Gate>)>,
}

/// What a hub was told, at its end.
struct Ended {
    report: Report,
    /// Go on with this configuration.
    next: Option<Config>,
}

/// Why a hub ended badly.
struct Failed {
    error: HubError,
    /// It never came to work.
    at_start: bool,
}

impl Process<'_> {
    /// Works until the mode's end or a signal. Where a new configuration needs new parts, these are another hub in the same
    /// process; where that can't start, the one before goes on.
    pub(super) async fn live(mut self, mut config: Config, part: Part) -> Result<Report, HubError> {
        let (mut part, mut before, mut total) = (part, None::<(Config, Part)>, None::<Report>);
        loop {
            let ended = match Hub::open(config.clone(), part.clone(), Arc::new(SystemClock)) {
                Ok(hub) => {
                    hub.tell(&config.hash, &self.answers);
                    self.keep(&config);
                    self.started(&part, before.is_some());
                    self.generation(&hub, &mut config, before.is_some()).await
                }
                Err(error) => Err(Failed { error, at_start: true }),
            };
            match ended {
                Ok(Ended { report, next }) => {
                    let report = match total.take() {
                        Some(total) => total.followed_by(report),
                        None => report,
                    };
                    let Some(next) = next else { return Ok(report) };
                    total = Some(report);
                    let new_part = (self.part)(&next).unwrap_or_else(|_| part.clone());
                    before =
                        Some((std::mem::replace(&mut config, next), std::mem::replace(&mut part, new_part)));
                }
                Err(Failed { error, at_start: true }) if before.is_some() => {
                    self.refused(Some(config.hash.clone()), vec![causes(&error)]);
                    if let Some(before) = before.take() {
                        (config, part) = before;
                    }
                }
                Err(Failed { error, .. }) => return Err(error),
            }
        }
    }

    fn started(&self, part: &Part, again: bool) {
        if self.mode == Mode::Watch && self.talks && !again {
            let role = part.role();
            complain(&match self.lang {
                Lang::En => format!(
                    "musubi {role} is running; SIGTERM or Ctrl-C stops it, SIGHUP reads the configuration anew"
                ),
                Lang::Ja => format!(
                    "musubi {role} を起動しました。SIGTERM または Ctrl-C で停止、SIGHUP で設定を読み直します"
                ),
            });
        }
    }

    /// One hub, from its start to its end. `renewed`: it takes the place of one that ran with an older configuration.
    async fn generation(&mut self, hub: &Hub, config: &mut Config, renewed: bool) -> Result<Ended, Failed> {
        let (stop, stopped) = watch::channel(false);
        let (bar, lang, works) = (progress_bar(), self.lang, Cell::new(false));
        let show = |files: u64, accepted: u64| {
            works.set(true);
            bar.set_message(match lang {
                Lang::En => format!("{files} files, {accepted} messages accepted"),
                Lang::Ja => format!("ファイル {files} 件、受理 {accepted} 件"),
            });
        };
        let failed = |error| Failed { error, at_start: !works.get() };
        let (mut serving, mut replaying) = self.serve(hub, config, &stopped).map_err(failed)?;
        let (mut next, mut told, mut ends) = (None, !renewed, false);
        let mut preparing: JoinSet<Result<Prepared, Refusal>> = JoinSet::new();
        let running = hub.run(self.mode, stopped, show);
        tokio::pin!(running);
        let report = loop {
            if works.get() && !told {
                told = true;
                self.took(hub, config, ReloadOutcome::Restarted);
            }
            if told && !ends && preparing.is_empty() && std::mem::take(&mut self.again) {
                self.prepare(config, &mut preparing);
            }
            tokio::select! {
                report = &mut running => break report,
                asked = self.signals.next() => match asked {
                    // Also of what was to follow.
                    Request::Stop => {
                        (next, ends) = (None, true);
                        stop.send_replace(true);
                    }
                    Request::Reload => self.again = true,
                },
                Some(prepared) = preparing.join_next(), if !ends => {
                    let prepared = prepared.unwrap_or_else(|error| {
                        Err(Refusal { hash: None, why: vec![error.to_string()] })
                    });
                    match self.consider(prepared) {
                        Ok(Prepared::Routing(new)) => self.swap(hub, config, new).await,
                        Ok(Prepared::Parts(new)) => {
                            (next, ends) = (Some(new), true);
                            stop.send_replace(true);
                        }
                        Err(Refusal { hash, why }) => {
                            self.refused(hash, why);
                            hub.tell(&config.hash, &self.answers);
                        }
                    }
                },
                () = tokio::time::sleep(LOOK), if !told => {}
            }
        };
        bar.finish_and_clear();
        stop.send_replace(true);
        while replaying.join_next().await.is_some() {}
        serving.shutdown().await;
        Ok(Ended { report: report.map_err(failed)?, next })
    }

    /// Starts what works beside a hub that goes on until it is told to stop: what is served, and the replays.
    fn serve(
        &mut self,
        hub: &Hub,
        config: &Config,
        stopped: &watch::Receiver<bool>,
    ) -> Result<(JoinSet<()>, JoinSet<()>), HubError> {
        let (mut serving, mut replaying) = (JoinSet::new(), JoinSet::new());
        let console = console(hub, &mut self.gate)?;
        if self.mode != Mode::Watch {
            return Ok((serving, replaying));
        }
        if let Some(control) = hub.control() {
            serving.spawn(upkeep::run(control.clone(), console.is_some(), stopped.clone()));
            serving.spawn(alerts::watch(control.clone(), hub.monitor(), stopped.clone()));
            serving.spawn(keep_daily(control, self.lang, stopped.clone()));
        }
        if let Some((console, address)) = console {
            self.first_link(&console, address);
            replaying.spawn(console.replays.clone().run(stopped.clone()));
            replaying.spawn(console.letters.clone().run(stopped.clone()));
            serving.spawn(console::serve(console, address, stopped.clone()));
        }
        if let Some(address) = config.hub.metrics {
            let targets = Targets::new(&config.hub.data_dir, hub.role());
            serving.spawn(monitor::serve(hub.monitor(), address, targets, stopped.clone()));
        }
        Ok((serving, replaying))
    }

    /// Where nobody has a password yet, tells by which link the first administrator comes in.
    fn first_link(&self, console: &Console, address: SocketAddr) {
        let (secret, file) = match console.gate.users().first(SystemClock.now()) {
            Ok(Some(first)) => first,
            Ok(None) => return,
            Err(error) => return complain(&format!("musubi: {}", causes(&error))),
        };
        let scheme = if console.gate.is_encrypted() { "https" } else { "http" };
        let file = file.display();
        // A log is read by many: there stands only where the link is.
        let link = if io::stderr().is_terminal() { secret } else { format!("$(cat {file})") };
        let (once, ja) = (
            "nobody has a password for the console yet; this link is open once, for 24 hours",
            "コンソールの利用者がまだいません。次のリンクを 24 時間以内に一度だけ開けます",
        );
        complain(&format!("musubi: {}: {scheme}://{address}/enter/{link}", self.lang.pick(once, ja)));
    }

    fn prepare(&self, config: &Config, preparing: &mut JoinSet<Result<Prepared, Refusal>>) {
        let (folder, config) = (self.folder.to_owned(), config.clone());
        preparing.spawn_blocking(move || prepare(&folder, &config));
    }

    /// What this process in particular can't do with a new configuration.
    fn consider(&self, prepared: Result<Prepared, Refusal>) -> Result<Prepared, Refusal> {
        let prepared = prepared?;
        let (Prepared::Routing(config) | Prepared::Parts(config)) = &prepared;
        let refused = |why: String| Err(Refusal { hash: Some(config.hash.clone()), why: vec![why] });
        match (self.mode, (self.part)(config)) {
            (Mode::Drain, _) => refused("a drain reads its configuration once".to_owned()),
            (Mode::Watch, Err(why)) => refused(why),
            (Mode::Watch, Ok(_)) => Ok(prepared),
        }
    }

    async fn swap(&mut self, hub: &Hub, config: &mut Config, new: Config) {
        let swapped = match timeout(PATIENCE, hub.replace_routing(&new)).await {
            Ok(swapped) => swapped.map_err(|error| causes(&error)),
            Err(_) => Err(format!("RabbitMQ gave no answer within {} s", PATIENCE.as_secs())),
        };
        match swapped {
            Ok(()) => {
                *config = new;
                self.took(hub, config, ReloadOutcome::Swapped);
            }
            Err(why) => {
                self.refused(Some(new.hash), vec![why]);
                hub.tell(&config.hash, &self.answers);
            }
        }
    }

    fn took(&mut self, hub: &Hub, config: &Config, outcome: ReloadOutcome) {
        complain(
            self.lang.pick("musubi: the new configuration is in force", "musubi: 新しい設定に切り替えました"),
        );
        self.answer(Some(config.hash.clone()), outcome);
        hub.tell(&config.hash, &self.answers);
        self.keep(config);
    }

    /// Keeps a copy of what comes into force, to which the next one is compared. Nobody's messages wait for that.
    fn keep(&self, config: &Config) {
        if let Err(error) = in_force::keep(config, SystemClock.now()) {
            let what = self.lang.pick(
                "no copy of the configuration could be kept: name the old one to `musubi diff`",
                "設定の写しを保存できません。`musubi diff` では旧設定を指定してください",
            );
            complain(&format!("musubi: {what}: {}", causes(&error)));
        }
    }

    fn refused(&mut self, hash: Option<String>, why: Vec<String>) {
        complain(self.lang.pick(
            "musubi: the new configuration is refused, the old one goes on:",
            "musubi: 新しい設定は使用できないため、これまでの設定で続けます:",
        ));
        why.iter().for_each(|why| complain(&format!("  {why}")));
        self.answer(hash, ReloadOutcome::Refused { why });
    }

    fn answer(&mut self, hash: Option<String>, outcome: ReloadOutcome) {
        let number = self.answers.last().map_or(1, |last| last.number + 1);
        self.answers.push(ReloadAnswer { number, at: SystemClock.now().to_string(), hash, outcome });
        let old = self.answers.len().saturating_sub(ANSWERS);
        self.answers.drain(..old);
    }
}

/// How often it is looked whether a hub that was started anew is at work.
const LOOK: Duration = Duration::from_millis(10);

/// What the console works with and where it listens, where this process has one.
fn console(
    hub: &Hub,
    gate: &mut Option<(PathBuf, Arc<Gate>)>,
) -> Result<Option<(Console, SocketAddr)>, HubError> {
    let Some(control) = hub.control() else { return Ok(None) };
    let config = control.config();
    let Some(address) = config.hub.console else { return Ok(None) };
    let data_dir = &config.hub.data_dir;
    let token = client::token(data_dir);
    let token = token.map_err(|source| HubError::Token { path: client::token_file(data_dir), source })?;
    let gate = match gate {
        // Who is logged in stays so when the configuration changes.
        Some((known, gate)) if known == data_dir => {
            gate.renew(&config);
            gate.clone()
        }
        other => other.insert((data_dir.clone(), Gate::new(&config))).1.clone(),
    };
    let console = Console::new(control, hub.monitor(), token, gate);
    Ok(Some((console, address)))
}

/// What a signal asks for.
enum Request {
    Stop,
    Reload,
}

/// SIGTERM, SIGINT and SIGHUP, caught from here on.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    pub(super) fn catch() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// The next one.
    async fn next(&mut self) -> Request {
        tokio::select! {
            _ = self.terminate.recv() => Request::Stop,
            _ = self.interrupt.recv() => Request::Stop,
            _ = self.hangup.recv() => Request::Reload,
        }
    }
}

/// A spinner on a terminal, nothing elsewhere.
fn progress_bar() -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}
