//! Which parts of a hospital's output lie below a folder: a storage is known by its first file, wherever its root is.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use serde::Serialize;
use ssmix2::extension::path_findings;
use ssmix2::transaction::{TransactionFileName, records};
use ssmix2::{ContentFolder, DataType, FileName, PathFinding, StoragePath};

use super::budget::Budget;
use super::listing::{Entry, is_hidden, listed};
use super::{Obstacle, head};
use crate::ops::conform::looks_like_a_code;
use crate::ops::inspect::is_archive;

/// Folders of a storage above its files, and the file.
const DEPTH: usize = 6;
/// Files of a folder that are looked into before it is known what they are.
const FILES_TRIED: usize = 30;
/// Bytes of a file that are looked at.
const HEAD_BYTES: u64 = 64 << 10;
/// Folders below each other that are followed.
const DEPTH_MAX: usize = 24;

/// What a folder, or a file, is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// 標準化ストレージ
    Standard,
    /// トランザクションストレージ
    Transaction,
    /// 拡張ストレージ
    Extension,
    /// The transaction storage of an extension storage.
    ExtensionTransaction,
    /// An export of the index database (SSMIXIDX) as CSV.
    Index,
    /// A folder of HL7 v2 files.
    Hl7Files,
    /// A folder of archives of health check-ups.
    Checkup,
}

impl Part {
    /// Whether it is a storage of SS-MIX2, with a root of its own.
    pub const fn is_storage(self) -> bool {
        !matches!(self, Self::Index | Self::Hl7Files | Self::Checkup)
    }
}

/// A part and where it lies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Found {
    /// What it is.
    pub part: Part,
    /// Its root folder; the file of an index.
    pub root: PathBuf,
}

/// What was found, and what was in the way.
#[derive(Debug, Default)]
pub(super) struct Finder {
    pub(super) found: Vec<Found>,
    pub(super) obstacles: Vec<Obstacle>,
    /// Files that are nothing a feed reads.
    pub(super) others: u64,
}

impl Finder {
    /// Looks at a folder and below it, as far as the budget allows.
    pub(super) fn below(&mut self, folder: &Path, budget: &mut Budget<'_>) {
        self.folder(folder, 0, budget);
        self.join_drop_folders(folder);
        self.found.sort();
        self.found.dedup();
    }

    fn folder(&mut self, folder: &Path, depth: usize, budget: &mut Budget<'_>) {
        if depth > DEPTH_MAX || self.is_in_storage(folder) || budget.is_spent() {
            return;
        }
        let entries = match listed(folder, budget) {
            Ok(entries) => entries,
            Err(source) => return self.obstacles.push(Obstacle::new(folder, &source)),
        };
        let (folders, files): (Vec<_>, Vec<_>) =
            entries.into_iter().filter(|entry| !is_hidden(entry)).partition(|entry| entry.is_folder);
        self.files(folder, &files);
        for entry in folders {
            if self.is_in_storage(folder) {
                return;
            }
            let path = folder.join(&entry.name);
            match content_root(&path) {
                Some(root) => self.add(Part::Extension, root),
                None => self.folder(&path, depth + 1, budget),
            }
        }
    }

    fn files(&mut self, folder: &Path, files: &[Entry]) {
        for entry in files.iter().take(FILES_TRIED) {
            let path = folder.join(&entry.name);
            match of_file(&path) {
                Ok(Some((part, root))) => self.add(part, root),
                Ok(None) => self.others += 1,
                Err(source) => self.obstacles.push(Obstacle::new(&path, &source)),
            }
            if self.is_in_storage(folder) {
                return;
            }
        }
    }

    fn add(&mut self, part: Part, root: PathBuf) {
        let found = Found { part, root };
        if !self.found.contains(&found) {
            self.found.push(found);
        }
    }

    fn is_in_storage(&self, folder: &Path) -> bool {
        self.found.iter().any(|found| found.part.is_storage() && folder.starts_with(&found.root))
    }

    /// A drop folder is read with what lies below it: folders beside each other are one source, named by the folder
    /// above them, unless something else lies there too.
    fn join_drop_folders(&mut self, sample: &Path) {
        for part in [Part::Hl7Files, Part::Checkup] {
            let all = self.found.clone();
            let (own, others): (Vec<_>, Vec<_>) = all.iter().partition(|found| found.part == part);
            let roots: Vec<_> = own.iter().map(|found| found.root.as_path()).collect();
            let is_free = |folder: &Path| {
                folder.starts_with(sample) && !others.iter().any(|other| other.root.starts_with(folder))
            };
            let common = common(&roots).filter(|folder| is_free(folder));
            let common = common.map(|folder| above_numbers(folder, is_free));
            if let Some(root) = common {
                self.found.retain(|found| found.part != part);
                self.found.push(Found { part, root });
            } else {
                let is_below =
                    |one: &Found| roots.iter().any(|root| *root != one.root && one.root.starts_with(root));
                self.found.retain(|found| found.part != part || !is_below(found));
            }
        }
    }
}

/// The folder that all of these lie in, or are; nothing where there are none.
fn common(roots: &[&Path]) -> Option<PathBuf> {
    let (first, others) = roots.split_first()?;
    first.ancestors().find(|folder| others.iter().all(|root| root.starts_with(folder))).map(Path::to_owned)
}

/// The first folder from there upwards, as far as that may go, that is not named by a number: of a day, or of a patient.
fn above_numbers(folder: PathBuf, may_be: impl Fn(&Path) -> bool) -> PathBuf {
    let is_number = |folder: &Path| {
        let name = folder.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        name.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | '_' | '.'))
    };
    let mut at = folder.as_path();
    while is_number(at)
        && let Some(above) = at.parent().filter(|above| may_be(above))
    {
        at = above;
    }
    at.to_owned()
}

/// The part that a file belongs to, and the part's root.
fn of_file(path: &Path) -> std::io::Result<Option<(Part, PathBuf)>> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if FileName::parse(name).is_ok()
        && let Some(root) = storage_root(path)
    {
        return Ok(Some((Part::Standard, root)));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(HEAD_BYTES).read_to_end(&mut bytes)?;
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    if TransactionFileName::parse(name).is_some() && bytes.starts_with(b"#SSMIX,") {
        let root = year_root(&folder).unwrap_or(folder);
        let part = if is_of_extension(&bytes) { Part::ExtensionTransaction } else { Part::Transaction };
        return Ok(Some((part, root)));
    }
    if is_archive(name, &bytes) {
        return Ok(Some((Part::Checkup, folder)));
    }
    if head::is_hl7(&bytes) {
        return Ok(Some((Part::Hl7Files, folder)));
    }
    let is_index = ssmix2::index::Rows::open(BufReader::new(bytes.as_slice())).is_ok();
    Ok(is_index.then(|| (Part::Index, path.to_owned())))
}

/// The root of the standardised storage that a file lies in.
fn storage_root(path: &Path) -> Option<PathBuf> {
    let root = path.ancestors().nth(DEPTH)?;
    let below = path.strip_prefix(root).ok()?.to_str()?;
    let place = StoragePath::parse(below).ok()?;
    (!place.findings.contains(&PathFinding::Prefix)).then(|| root.to_owned())
}

/// The root of the extension storage that a content folder lies in.
fn content_root(folder: &Path) -> Option<PathBuf> {
    ContentFolder::parse(folder.file_name()?.to_str()?).ok()?;
    let root = folder.ancestors().nth(DEPTH)?;
    let findings = path_findings(folder.strip_prefix(root).ok()?.to_str()?).ok()?;
    (!findings.contains(&PathFinding::Prefix)).then(|| root.to_owned())
}

/// The folder above a year's.
fn year_root(folder: &Path) -> Option<PathBuf> {
    let year = folder.file_name()?.to_str()?;
    let is_year = year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit());
    folder.parent().filter(|_| is_year).map(Path::to_owned)
}

/// Whether the first record that can be read is of no data type of the standardised storage.
fn is_of_extension(bytes: &[u8]) -> bool {
    let first = records(bytes).find_map(|record| record.header.ok());
    first.is_some_and(|header| {
        DataType::find(header.data_type).is_none() && !looks_like_a_code(header.data_type)
    })
}
