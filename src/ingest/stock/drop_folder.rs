//! A drop folder against the ledger.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use super::super::folder::{Tree, obstacle};
use super::super::read::Stat;
use super::super::settings::After;
use super::look::{File, Look, digest};
use super::{Content, Lying, Missed, Stock};
use crate::store::{FileRecord, Ledger, Place, StoreError};

pub(super) struct DropFolder<'a> {
    look: &'a Look<'a>,
    ledger: &'a Ledger,
    tree: Tree,
    after: After,
    /// Paths of files that are there.
    met: HashSet<String>,
}

impl<'a> DropFolder<'a> {
    pub(super) fn new(
        look: &'a Look<'a>,
        ledger: &'a Ledger,
        place: Place,
        root: &Path,
        after: After,
    ) -> Self {
        let tree = Tree::new(root.to_owned(), place);
        Self { look, ledger, tree, after, met: HashSet::new() }
    }

    pub(super) fn take_stock(&mut self, stock: &mut Stock) -> Result<(), StoreError> {
        if fs::read_dir(&self.tree.root).is_err() {
            stock.away.push(self.tree.place.source.clone());
            return Ok(());
        }
        self.folder("", stock)?;
        // Elsewhere the feed itself does away with what it took.
        if self.after == After::Keep {
            for known in self.ledger.dropped(&self.tree.place) {
                let (path, record) = known?;
                if !self.met.contains(&path) {
                    let stat = Stat { size: record.file.size, mtime: record.file.mtime };
                    let file = self.file(&path, stat);
                    stock.tell(self.look.odd(&file, Missed::FileGone, Vec::new()));
                }
            }
        }
        Ok(())
    }

    fn file<'f>(&'f self, path: &'f str, stat: Stat) -> File<'f> {
        let source = self.tree.place.source.as_str();
        File { source, data_type: source, path, stat }
    }

    fn folder(&mut self, path: &str, stock: &mut Stock) -> Result<(), StoreError> {
        let Ok(entries) = fs::read_dir(self.tree.full(path)) else { return Ok(()) };
        for entry in entries.flatten() {
            let Ok(metadata) = entry.metadata() else { continue };
            let (name, sort) = (entry.file_name(), metadata.file_type());
            let is_hidden = name.as_encoded_bytes().starts_with(b".");
            if is_hidden && sort.is_dir() {
                continue;
            }
            let path = self.tree.text(path, name);
            let stat = Stat::of(&metadata);
            if is_hidden || obstacle(sort).is_some() {
                let file = self.file(&path, stat);
                stock.count(file.data_type, self.look.day(stat), Lying { files: 1, ..Lying::default() });
                stock.tell(self.look.odd(&file, Missed::RefusedName, Vec::new()));
            } else if sort.is_dir() {
                self.folder(&path, stock)?;
            } else {
                self.known(&path, stat, stock)?;
                self.met.insert(path);
            }
        }
        Ok(())
    }

    fn known(&self, path: &str, stat: Stat, stock: &mut Stock) -> Result<(), StoreError> {
        let known = self.ledger.file(&self.tree.place, path)?.map(|known| known.file);
        let (file, full, day) = (self.file(path, stat), self.tree.full(path), self.look.day(stat));
        let in_ledger = u64::from(known.is_some());
        stock.count(file.data_type, day, Lying { files: 1, in_ledger, ..Lying::default() });
        match known {
            None => {
                let why = self.look.why(&full, stat);
                let hashes = if day.is_some() { self.look.hashes(&full, stat) } else { Vec::new() };
                stock.tell(self.look.odd(&file, why, hashes));
            }
            Some(known) if known.size != FileRecord::UNKNOWN && looks(&known) != stat => {
                stock.tell(self.look.odd(&file, Missed::Changed, Vec::new()));
            }
            Some(_) => stock.contents.extend(day.map(|day| Content {
                day,
                data_type: file.data_type.to_owned(),
                path: crate::envelope::Identifying(path.to_owned()),
                digest: digest(file.source, path),
                hashes: self.look.hashes(&full, stat),
            })),
        }
        Ok(())
    }
}

fn looks(record: &FileRecord) -> Stat {
    Stat { size: record.size, mtime: record.mtime }
}
