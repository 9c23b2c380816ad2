//! The cases that the surveillance service counts, for whoever looks at them in the console: it follows the folder of its
//! subscriber.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use crate::config::Config;
pub use crate::services::surveillance::{
    Alert, BaselineDays, Count, Disease, DiseaseId, Place, Report, Settings, Slice, TableError, Week,
};
use crate::services::surveillance::{Follower, Tables};

/// The subscriber whose folder is read.
pub const SUBSCRIBER: &str = "surveillance";

/// Why nothing can be shown.
#[derive(Debug, thiserror::Error)]
pub enum SurveillanceError {
    /// No subscriber, or none with a folder.
    #[error("subscriber surveillance has no folder on this machine")]
    NoFolder,
    /// Its tables.
    #[error("the tables of the surveillance can't be read")]
    Tables(#[from] TableError),
    /// The folder of events.
    #[error("{} can't be read", path.display())]
    Inbox {
        /// Folder.
        path: PathBuf,
        /// Why.
        why: String,
    },
}

/// What was read so far: the folder is read once, then what comes is added.
#[derive(Default)]
pub struct Surveillance(Mutex<Option<Follower>>);

impl Surveillance {
    /// Catches up with the folder, and hands the report of today to `show`.
    ///
    /// # Errors
    /// If there is no such subscriber, or folder or tables can't be read.
    pub fn show<T>(
        &self,
        config: &Config,
        now: Timestamp,
        settings: Settings,
        show: impl FnOnce(&Report<'_>) -> T,
    ) -> Result<T, SurveillanceError> {
        let mut follower = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let from = config.folder_of(SUBSCRIBER).ok_or(SurveillanceError::NoFolder)?;
        let follower = match &mut *follower {
            Some(follower) => follower,
            none => none.insert(begin(config, from)?),
        };
        let tell = |place: &str, why| tracing::warn!(place, %why, "an event can't be counted");
        follower.catch_up(tell).map_err(|error| SurveillanceError::Inbox {
            path: from.to_owned(),
            why: crate::telemetry::causes(&error),
        })?;
        let today = now.to_zoned(config.hub.timezone.clone()).date();
        Ok(show(&Report::of(follower.state(), today, settings)))
    }
}

fn begin(config: &Config, from: &Path) -> Result<Follower, SurveillanceError> {
    let text = |table: &str| fs::read_to_string(config.folder.join(format!("tables/{table}.tsv"))).ok();
    let tables = Tables::read(text)?;
    Ok(Follower::new(from, tables, config.hub.timezone.clone(), rand::random(), None))
}
