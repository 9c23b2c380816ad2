//! All that the hub makes of one file, without taking it in: for an interface engineer with a sample in hand.
//!
//! The result shows the message's content: it is for the person who asked, never for a log.

mod archive;
mod characters;
mod copies;
mod hints;
mod recipients;
mod tree;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hl7v2::Message;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::canonical::Finding;
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::decode::{NativeMessage, Raw};
use crate::envelope::{Change, Fault, Format};
use crate::ingest::settings::BYTES_MAX;
use crate::ingest::{self, FeedSettings};
use crate::normalise::Source;
use crate::pipeline::{self, Routing};
use crate::registry::Registry;

pub(super) use archive::is_archive;
pub use characters::{ByteRun, CharsetDecision, OddBytes};
pub use copies::Copy;
pub(super) use copies::attach;
pub use hints::{Hint, hint};
pub(super) use recipients::ground;
pub use recipients::{ClauseSeen, Ground, RecipientDecision};
pub use tree::{TreeSegment, TreeValue};

/// Messages of a file that are shown: a batch of a day would fill the memory.
const MESSAGES_MAX: usize = 200;
/// Values of the trees of a file that are shown.
const VALUES_MAX: usize = 50_000;

/// Reads a file for [`inspect`]: a regular file no larger than a feed would read.
pub fn read(path: &Path) -> Result<Vec<u8>, Fault> {
    let unreadable = |error: std::io::Error| refusal("unreadable", &error.to_string(), path);
    let data = std::fs::metadata(path).map_err(unreadable)?;
    if !data.is_file() {
        return Err(refusal("not-a-file", "not a regular file", path));
    }
    if data.len() > BYTES_MAX {
        return Err(refusal("too-large", &format!("larger than {BYTES_MAX} bytes"), path));
    }
    std::fs::read(path).map_err(unreadable)
}

fn refusal(code: &str, reason: &str, path: &Path) -> Fault {
    Fault { code: code.to_owned(), reason: reason.to_owned(), place: path.display().to_string() }
}

/// What stands in a file.
#[derive(Debug, Serialize)]
pub struct Inspection {
    /// The file as it was named.
    pub file: String,
    /// Its length.
    pub bytes: usize,
    /// What its place and name say.
    pub source: FileSource,
    /// Why the hub would not take it: as a whole, or its first message that makes no sense.
    pub refused: Option<Fault>,
    /// What is odd about the file as a whole.
    pub findings: Vec<Finding>,
    /// How many messages it holds.
    pub message_count: usize,
    /// The first of them, as many as are shown.
    pub messages: Vec<InspectedMessage>,
    /// What to do about each code of a finding, a refusal or odd bytes: English and Japanese.
    pub hints: BTreeMap<String, Hint>,
}

/// What a file's place and name say about it.
#[derive(Debug, Default, Serialize)]
pub struct FileSource {
    /// The feed whose source holds the file.
    pub feed: Option<String>,
    /// That feed's facility.
    pub facility: Option<String>,
    /// The SS-MIX2 data type: of the file's name, or as it was given.
    pub data_type: Option<String>,
    /// Its name, English and Japanese, where the specification knows it.
    pub data_type_name: Option<[&'static str; 2]>,
    /// The other parts of an SS-MIX2 file name.
    pub ssmix2: Option<Ssmix2Name>,
}

/// An SS-MIX2 file name.
#[derive(Debug, Serialize)]
pub struct Ssmix2Name {
    /// 患者ID
    pub patient: String,
    /// 診療日
    pub date: String,
    /// オーダNo
    pub order: String,
    /// 発生日時
    pub time: String,
    /// 診療科
    pub department: Option<String>,
    /// `1` current, `0` deleted, `2` superseded.
    pub flag: String,
}

/// One message of the file.
#[derive(Debug, Serialize)]
pub struct InspectedMessage {
    /// Byte offset in the file.
    pub offset: usize,
    /// Length.
    pub bytes: usize,
    /// Why it makes no sense.
    pub refused: Option<Fault>,
    /// How its bytes were read.
    pub charset: Option<CharsetDecision>,
    /// MSH-1 and MSH-2.
    pub encoding_characters: Option<String>,
    /// Segments with every value that is there; cut short in a message with very many.
    pub tree: Vec<TreeSegment>,
    /// Values that are not in the tree, because there are very many.
    pub values_left_out: usize,
    /// CloudEvents type of the event.
    #[serde(rename = "type")]
    pub event_type: Option<String>,
    /// The canonical event.
    pub event: Option<Box<RawValue>>,
    /// What is odd about the message.
    pub findings: Vec<Finding>,
    /// For every route and subscriber: whether it gets the event, and why.
    pub recipients: Vec<RecipientDecision>,
}

/// What the caller says of the file that its place and name do not.
#[derive(Debug, Clone, Copy, Default)]
pub struct Given<'a> {
    /// SS-MIX2 data type.
    pub data_type: Option<&'a str>,
    /// Feed.
    pub feed: Option<&'a str>,
    /// What happened at the source.
    pub change: Option<Change>,
    /// The registry that is asked; an empty one where there is none.
    pub registry: Option<&'a Registry>,
    /// When it would be decided; now where nothing is said.
    pub at: Option<Timestamp>,
    /// Whether the patient is looked up and the copies are made, as a router does it.
    pub as_routed: bool,
    /// The subscriber whose copy is shown whole.
    pub to: Option<&'a str>,
    /// Whether all runs of bytes are told, and not only the changes of sets.
    pub all_bytes: bool,
}

/// Looks at a file's bytes. `config` gives feeds and routes, where there is one.
pub fn inspect(path: &Path, bytes: &[u8], given: Given<'_>, config: Option<&Config>) -> Inspection {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let mut seen = Inspection {
        file: path.display().to_string(),
        bytes: bytes.len(),
        source: file_source(path, given, config),
        refused: None,
        findings: Vec::new(),
        message_count: 1,
        messages: Vec::new(),
        hints: BTreeMap::new(),
    };
    let routing = config.filter(|_| given.as_routed).map(|config| copies::routing(config, given.registry));
    let mut looking = Looking { given, config, routing: routing.as_ref(), values_left: VALUES_MAX };
    if is_archive(name, bytes) {
        let raw = Raw { format: Format::Checkup, body: bytes, name, main: None };
        seen.messages = vec![looking.message(raw, 0, &seen.source)];
    } else {
        let split = hl7v2::split(bytes);
        seen.findings = split.findings.iter().map(finding).collect();
        let whole = 0..bytes.len();
        let parts =
            if split.parts.is_empty() { std::slice::from_ref(&whole) } else { split.parts.as_slice() };
        seen.message_count = parts.len();
        let shown = parts.iter().take(MESSAGES_MAX).map(|part| {
            let body = bytes.get(part.clone()).unwrap_or_default();
            looking.message(Raw { name, ..body.into() }, part.start, &seen.source)
        });
        seen.messages = shown.collect();
        seen.refused = incomplete(bytes);
    }
    let first = seen.messages.iter().find_map(|message| message.refused.clone());
    seen.refused = seen.refused.or(first);
    seen.hints = hints::hints(&seen);
    seen
}

/// Why a file that may still be written would not be taken.
fn incomplete(bytes: &[u8]) -> Option<Fault> {
    let incomplete = hl7v2::completeness(bytes).err()?;
    let (code, reason) = (incomplete.code.to_owned(), incomplete.reason.to_owned());
    Some(Fault { code, reason, place: incomplete.place.to_string() })
}

/// Looks at one message, of whatever format.
pub(super) fn one(raw: Raw<'_>, given: Given<'_>, config: &Config) -> InspectedMessage {
    let source = file_source(Path::new(raw.name), given, Some(config));
    let mut looking = Looking { given, config: Some(config), routing: None, values_left: VALUES_MAX };
    looking.message(raw, 0, &source)
}

fn file_source(path: &Path, given: Given<'_>, config: Option<&Config>) -> FileSource {
    let feed = config.and_then(|config| match given.feed {
        Some(name) => config.feeds.iter().map(|feed| &feed.settings).find(|feed| feed.name == name),
        None => feed_of(path, config),
    });
    let name =
        path.file_name().and_then(|name| name.to_str()).and_then(|name| ssmix2::FileName::parse(name).ok());
    let data_type = given.data_type.or(name.map(|name| name.data_type));
    let ssmix2 = name.map(|name| Ssmix2Name {
        patient: name.patient.to_owned(),
        date: name.date.to_owned(),
        order: name.order.to_owned(),
        time: name.time.to_owned(),
        department: name.department.map(str::to_owned),
        flag: name.flag.digit().to_string(),
    });
    FileSource {
        feed: feed.map(|feed| feed.name.clone()),
        facility: feed.map(|feed| feed.facility.clone()),
        data_type: data_type.map(str::to_owned),
        data_type_name: data_type.and_then(ssmix2::DataType::find).map(|known| [known.en, known.ja]),
        ssmix2,
    }
}

/// The feed with a source that holds the file or folder.
pub(super) fn feed_of<'c>(path: &Path, config: &'c Config) -> Option<&'c FeedSettings> {
    let path = path.canonicalize().ok()?;
    let holds = |folder: &PathBuf| folder.canonicalize().is_ok_and(|folder| path.starts_with(folder));
    let feeds = config.feeds.iter().map(|feed| &feed.settings);
    feeds.into_iter().find(|feed| {
        feed.sources.iter().any(|source| match source {
            ingest::Source::Ssmix2 { standard, transaction, extension, .. } => {
                let extension = extension.as_ref().map(|extension| &extension.root);
                holds(standard) || transaction.iter().chain(extension).any(holds)
            }
            ingest::Source::Hl7Files { path, .. } | ingest::Source::Checkup { path, .. } => holds(path),
        })
    })
}

/// How a file is looked at.
struct Looking<'l> {
    given: Given<'l>,
    config: Option<&'l Config>,
    routing: Option<&'l Routing>,
    /// Values that trees may still show.
    values_left: usize,
}

impl Looking<'_> {
    fn message(&mut self, raw: Raw<'_>, offset: usize, source: &FileSource) -> InspectedMessage {
        let mut seen = InspectedMessage {
            offset,
            bytes: raw.body.len(),
            refused: None,
            charset: None,
            encoding_characters: None,
            tree: Vec::new(),
            values_left_out: 0,
            event_type: None,
            event: None,
            findings: Vec::new(),
            recipients: Vec::new(),
        };
        seen.refused = self.understand(raw, source, &mut seen).err();
        if let Some(routing) = self.routing {
            let at = self.given.at.unwrap_or_else(|| SystemClock.now());
            copies::make(&mut seen, raw, source, self.given, routing, at);
        }
        seen
    }

    fn understand(
        &mut self,
        raw: Raw<'_>,
        source: &FileSource,
        seen: &mut InspectedMessage,
    ) -> Result<(), Fault> {
        let zone = self.config.map_or(TimeZone::UTC, |config| config.hub.timezone.clone());
        let native = pipeline::decode(raw)?;
        match &native {
            NativeMessage::Hl7v2(message) => self.describe(message, raw, seen),
            NativeMessage::Checkup(archive) => seen.tree = archive::tree(archive),
            NativeMessage::Document(_) => {}
        }
        let mut event = pipeline::normalise(&native, &normalise_source(source, &zone, self.given.change))?;
        if let (true, Some(registry), Some(facility)) =
            (self.given.as_routed, self.given.registry, &source.facility)
        {
            let at = self.given.at.unwrap_or_else(|| SystemClock.now());
            pipeline::identify(&mut event, facility, registry, at);
        }
        seen.event_type = Some(event.event_type());
        seen.findings.clone_from(&event.findings);
        seen.event = serde_json::value::to_raw_value(&event).ok();
        if let Some(config) = self.config {
            seen.recipients = recipients::recipients(config, &event, source, self.given);
        }
        Ok(())
    }

    fn describe(&mut self, message: &Message, raw: Raw<'_>, seen: &mut InspectedMessage) {
        seen.charset = Some(characters::decision(message, raw.body, seen.offset, self.given.all_bytes));
        seen.encoding_characters =
            message.segment("MSH").map(|msh| format!("{}{}", msh.field(1).raw(), msh.field(2).raw()));
        seen.findings = message.findings().iter().map(finding).collect();
        (seen.tree, seen.values_left_out) = tree::tree(message, &mut self.values_left);
    }
}

fn normalise_source<'a>(source: &'a FileSource, zone: &'a TimeZone, given: Option<Change>) -> Source<'a> {
    let name = source.ssmix2.as_ref();
    Source {
        data_type: source.data_type.as_deref(),
        patient: name.map_or("", |name| name.patient.as_str()),
        order: name.map(|name| name.order.as_str()),
        facility: source.facility.as_deref().unwrap_or_default(),
        change: source.change(given),
        zone,
    }
}

impl FileSource {
    /// What happened at the source: as it was given, or as the condition flag says.
    fn change(&self, given: Option<Change>) -> Change {
        given.unwrap_or_else(|| match self.ssmix2.as_ref().map(|name| name.flag.as_str()) {
            Some("0") => Change::Deleted,
            Some("2") => Change::Superseded,
            _ => Change::Created,
        })
    }
}

fn finding(finding: &hl7v2::Finding) -> Finding {
    Finding { code: finding.code.into(), place: finding.place.clone(), text: finding.text.clone() }
}
