//! What a process tells of itself: `<data_dir>/status/<role>-<pid>.json`, written anew every second and removed at a
//! clean end. It holds names and counts, nothing of a message.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tracing::warn;

use super::connection::Reach;
use super::pulse::Flow;
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
    /// Copies that it routed, by topic, where it routes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub topics: Vec<TopicStatus>,
    /// Subscribers that it delivers to.
    pub subscribers: Vec<SubscriberStatus>,
    /// On the embedded broker: every queue in which something waits.
    pub queues: Vec<QueueStatus>,
    /// On RabbitMQ: what it took from queues and did not finish, of each queue of which it has something.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub in_hand: Vec<QueueStatus>,
    /// What its routers found invalid, by feed; feeds without are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub invalid: Vec<InvalidStatus>,
    /// The disk of its data folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk: Option<DiskStatus>,
    /// Moments, ages and counts for metrics and alerts.
    #[serde(default)]
    pub signs: Signs,
}

/// Invalid messages of a feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvalidStatus {
    /// Feed.
    pub feed: String,
    /// How they become more.
    pub flow: Flow,
}

/// A disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskStatus {
    /// Bytes that the hub can still write.
    pub free: u64,
    /// Bytes in all.
    pub total: u64,
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
    /// How the accepted become more.
    #[serde(default)]
    pub flow: Flow,
}

/// A topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopicStatus {
    /// Name.
    pub topic: String,
    /// Copies made since the process began.
    pub copies: u64,
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
    /// Copies that are parked now.
    #[serde(default)]
    pub parked: u64,
    /// Patients whose copies they are.
    #[serde(default)]
    pub parked_patients: u64,
    /// Of these, those whose copies an operator lets wait.
    #[serde(default)]
    pub parked_held: u64,
    /// How the delivered become more.
    #[serde(default)]
    pub flow: Flow,
    /// Copies given up today, withdrawn ones among them.
    #[serde(default)]
    pub dead_today: u64,
    /// Copies withdrawn today.
    #[serde(default)]
    pub withdrawn_today: u64,
    /// Why nothing gets there, where nothing does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub away: Option<AwayStatus>,
    /// What operators let wait, the longest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<HeldStatus>,
}

/// What an operator lets wait: all copies of a subscriber, or those about one patient, who is not named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldStatus {
    /// 10-digit code of the facility whose patient it is; none where all copies wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facility: Option<String>,
    /// Since when, RFC 3339.
    pub since: String,
    /// Who lets it wait.
    pub who: String,
    /// Why.
    pub why: String,
}

impl SubscriberStatus {
    /// Whether an operator lets all its copies wait.
    pub fn is_held(&self) -> bool {
        self.held.iter().any(|held| held.facility.is_none())
    }

    /// Parked patients of whom it refused a copy, and whom nobody lets wait.
    pub const fn refused_patients(&self) -> u64 {
        self.parked_patients.saturating_sub(self.parked_held)
    }
}

/// A subscriber that can't be reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AwayStatus {
    /// Since when, RFC 3339.
    pub since: String,
    /// Why, in the words of the hub or the system; nothing of the subscriber's text.
    pub why: String,
}

/// A queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueStatus {
    /// Name.
    pub queue: String,
    /// Messages that wait in it.
    pub messages: u64,
    /// When the oldest of them was accepted, RFC 3339, where that was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest: Option<String>,
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
    /// What one of its kind told at a clean end.
    last: PathBuf,
    /// Whether the log knows that it can't be written.
    told: bool,
}

impl StatusFile {
    pub(super) fn new(data_dir: &Path, role: &str, names: &[String]) -> Self {
        let path = data_dir.join("status").join(format!("{role}-{}.json", std::process::id()));
        let kind = blake3::hash(names.join(" ").as_bytes()).to_hex();
        let kind: String = kind.chars().take(16).collect();
        Self { path, last: data_dir.join("flows").join(format!("{role}-{kind}.json")), told: false }
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
        file.write_all(&serde_json::to_vec(status)?)?;
        fs::rename(&new, &self.path)
    }

    /// Forgets one process that had the place of this one and ended without saying so. Gives what the one before told
    /// last, however it ended.
    pub(super) fn replace(&self, data_dir: &Path, status: &ProcessStatus) -> Option<ProcessStatus> {
        let ended = fs::read(&self.last).ok().and_then(|text| serde_json::from_slice(&text).ok());
        let known = processes(data_dir).map(|(known, _)| known).unwrap_or_default();
        let mut known = known.into_iter();
        let killed = known.find(|known| known.is_place_of(status) && known.is_gone() == Some(true));
        if let Some(killed) = &killed {
            let name = format!("{}-{}.json", killed.role, killed.pid);
            self.remove(&self.path.with_file_name(name));
        }
        let all: [Option<ProcessStatus>; 2] = [ended, killed];
        all.into_iter().flatten().max_by(|one, other| one.written_at.cmp(&other.written_at))
    }

    /// A clean end.
    pub(super) fn end(&self) {
        let kept = self.last.parent().map_or(Ok(()), fs::create_dir_all);
        if let Err(error) = kept.and_then(|()| fs::rename(&self.path, &self.last)) {
            warn!(%error, file = %self.last.display(), "what was counted today is not kept");
            self.remove(&self.path);
        }
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
