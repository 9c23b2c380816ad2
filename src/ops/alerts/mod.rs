//! Alerts: the hub looks at itself, opens and closes alerts in pairs, and tells who is to know.
//!
//! `look` finds what holds now -> `book` makes alerts of it, kept durably in `<data_dir>/alerts/` -> `send` tells receivers.
//! One process of a data folder does so; should it end, another one goes on. Alerts name what the configuration names, and
//! figures: nothing of a message.

mod alarm;
mod book;
mod calendar;
mod look;
mod notice;
mod rhythm;
mod rhythms;
mod send;
mod watch;

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

pub use self::alarm::{About, Alarm, Side};
pub use self::book::{Acknowledged, Alert, Entry, Event, Told};
pub use self::notice::detail;
pub use self::send::SendError;
pub use self::watch::watch;
pub use crate::config::AlertSeverity as Severity;

use self::book::{Book, write_whole};
use self::notice::Notice;
use self::rhythms::Rhythms;
use crate::config::Config;
use crate::store::day_files;

/// Longest note of an acknowledgement, in characters.
const NOTE_MAX: usize = 500;

/// Why the alerts can't be read, or not be taken note of.
#[derive(Debug, thiserror::Error)]
pub enum AlertError {
    /// The files of the alerts.
    #[error("the alerts below {} can't be read or written", path.display())]
    Files {
        /// Folder.
        path: PathBuf,
        /// Cause.
        #[source]
        source: io::Error,
    },
    /// No alert of that number is open.
    #[error("no alert {0} is open")]
    Unknown(String),
    /// A note is missing, or too long.
    #[error("say in 1 to {NOTE_MAX} characters what is being done")]
    Note,
    /// A receiver that is not configured.
    #[error("hub.toml names no receiver {0} in [[alerts.to]]")]
    NoReceiver(String),
}

/// Files of the alerts in a data folder.
#[derive(Debug, Clone)]
struct Folder(PathBuf);

impl Folder {
    fn of(config: &Config) -> Self {
        Self(config.hub.data_dir.join("alerts"))
    }

    /// What is open.
    fn book(&self) -> PathBuf {
        self.0.join("open.json")
    }

    fn rhythms(&self) -> PathBuf {
        self.0.join("rhythms.json")
    }

    /// Day files of what happened.
    fn log(&self) -> PathBuf {
        self.0.join("log")
    }

    /// Held by the process that looks.
    fn lock(&self) -> PathBuf {
        self.0.join("lock")
    }

    /// What people took note of, until the process that looks has seen it.
    fn notes(&self) -> PathBuf {
        self.0.join("acknowledged")
    }

    fn failed(&self, source: io::Error) -> AlertError {
        AlertError::Files { path: self.0.clone(), source }
    }
}

/// The alerts that are open, the worst and oldest first.
///
/// # Errors
/// Their file can't be read.
pub fn open(config: &Config) -> Result<Vec<Alert>, AlertError> {
    let folder = Folder::of(config);
    let book = Book::read(&folder.book()).map_err(|source| folder.failed(source))?;
    let mut open: Vec<_> = book.open().cloned().collect();
    for (id, by) in notes(&folder).map_err(|source| folder.failed(source))? {
        open.iter_mut()
            .filter(|alert| alert.id == id)
            .for_each(|alert| alert.acknowledged = Some(by.clone()));
    }
    open.sort_by_key(|alert| (std::cmp::Reverse(alert.alarm.about().severity), alert.since));
    Ok(open)
}

/// What happened to alerts, the latest first, `most` lines at most. Lines that are torn are passed over.
///
/// # Errors
/// Their files can't be read.
pub fn history(config: &Config, most: usize) -> Result<Vec<Entry>, AlertError> {
    let folder = Folder::of(config);
    let mut found = Vec::new();
    for file in day_files(&folder.log()).map_err(|source| folder.failed(source))?.into_iter().rev() {
        let text = fs::read_to_string(&file).map_err(|source| folder.failed(source))?;
        found.extend(text.lines().rev().filter_map(|line| serde_json::from_str(line).ok()));
        if found.len() >= most {
            break;
        }
    }
    found.truncate(most);
    Ok(found)
}

/// Messages an hour that are usual now, by feed, where the rhythm is known.
///
/// # Errors
/// Its file can't be read.
pub fn usual(config: &Config, now: Timestamp) -> Result<BTreeMap<String, f64>, AlertError> {
    let folder = Folder::of(config);
    let rhythms = Rhythms::read(&folder.rhythms()).map_err(|source| folder.failed(source))?;
    Ok(rhythms.usual(now, &config.hub.timezone))
}

/// Takes note of an alert: whoever was told of it is not reminded any more. It works whether a hub runs or not.
///
/// # Errors
/// No such alert is open, the note is missing or too long, or it can't be written.
pub fn acknowledge(
    config: &Config,
    id: &str,
    who: &str,
    note: &str,
    now: Timestamp,
) -> Result<(), AlertError> {
    let note = note.trim();
    if note.is_empty() || note.chars().count() > NOTE_MAX {
        return Err(AlertError::Note);
    }
    let Some(alert) = open(config)?.into_iter().find(|alert| alert.id == id) else {
        return Err(AlertError::Unknown(id.to_owned()));
    };
    let folder = Folder::of(config);
    let by = Acknowledged { at: now, who: who.to_owned(), note: note.to_owned() };
    let text = serde_json::to_vec(&by).map_err(|error| folder.failed(error.into()))?;
    write_whole(&folder.notes().join(format!("{}.json", alert.id)), &text)
        .map_err(|source| folder.failed(source))
}

/// What people took note of and the process that looks has not seen yet.
fn notes(folder: &Folder) -> io::Result<Vec<(String, Acknowledged)>> {
    let entries = match fs::read_dir(folder.notes()) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let id = path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned);
        let Some(id) = id.filter(|_| path.extension().is_some_and(|extension| extension == "json")) else {
            continue;
        };
        match fs::read(&path) {
            Ok(text) => found.push((id, serde_json::from_slice(&text)?)),
            // The process that looks has just seen it.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// Tells one receiver, or all of them, that this is a test.
///
/// # Errors
/// There is no such receiver. Who could not be told stands in the result.
pub async fn test(
    config: &Config,
    receiver: Option<&str>,
    now: Timestamp,
) -> Result<Vec<(String, Result<(), SendError>)>, AlertError> {
    let all = &config.hub.alerts.receivers;
    let chosen: Vec<_> = all.iter().filter(|one| receiver.is_none_or(|name| one.name == name)).collect();
    if let Some(name) = receiver.filter(|_| chosen.is_empty()) {
        return Err(AlertError::NoReceiver(name.to_owned()));
    }
    let mut results = Vec::new();
    for one in chosen {
        let alert = Alert {
            id: "test".to_owned(),
            alarm: Alarm::FeedSilent,
            subject: String::new(),
            facility: None,
            since: now,
            until: None,
            seen: now,
            details: BTreeMap::new(),
            acknowledged: None,
            told: BTreeMap::new(),
        };
        let sent = send::send(one, &notice(config, one.japanese, Event::Test, alert)).await;
        results.push((one.name.clone(), sent));
    }
    Ok(results)
}

fn notice(config: &Config, japanese: bool, event: Event, alert: Alert) -> Notice {
    Notice { event, alert, network: config.hub.network.clone(), japanese, zone: config.hub.timezone.clone() }
}

/// Removes a file that may be gone already.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}
