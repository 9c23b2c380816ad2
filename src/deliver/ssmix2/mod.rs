//! Delivery kind `ssmix2`: the files of storages again, byte for byte, for an emergency backup (非常時バックアップ).
//!
//! `<path>/<facility>/<source>/` becomes what the source's folder is: each message is written under the name that it
//! has there, and its record's other versions are renamed as the source had renamed them when the message was taken.
//! A message that comes from no storage (a drop folder, a connection) becomes a file of its own below
//! `<path>/<facility>/<source>.messages/`. A content folder of an extension storage is written below
//! `<path>/<facility>/<source>.extension/`, with all its files.
//!
//! - A file is written under a temporary name, made durable, and renamed: a crash leaves the old file or the new one.
//! - A copy that comes again changes nothing, and in their order copies lead to the same end from any point on.
//! - Other bytes under a name that exists replace it, because the source did the same; what was there before is kept
//!   below `<path>/.musubi/replaced/`.
//! - What `<path>` itself is, its owner says: it is never made. All below is opened folder by folder, and no link is
//!   followed.

mod document;
mod flags;
mod piece;
mod place;
mod tree;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use tokio::task::spawn_blocking;
use tracing::warn;

use super::outcome::Outcome;
use crate::broker::Delivery;
use crate::envelope::Format;
use crate::store::Claims;
use place::Place;
use tree::{Folder, KeepError, Known, Root};

/// Keeps copies.
pub(super) struct Ssmix2Sender {
    path: PathBuf,
    /// Folders that this process has seen to be durable.
    known: Arc<Mutex<Known>>,
    /// Where files of documents lie.
    claims: Claims,
}

impl Ssmix2Sender {
    pub(super) fn new(path: &Path, claims: &Claims) -> Self {
        Self { path: path.to_owned(), known: Arc::default(), claims: claims.clone() }
    }

    pub(super) async fn attempt(&self, copy: &Delivery) -> Outcome {
        let (path, known) = (self.path.clone(), self.known.clone());
        let (claims, copy) = (self.claims.clone(), copy.clone());
        let kept = spawn_blocking(move || keep(&path, &known, &claims, &copy)).await;
        match kept {
            Ok(Ok(())) => Outcome::Delivered,
            Ok(Err(KeepError::Refused(code))) => Outcome::refused(code),
            Ok(Err(KeepError::Io(error))) => {
                Outcome::away(format!("the store can't be written: {}", error.kind()))
            }
            Err(_) => Outcome::away("the writing failed: a fault of the hub, please report it"),
        }
    }
}

/// Writes the file of a copy, and names its record's other versions as the source does.
fn keep(path: &Path, known: &Mutex<Known>, claims: &Claims, copy: &Delivery) -> Result<(), KeepError> {
    let format = copy.envelope.format;
    let is_original =
        copy.envelope.event.as_ref().is_some_and(|event| event.media_type == format.media_type());
    if !is_original {
        return Err(KeepError::Refused("not-original"));
    }
    let place = Place::of(&copy.envelope)?;
    let root = Root::open(path, known)?;
    let folder = root.folder(&place.folders)?;
    for (from, to) in flags::renames(&folder.names()?, &place) {
        folder.rename(&from, &to)?;
    }
    if format == Format::Document && place.is_stored {
        document::keep(&root, &folder, &place, copy, claims)?;
    } else {
        keep_file(&root, &folder, &place, copy)?;
    }
    // Also where nothing was to be done: the attempt before may have ended right here.
    folder.sync()
}

/// Writes a file in its place.
fn keep_file(root: &Root<'_>, folder: &Folder, place: &Place, copy: &Delivery) -> Result<(), KeepError> {
    let before = folder.read(&place.name)?;
    let body = match &copy.envelope.stored.as_ref().and_then(|stored| stored.piece.as_ref()) {
        Some(piece) => piece::whole(root, place, piece, copy, before.as_deref())?,
        None if place.is_stored && place.versions.is_empty() => Some(without_empty_lines(&copy.body)),
        None => Some(copy.body.clone()),
    };
    match (before, body) {
        (_, None) => {}
        (Some(before), Some(body)) if before == body => {}
        (before, Some(body)) => {
            if let Some(before) = before {
                root.set_aside(place, &before)?;
                let place = place.hash();
                warn!(
                    place,
                    "a file was written anew at its source; the one before is kept in .musubi/replaced"
                );
            }
            root.write(folder, place, &body)?;
        }
    }
    Ok(())
}

/// A transaction storage puts line ends between a message and the next header: those that only make empty lines are
/// its own.
fn without_empty_lines(message: &Bytes) -> Bytes {
    let text = message.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n')).map_or(0, |at| at + 1);
    let first = match message.get(text..) {
        Some([b'\r', b'\n', ..]) => 2,
        Some([_, ..]) => 1,
        _ => 0,
    };
    message.slice(..text + first)
}

#[cfg(test)]
mod tests;
