//! Whether another feed has this facility already, or a copy of this storage.

use std::path::Path;

use super::Warning;
use crate::config::{Config, Feed};
use crate::ops::survey::{Part, PartSeen, Survey};

/// Another feed's source that holds the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neighbour<'c> {
    /// The feed.
    pub feed: &'c str,
    /// The root of its source.
    pub root: &'c Path,
    /// Files that were looked for, and those that are there with the same bytes; nothing where it is the very place.
    pub files: Option<(u64, u64)>,
}

/// Compares with every configured feed but the one of that name.
pub(super) fn compare(
    feed: &str,
    facility: Option<&str>,
    survey: &Survey,
    config: &Config,
    warnings: &mut Vec<Warning>,
) {
    let others = || config.feeds.iter().filter(|other| other.settings.name != feed);
    let same_code = others().filter(|other| Some(other.settings.facility.as_str()) == facility);
    warnings.extend(same_code.map(|other| Warning::FacilityHasFeed { feed: other.settings.name.clone() }));
    for part in &survey.parts {
        for Neighbour { feed, root, files } in others().flat_map(|other| neighbours(part, other)) {
            let (feed, root) = (feed.to_owned(), root.to_owned());
            warnings.push(match files {
                None => Warning::SamePlace { feed, root },
                Some((looked_for, same)) => Warning::SameFiles { feed, root, looked_for, same },
            });
        }
    }
}

/// The sources of a feed that hold what the part holds.
pub(in crate::ops) fn neighbours<'c>(part: &PartSeen, other: &'c Feed) -> Vec<Neighbour<'c>> {
    let Ok(own) = part.root.canonicalize() else { return Vec::new() };
    let feed = other.settings.name.as_str();
    let roots = other.settings.sources.iter().flat_map(|source| source.roots());
    let same = roots.filter_map(|root| {
        let theirs = root.canonicalize().ok()?;
        if theirs.starts_with(&own) || own.starts_with(&theirs) {
            return Some(Neighbour { feed, root, files: None });
        }
        // A transaction storage is compared by the storage that it belongs to.
        if matches!(part.part, Part::Transaction | Part::ExtensionTransaction | Part::Index) {
            return None;
        }
        let twin = part.sampled.twin(root);
        twin.is_copy().then_some(Neighbour { feed, root, files: Some((twin.looked_for, twin.same)) })
    });
    same.collect()
}
