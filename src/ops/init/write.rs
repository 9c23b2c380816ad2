//! Puts new files into a configuration folder: all of them or none, and never over one that is there.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

/// A file to be written.
#[derive(Debug, Clone)]
pub struct NewFile {
    /// Path below the configuration folder.
    pub path: PathBuf,
    /// Its content.
    pub bytes: Vec<u8>,
    /// Whether it may replace one that is there.
    pub replaces: bool,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Written {
    /// Path below the configuration folder.
    pub path: PathBuf,
    /// Whether one was there and was replaced.
    pub replaced: bool,
}

/// Why nothing, or not all, was written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// A file is there already; nothing was written.
    #[error("{} is there already; nothing was written", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The system does not let it be written.
    #[error("{} can't be written", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Cause.
        #[source]
        source: io::Error,
    },
}

/// Writes the files below `folder`, which is made if it is not there.
///
/// # Errors
/// One of them is there and may not be replaced (nothing was written then), or can't be written.
pub fn write(folder: &Path, files: &[NewFile]) -> Result<Vec<Written>, WriteError> {
    let in_the_way = files.iter().map(|file| (folder.join(&file.path), file.replaces));
    if let Some((path, _)) = in_the_way.into_iter().find(|(path, replaces)| !replaces && path.exists()) {
        return Err(WriteError::Exists { path });
    }
    files.iter().map(|file| one(folder, file)).collect()
}

fn one(folder: &Path, file: &NewFile) -> Result<Written, WriteError> {
    let path = folder.join(&file.path);
    let failed = |source| WriteError::Io { path: path.clone(), source };
    let parent = path.parent().unwrap_or(folder);
    fs::create_dir_all(parent).map_err(failed)?;
    let replaced = path.exists();
    let mut options = fs::File::options();
    options.write(true).create_new(!file.replaces).create(true).truncate(file.replaces);
    let mut opened = options.open(&path).map_err(failed)?;
    opened.write_all(&file.bytes).and_then(|()| opened.sync_all()).map_err(failed)?;
    Ok(Written { path: file.path.clone(), replaced })
}
