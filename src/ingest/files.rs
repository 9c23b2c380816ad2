//! One pass over a folder into which files are dropped, oldest first: HL7 v2, or archives of health check-ups.

use std::collections::BinaryHeap;
use std::fs;
use std::io;
use std::ops::Range;
use std::path::Path;

use super::content::{Content, Hash, fold, slice};
use super::context::Context;
use super::error::Halt;
use super::folder::{Tree, obstacle};
use super::hl7;
use super::leaf::WHOLE_NAME;
use super::message::{Subject, publication};
use super::outbox::{Disposal, Outbox};
use super::read::{Reader, Reading, Stat};
use super::settings::After;
use super::tally::{Seen, Tally};
use crate::envelope::{Change, Finding, Format};
use crate::store::{DropRecord, FileRecord, FileState, PartRecord};

/// Where files go that were taken.
const DONE: &str = ".done";
/// How many new files one listing gives; the rest come with the next.
const FILES_MAX: usize = 20_000;

/// One pass over a drop folder.
pub(super) struct FilesPass<'a> {
    pub(super) context: &'a Context,
    pub(super) tree: &'a Tree,
    pub(super) format: Format,
    pub(super) label: &'a str,
    pub(super) reader: &'a Reader,
    pub(super) outbox: &'a mut Outbox,
    pub(super) after: After,
    pub(super) tally: &'a Tally,
    /// Something is waited for.
    pub(super) pending: bool,
}

/// A file that is not as the ledger knows it; ordered by time, then by name.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Arrival {
    mtime: i64,
    name: String,
    size: u64,
    is_known: bool,
}

impl FilesPass<'_> {
    /// Does the pass, and leaves in `pending` whether another should follow soon.
    pub(super) fn run(&mut self) -> Result<(), Halt> {
        let mut arrivals = BinaryHeap::new();
        self.list("", &mut arrivals)?;
        for arrival in arrivals.into_sorted_vec() {
            self.take(&arrival)?;
            if self.outbox.is_full() {
                self.outbox.send()?;
            }
        }
        self.outbox.send()
    }

    /// Gathers the oldest files that need a look.
    fn list(&mut self, path: &str, arrivals: &mut BinaryHeap<Arrival>) -> Result<(), Halt> {
        let entries = match fs::read_dir(self.tree.full(path)) {
            Ok(entries) => entries,
            Err(error) if path.is_empty() => return Err(Halt::Root(error)),
            Err(error) => {
                self.trouble(path, &error);
                return Ok(());
            }
        };
        for entry in entries {
            let Some((name, metadata)) = self.entry(path, entry) else { continue };
            if metadata.is_dir() {
                self.list(&name, arrivals)?;
                continue;
            }
            let stat = Stat::of(&metadata);
            let known = self.context.ledger.file(&self.tree.place, &name)?;
            let is_known = known.is_some();
            if let Some(known) = known
                .map(|known| known.file)
                .filter(|known| Stat { size: known.size, mtime: known.mtime } == stat)
            {
                self.tally.done(&name, false, Seen::Same);
                if known.state != FileState::Invalid {
                    self.dispose(&name, stat);
                }
                continue;
            }
            arrivals.push(Arrival { mtime: stat.mtime, name, size: stat.size, is_known });
            if arrivals.len() > FILES_MAX {
                let later = arrivals.pop().filter(|arrival| arrival.is_known);
                later.inspect(|arrival| self.tally.wait(&arrival.name, false, Seen::Same));
                self.pending = true;
            }
        }
        Ok(())
    }

    /// Path and metadata of an entry; None for hidden ones, those that vanish, and what is neither file nor folder.
    fn entry(&self, path: &str, entry: io::Result<fs::DirEntry>) -> Option<(String, fs::Metadata)> {
        let found = entry.and_then(|entry| Ok((entry.file_name(), entry.metadata()?)));
        match found {
            Ok((name, metadata)) => {
                if name.as_encoded_bytes().starts_with(b".") {
                    return None;
                }
                let path = self.tree.text(path, name);
                if let Some(what) = obstacle(metadata.file_type()) {
                    self.tree.trouble(self.context, &path, "", what);
                    return None;
                }
                Some((path, metadata))
            }
            Err(error) => {
                if error.kind() != io::ErrorKind::NotFound {
                    self.trouble(path, &error);
                }
                None
            }
        }
    }

    fn take(&mut self, arrival: &Arrival) -> Result<(), Halt> {
        let stat = Stat { size: arrival.size, mtime: arrival.mtime };
        let mut content = match self.reader.read(&self.tree.full(&arrival.name), &arrival.name, "", stat) {
            Reading::Ready(content) => content,
            Reading::Pending => {
                self.tally.wait(&arrival.name, !arrival.is_known, Seen::Same);
                self.pending = true;
                return Ok(());
            }
            Reading::Gone => return Ok(()),
        };
        let known = self.context.ledger.file(&self.tree.place, &arrival.name)?;
        let parts = parts_of(&content);
        let is_same = known.as_ref().is_some_and(|known| known.file.hash == content.hash);
        let is_news = !is_same && self.publish(&arrival.name, &mut content, &parts, known.as_ref());
        let seen = if is_news { Seen::News } else { Seen::Same };
        self.tally.done(&arrival.name, is_news && known.is_none(), seen);
        let stat_read = (!content.unreadable).then_some(stat);
        let file = file_record(&arrival.name, content.hash, content.fault.is_some(), stat_read);
        let old = known.map(|known| known.parts).unwrap_or_default();
        let parts = parts
            .into_iter()
            .map(|part| if is_accepted(&old, &part) { PartRecord { is_fault: false, ..part } } else { part });
        let record = DropRecord { file, parts: parts.collect() };
        self.outbox.entries().file(&self.tree.place, &arrival.name, &record);
        // One that made no sense stays where it is: it may still be completed.
        if content.fault.is_none() {
            self.dispose(&arrival.name, stat);
        }
        Ok(())
    }

    /// Publishes the messages of a file, but for those that were accepted from the same place of it; whether
    /// there were others. A folder that is emptied may use a name again for something else.
    fn publish(
        &mut self,
        name: &str,
        content: &mut Content,
        parts: &[PartRecord],
        known: Option<&DropRecord>,
    ) -> bool {
        let known = known.filter(|_| self.after == After::Keep || self.is_name_for_good());
        let old = known.map(|known| known.parts.as_slice()).unwrap_or_default();
        let is_known = known.is_some_and(|known| known.file.state != FileState::Invalid && old.is_empty());
        let key = format!("{}/{name}", self.label);
        let mut messages = Vec::new();
        for ((at, range), part) in content.parts.clone().into_iter().enumerate().zip(parts) {
            if is_accepted(old, part) || old.contains(part) {
                continue;
            }
            let is_update = is_known || old.iter().any(|old| old.offset == part.offset && !old.is_fault);
            let change = if is_update { Change::Updated } else { Change::Created };
            if is_update && self.is_name_for_good() {
                content.findings.push(name_again());
            }
            let version: String = part.hash.iter().map(|byte| format!("{byte:02x}")).collect();
            let subject = Subject {
                patient: &self.patient(slice(&content.bytes, &range)),
                data_type: None,
                key: &key,
                version: &version,
                file: name,
                change,
                stored: None,
            };
            messages.push(publication(self.context, &subject, content, 0, (at, &range)));
        }
        let is_news = !messages.is_empty();
        self.outbox.publish(messages);
        is_news
    }

    /// Whether a name means the same thing when it comes again, though the file was moved away: that of an archive is
    /// made of sender, insurer, day and number, and is not to be used twice.
    fn is_name_for_good(&self) -> bool {
        self.format == Format::Checkup
    }

    fn patient(&self, message: &[u8]) -> String {
        match self.format {
            Format::Hl7v2 => hl7::patient(message),
            Format::Document | Format::Checkup => String::new(),
        }
    }

    /// Does away with a file that was taken as it looked then.
    fn dispose(&mut self, name: &str, stat: Stat) {
        let from = self.tree.full(name);
        let to = match self.after {
            After::Keep => return,
            After::Move => {
                let own_name = from.strip_prefix(&self.tree.root).unwrap_or(Path::new(name));
                Some(self.tree.root.join(DONE).join(own_name))
            }
            After::Delete => None,
        };
        let (place, name) = (self.tree.place.clone(), name.to_owned());
        let forget = !self.is_name_for_good();
        self.outbox.dispose(Disposal { from, to, stat, place, name, forget });
    }

    fn trouble(&self, path: &str, error: &io::Error) {
        self.tree.trouble(self.context, path, "", &error.kind().to_string());
    }
}

fn name_again() -> Finding {
    Finding {
        code: "name-again".into(),
        place: "archive".to_owned(),
        text: "an archive of this name came before, with another content".to_owned(),
    }
}

/// The messages of a content as the ledger knows them.
fn parts_of(content: &Content) -> Vec<PartRecord> {
    let part = |range: &Range<usize>| PartRecord {
        offset: u64::try_from(range.start).unwrap_or(u64::MAX),
        is_fault: content.fault.is_some(),
        hash: fold(None, slice(&content.bytes, range)),
    };
    content.parts.iter().map(part).collect()
}

/// Whether a message was accepted whole from the same place.
fn is_accepted(known: &[PartRecord], part: &PartRecord) -> bool {
    known.contains(&PartRecord { is_fault: false, ..*part })
}

/// The ledger's record of a dropped file; without `stat` it will be read again and compared.
pub(super) fn file_record(name: &str, hash: Hash, is_fault: bool, stat: Option<Stat>) -> FileRecord {
    let stat = stat.unwrap_or(Stat { size: FileRecord::UNKNOWN, mtime: 0 });
    FileRecord {
        stem: name.to_owned(),
        flag: WHOLE_NAME,
        state: if is_fault { FileState::Invalid } else { FileState::Live },
        in_storage: true,
        in_transaction: false,
        size: stat.size,
        mtime: stat.mtime,
        hash,
    }
}
