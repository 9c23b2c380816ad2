//! Synthetic regions, SS-MIX2 storages and HL7 v2 drop folders: the same bytes for the same seed.
//!
//! [`region`] is a whole network that runs, from day to day; [`storage`] as many files of one facility as are wanted, and
//! [`demo`] the committed region of `fixtures/region`.
//!
//! Everybody in them is invented (架空): every given name begins with a character that says so, towns and
//! telephone exchanges do not exist, MSH-4 reads `KAKUU`, and HOT9 codes come from a range nobody uses.

mod archive;
mod case;
mod catalogue;
mod checkup;
mod course;
mod demo;
mod drop_folder;
mod event;
mod extension;
mod message;
mod outbreak;
mod people;
mod random;
mod region;
mod segment;

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::collections::HashSet;
use std::fmt;
use std::io;
use std::path::PathBuf;

use jiff::SignedDuration;
use jiff::civil::Date;

use archive::{Archive, Put};
pub use case::case;
pub use case::cases;
use course::Period;
pub use demo::DEMO_SEED;
pub use demo::demo;
pub use drop_folder::DropFolderSettings;
pub use drop_folder::drop_folder;
use event::Event;
use event::Patient;
pub use outbreak::OutbreakSettings;
pub use outbreak::OutbreakSummary;
pub use outbreak::outbreak;
pub use people::Name;
pub use people::Person;
pub use people::person;
pub use region::{
    Expectation, FACILITIES_MAX, FaultKind, FaultRates, FaultRecord, LiveProgress, LiveSettings, LiveSummary,
    RegionError, RegionProgress, RegionSettings, RegionSummary, UnknownFault, live, region,
};

/// The sending facility.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facility {
    /// 10-digit 医療機関コード.
    pub code: String,
    /// Name, with 架空.
    pub name: String,
    /// Postal code, `NNN-NNNN`.
    pub postal: String,
    /// Address in one line.
    pub address: String,
    /// Telephone.
    pub phone: String,
}

impl Default for Facility {
    fn default() -> Self {
        Self {
            code: "3219900019".to_owned(),
            name: "架空総合病院".to_owned(),
            postal: "690-0000".to_owned(),
            address: "島根県松江市架空町1-1".to_owned(),
            phone: "0852-00-0000".to_owned(),
        }
    }
}

/// How much to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amount {
    /// All files of so many patients.
    Patients(u64),
    /// The first so many files, in the order in which they were sent, of as many patients as that takes.
    Files(u64),
}

/// What to write where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageSettings {
    /// Root of the standard storage; created where absent.
    pub root: PathBuf,
    /// Root of the transaction storage, where one is wanted.
    pub transaction: Option<PathBuf>,
    /// The sending facility.
    pub facility: Facility,
    /// How much to write.
    pub amount: Amount,
    /// Decides everything else.
    pub seed: u64,
    /// The last day on which something is sent.
    pub today: Date,
    /// How many days before `today` the first patient may come.
    pub days: u16,
    /// Number of the first person (see [`person`]): facilities whose ranges overlap share people.
    pub first_person: u64,
    /// Whether superseded versions (flag 2), deleted ones and their delete messages (flag 0) are written.
    pub history: bool,
}

impl StorageSettings {
    /// Settings for `amount` below `root` by the invented default facility, without history.
    pub fn new(root: impl Into<PathBuf>, amount: Amount, seed: u64, today: Date) -> Self {
        Self {
            root: root.into(),
            transaction: None,
            facility: Facility::default(),
            amount,
            seed,
            today,
            days: 90,
            first_person: 0,
            history: false,
        }
    }
}

/// How far the writing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Files written so far.
    pub written: u64,
    /// Files to write in all.
    pub total: u64,
}

/// What was written. All people are invented (架空).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Files of the standard storage.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// People with at least one file.
    pub patients: u64,
    /// Delete messages among the files.
    pub deletions: u64,
    /// Files per data type.
    pub data_types: BTreeMap<&'static str, u64>,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { files, bytes, patients, deletions, .. } = self;
        write!(
            f,
            "{files} files ({bytes} bytes, {deletions} delete messages) of {patients} invented people (架空)"
        )
    }
}

/// Writes a standard storage and, where asked for, the transaction storage that belongs to it.
///
/// # Errors
/// When a folder or file can't be written.
pub fn storage(settings: &StorageSettings, mut progress: impl FnMut(Progress)) -> io::Result<Summary> {
    let events = plan(settings);
    let transaction = settings.transaction.as_deref();
    let mut archive = Archive::new(&settings.facility, &settings.root, transaction, Put::AtOnce);
    let mut summary = Summary { patients: patients(&events), ..Summary::default() };
    for event in &events {
        summary.files += 1;
        summary.bytes += archive.write(event, summary.files)?;
        summary.deletions += u64::from(event.is_deletion);
        *summary.data_types.entry(event.data_type()).or_default() += 1;
        progress(Progress { written: summary.files, total: events.len() as u64 });
    }
    Ok(summary)
}

/// The facility's own id for a person: eight digits, other ones in every facility.
pub fn patient_id(facility: &str, person: u64) -> String {
    format!("{:08}", offset(facility) * 10 + person * 7 + 1)
}

/// A number that differs between facilities.
fn offset(facility: &str) -> u64 {
    facility.bytes().fold(0, |sum, digit| (sum * 31 + u64::from(digit)) % 9_973)
}

/// The events of a storage in the order in which they were sent.
fn plan(settings: &StorageSettings) -> Vec<Event> {
    let first = settings.today.saturating_sub(SignedDuration::from_hours(24 * i64::from(settings.days)));
    let period = Period { first, last: settings.today };
    let (patients_max, files_max) = match settings.amount {
        Amount::Patients(patients) => (patients, u64::MAX),
        Amount::Files(files) => (u64::MAX, files),
    };
    let mut events = Vec::new();
    let mut index = 0;
    while index < patients_max && (events.len() as u64) < files_max {
        let number = settings.first_person + index;
        let id = patient_id(&settings.facility.code, number);
        let patient = Patient { id, person: person(settings.seed, number) };
        let course = course::course(settings.seed ^ offset(&settings.facility.code), patient, period);
        events.extend(if settings.history { course } else { current(course) });
        index += 1;
    }
    events.sort_by(|one, other| (one.sent, &one.patient.id).cmp(&(other.sent, &other.patient.id)));
    events.truncate(usize::try_from(files_max).unwrap_or(usize::MAX));
    events
}

/// Only what is still valid at the end: the last version of each record, unless it was deleted.
fn current(events: Vec<Event>) -> Vec<Event> {
    let last: HashMap<_, _> =
        events.iter().enumerate().map(|(position, event)| (event.key(), position)).collect();
    let is_current =
        |position: usize, event: &Event| last.get(&event.key()) == Some(&position) && !event.is_deletion;
    events
        .into_iter()
        .enumerate()
        .filter(|(position, event)| is_current(*position, event))
        .map(|(_, event)| event)
        .collect()
}

fn patients(events: &[Event]) -> u64 {
    let ids: HashSet<&str> = events.iter().map(|event| event.patient.id.as_str()).collect();
    ids.len() as u64
}

#[cfg(test)]
mod tests;
