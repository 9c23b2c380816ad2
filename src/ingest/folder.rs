//! Looks at a folder no closer than it must.
//!
//! A file that comes, goes or is renamed changes its folder's modification time. A folder whose time is as the
//! ledger knows it is therefore not listed again. The time is believed only if it was older than
//! `RACY` when the listing began: a younger folder may change once more within the same tick of a coarse clock.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::context::Context;
use super::read::mtime;
use crate::store::{FolderRecord, Place, StoreError};

const RACY: i64 = 3_000_000_000;

/// A folder's names.
pub(super) struct Listing {
    pub(super) folders: Vec<String>,
    pub(super) files: Vec<String>,
    /// Modification time before it was listed.
    pub(super) mtime: i64,
    /// The same, if it may be believed later.
    pub(super) trusted: Option<i64>,
}

/// A folder as it is known, with its names if they had to be read.
pub(super) struct View {
    pub(super) record: FolderRecord,
    pub(super) listing: Option<Listing>,
}

impl View {
    /// The folders in it.
    pub(super) fn children(&self) -> &[String] {
        self.listing.as_ref().map_or(&self.record.children, |listing| &listing.folders)
    }

    /// The record with what the listing showed of the folder itself, if that differs.
    pub(super) fn renewed(self) -> Option<FolderRecord> {
        let listing = self.listing?;
        let is_same = self.record.mtime == listing.trusted && self.record.children == listing.folders;
        (!is_same).then_some(FolderRecord {
            mtime: listing.trusted,
            children: listing.folders,
            ..self.record
        })
    }
}

/// The root of one source's tree, and its part of the ledger.
pub(super) struct Tree {
    pub(super) root: PathBuf,
    pub(super) place: Place,
}

impl Tree {
    /// The place of a path in the file system.
    pub(super) fn full(&self, path: &str) -> PathBuf {
        if path.is_empty() { self.root.clone() } else { self.root.join(path) }
    }

    /// A folder as the ledger knows it, listed only if it has changed (or `always`). `Ok(Err)` if it can't be
    /// read: what is known of it then stands.
    pub(super) fn look(
        &self,
        context: &Context,
        path: &str,
        always: bool,
    ) -> Result<Result<View, io::Error>, StoreError> {
        let full = self.full(path);
        let now = context.now();
        let mtime = match fs::metadata(&full) {
            Ok(metadata) => mtime(&metadata),
            Err(error) => return Ok(Err(error)),
        };
        let record = context.ledger.folder(&self.place, path)?.unwrap_or_default();
        if !always && record.mtime == Some(mtime) {
            return Ok(Ok(View { record, listing: None }));
        }
        let trusted = (mtime < now.saturating_sub(RACY)).then_some(mtime);
        Ok(list(&full).map(|(folders, files)| View {
            record,
            listing: Some(Listing { folders, files, mtime, trusted }),
        }))
    }

    /// Warns of a folder or file of this tree.
    pub(super) fn trouble(&self, context: &Context, path: &str, data_type: &str, what: &str) {
        context.trouble(&self.place.source, path, data_type, what);
    }
}

/// Folders and files in a folder, each sorted by name. Names that are no text are told by an error.
fn list(folder: &Path) -> io::Result<(Vec<String>, Vec<String>)> {
    let (mut folders, mut files) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        // A link that leads nowhere counts as a file, so that it is reported.
        let is_dir =
            kind.is_dir() || kind.is_symlink() && fs::metadata(entry.path()).is_ok_and(|to| to.is_dir());
        // A name that is not UTF-8 can't be a storage's; kept visibly wrong, it becomes an unreadable file.
        let name = entry.file_name().to_string_lossy().into_owned();
        if is_dir { folders.push(name) } else { files.push(name) }
    }
    folders.sort_unstable();
    files.sort_unstable();
    Ok((folders, files))
}

/// A path below another, with `/` between.
pub(super) fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") }
}
