//! The files of a standardised storage, and the documents of an extension storage.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use serde::Serialize;
use ssmix2::{ContentFolder, DataType, DataTypeFolder, FileName, Flag, StoragePath};

use super::budget::{Budget, Limits};
use super::content::Reader;
use super::listing::{Entry, is_hidden, shuffled};
use super::{Obstacle, PartSeen};
use crate::ops::conform::looks_like_a_code;

/// Largest file that is read for a sample.
pub(super) const BYTES_MAX: u64 = 8 << 20;
/// Data types that are told apart; a name that is none of the specification may be anything.
const DATA_TYPES_MAX: usize = 200;
/// Obstacles that are told.
const OBSTACLES_MAX: usize = 20;

/// A data type, as far as it was seen.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct DataTypeSeen {
    /// データ種別; of an extension storage the standard's code, else the facility's own. `?` where it looks like neither.
    pub code: String,
    /// Its name, English and Japanese, where the specification knows it.
    pub name: Option<[&'static str; 2]>,
    /// Files that were listed.
    pub files: u64,
    /// Of those with flag 0 (deleted), 1 (valid) and 2 (history).
    pub flags: [u64; 3],
    /// Of an extension storage: only the facility's own code says what it is.
    pub is_local: bool,
    /// What the hub makes of those that were read.
    pub kinds: BTreeMap<&'static str, u64>,
}

/// What is odd about the names of a storage.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct Names {
    /// 発生日時 of fewer than 17 digits.
    pub short_time: u64,
    /// No 診療科: six parts.
    pub no_department: u64,
    /// An order number that does not have 15 characters.
    pub order_length: u64,
    /// Patient, date or data type of the name differ from the folders.
    pub path_differs: u64,
    /// Names that can't be read: the hub takes these files as invalid.
    pub unreadable: u64,
    /// Files where no file of a storage lies: the hub passes over them.
    pub stray: u64,
    /// Files of 0 bytes among those that were read.
    pub empty: u64,
}

impl Names {
    fn add(&mut self, name: &FileName<'_>) {
        self.short_time += u64::from(name.time.len() < 17);
        self.no_department += u64::from(name.department.is_none());
        self.order_length += u64::from(name.order.chars().count() != 15);
    }
}

/// Looks at a standardised storage: names as far as the budget goes, bytes of so many files of each data type.
pub(super) fn standard(seen: &mut PartSeen, limits: Limits, budget: &mut Budget<'_>) {
    let root = seen.root.clone();
    let mut walk = Walk { seen, data_types: BTreeMap::new(), reader: Reader::default(), limits };
    walk.below(&root, &root, budget);
    let Walk { seen, data_types, reader, .. } = walk;
    seen.content = reader.finish();
    seen.data_types = sorted(data_types);
}

struct Walk<'s> {
    seen: &'s mut PartSeen,
    data_types: BTreeMap<String, DataTypeSeen>,
    reader: Reader,
    limits: Limits,
}

impl Walk<'_> {
    fn below(&mut self, root: &Path, folder: &Path, budget: &mut Budget<'_>) {
        let mut waiting = vec![folder.to_owned()];
        while let Some(folder) = waiting.pop() {
            let entries = match shuffled(&folder, budget) {
                Ok(entries) => entries,
                Err(source) => {
                    obstacle(self.seen, &folder, &source);
                    continue;
                }
            };
            for entry in &entries {
                let path = folder.join(&entry.name);
                match entry {
                    entry if is_hidden(entry) => {}
                    Entry { is_folder: true, .. } => waiting.push(path),
                    _ => self.file(root, &path, budget),
                }
            }
            if budget.is_spent() {
                return;
            }
        }
    }

    fn file(&mut self, root: &Path, path: &Path, budget: &mut Budget<'_>) {
        let below = path.strip_prefix(root).unwrap_or(path).to_string_lossy();
        let place = match StoragePath::parse(&below) {
            Ok(place) => place,
            Err(ssmix2::PathError::Depth { .. }) => return self.seen.names.stray += 1,
            Err(ssmix2::PathError::Name(_)) => return self.seen.names.unreadable += 1,
        };
        self.seen.files += 1;
        self.seen.names.add(&place.name);
        self.seen.names.path_differs += u64::from(!place.findings.is_empty());
        if place.name.time != "-" && self.seen.newest.as_deref().is_none_or(|newest| newest < place.name.time)
        {
            self.seen.newest = Some(place.name.time.to_owned());
        }
        let code = plain_code(place.data_type, &self.data_types);
        let data_type = self.data_types.entry(code.clone()).or_insert_with(|| DataTypeSeen {
            name: DataType::find(&code).map(|known| [known.en, known.ja]),
            code,
            ..DataTypeSeen::default()
        });
        data_type.files += 1;
        let [deleted, current, superseded] = &mut data_type.flags;
        *match place.name.flag {
            Flag::Deleted => deleted,
            Flag::Current => current,
            Flag::Superseded => superseded,
        } += 1;
        if data_type.files > self.limits.files_of_data_type || budget.is_spent() {
            return;
        }
        match read(path) {
            Ok(Some(bytes)) => {
                self.seen.names.empty += u64::from(bytes.is_empty());
                self.seen.sampled.add(&below, &bytes);
                for kind in self.reader.hl7(&bytes, Some(&place)).kinds {
                    *data_type.kinds.entry(kind).or_default() += 1;
                }
            }
            Ok(None) => {}
            Err(source) => obstacle(self.seen, path, &source),
        }
    }
}

/// Looks at an extension storage: the names of its folders.
pub(super) fn extension(seen: &mut PartSeen, budget: &mut Budget<'_>) {
    let mut data_types: BTreeMap<String, DataTypeSeen> = BTreeMap::new();
    let root = seen.root.clone();
    let mut waiting = vec![root.clone()];
    while let Some(folder) = waiting.pop() {
        let entries = match shuffled(&folder, budget) {
            Ok(entries) => entries,
            Err(source) => {
                obstacle(seen, &folder, &source);
                continue;
            }
        };
        for entry in entries.iter().filter(|entry| entry.is_folder && !is_hidden(entry)) {
            let path = folder.join(&entry.name);
            let below = path.strip_prefix(&root).unwrap_or(&path).to_string_lossy().into_owned();
            match below.split('/').collect::<Vec<_>>()[..] {
                [_, _, _, _, data_type, content] => {
                    document(seen, &mut data_types, data_type, content, &below)
                }
                _ => waiting.push(path),
            }
        }
        if budget.is_spent() {
            break;
        }
    }
    seen.data_types = sorted(data_types);
}

fn document(
    seen: &mut PartSeen,
    data_types: &mut BTreeMap<String, DataTypeSeen>,
    data_type: &str,
    content: &str,
    below: &str,
) {
    let Ok(folder) = ContentFolder::parse(content) else {
        seen.names.unreadable += 1;
        return;
    };
    seen.files += 1;
    seen.names.short_time += u64::from(folder.time.len() < 17);
    seen.names.no_department += u64::from(folder.department.is_none());
    seen.sampled.add(below, b"");
    let type_folder = DataTypeFolder::parse(data_type);
    let code = type_folder.code();
    // The names of types are the facility's own words: only codes are told.
    let is_code = !code.is_empty()
        && code.len() <= 20
        && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let full = data_types.len() >= DATA_TYPES_MAX;
    let code = if is_code && !full { code } else { "?" };
    let of = data_types.entry(code.to_owned()).or_default();
    of.code = code.to_owned();
    of.files += 1;
    of.is_local = type_folder.standard.code.is_empty() && code != "?";
    *of.kinds.entry("document").or_default() += 1;
}

/// The bytes of a file, if it is not too large for a sample.
pub(super) fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    if fs::metadata(path)?.len() > BYTES_MAX {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(BYTES_MAX).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Notes what could not be read; what was renamed or taken away meanwhile is none.
pub(super) fn obstacle(seen: &mut PartSeen, path: &Path, source: &io::Error) {
    if source.kind() != io::ErrorKind::NotFound && seen.obstacles.len() < OBSTACLES_MAX {
        seen.obstacles.push(Obstacle::new(path, source));
    }
}

/// The code, if it may be told.
fn plain_code(code: &str, known: &BTreeMap<String, DataTypeSeen>) -> String {
    let told = DataType::find(code).is_some() || looks_like_a_code(code) && known.len() < DATA_TYPES_MAX;
    if told { code.to_owned() } else { "?".to_owned() }
}

/// In the order of the specification, then those that it does not know.
fn sorted(data_types: BTreeMap<String, DataTypeSeen>) -> Vec<DataTypeSeen> {
    let order =
        |code: &str| ssmix2::data_type::ALL.iter().position(|entry| entry.code == code).unwrap_or(usize::MAX);
    let mut all: Vec<_> = data_types.into_values().collect();
    all.sort_by_key(|seen| order(&seen.code));
    all
}
