//! An SS-MIX2 storage against the ledger: `<3>/<3>/<patient>/<診療日>/<データ種別>/<file>`; in an extension storage a
//! folder stands for the file.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::fs::{self, FileType};
use std::path::Path;

use super::super::folder::{Tree, join, obstacle};
use super::super::leaf::{Unit, Version, name_of};
use super::super::read::{Stat, mtime};
use super::look::{File, Look, digest};
use super::{Content, Lying, Missed, Stock};
use crate::envelope::Identifying;
use crate::store::{FileRecord, FileState, FolderRecord, Ledger, Place, StoreError};

/// Depth of a data type's folder below the root.
const LEAF: usize = 5;

pub(super) struct StorageTree<'a> {
    look: &'a Look<'a>,
    ledger: &'a Ledger,
    tree: Tree,
    unit: Unit,
    /// Data types' folders, and which of the files that the ledger knows are there.
    met: HashMap<String, HashSet<String>>,
}

impl<'a> StorageTree<'a> {
    pub(super) fn new(
        look: &'a Look<'a>,
        ledger: &'a Ledger,
        place: Place,
        root: &Path,
        is_extension: bool,
    ) -> Self {
        let unit = if is_extension { Unit::Folder } else { Unit::File };
        Self { look, ledger, tree: Tree::new(root.to_owned(), place), unit, met: HashMap::new() }
    }

    pub(super) fn take_stock(&mut self, stock: &mut Stock) -> Result<(), StoreError> {
        if fs::read_dir(&self.tree.root).is_err() {
            stock.away.push(self.tree.place.source.clone());
            return Ok(());
        }
        self.folder("", 0, stock)?;
        for known in self.ledger.folders(&self.tree.place) {
            let (path, record) = known?;
            self.gone(&path, &record, stock);
        }
        Ok(())
    }

    /// A folder above the files.
    fn folder(&mut self, path: &str, depth: usize, stock: &mut Stock) -> Result<(), StoreError> {
        let record = match depth {
            LEAF => self.ledger.folder(&self.tree.place, path)?.unwrap_or_default(),
            _ => FolderRecord::default(),
        };
        let Ok(entries) = fs::read_dir(self.tree.full(path)) else {
            self.refuse(path, depth, Missed::Unreadable, None, stock);
            return Ok(());
        };
        for entry in entries.flatten() {
            let Ok(sort) = entry.file_type() else { continue };
            let text = self.text(path, entry.file_name());
            match self.place(sort, depth, &text) {
                Lies::Below => self.folder(&text, depth + 1, stock)?,
                Lies::Here => self.version(path, &text, &record, stock),
                Lies::Wrong => {
                    let stat = entry.metadata().ok().map(|metadata| Stat::of(&metadata));
                    self.refuse(&text, depth + 1, Missed::RefusedName, stat, stock);
                }
            }
        }
        Ok(())
    }

    fn text(&self, path: &str, name: OsString) -> String {
        self.tree.text(path, name)
    }

    fn place(&self, sort: FileType, depth: usize, path: &str) -> Lies {
        let is_hidden = path.rsplit('/').next().is_some_and(|name| name.starts_with('.'));
        let is_unit = match self.unit {
            Unit::File => sort.is_file(),
            Unit::Folder => sort.is_dir(),
        };
        match depth {
            _ if obstacle(sort).is_some() => Lies::Wrong,
            LEAF if is_unit && !is_hidden => Lies::Here,
            0..LEAF if sort.is_dir() => Lies::Below,
            _ => Lies::Wrong,
        }
    }

    /// A file or folder that no feed goes into.
    fn refuse(&self, path: &str, depth: usize, why: Missed, stat: Option<Stat>, stock: &mut Stock) {
        let data_type = if depth >= LEAF { path.split('/').nth(LEAF - 1) } else { None };
        let source = self.tree.place.source.as_str();
        let stat = stat.unwrap_or(Stat { size: 0, mtime: 0 });
        let file = File { source, data_type: data_type.unwrap_or("-"), path, stat };
        if why == Missed::RefusedName {
            stock.count(file.data_type, self.look.day(stat), Lying { files: 1, ..Lying::default() });
        }
        stock.tell(self.look.odd(&file, why, Vec::new()));
    }

    /// One version of a record.
    fn version(&mut self, leaf: &str, path: &str, record: &FolderRecord, stock: &mut Stock) {
        let full = self.tree.full(path);
        // Renamed or removed since it was listed.
        let Ok(metadata) = fs::symlink_metadata(&full) else { return };
        let stat = match self.unit {
            Unit::File => Stat::of(&metadata),
            Unit::Folder => Stat { size: 0, mtime: mtime(&metadata) },
        };
        let name = path.rsplit('/').next().unwrap_or_default();
        let version = Version::of(self.unit, name);
        let is_it = |file: &&FileRecord| file.stem == version.stem || name_of(file) == name;
        let known = record.files.iter().find(is_it);
        let source = self.tree.place.source.clone();
        let data_type = leaf.rsplit('/').next().unwrap_or_default();
        let (file, day) = (File { source: &source, data_type, path, stat }, self.look.day(stat));
        stock.count(data_type, day, lying(&version, known.is_some()));
        match known {
            None => {
                let is_asked = day.is_some() && self.unit == Unit::File;
                let hashes = if is_asked { self.look.hashes(&full, stat) } else { Vec::new() };
                let why = match self.unit {
                    Unit::File => self.look.why(&full, stat),
                    Unit::Folder => Missed::NotTaken,
                };
                stock.tell(self.look.odd(&file, why, hashes));
            }
            Some(known) => {
                self.met.entry(leaf.to_owned()).or_default().insert(known.stem.clone());
                self.compare(&file, known, &full, stock);
            }
        }
    }

    fn compare(&self, file: &File<'_>, known: &FileRecord, full: &Path, stock: &mut Stock) {
        let Some(day) = self.look.day(file.stat) else { return };
        if self.unit == Unit::Folder || known.size == FileRecord::UNKNOWN {
            return;
        }
        if (Stat { size: known.size, mtime: known.mtime }) != file.stat {
            stock.tell(self.look.odd(file, Missed::Changed, Vec::new()));
        } else if !known.in_transaction {
            stock.contents.push(Content {
                day,
                data_type: file.data_type.to_owned(),
                path: Identifying(file.path.to_owned()),
                digest: digest(file.source, file.path),
                hashes: self.look.hashes(full, file.stat),
            });
        }
    }

    /// What the ledger knows of a folder and is not there.
    fn gone(&self, path: &str, record: &FolderRecord, stock: &mut Stock) {
        let met = self.met.get(path);
        for known in record.files.iter().filter(|known| met.is_none_or(|met| !met.contains(&known.stem))) {
            let why = match (known.in_transaction, known.state) {
                // A deletion leaves no file where it was announced only.
                (true, FileState::Retired) => continue,
                (true, _) if !known.in_storage => Missed::NeverCame,
                _ => Missed::FileGone,
            };
            let path = join(path, &name_of(known));
            let data_type = path.split('/').nth(LEAF - 1).unwrap_or("-");
            let stat = Stat { size: known.size, mtime: known.mtime };
            let file = File { source: &self.tree.place.source, data_type, path: &path, stat };
            stock.tell(self.look.odd(&file, why, Vec::new()));
        }
    }
}

/// Where something lies.
enum Lies {
    /// It is to be gone into.
    Below,
    /// It is a version of a record.
    Here,
    /// Where nothing of its sort belongs.
    Wrong,
}

fn lying(version: &Version, in_ledger: bool) -> Lying {
    Lying {
        files: 1,
        superseded: u64::from(version.flag == ssmix2::Flag::Superseded),
        deleted: u64::from(version.flag == ssmix2::Flag::Deleted),
        in_ledger: u64::from(in_ledger),
    }
}
