//! Writes events as a storage is written: transaction record first, then renames, then the new file.
//!
//! What stands on the disk is all it goes by, so that it needs no memory of a storage and can go on where another
//! run ended.

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

/// How a file comes to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Put {
    /// At once under its name: nobody looks yet.
    AtOnce,
    /// Under a hidden name, then renamed: whoever looks sees the whole file or none.
    Renamed,
}

impl Put {
    /// Writes a file; folders that are missing are made.
    ///
    /// # Errors
    /// When a folder or file can't be written.
    pub(super) fn write(self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        match self.try_write(path, bytes) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(path.parent().unwrap_or(path))?;
                self.try_write(path, bytes)
            }
            written => written,
        }
    }

    fn try_write(self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        match (self, path.file_name()) {
            (Self::Renamed, Some(name)) => {
                let mut hidden = std::ffi::OsString::from(".");
                hidden.push(name);
                let hidden = path.with_file_name(hidden);
                fs::write(&hidden, bytes)?;
                fs::rename(hidden, path)
            }
            _ => fs::write(path, bytes),
        }
    }
}

/// One facility's standard storage and, where asked for, its transaction storage.
pub(super) struct Archive {
    facility: Facility,
    root: PathBuf,
    transactions: Option<TransactionStorage>,
    put: Put,
}

impl Archive {
    /// An archive that writes below `root` and, where given, below `transaction`.
    pub(super) fn new(facility: &Facility, root: &Path, transaction: Option<&Path>, put: Put) -> Self {
        Self {
            facility: facility.clone(),
            root: root.to_owned(),
            transactions: transaction.map(TransactionStorage::new),
            put,
        }
    }

    /// Writes one event as message number `sequence`; returns the size of its new file in bytes.
    ///
    /// # Errors
    /// When a folder or file can't be written, or the text holds a character outside JIS X 0208.
    pub(super) fn write(&mut self, event: &Event, sequence: u64) -> io::Result<u64> {
        let bytes = iso_2022_jp(&message::render(&self.facility, sequence, event))?;
        let code = self.facility.code.clone();
        self.log(event, &code, &bytes)?;
        self.store(event, &bytes)?;
        Ok(bytes.len() as u64)
    }

    /// Whether there is a transaction storage.
    pub(super) fn has_log(&self) -> bool {
        self.transactions.is_some()
    }

    /// Appends the record of an event's message to the transaction storage, if there is one, as one of facility `code`.
    ///
    /// # Errors
    /// When the file can't be written.
    pub(super) fn log(&mut self, event: &Event, code: &str, bytes: &[u8]) -> io::Result<()> {
        self.transactions.as_mut().map_or(Ok(()), |log| log.append(code, event, bytes))
    }

    /// Writes the file of an event, after those of earlier versions were renamed; returns its path.
    ///
    /// # Errors
    /// When a folder or file can't be written.
    pub(super) fn store(&self, event: &Event, bytes: &[u8]) -> io::Result<PathBuf> {
        self.retire(event)?;
        let path = self.root.join(path(event, flag(event)));
        self.put.write(&path, bytes)?;
        Ok(path)
    }

    /// An update turns the valid version (1) into a superseded one (2); a deletion turns all into deleted (0).
    fn retire(&self, event: &Event) -> io::Result<()> {
        let folder = self.root.join(folder(event));
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries?,
        };
        let key = record(event);
        let mut versions = Vec::new();
        for entry in entries {
            versions.extend(entry?.file_name().into_string().ok().filter(|name| name.starts_with(&key)));
        }
        for version in versions {
            let (stem, flag) = version.rsplit_once('_').unwrap_or((&version, ""));
            let next = match (event.is_deletion, flag) {
                (true, "1" | "2") => '0',
                (false, "1") => '2',
                _ => continue,
            };
            fs::rename(folder.join(&version), folder.join(format!("{stem}_{next}")))?;
        }
        Ok(())
    }
}

/// The transaction storage: one file a day, each record a header line and the message.
struct TransactionStorage {
    root: PathBuf,
    day: Option<Date>,
    file: PathBuf,
}

impl TransactionStorage {
    fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), day: None, file: PathBuf::new() }
    }

    fn append(&mut self, facility: &str, event: &Event, message: &[u8]) -> io::Result<()> {
        if self.day != Some(event.sent.date()) {
            self.file = self.file_of(event)?;
            self.day = Some(event.sent.date());
        }
        let mut file = fs::OpenOptions::new().create(true).append(true).open(&self.file)?;
        let header = format!(
            "#SSMIX,2.00,{facility},{},{},{},{},{},{},{}\r",
            event.patient.id,
            event.care_date_text(),
            event.data_type(),
            event.order_text(),
            if event.is_deletion { "DEL" } else { "INS" },
            event.department_text(),
            time_text(event),
        );
        file.write_all(&[header.as_bytes(), message].concat())
    }

    /// The file of the day: the one that is there, else one named after the day's first record.
    fn file_of(&self, event: &Event) -> io::Result<PathBuf> {
        let folder = self.root.join(event.sent.strftime("%Y").to_string());
        fs::create_dir_all(&folder)?;
        let of_the_day = event.sent.strftime("TR_%Y%m%d").to_string();
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            if entry.file_name().as_encoded_bytes().starts_with(of_the_day.as_bytes()) {
                return Ok(entry.path());
            }
        }
        Ok(folder.join(format!("TR_{}_00001.DAT", time_text(event))))
    }
}

/// Where the file of `event` with `flag` stands, relative to the storage's root.
pub(super) fn path(event: &Event, flag: char) -> PathBuf {
    folder(event).join(format!("{}{}_{}_{flag}", record(event), time_text(event), event.department_text()))
}

/// `000/012/00012345/20261101/OML-11`, relative to the storage's root.
fn folder(event: &Event) -> PathBuf {
    let id = event.patient.id.as_str();
    [id.get(..3).unwrap_or(id), id.get(3..6).unwrap_or(id), id, &event.care_date_text(), event.data_type()]
        .iter()
        .collect()
}

/// The file name up to its time: what the versions of one record share.
fn record(event: &Event) -> String {
    format!("{}_{}_{}_{}_", event.patient.id, event.care_date_text(), event.data_type(), event.order_text())
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
