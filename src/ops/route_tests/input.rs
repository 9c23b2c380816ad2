//! The message of a route test, as a feed would accept it.

use std::collections::BTreeMap;
use std::path::Path;

use bytes::Bytes;
use jiff::Timestamp;

use super::super::inspect::{self, Given, InspectedMessage};
use super::document;
use crate::config::{Config, RouteTest};
use crate::decode::Raw;
use crate::envelope::{Change, Envelope, Fault, Format, Identifying, Origin};
use crate::ingest::{self, FeedSettings};
use crate::pipeline::Original;
use crate::registry::Registry;

/// When test messages are accepted and decided: always the same moment (2026-11-22, 09:00 in Japan), so that a test comes
/// out the same on every day.
pub(super) const AT: Timestamp = Timestamp::constant(1_795_305_600, 0);

/// A message on its way to the router.
pub(super) struct Input {
    pub(super) envelope: Envelope,
    pub(super) original: Original,
    pub(super) at: Timestamp,
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

/// Reads the one message of a test.
pub(super) fn read(test: &RouteTest, config: &Config) -> Result<Input, Fault> {
    let source = source(&test.input.join("source.toml"))?;
    let feed = feed(test.feed.as_ref().or(source.feed.as_ref()), config, &test.input)?;
    let inside = test.input.join("input");
    let message = match test.input.is_dir() {
        true if inside.is_file() => message(&inside, source.file)?,
        true => document::read(&test.input, &documents(feed))?,
        false => message(&test.input, source.file)?,
    };
    let envelope = Envelope {
        id: "0".repeat(32),
        facility: feed.facility.clone(),
        patient: Identifying(message.patient),
        data_type: test.data_type.clone().or(source.data_type).or(message.data_type),
        change: test.change.unwrap_or_else(|| change(message.flag)),
        key: Identifying(message.order),
        version: String::new(),
        origin: Origin {
            feed: feed.name.clone(),
            file: Identifying(message.name),
            offset: 0,
            hash: blake3::hash(&message.original.body).to_hex().to_string(),
        },
        stored: None,
        accepted_at: AT.to_string(),
        format: message.format,
        claim: None,
        join: None,
        event: None,
        fault: None,
        findings: Vec::new(),
    };
    Ok(Input { envelope, original: message.original, at: AT })
}

impl Input {
    /// All that is made of the message, with the reasons.
    pub(super) fn inspected(&self, config: &Config, registry: &Registry) -> InspectedMessage {
        let name = self.envelope.origin.file.0.as_str();
        let Original { body, main } = &self.original;
        let raw = Raw { format: self.envelope.format, body, name, main: main.as_deref() };
        let given = Given {
            data_type: self.envelope.data_type.as_deref(),
            feed: Some(&self.envelope.origin.feed),
            change: Some(self.envelope.change),
            registry: Some(registry),
            at: Some(self.at),
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
    if format == Format::Hl7v2 && hl7v2::split(&body).parts.len() > 1 {
        return Err(fault("several-messages", "a route test needs a file with one message", path));
    }
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
fn feed<'c>(name: Option<&String>, config: &'c Config, input: &Path) -> Result<&'c FeedSettings, Fault> {
    let mut feeds = config.feeds.iter().map(|feed| &feed.settings);
    let found = feeds.find(|feed| name.is_none_or(|name| *name == feed.name));
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
const fn change(flag: Option<ssmix2::Flag>) -> Change {
    match flag {
        Some(ssmix2::Flag::Deleted) => Change::Deleted,
        Some(ssmix2::Flag::Superseded) => Change::Superseded,
        Some(ssmix2::Flag::Current) | None => Change::Created,
    }
}

pub(super) fn fault(code: &str, reason: &str, path: &Path) -> Fault {
    Fault { code: code.to_owned(), reason: reason.to_owned(), place: path.display().to_string() }
}
