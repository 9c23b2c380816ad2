//! An archive, read and checked.

use std::io::{BufRead, Read, Seek};

use crate::container::Container;
use crate::entry::{Part, is_versioned, place};
use crate::finding::{ARCHIVE, Fault, Finding, Findings};
use crate::index::Index;
use crate::limits::Limits;
use crate::name::{ArchiveName, RecordName};
use crate::record;
use crate::summary::Summary;
use crate::xml::XmlError;

/// Numberings of sender and receiver (OID): facilities, insurers.
const FACILITIES: &str = "1.2.392.200119.6.102";
const INSURERS: &str = "1.2.392.200119.6.101";

/// What an archive holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archive {
    /// The parts of its name, or of its root folder's where the archive's own is not of the specification.
    pub name: Option<ArchiveName>,
    /// Its index.
    pub index: Index,
    /// Totals of the bill, where there are some.
    pub summary: Option<Summary>,
    /// XML files found in `DATA/`.
    pub records: u64,
    /// XML files found in `CLAIMS/`.
    pub claims: u64,
    /// What is odd about it.
    pub findings: Vec<Finding>,
}

impl Archive {
    /// 健診機関番号 of the sender: of the name, else of the index.
    pub fn sender(&self) -> Option<&str> {
        self.name.as_ref().map(|name| name.sender.as_str()).or(self.index.sender.extension.as_deref())
    }

    /// 保険者番号 of the receiver: of the name, else of the index. Never missing in an archive that was read.
    pub fn insurer(&self) -> Option<&str> {
        self.name.as_ref().map(|name| name.insurer.as_str()).or(self.index.receiver.extension.as_deref())
    }
}

/// Reads an archive of that file name.
///
/// # Errors
/// It is not whole, is not to be trusted, has no index, holds other files than its index says, or another sender's, or
/// does not say for whom it is.
pub fn read(archive: impl Read + Seek, name: &str, limits: &Limits) -> Result<Archive, Fault> {
    let container = Container::open(archive, limits)?;
    let mut reading = Reading::begin(container, name, limits)?;
    reading.index()?;
    for number in 0..reading.container.names.len() {
        reading.entry(number)?;
    }
    reading.end()
}

/// An archive on the way.
struct Reading<R> {
    container: Container<R>,
    depth: usize,
    /// Path of its root folder, with `/` behind; empty where files lie at the top.
    root: String,
    name: Option<ArchiveName>,
    index: Index,
    index_number: usize,
    index_place: String,
    summary: Option<Summary>,
    records: u64,
    claims: u64,
    findings: Findings,
}

impl<R: Read + Seek> Reading<R> {
    fn begin(container: Container<R>, name: &str, limits: &Limits) -> Result<Self, Fault> {
        let mut findings = Findings::default();
        let mut found =
            container.names.iter().enumerate().filter(|(_, name)| is_versioned(file_of(name), "ix08_V"));
        let Some((index_number, path)) = found.next() else {
            return Err(Fault::of_archive("no-index", "the archive holds no ix08_V08.xml"));
        };
        if found.next().is_some() {
            return Err(Fault::of_archive("several-indexes", "the archive holds several indexes"));
        }
        let index_place = file_of(path).to_owned();
        let root = path.strip_suffix(index_place.as_str()).unwrap_or_default().to_owned();
        let own = ArchiveName::parse(name);
        if own.is_none() {
            findings.add("archive-name", ARCHIVE, "the archive's name is not of the specification");
        }
        let folder = root.trim_end_matches('/');
        if own.is_some() && name.rsplit_once('.').map_or(name, |(stem, _)| stem) != folder {
            findings.add("root-differs", ARCHIVE, "the root folder does not have the archive's name");
        }
        let name = own.or_else(|| ArchiveName::parse(folder));
        Ok(Self {
            container,
            depth: limits.depth,
            root,
            name,
            index: Index::default(),
            index_number,
            index_place,
            summary: None,
            records: 0,
            claims: 0,
            findings,
        })
    }

    /// Reads the index and holds it against the name.
    fn index(&mut self) -> Result<(), Fault> {
        let (depth, at) = (self.depth, self.index_place.clone());
        let index = self.container.entry(self.index_number, &at, |xml| Index::read(xml, depth))?;
        let index = index.map_err(|error| Fault::new(code(error), error.to_string(), &at))?;
        if !index.is_index {
            return Err(Fault::new(
                "not-an-index",
                "the root element is not the index of the specification",
                at,
            ));
        }
        if let Some(name) = &self.name {
            let differs =
                |known: &str, found: &Option<String>| found.as_deref().is_some_and(|found| found != known);
            if differs(&name.sender, &index.sender.extension) {
                return Err(Fault::new(
                    "other-sender",
                    "the index names another sender than the archive",
                    at,
                ));
            }
            if differs(&name.insurer, &index.receiver.extension) {
                return Err(Fault::new(
                    "other-receiver",
                    "the index names another receiver than the archive",
                    at,
                ));
            }
            if differs(&name.category, &index.service_event) {
                let text = "serviceEventType is another than the archive's name says";
                self.findings.add("category-differs", &at, text);
            }
        } else if index.receiver.extension.is_none() {
            return Err(Fault::new("no-insurer", "neither name nor index says for whom the archive is", at));
        }
        self.index_findings(&index, &at);
        self.index = index;
        Ok(())
    }

    fn index_findings(&mut self, index: &Index, at: &str) {
        if at != "ix08_V08.xml" {
            self.findings.add("index-version", at, "the index is of another version than V08");
        }
        let missing = [
            (index.interaction.is_none(), "interactionType"),
            (index.created.is_none(), "creationTime"),
            (index.sender.extension.is_none(), "sender"),
            (index.receiver.extension.is_none(), "receiver"),
            (index.service_event.is_none(), "serviceEventType"),
            (index.total_records.is_none(), "totalRecordCount"),
        ];
        for (_, element) in missing.into_iter().filter(|(is_missing, _)| *is_missing) {
            self.findings.add("index-incomplete", at, format!("{element} is missing or can't be read"));
        }
        let numbering = |found: &Option<String>, known| found.as_deref().is_some_and(|found| found != known);
        if numbering(&index.sender.root, FACILITIES) {
            self.findings.add("numbering", at, "the sender's number is not one of facilities");
        }
        // To a payment agent (interactionType 1) it is another; only what goes to an insurer says so.
        if index.interaction.as_deref() == Some("6") && numbering(&index.receiver.root, INSURERS) {
            self.findings.add("numbering", at, "the receiver's number is not one of insurers");
        }
    }

    fn entry(&mut self, number: usize) -> Result<(), Fault> {
        let Some(full) = self.container.names.get(number) else { return Ok(()) };
        let Some(path) = full.strip_prefix(self.root.as_str()) else {
            let is_above = full.ends_with('/') && self.root.starts_with(full.as_str());
            if !is_above {
                let at = crate::entry::number_of(number);
                self.findings.add("outside-root", at, "it does not lie in the archive's root folder");
            }
            return Ok(());
        };
        let part = Part::of(path);
        let (path, at) = (path.to_owned(), place(path, &part, number));
        match part {
            Part::Record => {
                self.records += 1;
                self.record_name(&path, &at)?;
                self.record(number, &at)
            }
            Part::Claim => {
                self.claims += 1;
                self.record_name(&path, &at)?;
                self.xml(number, &at, |xml, depth| crate::xml::walk(xml, depth, &mut Nothing)).map(|_| ())
            }
            Part::Summary => {
                let summary = self.xml(number, &at, Summary::read)?;
                if summary.as_ref().is_some_and(|summary| !summary.is_summary) {
                    self.findings.add("not-a-summary", &at, "the root element is not that of totals");
                }
                self.summary = summary.or(self.summary.take());
                Ok(())
            }
            Part::Index | Part::Schema | Part::Folder => Ok(()),
            Part::Other => {
                self.findings.add("unexpected-entry", at, "no file of the specification; it was not opened");
                Ok(())
            }
        }
    }

    /// A person's file must be of the archive's sender.
    fn record_name(&mut self, path: &str, at: &str) -> Result<(), Fault> {
        let Some(file) = RecordName::parse(file_of(path)) else {
            self.findings.add("record-name", at, "its name is not of the specification");
            return Ok(());
        };
        let sender = self.name.as_ref().map(|name| &name.sender).or(self.index.sender.extension.as_ref());
        if sender.is_some_and(|sender| sender != file.sender) {
            return Err(Fault::new("other-sender", "it is a file of another sender than the archive", at));
        }
        let is_letter =
            if path.starts_with("CLAIMS/") { file.letter == 'c' } else { matches!(file.letter, 'h' | 'g') };
        if !is_letter {
            self.findings.add("record-name", at, "its name does not begin with the letter of its folder");
        }
        if self
            .name
            .as_ref()
            .is_some_and(|name| (name.date.as_str(), name.serial.as_str()) != (file.date, file.serial))
        {
            self.findings.add("name-differs", at, "its name says another day or number than the archive's");
        }
        Ok(())
    }

    fn record(&mut self, number: usize, at: &str) -> Result<(), Fault> {
        for (code, text) in self.xml(number, at, record::check)?.unwrap_or_default() {
            self.findings.add(code, at, text);
        }
        Ok(())
    }

    /// Reads an XML file; one that can't be read is a finding, unless it would harm.
    fn xml<T>(
        &mut self,
        number: usize,
        at: &str,
        read: impl FnOnce(&mut dyn BufRead, usize) -> Result<T, XmlError>,
    ) -> Result<Option<T>, Fault> {
        let depth = self.depth;
        match self.container.entry(number, at, |xml| read(xml, depth))? {
            Ok(read) => Ok(Some(read)),
            Err(error) if error.is_hostile() => Err(Fault::new(code(error), error.to_string(), at)),
            Err(error) => {
                self.findings.add(code(error), at, error.to_string());
                Ok(None)
            }
        }
    }

    /// Holds the counts against each other.
    fn end(mut self) -> Result<Archive, Fault> {
        if let Some(declared) = self.index.total_records.filter(|declared| *declared != self.records) {
            let reason = format!("totalRecordCount is {declared}, but DATA holds {} XML files", self.records);
            return Err(Fault::new("count-differs", reason, self.index_place));
        }
        match self.summary.as_ref().and_then(|summary| summary.total_subjects) {
            Some(declared) if declared != self.claims => {
                let text =
                    format!("totalSubjectCount is {declared}, but CLAIMS holds {} XML files", self.claims);
                self.findings.add("claims-differ", ARCHIVE, text);
            }
            None if self.claims > 0 => {
                self.findings.add(
                    "no-summary",
                    ARCHIVE,
                    "CLAIMS holds files, but there are no totals (su08)",
                );
            }
            _ => {}
        }
        Ok(Archive {
            name: self.name,
            index: self.index,
            summary: self.summary,
            records: self.records,
            claims: self.claims,
            findings: self.findings.finish(),
        })
    }
}

/// Takes nothing: the file need only be well-formed.
struct Nothing;

impl crate::xml::Visitor for Nothing {
    fn element(&mut self, _: &crate::xml::Element<'_>) -> Result<(), XmlError> {
        Ok(())
    }
}

fn file_of(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, file)| file)
}

const fn code(error: XmlError) -> &'static str {
    match error {
        XmlError::DocumentType => "xml-doctype",
        XmlError::Entity => "xml-entity",
        XmlError::Encoding => "xml-encoding",
        XmlError::Depth => "xml-depth",
        XmlError::Root => "xml-root",
        XmlError::Malformed => "xml-malformed",
    }
}
