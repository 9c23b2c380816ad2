//! One message taken through a configuration as a feed and a router would take it, without taking it in: what route tests
//! and comparisons of configurations look at.

mod document;
mod input;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

use super::inspect::InspectedMessage;
use crate::config::Config;
use crate::envelope::{Fault, Lane};
use crate::pipeline::{Processed, Pseudonyms, Routing, process, process_both};
use crate::registry::{Registry, View};

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

/// The files of `[registry] import` can't be read.
#[derive(Debug, thiserror::Error)]
#[error("{path}: can't read the registry's files: {source}; see `[registry] import` in hub.toml")]
pub struct RegistryUnreadable {
    /// The folder.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

impl<'c> Rehearsal<'c> {
    /// With facilities, patients and consents as the files of the configuration say it at the moment [`AT`]; a configuration
    /// without such files knows nobody.
    ///
    /// # Errors
    ///
    /// The files can't be read.
    pub fn of_files(config: &'c Config) -> Result<Self, RegistryUnreadable> {
        let mut registry = Registry::default();
        if let Some(folder) = &config.hub.registry_import {
            let unreadable = |source| RegistryUnreadable { path: folder.clone(), source };
            let import = super::registry::read(config, folder, AT).map_err(unreadable)?;
            import.entries.into_iter().for_each(|entry| registry.apply(entry));
        }
        Ok(Self::new(config, registry))
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
}
