//! A message in a file or folder, as a feed would accept it.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use bytes::Bytes;
use jiff::Timestamp;

use super::super::inspect::{self, InspectedMessage};
use super::{AT, document};
use crate::config::Config;
use crate::decode::Raw;
use crate::envelope::{Change, Envelope, Fault, Format, Identifying, Origin};
use crate::ingest::{self, FeedSettings};
use crate::pipeline::Original;
use crate::registry::Registry;

/// Where a message lies, and what its place and name do not say.
#[derive(Debug, Clone, Copy)]
pub struct Given<'a> {
    /// A file with one message, a content folder of an extension storage, or a folder with `input` and `source.toml`.
    pub path: &'a Path,
    /// The feed that it comes by; else the one that `source.toml` names, else the first.
    pub feed: Option<&'a str>,
    /// SS-MIX2 data type.
    pub data_type: Option<&'a str>,
    /// What happened at the source.
    pub change: Option<Change>,
}

/// A message on its way to the router.
pub struct Input {
    /// Its envelope.
    pub envelope: Envelope,
    /// Its bytes.
    pub original: Original,
    /// When it is decided.
    pub at: Timestamp,
}

/// A message, and what its name says of it.
pub(super) struct Message {
    pub(super) name: String,
    pub(super) format: Format,
    pub(super) original: Original,
    pub(super) patient: String,
    pub(super) data_type: Option<String>,
    pub(super) order: String,
    pub(super) flag: Option<ssmix2::Flag>,
}

/// What the source of a message says of it, where the input is a folder with a `source.toml`.
#[derive(Default)]
struct Source {
    feed: Option<String>,
    data_type: Option<String>,
    /// Name of the file that the source had.
    file: Option<String>,
}

/// Reads one message.
pub(super) fn read(given: &Given<'_>, config: &Config) -> Result<Input, Fault> {
    let mut inputs = read_each(given, config, AT)?;
    match (inputs.pop(), inputs.is_empty()) {
        (Some(input), true) => Ok(input),
        _ => Err(fault("several-messages", "a file with one message is needed", given.path)),
    }
}

/// Reads all messages of a file, as accepted and decided at that moment.
///
/// # Errors
///
/// There is no message in it, or it names a feed that is not configured.
pub fn read_each(given: &Given<'_>, config: &Config, at: Timestamp) -> Result<Vec<Input>, Fault> {
    let source = source(&given.path.join("source.toml"))?;
    let feed = feed(given.feed.or(source.feed.as_deref()), config, given.path)?;
    let inside = given.path.join("input");
    let message = match given.path.is_dir() {
        true if inside.is_file() => message(&inside, source.file)?,
        true => document::read(given.path, &documents(feed))?,
        false => message(given.path, source.file)?,
    };
    let data_type = given.data_type.map(str::to_owned).or(source.data_type);
    let whole = 0..message.original.body.len();
    let parts = match message.format {
        Format::Hl7v2 => hl7v2::split(&message.original.body).parts,
        Format::Document | Format::Checkup => Vec::new(),
    };
    let parts = if parts.len() > 1 { parts } else { vec![whole] };
    Ok(parts
        .into_iter()
        .map(|part| input(&message, part, feed, data_type.as_deref(), given.change, at))
        .collect())
}

/// One message of what was read.
fn input(
    message: &Message,
    part: Range<usize>,
    feed: &FeedSettings,
    data_type: Option<&str>,
    change: Option<Change>,
    at: Timestamp,
) -> Input {
    let offset = u64::try_from(part.start).unwrap_or_default();
    let original = Original { body: message.original.body.slice(part), main: message.original.main.clone() };
    let envelope = Envelope {
        id: "0".repeat(32),
        facility: feed.facility.clone(),
        patient: Identifying(message.patient.clone()),
        data_type: data_type.map(str::to_owned).or_else(|| message.data_type.clone()),
        change: change.unwrap_or_else(|| change_of(message.flag)),
        key: Identifying(message.order.clone()),
        version: String::new(),
        origin: Origin {
            feed: feed.name.clone(),
            file: Identifying(message.name.clone()),
            offset,
            hash: blake3::hash(&original.body).to_hex().to_string(),
        },
        stored: None,
        accepted_at: at.to_string(),
        format: message.format,
        claim: None,
        join: None,
        event: None,
        fault: None,
        findings: Vec::new(),
    };
    Input { envelope, original, at }
}

impl Input {
    /// The same, accepted and decided at that moment.
    #[must_use]
    pub fn decided_at(mut self, at: Timestamp) -> Self {
        self.envelope.accepted_at = at.to_string();
        Self { at, ..self }
    }

    /// All that is made of the message, with the reasons.
    pub(super) fn inspected(&self, config: &Config, registry: &Registry) -> InspectedMessage {
        let name = self.envelope.origin.file.0.as_str();
        let Original { body, main } = &self.original;
        let raw = Raw { format: self.envelope.format, body, name, main: main.as_deref() };
        let given = inspect::Given {
            data_type: self.envelope.data_type.as_deref(),
            feed: Some(&self.envelope.origin.feed),
            change: Some(self.envelope.change),
            registry: Some(registry),
            at: Some(self.at),
            ..inspect::Given::default()
        };
        inspect::one(raw, given, config)
    }
}

/// A file with one message; `name` is what the source called it, where it had another name.
fn message(path: &Path, name: Option<String>) -> Result<Message, Fault> {
    let body = inspect::read(path)?;
    let own = || path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
    let name = name.unwrap_or_else(own);
    let format = if inspect::is_archive(&name, &body) { Format::Checkup } else { Format::Hl7v2 };
    let stored = ssmix2::FileName::parse(&name).ok();
    let part = |part: fn(&ssmix2::FileName<'_>) -> String| stored.as_ref().map(part);
    Ok(Message {
        format,
        patient: part(|stored| stored.patient.to_owned()).unwrap_or_default(),
        data_type: part(|stored| stored.data_type.to_owned()),
        order: part(|stored| stored.order.to_owned()).unwrap_or_default(),
        flag: stored.as_ref().map(|stored| stored.flag),
        original: Original::from(Bytes::from(body)),
        name,
    })
}

fn source(path: &Path) -> Result<Source, Fault> {
    if !path.exists() {
        return Ok(Source::default());
    }
    let text =
        std::fs::read_to_string(path).map_err(|error| fault("unreadable", &error.to_string(), path))?;
    let table: toml::Table = text.parse().map_err(|_| fault("unreadable", "not TOML", path))?;
    let word = |key: &str| table.get(key).and_then(toml::Value::as_str).map(str::to_owned);
    Ok(Source { feed: word("feed"), data_type: word("data_type"), file: word("file") })
}

/// The named feed, else the first.
fn feed<'c>(name: Option<&str>, config: &'c Config, input: &Path) -> Result<&'c FeedSettings, Fault> {
    let mut feeds = config.feeds.iter().map(|feed| &feed.settings);
    let found = feeds.find(|feed| name.is_none_or(|name| name == feed.name));
    found.ok_or_else(|| fault("no-feed", "the feed that it names is not configured", input))
}

/// Standard codes of a feed's own documents.
fn documents(feed: &FeedSettings) -> BTreeMap<String, String> {
    let extension = feed.sources.iter().find_map(|source| match source {
        ingest::Source::Ssmix2 { extension, .. } => extension.as_ref(),
        ingest::Source::Hl7Files { .. } | ingest::Source::Checkup { .. } => None,
    });
    extension.map(|extension| extension.documents.clone()).unwrap_or_default()
}

/// What the condition flag says.
const fn change_of(flag: Option<ssmix2::Flag>) -> Change {
    match flag {
        Some(ssmix2::Flag::Deleted) => Change::Deleted,
        Some(ssmix2::Flag::Superseded) => Change::Superseded,
        Some(ssmix2::Flag::Current) | None => Change::Created,
    }
}

pub(super) fn fault(code: &str, reason: &str, path: &Path) -> Fault {
    Fault { code: code.to_owned(), reason: reason.to_owned(), place: path.display().to_string() }
}
