//! Looks at a folder no closer than it must.
//!
//! A file that comes, goes or is renamed changes its folder's modification time. A folder whose time is as the
//! ledger knows it is therefore not listed again. The time is believed only if it was older than
//! `RACY` when the listing began: a younger folder may change once more within the same tick of a coarse clock.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs::{self, FileType};
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::context::Context;
use super::read::mtime;
use crate::envelope::escape;
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
    /// What is not UTF-8, by its path as text: its own name.
    names: Mutex<HashMap<String, OsString>>,
}

impl Tree {
    pub(super) fn new(root: PathBuf, place: Place) -> Self {
        Self { root, place, names: Mutex::default() }
    }

    /// The place of a path in the file system.
    pub(super) fn full(&self, path: &str) -> PathBuf {
        if path.is_empty() {
            return self.root.clone();
        }
        if !path.contains(char::REPLACEMENT_CHARACTER) {
            return self.root.join(path);
        }
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let mut full = self.root.clone();
        let mut text = String::new();
        for part in path.split('/') {
            text = join(&text, part);
            full.push(names.get(&text).map_or(OsStr::new(part), OsString::as_os_str));
        }
        full
    }

    /// The path of a file below the root as the file system has it, [escaped](escape).
    pub(super) fn stored(&self, path: &str) -> String {
        let full = self.full(path);
        escape(full.strip_prefix(&self.root).unwrap_or(&full).as_os_str().as_bytes())
    }

    /// The path of an entry as text. A name that is not UTF-8 is kept visibly wrong, with a hash that tells it
    /// from others; its file is found by it from now on.
    pub(super) fn text(&self, path: &str, name: OsString) -> String {
        let name = match name.into_string() {
            Ok(name) => return join(path, &name),
            Err(name) => name,
        };
        let hash = blake3::hash(name.as_encoded_bytes()).to_hex();
        let text = format!("{}~{}", name.to_string_lossy(), hash.get(..8).unwrap_or_default());
        let text = join(path, &text);
        self.names.lock().unwrap_or_else(PoisonError::into_inner).insert(text.clone(), name);
        text
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
        // The root may be a link; what lies below it may not lead out of it, nor back into it.
        let metadata = if path.is_empty() { fs::metadata(&full) } else { fs::symlink_metadata(&full) };
        let mtime = match metadata {
            Ok(metadata) if metadata.is_dir() => mtime(&metadata),
            Ok(_) => return Ok(Err(ErrorKind::NotADirectory.into())),
            Err(error) => return Ok(Err(error)),
        };
        let record = context.ledger.folder(&self.place, path)?.unwrap_or_default();
        // A name that is not UTF-8 is known only once it was listed.
        let is_text = !record.children.iter().any(|child| child.contains(char::REPLACEMENT_CHARACTER));
        if !always && record.mtime == Some(mtime) && is_text {
            return Ok(Ok(View { record, listing: None }));
        }
        let trusted = (mtime < now.saturating_sub(RACY)).then_some(mtime);
        Ok(self.list(context, path, &full).map(|(folders, files)| View {
            record,
            listing: Some(Listing { folders, files, mtime, trusted }),
        }))
    }

    /// Folders and files in a folder, each sorted by name.
    fn list(&self, context: &Context, path: &str, full: &Path) -> io::Result<(Vec<String>, Vec<String>)> {
        let (mut folders, mut files) = (Vec::new(), Vec::new());
        for entry in fs::read_dir(full)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            let text = self.text(path, entry.file_name());
            let name = text.rsplit_once('/').map_or(text.as_str(), |(_, name)| name).to_owned();
            match obstacle(kind) {
                Some(what) => self.trouble(context, &text, "", what),
                None if kind.is_dir() => folders.push(name),
                None => files.push(name),
            }
        }
        folders.sort_unstable();
        files.sort_unstable();
        Ok((folders, files))
    }

    /// Warns of a folder or file of this tree.
    pub(super) fn trouble(&self, context: &Context, path: &str, data_type: &str, what: &str) {
        context.trouble(&self.place.source, path, data_type, what);
    }
}

/// Why something is neither a folder to go into nor a file to read. A link could lead to the same file twice,
/// or to one that is another's to delete; a pipe or device could keep its reader for ever.
pub(super) fn obstacle(kind: FileType) -> Option<&'static str> {
    if kind.is_symlink() {
        Some("it is a symbolic link; links are not followed")
    } else if kind.is_dir() || kind.is_file() {
        None
    } else {
        Some("it is neither a file nor a folder")
    }
}

/// A path below another, with `/` between.
pub(super) fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") }
}
