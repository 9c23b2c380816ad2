//! What the verbs of desks share: a folder of events is read into a state, which is printed and written.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{complain, exit, fail, print, print_json};
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::services::inbox::{Event, Inbox, InboxError, Line, Unreadable};
use crate::services::output;

/// How often the folder is looked at.
const POLL: Duration = Duration::from_secs(1);
/// How long a page may be old: ages and times that are over show in it.
const STALE: Duration = Duration::from_secs(60);

/// Arguments of every desk.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// Folder of delivered events; the default is that of the subscriber
    #[arg(long, value_name = "DIR")]
    pub(super) from: Option<PathBuf>,
    /// Write the page, CSV and JSON here
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// For which moment (RFC 3339); the default is now
    #[arg(long, value_name = "TIME", conflicts_with = "follow")]
    at: Option<Timestamp>,
    /// Keep up with the folder and write again whenever something came, until SIGTERM
    #[arg(long, requires = "out")]
    follow: bool,
    /// Print the JSON
    #[arg(long, conflicts_with = "follow")]
    json: bool,
}

/// A state that is made from events.
pub(super) trait Desk {
    /// Takes an event in.
    fn take(&mut self, event: &Event) -> Result<(), Unreadable>;
    /// What is shown of it at a moment.
    fn show(&mut self, now: Timestamp) -> Shown;
}

/// What is shown of a state.
pub(super) struct Shown {
    /// For the terminal.
    pub(super) text: String,
    /// For machines.
    pub(super) json: serde_json::Value,
    /// Files by their name below the folder.
    pub(super) files: Vec<(String, String)>,
}

/// Runs a desk on the folder of `subscriber`.
pub(super) fn run(mut desk: impl Desk, config: &Config, subscriber: &str, arguments: &Options) -> u8 {
    let Some(from) = arguments.from.as_deref().or_else(|| config.folder_of(subscriber)) else {
        complain(&format!(
            "musubi: subscriber {subscriber} has no folder (deliver.kind = \"folder\"): give --from"
        ));
        return exit::USAGE;
    };
    let mut inbox = Inbox::new(from);
    let outcome = match arguments.follow {
        true => follow(&mut desk, &mut inbox, arguments.out.as_deref()),
        false => once(&mut desk, &mut inbox, arguments),
    };
    outcome.unwrap_or_else(|code| code)
}

fn once(desk: &mut impl Desk, inbox: &mut Inbox, arguments: &Options) -> Result<u8, u8> {
    catch_up(desk, inbox)?;
    let shown = desk.show(arguments.at.unwrap_or_else(|| SystemClock.now()));
    write(&shown, arguments.out.as_deref())?;
    if arguments.json {
        return Ok(print_json(&shown.json));
    }
    print(&shown.text);
    Ok(exit::DONE)
}

fn follow(desk: &mut impl Desk, inbox: &mut Inbox, out: Option<&Path>) -> Result<u8, u8> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| fail(&error, exit::TRY_LATER))?;
    runtime.block_on(async {
        let caught =
            || Ok::<_, std::io::Error>((signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?));
        let (mut terminate, mut interrupt) = caught().map_err(|error| fail(&error, exit::SOFTWARE))?;
        let mut written_at: Option<Timestamp> = None;
        loop {
            let now = SystemClock.now();
            let stale = written_at.is_none_or(|at| now.duration_since(at).unsigned_abs() >= STALE);
            if catch_up(desk, inbox)? || stale {
                write(&desk.show(now), out)?;
                written_at = Some(now);
            }
            if ended(&mut terminate, &mut interrupt).await {
                return Ok(exit::DONE);
            }
        }
    })
}

/// Waits until the folder is to be looked at again. Whether a signal said that there is no need.
pub(super) async fn ended(terminate: &mut Signal, interrupt: &mut Signal) -> bool {
    tokio::select! {
        _ = terminate.recv() => true,
        _ = interrupt.recv() => true,
        () = tokio::time::sleep(POLL) => false,
    }
}

/// Takes in what came; whether anything did. A line that can't be read is told, and the others are taken in.
fn catch_up(desk: &mut impl Desk, inbox: &mut Inbox) -> Result<bool, u8> {
    let lines = inbox.read(|place, line| {
        let read = match line {
            Line::Event(event) => desk.take(&event),
            Line::Unreadable(why) => Err(why),
        };
        if let Err(why) = read {
            complain(&format!("musubi: {place} can't be read: {why}"));
        }
    });
    lines.map(|lines| lines > 0).map_err(|error: InboxError| fail(&error, exit::TRY_LATER))
}

fn write(shown: &Shown, out: Option<&Path>) -> Result<(), u8> {
    let Some(out) = out else { return Ok(()) };
    let files = shown.files.iter().map(|(name, content)| (name.as_str(), content.as_str()));
    output::write(out, files).map_err(|error| fail(&error, exit::TRY_LATER))
}
