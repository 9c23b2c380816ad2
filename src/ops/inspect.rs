//! All that the hub makes of one file, without taking it in: for an interface engineer with a sample in hand.
//!
//! The result shows the message's content: it is for the person who asked, never for a log.

mod archive;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hl7v2::{Message, Segment};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::canonical::{CanonicalEvent, Finding};
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::decode::{NativeMessage, Raw};
use crate::envelope::{Change, Fault, Format};
use crate::ingest::settings::BYTES_MAX;
use crate::ingest::{self, FeedSettings};
use crate::normalise::Source;
use crate::pipeline;
use crate::registry::Registry;
use crate::route::{self, Asking, Fate, Routes};

pub(super) use archive::is_archive;

/// Messages of a file that are shown: a batch of a day would fill the memory.
const MESSAGES_MAX: usize = 200;
/// Values of a message's tree that are shown.
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

/// How bytes became characters.
#[derive(Debug, Serialize)]
pub struct CharsetDecision {
    /// MSH-18, each repetition.
    pub declared: Vec<String>,
    /// MSH-20.
    pub handling: String,
    /// The set that was used.
    pub used: String,
    /// Why.
    pub reason: String,
}

/// A segment.
#[derive(Debug, Serialize)]
pub struct TreeSegment {
    /// `OBX[3]`
    pub at: String,
    /// Values that are there, with escapes resolved.
    pub values: Vec<TreeValue>,
}

/// A value.
#[derive(Debug, Serialize)]
pub struct TreeValue {
    /// `PID-5[2].1`
    pub path: String,
    /// The value.
    pub value: String,
}

/// What a route made of the event, for one subscriber.
#[derive(Debug, Serialize)]
pub struct RecipientDecision {
    /// Subscriber.
    pub subscriber: String,
    /// Route.
    pub route: String,
    /// Whether it gets a copy by this route.
    pub receives: bool,
    /// The clauses that were tested, the last one decided. Never shows a patient's value.
    pub why: Vec<String>,
    /// Versions of the tables that the route reads, by their names.
    pub tables: BTreeMap<String, String>,
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
}

/// Looks at a file's bytes. `config` gives feeds and routes, where there is one.
pub fn inspect(path: &Path, bytes: &[u8], given: Given<'_>, config: Option<&Config>) -> Inspection {
    let source = file_source(path, given, config);
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if is_archive(name, bytes) {
        let raw = Raw { format: Format::Checkup, body: bytes, name, main: None };
        let message = message(raw, 0, &source, given, config);
        return Inspection {
            file: path.display().to_string(),
            bytes: bytes.len(),
            source,
            refused: message.refused.clone(),
            findings: Vec::new(),
            message_count: 1,
            messages: vec![message],
        };
    }
    let split = hl7v2::split(bytes);
    let findings = split.findings.iter().map(finding).collect();
    let whole = 0..bytes.len();
    let parts = if split.parts.is_empty() { std::slice::from_ref(&whole) } else { split.parts.as_slice() };
    let shown = parts.iter().take(MESSAGES_MAX);
    let messages: Vec<_> = shown
        .map(|part| {
            let body = bytes.get(part.clone()).unwrap_or_default();
            message(body.into(), part.start, &source, given, config)
        })
        .collect();
    let message_count = parts.len();
    let incomplete = hl7v2::completeness(bytes).err().map(|incomplete| Fault {
        code: incomplete.code.to_owned(),
        reason: incomplete.reason.to_owned(),
        place: incomplete.place.to_string(),
    });
    let refused = incomplete.or_else(|| messages.iter().find_map(|message| message.refused.clone()));
    Inspection {
        file: path.display().to_string(),
        bytes: bytes.len(),
        source,
        refused,
        findings,
        message_count,
        messages,
    }
}

/// Looks at one message, of whatever format.
pub(super) fn one(raw: Raw<'_>, given: Given<'_>, config: &Config) -> InspectedMessage {
    let source = file_source(Path::new(raw.name), given, Some(config));
    message(raw, 0, &source, given, Some(config))
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

fn message(
    raw: Raw<'_>,
    offset: usize,
    source: &FileSource,
    given: Given<'_>,
    config: Option<&Config>,
) -> InspectedMessage {
    let mut seen = InspectedMessage {
        offset,
        bytes: raw.body.len(),
        refused: None,
        charset: None,
        encoding_characters: None,
        tree: Vec::new(),
        event_type: None,
        event: None,
        findings: Vec::new(),
        recipients: Vec::new(),
    };
    let zone = config.map_or(TimeZone::UTC, |config| config.hub.timezone.clone());
    let understood = pipeline::decode(raw).and_then(|native| {
        match &native {
            NativeMessage::Hl7v2(message) => describe(message, &mut seen),
            NativeMessage::Checkup(archive) => seen.tree = archive::tree(archive),
            NativeMessage::Document(_) => {}
        }
        let event = pipeline::normalise(&native, &normalise_source(source, &zone, given.change))?;
        seen.event_type = Some(event.event_type());
        seen.findings.clone_from(&event.findings);
        seen.event = serde_json::value::to_raw_value(&event).ok();
        seen.recipients =
            config.map(|config| recipients(&config.routes, &event, source, given)).unwrap_or_default();
        Ok(())
    });
    seen.refused = understood.err();
    seen
}

fn normalise_source<'a>(source: &'a FileSource, zone: &'a TimeZone, given: Option<Change>) -> Source<'a> {
    let name = source.ssmix2.as_ref();
    Source {
        data_type: source.data_type.as_deref(),
        patient: name.map_or("", |name| name.patient.as_str()),
        order: name.map(|name| name.order.as_str()),
        facility: source.facility.as_deref().unwrap_or_default(),
        change: given.unwrap_or_else(|| match name.map(|name| name.flag.as_str()) {
            Some("0") => Change::Deleted,
            Some("2") => Change::Superseded,
            _ => Change::Created,
        }),
        zone,
    }
}

fn describe(message: &Message, seen: &mut InspectedMessage) {
    let charset = message.charset();
    seen.charset = Some(CharsetDecision {
        declared: charset.declared.clone(),
        handling: charset.handling.clone(),
        used: charset.used.to_string(),
        reason: charset.reason.to_string(),
    });
    seen.encoding_characters =
        message.segment("MSH").map(|msh| format!("{}{}", msh.field(1).raw(), msh.field(2).raw()));
    seen.findings = message.findings().iter().map(finding).collect();
    let mut values = 0;
    let shown = message.segments().map(segment).take_while(|segment| {
        values += segment.values.len();
        values <= VALUES_MAX
    });
    seen.tree = shown.collect();
}

fn finding(finding: &hl7v2::Finding) -> Finding {
    Finding { code: finding.code.into(), place: finding.place.clone(), text: finding.text.clone() }
}

fn segment(segment: Segment<'_>) -> TreeSegment {
    let occurrence = segment.occurrence();
    let name = segment.name();
    let at = if occurrence > 1 { format!("{name}[{occurrence}]") } else { name.to_owned() };
    let mut values = Vec::new();
    for number in 1..=segment.field_count() {
        let field = segment.field(number);
        if field.is_empty() {
            continue;
        }
        let path = format!("{at}-{number}");
        if name == "MSH" && number <= 2 {
            values.push(TreeValue { path, value: field.raw().to_owned() });
            continue;
        }
        let repeats = field.repetitions().nth(1).is_some();
        for (index, repetition) in field.repetitions().enumerate() {
            let path = if repeats { format!("{path}[{}]", index + 1) } else { path.clone() };
            components(&path, repetition, &mut values);
        }
    }
    TreeSegment { at, values }
}

fn components(path: &str, repetition: hl7v2::Repetition<'_>, values: &mut Vec<TreeValue>) {
    let several = repetition.components().nth(1).is_some();
    for (index, component) in repetition.components().enumerate() {
        let path = if several { format!("{path}.{}", index + 1) } else { path.to_owned() };
        let parts: Vec<_> = component.subcomponents().collect();
        for (part, value) in parts.iter().enumerate().filter(|(_, value)| !value.is_empty()) {
            let path = if parts.len() > 1 { format!("{path}.{}", part + 1) } else { path.clone() };
            values.push(TreeValue { path, value: value.clone().into_owned() });
        }
    }
}

fn recipients(
    routes: &Routes,
    event: &CanonicalEvent<'_>,
    source: &FileSource,
    given: Given<'_>,
) -> Vec<RecipientDecision> {
    let from = route::Source {
        feed: source.feed.as_deref().unwrap_or_default(),
        facility: source.facility.as_deref().unwrap_or_default(),
    };
    let nobody = Registry::default();
    let asking = Asking {
        source: from,
        registry: given.registry.unwrap_or(&nobody),
        at: given.at.unwrap_or_else(|| SystemClock.now()),
    };
    let decisions = routes.explain(event, &asking).into_iter().flat_map(|explanation| {
        let why: Vec<_> = explanation.tested.iter().map(ToString::to_string).collect();
        let route = explanation.route.to_owned();
        let tables = explanation.tables.iter();
        let tables: BTreeMap<_, _> =
            tables.map(|(name, version)| ((*name).to_owned(), (*version).to_owned())).collect();
        explanation.subscribers.into_iter().map(move |(subscriber, fate)| RecipientDecision {
            subscriber: subscriber.to_owned(),
            route: route.clone(),
            receives: fate == Fate::Receives,
            why: why
                .iter()
                .cloned()
                .chain((!matches!(fate, Fate::Receives | Fate::Unmatched)).then(|| fate.to_string()))
                .collect(),
            tables: tables.clone(),
        })
    });
    decisions.collect()
}
