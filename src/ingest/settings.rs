//! What a feed is told: who the facility is and where its files lie.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::envelope::Format;

/// How long a file must have stood still before it is read, unless the source says otherwise.
pub const SETTLE: Duration = Duration::from_secs(3);
/// How long an incomplete file is waited for.
pub const INCOMPLETE_LIMIT: Duration = Duration::from_secs(15);
/// Pause between two passes.
pub const POLL: Duration = Duration::from_secs(1);
/// Connections of a listener at the same time, unless the source says otherwise.
pub const CONNECTIONS_MAX: usize = 64;
/// How long a connection may be silent.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(3600);
/// How long a sender is kept waiting while the hub can't store its message.
pub const REFUSE_AFTER: Duration = Duration::from_secs(30);
/// Largest file, transaction record or message that is read.
pub const BYTES_MAX: u64 = 64 << 20;

/// Settings of one feed: one facility, one or more places where its system puts files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedSettings {
    /// Stem of its file in `feeds/`.
    pub name: String,
    /// 10-digit code of the facility; stamped on every message.
    pub facility: String,
    /// Where the files lie. The ledger knows a source by its kind and its place among those of that kind, so
    /// new ones go to the end.
    pub sources: Vec<Source>,
    /// Where its system connects to send messages. Known to the ledger by their place in this list.
    pub listeners: Vec<ListenerSettings>,
    /// Larger files and records are reported as invalid, without their content; larger messages are refused.
    pub bytes_max: u64,
}

/// An address at which messages are taken by MLLP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenerSettings {
    /// Address and port.
    pub listen: SocketAddr,
    /// Connections at the same time; further ones are closed at once.
    pub connections_max: usize,
    /// A connection that is silent for so long is closed.
    pub idle_timeout: Duration,
    /// How long a sender waits while the hub can't store its message, before that is answered with an error.
    pub refuse_after: Duration,
}

/// A place where files appear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// An SS-MIX2 storage. Only ever read.
    Ssmix2 {
        /// Root of the standardised storage.
        standard: PathBuf,
        /// Root of its transaction storage; read first.
        transaction: Option<PathBuf>,
        /// Its extension storage; read last.
        extension: Option<Extension>,
        /// Export of the index database, which tells what to look at.
        index: Option<PathBuf>,
        /// How long a file must have stood still before it is read.
        settle: Duration,
        /// How long an incomplete file is waited for, from its last change.
        incomplete_limit: Duration,
        /// Pause between two passes.
        poll: Duration,
    },
    /// A folder into which HL7 v2 files are dropped.
    Hl7Files {
        /// The folder.
        path: PathBuf,
        /// What becomes of a file that was taken.
        after: After,
        /// How long a file must have stood still before it is read.
        settle: Duration,
        /// How long an incomplete file is waited for, from its last change.
        incomplete_limit: Duration,
        /// Pause between two passes.
        poll: Duration,
    },
    /// A folder into which archives of health check-ups are dropped.
    Checkup {
        /// The folder.
        path: PathBuf,
        /// What becomes of an archive that was taken.
        after: After,
        /// How long a file must have stood still before it is read.
        settle: Duration,
        /// How long an incomplete file is waited for, from its last change.
        incomplete_limit: Duration,
        /// Pause between two passes.
        poll: Duration,
    },
}

/// An SS-MIX2 extension storage. Only ever read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extension {
    /// Its root.
    pub root: PathBuf,
    /// Root of its transaction storage.
    pub transaction: Option<PathBuf>,
    /// Standard codes of the facility's own data types that name none.
    pub documents: BTreeMap<String, String>,
}

/// What becomes of a dropped file once it is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// It stays; the ledger remembers it.
    Keep,
    /// It moves to `.done/` in the same folder.
    Move,
    /// It is deleted.
    Delete,
}

impl FeedSettings {
    /// The source that a record's key of this feed names.
    pub fn source_of(&self, key: &str) -> Option<&Source> {
        let label = key.split_once('/').map_or(key, |(label, _)| label);
        let place = labels(&self.sources).iter().position(|known| known == label)?;
        self.sources.get(place)
    }
}

impl Source {
    /// The same, for a facility whose own data types have these standard codes.
    #[must_use]
    pub fn with_documents(mut self, codes: &BTreeMap<String, String>) -> Self {
        if let Self::Ssmix2 { extension: Some(extension), .. } = &mut self {
            extension.documents.clone_from(codes);
        }
        self
    }

    /// Pause between two passes.
    pub fn poll(&self) -> Duration {
        match self {
            Self::Ssmix2 { poll, .. } | Self::Hl7Files { poll, .. } | Self::Checkup { poll, .. } => *poll,
        }
    }

    /// Folders that it reads.
    pub fn roots(&self) -> impl Iterator<Item = &Path> {
        let (root, others) = match self {
            Self::Ssmix2 { standard, transaction, extension, .. } => {
                let log = extension.as_ref().and_then(|extension| extension.transaction.as_ref());
                let root = extension.as_ref().map(|extension| &extension.root);
                (standard, [transaction.as_ref(), root, log])
            }
            Self::Hl7Files { path, .. } | Self::Checkup { path, .. } => (path, [None; 3]),
        };
        [Some(root)].into_iter().chain(others).flatten().map(PathBuf::as_path)
    }

    pub(super) fn settle(&self) -> Duration {
        match self {
            Self::Ssmix2 { settle, .. } | Self::Hl7Files { settle, .. } | Self::Checkup { settle, .. } => {
                *settle
            }
        }
    }

    pub(super) fn incomplete_limit(&self) -> Duration {
        match self {
            Self::Ssmix2 { incomplete_limit, .. }
            | Self::Hl7Files { incomplete_limit, .. }
            | Self::Checkup { incomplete_limit, .. } => *incomplete_limit,
        }
    }

    /// What its files hold.
    pub(super) const fn format(&self) -> Format {
        match self {
            Self::Ssmix2 { .. } | Self::Hl7Files { .. } => Format::Hl7v2,
            Self::Checkup { .. } => Format::Checkup,
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Ssmix2 { .. } => "ssmix2",
            Self::Hl7Files { .. } => "hl7-files",
            Self::Checkup { .. } => "checkup",
        }
    }
}

/// The sources' labels in the ledger and in record keys: `ssmix2`, `ssmix2-2`, `hl7-files` …
pub(super) fn labels(sources: &[Source]) -> Vec<String> {
    let mut labels = Vec::with_capacity(sources.len());
    for (index, source) in sources.iter().enumerate() {
        let before = sources.iter().take(index).filter(|other| other.kind() == source.kind()).count();
        labels.push(label(source.kind(), before));
    }
    labels
}

/// The label of the listener at that place: `mllp`, `mllp-2` …
pub(super) fn listener_label(index: usize) -> String {
    label("mllp", index)
}

fn label(kind: &str, before: usize) -> String {
    match before {
        0 => kind.to_owned(),
        _ => format!("{kind}-{}", before + 1),
    }
}
