//! What the sources of a feed hold now, as the feed would accept it.

use std::collections::BTreeMap;
use std::mem::discriminant;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ssmix2::DataTypeFolder;

use super::super::side::{Message, NewInput};
use super::super::{DiffError, Options};
use super::sample::Sample;
use super::{Missing, Take, named};
use crate::clock::SystemClock;
use crate::config::Config;
use crate::envelope::{Envelope, Format};
use crate::ingest::{FeedSettings, Source};
use crate::manifest::Manifest;
use crate::ops::rehearsal::Input;
use crate::pipeline::{Intake, IntakeError, Original};

/// Gives every message of a feed to `take`.
pub(super) fn each(
    name: &str,
    old: &Config,
    new: &Config,
    options: &Options<'_>,
    take: Take<'_>,
) -> Result<Vec<Missing>, DiffError> {
    match options.sample {
        None => of_feed(name, old, new, options, take)?,
        Some((size, seed)) => {
            let mut sample = Sample::new(size, seed);
            of_feed(name, old, new, options, &mut |message| {
                sample.offer(message);
                !(options.stop)()
            })?;
            sample.into_drawn().into_iter().all(take);
        }
    }
    Ok(Vec::new())
}

fn of_feed(
    name: &str,
    old: &Config,
    new: &Config,
    options: &Options<'_>,
    take: Take<'_>,
) -> Result<(), DiffError> {
    let failed = |source| DiffError::Intake { feed: name.to_owned(), source };
    let [before, after] = [old, new].map(|config| named(config, name).map(|feed| &feed.settings));
    let mut wanted = true;
    if let Some(before) = before {
        let mut one = |envelope: Envelope, original| {
            let input = input(envelope, original, options);
            wanted = take(message(input, before, after));
            wanted
        };
        intake(before.clone(), old, &mut one).map_err(failed)?;
    }
    let Some(after) = after.filter(|_| wanted) else {
        return if before.is_some() || after.is_some() { Ok(()) } else { Err(no_feed(name)) };
    };
    let only_new = match before {
        Some(before) => FeedSettings { sources: only_in(after, before), ..after.clone() },
        None => after.clone(),
    };
    if !only_new.sources.is_empty() {
        let mut one = |envelope: Envelope, original| {
            let file = place(&only_new, &envelope);
            let new = NewInput::Other(Box::new(input(envelope, original, options)));
            take(Message { old: None, new, file })
        };
        intake(only_new.clone(), old, &mut one).map_err(failed)?;
    }
    Ok(())
}

fn no_feed(name: &str) -> DiffError {
    DiffError::NoFeed { feed: name.to_owned() }
}

/// Reads the sources of a feed.
pub(super) fn intake(
    settings: FeedSettings,
    config: &Config,
    take: &mut dyn FnMut(Envelope, Original) -> bool,
) -> Result<(), IntakeError> {
    let (lanes, data_dir) = (config.hub.broker.lanes(), &config.hub.data_dir);
    Intake { settings, lanes, data_dir, clock: Arc::new(SystemClock) }.each(take)
}

fn input(mut envelope: Envelope, original: Original, options: &Options<'_>) -> Input {
    envelope.accepted_at = options.now.to_string();
    Input { envelope, original, at: options.now }
}

/// A message of the old configuration's feed, as the new one would pick it up.
pub(super) fn message(input: Input, old: &FeedSettings, new: Option<&FeedSettings>) -> Message {
    let file = place(old, &input.envelope);
    let source = old.source_of(&input.envelope.key.0);
    let new = match (source, new) {
        (Some(source), Some(new)) if new.sources.iter().any(|other| is_same(source, other)) => {
            as_by(&input, old, new)
        }
        // What came over a connection has no source that is read.
        (None, Some(new)) => as_by(&input, old, new),
        (_, _) => NewInput::Nothing,
    };
    Message { old: Some(input), new, file }
}

fn as_by(input: &Input, old: &FeedSettings, new: &FeedSettings) -> NewInput {
    let (mapped, mapped_anew) = (documents(old), documents(new));
    let maps_alike = input.envelope.format != Format::Document || mapped == mapped_anew;
    if old.facility == new.facility && maps_alike {
        return NewInput::Same;
    }
    let mut envelope = input.envelope.clone();
    envelope.facility.clone_from(&new.facility);
    let mut original = Original { body: input.original.body.clone(), main: input.original.main.clone() };
    if let (false, Ok(mut manifest)) = (maps_alike, Manifest::from_bytes(&original.body)) {
        let folder = DataTypeFolder::parse(&manifest.data_type);
        let code = mapped_anew.and_then(|codes| codes.get(folder.local.code));
        let code = code.filter(|_| folder.standard.code.is_empty()).cloned();
        envelope.data_type = Some(code.clone().unwrap_or_else(|| folder.code().to_owned()));
        manifest.mapped_code = code;
        original.body = manifest.to_bytes().into();
    }
    NewInput::Other(Box::new(Input { envelope, original, at: input.at }))
}

/// Standard codes of a feed's own documents.
fn documents(feed: &FeedSettings) -> Option<&BTreeMap<String, String>> {
    feed.sources.iter().find_map(|source| match source {
        Source::Ssmix2 { extension, .. } => extension.as_ref().map(|extension| &extension.documents),
        Source::Hl7Files { .. } | Source::Checkup { .. } => None,
    })
}

/// Sources that the other feed does not read.
fn only_in(feed: &FeedSettings, other: &FeedSettings) -> Vec<Source> {
    let is_known = |source: &&Source| !other.sources.iter().any(|known| is_same(source, known));
    feed.sources.iter().filter(is_known).cloned().collect()
}

/// A path that does not depend on where a process works.
pub(in crate::ops::diff) fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Whether two sources read the same folders as the same kind.
pub(in crate::ops::diff) fn is_same(one: &Source, other: &Source) -> bool {
    discriminant(one) == discriminant(other) && one.roots().map(absolute).eq(other.roots().map(absolute))
}

/// The file that a message lies in, where it is there.
fn place(feed: &FeedSettings, envelope: &Envelope) -> Option<PathBuf> {
    let file = Path::new(&envelope.origin.file.0);
    let source = feed.source_of(&envelope.key.0)?;
    let mut places = source.roots().flat_map(|root| [root.join(file), root.join(".done").join(file)]);
    places.find(|place| place.exists())
}
