//! Content folders of an extension storage: the files of a list, from the claims under which they lie.
//!
//! A folder is built aside and then given its name, so that it is there whole or not at all. One that is there with
//! other contents is kept below `.musubi/replaced/`, as files are.

use std::collections::BTreeMap;
use std::io;

use tracing::warn;

use super::place::{Place, is_plain};
use super::tree::{Folder, KeepError, Root};
use crate::broker::Delivery;
use crate::disposition::Disposition;
use crate::manifest::Manifest;
use crate::store::{ClaimError, Claims};

/// Folders below each other that are gone through: more than any document has.
const DEPTH_MAX: usize = 64;

/// Files below a folder: length and hash by path.
type Files = BTreeMap<Vec<u8>, (u64, String)>;

/// Writes the folder of a document in its place.
pub(super) fn keep(
    root: &Root<'_>,
    folder: &Folder,
    place: &Place,
    copy: &Delivery,
    claims: &Claims,
) -> Result<(), KeepError> {
    let manifest = Manifest::from_bytes(&copy.body).map_err(|_| KeepError::Refused("manifest-unreadable"))?;
    let wanted = wanted(&manifest)?;
    if let Some(there) = folder.open(&place.name)? {
        let mut found = Files::new();
        list(&there, &[], 0, &mut found)?;
        if found == wanted {
            return Ok(());
        }
        let mut hasher = blake3::Hasher::new();
        found.iter().for_each(|(path, (_, hash))| {
            hasher.update(path).update(&[0]).update(hash.as_bytes());
        });
        root.move_aside(folder, place, &hasher.finalize().to_hex().chars().take(16).collect::<String>())?;
        let place = place.hash();
        warn!(place, "a document was written anew at its source; the one before is kept in .musubi/replaced");
    }
    let name = format!("{}.{}", place.hash(), &blake3::hash(&copy.body).to_hex());
    let aside = root.aside(name.as_bytes())?;
    for (path, (_, hash)) in &wanted {
        let mut parts: Vec<&[u8]> = path.split(|byte| *byte == b'/').collect();
        let name = parts.pop().unwrap_or_default();
        let below = aside.below(&parts)?;
        below.write(name, |file| claims.copy(hash, file).map(drop).map_err(claimed))?;
        below.sync()?;
    }
    root.put_folder(&aside, name.as_bytes(), folder, &place.name)
}

/// What a list says, if each of its paths is one.
fn wanted(manifest: &Manifest) -> Result<Files, KeepError> {
    let files = manifest.files.iter().map(|file| {
        let path = file.path.0.as_bytes();
        let is_path = path.split(|byte| *byte == b'/').all(is_plain);
        is_path
            .then(|| (path.to_vec(), (file.bytes, file.hash.clone())))
            .ok_or(KeepError::Refused("path-part"))
    });
    files.collect()
}

/// What lies in a folder.
fn list(folder: &Folder, path: &[u8], depth: usize, found: &mut Files) -> Result<(), KeepError> {
    for name in folder.names()? {
        let below = if path.is_empty() { name.clone() } else { [path, &b"/"[..], &name].concat() };
        match folder.open(&name) {
            Ok(Some(_)) if depth >= DEPTH_MAX => return Err(KeepError::Refused("path-depth")),
            Ok(Some(inner)) => list(&inner, &below, depth + 1, found)?,
            Ok(None) => {}
            Err(KeepError::Refused("path-blocked")) => drop(found.insert(below, folder.hash(&name)?)),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn claimed(error: ClaimError) -> KeepError {
    match error.disposition() {
        Disposition::Retry => KeepError::Io(io::Error::other(error)),
        _ => KeepError::Refused(error.code()),
    }
}
