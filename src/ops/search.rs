//! Messages of the history, found by what somebody knows of them, the newest first; and digests of what is in trouble.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::envelope::Identifying;
use crate::pipeline::Pseudonyms;
use crate::store::history::{HISTORY, Step};
pub use crate::store::history_index::State;
use crate::store::history_index::{Hit, Index, IndexError, Key, Search};

/// Messages of a page.
pub const PAGE: usize = 50;
/// Most messages of a page.
pub const PAGE_MAX: usize = 1_000;

/// What is searched. Everything that is given must hold; what is not given does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Query {
    /// An id or control id of the message, an order number, or a patient's id: in the network, or at any facility.
    pub word: Option<Identifying>,
    /// Id of the message.
    pub id: Option<String>,
    /// Message control id (MSH-10).
    pub control_id: Option<String>,
    /// 10-digit code of a facility, or a feed of it, and the patient's id there.
    pub patient: Option<(String, Identifying)>,
    /// The patient's id in the network.
    pub network_id: Option<Identifying>,
    /// Order number: the placer's, the filler's, or the storage's.
    pub order: Option<String>,
    /// Path of the file that it came in, whole or from the feed's root on.
    pub file: Option<Identifying>,
    /// 10-digit code of the sending facility.
    pub facility: Option<String>,
    /// Those whose messages may be seen; all where nothing is said.
    #[serde(skip)]
    pub facilities: Option<Vec<String>>,
    /// Feed.
    pub feed: Option<String>,
    /// Subscriber of a copy.
    pub subscriber: Option<String>,
    /// Kind.
    pub kind: Option<String>,
    /// State: of that subscriber's copy where one is named, else of the message or of a copy.
    pub state: Option<State>,
    /// Why the message makes no sense, or why the copy does not go through.
    pub fault: Option<String>,
    /// First seen then, or later.
    pub from: Option<Timestamp>,
    /// First seen before then.
    pub until: Option<Timestamp>,
    /// Where the last page ended: [`Found::next`].
    pub before: Option<String>,
    /// Messages of a page; [`PAGE`] where nothing is said.
    pub most: Option<usize>,
}

/// A page of messages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The messages, the newest first.
    pub rows: Vec<Row>,
    /// What begins the next page, where there may be one. A page may be short, or empty, and yet have a next one: what
    /// would take long to find is looked for page by page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Its id, the same on all its copies.
    pub id: String,
    /// When it was first decided on.
    pub at: Timestamp,
    /// Feed.
    pub feed: String,
    /// 10-digit code of the sending facility.
    pub facility: String,
    /// Kind; `invalid`, or empty where it was not read.
    pub kind: String,
    /// What happened at the source.
    pub change: String,
    /// State of the message.
    pub state: State,
    /// Why it makes no sense.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// Its copies, by subscriber.
    pub copies: Vec<CopyRow>,
}

/// A copy of a message. One for a subscriber that reads its queue itself stays `waiting`: nobody tells when it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopyRow {
    /// Subscriber.
    pub subscriber: String,
    /// State of the copy.
    pub state: State,
    /// Why it does not go through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Attempts, where they were told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
}

/// The same trouble, of a feed's messages or of a subscriber's copies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// State.
    pub state: State,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// Feed of messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feed: Option<String>,
    /// Subscriber of copies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscriber: Option<String>,
    /// How many.
    pub count: u64,
    /// When the oldest of them was first decided on.
    pub first: Timestamp,
    /// When the newest of them was first decided on.
    pub last: Timestamp,
    /// Id of the newest.
    pub example: String,
}

/// Why nothing can be found.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The index of the history, or the history itself.
    #[error("the history can't be searched")]
    Index(#[from] IndexError),
    /// The secret that a patient's stand-in is made with.
    #[error("the secret {} can't be read: without it nobody knows a patient in the history", path.display())]
    Secret {
        /// File.
        path: PathBuf,
        /// Cause.
        #[source]
        source: io::Error,
    },
    /// That begins no page.
    #[error("\"{0}\" begins no page")]
    Cursor(String),
}

/// The newest messages that a query finds.
///
/// # Errors
/// If the history or the secret can't be read.
pub fn search(config: &Config, query: &Query) -> Result<Found, SearchError> {
    let wanted = wanted(config, query)?;
    let hits = ask(config, |index| index.search(&wanted))?;
    Ok(Found { rows: hits.hits.into_iter().map(row).collect(), next: hits.next.map(|next| next.to_string()) })
}

/// The newest messages that a query finds, however long it takes to find as many as are wanted.
///
/// # Errors
/// If the history or the secret can't be read.
pub fn patiently(config: &Config, query: &Query) -> Result<Found, SearchError> {
    let (most, mut found) = (query.most.unwrap_or(PAGE), search(config, query)?);
    while found.rows.len() < most && found.next.is_some() {
        let left = Some(most - found.rows.len());
        let page = search(config, &Query { before: found.next, most: left, ..query.clone() })?;
        found.rows.extend(page.rows);
        found.next = page.next;
    }
    Ok(found)
}

/// What a query finds that is in trouble, as digests, the most frequent first. Where a page begins does not matter.
///
/// # Errors
/// If the history or the secret can't be read.
pub fn digest(config: &Config, query: &Query) -> Result<Vec<Digest>, SearchError> {
    let wanted = wanted(config, query)?;
    let told = |text: String| Some(text).filter(|text| !text.is_empty());
    let tallies = ask(config, |index| index.digest(&wanted))?.into_iter().map(|tally| Digest {
        state: tally.state,
        fault: told(tally.fault),
        feed: told(tally.feed),
        subscriber: told(tally.subscriber),
        count: tally.count,
        first: tally.first,
        last: tally.last,
        example: tally.example,
    });
    Ok(tallies.collect())
}

/// A message of that id, with its steps in the order of time.
///
/// # Errors
/// If the history can't be read.
pub fn message(config: &Config, id: &str) -> Result<Option<(Row, Vec<Step>)>, SearchError> {
    let mut wanted = Search { most: 1, ..Search::default() };
    wanted.known_by([Key::Id(id)]);
    let found = ask(config, |index| {
        let hit = index.search(&wanted)?.hits.into_iter().find(|hit| hit.id == id);
        hit.map(|hit| Ok((index.steps(hit.number, id)?, hit))).transpose()
    })?;
    Ok(found.map(|(steps, hit)| (row(hit), steps)))
}

/// Keeps the index of a process that runs near its day files, and open: then nobody has to open it from the ground.
#[derive(Debug, Default)]
pub struct Follower(Option<Index>);

impl Follower {
    /// Takes in what is new.
    ///
    /// # Errors
    /// If the history can't be read. The next time begins from the ground.
    pub fn follow(&mut self, config: &Config) -> Result<(), SearchError> {
        let followed = match &mut self.0 {
            Some(index) => index.update().map(|_| ()),
            None => Index::open(&config.hub.data_dir.join(HISTORY)).map(|index| self.0 = Some(index)),
        };
        if followed.is_err() {
            self.0 = None;
        }
        Ok(followed?)
    }
}

fn ask<T>(config: &Config, question: impl Fn(&Index) -> Result<T, IndexError>) -> Result<T, IndexError> {
    Index::ask(&config.hub.data_dir.join(HISTORY), question)
}

fn row(hit: Hit) -> Row {
    let copies = hit.copies.into_iter().map(|copy| CopyRow {
        subscriber: copy.subscriber,
        state: copy.state,
        code: copy.code,
        attempts: Some(copy.attempts).filter(|attempts| *attempts > 0),
    });
    Row {
        id: hit.id,
        at: hit.at,
        feed: hit.profile.feed,
        facility: hit.profile.facility,
        kind: hit.profile.kind,
        change: hit.profile.change,
        state: hit.profile.state,
        fault: Some(hit.profile.fault).filter(|fault| !fault.is_empty()),
        copies: copies.collect(),
    }
}

/// The query as the index understands it: what identifies a patient by its stand-in.
fn wanted(config: &Config, query: &Query) -> Result<Search, SearchError> {
    let before =
        query.before.as_ref().map(|text| text.parse().map_err(|_| SearchError::Cursor(text.clone())));
    let mut search = Search {
        facility: query.facility.clone(),
        facilities: query.facilities.clone(),
        feed: query.feed.clone(),
        kind: query.kind.clone(),
        subscriber: query.subscriber.clone(),
        state: query.state,
        fault: query.fault.clone(),
        from: query.from,
        until: query.until,
        before: before.transpose()?,
        most: query.most.unwrap_or(PAGE).clamp(1, PAGE_MAX),
        ..Search::default()
    };
    // What is rarest comes first: it leads.
    if let Some(id) = &query.id {
        search.known_by([Key::Id(id)]);
    }
    if let Some(word) = &query.word {
        named(config, word, &mut search)?;
    }
    if let Some(control_id) = &query.control_id {
        search.known_by([Key::Control(control_id)]);
    }
    if let Some(order) = &query.order {
        search.known_by([Key::Order(order)]);
    }
    if query.file.is_some() || query.patient.is_some() || query.network_id.is_some() {
        identified(config, query, &mut search)?;
    }
    Ok(search)
}

/// Whatever may be meant by a word: one index is asked for all of it at once.
fn named(config: &Config, word: &Identifying, search: &mut Search) -> Result<(), SearchError> {
    let secret = secret(config)?;
    let facilities: BTreeSet<_> = config.feeds.iter().map(|feed| feed.settings.facility.as_str()).collect();
    let patients: Vec<_> = facilities.into_iter().map(|facility| secret.of(facility, word)).collect();
    let network = secret.of_network(word);
    let plain = [Key::Id(&word.0), Key::Control(&word.0), Key::Order(&word.0), Key::Network(&network.0)];
    search.known_by(plain.into_iter().chain(patients.iter().map(|patient| Key::Patient(&patient.0))));
    Ok(())
}

/// What stand-ins are made with.
fn secret(config: &Config) -> Result<Pseudonyms, SearchError> {
    let path = &config.hub.pseudonym_key;
    Pseudonyms::read(path).map_err(|source| SearchError::Secret { path: path.clone(), source })
}

fn identified(config: &Config, query: &Query, search: &mut Search) -> Result<(), SearchError> {
    let secret = secret(config)?;
    if let Some(file) = &query.file {
        let files = files(config, &secret, Path::new(&file.0));
        search.known_by(files.iter().map(|stand_in| Key::File(&stand_in.0)));
    }
    if let Some((facility, id)) = &query.patient {
        let stand_in = secret.of(facility_of(config, facility), id);
        search.known_by([Key::Patient(&stand_in.0)]);
    }
    if let Some(id) = &query.network_id {
        search.known_by([Key::Network(&secret.of_network(id).0)]);
    }
    Ok(())
}

/// A moment as people write it, in that zone, or as RFC 3339 does.
pub fn moment(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let local = || Some(text.parse::<DateTime>().ok()?.to_zoned(zone.clone()).ok()?.timestamp());
    text.parse().ok().or_else(local)
}

/// The facility of a feed, where that is a feed's name.
fn facility_of<'a>(config: &'a Config, name: &'a str) -> &'a str {
    let mut feeds = config.feeds.iter().map(|feed| &feed.settings);
    feeds.find(|feed| feed.name == name).map_or(name, |feed| &feed.facility)
}

/// The stand-ins that a file may have: for each feed that it may have come from.
fn files(config: &Config, secret: &Pseudonyms, path: &Path) -> Vec<Identifying> {
    let feeds = config.feeds.iter().map(|feed| &feed.settings);
    let stand_ins = feeds.flat_map(|feed| {
        let roots = feed.sources.iter().flat_map(|source| source.roots());
        let below = roots.filter_map(|root| path.strip_prefix(root).ok());
        let names: Vec<_> = below.chain([path]).map(|name| name.to_string_lossy().into_owned()).collect();
        names.into_iter().map(|name| secret.of_file(&feed.name, &Identifying(name)))
    });
    stand_ins.collect()
}
