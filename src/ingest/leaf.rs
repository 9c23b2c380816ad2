//! The innermost folder of a storage (`…/<PID>/<診療日>/<データ種別>`): what lies in it, against what is known.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use ssmix2::revision::{self, Known, Listed, State, Step};
use ssmix2::{ContentFolder, FileName, Flag, NameError};

use super::content::{Content, Hash};
use super::read::Stat;
use crate::envelope::{Change, Envelope};
use crate::store::{FileRecord, FileState, FolderRecord};

/// Flag of a file whose stem is its whole name.
pub(super) const WHOLE_NAME: u8 = b'-';

/// What a version of a record is in its storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// A file: standardised storage.
    File,
    /// A content folder with all that is in it: extension storage.
    Folder,
}

impl Unit {
    /// What tells a record of the folder from the others, and that of a name that can't be read.
    pub(super) fn order_of(self, file: &FileRecord) -> String {
        let name = name_of(file);
        let order = match self {
            Self::File => FileName::parse(&name).map(|name| name.order),
            Self::Folder => ContentFolder::parse(&name).map(|name| name.record),
        };
        order.map_or_else(|_| file.stem.clone(), str::to_owned)
    }
}

/// A file or content folder as it lies in the folder.
pub(super) struct Version {
    pub(super) unit: Unit,
    /// Its name.
    pub(super) name: String,
    /// What stays when its flag changes.
    pub(super) stem: String,
    pub(super) order: String,
    pub(super) time: String,
    pub(super) flag: Flag,
    pub(super) stat: Stat,
    /// Its content is not what was known under this stem.
    pub(super) altered: bool,
    /// Why its name can't be read.
    pub(super) name_fault: Option<NameError>,
}

impl Version {
    /// The version of a name.
    pub(super) fn of(unit: Unit, name: &str) -> Self {
        let parsed = match unit {
            Unit::File => {
                FileName::parse(name).map(|parts| (parts.stem(), parts.order, parts.time, parts.flag))
            }
            Unit::Folder => {
                ContentFolder::parse(name).map(|parts| (parts.stem(), parts.record, parts.time, parts.flag))
            }
        };
        let (stem, order, time, flag) = parsed.unwrap_or((name, name, "", Flag::Current));
        Self {
            unit,
            name: name.to_owned(),
            stem: stem.to_owned(),
            order: order.to_owned(),
            time: time.to_owned(),
            flag,
            stat: Stat::UNKNOWN,
            altered: false,
            name_fault: parsed.err(),
        }
    }

    /// Takes the whole name for the stem: another file of the folder has the same.
    pub(super) fn stand_alone(&mut self) {
        self.stem.clone_from(&self.name);
    }

    fn flag_byte(&self) -> u8 {
        if self.stem == self.name { WHOLE_NAME } else { flag_byte(self.flag) }
    }
}

/// The digit of a flag.
pub(super) fn flag_byte(flag: Flag) -> u8 {
    match flag {
        Flag::Deleted => b'0',
        Flag::Current => b'1',
        Flag::Superseded => b'2',
    }
}

/// The file name of a record.
pub(super) fn name_of(record: &FileRecord) -> Cow<'_, str> {
    match record.flag {
        WHOLE_NAME => Cow::Borrowed(&record.stem),
        flag => Cow::Owned(format!("{}_{}", record.stem, char::from(flag))),
    }
}

/// What is due for each logical record, as index into `versions` and change.
pub(super) fn plan(unit: Unit, record: &FolderRecord, versions: &[Version]) -> Vec<(usize, Change)> {
    let mut orders: BTreeMap<String, (Vec<Known<'_>>, Vec<usize>)> = BTreeMap::new();
    for file in &record.files {
        orders.entry(unit.order_of(file)).or_default().0.push(known_version(file));
    }
    for (index, version) in versions.iter().enumerate() {
        orders.entry(version.order.clone()).or_default().1.push(index);
    }
    let mut due = Vec::new();
    for (known, indexes) in orders.values() {
        let listed = indexes.iter().filter_map(|index| versions.get(*index)).map(listed_version);
        let steps = revision::plan(known, &listed.collect::<Vec<_>>());
        due.extend(
            steps
                .into_iter()
                .filter_map(|Step { listed, change }| Some((*indexes.get(listed)?, change_of(change)))),
        );
    }
    due
}

/// Versions that were renamed without a message that says so: none is due for their record. Those who follow it would
/// go on believing the name they know.
pub(super) fn renamed(record: &FolderRecord, versions: &[Version], due: &HashSet<usize>) -> Vec<usize> {
    let is_due = |order: &str| {
        due.iter().filter_map(|index| versions.get(*index)).any(|version| version.order == order)
    };
    let is_renamed = |version: &Version| {
        let known = record.files.iter().find(|file| file.stem == version.stem);
        let known = known.filter(|file| file.flag != version.flag_byte());
        known.is_some_and(|file| believed(version.unit, record, file) != version.flag_byte())
            && !is_due(&version.order)
    };
    versions.iter().enumerate().filter(|(_, version)| is_renamed(version)).map(|(index, _)| index).collect()
}

/// The flag that a version has for those who only know what was announced: the one that it was seen with, or, where
/// it came by a transaction storage, the one that SS-MIX2's rules give it.
fn believed(unit: Unit, record: &FolderRecord, file: &FileRecord) -> u8 {
    let is_replaced = || {
        let newer =
            record.files.iter().filter(|other| other.state == FileState::Live && other.stem > file.stem);
        newer.map(|newer| unit.order_of(newer)).any(|order| order == unit.order_of(file))
    };
    match file.state {
        _ if !file.in_transaction => file.flag,
        FileState::Retired => b'0',
        FileState::Live if is_replaced() => b'2',
        FileState::Live => b'1',
        FileState::History | FileState::Invalid => file.flag,
    }
}

fn listed_version(version: &Version) -> Listed<'_> {
    let Version { stem, time, flag, altered, .. } = version;
    Listed { stem, time, flag: *flag, altered: *altered }
}

/// A record's file as change detection sees it.
pub(super) fn known_version(file: &FileRecord) -> Known<'_> {
    let flag = match file.flag {
        b'0' => Flag::Deleted,
        b'2' => Flag::Superseded,
        _ => Flag::Current,
    };
    let state = match file.state {
        FileState::Live => State::Live,
        FileState::Retired => State::Retired,
        FileState::History => State::History,
        FileState::Invalid => State::Invalid,
    };
    Known { stem: &file.stem, flag, state }
}

/// The hub's word for a change of a storage.
pub(super) fn change_of(change: revision::Change) -> Change {
    match change {
        revision::Change::Created => Change::Created,
        revision::Change::Updated => Change::Updated,
        revision::Change::Deleted => Change::Deleted,
        revision::Change::Superseded => Change::Superseded,
    }
}

/// What of a version goes into the ledger once it is accepted.
pub(super) struct Taken<'a> {
    pub(super) unit: Unit,
    pub(super) stem: &'a str,
    pub(super) flag: u8,
    pub(super) order: &'a str,
    pub(super) change: Change,
    pub(super) is_fault: bool,
    pub(super) hash: Hash,
    /// None where it is not known how the file looks: it will be read again and compared.
    pub(super) stat: Option<Stat>,
    pub(super) in_transaction: bool,
}

impl<'a> Taken<'a> {
    /// A version as its message tells it.
    pub(super) fn read_back(version: &'a Version, envelope: &Envelope, hash: Hash) -> Self {
        Self {
            unit: version.unit,
            stem: &version.stem,
            flag: version.flag_byte(),
            order: &version.order,
            change: envelope.change,
            is_fault: envelope.fault.is_some(),
            hash,
            stat: None,
            in_transaction: false,
        }
    }

    /// A version that was just read and published.
    pub(super) fn of(version: &'a Version, change: Change, content: &Content) -> Self {
        Self {
            unit: version.unit,
            stem: &version.stem,
            flag: version.flag_byte(),
            order: &version.order,
            change,
            is_fault: content.fault.is_some(),
            hash: content.hash,
            stat: (!content.unreadable).then_some(version.stat),
            in_transaction: false,
        }
    }
}

/// Notes an accepted version in its folder's record: the one rule for what was just published and for what is
/// read back from `accepted.<feed>`.
pub(super) fn take(record: &mut FolderRecord, taken: &Taken<'_>) {
    let state = match taken.change {
        _ if taken.is_fault => FileState::Invalid,
        Change::Created | Change::Updated => FileState::Live,
        Change::Deleted => FileState::Retired,
        Change::Superseded => FileState::History,
    };
    if state == FileState::Retired {
        for file in record.files.iter_mut().filter(|file| file.state == FileState::Live) {
            if taken.unit.order_of(file) == taken.order {
                file.state = FileState::Retired;
            }
        }
    }
    let index = index_of(record, taken.stem);
    let Some(file) = record.files.get_mut(index) else { return };
    if !(state == FileState::History && matches!(file.state, FileState::Live | FileState::Retired)) {
        file.state = state;
    }
    // A record read twice must not forget how its file looks, unless the content was another.
    let known_stat = (file.hash == taken.hash).then_some(Stat { size: file.size, mtime: file.mtime });
    let stat = taken.stat.or(known_stat).unwrap_or(Stat { size: FileRecord::UNKNOWN, mtime: 0 });
    (file.size, file.mtime) = (stat.size, stat.mtime);
    file.flag = taken.flag;
    file.hash = taken.hash;
    file.in_transaction |= taken.in_transaction;
    file.in_storage |= !taken.in_transaction;
}

/// The index of a stem in a record, which gets an entry for it if it has none.
fn index_of(record: &mut FolderRecord, stem: &str) -> usize {
    if let Some(index) = record.files.iter().position(|file| file.stem == stem) {
        return index;
    }
    record.files.push(FileRecord {
        stem: stem.to_owned(),
        flag: WHOLE_NAME,
        state: FileState::Invalid,
        in_storage: false,
        in_transaction: false,
        size: FileRecord::UNKNOWN,
        mtime: 0,
        hash: [0; 16],
    });
    record.files.len() - 1
}

/// Notes how a known version looks now.
pub(super) fn refresh(file: &mut FileRecord, version: &Version) {
    file.stem.clone_from(&version.stem);
    file.flag = version.flag_byte();
    file.in_storage = true;
    (file.size, file.mtime) = (version.stat.size, version.stat.mtime);
}

/// Recognises a file as a version that came by the transaction storage and was awaited here. How the file looks
/// is noted only once their contents were compared.
pub(super) fn adopt(
    record: &mut FolderRecord,
    version: &Version,
    is_it: impl Fn(&FileRecord) -> bool,
) -> bool {
    let awaited = |file: &&mut FileRecord| file.in_transaction && !file.in_storage && is_it(file);
    let Some(file) = record.files.iter_mut().find(awaited) else { return false };
    refresh(file, version);
    (file.size, file.mtime) = (FileRecord::UNKNOWN, 0);
    // The file may have been met before, when it made no sense yet.
    record.files.retain(|file| file.stem != version.stem || file.in_transaction);
    true
}

/// Whether a transaction record and a file are the same version by name. The record's stem has no department.
pub(super) fn is_same_version(transaction_stem: &str, stem: &str) -> bool {
    match stem.strip_prefix(transaction_stem) {
        Some("") => true,
        Some(rest) => rest.strip_prefix('_').is_some_and(|department| !department.contains('_')),
        None => false,
    }
}
