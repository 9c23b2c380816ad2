//! The messages of `fixtures/cases`, through the stages.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use musubi::broker::Publication;
use musubi::config::Config;
use musubi::envelope::{Change, Envelope, Format, Identifying, Lane, Origin};
use musubi::ops::inspect::{Given, InspectedMessage, inspect};
use musubi::pipeline::{Original, Pseudonyms, Routing, process};
use musubi::registry::View;
use musubi::route::Routes;

use crate::support::repository;

/// One case of `fixtures/cases`.
pub(crate) struct Case {
    /// Its folder's name.
    pub(crate) name: String,
    folder: PathBuf,
    source: toml::Table,
}

/// All cases, in the order of their names.
pub(crate) fn cases() -> Vec<Case> {
    let folders =
        fs::read_dir(repository().join("fixtures/cases")).unwrap().map(|entry| entry.unwrap().path());
    let mut cases: Vec<_> = folders.map(Case::read).collect();
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    cases
}

impl Case {
    fn read(folder: PathBuf) -> Self {
        let source = fs::read_to_string(folder.join("source.toml")).unwrap().parse().unwrap();
        Self { name: folder.file_name().unwrap().to_string_lossy().into_owned(), folder, source }
    }

    fn word(&self, key: &str) -> Option<&str> {
        self.source.get(key).and_then(toml::Value::as_str)
    }

    /// Its data type.
    pub(crate) fn data_type(&self) -> Option<&str> {
        self.word("data_type")
    }

    /// Its messages that make sense, with their bytes.
    pub(crate) fn messages(&self, config: &Config) -> Vec<(InspectedMessage, Vec<u8>)> {
        let input = self.folder.join("input");
        let bytes = fs::read(&input).unwrap();
        let given = Given { data_type: self.word("data_type"), feed: self.word("feed"), ..Given::default() };
        let seen = inspect(&input, &bytes, given, Some(config));
        let understood = seen.messages.into_iter().filter(|message| message.event.is_some());
        understood
            .map(|message| {
                let body = bytes[message.offset..message.offset + message.bytes].to_vec();
                (message, body)
            })
            .collect()
    }

    /// The copies that these routes send of its messages.
    pub(crate) fn copies(&self, config: &Config, routes: &Arc<Routes>) -> Vec<Publication> {
        let messages = self.messages(config).into_iter();
        let copies = messages.flat_map(|(message, body)| {
            let event_type = message.event_type.as_deref().unwrap();
            copies(body, &envelope(config, self.word("feed").unwrap(), self.data_type(), event_type), routes)
        });
        copies.filter(|copy| copy.envelope.event.is_some()).collect()
    }
}

/// The copies that these routes send of a message, or that it makes no sense.
pub(crate) fn copies(body: Vec<u8>, envelope: &Envelope, routes: &Arc<Routes>) -> Vec<Publication> {
    processed(&Original::from(Bytes::from(body)), envelope, routes)
}

/// The same of a message of any format.
pub(crate) fn processed(original: &Original, envelope: &Envelope, routes: &Arc<Routes>) -> Vec<Publication> {
    let routing = Routing {
        routes: Arc::clone(routes),
        registry: View::default(),
        authority: None,
        zone: TimeZone::get("Asia/Tokyo").unwrap(),
        pseudonyms: Pseudonyms::new([7; 32]),
        archive: false,
    };
    process(envelope, original, Lane(3), &routing, Timestamp::UNIX_EPOCH).follow
}

/// The envelope of a message of that feed, of which came an event of that type.
pub(crate) fn envelope(config: &Config, feed: &str, data_type: Option<&str>, event_type: &str) -> Envelope {
    let settings = config.feeds.iter().map(|feed| &feed.settings).find(|known| known.name == feed).unwrap();
    let change = if event_type.contains(".deleted.") { Change::Deleted } else { Change::Created };
    Envelope {
        id: "55316ef8918f69581d04e818a9ee3d71".into(),
        facility: settings.facility.clone(),
        patient: Identifying("00000042".into()),
        data_type: data_type.map(str::to_owned),
        change,
        key: Identifying("key".into()),
        version: "20261030163622473".into(),
        origin: Origin {
            feed: feed.into(),
            file: Identifying("file".into()),
            offset: 0,
            hash: "a3751ce424f5ca0bd8c4b7f432601d742605a67db64687791cb36edf2a493112".into(),
        },
        accepted_at: "2026-11-22T17:37:20.404203747Z".into(),
        format: if event_type.starts_with("checkup.") { Format::Checkup } else { Format::Hl7v2 },
        claim: None,
        join: None,
        event: None,
        fault: None,
        stored: None,
        findings: Vec::new(),
    }
}
