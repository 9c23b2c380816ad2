//! Writes events as a storage is written: transaction record first, then renames, then the new file.

use std::collections::HashMap;
use std::collections::HashSet;
use std::fs;
use std::io;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

use hl7v2::charset::Charset;
use hl7v2::charset::encode;
use jiff::civil::Date;

use super::Facility;
use super::event::Event;
use super::message;

/// One facility's standard storage and, where asked for, its transaction storage.
pub(super) struct Archive<'a> {
    facility: &'a Facility,
    root: &'a Path,
    transactions: Option<TransactionStorage<'a>>,
    folders: HashSet<PathBuf>,
    /// Per record, its versions so far: file name without flag, and flag.
    versions: HashMap<(PathBuf, String), Vec<(String, char)>>,
    sequence: u64,
}

impl<'a> Archive<'a> {
    /// An archive that writes below `root` and, where given, below `transaction`.
    pub(super) fn new(facility: &'a Facility, root: &'a Path, transaction: Option<&'a Path>) -> Self {
        Self {
            facility,
            root,
            transactions: transaction.map(TransactionStorage::new),
            folders: HashSet::new(),
            versions: HashMap::new(),
            sequence: 0,
        }
    }

    /// Writes one event; returns the size of its new file in bytes.
    ///
    /// # Errors
    /// When a folder or file can't be written, or the text holds a character outside JIS X 0208.
    pub(super) fn write(&mut self, event: &Event) -> io::Result<u64> {
        self.sequence += 1;
        let text = message::render(self.facility, self.sequence, event);
        let bytes = iso_2022_jp(&text)?;
        if let Some(transactions) = &mut self.transactions {
            transactions.append(self.facility, event, &bytes)?;
        }
        let folder = self.root.join(folder(event));
        if !self.folders.contains(&folder) {
            fs::create_dir_all(&folder)?;
            self.folders.insert(folder.clone());
        }
        self.retire(&folder, event)?;
        fs::write(self.root.join(path(event, flag(event))), &bytes)?;
        Ok(bytes.len() as u64)
    }

    /// An update turns the valid version (1) into a superseded one (2); a deletion turns all into deleted (0).
    fn retire(&mut self, folder: &Path, event: &Event) -> io::Result<()> {
        let versions = self.versions.entry((folder.to_owned(), event.order_text())).or_default();
        for (version, flag) in versions.iter_mut() {
            let next = match (event.is_deletion, *flag) {
                (true, _) => '0',
                (false, '1') => '2',
                (false, other) => other,
            };
            if next != *flag {
                fs::rename(folder.join(format!("{version}{flag}")), folder.join(format!("{version}{next}")))?;
                *flag = next;
            }
        }
        versions.push((stem(event), flag(event)));
        Ok(())
    }
}

/// The transaction storage: one file a day, each record a header line and the message.
struct TransactionStorage<'a> {
    root: &'a Path,
    day: Option<Date>,
    file: PathBuf,
}

impl<'a> TransactionStorage<'a> {
    fn new(root: &'a Path) -> Self {
        Self { root, day: None, file: PathBuf::new() }
    }

    fn append(&mut self, facility: &Facility, event: &Event, message: &[u8]) -> io::Result<()> {
        if self.day != Some(event.sent.date()) {
            let folder = self.root.join(event.sent.strftime("%Y").to_string());
            fs::create_dir_all(&folder)?;
            self.file = folder.join(format!("TR_{}_00001.DAT", time_text(event)));
            self.day = Some(event.sent.date());
        }
        let mut file = fs::OpenOptions::new().create(true).append(true).open(&self.file)?;
        let header = format!(
            "#SSMIX,2.00,{},{},{},{},{},{},{},{}\r",
            facility.code,
            event.patient.id,
            event.care_date_text(),
            event.data_type(),
            event.order_text(),
            if event.is_deletion { "DEL" } else { "INS" },
            event.department_text(),
            time_text(event),
        );
        file.write_all(header.as_bytes())?;
        file.write_all(message)
    }
}

/// Where the file of `event` with `flag` stands, relative to the storage's root.
pub(super) fn path(event: &Event, flag: char) -> PathBuf {
    folder(event).join(format!("{}{flag}", stem(event)))
}

/// `000/012/00012345/20261101/OML-11`, relative to the storage's root.
fn folder(event: &Event) -> PathBuf {
    let id = event.patient.id.as_str();
    [id.get(..3).unwrap_or(id), id.get(3..6).unwrap_or(id), id, &event.care_date_text(), event.data_type()]
        .iter()
        .collect()
}

/// The file name up to its flag.
fn stem(event: &Event) -> String {
    format!(
        "{}_{}_{}_{}_{}_{}_",
        event.patient.id,
        event.care_date_text(),
        event.data_type(),
        event.order_text(),
        time_text(event),
        event.department_text(),
    )
}

/// The condition flag of a new file: 0 for a delete message, 1 for anything else.
fn flag(event: &Event) -> char {
    if event.is_deletion { '0' } else { '1' }
}

/// `YYYYMMDDHHMMSSfff`.
fn time_text(event: &Event) -> String {
    format!("{}{:03}", event.sent.strftime("%Y%m%d%H%M%S"), event.sent.millisecond())
}

/// `text` in the character sets of SS-MIX2: ASCII and JIS X 0208 by ISO 2022 escapes.
pub(super) fn iso_2022_jp(text: &str) -> io::Result<Vec<u8>> {
    encode(text, Charset::Iso2022Jp).map_err(io::Error::other)
}

/// The first part of a message, cut within its kanji somewhere past the middle: what a reader sees while a
/// slow writer is at work.
pub(super) fn half(bytes: &[u8]) -> &[u8] {
    let middle = bytes.len() / 2;
    let shift = bytes.iter().skip(middle).position(|byte| *byte == 0x1B).map_or(0, |offset| middle + offset);
    let run = bytes.get(shift..).unwrap_or_default();
    // The escape found may be the one that returns to ASCII; then the cut lies before it.
    let end = if run.starts_with(b"\x1b$B") { shift + 5 } else { shift };
    bytes.get(..end).unwrap_or(bytes)
}
