//! `musubi top`: how feeds and subscribers are, live, the worst first.

mod draw;
mod plain;
mod rows;
mod screen;
#[cfg(test)]
mod tests;

use std::io::{self, IsTerminal};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Args;
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{Sender, channel};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use self::screen::Screen;
use super::{check, exit, fail, print, print_json};
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::lang::Lang;
use crate::ops::overview::Looker;

/// How often the keyboard is asked whether the program goes on.
const KEYS: Duration = Duration::from_millis(100);

/// Arguments of `top`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Print it once and end; so it is too where the output is no terminal
    #[arg(long)]
    once: bool,
    /// Print it once, as one JSON object
    #[arg(long)]
    json: bool,
    /// Seconds between two looks
    #[arg(long, value_name = "SECONDS", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=3600))]
    interval: u64,
}

pub(super) fn main(folder: &Path, lang: Lang, arguments: &Arguments) -> u8 {
    let config = match check::load(folder, lang) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error, exit::TRY_LATER),
    };
    if arguments.once || arguments.json || !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        return runtime.block_on(once(&config, lang, arguments.json));
    }
    // From here on a panic restores the terminal too.
    let mut terminal = match ratatui::try_init() {
        Ok(terminal) => terminal,
        Err(error) => return fail(&error, exit::UNAVAILABLE),
    };
    let ended = runtime.block_on(live(&mut terminal, &config, lang, Duration::from_secs(arguments.interval)));
    ratatui::restore();
    match ended {
        Ok(()) => exit::DONE,
        // The terminal went away.
        Err(error) => fail(&error, exit::UNAVAILABLE),
    }
}

async fn once(config: &Config, lang: Lang, json: bool) -> u8 {
    let overview = match Looker::default().look(config, SystemClock.now()).await {
        Ok(overview) => overview,
        Err(error) => return fail(&error, exit::TRY_LATER),
    };
    if json {
        print_json(&overview);
    } else {
        print(&plain::text(&overview, lang));
    }
    if overview.has_alarm() { exit::TRY_LATER } else { exit::DONE }
}

/// Shows it until a key or a signal ends it.
async fn live(
    terminal: &mut DefaultTerminal,
    config: &Config,
    lang: Lang,
    every: Duration,
) -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let (sender, mut events) = channel(16);
    let over = Arc::new(AtomicBool::new(false));
    let (mut keys, told) = (JoinSet::new(), over.clone());
    keys.spawn_blocking(move || follow_keys(&sender, &told));
    let (mut looker, mut screen) =
        (Looker::default(), Screen::new(lang, config.hub.network.clone(), config.hub.timezone.clone()));
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let ended = loop {
        tokio::select! {
            _ = ticks.tick() => screen.seen(looker.look(config, SystemClock.now()).await),
            event = events.recv() => match event {
                Some(Event::Key(key)) if !screen.press(key) => break Ok(()),
                Some(_) => {}
                None => break Ok(()),
            },
            _ = terminate.recv() => break Ok(()),
            _ = hangup.recv() => break Ok(()),
        }
        if let Err(error) = terminal.draw(|frame| draw::draw(frame, &mut screen)) {
            break Err(error);
        }
    };
    over.store(true, Ordering::Relaxed);
    keys.join_all().await;
    ended
}

/// Hands on what the keyboard gives, until it is over or the keyboard is gone.
fn follow_keys(sender: &Sender<Event>, over: &AtomicBool) {
    while !over.load(Ordering::Relaxed) {
        match event::poll(KEYS) {
            Ok(false) => {}
            Ok(true) => {
                let Ok(event) = event::read() else { return };
                if sender.blocking_send(event).is_err() {
                    return;
                }
            }
            Err(_) => return,
        }
    }
}
