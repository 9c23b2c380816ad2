//! Goes through a storage's folders, piece by piece, so that several workers can share it.

use std::ffi::OsString;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use ssmix2::StoragePath;
use ssmix2::conformance::check_file;

use super::tally::{File, Tally};
use crate::ingest::settings::BYTES_MAX;

/// The pieces: folders of the second level, and what lies above them.
pub(super) struct Walk {
    root: PathBuf,
    pieces: Vec<Piece>,
}

enum Piece {
    /// A folder with all below it.
    Folder(PathBuf),
    /// A folder above the second level that can't be listed.
    Unreadable,
    /// Something above the second level that is no folder.
    Stray(PathBuf),
}

impl Walk {
    /// Lists the first two levels. An error is one of the root's.
    pub(super) fn new(root: &Path) -> io::Result<Self> {
        let mut pieces = Vec::new();
        for (first, kind) in listed(root)? {
            let first = root.join(first);
            match kind {
                Kind::Folder => second_level(&first, &mut pieces),
                _ => pieces.push(Piece::Stray(first)),
            }
        }
        Ok(Self { root: root.to_owned(), pieces })
    }

    /// How many pieces there are.
    pub(super) fn folders(&self) -> usize {
        self.pieces.len()
    }

    /// Checks all files of a piece; whether there is such a piece.
    pub(super) fn folder(&self, piece: usize, tally: &mut Tally) -> bool {
        match self.pieces.get(piece) {
            Some(Piece::Folder(folder)) => self.below(folder.clone(), tally),
            Some(Piece::Unreadable) => tally.folder_unreadable(),
            Some(Piece::Stray(path)) => tally.stray(&self.relative(path)),
            None => return false,
        }
        true
    }

    fn below(&self, folder: PathBuf, tally: &mut Tally) {
        let mut waiting = vec![folder];
        while let Some(folder) = waiting.pop() {
            let entries = match listed(&folder) {
                Ok(entries) => entries,
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(_) => {
                    tally.folder_unreadable();
                    continue;
                }
            };
            // The last folder first onto the stack: a worker goes through all that it gets in the order of paths.
            let folders = entries.iter().rev().filter(|(_, kind)| *kind == Kind::Folder);
            waiting.extend(folders.map(|(name, _)| folder.join(name)));
            for (name, kind) in entries {
                let path = folder.join(name);
                match kind {
                    Kind::Folder => {}
                    Kind::File => self.file(&path, tally),
                    Kind::Other => tally.stray(&self.relative(&path)),
                }
            }
        }
    }

    fn file(&self, path: &Path, tally: &mut Tally) {
        let relative = self.relative(path);
        let Ok(place) = StoragePath::parse(&relative) else {
            tally.stray(&relative);
            return;
        };
        match read(path) {
            Ok(Some(bytes)) => {
                let findings = check_file(&place, &bytes);
                tally.file(File { place: &place, path: &relative, bytes: &bytes }, &findings);
            }
            // Renamed to another flag since it was listed: the new name is in the listing or not, as it happens.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Ok(None) | Err(_) => tally.unreadable(File { place: &place, path: &relative, bytes: &[] }),
        }
    }

    /// The path below the root with `/` between its parts. A name that is no text is no storage's name.
    fn relative(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).to_string_lossy().into_owned()
    }
}

fn second_level(first: &Path, pieces: &mut Vec<Piece>) {
    let Ok(entries) = listed(first) else {
        pieces.push(Piece::Unreadable);
        return;
    };
    for (second, kind) in entries {
        let path = first.join(second);
        pieces.push(if kind == Kind::Folder { Piece::Folder(path) } else { Piece::Stray(path) });
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Folder,
    File,
    /// A link, a socket: nothing that a storage holds, and nothing that is followed.
    Other,
}

impl Kind {
    fn of(kind: fs::FileType) -> Self {
        if kind.is_dir() {
            Self::Folder
        } else if kind.is_file() {
            Self::File
        } else {
            Self::Other
        }
    }
}

/// A folder's entries by name, so that every check of a storage goes the same way.
fn listed(folder: &Path) -> io::Result<Vec<(OsString, Kind)>> {
    let mut entries = fs::read_dir(folder)?
        .map(|entry| {
            let entry = entry?;
            Ok((entry.file_name(), Kind::of(entry.file_type()?)))
        })
        .collect::<io::Result<Vec<_>>>()?;
    entries.sort_unstable();
    Ok(entries)
}

/// The bytes of a file; nothing of one that is larger than a feed would read.
fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    if fs::metadata(path)?.len() > BYTES_MAX {
        return Ok(None);
    }
    fs::read(path).map(Some)
}
