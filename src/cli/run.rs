//! `musubi run`, `adapter`, `router` and `deliver`: the parts of the hub, together or as processes of their own.

use std::path::Path;

use clap::Args;

use super::process::{Process, Signals};
use super::{check, complain, exit, fail, names, print, print_json, text};
use crate::config::Config;
use crate::lang::Lang;
use crate::pipeline::{HubError, Mode, Part, Report};

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

pub(super) fn console(folder: &Path, lang: Lang) -> u8 {
    let arguments = RunArguments { drain: false, json: false };
    main(folder, lang, &arguments, |config| match config.hub.console {
        Some(_) => Ok(Part::Console),
        None => Err("hub.toml says nothing of [console]: where it listens".to_owned()),
    })
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
    part: impl Fn(&Config) -> Result<Part, String>,
) -> u8 {
    let config = match check::load(folder, lang) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let mine = match part(&config) {
        Ok(mine) => mine,
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
    let mode = if arguments.drain { Mode::Drain } else { Mode::Watch };
    let process = Process {
        folder,
        lang,
        mode,
        talks: !arguments.json,
        part: &part,
        signals,
        answers: Vec::new(),
        again: false,
        gate: None,
    };
    match runtime.block_on(process.live(config, mine)) {
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
    let unfinished = report.failed().next().is_some()
        || report.broken_off.is_some()
        || report.subscribers.iter().any(|one| one.parked > 0);
    match (report.conserved, unfinished) {
        (false, _) => exit::SOFTWARE,
        (true, true) => exit::TRY_LATER,
        (true, false) => printed,
    }
}
