//! One pass over a transaction storage: follows its files from where the last pass ended.
//!
//! Each record is noted in the ledger's record of the folder where the same version lies, or will lie, in the
//! standardised storage, so that it counts as unchanged there; and the other way round.

use std::collections::HashMap;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};

use bytes::Bytes;
use ssmix2::Flag;
use ssmix2::revision::{self, Listed};
use ssmix2::transaction::{Header, HeaderFault, Operation, Record, TransactionFileName, records};

use super::content::{Content, slice};
use super::context::Context;
use super::error::Halt;
use super::folder::{Tree, join};
use super::hl7;
use super::last_record::LastRecord;
use super::leaf::{Taken, Unit, WHOLE_NAME, change_of, flag_byte, is_same_version, known_version, take};
use super::message::{Subject, publications};
use super::outbox::Outbox;
use super::read::{Reader, Stat, fault, open, stat};
use super::tally::{Seen, Tally};
use crate::envelope::{Change, Fault, Identifying, Stored, escape};
use crate::store::{FileRecord, FileState, FolderRecord};

/// What is read at once; a longer record makes it grow.
const CHUNK: u64 = 4 << 20;

/// One pass over a transaction storage.
pub(super) struct TransactionPass<'a> {
    pub(super) context: &'a Context,
    /// The transaction storage.
    pub(super) log: &'a Tree,
    /// The standardised storage beside it.
    pub(super) storage: &'a Tree,
    pub(super) label: &'a str,
    pub(super) reader: &'a Reader,
    pub(super) outbox: &'a mut Outbox,
    pub(super) tally: &'a Tally,
    /// Something is waited for.
    pub(super) pending: bool,
    /// Records of the storage's folders that were changed since the last batch.
    pub(super) folders: HashMap<String, FolderRecord>,
}

/// The file being followed.
struct Tail<'a> {
    year: &'a str,
    file: String,
    name: &'a str,
    record: FolderRecord,
    stat: Stat,
    /// Offset up to which it is taken.
    at: u64,
    /// The record that ends there.
    last: Option<LastRecord>,
    /// The same, to be read again: what was appended may belong to it.
    again: Option<LastRecord>,
    /// It is read from its beginning although it was taken before.
    is_repeat: bool,
    /// Something in it had not come by the storage before.
    seen: Seen,
}

impl Tail<'_> {
    /// Offset from which to read on.
    fn from(&self) -> u64 {
        self.again.map_or(self.at, |last| last.start)
    }

    /// A record was gone through.
    fn passed(&mut self, last: LastRecord, at: u64) {
        (self.last, self.again, self.at) = (Some(last), None, at);
    }
}

impl TransactionPass<'_> {
    /// Does the pass, and leaves in `pending` whether another should follow soon.
    pub(super) fn run(&mut self) -> Result<(), Halt> {
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
            let names = files.iter().filter_map(|file| Some((TransactionFileName::parse(file)?, file)));
            let mut names: Vec<(TransactionFileName<'_>, &String)> = names.collect();
            names.sort_unstable();
            let mut record = view.record;
            for (_, name) in names {
                if self.pending {
                    self.tally.wait(&join(year, name), false, Seen::Same);
                    continue;
                }
                let (followed, is_whole) = self.file(year, name, record)?;
                record = followed;
                self.pending = !is_whole;
            }
        }
        self.send()
    }

    /// Follows a file to its end. False if something in it is waited for, and with it all that comes later.
    fn file(&mut self, year: &str, name: &str, record: FolderRecord) -> Result<(FolderRecord, bool), Halt> {
        let file = join(year, name);
        let known = record.files.iter().find(|known| known.stem == name);
        let last = known.and_then(|known| LastRecord::from_hash(known.hash));
        let (is_new, known) = (known.is_none(), known.map(|known| known.size).unwrap_or_default());
        let now = match stat(&self.log.full(&file)) {
            Ok(Some(now)) => now,
            Ok(None) => return Ok((record, true)),
            Err(error) => {
                self.log.trouble(self.context, &file, "", &error.kind().to_string());
                self.tally.wait(&file, is_new, Seen::Same);
                return Ok((record, false));
            }
        };
        if now.size < known {
            self.log.trouble(
                self.context,
                &file,
                "",
                "it has become shorter and is read again from its beginning",
            );
        }
        let (at, last) = if now.size < known { (0, None) } else { (known, last) };
        let mut tail = Tail {
            year,
            file,
            name,
            record,
            stat: now,
            at,
            last,
            again: last,
            is_repeat: now.size < known,
            seen: Seen::Same,
        };
        let whole = match self.follow(&mut tail) {
            Ok(whole) => whole?,
            Err(error) => {
                self.log.trouble(self.context, &tail.file, "", &error.kind().to_string());
                false
            }
        };
        if tail.at != known {
            self.note(&mut tail);
        }
        if whole {
            self.tally.done(&tail.file, is_new, tail.seen);
        } else {
            self.tally.wait(&tail.file, is_new, tail.seen);
        }
        Ok((tail.record, whole))
    }

    /// Reads on, piece by piece.
    fn follow(&mut self, tail: &mut Tail<'_>) -> io::Result<Result<bool, Halt>> {
        let mut length = CHUNK;
        while tail.at < tail.stat.size {
            let mut file = match open(&self.log.full(&tail.file)) {
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Ok(true)),
                opened => opened?,
            };
            tail.again = tail.again.map(|last| last.with_header(&mut file)).transpose()?;
            let before = tail.from();
            file.seek(SeekFrom::Start(before))?;
            let mut bytes = Vec::new();
            file.take(length.min(tail.stat.size.saturating_sub(before))).read_to_end(&mut bytes)?;
            let is_end = before + to_u64(bytes.len()) >= tail.stat.size;
            match self.piece(tail, &bytes.into(), is_end) {
                Ok(true) => {}
                Ok(false) => return Ok(Ok(false)),
                Err(halt) => return Ok(Err(halt)),
            }
            length = if tail.from() > before { CHUNK } else { length.saturating_mul(2) };
        }
        Ok(Ok(true))
    }

    /// Takes the records of a piece that begins at a record. False if its last one must wait.
    fn piece(&mut self, tail: &mut Tail<'_>, bytes: &Bytes, is_end: bool) -> Result<bool, Halt> {
        let base = tail.from();
        for record in records(bytes) {
            let length = to_u64(record.message_range.end - record.header_range.start);
            let is_large = length > self.context.bytes_max;
            if record.last && !is_end && !is_large {
                return Ok(true);
            }
            let (start, end) = (record.header_range.start, record.message_range.end);
            let last = LastRecord::of(base + to_u64(start), slice(bytes, &(start..end)));
            if tail.again.is_some_and(|again| again.end == last.end) {
                tail.passed(last, base + to_u64(end));
                continue;
            }
            let mut torn = None;
            if record.last && !is_large {
                torn = self.torn(&record, bytes);
                let waits = torn.is_some() && !self.reader.is_given_up(tail.stat.mtime);
                if waits || !self.reader.is_settled(tail.stat.mtime) {
                    return Ok(false);
                }
            }
            if is_large {
                let reason = format!("the record is larger than {} bytes", self.context.bytes_max);
                torn = Some(fault("too-large", &reason, base + to_u64(record.header_range.start)));
            }
            self.record(tail, base, bytes, &record, torn, is_large)?;
            tail.passed(last, base + to_u64(end));
            if self.outbox.is_full() {
                self.note(tail);
                self.send()?;
            }
        }
        Ok(true)
    }

    /// What is missing at the end of the last record.
    fn torn(&self, record: &Record<'_>, bytes: &[u8]) -> Option<Fault> {
        match &record.header {
            Err(HeaderFault::Unfinished { .. }) => Some(fault(
                "transaction-header-unfinished",
                "the header line has no end",
                record.header_range.start,
            )),
            Err(_) => None,
            Ok(_) => hl7::incomplete(slice(bytes, &record.message_range)),
        }
    }

    fn record(
        &mut self,
        tail: &mut Tail<'_>,
        base: u64,
        bytes: &Bytes,
        record: &Record<'_>,
        torn: Option<Fault>,
        is_large: bool,
    ) -> Result<(), Halt> {
        match &record.header {
            Err(_)
                if slice(bytes, &record.message_range).trim_ascii().is_empty()
                    && record.header_range.is_empty() =>
            {
                Ok(())
            }
            Err(header_fault) => {
                let start = record.header_range.start;
                let at = base + to_u64(start);
                let header_fault = fault(header_fault.code(), "the header line can't be read", at);
                let range = if is_large { start..start } else { start..record.message_range.end };
                let content = Content::of_record(bytes.slice(range), torn.or(Some(header_fault)));
                let key = format!("{}/{}@{at}", self.label, tail.file);
                let (change, file) = (Change::Created, &tail.file);
                let subject = Subject {
                    patient: "",
                    data_type: None,
                    key: &key,
                    version: "",
                    file,
                    change,
                    stored: None,
                };
                self.outbox.publish(publications(self.context, &subject, &content, at));
                tail.seen = Seen::News;
                Ok(())
            }
            Ok(header) => {
                // The offset of what has no body is where to read on after a crash: there, it is met again.
                let range = if is_large {
                    record.header_range.start..record.header_range.start
                } else {
                    record.message_range.clone()
                };
                let at = base + to_u64(range.start);
                self.version(tail, header, Content::of_record(bytes.slice(range), torn), at)
            }
        }
    }

    fn version(
        &mut self,
        tail: &mut Tail<'_>,
        header: &Header<'_>,
        content: Content,
        at: u64,
    ) -> Result<(), Halt> {
        if header.facility != self.context.facility && self.context.counts.add_other_facility() == 0 {
            tracing::warn!(feed = %self.context.feed, "transaction records name another facility than the feed");
        }
        let path = folder_of(header.patient, header.date, header.data_type);
        if !self.folders.contains_key(&path) {
            let record = self.context.ledger.folder(&self.storage.place, &path)?.unwrap_or_default();
            self.folders.insert(path.clone(), record);
        }
        let Some(folder) = self.folders.get_mut(&path) else { return Ok(()) };
        let stem = stem_of(header.patient, header.date, header.data_type, header.order, header.time);
        let is_again = tail.again.is_some() || tail.is_repeat;
        if is_known(folder, header, &stem, &content) || is_again && is_deleted(folder, header, &stem) {
            return Ok(());
        }
        let flag = match header.operation {
            Operation::Insert => Flag::Current,
            Operation::Delete => Flag::Deleted,
        };
        let known =
            folder.files.iter().filter(|file| Unit::File.order_of(file) == header.order).map(known_version);
        let listed = Listed { stem: &stem, time: header.time, flag, altered: true };
        let steps = revision::plan(&known.collect::<Vec<_>>(), &[listed]);
        let Some(change) = steps.first().map(|step| change_of(step.change)) else { return Ok(()) };
        let stored = Stored {
            path: Identifying(escape(format!("{path}/{}_{}", header.stem(), flag.digit()).as_bytes())),
            versions: Vec::new(),
            piece: None,
        };
        let subject = Subject {
            patient: header.patient,
            data_type: Some(header.data_type),
            key: &format!(
                "{}/{}/{}/{}/{}",
                self.label, header.patient, header.date, header.data_type, header.order
            ),
            version: header.time,
            file: &tail.file,
            change,
            stored: Some(&stored),
        };
        self.outbox.publish(publications(self.context, &subject, &content, at));
        tail.seen = Seen::News;
        let taken = Taken {
            unit: Unit::File,
            stem: &stem,
            flag: flag_byte(flag),
            order: header.order,
            change,
            is_fault: content.fault.is_some(),
            hash: content.hash,
            stat: None,
            in_transaction: true,
        };
        take(folder, &taken);
        Ok(())
    }

    /// Notes how far a file is taken, and what that did to the storage's folders.
    fn note(&mut self, tail: &mut Tail<'_>) {
        taken_up_to(&mut tail.record, tail.name, tail.at, tail.last, tail.stat.mtime);
        self.outbox.entries().folder(&self.log.place, tail.year, &tail.record);
        for (path, record) in &self.folders {
            self.outbox.entries().folder(&self.storage.place, path, record);
        }
    }

    /// Sends what was found. What follows builds on the ledger, so it must show this first.
    fn send(&mut self) -> Result<(), Halt> {
        self.outbox.send_and_wait()?;
        self.folders.clear();
        Ok(())
    }
}

/// Whether a record's version has been accepted before: from here, or as a file of the storage.
fn is_known(folder: &mut FolderRecord, header: &Header<'_>, stem: &str, content: &Content) -> bool {
    let known = folder.files.iter_mut().find(|file| {
        let by_name = is_same_version(stem, &file.stem);
        let awaited = file.in_storage && !file.in_transaction && file.state != FileState::Invalid;
        let by_content = file.hash == content.hash;
        let same = by_name && (by_content || awaited)
            || awaited && by_content && Unit::File.order_of(file) == header.order;
        // A record that was deleted may be inserted again as it was.
        let is_undone = match header.operation {
            Operation::Delete => file.state == FileState::Live,
            Operation::Insert => file.state == FileState::Retired && file.in_transaction,
        };
        same && !is_undone
    });
    known.map(|file| file.in_transaction = true).is_some()
}

/// Whether an inserted version was withdrawn since: nobody needs the rest of it.
fn is_deleted(folder: &FolderRecord, header: &Header<'_>, stem: &str) -> bool {
    let is_it = |file: &&FileRecord| file.state == FileState::Retired && is_same_version(stem, &file.stem);
    header.operation == Operation::Insert && folder.files.iter().any(|file| is_it(&file))
}

/// Notes in a year's record how far one of its files is taken, and which record ends there.
pub(super) fn taken_up_to(
    record: &mut FolderRecord,
    name: &str,
    offset: u64,
    last: Option<LastRecord>,
    mtime: i64,
) {
    let hash = LastRecord::to_hash(last);
    if let Some(file) = record.files.iter_mut().find(|file| file.stem == name) {
        (file.size, file.mtime, file.hash) = (offset, mtime, hash);
        return;
    }
    record.files.push(FileRecord {
        stem: name.to_owned(),
        flag: WHOLE_NAME,
        state: FileState::History,
        in_storage: false,
        in_transaction: true,
        size: offset,
        mtime,
        hash,
    });
}

/// The folder of the standardised storage where a version lies.
pub(super) fn folder_of(patient: &str, date: &str, data_type: &str) -> String {
    format!("{}/{date}/{data_type}", prefix_of(patient))
}

/// A patient's folder in a storage.
pub(super) fn prefix_of(patient: &str) -> String {
    let part = |range| patient.get(range).unwrap_or(patient);
    format!("{}/{}/{patient}", part(0..3), part(3..6))
}

/// The name of a version as far as a transaction record's key and time tell it: without the department.
pub(super) fn stem_of(patient: &str, date: &str, data_type: &str, order: &str, time: &str) -> String {
    format!("{patient}_{date}_{data_type}_{order}_{time}")
}

fn to_u64(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
