//! The message of a route test, as a feed would accept it.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use jiff::Timestamp;

use super::super::inspect::{self, Given, InspectedMessage, Inspection};
use crate::config::{Config, RouteTest};
use crate::envelope::{Change, Envelope, Fault, Format, Identifying, Origin};
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
    file: PathBuf,
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
    let is_folder = test.input.is_dir();
    let source = if is_folder { source(&test.input.join("source.toml"))? } else { Source::default() };
    let path = if is_folder { test.input.join("input") } else { test.input.clone() };
    let bytes = inspect::read(&path)?;
    let file = source.file.map_or(path, PathBuf::from);
    let feed = feed(test.feed.as_ref().or(source.feed.as_ref()), config, &file)?;
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let stored = ssmix2::FileName::parse(name).ok();
    let format = if inspect::is_archive(name, &bytes) { Format::Checkup } else { Format::Hl7v2 };
    if format == Format::Hl7v2 && hl7v2::split(&bytes).parts.len() > 1 {
        return Err(fault("several-messages", "a route test needs a file with one message", &file));
    }
    let named = stored.as_ref().map(|stored| stored.data_type.to_owned());
    let envelope = Envelope {
        id: "0".repeat(32),
        facility: feed.1,
        patient: Identifying(stored.as_ref().map_or("", |stored| stored.patient).to_owned()),
        data_type: test.data_type.clone().or(source.data_type).or(named),
        change: test.change.unwrap_or_else(|| change(stored.as_ref())),
        key: Identifying(stored.as_ref().map_or("", |stored| stored.order).to_owned()),
        version: String::new(),
        origin: Origin {
            feed: feed.0,
            file: Identifying(name.to_owned()),
            offset: 0,
            hash: blake3::hash(&bytes).to_hex().to_string(),
        },
        stored: None,
        accepted_at: AT.to_string(),
        format,
        claim: None,
        event: None,
        fault: None,
        findings: Vec::new(),
    };
    Ok(Input { envelope, original: Original::from(Bytes::from(bytes)), at: AT, file })
}

impl Input {
    /// All that is made of the message, with the reasons. A file that could be read has at least one message.
    pub(super) fn inspected(&self, config: &Config, registry: &Registry) -> Option<InspectedMessage> {
        let given = Given {
            registry: Some(registry),
            at: Some(self.at),
            data_type: self.envelope.data_type.as_deref(),
            feed: Some(&self.envelope.origin.feed),
            change: Some(self.envelope.change),
        };
        let Inspection { messages, .. } =
            inspect::inspect(&self.file, &self.original.body, given, Some(config));
        messages.into_iter().next()
    }
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

/// Name and facility of the feed: the named one, else the first.
fn feed(name: Option<&String>, config: &Config, file: &Path) -> Result<(String, String), Fault> {
    let mut feeds = config.feeds.iter().map(|feed| &feed.settings);
    let found = feeds.find(|feed| name.is_none_or(|name| *name == feed.name));
    found
        .map(|feed| (feed.name.clone(), feed.facility.clone()))
        .ok_or_else(|| fault("no-feed", "the feed that it names is not configured", file))
}

/// What the condition flag says.
fn change(stored: Option<&ssmix2::FileName<'_>>) -> Change {
    match stored.map(|stored| stored.flag.digit()) {
        Some('0') => Change::Deleted,
        Some('2') => Change::Superseded,
        _ => Change::Created,
    }
}

fn fault(code: &str, reason: &str, path: &Path) -> Fault {
    Fault { code: code.to_owned(), reason: reason.to_owned(), place: path.display().to_string() }
}
