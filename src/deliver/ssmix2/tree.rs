//! The folder of the copies, opened part by part: what lies in it may not lead out of it.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rustix::fs::{CWD, Dir, FileType, Mode, OFlags, fsync, mkdirat, openat, renameat, statat};
use rustix::io::Errno;

use super::place::Place;

/// What the hub keeps beside the copies.
const OWN: &[u8] = b".musubi";
const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
const FILE: OFlags = OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
const NEW: OFlags =
    OFlags::WRONLY.union(OFlags::CREATE).union(OFlags::TRUNC).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
const FOLDER_MODE: Mode = Mode::RWXU.union(Mode::RGRP).union(Mode::XGRP);
const FILE_MODE: Mode = Mode::RUSR.union(Mode::WUSR).union(Mode::RGRP);
/// How often the same contents of a document may come and go.
const REPLACED_MAX: u32 = 1_000;
/// Folders remembered.
const KNOWN_MAX: usize = 100_000;

/// Folders that are known to be durable, by the hash of their path.
pub(super) type Known = HashSet<[u8; 32]>;

/// Why a copy is not kept.
#[derive(Debug, thiserror::Error)]
pub(super) enum KeepError {
    /// It can't be, as it is: the word says why.
    #[error("refused: {0}")]
    Refused(&'static str),
    /// Not now.
    #[error("the store can't be written")]
    Io(#[from] io::Error),
}

impl From<Errno> for KeepError {
    fn from(error: Errno) -> Self {
        match error {
            Errno::LOOP | Errno::NOTDIR | Errno::ISDIR | Errno::NOTEMPTY => Self::Refused("path-blocked"),
            Errno::NAMETOOLONG => Self::Refused("path-too-long"),
            Errno::INVAL | Errno::ILSEQ => Self::Refused("path-invalid"),
            error => Self::Io(error.into()),
        }
    }
}

/// The folder of all copies.
pub(super) struct Root<'k> {
    folder: Folder,
    known: &'k Mutex<Known>,
}

/// A folder of it.
pub(super) struct Folder(OwnedFd);

impl<'k> Root<'k> {
    /// Opens it, by links if its owner made it so.
    pub(super) fn open(path: &Path, known: &'k Mutex<Known>) -> Result<Self, KeepError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = openat(CWD, path, flags, Mode::empty()).map_err(io::Error::from)?;
        Ok(Self { folder: Folder(root), known })
    }

    /// A folder below, which is made where it is missing.
    pub(super) fn folder(&self, parts: &[Vec<u8>]) -> Result<Folder, KeepError> {
        let mut hasher = blake3::Hasher::new();
        parts.iter().for_each(|part| {
            hasher.update(part).update(b"/");
        });
        let hash = *hasher.finalize().as_bytes();
        let is_known = self.known.lock().unwrap_or_else(PoisonError::into_inner).contains(&hash);
        let mut folder = Folder(openat(&self.folder.0, ".", FOLDER, Mode::empty())?);
        for part in parts {
            let next = match openat(&folder.0, part.as_slice(), FOLDER, Mode::empty()) {
                Err(Errno::NOENT) => {
                    match mkdirat(&folder.0, part.as_slice(), FOLDER_MODE) {
                        Ok(()) | Err(Errno::EXIST) => folder.sync()?,
                        Err(error) => return Err(error.into()),
                    }
                    openat(&folder.0, part.as_slice(), FOLDER, Mode::empty())?
                }
                // Whoever made it may have ended before it was durable.
                Ok(next) if !is_known => {
                    folder.sync()?;
                    next
                }
                opened => opened?,
            };
            folder = Folder(next);
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KNOWN_MAX {
            known.clear();
        }
        known.insert(hash);
        Ok(folder)
    }

    /// Writes a file durably, and puts it in its place in one step.
    pub(super) fn write(&self, folder: &Folder, place: &Place, bytes: &[u8]) -> Result<(), KeepError> {
        self.put(folder, &place.name, place.hash().as_bytes(), bytes)?;
        Ok(())
    }

    /// Keeps what lay in a place before, under its path and a hash of what it is.
    pub(super) fn set_aside(&self, place: &Place, bytes: &[u8]) -> Result<(), KeepError> {
        let digest: String = blake3::hash(bytes).to_hex().chars().take(16).collect();
        let folder = self.replaced(place)?;
        let name = [&place.name, &b"."[..], digest.as_bytes()].concat();
        self.put(&folder, &name, digest.as_bytes(), bytes)?;
        folder.sync()
    }

    /// A folder that is being built.
    pub(super) fn aside(&self, name: &[u8]) -> Result<Folder, KeepError> {
        self.folder(&[OWN.to_vec(), b"tmp".to_vec()])?.below(&[name])
    }

    /// Gives a folder that was built its place.
    pub(super) fn put_folder(
        &self,
        built: &Folder,
        temporary: &[u8],
        folder: &Folder,
        name: &[u8],
    ) -> Result<(), KeepError> {
        built.sync()?;
        let outside = self.folder(&[OWN.to_vec(), b"tmp".to_vec()])?;
        Ok(renameat(&outside.0, temporary, &folder.0, name)?)
    }

    /// Moves a folder to where replaced ones are kept, under its path and what tells its contents from others.
    pub(super) fn move_aside(&self, folder: &Folder, place: &Place, digest: &str) -> Result<(), KeepError> {
        let kept = self.replaced(place)?;
        let plain = [&place.name, &b"."[..], digest.as_bytes()].concat();
        for serial in 0..REPLACED_MAX {
            let name = match serial {
                0 => plain.clone(),
                _ => [&plain[..], format!(".{serial}").as_bytes()].concat(),
            };
            match renameat(&folder.0, place.name.as_slice(), &kept.0, name) {
                Err(Errno::NOTEMPTY | Errno::EXIST) => {}
                moved => {
                    moved?;
                    return kept.sync();
                }
            }
        }
        Err(KeepError::Refused("replaced-too-often"))
    }

    fn replaced(&self, place: &Place) -> Result<Folder, KeepError> {
        let own = [OWN.to_vec(), b"replaced".to_vec()];
        let folders: Vec<_> = own.into_iter().chain(place.folders.iter().cloned()).collect();
        self.folder(&folders)
    }

    /// The folder where the pieces of a file come together.
    pub(super) fn pieces(&self, name: &str) -> Result<Folder, KeepError> {
        self.folder(&[OWN.to_vec(), b"pieces".to_vec(), name.as_bytes().to_vec()])
    }

    /// Writes a piece durably.
    pub(super) fn write_piece(&self, folder: &Folder, name: &str, bytes: &[u8]) -> Result<(), KeepError> {
        let temporary = blake3::hash(bytes).to_hex();
        self.put(folder, name.as_bytes(), temporary.as_bytes(), bytes)?;
        folder.sync()
    }

    fn put(&self, folder: &Folder, name: &[u8], temporary: &[u8], bytes: &[u8]) -> Result<(), KeepError> {
        let outside = self.folder(&[OWN.to_vec(), b"tmp".to_vec()])?;
        outside.write(temporary, |file| Ok(file.write_all(bytes)?))?;
        renameat(&outside.0, temporary, &folder.0, name)?;
        Ok(())
    }
}

impl Folder {
    /// The names in it.
    pub(super) fn names(&self) -> Result<Vec<Vec<u8>>, KeepError> {
        let mut names = Vec::new();
        for entry in Dir::read_from(self.0.as_fd())? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." {
                names.push(name.to_vec());
            }
        }
        Ok(names)
    }

    /// A folder in it; none where there is nothing of that name.
    pub(super) fn open(&self, name: &[u8]) -> Result<Option<Self>, KeepError> {
        match openat(&self.0, name, FOLDER, Mode::empty()) {
            Err(Errno::NOENT) => Ok(None),
            opened => Ok(Some(Self(opened?))),
        }
    }

    /// A folder below, which is made where it is missing.
    pub(super) fn below(&self, parts: &[&[u8]]) -> Result<Self, KeepError> {
        let mut folder = Self(openat(&self.0, ".", FOLDER, Mode::empty())?);
        for part in parts {
            match mkdirat(&folder.0, *part, FOLDER_MODE) {
                Ok(()) => folder.sync()?,
                Err(Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
            }
            folder = Self(openat(&folder.0, *part, FOLDER, Mode::empty())?);
        }
        Ok(folder)
    }

    /// Writes a file durably, in a folder that nobody looks at yet.
    pub(super) fn write(
        &self,
        name: &[u8],
        fill: impl FnOnce(&mut File) -> Result<(), KeepError>,
    ) -> Result<(), KeepError> {
        let mut file = File::from(openat(&self.0, name, NEW, FILE_MODE)?);
        fill(&mut file)?;
        Ok(file.sync_all()?)
    }

    /// Length and hash of a file, which is no link.
    pub(super) fn hash(&self, name: &[u8]) -> Result<(u64, String), KeepError> {
        let file = File::from(openat(&self.0, name, FILE, Mode::empty())?);
        let mut hasher = blake3::Hasher::new();
        let mut file = io::BufReader::new(file);
        let bytes = io::copy(&mut file, &mut hasher)?;
        Ok((bytes, hasher.finalize().to_hex().to_string()))
    }

    /// A file's bytes; none where there is no such file.
    pub(super) fn read(&self, name: &[u8]) -> Result<Option<Vec<u8>>, KeepError> {
        match statat(&self.0, name, rustix::fs::AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => return Ok(None),
            Ok(stat) if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile => {
                return Err(KeepError::Refused("path-blocked"));
            }
            looked => drop(looked?),
        }
        let mut bytes = Vec::new();
        File::from(openat(&self.0, name, FILE, Mode::empty())?).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }

    /// Gives a file another name.
    pub(super) fn rename(&self, from: &[u8], to: &[u8]) -> Result<(), KeepError> {
        Ok(renameat(&self.0, from, &self.0, to)?)
    }

    /// Makes durable what came and went.
    pub(super) fn sync(&self) -> Result<(), KeepError> {
        Ok(fsync(&self.0)?)
    }
}
