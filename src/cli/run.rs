//! `musubi run`

use std::io::{self, IsTerminal};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use indicatif::ProgressBar;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use super::lang::Lang;
use super::{check, complain, exit, fail, print, print_json, text};
use crate::clock::SystemClock;
use crate::pipeline::{Hub, HubError, Mode, Part, Report};

/// Threads for work that waits for the disk. Each keeps memory of its own, so not too many.
const BLOCKING_THREADS: usize = 32;

/// Arguments of `run`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Handle all that is there, print what was done, and exit
    #[arg(long)]
    drain: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn main(folder: &Path, lang: Lang, arguments: &Arguments) -> u8 {
    let config = match check::load(folder, lang) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .max_blocking_threads(BLOCKING_THREADS)
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error, exit::TRY_LATER),
    };
    let mode = if arguments.drain { Mode::Drain } else { Mode::Watch };
    // Before anything is opened or said: a signal from now on is a request to stop.
    let signals = match runtime.block_on(async { Signals::catch() }) {
        Ok(signals) => signals,
        Err(error) => return fail(&error, exit::SOFTWARE),
    };
    let hub = match Hub::open(config, Part::All, Arc::new(SystemClock)) {
        Ok(hub) => hub,
        Err(error) => return stopped(&error),
    };
    if mode == Mode::Watch && !arguments.json {
        complain(lang.pick(
            "musubi is running; SIGTERM or Ctrl-C stops it",
            "musubi を起動しました。SIGTERM または Ctrl-C で停止します",
        ));
    }
    match runtime.block_on(run(&hub, mode, lang, signals)) {
        Ok(report) => finish(&report, lang, arguments.json),
        Err(error) => stopped(&error),
    }
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
    let unfinished = report.failed().next().is_some() || report.subscribers.iter().any(|one| one.parked > 0);
    match (report.conserved, unfinished) {
        (false, _) => exit::SOFTWARE,
        (true, true) => exit::TRY_LATER,
        (true, false) => printed,
    }
}

async fn run(hub: &Hub, mode: Mode, lang: Lang, signals: Signals) -> Result<Report, HubError> {
    let (stop, stopped) = watch::channel(false);
    let bar = progress_bar();
    let show = |files: u64, accepted: u64| {
        bar.set_message(match lang {
            Lang::En => format!("{files} files, {accepted} messages accepted"),
            Lang::Ja => format!("ファイル {files} 件、受理 {accepted} 件"),
        });
    };
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
    report
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
