//! One pass over the transaction storage of an extension storage: which documents it announces, and which it
//! withdraws.
//!
//! What a document is, its folder says; a record has no more than its name. So an `INS` only makes the pass over the
//! folders look there although nothing else tells of a change, and a `DEL` withdraws what was accepted, whether or not
//! the folder is renamed too.

use std::collections::{HashMap, HashSet};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};

use ssmix2::transaction::{Header, HeaderFault, Operation, TransactionFileName, records};
use ssmix2::{ContentFolder, DataTypeFolder};

use super::content::Content;
use super::context::Context;
use super::error::Halt;
use super::folder::{Tree, join};
use super::leaf::name_of;
use super::message::{Subject, publications};
use super::outbox::Outbox;
use super::read::{open, stat};
use super::transaction::{prefix_of, taken_up_to};
use crate::envelope::{Change, Identifying};
use crate::manifest::Manifest;
use crate::store::{FileState, FolderRecord};

/// What is read at once.
const CHUNK: u64 = 4 << 20;
/// A piece may end within the `#SSMIX,` of the next record.
const OVERLAP: u64 = 7;

/// One pass over a transaction storage of documents.
pub(super) struct AnnouncedPass<'a> {
    pub(super) context: &'a Context,
    /// The transaction storage.
    pub(super) log: &'a Tree,
    /// The extension storage beside it.
    pub(super) storage: &'a Tree,
    pub(super) label: &'a str,
    pub(super) outbox: &'a mut Outbox,
    /// Records of the storage's folders that were changed.
    pub(super) folders: HashMap<String, FolderRecord>,
    /// Data-type folders that were named.
    pub(super) named: HashSet<String>,
}

impl AnnouncedPass<'_> {
    /// Does the pass; the data-type folders that records name.
    pub(super) fn run(mut self) -> Result<HashSet<String>, Halt> {
        let root = self.log.look(self.context, "", true)?.map_err(Halt::Root)?;
        for year in root.children() {
            let view = match self.log.look(self.context, year, true)? {
                Ok(view) => view,
                Err(error) => {
                    self.log.trouble(self.context, year, "", &error.kind().to_string());
                    continue;
                }
            };
            let files = view.listing.map(|listing| listing.files).unwrap_or_default();
            let mut names: Vec<_> =
                files.iter().filter_map(|file| Some((TransactionFileName::parse(file)?, file))).collect();
            names.sort_unstable();
            let (mut record, before) = (view.record.clone(), view.record);
            for (_, name) in names {
                self.file(&mut record, year, name)?;
            }
            if record != before {
                self.outbox.entries().folder(&self.log.place, year, &record);
            }
        }
        for (path, record) in &self.folders {
            self.outbox.entries().folder(&self.storage.place, path, record);
        }
        // The pass over the folders builds on the ledger.
        self.outbox.send_and_wait()?;
        Ok(self.named)
    }

    fn file(&mut self, record: &mut FolderRecord, year: &str, name: &str) -> Result<(), Halt> {
        let file = join(year, name);
        let known = record.files.iter().find(|known| known.stem == name).map_or(0, |known| known.size);
        let (at, mtime) = match self.follow(&file, known) {
            Ok(followed) => followed?,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => {
                self.log.trouble(self.context, &file, "", &error.kind().to_string());
                return Ok(());
            }
        };
        if at != known {
            taken_up_to(record, name, at, None, mtime);
        }
        Ok(())
    }

    /// Reads on from an offset; up to where it is taken, and the file's time.
    fn follow(&mut self, file: &str, known: u64) -> io::Result<Result<(u64, i64), Halt>> {
        let full = self.log.full(file);
        let now = stat(&full)?.ok_or(ErrorKind::NotFound)?;
        // Shorter than before, it is another file under the same name.
        let mut at = if now.size < known { 0 } else { known };
        while at < now.size {
            let mut opened = open(&full)?;
            opened.seek(SeekFrom::Start(at))?;
            let mut bytes = Vec::new();
            opened.take(CHUNK.min(now.size - at)).read_to_end(&mut bytes)?;
            let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            let is_end = length == 0 || at + length >= now.size;
            match self.piece(file, &bytes, is_end) {
                Ok(taken) if taken > 0 => at += taken,
                Ok(_) => break,
                Err(halt) => return Ok(Err(halt)),
            }
            if is_end {
                break;
            }
        }
        Ok(Ok((at, now.mtime)))
    }

    /// Takes the headers of a piece; how many of its bytes are done with.
    fn piece(&mut self, file: &str, bytes: &[u8], is_end: bool) -> Result<u64, Halt> {
        let to_u64 = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        for record in records(bytes) {
            match &record.header {
                Ok(header) => self.record(header)?,
                Err(HeaderFault::Unfinished { at }) if record.last => return Ok(to_u64(*at)),
                // The rest of a body.
                Err(HeaderFault::Missing { .. }) => {}
                Err(fault) => self.log.trouble(self.context, file, "", fault.code()),
            }
        }
        let length = to_u64(bytes.len());
        Ok(if is_end { length } else { length.saturating_sub(OVERLAP) })
    }

    fn record(&mut self, header: &Header<'_>) -> Result<(), Halt> {
        if header.facility != self.context.facility && self.context.counts.add_other_facility() == 0 {
            tracing::warn!(feed = %self.context.feed, "transaction records name another facility than the feed");
        }
        let date = format!("{}/{}", prefix_of(header.patient), header.date);
        let known = self.context.ledger.folder(&self.storage.place, &date)?;
        let wanted = DataTypeFolder::parse(header.data_type);
        for name in known.map(|known| known.children).unwrap_or_default() {
            if !is_same_type(&wanted, &DataTypeFolder::parse(&name)) {
                continue;
            }
            let path = join(&date, &name);
            if header.operation == Operation::Delete {
                self.withdraw(&path, &name, header)?;
            }
            self.named.insert(path);
        }
        Ok(())
    }

    /// Withdraws a document, where one is live that is no younger than the record.
    fn withdraw(&mut self, path: &str, data_type: &str, header: &Header<'_>) -> Result<(), Halt> {
        if !self.folders.contains_key(path) {
            let record = self.context.ledger.folder(&self.storage.place, path)?.unwrap_or_default();
            self.folders.insert(path.to_owned(), record);
        }
        let Some(record) = self.folders.get_mut(path) else { return Ok(()) };
        let above = DataTypeFolder::parse(data_type);
        let mut newest: Option<(String, String, String)> = None;
        for file in record.files.iter_mut().filter(|file| file.state == FileState::Live) {
            let name = name_of(file).into_owned();
            let Ok(folder) = ContentFolder::parse(&name) else { continue };
            if folder.split(&above).1 != header.order || folder.time > header.time {
                continue;
            }
            file.state = FileState::Retired;
            if newest.as_ref().is_none_or(|(_, _, time)| time.as_str() < folder.time) {
                newest = Some((name.clone(), folder.record.to_owned(), folder.time.to_owned()));
            }
        }
        let Some((name, record, time)) = newest else { return Ok(()) };
        let manifest = Manifest {
            data_type: data_type.to_owned(),
            mapped_code: None,
            folder: Identifying(name.clone()),
            files: Vec::new(),
        };
        let (patient, date) = (header.patient, header.date);
        let subject = Subject {
            patient,
            data_type: Some(above.code()),
            key: &format!("{}/{patient}/{date}/{data_type}/{record}", self.label),
            version: &time,
            file: &join(path, &name),
            change: Change::Deleted,
            // No folder is looked at for it: what becomes of its name is told when that is seen.
            stored: None,
        };
        let content = Content::of_folder(&manifest, Vec::new(), None);
        self.outbox.publish(publications(self.context, &subject, &content, 0));
        Ok(())
    }
}

/// Retires the live versions of a record up to a time: what a withdrawal that was read back did.
pub(super) fn retire(record: &mut FolderRecord, order: &str, time: &str) {
    for file in record.files.iter_mut().filter(|file| file.state == FileState::Live) {
        let name = name_of(file).into_owned();
        if ContentFolder::parse(&name).is_ok_and(|folder| folder.record == order && folder.time <= time) {
            file.state = FileState::Retired;
        }
    }
}

/// A record names the type by its folder's name, or by one of its codes.
fn is_same_type(wanted: &DataTypeFolder<'_>, folder: &DataTypeFolder<'_>) -> bool {
    let is_one_of =
        |code: &str| !code.is_empty() && (code == folder.local.code || code == folder.standard.code);
    wanted.text == folder.text || is_one_of(wanted.standard.code) || is_one_of(wanted.local.code)
}
