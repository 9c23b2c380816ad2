//! Which parts make which source of the feed.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

use super::Warning;
use crate::ingest::settings::SETTLE;
use crate::ops::doctor::mount::{self, Mount};
use crate::ops::survey::{Part, Survey};

/// On a share a file's size and time may be told from memory for seconds: so long it must have stood still.
const SETTLE_ON_SHARE: Duration = Duration::from_secs(10);

/// A `[[source]]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourcePlan {
    /// `ssmix2`, `hl7-files`, `checkup`.
    pub kind: &'static str,
    /// Its folders by their keys, as they stand in the file.
    pub roots: Vec<(&'static str, PathBuf)>,
    /// How long a file must have stood still.
    pub settle: Duration,
    /// What the first of its folders lies on, where that can be told.
    pub mount: Option<Mount>,
}

impl SourcePlan {
    fn new(kind: &'static str, key: &'static str, root: &Path) -> Self {
        let mount = mount::of(root);
        let is_remote = mount.as_ref().is_some_and(Mount::is_remote);
        let settle = if is_remote { SETTLE_ON_SHARE } else { SETTLE };
        Self { kind, roots: vec![(key, root.to_owned())], settle, mount }
    }

    fn has(&self, key: &str) -> bool {
        self.roots.iter().any(|(known, _)| *known == key)
    }

    fn standard(&self) -> Option<&Path> {
        self.roots.iter().find(|(key, _)| *key == "standard").map(|(_, root)| root.as_path())
    }
}

/// The sources of all that was found. What belongs to a standardised storage joins the one that lies nearest to it.
pub fn plan(survey: &Survey, warnings: &mut Vec<Warning>) -> Vec<SourcePlan> {
    let of = |part: Part| {
        survey.parts.iter().filter(move |seen| seen.part == part).map(|seen| seen.root.as_path())
    };
    let mut sources: Vec<_> =
        of(Part::Standard).map(|root| SourcePlan::new("ssmix2", "standard", root)).collect();
    let belonging = [
        (Part::Transaction, "transaction"),
        (Part::Extension, "extension"),
        (Part::ExtensionTransaction, "extension_transaction"),
        (Part::Index, "index"),
    ];
    for (part, key) in belonging {
        for root in of(part) {
            let free = sources.iter_mut().filter(|source| !source.has(key));
            let able = free.filter(|source| key != "extension_transaction" || source.has("extension"));
            let nearest =
                able.max_by_key(|source| source.standard().map_or(0, |standard| shared(standard, root)));
            match nearest {
                Some(source) => source.roots.push((key, root.to_owned())),
                None => warnings.push(Warning::WithoutStandard { root: root.to_owned() }),
            }
        }
    }
    sources.extend(of(Part::Checkup).map(|root| SourcePlan::new("checkup", "path", root)));
    sources.extend(of(Part::Hl7Files).map(|root| SourcePlan::new("hl7-files", "path", root)));
    sources
}

/// How many folders two paths have in common, from the root.
fn shared(one: &Path, other: &Path) -> usize {
    one.components().zip(other.components()).take_while(|(one, other)| one == other).count()
}
