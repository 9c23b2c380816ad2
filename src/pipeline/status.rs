//! What a process tells of itself: `<data_dir>/status/<role>-<pid>.json`, written anew every second and removed at a
//! clean end. It holds names and counts, nothing of a message.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tracing::warn;

use super::connection::Reach;
use super::signs::Signs;

/// How often it is written.
pub(super) const EVERY: Duration = Duration::from_secs(1);

/// A process, as it saw itself when it wrote this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessStatus {
    /// Verb that started it.
    pub role: String,
    /// Feeds or subscribers that it was started for; none for those that serve all.
    pub names: Vec<String>,
    /// Process id.
    pub pid: u32,
    /// Machine on which that is its id.
    pub host: String,
    /// When it began, RFC 3339.
    pub since: String,
    /// When it wrote this, RFC 3339.
    pub written_at: String,
    /// Which configuration is in force.
    #[serde(default)]
    pub configuration: ConfigurationStatus,
    /// What carries its messages.
    pub broker: BrokerStatus,
    /// On RabbitMQ: what was accepted here and is not yet there.
    pub outboxes: Vec<OutboxStatus>,
    /// Feeds that it picks up.
    pub feeds: Vec<FeedStatus>,
    /// Lanes on which it works, where it routes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lanes: Option<Vec<u16>>,
    /// Subscribers that it delivers to.
    pub subscribers: Vec<SubscriberStatus>,
    /// On the embedded broker: every queue in which something waits.
    pub queues: Vec<QueueStatus>,
    /// Moments, ages and counts for metrics and alerts.
    #[serde(default)]
    pub signs: Signs,
}

/// The configuration of a process.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigurationStatus {
    /// Fingerprint of the texts of its files.
    pub hash: String,
    /// What became of the new ones that it was given since it began, the last one last.
    pub answers: Vec<ReloadAnswer>,
}

/// What became of a new configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReloadAnswer {
    /// Which it was of those since the process began, from 1.
    pub number: u64,
    /// When that was decided, RFC 3339.
    pub at: String,
    /// Fingerprint of the texts of its files, where they could be read.
    pub hash: Option<String>,
    /// What was decided.
    #[serde(flatten)]
    pub outcome: ReloadOutcome,
}

/// What was decided of a new configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum ReloadOutcome {
    /// It is in force; nothing was stopped for it.
    Swapped,
    /// It is in force; the parts of the process were stopped and started with it.
    Restarted,
    /// The old one goes on.
    Refused {
        /// Why.
        why: Vec<String>,
    },
}

/// A broker, as a process sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrokerStatus {
    /// `embedded` or `rabbitmq`.
    pub kind: String,
    /// How the connection is.
    pub link: Reach,
    /// Since when, RFC 3339.
    pub since: String,
    /// Why it is so, in the words of the server or the system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// An outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxStatus {
    /// Feeds that are kept in it.
    pub feeds: Vec<String>,
    /// Messages that wait for RabbitMQ.
    pub messages: u64,
    /// Bytes on disk, used or reserved.
    pub bytes: u64,
    /// Bytes at which its feeds pause.
    pub bytes_max: u64,
}

/// A feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedStatus {
    /// Name.
    pub feed: String,
    /// Messages accepted since the process began.
    pub accepted: u64,
    /// Why it can't go on at present.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing: Option<String>,
}

/// A subscriber.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriberStatus {
    /// Name.
    pub subscriber: String,
    /// Copies delivered since the process began.
    pub delivered: u64,
    /// Copies given up since then.
    pub dead: u64,
    /// It said that it wants no more.
    pub gone: bool,
}

/// A queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueStatus {
    /// Name.
    pub queue: String,
    /// Messages that wait in it.
    pub messages: u64,
}

impl ProcessStatus {
    /// Whether its process is gone: it ended without saying so. `None` where that can't be known from this machine.
    pub fn is_gone(&self) -> Option<bool> {
        let known = self.host == host() && Path::new("/proc/self").exists();
        known.then(|| !Path::new("/proc").join(self.pid.to_string()).exists())
    }

    fn is_place_of(&self, other: &Self) -> bool {
        (&self.role, &self.names, &self.host) == (&other.role, &other.names, &other.host)
    }
}

/// Name of this machine.
pub(super) fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Every process that told of itself, and the files that could not be read.
pub fn processes(data_dir: &Path) -> io::Result<(Vec<ProcessStatus>, Vec<PathBuf>)> {
    let (mut found, mut unreadable) = (Vec::new(), Vec::new());
    let entries = match fs::read_dir(data_dir.join("status")) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok((found, unreadable)),
        entries => entries?,
    };
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        match fs::read(&path) {
            Ok(text) => match serde_json::from_slice(&text) {
                Ok(status) => found.push(status),
                Err(_) => unreadable.push(path),
            },
            // It ended just now.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(_) => unreadable.push(path),
        }
    }
    found.sort_by(|a: &ProcessStatus, b| (&a.role, &a.names, a.pid).cmp(&(&b.role, &b.names, b.pid)));
    Ok((found, unreadable))
}

/// The file of one process.
pub(super) struct StatusFile {
    path: PathBuf,
    /// Whether the log knows that it can't be written.
    told: bool,
}

impl StatusFile {
    pub(super) fn new(data_dir: &Path, role: &str) -> Self {
        let name = format!("{role}-{}.json", std::process::id());
        Self { path: data_dir.join("status").join(name), told: false }
    }

    /// Writes it whole. What is in the way, which is returned, concerns only who asks for the status.
    pub(super) fn write(&mut self, status: &ProcessStatus) -> Option<String> {
        let Err(error) = self.try_write(status) else {
            self.told = false;
            return None;
        };
        if !self.told {
            warn!(%error, file = %self.path.display(), "the status of this process can't be written");
            self.told = true;
        }
        Some(error.to_string())
    }

    fn try_write(&self, status: &ProcessStatus) -> io::Result<()> {
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        let new = self.path.with_extension("new");
        let mut file = File::create(&new)?;
        file.write_all(&serde_json::to_vec_pretty(status)?)?;
        fs::rename(&new, &self.path)
    }

    /// Forgets one process that had the place of this one and ended without saying so.
    pub(super) fn replace(&self, data_dir: &Path, status: &ProcessStatus) {
        let Ok((known, _)) = processes(data_dir) else { return };
        let before = known.iter().find(|known| known.is_place_of(status) && known.is_gone() == Some(true));
        if let Some(before) = before {
            let name = format!("{}-{}.json", before.role, before.pid);
            self.remove(&self.path.with_file_name(name));
        }
    }

    /// A clean end.
    pub(super) fn end(&self) {
        self.remove(&self.path);
    }

    fn remove(&self, path: &Path) {
        match fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                warn!(%error, file = %path.display(), "a status file can't be removed");
            }
            _ => {}
        }
    }
}
