//! Why a subscriber gets a message or not: one message, one subscriber, every route that names it.
//!
//! The answer holds no value of the message: places, expected values, records by their ids.

mod find;
mod needed;
mod past;

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Serialize;

use super::inspect::{
    self, Given, Ground, InspectedMessage, RecipientDecision, attach, inspect as look, read,
};
use super::rehearsal::{self, Rehearsal};
use super::trace::{TraceError, Wanted, trace};
use crate::config::Config;
use crate::envelope::Fault;
use crate::registry::{Fact, Identity, Registry, Subject};

pub use find::Search;
pub use needed::Needed;
pub use past::{Difference, Past, PastCopy};

/// Which message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// A file with one message, a content folder of an extension storage, or a folder with `input` and `source.toml`.
    File(PathBuf),
    /// A message of the history by its id, and the file that it came in where somebody knows it.
    Id(String, Option<PathBuf>),
}

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The subscriber.
    pub subscriber: &'a str,
    /// Feed that the file would come from, where it does not lie in one.
    pub feed: Option<&'a str>,
    /// SS-MIX2 data type of a file that does not say it by its name.
    pub data_type: Option<&'a str>,
    /// When.
    pub at: Timestamp,
}

/// The answer.
#[derive(Debug, Serialize)]
pub struct Explained {
    /// The file or the id.
    pub message: String,
    /// Whom it is about.
    pub subscriber: String,
    /// The facility whose subscriber it is.
    pub facility: Option<String>,
    /// Whether it gets the message now; where that can't be told, whether it got it then.
    pub gets: bool,
    /// What the present configuration and registry make of the message; nothing where its bytes were not found.
    pub now: Option<Now>,
    /// What was decided when the hub took it, where it was asked for by its id.
    pub then: Option<Past>,
    /// What differs between the two.
    pub differences: Vec<Difference>,
    /// Where the bytes of a message of the history were looked for.
    pub search: Option<Search>,
}

/// What is made of a message now.
#[derive(Debug, Serialize)]
pub struct Now {
    /// When it would be decided.
    pub at: Timestamp,
    /// Its feed.
    pub feed: Option<String>,
    /// The sending facility.
    pub source: Option<String>,
    /// SS-MIX2 data type.
    pub data_type: Option<String>,
    /// CloudEvents type of the event.
    #[serde(rename = "type")]
    pub event_type: Option<String>,
    /// Why it makes no sense.
    pub refused: Option<Fault>,
    /// Every route that names the subscriber, in the order in which they are asked.
    pub routes: Vec<RecipientDecision>,
    /// Routes that do not name it.
    pub other_routes: usize,
    /// What the registry says that its permission could rest on: from when until when, in force or not. It does not
    /// name the patient.
    pub records: Vec<Record>,
    /// What would have to change for it to get the message; nothing where it does.
    pub needed: Vec<Needed>,
}

/// A record of the registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Record {
    /// What it says.
    #[serde(flatten)]
    pub ground: Ground,
    /// Purpose or category, where it has one.
    pub what: Option<String>,
    /// Whether it is in force.
    pub in_force: bool,
}

impl Now {
    /// The route by which it gets the message.
    pub fn granted(&self) -> Option<&RecipientDecision> {
        self.routes.iter().find(|decision| decision.receives)
    }
}

/// Why nothing can be said.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// The message can't be read.
    #[error("{}: {} ({})", .0.place, .0.reason, .0.code)]
    Unreadable(Fault),
    /// The history can't be read.
    #[error("the history can't be read")]
    History(#[from] TraceError),
    /// No such message.
    #[error(
        "the history tells of no message {0}: musubi trace --file PATH tells the ids of a file's messages"
    )]
    UnknownMessage(String),
}

/// Explains one message for one subscriber, which must be configured.
///
/// # Errors
///
/// The message can't be read, or the history does not know it.
pub fn explain(
    config: &Config,
    registry: Registry,
    message: &Message,
    question: &Question<'_>,
) -> Result<Explained, ExplainError> {
    let told = |message: String, now: Option<Now>| Explained {
        message,
        subscriber: question.subscriber.to_owned(),
        facility: config.routes.facility_of(question.subscriber).map(str::to_owned),
        gets: now.as_ref().is_some_and(|now| now.granted().is_some()),
        now,
        then: None,
        differences: Vec::new(),
        search: None,
    };
    match message {
        Message::File(path) => {
            let now = now(config, registry, path, None, question)?;
            Ok(told(path.display().to_string(), Some(now)))
        }
        Message::Id(id, file) => {
            let ways = trace(config, &Wanted::Message(id.clone()))?;
            let way = ways.first().ok_or_else(|| ExplainError::UnknownMessage(id.clone()))?;
            let past = past::past(way, question.subscriber)
                .ok_or_else(|| ExplainError::UnknownMessage(id.clone()))?;
            let search = find::find(config, &past.feed, id, &past.hash, file.as_deref());
            let question = Question { feed: Some(&past.feed), ..*question };
            let now = match &search.found {
                Some(path) => Some(now(config, registry, path, Some(&past.hash), &question)?),
                None => None,
            };
            let differences = now.as_ref().map(|now| past::differences(&past, now)).unwrap_or_default();
            let explained = told(id.clone(), now);
            let gets = explained.now.as_ref().map_or(past.gets, |_| explained.gets);
            Ok(Explained { gets, then: Some(past), differences, search: Some(search), ..explained })
        }
    }
}

/// What the configuration and the registry make of a file's message: the only one, or the one of that hash.
fn now(
    config: &Config,
    registry: Registry,
    path: &Path,
    hash: Option<&str>,
    question: &Question<'_>,
) -> Result<Now, ExplainError> {
    let known = registry.clone();
    let Seen { source, message } = match path.is_dir() {
        true => folder(config, registry, path, question)?,
        false => file(config, &registry, path, hash, question)?,
    };
    let (routes, others): (Vec<_>, Vec<_>) =
        message.recipients.into_iter().partition(|decision| decision.subscriber == question.subscriber);
    let others: std::collections::BTreeSet<_> = others.iter().map(|other| other.route.as_str()).collect();
    let own: Vec<_> = routes.iter().map(|route| route.route.as_str()).collect();
    let records = records(config, &known, &source, message.event.as_deref(), question);
    let kind = message.event_type.as_deref().unwrap_or_default();
    Ok(Now {
        at: question.at,
        needed: needed::needed(&routes, kind, &source, config.routes.facility_of(question.subscriber)),
        other_routes: others.iter().filter(|route| !own.contains(route)).count(),
        routes,
        records,
        event_type: message.event_type,
        refused: message.refused,
        feed: source.feed,
        source: source.facility,
        data_type: source.data_type,
    })
}

struct Seen {
    source: inspect::FileSource,
    message: InspectedMessage,
}

fn file(
    config: &Config,
    registry: &Registry,
    path: &Path,
    hash: Option<&str>,
    question: &Question<'_>,
) -> Result<Seen, ExplainError> {
    let bytes = read(path).map_err(ExplainError::Unreadable)?;
    let parts = hl7v2::split(&bytes).parts;
    let of_hash = |body: &&[u8]| hash.is_some_and(|hash| blake3::hash(body).to_hex().as_str() == hash);
    let part = parts.iter().filter_map(|part| bytes.get(part.clone())).find(of_hash);
    if part.is_none() && parts.len() > 1 {
        let reason = format!("{} messages: cut one out, or name one by its id", parts.len());
        let place = path.display().to_string();
        return Err(ExplainError::Unreadable(Fault { code: "several-messages".to_owned(), reason, place }));
    }
    let given = Given {
        data_type: question.data_type,
        feed: question.feed,
        registry: Some(registry),
        at: Some(question.at),
        as_routed: true,
        ..Given::default()
    };
    let mut seen = look(path, part.unwrap_or(&bytes), given, Some(config));
    let refused = seen.refused.take();
    match seen.messages.into_iter().next() {
        Some(message) => {
            let refused = message.refused.clone().or(refused);
            Ok(Seen { source: seen.source, message: InspectedMessage { refused, ..message } })
        }
        None => Err(ExplainError::Unreadable(refused.unwrap_or_else(|| Fault {
            code: "empty".to_owned(),
            reason: "no message".to_owned(),
            place: path.display().to_string(),
        }))),
    }
}

/// A content folder, or a folder with `input` and `source.toml`.
fn folder(
    config: &Config,
    registry: Registry,
    path: &Path,
    question: &Question<'_>,
) -> Result<Seen, ExplainError> {
    let feed = question.feed.or_else(|| inspect::feed_of(path, config).map(|feed| feed.name.as_str()));
    let rehearsal = Rehearsal::new(config, registry);
    let given = rehearsal::Given { path, feed, data_type: question.data_type, change: None };
    let mut input = rehearsal.read(&given).map_err(ExplainError::Unreadable)?;
    input.at = question.at;
    input.envelope.accepted_at = question.at.to_string();
    let mut came = rehearsal.run(&input);
    attach(&mut came.seen, &came.processed, None);
    let source = inspect::FileSource {
        feed: Some(input.envelope.origin.feed),
        facility: Some(input.envelope.facility),
        data_type: input.envelope.data_type,
        ..inspect::FileSource::default()
    };
    Ok(Seen { source, message: came.seen })
}

/// What the registry has of the patient at the source, of the subscriber's facility with the patient, and of contracts
/// of the source.
fn records(
    config: &Config,
    registry: &Registry,
    source: &inspect::FileSource,
    event: Option<&serde_json::value::RawValue>,
    question: &Question<'_>,
) -> Vec<Record> {
    let Some(facility) = &source.facility else { return Vec::new() };
    let viewer = config.routes.facility_of(question.subscriber);
    let event = event.and_then(|event| serde_json::from_str::<serde_json::Value>(event.get()).ok());
    let patient = event.as_ref().and_then(|event| event["patient"]["id"].as_str());
    let of_patient = patient.into_iter().flat_map(|local_id| {
        let linked = registry.identity(facility, local_id, question.at);
        let about = match linked {
            Identity::Linked { network_id, .. } => Subject::Person(network_id.0.clone()),
            Identity::Unlinked | Identity::Ambiguous => {
                Subject::Local { facility: facility.clone(), local_id: local_id.to_owned() }
            }
        };
        registry.about(&about, question.at)
    });
    let concerns = |fact: &Fact| match fact {
        Fact::Facility(_) | Fact::Merge(_) | Fact::Unmerge(_) | Fact::Hold(_) => false,
        Fact::Link(link) => link.facility == *facility,
        Fact::Member(_) | Fact::Removal(_) | Fact::Contract(_) => true,
        other => other.facility() == viewer,
    };
    let all = of_patient.chain(registry.of_facility(facility)).filter(|(_, fact)| concerns(fact));
    let record = |(id, fact): (&crate::registry::RecordId, &Fact)| Record {
        ground: inspect::ground(id, registry),
        what: what(fact),
        in_force: fact.period().holds(question.at),
    };
    all.map(record).collect()
}

/// Purpose, category or kind of a record.
fn what(fact: &Fact) -> Option<String> {
    Some(match fact {
        Fact::ViewConsent(consent) => consent.purpose.as_str().to_owned(),
        Fact::SensitiveConsent(consent) => consent.category.as_str().to_owned(),
        Fact::Contract(contract) => contract.kind.as_str().to_owned(),
        _ => return None,
    })
}
