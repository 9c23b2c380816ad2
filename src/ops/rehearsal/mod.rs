//! One message taken through a configuration as a feed and a router would take it, without taking it in: what route tests
//! and comparisons of configurations look at.

mod document;
mod input;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use super::inspect::InspectedMessage;
use crate::canonical::CanonicalEvent;
use crate::config::Config;
use crate::envelope::{Fault, Lane};
use crate::pipeline::{Processed, Pseudonyms, Routing, decode, process, process_both, understood};
use crate::registry::{Registry, View};
use crate::route::{Asking, Routes, Source};

pub use input::{Given, Input, read_each};

/// When rehearsed messages are accepted and decided where nobody says so: always the same moment (2026-11-22, 09:00 in
/// Japan), so that a test comes out the same on every day.
pub const AT: Timestamp = Timestamp::constant(1_795_305_600, 0);

/// A configuration with the registry that it is asked with.
pub struct Rehearsal<'c> {
    config: &'c Config,
    routing: Routing,
}

/// What a configuration makes of a message.
pub struct Rehearsed {
    /// What the router would publish.
    pub processed: Processed,
    /// How it came to that: tree, event, findings, and each route's clauses.
    pub seen: InspectedMessage,
}

/// The registry's files can't be used.
#[derive(Debug, thiserror::Error)]
pub enum RegistryUnreadable {
    /// A file or folder can't be read.
    #[error(
        "{path}: can't read the registry's files: {source}; see `[registry] import` in hub.toml and `registry` of the tests in routes.toml"
    )]
    Files {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Rows are faulty, or contradict what is known.
    #[error("{path}: the registry's files have faults; `musubi registry import --dry-run {path}` tells them too\n{}", faults.join("\n"))]
    Rows {
        /// The file or folder.
        path: PathBuf,
        /// Each row with what is wrong; nothing of a patient.
        faults: Vec<String>,
    },
}

impl<'c> Rehearsal<'c> {
    /// With facilities, patients and consents as the files of the configuration say it at the moment [`AT`]; a configuration
    /// without such files knows nobody.
    ///
    /// # Errors
    ///
    /// The files can't be read, or have faults.
    pub fn of_files(config: &'c Config) -> Result<Self, RegistryUnreadable> {
        Ok(Self::new(config, registry(config, config.hub.registry_import.as_deref())?))
    }

    /// With this registry. Pseudonyms are made without the hub's secret, which a rehearsal must not need.
    pub fn new(config: &'c Config, registry: Registry) -> Self {
        Self::over(config, View::of(registry))
    }

    /// The same with a registry that others look at too.
    pub fn over(config: &'c Config, registry: View) -> Self {
        let routing = Routing {
            routes: Arc::clone(&config.routes),
            zone: config.hub.timezone.clone(),
            pseudonyms: Pseudonyms::new([0; 32]),
            registry,
            authority: config.hub.registry_authority.clone(),
            archive: false,
        };
        Self { config, routing }
    }

    /// The same, telling the whole event of each message too, as to the archive.
    #[must_use]
    pub fn telling_events(mut self) -> Self {
        self.routing.archive = true;
        self
    }

    /// Reads a message.
    ///
    /// # Errors
    ///
    /// The input is no message, or names a feed that is not configured.
    pub fn read(&self, given: &Given<'_>) -> Result<Input, Fault> {
        input::read(given, self.config)
    }

    /// What the router would publish of a message.
    pub fn process(&self, input: &Input) -> Processed {
        process(&input.envelope, &input.original, Lane(0), &self.routing, input.at)
    }

    /// The same by two configurations that read messages alike: the message is read once.
    pub fn process_both(one: &Self, other: &Self, input: &Input) -> [Processed; 2] {
        let routings = [&one.routing, &other.routing];
        process_both(&input.envelope, &input.original, Lane(0), routings, input.at)
    }

    /// Takes a message through.
    pub fn run(&self, input: &Input) -> Rehearsed {
        let processed = self.process(input);
        Rehearsed { processed, seen: input.inspected(self.config, &self.routing.registry.read()) }
    }

    /// The routing table.
    pub fn routes(&self) -> &Routes {
        &self.routing.routes
    }

    /// Shows the event of a message with what the router would ask about it.
    ///
    /// # Errors
    ///
    /// The message makes no sense.
    pub fn look<T>(
        &self,
        input: &Input,
        look: impl FnOnce(&CanonicalEvent<'_>, &Asking<'_>) -> T,
    ) -> Result<T, Fault> {
        let envelope = &input.envelope;
        let message = decode(input.original.raw(envelope))?;
        let registry = self.routing.registry.read();
        let event = understood(&message, envelope, &self.routing.zone, &registry, input.at)?;
        let source = Source { feed: &envelope.origin.feed, facility: &envelope.facility };
        Ok(look(&event, &Asking { source, registry: &registry, at: input.at }))
    }
}

/// What the files say at the moment [`AT`], entered one after the other.
///
/// # Errors
///
/// They can't be read, have faulty rows, or contradict those before them.
pub fn registry<'p>(
    config: &Config,
    paths: impl IntoIterator<Item = &'p Path>,
) -> Result<Registry, RegistryUnreadable> {
    let mut registry = Registry::default();
    for path in paths {
        let read = super::registry::read(config, path, AT);
        let import = read.map_err(|source| RegistryUnreadable::Files { path: path.to_owned(), source })?;
        let mut faults: Vec<_> = import.faults.iter().map(ToString::to_string).collect();
        if let (true, Err(refusals)) = (faults.is_empty(), registry.check(&import.entries)) {
            let place = |index| import.places.get(index).map(ToString::to_string).unwrap_or_default();
            faults.extend(
                refusals.iter().map(|refused| format!("{}: {}", place(refused.index), refused.reason)),
            );
        }
        if !faults.is_empty() {
            return Err(RegistryUnreadable::Rows { path: path.to_owned(), faults });
        }
        registry.news(import.entries).into_iter().for_each(|entry| registry.apply(entry));
    }
    Ok(registry)
}
