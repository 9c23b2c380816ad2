//! `musubi run`, `adapter`, `router` and `deliver`: the parts of the hub, together or as processes of their own.

use std::io::{self, IsTerminal};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use indicatif::ProgressBar;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::lang::Lang;
use super::{check, complain, exit, fail, names, print, print_json, text};
use crate::clock::SystemClock;
use crate::config::Config;
use crate::console::{self, Console};
use crate::ops::registry::api;
use crate::pipeline::{Hub, HubError, Mode, Part, Report};

/// Threads for work that waits for the disk. Each keeps memory of its own, so not too many.
const BLOCKING_THREADS: usize = 32;

/// Arguments of `run`.
#[derive(Debug, Args)]
pub(super) struct RunArguments {
    /// Handle all that is there, print what was done, and exit
    #[arg(long)]
    drain: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// Arguments of `adapter`.
#[derive(Debug, Args)]
pub(super) struct AdapterArguments {
    /// Feeds, as their files in feeds/ are named; all of them where none is given
    #[arg(value_name = "FEED")]
    feeds: Vec<String>,
    #[command(flatten)]
    run: RunArguments,
}

/// Arguments of `router`.
#[derive(Debug, Args)]
pub(super) struct RouterArguments {
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// Arguments of `deliver`.
#[derive(Debug, Args)]
pub(super) struct DeliverArguments {
    /// Subscribers, as routes.toml names them; all that do not read their queue themselves where none is given
    #[arg(value_name = "SUBSCRIBER")]
    subscribers: Vec<String>,
    #[command(flatten)]
    run: RunArguments,
}

pub(super) fn run(folder: &Path, lang: Lang, arguments: &RunArguments) -> u8 {
    main(folder, lang, arguments, |_| Ok(Part::All))
}

pub(super) fn adapter(folder: &Path, lang: Lang, arguments: &AdapterArguments) -> u8 {
    main(folder, lang, &arguments.run, |config| {
        let known = config.feeds.iter().map(|feed| feed.settings.name.as_str());
        names::chosen("feed", &arguments.feeds, &known.collect::<Vec<_>>()).map(Part::Adapter)
    })
}

pub(super) fn router(folder: &Path, lang: Lang, arguments: &RouterArguments) -> u8 {
    let arguments = RunArguments { drain: false, json: arguments.json };
    main(folder, lang, &arguments, |_| Ok(Part::Router))
}

pub(super) fn deliver(folder: &Path, lang: Lang, arguments: &DeliverArguments) -> u8 {
    main(folder, lang, &arguments.run, |config| {
        let all: Vec<_> = config.subscribers.iter().map(|subscriber| subscriber.name.as_str()).collect();
        let reads_itself = |name: &str| config.reads_its_queue(name);
        if let Some(name) = arguments.subscribers.iter().find(|name| reads_itself(name)) {
            return Err(format!("subscriber {name} reads its queue itself: there is nothing to deliver"));
        }
        if arguments.subscribers.is_empty() {
            let served: Vec<_> = all.into_iter().filter(|name| !reads_itself(name)).collect();
            return names::chosen("subscriber", &[], &served).map(Part::Deliver);
        }
        names::chosen("subscriber", &arguments.subscribers, &all).map(Part::Deliver)
    })
}

fn main(
    folder: &Path,
    lang: Lang,
    arguments: &RunArguments,
    part: impl FnOnce(&Config) -> Result<Part, String>,
) -> u8 {
    let config = match check::load(folder, lang) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let part = match part(&config) {
        Ok(part) => part,
        Err(wrong) => {
            complain(&format!("musubi: {wrong}"));
            return exit::USAGE;
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .max_blocking_threads(BLOCKING_THREADS)
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error, exit::TRY_LATER),
    };
    // Before anything is opened or said: a signal from now on is a request to stop.
    let signals = match runtime.block_on(async { Signals::catch() }) {
        Ok(signals) => signals,
        Err(error) => return fail(&error, exit::SOFTWARE),
    };
    match runtime.block_on(start(config, part, arguments, lang, signals)) {
        Ok(report) => finish(&report, lang, arguments.json),
        Err(error) => stopped(&error),
    }
}

async fn start(
    config: Config,
    part: Part,
    arguments: &RunArguments,
    lang: Lang,
    signals: Signals,
) -> Result<Report, HubError> {
    let role = part.role();
    let hub = Hub::open(config, part, Arc::new(SystemClock))?;
    if !arguments.drain && !arguments.json {
        complain(&match lang {
            Lang::En => format!("musubi {role} is running; SIGTERM or Ctrl-C stops it"),
            Lang::Ja => format!("musubi {role} を起動しました。SIGTERM または Ctrl-C で停止します"),
        });
    }
    let mode = if arguments.drain { Mode::Drain } else { Mode::Watch };
    work(&hub, mode, lang, signals).await
}

fn stopped(error: &HubError) -> u8 {
    let code = match error {
        error if error.is_configuration() => exit::BAD_CONFIG,
        error if error.passes() => exit::TRY_LATER,
        _ => exit::SOFTWARE,
    };
    fail(error, code)
}

fn finish(report: &Report, lang: Lang, json: bool) -> u8 {
    let printed = if json {
        print_json(report)
    } else {
        print(&text::report(report, lang));
        exit::DONE
    };
    let unfinished = report.failed().next().is_some()
        || report.broken_off.is_some()
        || report.subscribers.iter().any(|one| one.parked > 0);
    match (report.conserved, unfinished) {
        (false, _) => exit::SOFTWARE,
        (true, true) => exit::TRY_LATER,
        (true, false) => printed,
    }
}

async fn work(hub: &Hub, mode: Mode, lang: Lang, signals: Signals) -> Result<Report, HubError> {
    let (stop, stopped) = watch::channel(false);
    let bar = progress_bar();
    let show = |files: u64, accepted: u64| {
        bar.set_message(match lang {
            Lang::En => format!("{files} files, {accepted} messages accepted"),
            Lang::Ja => format!("ファイル {files} 件、受理 {accepted} 件"),
        });
    };
    let mut serving = JoinSet::new();
    if let (Mode::Watch, Some((console, address))) = (mode, console(hub)?) {
        serving.spawn(console::serve(console, address, stopped.clone()));
    }
    let running = hub.run(mode, stopped, show);
    tokio::pin!(running);
    let report = tokio::select! {
        report = &mut running => report,
        () = signals.received() => {
            stop.send_replace(true);
            running.await
        }
    };
    bar.finish_and_clear();
    serving.shutdown().await;
    report
}

/// What the console works with and where it listens, where this process has one.
fn console(hub: &Hub) -> Result<Option<(Console, SocketAddr)>, HubError> {
    let (Some(register), Some(address)) = (hub.register(), hub.settings().console) else { return Ok(None) };
    if !hub.routes() {
        return Ok(None);
    }
    let settings = hub.settings();
    let token = api::token(&settings.data_dir)
        .map_err(|source| HubError::Token { path: api::token_file(&settings.data_dir), source })?;
    let (register, zone) = (register.clone(), settings.timezone.clone());
    Ok(Some((Console { register, token, zone, clock: Arc::new(SystemClock) }, address)))
}

/// SIGTERM and SIGINT, caught from here on.
struct Signals([Signal; 2]);

impl Signals {
    fn catch() -> io::Result<Self> {
        Ok(Self([signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?]))
    }

    /// Completes when one of them comes.
    async fn received(mut self) {
        let [terminate, interrupt] = &mut self.0;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
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
