//! What a feed is told: who the facility is and where its files lie.

use std::path::PathBuf;
use std::time::Duration;

/// How long a file must have stood still before it is read, unless the source says otherwise.
pub const SETTLE: Duration = Duration::from_secs(3);
/// How long an incomplete file is waited for.
pub const INCOMPLETE_LIMIT: Duration = Duration::from_secs(15);
/// Pause between two passes.
pub const POLL: Duration = Duration::from_secs(1);
/// Largest file or transaction record that is read.
pub const BYTES_MAX: u64 = 64 << 20;

/// Settings of one feed: one facility, one or more places where its system puts files.
#[derive(Debug, Clone)]
pub struct FeedSettings {
    /// Stem of its file in `feeds/`.
    pub name: String,
    /// 10-digit code of the facility; stamped on every message.
    pub facility: String,
    /// Where the files lie. The ledger knows a source by its kind and its place among those of that kind, so
    /// new ones go to the end.
    pub sources: Vec<Source>,
    /// Larger files and records are reported as invalid, without their content.
    pub bytes_max: u64,
}

/// A place where files appear.
#[derive(Debug, Clone)]
pub enum Source {
    /// An SS-MIX2 storage. Only ever read.
    Ssmix2 {
        /// Root of the standardised storage.
        standard: PathBuf,
        /// Root of its transaction storage; read first.
        transaction: Option<PathBuf>,
        /// Root of the extension storage; not read yet.
        extension: Option<PathBuf>,
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

impl Source {
    /// Pause between two passes.
    pub fn poll(&self) -> Duration {
        match self {
            Self::Ssmix2 { poll, .. } | Self::Hl7Files { poll, .. } => *poll,
        }
    }

    pub(super) fn settle(&self) -> Duration {
        match self {
            Self::Ssmix2 { settle, .. } | Self::Hl7Files { settle, .. } => *settle,
        }
    }

    pub(super) fn incomplete_limit(&self) -> Duration {
        match self {
            Self::Ssmix2 { incomplete_limit, .. } | Self::Hl7Files { incomplete_limit, .. } => {
                *incomplete_limit
            }
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Ssmix2 { .. } => "ssmix2",
            Self::Hl7Files { .. } => "hl7-files",
        }
    }
}

/// The sources' labels in the ledger and in record keys: `ssmix2`, `ssmix2-2`, `hl7-files` …
pub(super) fn labels(sources: &[Source]) -> Vec<String> {
    let mut labels = Vec::with_capacity(sources.len());
    for (index, source) in sources.iter().enumerate() {
        let before = sources.iter().take(index).filter(|other| other.kind() == source.kind()).count();
        labels.push(match before {
            0 => source.kind().to_owned(),
            _ => format!("{}-{}", source.kind(), before + 1),
        });
    }
    labels
}
