//! Compares a standardised storage with its index database's export: what `musubi reconcile` does.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use serde::Serialize;
pub use ssmix2::index::RowFault;
use ssmix2::index::{IndexError, Row, Rows};

/// Folders above a file: three of the patient, the day, the data type.
const DEPTH: usize = 5;

/// How the index and the storage differ about a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mismatch {
    /// The row's file is not there.
    NoFile,
    /// The file has no row.
    NoRow,
    /// They have different condition flags.
    Flag,
}

/// One mismatch. Paths hold patient ids: it is for whoever asked, and for no log.
#[derive(Serialize)]
pub struct Found {
    /// What it is.
    pub mismatch: Mismatch,
    /// Path of the file; that of the row where there is no file.
    pub path: String,
    /// Line of the row, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
}

/// How many versions there are of a data type on a day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// In the index.
    pub rows: u64,
    /// In the storage.
    pub files: u64,
}

/// A data type on a day.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day {
    /// データ種別
    pub data_type: String,
    /// 診療日 or `-`.
    pub date: String,
}

/// What a comparison came to.
#[derive(Debug, Default)]
pub struct Reconciliation {
    /// Versions of which row and file agree.
    pub agreed: u64,
    /// Mismatches of each sort.
    pub mismatches: BTreeMap<Mismatch, u64>,
    /// Lines that are no row.
    pub unread_rows: u64,
    /// Folders that could not be read: what is said of their files is not known.
    pub unread_folders: u64,
    /// Versions by data type and day.
    pub days: BTreeMap<Day, Count>,
}

impl Reconciliation {
    /// Whether row for row and file for file are the same.
    pub fn is_same(&self) -> bool {
        self.mismatches.is_empty() && self.unread_rows == 0 && self.unread_folders == 0
    }
}

/// Why nothing can be compared.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// The export.
    #[error("{} is no export of the index", path.display())]
    Index {
        /// File.
        path: PathBuf,
        /// Cause.
        #[source]
        source: IndexError,
    },
    /// The storage.
    #[error("{} can't be read", path.display())]
    Storage {
        /// Its root.
        path: PathBuf,
        /// Cause.
        #[source]
        source: io::Error,
    },
}

/// What is told while it goes on.
pub trait Watch {
    /// A mismatch.
    fn found(&mut self, found: &Found);
    /// A line of the export that is no row.
    fn fault(&mut self, fault: &RowFault);
    /// So many rows and files are done.
    fn progress(&mut self, done: u64);
}

/// Compares. The rows of the standardised storage are held in memory, by path.
///
/// # Errors
/// If the export or the storage's root can't be read.
pub fn reconcile(
    storage: &Path,
    index: &Path,
    watch: &mut dyn Watch,
) -> Result<Reconciliation, ReconcileError> {
    let mut work = Work { rows: BTreeMap::new(), watch, done: 0, result: Reconciliation::default() };
    let no_index = |source| ReconcileError::Index { path: index.to_owned(), source };
    work.read(index).map_err(no_index)?;
    let root = fs::read_dir(storage);
    let root = root.map_err(|source| ReconcileError::Storage { path: storage.to_owned(), source })?;
    work.folder(storage, "", 0, root);
    Ok(work.finish())
}

/// A row that no file was found for yet.
struct Awaited {
    flag: char,
    line: u64,
    updated: i64,
}

struct Work<'w> {
    /// Rows by their files' paths without the flag.
    rows: BTreeMap<String, Awaited>,
    watch: &'w mut dyn Watch,
    done: u64,
    result: Reconciliation,
}

impl Work<'_> {
    fn read(&mut self, index: &Path) -> Result<(), IndexError> {
        for row in Rows::open(BufReader::new(File::open(index)?))? {
            match row? {
                Ok(row) if row.is_extension => {}
                Ok(row) => self.row(&row),
                Err(fault) => {
                    self.result.unread_rows += 1;
                    self.watch.fault(&fault);
                }
            }
        }
        Ok(())
    }

    /// A version may have several rows: the one written last counts.
    fn row(&mut self, row: &Row) {
        self.step();
        let path = row.path();
        let (stem, flag) = split(&path);
        let awaited = Awaited { flag, line: row.line, updated: row.updated };
        match self.rows.get_mut(stem) {
            Some(known) if known.updated <= row.updated => *known = awaited,
            Some(_) => {}
            None => {
                self.rows.insert(stem.to_owned(), awaited);
                self.count(&path).rows += 1;
            }
        }
    }

    fn folder(&mut self, full: &Path, path: &str, depth: usize, entries: fs::ReadDir) {
        let mut names: Vec<_> = entries.filter_map(|entry| self.entry(entry)).collect();
        names.sort_unstable_by(|(one, ..), (other, ..)| one.cmp(other));
        for (name, own, is_folder) in names {
            let below = if path.is_empty() { name } else { format!("{path}/{name}") };
            match (is_folder, depth) {
                (true, 0..DEPTH) => match fs::read_dir(full.join(&own)) {
                    Ok(entries) => self.folder(&full.join(own), &below, depth + 1, entries),
                    Err(_) => self.result.unread_folders += 1,
                },
                (false, DEPTH) => self.file(&below),
                _ => {}
            }
        }
    }

    /// Name as text, name, and whether it is a folder; none for what no feed reads.
    fn entry(&mut self, entry: io::Result<fs::DirEntry>) -> Option<(String, std::ffi::OsString, bool)> {
        let looked = entry.and_then(|entry| Ok((entry.file_name(), entry.file_type()?)));
        let Ok((name, sort)) = looked else {
            self.result.unread_folders += 1;
            return None;
        };
        let text = name.to_string_lossy().into_owned();
        (!text.starts_with('.') && (sort.is_dir() || sort.is_file())).then_some((text, name, sort.is_dir()))
    }

    fn file(&mut self, path: &str) {
        self.step();
        self.count(path).files += 1;
        let (stem, flag) = split(path);
        match self.rows.remove(stem) {
            Some(row) if row.flag == flag => self.result.agreed += 1,
            Some(row) => self.tell(Mismatch::Flag, path.to_owned(), Some(row.line)),
            None => self.tell(Mismatch::NoRow, path.to_owned(), None),
        }
    }

    fn finish(mut self) -> Reconciliation {
        for (stem, row) in std::mem::take(&mut self.rows) {
            self.tell(Mismatch::NoFile, format!("{stem}_{}", row.flag), Some(row.line));
        }
        self.result
    }

    fn tell(&mut self, mismatch: Mismatch, path: String, line: Option<u64>) {
        *self.result.mismatches.entry(mismatch).or_default() += 1;
        self.watch.found(&Found { mismatch, path, line });
    }

    fn count(&mut self, path: &str) -> &mut Count {
        let mut parts = path.split('/').skip(DEPTH - 2);
        let mut part = || parts.next().unwrap_or_default().to_owned();
        let (date, data_type) = (part(), part());
        self.result.days.entry(Day { data_type, date }).or_default()
    }

    fn step(&mut self) {
        self.done += 1;
        self.watch.progress(self.done);
    }
}

/// A path without its flag, and the flag; a blank where it ends with none.
fn split(path: &str) -> (&str, char) {
    match path.rsplit_once('_') {
        Some((stem, "0")) => (stem, '0'),
        Some((stem, "1")) => (stem, '1'),
        Some((stem, "2")) => (stem, '2'),
        _ => (path, ' '),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str =
        "VolumeLabel,PatientID,OrderDate,DataKind,OrderNo,OutRelDirectory,FileName,UpdateDatetime\n";
    const FOLDER: &str = "000/012/0000123/20260401/OML-11";

    #[derive(Default)]
    struct Told(Vec<String>);

    impl Watch for Told {
        fn found(&mut self, found: &Found) {
            let sort = serde_json::to_value(found.mismatch).unwrap();
            let name = found.path.rsplit('/').next().unwrap();
            self.0.push(format!("{} {name} {}", sort.as_str().unwrap(), found.line.unwrap_or_default()));
        }

        fn fault(&mut self, fault: &RowFault) {
            self.0.push(fault.to_string());
        }

        fn progress(&mut self, _: u64) {}
    }

    fn compare(files: &[&str], rows: &[(&str, u32)]) -> (Vec<String>, Reconciliation) {
        let folder = tempfile::tempdir().unwrap();
        let storage = folder.path().join("standard");
        fs::create_dir_all(storage.join(FOLDER)).unwrap();
        for file in files {
            fs::write(storage.join(FOLDER).join(file), "").unwrap();
        }
        fs::write(storage.join("stray_1"), "").unwrap();
        fs::write(storage.join(FOLDER).join(".hidden_1"), "").unwrap();
        let row = |(file, second): &(&str, u32)| {
            let volume = if *file == "ext_1" { "ANX01" } else { "STD01" };
            format!(
                "{volume},0000123,20260401,OML-11,7,\\root\\{},{file},2026040109000{second}\n",
                FOLDER.replace('/', "\\")
            )
        };
        let text = format!("{HEADER}{}bad\n", rows.iter().map(row).collect::<String>());
        let index = folder.path().join("index.csv");
        fs::write(&index, text).unwrap();
        let mut told = Told::default();
        let result = reconcile(&storage, &index, &mut told).unwrap();
        (told.0, result)
    }

    #[test]
    fn rows_and_files_are_matched_by_name_without_flag() {
        let rows = [("a_1", 1), ("b_1", 1), ("c_1", 1), ("d_2", 2), ("d_1", 1), ("ext_1", 1)];
        let (told, result) = compare(&["a_1", "b_2", "d_2", "e_1", "odd"], &rows);
        let expected = [
            "line 8: UpdateDatetime is missing",
            "flag b_2 3",
            "no-row e_1 0",
            "no-row odd 0",
            "no-file c_1 4",
        ];
        assert_eq!(told, expected);
        assert_eq!((result.agreed, result.unread_rows), (2, 1));
        let day = Day { data_type: "OML-11".into(), date: "20260401".into() };
        assert_eq!(result.days.into_iter().collect::<Vec<_>>(), [(day, Count { rows: 4, files: 5 })]);
    }

    #[test]
    fn what_can_not_be_read_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let index = folder.path().join("index.csv");
        let run = |storage: &Path| reconcile(storage, &index, &mut Told::default());
        assert!(matches!(run(folder.path()), Err(ReconcileError::Index { .. })));
        fs::write(&index, HEADER).unwrap();
        assert!(run(folder.path()).unwrap().is_same());
        assert!(matches!(run(Path::new("/nowhere")), Err(ReconcileError::Storage { .. })));
    }
}
