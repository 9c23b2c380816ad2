//! The content folders of an extension storage: each, with all that is in it, is read as one version.
//!
//! Its files go into claims, piece by piece, and what is published is their list, a [`Manifest`]. A folder is read when
//! it and everything in it have stood still; whatever changes while it is read makes it wait.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Cursor, ErrorKind, Read};
use std::path::{Path, PathBuf};

use ssmix2::DataTypeFolder;

use super::content::{Content, Hash};
use super::context::Context;
use super::error::Halt;
use super::folder::{Tree, join, obstacle};
use super::media;
use super::read::{Reader, Reading, Stat, fault, mtime, open};
use crate::envelope::{Fault, Finding, Format, Identifying};
use crate::manifest::{Manifest, ManifestFile};
use crate::store::{ClaimError, Claims};

/// Files of a content folder.
const FILES_MAX: usize = 10_000;
/// Folders below each other in a content folder.
const DEPTH_MAX: usize = 16;

/// How the content folders of an extension storage are read.
pub(super) struct Contents {
    claims: Claims,
    /// Standard codes of local ones.
    documents: BTreeMap<String, String>,
}

/// What lies in a content folder.
struct Survey {
    /// Path in the folder, place in the file system, looks.
    files: Vec<(String, PathBuf, Stat)>,
    /// How many folders lie in it.
    folders: usize,
    /// Youngest modification time of the folder and all in it, nanoseconds since 1970.
    youngest: i64,
    /// What was passed over.
    findings: Vec<Finding>,
    /// More files or deeper folders than are read.
    excess: Option<&'static str>,
}

/// Why a folder was not read.
enum Unread {
    /// Something in it has changed or gone since it was looked at.
    Changed,
    /// A file can't be read.
    Unreadable(io::Error),
    Halt(Halt),
}

impl Contents {
    pub(super) fn new(claims: Claims, documents: BTreeMap<String, String>) -> Self {
        Self { claims, documents }
    }

    /// How a content folder looks: of what is in it, and when that changed last. None if it is gone.
    pub(super) fn stat(&self, tree: &Tree, path: &str) -> io::Result<Option<Stat>> {
        match survey(tree, path) {
            Ok(survey) => Ok(Some(survey.stat())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The code of a data-type folder: the standard's, or as the facility's configuration has it, else its own.
    pub(super) fn code_of<'n>(&self, folder: &'n str) -> Cow<'n, str> {
        match self.mapped(&DataTypeFolder::parse(folder)) {
            Some(code) => Cow::Owned(code.clone()),
            None => Cow::Borrowed(DataTypeFolder::parse(folder).code()),
        }
    }

    fn mapped(&self, folder: &DataTypeFolder<'_>) -> Option<&String> {
        self.documents.get(folder.local.code).filter(|_| folder.standard.code.is_empty())
    }

    /// Reads the content folder that looked so.
    pub(super) fn read(
        &self,
        context: &Context,
        tree: &Tree,
        reader: &Reader,
        path: &str,
        stat: Stat,
    ) -> Result<Reading, Halt> {
        let quiet = reader.quiet(path, stat);
        if !reader.may_read(quiet) {
            return Ok(Reading::Pending);
        }
        let read = survey(tree, path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => Unread::Changed,
            _ => Unread::Unreadable(error),
        });
        let read = read.and_then(|survey| match survey.stat() == stat {
            true => self.content(tree, path, survey),
            false => Err(Unread::Changed),
        });
        match read {
            Ok(content) if content.fault.is_some() && !reader.waits_no_more(quiet) => Ok(Reading::Pending),
            Ok(content) => Ok(Reading::Ready(content)),
            Err(Unread::Changed) if !tree.full(path).exists() => Ok(Reading::Gone),
            Err(Unread::Changed) => Ok(Reading::Pending),
            Err(Unread::Unreadable(error)) => {
                let what = error.kind().to_string();
                tree.trouble(context, path, "", &what);
                Ok(match reader.unreadable(quiet, &what) {
                    Reading::Ready(content) => Reading::Ready(unreadable(content)),
                    other => other,
                })
            }
            Err(Unread::Halt(halt)) => Err(halt),
        }
    }

    fn content(&self, tree: &Tree, path: &str, survey: Survey) -> Result<Content, Unread> {
        let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
        let data_type = above.rsplit_once('/').map_or(above, |(_, data_type)| data_type);
        let before = survey.stat();
        let mut findings = survey.findings;
        let parsed = DataTypeFolder::parse(data_type);
        if parsed.is_long() {
            findings
                .push(finding("data-type-long", "the data type folder's name has more than 180 characters"));
        }
        let excess = survey.excess.map(|what| folder_fault("content-folder-too-large", what));
        let empty = survey
            .files
            .is_empty()
            .then(|| folder_fault("content-folder-empty", "the content folder holds no file"));
        let fault = excess.or(empty);
        let mut files = Vec::with_capacity(survey.files.len());
        for (path, full, stat) in survey.files.into_iter().filter(|_| fault.is_none()) {
            files.push(self.file(path, &full, stat)?);
        }
        // A file that came or went while the others were read makes another document.
        let after = self::survey(tree, path).map_err(|_gone| Unread::Changed)?;
        if after.stat() != before {
            return Err(Unread::Changed);
        }
        let manifest = Manifest {
            data_type: data_type.to_owned(),
            mapped_code: self.mapped(&parsed).cloned(),
            folder: Identifying(name.to_owned()),
            files,
        };
        Ok(Content::of_folder(&manifest, findings, fault))
    }

    /// Puts a file into claims.
    fn file(&self, path: String, full: &Path, stat: Stat) -> Result<ManifestFile, Unread> {
        let unread = |error: io::Error| match error.kind() {
            ErrorKind::NotFound => Unread::Changed,
            _ => Unread::Unreadable(error),
        };
        let mut file = open(full).map_err(unread)?;
        let mut first = Vec::new();
        Read::by_ref(&mut file).take(media::LOOKED_AT).read_to_end(&mut first).map_err(unread)?;
        let media_type = media::of(&first, &path);
        let rest = Read::by_ref(&mut file).take(stat.size);
        let claim =
            self.claims.put(Cursor::new(&first).chain(rest), media_type).map_err(|error| match error {
                ClaimError::Source(error) => unread(error),
                error => Unread::Halt(Halt::Claims(error)),
            })?;
        let now = Stat::of(&file.metadata().map_err(unread)?);
        if now != stat || claim.bytes != stat.size {
            return Err(Unread::Changed);
        }
        let media_type = media_type.to_owned();
        Ok(ManifestFile { path: Identifying(path), bytes: claim.bytes, hash: claim.hash, media_type })
    }
}

impl Survey {
    /// Looks of the whole: a hash of all names and looks in the size's place.
    fn stat(&self) -> Stat {
        let mut hasher = blake3::Hasher::new();
        // What was not seen to its end may come in another order.
        for (path, _, stat) in self.files.iter().filter(|_| self.excess.is_none()) {
            hasher.update(path.as_bytes()).update(&[0]);
            hasher.update(&stat.size.to_le_bytes()).update(&stat.mtime.to_le_bytes());
        }
        let [a, b, c, d, e, f, g, _, ..] = *hasher.finalize().as_bytes();
        // Seven bytes: never the size that stands for none.
        Stat { size: u64::from_le_bytes([a, b, c, d, e, f, g, 0]), mtime: self.youngest }
    }

    fn add(&mut self, tree: &Tree, path: &str, full: &Path, below: &str, depth: usize) -> io::Result<()> {
        let metadata = fs::symlink_metadata(full)?;
        if !metadata.is_dir() {
            return Err(ErrorKind::NotADirectory.into());
        }
        self.youngest = self.youngest.max(mtime(&metadata));
        for entry in fs::read_dir(full)? {
            if self.excess.is_some() {
                return Ok(());
            }
            let entry = entry?;
            let name = entry.file_name();
            if name.as_encoded_bytes().starts_with(b".") {
                continue;
            }
            let (full, kind) = (full.join(&name), entry.file_type()?);
            let path = tree.text(path, name);
            let name = path.rsplit_once('/').map_or(path.as_str(), |(_, name)| name);
            let below = join(below, name);
            match obstacle(kind) {
                Some(what) => self.find(finding("not-a-file", what)),
                None if self.files.len() + self.folders >= FILES_MAX => {
                    self.excess = Some("the content folder holds more than 10,000 files and folders");
                }
                None if kind.is_file() => {
                    let stat = Stat::of(&entry.metadata()?);
                    self.youngest = self.youngest.max(stat.mtime);
                    self.files.push((below, full, stat));
                }
                None if depth >= DEPTH_MAX => {
                    self.excess = Some("the content folder holds more than 16 folders below each other");
                }
                None => {
                    self.folders += 1;
                    self.add(tree, &path, &full, &below, depth + 1)?;
                }
            }
        }
        Ok(())
    }

    fn find(&mut self, finding: Finding) {
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }
}

/// Looks at all that is in a content folder; reads nothing of it.
fn survey(tree: &Tree, path: &str) -> io::Result<Survey> {
    let (files, findings) = (Vec::new(), Vec::new());
    let mut survey = Survey { files, folders: 0, youngest: i64::MIN, findings, excess: None };
    survey.add(tree, path, &tree.full(path), "", 1)?;
    survey.files.sort_unstable_by(|one, other| one.0.cmp(&other.0));
    Ok(survey)
}

/// The report of a folder that can't be read, as one of a document without content.
fn unreadable(content: Content) -> Content {
    Content { format: Format::Document, hash: Hash::default(), ..content }
}

fn finding(code: &'static str, text: &str) -> Finding {
    Finding { code: code.into(), place: "content folder".to_owned(), text: text.to_owned() }
}

fn folder_fault(code: &str, reason: &str) -> Fault {
    Fault { place: "content folder".to_owned(), ..fault(code, reason, 0) }
}
