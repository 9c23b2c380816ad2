//! A file, or all files of a folder or storage.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ssmix2::ContentFolder;
use ssmix2::transaction::TransactionFileName;

use super::super::side::{Message, NewInput};
use super::super::{DiffError, Options};
use super::sample::Sample;
use super::{Missing, Take, Why};
use crate::config::Config;
use crate::ops::rehearsal::{Given, Input, read_each};

/// What was not compared.
#[derive(Default)]
struct Left {
    no_message: u64,
    unreadable: u64,
}

/// Gives every message below a path to `take`, in the order of their names.
pub(super) fn each(
    path: &Path,
    feed: Option<&str>,
    old: &Config,
    new: &Config,
    options: &Options<'_>,
    take: Take<'_>,
) -> Result<Vec<Missing>, DiffError> {
    let unreadable = |source| DiffError::Unreadable { path: path.to_owned(), source };
    fs::metadata(path).map_err(unreadable)?;
    let mut left = Left::default();
    let mut of_file = |file: &Path| messages(file, feed, [old, new], options, &mut left, take);
    match options.sample {
        None => drop(walk(path, &mut of_file).map_err(unreadable)?),
        Some((size, seed)) => {
            let mut sample = Sample::new(size, seed);
            let mut offer = |file: &Path| {
                sample.offer(file.to_owned());
                !(options.stop)()
            };
            walk(path, &mut offer).map_err(unreadable)?;
            let mut drawn = sample.into_drawn();
            drawn.sort_unstable();
            drawn.iter().all(|file| of_file(file));
        }
    }
    let missing = [(Why::NoMessage, left.no_message), (Why::Unreadable, left.unreadable)].into_iter();
    let missing = missing.filter(|(_, files)| *files > 0);
    Ok(missing.map(|(why, messages)| Missing { feed: None, why, messages }).collect())
}

/// Every file, content folder and case below a path, sorted; whether it came to its end.
fn walk(path: &Path, take: &mut dyn FnMut(&Path) -> bool) -> io::Result<bool> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if !path.is_dir() || path.join("input").is_file() || ContentFolder::parse(name).is_ok() {
        return Ok(take(path));
    }
    let mut entries: Vec<PathBuf> =
        fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<_>>()?;
    entries.sort_unstable();
    for entry in entries {
        let name = entry.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        // What a transaction storage logs lies in the storage too.
        if name.starts_with('.') || TransactionFileName::parse(name).is_some() {
            continue;
        }
        if !walk(&entry, take)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The messages of one file, by both configurations; whether more is wanted.
fn messages(
    file: &Path,
    feed: Option<&str>,
    configs: [&Config; 2],
    options: &Options<'_>,
    left: &mut Left,
    take: Take<'_>,
) -> bool {
    let given = Given { path: file, feed, data_type: None, change: None };
    let [old, new] = configs.map(|config| read_each(&given, config, options.now));
    let (old, new) = match (old, new) {
        (Ok(old), Ok(new)) => (old, new),
        (Ok(old), Err(fault)) if fault.code == "no-feed" => (old, Vec::new()),
        (Err(fault), Ok(new)) if fault.code == "no-feed" => (Vec::new(), new),
        (Err(fault), _) | (_, Err(fault)) => {
            match fault.code.as_str() {
                "not-a-message" | "not-a-document" => left.no_message += 1,
                _ => left.unreadable += 1,
            }
            return true;
        }
    };
    let (mut old, mut new) = (old.into_iter(), new.into_iter());
    loop {
        let message = match (old.next(), new.next()) {
            (None, None) => return true,
            (old, None) => Message { old, new: NewInput::Nothing, file: Some(file.to_owned()) },
            (old, Some(new)) => {
                let same = old.as_ref().is_some_and(|old| is_same(old, &new));
                let new = if same { NewInput::Same } else { NewInput::Other(Box::new(new)) };
                Message { old, new, file: Some(file.to_owned()) }
            }
        };
        if !take(message) {
            return false;
        }
    }
}

fn is_same(old: &Input, new: &Input) -> bool {
    old.envelope == new.envelope
        && old.original.body == new.original.body
        && old.original.main == new.original.main
}
