//! Why there is no proposal.

use std::io;
use std::path::{Path, PathBuf};

use crate::config::nearest;
use crate::ops::survey::Survey;

/// Why there is no proposal.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// Nothing lies there.
    #[error("{} is not there", path.display())]
    Missing {
        /// What was named.
        path: PathBuf,
        /// The part of it that is there.
        there: PathBuf,
        /// What lies in that and is called much like the next part.
        nearest: Option<String>,
    },
    /// The system does not let it be read.
    #[error("{} can't be read", path.display())]
    Unreadable {
        /// What was named.
        path: PathBuf,
        /// The part of it that can't be entered.
        stopped_at: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// Nothing in it is anything a feed reads.
    #[error("{} holds no SS-MIX2 storage, no HL7 v2 file and no archive of check-ups", survey.sample.display())]
    Nothing {
        /// What was seen.
        survey: Box<Survey>,
    },
    /// That is no code.
    #[error("\"{code}\" {}", crate::envelope::NOT_A_FACILITY_CODE)]
    NoCode {
        /// What was given.
        code: String,
    },
    /// That is no name of a feed.
    #[error(
        "\"{name}\" is not a name: lower-case letters, digits and hyphens, a letter or digit first, at most 64 characters"
    )]
    NoName {
        /// What was given.
        name: String,
    },
}

impl InitError {
    pub(super) fn nothing(survey: Survey) -> Self {
        Self::Nothing { survey: Box::new(survey) }
    }

    /// What stopped the way to the sample.
    pub(super) fn sample(path: &Path, source: io::Error) -> Self {
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let mut parts: Vec<_> = absolute.ancestors().collect();
        parts.reverse();
        let stopped_at =
            parts.iter().find(|part| part.metadata().is_err()).unwrap_or(&absolute.as_path()).to_path_buf();
        if source.kind() != io::ErrorKind::NotFound {
            return Self::Unreadable { path: path.to_owned(), stopped_at, source };
        }
        let there = stopped_at.parent().unwrap_or(Path::new("/")).to_owned();
        let wanted = stopped_at.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let nearest = neighbour(&there, &wanted);
        Self::Missing { path: path.to_owned(), there, nearest }
    }
}

/// Names of one folder that are compared.
const NAMES_MAX: usize = 1_000;

/// What lies in a folder and is called much like that.
fn neighbour(folder: &Path, wanted: &str) -> Option<String> {
    let entries = std::fs::read_dir(folder).ok()?.take(NAMES_MAX).filter_map(Result::ok);
    let names: Vec<_> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    nearest(wanted, names.iter().map(String::as_str)).map(str::to_owned)
}
