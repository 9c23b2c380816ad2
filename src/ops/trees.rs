//! Compares a storage with its copy, file by file: what `musubi verify-backup` does.
//!
//! Both trees are walked side by side in the order of their names, so that memory holds no more than the names of one
//! folder and its parents, however many files there are. No link is followed.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

use crate::envelope::escape;

/// Bytes compared at a time.
const CHUNK: usize = 64 << 10;

/// How a file of the one tree differs from the other tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Difference {
    /// The copy has no such file.
    Missing,
    /// Only the copy has it.
    Extra,
    /// The copy has it under another condition flag.
    Flag,
    /// Their bytes differ in the line ends at the end, in nothing else.
    LineEnds,
    /// Their bytes differ.
    Bytes,
    /// It is neither a file nor a folder: nothing that is copied.
    Special,
    /// It could not be read, so that nothing can be said.
    Unreadable,
}

impl Difference {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Missing,
        Self::Extra,
        Self::Flag,
        Self::LineEnds,
        Self::Bytes,
        Self::Special,
        Self::Unreadable,
    ];
}

/// One difference. Paths hold patient ids: it is for whoever asked, and for no log.
#[derive(Serialize)]
pub struct Found {
    /// What it is.
    pub difference: Difference,
    /// Path below the source, or below the copy where only that has it.
    #[serde(serialize_with = "as_text")]
    pub path: PathBuf,
    /// Its name in the copy, where that has another flag.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_optional_text")]
    pub copy: Option<PathBuf>,
}

/// What a comparison came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// Files of the source.
    pub files: u64,
    /// Those whose copy has the same path and the same bytes.
    pub equal: u64,
    /// How many differences of each sort there are; a file may have two.
    pub differences: BTreeMap<Difference, u64>,
}

impl Comparison {
    /// How many differences of a sort there are.
    pub fn count(&self, difference: Difference) -> u64 {
        self.differences.get(&difference).copied().unwrap_or_default()
    }
}

/// A tree that can't be compared at all.
#[derive(Debug, thiserror::Error)]
#[error("{} can't be read", path.display())]
pub struct TreeError {
    /// Its root.
    pub path: PathBuf,
    /// Cause.
    #[source]
    source: io::Error,
}

/// Compares the trees below two folders; tells each difference as it is found, and how many files are done.
///
/// # Errors
/// If one of the two roots can't be read. What can't be read below them is a difference.
pub fn compare(
    source: &Path,
    copy: &Path,
    found: &mut dyn FnMut(Found),
    progress: &mut dyn FnMut(u64),
) -> Result<Comparison, TreeError> {
    let root = |path: &Path| list(path).map_err(|source| TreeError { path: path.to_owned(), source });
    let (of_source, of_copy) = (root(source)?, root(copy)?);
    let mut walk = Walk { source, copy, found, progress, result: Comparison::default() };
    walk.folder(Path::new(""), of_source, of_copy);
    Ok(walk.result)
}

/// What lies in a folder, by name.
type Names = BTreeMap<OsString, Sort>;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    Folder,
    File,
    Special,
}

struct Walk<'w> {
    source: &'w Path,
    copy: &'w Path,
    found: &'w mut dyn FnMut(Found),
    progress: &'w mut dyn FnMut(u64),
    result: Comparison,
}

#[derive(Clone, Copy)]
enum Side {
    Source,
    Copy,
}

impl Walk<'_> {
    fn folder(&mut self, path: &Path, source: Names, mut copy: Names) {
        let (mut missing, mut both) = (Names::new(), Vec::new());
        for (name, sort) in source {
            match copy.get(&name) {
                Some(other) if *other == sort => {
                    copy.remove(&name);
                    both.push((name, sort));
                }
                _ => drop(missing.insert(name, sort)),
            }
        }
        for (name, sort) in both {
            let path = path.join(&name);
            match sort {
                Sort::Folder => self.both_folders(&path),
                Sort::File => self.both_files(&path, &path),
                Sort::Special => self.tell(Difference::Special, &path, None),
            }
        }
        self.other_flags(path, &mut missing, &mut copy);
        for (side, names) in [(Side::Source, missing), (Side::Copy, copy)] {
            names.into_iter().for_each(|(name, sort)| self.alone(side, &path.join(name), sort));
        }
    }

    fn both_folders(&mut self, path: &Path) {
        match (list(&self.source.join(path)), list(&self.copy.join(path))) {
            (Ok(source), Ok(copy)) => self.folder(path, source, copy),
            _ => self.tell(Difference::Unreadable, path, None),
        }
    }

    /// Files that are on both sides, under names that differ in the flag only.
    fn other_flags(&mut self, path: &Path, missing: &mut Names, extra: &mut Names) {
        let files = |names: &Names| {
            let files = names.iter().filter(|(_, sort)| **sort == Sort::File);
            files.map(|(name, _)| name.clone()).collect::<BTreeSet<_>>()
        };
        let mut others = files(extra);
        for name in files(missing) {
            let Some(stem) = stem(&name) else { continue };
            let Some(other) = others.iter().find(|other| self::stem(other) == Some(stem)).cloned() else {
                continue;
            };
            let (own, copy) = (path.join(&name), path.join(&other));
            self.tell(Difference::Flag, &own, Some(&copy));
            self.both_files(&own, &copy);
            missing.remove(&name);
            extra.remove(&other);
            others.remove(&other);
        }
    }

    fn both_files(&mut self, path: &Path, copy: &Path) {
        self.count_file();
        match difference(&self.source.join(path), &self.copy.join(copy)) {
            Ok(None) if path == copy => self.result.equal += 1,
            Ok(None) => {}
            Ok(Some(difference)) => self.tell(difference, path, None),
            Err(_) => self.tell(Difference::Unreadable, path, None),
        }
    }

    /// What the other side does not have, with all below it.
    fn alone(&mut self, side: Side, path: &Path, sort: Sort) {
        let (root, difference) = match side {
            Side::Source => (self.source, Difference::Missing),
            Side::Copy => (self.copy, Difference::Extra),
        };
        match sort {
            Sort::Special => self.tell(Difference::Special, path, None),
            Sort::Folder => match list(&root.join(path)) {
                Ok(names) => {
                    names.into_iter().for_each(|(name, sort)| self.alone(side, &path.join(name), sort));
                }
                Err(_) => self.tell(Difference::Unreadable, path, None),
            },
            Sort::File => {
                if matches!(side, Side::Source) {
                    self.count_file();
                }
                self.tell(difference, path, None);
            }
        }
    }

    fn count_file(&mut self) {
        self.result.files += 1;
        (self.progress)(self.result.files);
    }

    fn tell(&mut self, difference: Difference, path: &Path, copy: Option<&Path>) {
        *self.result.differences.entry(difference).or_default() += 1;
        (self.found)(Found { difference, path: path.to_owned(), copy: copy.map(Path::to_owned) });
    }
}

fn list(folder: &Path) -> io::Result<Names> {
    let mut names = Names::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let sort = match entry.file_type()? {
            sort if sort.is_dir() => Sort::Folder,
            sort if sort.is_file() => Sort::File,
            _ => Sort::Special,
        };
        names.insert(entry.file_name(), sort);
    }
    Ok(names)
}

/// A name without its condition flag.
fn stem(name: &OsStr) -> Option<&[u8]> {
    match name.as_bytes() {
        [stem @ .., b'_', b'0' | b'1' | b'2'] => Some(stem),
        _ => None,
    }
}

/// How the bytes of two files differ.
fn difference(one: &Path, other: &Path) -> io::Result<Option<Difference>> {
    let [one, other] = [File::open(one)?, File::open(other)?];
    let (mut one, mut other) = (Rest::new(one), Rest::new(other));
    loop {
        let (left, right) = (one.fill()?, other.fill()?);
        let common = left.min(right);
        if one.bytes.get(..common) != other.bytes.get(..common) {
            let at = one.bytes.iter().zip(&other.bytes).position(|(a, b)| a != b).unwrap_or_default();
            return only_line_ends(one, other, at).map(Some);
        }
        match (left, right) {
            (0, 0) => return Ok(None),
            (left, right) if left != right => return only_line_ends(one, other, common).map(Some),
            _ => {
                one.bytes.clear();
                other.bytes.clear();
            }
        }
    }
}

/// Whether from a byte of what was read on there are only line ends in both.
fn only_line_ends(mut one: Rest, mut other: Rest, at: usize) -> io::Result<Difference> {
    let is_all = one.has_only_line_ends(at)? && other.has_only_line_ends(at)?;
    Ok(if is_all { Difference::LineEnds } else { Difference::Bytes })
}

/// A file that is being read.
struct Rest {
    file: File,
    bytes: Vec<u8>,
}

impl Rest {
    fn new(file: File) -> Self {
        Self { file, bytes: Vec::with_capacity(CHUNK) }
    }

    /// Reads on, as far as there is room; how much is there.
    fn fill(&mut self) -> io::Result<usize> {
        let room = CHUNK.saturating_sub(self.bytes.len());
        Read::by_ref(&mut self.file).take(room as u64).read_to_end(&mut self.bytes)?;
        Ok(self.bytes.len())
    }

    fn has_only_line_ends(&mut self, from: usize) -> io::Result<bool> {
        let mut from = from;
        loop {
            let rest = self.bytes.get(from..).unwrap_or_default();
            if !rest.iter().all(|byte| matches!(byte, b'\r' | b'\n')) {
                return Ok(false);
            }
            self.bytes.clear();
            from = 0;
            if self.fill()? == 0 {
                return Ok(true);
            }
        }
    }
}

fn as_text<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&escape(path.as_os_str().as_bytes()))
}

fn as_optional_text<S: Serializer>(path: &Option<PathBuf>, serializer: S) -> Result<S::Ok, S::Error> {
    match path {
        Some(path) => as_text(path, serializer),
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Files as `path=content`, in two trees; differences as `sort path [copy]`.
    #[track_caller]
    fn check(source: &[(&str, &str)], copy: &[(&str, &str)], expected: &[&str]) -> Comparison {
        let trees = [source, copy].map(|files| {
            let folder = tempfile::tempdir().unwrap();
            for (path, content) in files {
                let path = folder.path().join(path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, content).unwrap();
            }
            folder
        });
        let mut told = Vec::new();
        let mut note = |found: Found| {
            let sort = serde_json::to_value(found.difference).unwrap();
            let copy = found.copy.map(|copy| format!(" {}", copy.display())).unwrap_or_default();
            told.push(format!("{} {}{copy}", sort.as_str().unwrap(), found.path.display()));
        };
        let result = compare(trees[0].path(), trees[1].path(), &mut note, &mut |_| {}).unwrap();
        told.sort();
        assert_eq!(told, expected);
        assert_eq!(result.differences.values().sum::<u64>(), expected.len() as u64);
        result
    }

    #[test]
    fn equal_trees() {
        let long = "x".repeat(CHUNK);
        let files = [("a/b_1", long.as_str()), ("a/c", ""), ("d", "1")];
        let result = check(&files, &files, &[]);
        assert_eq!((result.files, result.equal), (3, 3));
    }

    #[test]
    fn every_difference_is_told_once() {
        let source =
            [("a/v_1", "1"), ("a/w_0", "1"), ("b/only", "1"), ("c", "one"), ("e", "1\r"), ("f/x", "1")];
        let copy =
            [("a/v_2", "1"), ("a/w_1", "2"), ("c", "two"), ("e", "1\r\n\n"), ("f", "1"), ("g/h/i", "1")];
        let expected = [
            "bytes a/w_0",
            "bytes c",
            "extra f",
            "extra g/h/i",
            "flag a/v_1 a/v_2",
            "flag a/w_0 a/w_1",
            "line-ends e",
            "missing b/only",
            "missing f/x",
        ];
        let result = check(&source, &copy, &expected);
        assert_eq!((result.files, result.equal), (6, 0));
    }

    #[test]
    fn two_versions_with_the_same_flags_are_no_flag_differences() {
        check(&[("v_1", "1"), ("v_2", "2")], &[("v_1", "1"), ("v_2", "2")], &[]);
        check(&[("v_1", "1"), ("v_2", "2")], &[("v_2", "2")], &["missing v_1"]);
    }

    #[test]
    fn line_ends_at_the_edge_of_a_chunk() {
        let text = "x".repeat(CHUNK);
        check(&[("a", &text)], &[("a", &format!("{text}\r"))], &["line-ends a"]);
        check(&[("a", &text)], &[("a", &format!("{text}\r."))], &["bytes a"]);
        check(&[("a", &format!("{text}\r"))], &[("a", &format!("{text}\n"))], &["line-ends a"]);
        check(&[("a", "1\r2")], &[("a", "1\n2")], &["bytes a"]);
    }

    #[test]
    fn a_link_is_not_followed() {
        let (source, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::os::unix::fs::symlink("/", source.path().join("out")).unwrap();
        let result = compare(source.path(), copy.path(), &mut |_| {}, &mut |_| {}).unwrap();
        assert_eq!((result.files, result.count(Difference::Special)), (0, 1));
        assert!(compare(&source.path().join("nowhere"), copy.path(), &mut |_| {}, &mut |_| {}).is_err());
    }
}
