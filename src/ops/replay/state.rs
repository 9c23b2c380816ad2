//! What is known of a replay, and how it is kept: `<data_dir>/replays/<id>.json`.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{ReplayError, Selection};

/// Where a replay stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// The message store is being read for it.
    Planning,
    /// It is known how many messages it is about; it waits for somebody to start it.
    Planned,
    /// At work; after a crash it goes on by itself.
    Running,
    /// Somebody stopped it; it can be resumed.
    Stopped,
    /// All of its plan was gone through.
    Done,
    /// It can't go on; it can be resumed once the reason is gone.
    Failed,
}

impl State {
    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Planning => "planning",
            Self::Planned => "planned",
            Self::Running => "running",
            Self::Stopped => "stopped",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    /// Whether something is being done for it.
    pub const fn is_at_work(self) -> bool {
        matches!(self, Self::Planning | Self::Running)
    }
}

/// Why a message that is meant is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// A route would take it, but consent, contract or addressee are not there (any more).
    Denied,
    /// No route takes it for this subscriber (any more).
    NoRoute,
    /// It makes no sense now.
    Invalid,
    /// It was history already when it was found.
    Superseded,
    /// The store does not hold it any more, or what lies there is damaged.
    Gone,
}

/// How many messages are not sent for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotSent {
    /// The reason.
    pub reason: Reason,
    /// The clause of a denial, the code of a fault.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// Messages.
    pub messages: u64,
}

/// What was found, or done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Messages that are meant.
    pub messages: u64,
    /// Copies for the subscriber.
    pub copies: u64,
    /// Bytes of their bodies.
    pub bytes: u64,
    /// Messages of which there is no copy.
    #[serde(default, with = "list")]
    pub not_sent: BTreeMap<(Reason, String), u64>,
}

impl Counts {
    /// The reasons, each with its count.
    pub fn reasons(&self) -> Vec<NotSent> {
        list::of(&self.not_sent)
    }

    pub(super) fn not(&mut self, reason: Reason, detail: String) {
        self.messages += 1;
        *self.not_sent.entry((reason, detail)).or_default() += 1;
    }

    pub(super) const fn sent(&mut self, bytes: u64) {
        self.messages += 1;
        self.copies += 1;
        self.bytes += bytes;
    }
}

/// A map whose keys are two things is a list in JSON.
mod list {
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    use super::{BTreeMap, NotSent, Reason};

    type Map = BTreeMap<(Reason, String), u64>;

    pub(super) fn of(map: &Map) -> Vec<NotSent> {
        let one = |((reason, detail), messages): (&(Reason, String), &u64)| NotSent {
            reason: *reason,
            detail: detail.clone(),
            messages: *messages,
        };
        map.iter().map(one).collect()
    }

    pub(super) fn serialize<S: Serializer>(map: &Map, serializer: S) -> Result<S::Ok, S::Error> {
        of(map).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Map, D::Error> {
        let list = Vec::<NotSent>::deserialize(deserializer)?;
        Ok(list.into_iter().map(|one| ((one.reason, one.detail), one.messages)).collect())
    }
}

/// A replay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replay {
    /// Its id: when it was asked for, and four digits.
    pub id: String,
    /// What to whom.
    pub selection: Selection,
    /// Who asked for it.
    pub who: String,
    /// Why.
    pub why: String,
    /// When.
    pub created_at: Timestamp,
    /// Copies a second at most.
    pub rate: u32,
    /// None is made while more wait for the subscriber; no bound where nobody takes them meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depth_max: Option<u64>,
    /// Where it stands.
    pub state: State,
    /// What it would do, as of when it was planned; it grows while it is being planned.
    pub estimate: Counts,
    /// What it did.
    #[serde(default)]
    pub done: Counts,
    /// Messages of its plan.
    #[serde(default)]
    pub planned: u64,
    /// Of these gone through.
    #[serde(default)]
    pub position: u64,
    /// What it waits for at present, or why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it was last started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// Who started, stopped or resumed it last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_by: Option<String>,
    /// When it was done, was stopped or failed last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
}

impl Replay {
    /// How long the copies of the estimate take at the rate, in seconds.
    pub fn seconds(&self) -> u64 {
        self.estimate.copies.div_ceil(u64::from(self.rate.max(1)))
    }

    /// The same without saying who the patient is.
    #[must_use]
    pub fn without_patient(self) -> Self {
        Self { selection: self.selection.without_patient(), ..self }
    }

    pub(super) fn plan_file(&self, folder: &Path) -> PathBuf {
        folder.join(format!("{}.plan", self.id))
    }

    /// Keeps it, durably.
    pub(super) fn keep(&self, folder: &Path) -> Result<(), ReplayError> {
        let path = folder.join(format!("{}.json", self.id));
        let kept = serde_json::to_vec_pretty(self).map_err(io::Error::from);
        let kept = kept.and_then(|bytes| replace(&path, &bytes));
        kept.map_err(|source| ReplayError::Files { path, source })
    }
}

/// The replays that are kept in a folder, the oldest first; none where there is no such folder.
pub(super) fn known(folder: &Path) -> Result<BTreeMap<String, Replay>, ReplayError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        |source| ReplayError::Files { path, source }
    };
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeMap::new()),
        entries => entries.map_err(failed(folder))?,
    };
    let mut known = BTreeMap::new();
    for entry in entries {
        let path = entry.map_err(failed(folder))?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let bytes = fs::read(&path).map_err(failed(&path))?;
            let replay: Replay =
                serde_json::from_slice(&bytes).map_err(io::Error::from).map_err(failed(&path))?;
            known.insert(replay.id.clone(), replay);
        }
    }
    Ok(known)
}

/// Writes a file whole, for the hub's user only, in place of the one before.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}
