//! The records of a transaction storage: its newest files.

use std::collections::BTreeMap;
use std::path::PathBuf;

use ssmix2::DataType;
use ssmix2::transaction::{Operation, TransactionFileName, records};

use super::budget::Budget;
use super::listing::listed;
use super::storage::{DataTypeSeen, obstacle, read};
use super::{CodePlace, PartSeen};
use crate::envelope::is_facility_code;

/// The newest files that are read.
const FILES_MAX: usize = 5;

/// Looks at the newest files.
pub(super) fn look(seen: &mut PartSeen, budget: &mut Budget<'_>) {
    let files = newest(seen, budget);
    seen.whole = files.len() <= FILES_MAX;
    let mut data_types: BTreeMap<String, DataTypeSeen> = BTreeMap::new();
    for path in files.into_iter().take(FILES_MAX) {
        match read(&path) {
            Ok(Some(bytes)) => count(seen, &bytes, &mut data_types),
            Ok(None) => seen.whole = false,
            Err(source) => obstacle(seen, &path, &source),
        }
    }
    seen.data_types = data_types.into_values().collect();
}

/// Transaction files, the newest first.
fn newest(seen: &mut PartSeen, budget: &mut Budget<'_>) -> Vec<PathBuf> {
    let root = seen.root.clone();
    let mut files = Vec::new();
    let mut waiting = vec![root.clone()];
    while let Some(folder) = waiting.pop() {
        let entries = match listed(&folder, budget) {
            Ok(entries) => entries,
            Err(source) => {
                obstacle(seen, &folder, &source);
                continue;
            }
        };
        for entry in entries {
            let path = folder.join(&entry.name);
            if entry.is_folder {
                if folder == root {
                    waiting.push(path);
                }
            } else if TransactionFileName::parse(&entry.name.to_string_lossy()).is_some() {
                files.push(path);
            }
        }
    }
    files.sort_unstable_by(|one, other| other.file_name().cmp(&one.file_name()));
    files
}

fn count(seen: &mut PartSeen, bytes: &[u8], data_types: &mut BTreeMap<String, DataTypeSeen>) {
    for header in records(bytes).filter_map(|record| record.header.ok()) {
        seen.files += 1;
        if is_facility_code(header.facility) {
            seen.facility(header.facility, CodePlace::TransactionHeader, 1);
        }
        if seen.newest.as_deref().is_none_or(|newest| newest < header.time) {
            seen.newest =
                Some(header.time.to_owned()).filter(|time| time.bytes().all(|byte| byte.is_ascii_digit()));
        }
        let known = DataType::find(header.data_type);
        let code = known.map_or("?", |known| known.code);
        let of = data_types.entry(code.to_owned()).or_default();
        of.code = code.to_owned();
        of.name = known.map(|known| [known.en, known.ja]);
        of.files += 1;
        let [deleted, current, _] = &mut of.flags;
        *match header.operation {
            Operation::Insert => current,
            Operation::Delete => deleted,
        } += 1;
    }
}
