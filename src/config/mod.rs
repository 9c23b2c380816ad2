//! Raw file -> checked settings. All faults of all files come out of one run, each with its place.
//!
//! ```text
//! hub.toml          this hub
//! feeds/<feed>.toml one file per facility
//! routes.toml       subscribers, disclosures, routes
//! tables/<name>.tsv code tables that conditions look into
//! ```
//! The files are read as a tree with places ([`toml::de::DeTable`]) and walked by small readers, because a
//! deserialiser would stop at the first fault. What can't be used yet is refused, never ignored.

mod alerts;
mod broker;
mod condition;
mod console;
mod constant;
pub mod describe;
mod disclosure;
mod document;
mod domain;
mod effect;
mod expectation;
mod fault;
mod feed;
mod fields;
mod files;
mod hub;
mod lines;
mod lookup;
mod need;
mod node;
mod operator;
mod overlap;
mod reach;
mod route_test;
mod routes;
mod rule;
mod said;
mod sensitive;
mod shadow;
mod subscriber;
mod tables;
#[cfg(test)]
mod tests;
mod unreachable;
mod watching;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::tz::TimeZone;

pub use alerts::{Alerts, MailTls, Receiver, Severity as AlertSeverity, Way};
pub use console::{Access, Oidc, SecondFactor, Tls};
pub use expectation::{Expectation, Why};
pub use fault::{Fault, Part, Severity, nearest, suggest};
pub use feed::{Feed, Role};
pub use files::Files;
pub use hub::{Broker, Hub, Retention};
pub use lines::Lines;
pub use need::{Need, Thing};
pub use route_test::{RouteTest, TestRegistry};
pub use said::{Said, Text};
pub use watching::Traces;

use crate::deliver::{Kind, Subscriber};
use crate::route::Routes;
use document::Document;

/// Checked settings. The rest of the program knows no other.
#[derive(Debug, Clone)]
pub struct Config {
    /// This hub.
    pub hub: Hub,
    /// Where messages come from, by name.
    pub feeds: Vec<Feed>,
    /// Who gets events, in the order of the file.
    pub subscribers: Vec<Subscriber>,
    /// The routing table.
    pub routes: Arc<Routes>,
    /// Where its routes and their clauses stand in `routes.toml`.
    pub route_lines: Arc<Lines>,
    /// Examples that the routing table must fulfil.
    pub route_tests: Vec<RouteTest>,
    /// Fingerprint of the texts that decide who gets what: `routes.toml` and `tables/`.
    pub routes_hash: String,
    /// Fingerprint of the texts of all files.
    pub hash: String,
    /// The texts, to keep a copy of them.
    pub files: Files,
    /// The folder that relative paths in them are relative to.
    pub folder: PathBuf,
}

/// A configuration folder as it was read.
#[derive(Debug, Default)]
pub struct Checked {
    /// The settings, unless a fault is an error.
    pub config: Option<Config>,
    /// What is wrong with the files, in their order.
    pub faults: Vec<Fault>,
    /// What must be there when the hub runs.
    pub needs: Vec<Need>,
}

impl Checked {
    /// Reads the files of a folder, and looks at nothing else.
    pub fn read(dir: &Path) -> Self {
        Self::read_copy(dir, dir)
    }

    fn read_copy(copy: &Path, dir: &Path) -> Self {
        let (files, mut faults) = Files::read(copy);
        let readable = faults.is_empty();
        let mut checked = Self::of(&files, dir);
        checked.faults.retain(|fault| !faults.iter().any(|unreadable| unreadable.file == fault.file));
        faults.append(&mut checked.faults);
        sort(&mut faults);
        Self { config: checked.config.filter(|_| readable), faults, ..checked }
    }
}

impl Config {
    /// Reads a configuration folder. There are settings only if no fault is an error.
    ///
    /// Source folders that do not exist are warnings: a facility may be connected later. The inputs of route tests are
    /// looked for when they are run.
    pub fn load(dir: &Path) -> (Option<Self>, Vec<Fault>) {
        Self::load_copy(dir, dir)
    }

    /// The same of a copy of the folder `dir`: the files are read in `copy`, and say what they said in `dir`.
    pub fn load_copy(copy: &Path, dir: &Path) -> (Option<Self>, Vec<Fault>) {
        let Checked { config, mut faults, needs } = Checked::read_copy(copy, dir);
        faults.extend(needs.iter().filter_map(Need::missing));
        sort(&mut faults);
        (config, faults)
    }

    /// Whether the two differ at most in what routers answer: feeds, subscribers and the hub's own settings are the same.
    pub fn differs_in_routing_only(&self, other: &Self) -> bool {
        self.hub == other.hub && self.feeds == other.feeds && self.subscribers == other.subscribers
    }

    /// Whether that subscriber takes its copies from its queue itself.
    pub fn reads_its_queue(&self, subscriber: &str) -> bool {
        let mut subscribers = self.subscribers.iter();
        subscribers.any(|known| known.name == subscriber && known.deliver == Kind::Queue)
    }

    /// The folder in which that subscriber's events lie, where it has one.
    pub fn folder_of(&self, subscriber: &str) -> Option<&Path> {
        let known = self.subscribers.iter().find(|known| known.name == subscriber)?;
        if let Kind::Folder { path } = &known.deliver { Some(path) } else { None }
    }

    /// Checks files that are already in memory, as those of the folder `dir`; does no I/O.
    pub fn check(files: &Files, dir: &Path) -> (Option<Self>, Vec<Fault>) {
        let Checked { config, mut faults, .. } = Checked::of(files, dir);
        sort(&mut faults);
        (config, faults)
    }
}

/// Puts faults into the order of the files.
pub fn sort(faults: &mut [Fault]) {
    faults.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
}

fn routes_hash(files: &Files) -> String {
    hash([("routes.toml", files.get("routes.toml"))].into_iter().chain(files.below("tables/")))
}

fn hash<'f>(files: impl Iterator<Item = (&'f str, &'f str)>) -> String {
    let mut hasher = blake3::Hasher::new();
    for (file, text) in files {
        for part in [file, text] {
            hasher.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
        }
    }
    hasher.finalize().to_hex().to_string()
}

impl Checked {
    /// Checks files that are in memory, as those of the folder `dir`.
    fn of(files: &Files, dir: &Path) -> Self {
        let mut faults = Vec::new();
        let mut needs = Vec::new();
        let mut close = |document: Document<'_>| {
            let sound = !document.has_errors();
            let (found, needed) = document.into_faults();
            faults.extend(found);
            needs.extend(needed);
            sound
        };
        let hub_file = Document::new("hub.toml", files.get("hub.toml"));
        let hub = hub::read(&hub_file, dir);
        let mut sound = close(hub_file);

        let mut feeds = feed::Feeds::default();
        for (file, text) in files.below("feeds/") {
            let document = Document::new(file, text);
            feeds.read(&document, dir);
            sound &= close(document);
        }
        let mut tables = tables::Tables::new();
        for (file, text) in files.below("tables/") {
            let document = Document::new(file, text);
            tables::read(&document, text, &mut tables);
            document.need(
                Thing::Table(file.trim_start_matches("tables/").trim_end_matches(".tsv").into()),
                &(0..0),
                "",
            );
            if let Some(table) = tables.get(sensitive::NAME).filter(|_| file == "tables/sensitive.tsv") {
                sensitive::check(&document, table);
            }
            sound &= close(document);
        }
        let routes_file = Document::new("routes.toml", files.get("routes.toml"));
        let data_dir = hub.as_ref().map_or_else(|| dir.join(hub::DATA_DIR), |hub| hub.data_dir.clone());
        let zone = hub.as_ref().map_or(TimeZone::UTC, |hub| hub.timezone.clone());
        let known = routes::Known { feeds: &feeds, tables: &tables, dir, data_dir, zone };
        let table = routes::read(&routes_file, &known);
        sound &= close(routes_file);
        let overlaps = overlap::check(&needs);
        sound &= overlaps.iter().all(|fault| fault.severity != Severity::Error);
        faults.extend(overlaps);

        let config = hub.filter(|_| sound).map(|hub| Config {
            hub,
            feeds: feeds.feeds,
            subscribers: table.subscribers,
            routes: Arc::new(table.routes),
            route_lines: Arc::new(Lines::read(files.get("routes.toml"))),
            route_tests: table.tests,
            routes_hash: routes_hash(files),
            hash: hash(files.iter()),
            files: files.clone(),
            folder: dir.to_owned(),
        });
        Self { config, faults, needs }
    }
}
