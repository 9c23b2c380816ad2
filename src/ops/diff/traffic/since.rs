//! What the hub decided since a moment: the history says which messages they were, and the sources of the feeds are
//! searched for their bytes. The history itself holds nothing of a message but its hash.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use jiff::Timestamp;

use super::super::{DiffError, Options};
use super::sample::Sample;
use super::{Missing, Take, Why, feed, named};
use crate::config::Config;
use crate::envelope::{Change, Envelope};
use crate::ops::rehearsal::Input;
use crate::pipeline::Original;
use crate::store::day_log::day_files;
use crate::store::history::{Decision, HISTORY, Step, What};
use crate::telemetry::causes;

/// A message that was decided.
struct Decided {
    feed: String,
    hash: String,
    id: String,
    change: Change,
    accepted_at: String,
    at: Timestamp,
}

/// The messages of a feed that are looked for, by the hash of their bytes.
type Wanted = HashMap<String, Vec<Decided>>;

/// Gives every message that was decided and is found again to `take`.
pub(super) fn each(
    from: Timestamp,
    old: &Config,
    new: &Config,
    options: &Options<'_>,
    take: Take<'_>,
) -> Result<Vec<Missing>, DiffError> {
    let mut missing = Vec::new();
    let mut feeds: Vec<(String, Wanted)> = by_feed(decided(old, from, options)?).into_iter().collect();
    feeds.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    let mut wanted = true;
    for (name, mut left) in feeds {
        if !wanted {
            break;
        }
        let [before, after] = [old, new].map(|config| named(config, &name).map(|feed| &feed.settings));
        let mut why = Why::Gone;
        match before {
            None => why = Why::NoFeed,
            Some(before) => {
                let mut one = |envelope: Envelope, original: Original| {
                    if let Some(input) = found(&mut left, envelope, original) {
                        wanted = take(feed::message(input, before, after));
                    }
                    wanted && !left.is_empty() && !(options.stop)()
                };
                if let Err(error) = feed::intake(before.clone(), old, &mut one) {
                    why = Why::Away(causes(&error));
                }
            }
        }
        let messages = left.values().map(Vec::len).sum::<usize>();
        if wanted && messages > 0 {
            let messages = u64::try_from(messages).unwrap_or(u64::MAX);
            missing.push(Missing { feed: Some(name), why, messages });
        }
    }
    Ok(missing)
}

fn by_feed(decided: Vec<Decided>) -> HashMap<String, Wanted> {
    let mut feeds: HashMap<String, Wanted> = HashMap::new();
    for one in decided {
        let wanted = feeds.entry(one.feed.clone()).or_default().entry(one.hash.clone()).or_default();
        // Decided again after a restart: the last time counts.
        wanted.retain(|other| other.id != one.id);
        wanted.push(one);
    }
    feeds
}

/// The message as it was decided, where it is one of those that are looked for.
fn found(wanted: &mut Wanted, mut envelope: Envelope, original: Original) -> Option<Input> {
    let alike = wanted.get_mut(&envelope.origin.hash)?;
    let same = alike.iter().position(|one| one.id == envelope.id);
    let decided = alike.swap_remove(same.unwrap_or(0));
    if alike.is_empty() {
        wanted.remove(&envelope.origin.hash);
    }
    if same.is_none() {
        // The feed knew an earlier version then, or calls its sources otherwise now.
        envelope.change = decided.change;
        envelope.id = decided.id;
    }
    envelope.accepted_at = decided.accepted_at;
    Some(Input { envelope, original, at: decided.at })
}

/// All decisions since a moment, or a sample of them.
fn decided(config: &Config, from: Timestamp, options: &Options<'_>) -> Result<Vec<Decided>, DiffError> {
    let dir = config.hub.data_dir.join(HISTORY);
    let unreadable = |source| DiffError::Unreadable { path: dir.clone(), source };
    let first = format!("{}", from.to_zoned(config.hub.timezone.clone()).date());
    let (size, seed) = options.sample.unwrap_or((usize::MAX, 0));
    let mut sample = Sample::new(size, seed);
    for file in day_files(&dir).map_err(unreadable)? {
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name >= first.as_str() {
            steps(&file, &mut |step| {
                let is_later = step.at >= from;
                one(step).filter(|_| is_later).into_iter().for_each(|one| sample.offer(one));
            })?;
        }
    }
    Ok(sample.into_drawn())
}

/// Every whole line of a day's file.
fn steps(path: &Path, take: &mut dyn FnMut(Step)) -> Result<(), DiffError> {
    let failed = |source| DiffError::Unreadable { path: path.to_owned(), source };
    for line in BufReader::new(File::open(path).map_err(failed)?).split(b'\n') {
        // A line that a power cut tore says nothing.
        if let Ok(step) = serde_json::from_slice(&line.map_err(failed)?) {
            take(step);
        }
    }
    Ok(())
}

fn one(Step { at, id, what }: Step) -> Option<Decided> {
    let What::Decided(Decision { feed, hash, accepted_at, change, .. }) = what else { return None };
    let changes = [Change::Created, Change::Updated, Change::Deleted, Change::Superseded];
    let change = changes.into_iter().find(|known| known.as_str() == change)?;
    Some(Decided { feed, hash, id, change, accepted_at, at })
}
