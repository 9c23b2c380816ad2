//! The files that are imported at every start: what is known already is passed over.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Register, RegistryError, Taken};
use crate::registry::csv::{self, Fault, Import, Reading};

impl Register {
    /// Imports a folder of CSV files, whole or not at all.
    pub async fn import(
        self: &Arc<Self>,
        folder: &Path,
        zone: &TimeZone,
        now: Timestamp,
    ) -> Result<Taken, RegistryError> {
        let unreadable = |source| RegistryError::Files { folder: folder.to_owned(), source };
        let files = files(folder).map_err(unreadable)?;
        self.import_files(&files, zone, now).await
    }

    /// The same for files in memory, by name and bytes.
    pub async fn import_files(
        self: &Arc<Self>,
        files: &[(String, Vec<u8>)],
        zone: &TimeZone,
        now: Timestamp,
    ) -> Result<Taken, RegistryError> {
        let Import { entries, places, faults } = csv::read(files, &Reading { zone: zone.clone(), now });
        if !faults.is_empty() {
            return Err(RegistryError::Import(faults));
        }
        self.submit(entries).await.map_err(|error| match error {
            RegistryError::Refused(refusals) => {
                let placed = refusals.into_iter().filter_map(|refusal| {
                    let place = places.get(refusal.index)?.clone();
                    Some(Fault { place, column: String::new(), reason: refusal.reason.into_owned() })
                });
                RegistryError::Import(placed.collect())
            }
            other => other,
        })
    }
}

/// The CSV files of a folder, in the order of their names.
///
/// # Errors
///
/// The folder or a file can't be read.
pub fn files(folder: &Path) -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let is_csv = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
        if let (true, Some(name)) = (is_csv && path.is_file(), path.file_name()) {
            files.push((name.to_string_lossy().into_owned(), fs::read(&path)?));
        }
    }
    files.sort();
    Ok(files)
}
