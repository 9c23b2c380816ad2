//! What a hospital's output is: found below a folder, looked at in a bounded sample, and told in counts.
//!
//! A survey holds no patient's data but in [`Sampled`], which is never serialised: codes, counts and places of fields.
//!
//! - `find`: which parts there are, and where
//! - `storage`: the files of a standardised storage, and the folders of an extension storage
//! - `transaction`: the records of a transaction storage
//! - `drop_folder`: HL7 v2 files, archives of health check-ups
//! - `content`: what bytes say
//! - `twin`: whether two places hold the same

pub(crate) mod budget;
mod content;
mod drop_folder;
mod find;
mod head;
pub(crate) mod listing;
mod storage;
mod transaction;
mod twin;

use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use serde::Serialize;

pub use budget::Limits;
pub use content::{CharsetSeen, Content, RuleSeen, Terminators};
pub use find::{Found, Part};
pub use storage::{DataTypeSeen, Names};
pub use twin::{Sampled, Twin};

use crate::clock::Clock;
use crate::envelope::is_facility_code;
use budget::Budget;
use find::Finder;

/// What was found below a folder.
#[derive(Debug, Serialize)]
pub struct Survey {
    /// The folder, absolute.
    pub sample: PathBuf,
    /// What is in it, the roots of storages first.
    pub parts: Vec<PartSeen>,
    /// Folders and files that could not be read.
    pub obstacles: Vec<Obstacle>,
    /// Files that are nothing a feed reads.
    pub others: u64,
    /// Whether all folders were looked at.
    pub whole: bool,
}

/// A part, as far as it was looked at.
#[derive(Debug, Serialize)]
pub struct PartSeen {
    /// What it is.
    pub part: Part,
    /// Its root folder; the file of an index.
    pub root: PathBuf,
    /// Files (documents of an extension storage, records of a transaction storage, rows of an index) that were listed.
    pub files: u64,
    /// Whether those are all.
    pub whole: bool,
    /// Codes of facilities that it names.
    pub facilities: Vec<FacilitySeen>,
    /// Data types, the most frequent first.
    pub data_types: Vec<DataTypeSeen>,
    /// What is odd about names.
    pub names: Names,
    /// What the files that were read say.
    pub content: Content,
    /// When the newest was written, by its name: 発生日時 or トランザクション日時, 17 digits as far as they go.
    pub newest: Option<String>,
    /// What could not be read.
    pub obstacles: Vec<Obstacle>,
    /// The files that were read.
    #[serde(skip)]
    pub sampled: Sampled,
}

/// A facility's code, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FacilitySeen {
    /// 医療機関コード
    pub code: String,
    /// Where.
    pub place: CodePlace,
    /// How often.
    pub count: u64,
}

/// Where the code of a facility stands, the most trustworthy first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CodePlace {
    /// Item 3 of the header lines of a transaction storage.
    TransactionHeader,
    /// Column FacilityID of the index database.
    Index,
    /// Name of the storage's root folder, or of one above it.
    RootFolder,
    /// Sender of an archive of check-ups.
    ArchiveSender,
    /// MSH-4, which anything may be written into.
    Msh4,
}

/// Something that could not be read. Its place is a folder or a file above those of patients where that can be told.
#[derive(Debug, Serialize)]
pub struct Obstacle {
    /// Folder or file: its name may hold a patient's id, so that it is not serialised.
    #[serde(skip)]
    pub path: PathBuf,
    /// What the system says.
    pub reason: String,
}

impl Obstacle {
    fn new(path: &Path, source: &io::Error) -> Self {
        Self { path: path.to_owned(), reason: source.to_string() }
    }
}

impl PartSeen {
    fn new(part: Part, root: &Path) -> Self {
        Self {
            part,
            root: root.to_owned(),
            files: 0,
            whole: true,
            facilities: Vec::new(),
            data_types: Vec::new(),
            names: Names::default(),
            content: Content::default(),
            newest: None,
            obstacles: Vec::new(),
            sampled: Sampled::default(),
        }
    }

    fn facility(&mut self, code: &str, place: CodePlace, count: u64) {
        match self.facilities.iter_mut().find(|seen| seen.code == code && seen.place == place) {
            Some(seen) => seen.count += count,
            None => self.facilities.push(FacilitySeen { code: code.to_owned(), place, count }),
        }
    }
}

/// Looks for the parts below a folder (or a file), and at a sample of each.
///
/// # Errors
/// The folder itself can't be read.
pub fn survey(
    sample: &Path,
    limits: Limits,
    clock: &dyn Clock,
    progress: &dyn Fn(u64),
) -> io::Result<Survey> {
    let sample = std::path::absolute(sample)?;
    let is_folder = std::fs::metadata(&sample)?.is_dir();
    let folder = if is_folder { sample.as_path() } else { sample.parent().unwrap_or(Path::new("/")) };
    std::fs::read_dir(folder)?;
    let mut budget = Budget::new(limits, clock, progress);
    let mut finder = Finder::default();
    finder.below(folder, &mut budget);
    let whole = budget.is_whole();
    let parts = finder.found.iter().map(|found| look(found, limits, clock, progress)).collect();
    Ok(Survey { sample, parts, obstacles: finder.obstacles, others: finder.others, whole })
}

/// Looks at a sample of one part.
pub fn look(found: &Found, limits: Limits, clock: &dyn Clock, progress: &dyn Fn(u64)) -> PartSeen {
    let mut budget = Budget::new(limits, clock, progress);
    let mut seen = PartSeen::new(found.part, &found.root);
    match found.part {
        Part::Standard => storage::standard(&mut seen, limits, &mut budget),
        Part::Extension => storage::extension(&mut seen, &mut budget),
        Part::Transaction | Part::ExtensionTransaction => transaction::look(&mut seen, &mut budget),
        Part::Hl7Files | Part::Checkup => drop_folder::look(&mut seen, limits, &mut budget),
        Part::Index => index(&mut seen, &mut budget),
    }
    seen.whole &= budget.is_whole();
    if !matches!(found.part, Part::Index)
        && let Some(code) = code_above(&found.root)
    {
        seen.facility(&code, CodePlace::RootFolder, 1);
    }
    let codes = std::mem::take(&mut seen.content.facilities);
    let place = if found.part == Part::Checkup { CodePlace::ArchiveSender } else { CodePlace::Msh4 };
    codes.iter().for_each(|(code, count)| seen.facility(code, place, *count));
    seen.facilities.sort_by(|one, other| (one.place, other.count).cmp(&(other.place, one.count)));
    seen
}

/// The code with which the name of a root folder, or of the folder above it, begins: a storage of several volumes has
/// something behind it.
fn code_above(root: &Path) -> Option<String> {
    root.ancestors().take(2).find_map(|folder| {
        let name = folder.file_name()?.to_str()?;
        let code = name.get(..10).filter(|code| is_facility_code(code))?;
        let goes_on = name.get(10..).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        (!goes_on).then(|| code.to_owned())
    })
}

fn index(seen: &mut PartSeen, budget: &mut Budget<'_>) {
    let file = match File::open(&seen.root) {
        Ok(file) => file,
        Err(source) => return seen.obstacles.push(Obstacle::new(&seen.root.clone(), &source)),
    };
    let Ok(rows) = ssmix2::index::Rows::open(BufReader::new(file)) else { return };
    for row in rows.map_while(Result::ok).flatten() {
        seen.files += 1;
        if is_facility_code(&row.facility) {
            seen.facility(&row.facility, CodePlace::Index, 1);
        }
        if !budget.take() {
            return;
        }
    }
}
