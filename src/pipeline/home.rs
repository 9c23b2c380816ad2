//! What a process keeps on its own disk: the journal into which feeds publish, and the ledger of what they picked up.
//!
//! On the embedded broker there is one home, the data folder, and its journal is the broker. On RabbitMQ the journal
//! is an outbox, and there is a home for each group of feeds that was first started together
//! (`<data_dir>/adapters/<n>`; its file `feeds` says which). Feeds keep their home whatever process serves them later,
//! so that regrouping them picks nothing up twice; a process opens the homes of all its feeds, and nobody else can
//! while it has them.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tracing::warn;

use super::error::HubError;
use crate::broker::QueueName;
use crate::broker::embedded::{self, Embedded};
use crate::store::ledger::Entries;
use crate::store::{Ledger, Place, SledKv};

/// Folder of the embedded broker in the data folder.
const BROKER: &str = "broker";
/// Folder of the homes of adapters in the data folder.
const ADAPTERS: &str = "adapters";

/// Journal and ledger, opened.
pub(super) struct Home {
    pub(super) dir: PathBuf,
    /// All feeds that are kept here.
    pub(super) feeds: Vec<String>,
    pub(super) journal: Embedded,
    pub(super) ledger: Ledger,
}

impl Home {
    /// The one home of a hub on the embedded broker.
    pub(super) fn of_hub(data_dir: &Path, lanes: u16, feeds: Vec<String>) -> Result<Self, HubError> {
        refuse_other_kind(data_dir.join(ADAPTERS))?;
        let journal = Embedded::open(&data_dir.join(BROKER), embedded::Settings::default())?;
        Self::with_journal(data_dir.to_owned(), journal, lanes, feeds)
    }

    /// The homes of an adapter's feeds. Feeds that have none join those that have, or get one together.
    pub(super) fn of_feeds(data_dir: &Path, lanes: u16, feeds: &[String]) -> Result<Vec<Self>, HubError> {
        refuse_other_kind(data_dir.join(BROKER))?;
        let folder = data_dir.join(ADAPTERS);
        let failed = |source| HubError::Home { path: folder.clone(), source };
        // One process at a time looks which feeds have a home, and gives one to those that have none.
        let _turn = turn(&folder).map_err(failed)?;
        let known = listed(&folder).map_err(failed)?;
        let mine = known.iter().filter(|(_, kept)| kept.iter().any(|feed| feeds.contains(feed)));
        let homes = mine.map(|(dir, kept)| Self::open(dir.clone(), lanes, kept.clone()));
        let mut homes = homes.collect::<Result<Vec<_>, _>>()?;
        let homeless = feeds.iter().filter(|feed| !homes.iter().any(|home| home.feeds.contains(feed)));
        let homeless: Vec<_> = homeless.cloned().collect();
        if homeless.is_empty() {
            return Ok(homes);
        }
        if let Some(home) = homes.first_mut() {
            home.feeds.extend(homeless);
            list(&home.dir, &home.feeds).map_err(failed)?;
        } else {
            let last = known.iter().filter_map(|(dir, _)| number(dir)).max().unwrap_or(0);
            let dir = folder.join((last + 1).to_string());
            fs::create_dir_all(&dir).and_then(|()| list(&dir, &homeless)).map_err(failed)?;
            homes.push(Self::open(dir, lanes, homeless)?);
        }
        Ok(homes)
    }

    /// Messages of a queue that lie in the journal.
    pub(super) fn depth(&self, queue: &QueueName) -> u64 {
        let queues = self.journal.queues().into_iter().filter(|depth| depth.queue == *queue);
        queues.map(|depth| depth.depth()).sum()
    }

    fn open(dir: PathBuf, lanes: u16, feeds: Vec<String>) -> Result<Self, HubError> {
        let path = dir.join("outbox");
        let journal = Embedded::open(&path, embedded::Settings::default())
            .map_err(|source| HubError::Outbox { path, feeds: feeds.join(", "), source })?;
        Self::with_journal(dir, journal, lanes, feeds)
    }

    fn with_journal(
        dir: PathBuf,
        journal: Embedded,
        lanes: u16,
        feeds: Vec<String>,
    ) -> Result<Self, HubError> {
        check_lanes(&journal, lanes)?;
        let path = dir.join("ledger");
        let (store, aside) =
            SledKv::open(&path).map_err(|source| HubError::Ledger { path: path.clone(), source })?;
        if let Some(aside) = aside {
            let aside = aside.display();
            warn!(%aside, "the pick-up ledger could not be opened; it was set aside and is built anew");
        }
        let ledger = Ledger::new(Arc::new(store));
        same_journal(&ledger, journal.journal_number(), &path)?;
        Ok(Self { dir, feeds, journal, ledger })
    }
}

/// Queues and ledger of one kind of broker say nothing to the other: feeds would silently begin anew.
fn refuse_other_kind(path: PathBuf) -> Result<(), HubError> {
    if path.exists() { Err(HubError::OtherKind { path }) } else { Ok(()) }
}

/// Waits until no other process is at it; as long as the file is held.
fn turn(folder: &Path) -> io::Result<File> {
    fs::create_dir_all(folder)?;
    let path = folder.join("lock");
    let file = File::options().read(true).write(true).create(true).truncate(false).open(path)?;
    file.lock()?;
    Ok(file)
}

/// Every home with the feeds that it keeps, in order of their numbers.
fn listed(folder: &Path) -> io::Result<Vec<(PathBuf, Vec<String>)>> {
    let mut homes = Vec::new();
    for entry in fs::read_dir(folder)? {
        let dir = entry?.path();
        if number(&dir).is_none() {
            continue;
        }
        match fs::read_to_string(dir.join("feeds")) {
            Ok(text) => homes.push((dir, text.lines().map(str::to_owned).collect())),
            // Begun by a process that did not come to an end; nothing is in it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => homes.push((dir, Vec::new())),
            Err(error) => return Err(error),
        }
    }
    homes.sort_by_key(|(dir, _)| number(dir));
    Ok(homes)
}

fn number(dir: &Path) -> Option<u32> {
    dir.file_name()?.to_str()?.parse().ok()
}

/// Writes which feeds a home keeps, whole or not at all.
fn list(dir: &Path, feeds: &[String]) -> io::Result<()> {
    let new = dir.join("feeds.new");
    let mut file = File::create(&new)?;
    file.write_all((feeds.join("\n") + "\n").as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, dir.join("feeds"))?;
    File::open(dir)?.sync_all()
}

/// The ledger says what was accepted, the journal holds it: without the journal that it was kept beside, the ledger
/// would pass over files whose messages are gone.
fn same_journal(ledger: &Ledger, journal: u64, path: &Path) -> Result<(), HubError> {
    let failed = |source| HubError::Ledger { path: path.to_owned(), source };
    let place = Place { feed: String::new(), source: String::new() };
    let journal = journal.cast_signed();
    match ledger.mark(&place, "journal").map_err(failed)? {
        Some(known) if known == journal => Ok(()),
        Some(_) => Err(HubError::OtherJournal { path: path.to_owned() }),
        None => {
            let mut entries = Entries::default();
            entries.mark(&place, "journal", journal);
            ledger.write(entries).and_then(|()| ledger.flush()).map_err(failed)
        }
    }
}

/// The number of lanes may only shrink once the lanes above are empty: a patient's lane is a hash over the number.
fn check_lanes(journal: &Embedded, lanes: u16) -> Result<(), HubError> {
    for waiting in journal.queues() {
        let behind = waiting.lanes.into_iter().rev().find(|(lane, depth)| lane.0 >= lanes && *depth > 0);
        if let Some((lane, _)) = behind {
            return Err(HubError::LaneLeftBehind { queue: waiting.queue, lane, lanes });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(data_dir: &Path, feeds: &[&str]) -> Result<Vec<(u32, Vec<String>, u64)>, HubError> {
        let feeds: Vec<_> = feeds.iter().map(|feed| (*feed).to_owned()).collect();
        let homes = Home::of_feeds(data_dir, 4, &feeds)?;
        let told = homes
            .iter()
            .map(|home| (number(&home.dir).unwrap(), home.feeds.clone(), home.journal.journal_number()));
        Ok(told.collect())
    }

    #[test]
    fn feeds_keep_their_home_however_they_are_grouped() {
        let folder = tempfile::tempdir().unwrap();
        let data_dir = folder.path();
        let ab = open(data_dir, &["a", "b"]).unwrap();
        let c = open(data_dir, &["c"]).unwrap();
        assert_eq!((ab[0].0, c[0].0), (1, 2));
        // One of two, and both groups together.
        assert_eq!(open(data_dir, &["b"]).unwrap(), ab);
        assert_eq!(open(data_dir, &["c", "a"]).unwrap(), [ab.clone(), c].concat());
        // A new feed joins those beside which it is started.
        let with_d = open(data_dir, &["d", "a"]).unwrap();
        assert_eq!(
            (with_d[0].0, &with_d[0].1[..], with_d[0].2),
            (1, &["a", "b", "d"].map(str::to_owned)[..], ab[0].2)
        );
    }

    #[test]
    fn a_home_has_one_process_and_a_refused_one_leaves_no_trace() {
        let folder = tempfile::tempdir().unwrap();
        let first = Home::of_feeds(folder.path(), 4, &["a".to_owned()]).unwrap();
        let refused = open(folder.path(), &["a", "b"]);
        assert!(matches!(&refused, Err(HubError::Outbox { feeds, .. }) if feeds == "a"), "{refused:?}");
        assert_eq!(open(folder.path(), &["b"]).unwrap()[0].0, 2);
        drop(first);
    }

    #[test]
    fn a_data_folder_is_for_one_kind_of_broker() {
        let folder = tempfile::tempdir().unwrap();
        open(folder.path(), &["a"]).unwrap();
        let embedded = Home::of_hub(folder.path(), 4, Vec::new());
        assert!(matches!(embedded, Err(HubError::OtherKind { .. })));
        let folder = tempfile::tempdir().unwrap();
        drop(Home::of_hub(folder.path(), 4, Vec::new()).unwrap());
        assert!(matches!(open(folder.path(), &["a"]), Err(HubError::OtherKind { .. })));
    }

    #[test]
    fn a_home_that_was_only_begun_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("adapters/7")).unwrap();
        assert_eq!(open(folder.path(), &["a"]).unwrap()[0].0, 8);
    }
}
