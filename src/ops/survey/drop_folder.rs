//! Folders of HL7 v2 files, and of archives of health check-ups.

use super::budget::{Budget, Limits};
use super::content::Reader;
use super::head;
use super::listing::{is_hidden, shuffled};
use super::storage::{obstacle, read};
use super::{Part, PartSeen};
use crate::ops::inspect::is_archive;

/// Looks at a drop folder and its subfolders.
pub(super) fn look(seen: &mut PartSeen, limits: Limits, budget: &mut Budget<'_>) {
    let root = seen.root.clone();
    let (mut reader, mut read_files) = (Reader::default(), 0);
    let mut waiting = vec![root.clone()];
    while let Some(folder) = waiting.pop() {
        let entries = match shuffled(&folder, budget) {
            Ok(entries) => entries,
            Err(source) => {
                obstacle(seen, &folder, &source);
                continue;
            }
        };
        for entry in entries.iter().filter(|entry| !is_hidden(entry)) {
            let path = folder.join(&entry.name);
            if entry.is_folder {
                waiting.push(path);
                continue;
            }
            seen.files += 1;
            if read_files >= limits.files_of_data_type || budget.is_spent() {
                continue;
            }
            match read(&path) {
                Ok(Some(bytes)) => {
                    let name = entry.name.to_string_lossy();
                    let below = path.strip_prefix(&root).unwrap_or(&path).to_string_lossy();
                    read_files += 1;
                    seen.names.empty += u64::from(bytes.is_empty());
                    seen.sampled.add(&below, &bytes);
                    one(seen, &mut reader, &name, &bytes);
                }
                Ok(None) => {}
                Err(source) => obstacle(seen, &path, &source),
            }
        }
        if budget.is_spent() {
            break;
        }
    }
    seen.content = reader.finish();
}

/// A file of the other kind in the folder is one that the feed will call invalid.
fn one(seen: &mut PartSeen, reader: &mut Reader, name: &str, bytes: &[u8]) {
    match (seen.part, is_archive(name, bytes)) {
        (Part::Checkup, true) => drop(reader.archive(bytes, name)),
        (Part::Hl7Files, false) if head::is_hl7(bytes) => drop(reader.hl7(bytes, None)),
        _ => seen.names.stray += 1,
    }
}
