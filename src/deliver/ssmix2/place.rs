//! Where a copy belongs, and whether that is a place at all.

use super::tree::KeepError;
use crate::envelope::{Envelope, Format, Identifying, unescape};

/// Parts of a path in a standardised storage: five folders and the file.
const PARTS: usize = 6;

/// Where a file lies below the root. Holds patient ids.
pub(super) struct Place {
    /// Folders from the root on: facility, source, and those of the storage.
    pub(super) folders: Vec<Vec<u8>>,
    /// Name of the file.
    pub(super) name: Vec<u8>,
    /// What the record's versions are called, where the source was looked at for it.
    pub(super) versions: Vec<Vec<u8>>,
    /// Whether it is a file of a storage, whose name says what becomes of others.
    pub(super) is_stored: bool,
}

impl Place {
    /// The place of a message. Every part of it is a plain name: nothing that it says leads anywhere else.
    pub(super) fn of(envelope: &Envelope) -> Result<Self, KeepError> {
        let source = envelope.key.0.split('/').next().unwrap_or_default();
        let of_facility = |source: String| vec![envelope.facility.clone().into_bytes(), source.into_bytes()];
        let place = match &envelope.stored {
            Some(stored) => {
                let path = unescape(&stored.path.0);
                let mut parts: Vec<Vec<u8>> = path.split(|byte| *byte == b'/').map(<[u8]>::to_vec).collect();
                if parts.len() != PARTS {
                    return Err(KeepError::Refused("path-depth"));
                }
                let name = parts.pop().unwrap_or_default();
                let source = match envelope.format {
                    Format::Document => format!("{source}.extension"),
                    Format::Hl7v2 | Format::Checkup => source.to_owned(),
                };
                let folders = of_facility(source).into_iter().chain(parts).collect();
                let versions = stored.versions.iter().map(|Identifying(name)| unescape(name)).collect();
                Self { folders, name, versions, is_stored: true }
            }
            None => {
                let mut folders = of_facility(format!("{source}.messages"));
                folders.push(envelope.id.chars().take(2).collect::<String>().into_bytes());
                let name = format!("{}.{}", envelope.id, suffix(envelope.format)).into_bytes();
                Self { folders, name, versions: Vec::new(), is_stored: false }
            }
        };
        let is_place = {
            let mut parts = place.folders.iter().chain([&place.name]).chain(&place.versions);
            parts.all(|part| is_plain(part))
        };
        if is_place { Ok(place) } else { Err(KeepError::Refused("path-part")) }
    }

    /// Tells the place from every other without saying it.
    pub(super) fn hash(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for part in self.folders.iter().chain([&self.name]) {
            hasher.update(part).update(b"/");
        }
        hasher.finalize().to_hex().chars().take(32).collect()
    }
}

/// The end of a file's name that says what it is.
const fn suffix(format: Format) -> &'static str {
    match format {
        Format::Hl7v2 => "hl7",
        Format::Document => "json",
        Format::Checkup => "zip",
    }
}

/// Whether a text is the name of something in a folder.
pub(super) fn is_plain(part: &[u8]) -> bool {
    !part.is_empty() && part != b"." && part != b".." && !part.contains(&b'/') && !part.contains(&0)
}
