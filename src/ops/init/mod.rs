//! A proposal for a feed, from a sample of what a hospital's system writes: what `musubi init` does.
//!
//! [`look`] at it, [`propose`] what the feed should be, and [`write`] files into the configuration folder. What the files say in words is
//! made by the caller.

mod chosen;
mod error;
mod example;
mod neighbours;
mod sources;
mod write;

use std::path::{Path, PathBuf};

use serde::Serialize;

pub use chosen::{Chosen, is_feed_name};
pub use error::InitError;
pub use example::{Example, example};
pub use neighbours::Neighbour;
pub(super) use neighbours::neighbours;
pub use sources::{SourcePlan, plan};
pub use write::{NewFile, WriteError, Written, write};

use super::survey::{CodePlace, Limits, Survey, survey};
use crate::clock::Clock;
use crate::config::Config;
use crate::envelope::is_facility_code;

/// What the engineer says.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// Configuration folder.
    pub config: &'a Path,
    /// The feed's name.
    pub feed: Option<&'a str>,
    /// The facility's code.
    pub facility: Option<&'a str>,
}

/// What was found and decided.
#[derive(Debug, Serialize)]
pub struct Proposal {
    /// The feed's name: the stem of its file.
    pub feed: String,
    /// The facility, if the sample or the engineer says which.
    pub facility: Option<Chosen>,
    /// The sources of the feed.
    pub sources: Vec<SourcePlan>,
    /// What somebody should look at before the feed runs.
    pub warnings: Vec<Warning>,
    /// Whether the folder has a `hub.toml`.
    pub has_hub: bool,
    /// Whether it has a `routes.toml`.
    pub has_routes: bool,
    /// What was seen.
    pub survey: Survey,
}

/// What somebody should look at.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "warning", rename_all = "kebab-case")]
pub enum Warning {
    /// The sample names another facility.
    OtherFacility {
        /// The code that it names.
        seen: String,
        /// Where.
        place: CodePlace,
        /// How often.
        count: u64,
    },
    /// A configured feed has this facility's code.
    FacilityHasFeed {
        /// The feed.
        feed: String,
    },
    /// A configured feed reads this place already.
    SamePlace {
        /// The feed.
        feed: String,
        /// The root.
        root: PathBuf,
    },
    /// A configured feed's source holds the same files.
    SameFiles {
        /// The feed.
        feed: String,
        /// Its root.
        root: PathBuf,
        /// Files that were looked for there.
        looked_for: u64,
        /// Of those, there with the same bytes.
        same: u64,
    },
    /// A part that no standardised storage was found for: it can't be read alone.
    WithoutStandard {
        /// Its root.
        root: PathBuf,
    },
    /// A drop folder holds files of another kind: each of them becomes an invalid message.
    OtherFiles {
        /// The folder.
        root: PathBuf,
        /// How many of those that were read.
        files: u64,
    },
    /// Folders or files could not be read.
    Unreadable {
        /// How many.
        places: u64,
        /// What the system says of the first.
        reason: String,
    },
    /// The root of the storage lies above the folder that was named.
    RootAbove {
        /// The root.
        root: PathBuf,
    },
    /// The configuration has faults, so that its feeds could not be compared.
    FaultyConfiguration,
}

impl Warning {
    /// Whether a feed that is written all the same would be wrong: the engineer has to insist.
    pub const fn stops(&self) -> bool {
        matches!(self, Self::FacilityHasFeed { .. } | Self::SamePlace { .. } | Self::SameFiles { .. })
    }
}

/// Looks at the sample.
///
/// # Errors
/// It can't be read, or nothing in it is anything a feed reads.
pub fn look(
    sample: &Path,
    limits: Limits,
    clock: &dyn Clock,
    progress: &dyn Fn(u64),
) -> Result<Survey, InitError> {
    let survey =
        survey(sample, limits, clock, progress).map_err(|source| InitError::sample(sample, source))?;
    if plan(&survey, &mut Vec::new()).is_empty() { Err(InitError::nothing(survey)) } else { Ok(survey) }
}

/// Decides what the feed should be, and compares it with those that are configured.
///
/// # Errors
/// What the engineer said can't be.
pub fn propose(request: &Request<'_>, survey: Survey) -> Result<Proposal, InitError> {
    if let Some(code) = request.facility.filter(|code| !is_facility_code(code)) {
        return Err(InitError::NoCode { code: code.to_owned() });
    }
    if let Some(name) = request.feed.filter(|name| !is_feed_name(name)) {
        return Err(InitError::NoName { name: name.to_owned() });
    }
    let mut warnings = Vec::new();
    let sources = plan(&survey, &mut warnings);
    of_survey(&survey, &mut warnings);
    let facility = chosen::facility(request.facility, &survey, &mut warnings);
    let feed = chosen::name(request.feed, &survey.sample, facility.as_ref());
    let has = |file: &str| request.config.join(file).exists();
    let (has_hub, has_routes) = (has("hub.toml"), has("routes.toml"));
    if has_hub {
        match Config::load(request.config).0 {
            Some(config) => {
                let code = facility.as_ref().map(|chosen| chosen.code.as_str());
                neighbours::compare(&feed, code, &survey, &config, &mut warnings);
            }
            None => warnings.push(Warning::FaultyConfiguration),
        }
    }
    Ok(Proposal { feed, facility, sources, warnings, has_hub, has_routes, survey })
}

/// What the survey itself has to say.
fn of_survey(survey: &Survey, warnings: &mut Vec<Warning>) {
    for part in &survey.parts {
        if part.names.stray > 0 && !part.part.is_storage() {
            warnings.push(Warning::OtherFiles { root: part.root.clone(), files: part.names.stray });
        }
        if !part.root.starts_with(&survey.sample) && survey.sample.starts_with(&part.root) {
            warnings.push(Warning::RootAbove { root: part.root.clone() });
        }
    }
    let obstacles = || survey.obstacles.iter().chain(survey.parts.iter().flat_map(|part| &part.obstacles));
    if let Some(first) = obstacles().next() {
        let places = obstacles().count() as u64;
        warnings.push(Warning::Unreadable { places, reason: first.reason.clone() });
    }
}
