//! `musubi inspect`

mod characters;
mod page;
mod recipients;
mod text;

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

pub(super) use recipients::{is_of_kind, line, listed};

use super::paint::Paint;
use super::{check, complain, exit, fail, print, print_as_is, print_json};
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, suggest};
use crate::envelope::Fault;
use crate::lang::Lang;
use crate::ops::inspect::{Given, Inspection, hint, inspect, read};
use crate::ops::registry::asked;
use crate::registry::Registry;

const EXAMPLES: &str = "Examples:
  musubi inspect sample/adt.hl7
  musubi --lang ja inspect sample/oml.hl7 --bytes
  musubi inspect sample/ref.hl7 --to kita-referral
  musubi inspect sample/oru.hl7 --html oru.html";

/// Arguments of `inspect`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// An HL7 v2 or SS-MIX2 file, or an archive of health check-ups
    file: PathBuf,
    /// SS-MIX2 data type of a file that does not say it by its name, such as OMP-01
    #[arg(long, value_name = "TYPE")]
    data_type: Option<String>,
    /// Feed that the file would come from, where it does not lie in one
    #[arg(long, value_name = "FEED")]
    feed: Option<String>,
    /// Show the copy that this subscriber would get
    #[arg(long, value_name = "SUBSCRIBER")]
    to: Option<String>,
    /// Show all bytes with the set that each was read with, not only where sets change
    #[arg(long)]
    bytes: bool,
    /// Print one JSON object
    #[arg(long, conflicts_with = "html")]
    json: bool,
    /// Write a page: one file that loads nothing; - for stdout. It shows the message's content
    #[arg(long, value_name = "FILE|-")]
    html: Option<PathBuf>,
}

pub(super) fn main(folder: &Path, lang: Lang, arguments: &Arguments) -> u8 {
    let config = match check::load_if_there(folder, lang) {
        Ok(config) => config,
        Err(code) => return code,
    };
    if let Err(told) = known(arguments, config.as_ref()) {
        complain(&format!("musubi: {told}"));
        return exit::USAGE;
    }
    let bytes = match read(&arguments.file) {
        Ok(bytes) => bytes,
        Err(fault) => return refuse(&fault, lang, arguments.json),
    };
    let registry = config.as_ref().and_then(registry);
    let given = Given {
        registry: registry.as_ref(),
        data_type: arguments.data_type.as_deref(),
        feed: arguments.feed.as_deref(),
        as_routed: true,
        to: arguments.to.as_deref(),
        all_bytes: arguments.bytes,
        ..Given::default()
    };
    let seen = inspect(&arguments.file, &bytes, given, config.as_ref());
    match show(&seen, lang, arguments, config.is_some()) {
        Ok(()) if seen.refused.is_some() => exit::BAD_DATA,
        Ok(()) => exit::DONE,
        Err(code) => code,
    }
}

fn show(seen: &Inspection, lang: Lang, arguments: &Arguments, configured: bool) -> Result<(), u8> {
    match arguments.html.as_deref() {
        Some(file) if file == Path::new("-") => print_as_is(&page::page(seen, lang)),
        Some(file) => {
            fs::write(file, page::page(seen, lang)).map_err(|error| {
                complain(&format!("musubi: {}: {error}", file.display()));
                exit::CANT_CREATE
            })?;
            print(&format!("{} {}\n", lang.pick("page:", "ページ:"), file.display()));
        }
        None if arguments.json => {
            print_json(seen);
        }
        None => print_as_is(&text::text(seen, lang, Paint::of_stdout(), arguments.bytes, configured)),
    }
    Ok(())
}

/// Whether the feed and the subscriber that are named are there.
fn known(arguments: &Arguments, config: Option<&Config>) -> Result<(), String> {
    let feeds = config.iter().flat_map(|config| &config.feeds).map(|feed| feed.settings.name.as_str());
    let subscribers = config.iter().flat_map(|config| &config.subscribers).map(|one| one.name.as_str());
    one_of("feed", arguments.feed.as_deref(), &feeds.collect::<Vec<_>>())?;
    one_of("subscriber", arguments.to.as_deref(), &subscribers.collect::<Vec<_>>())
}

/// Whether a name is known, with the nearest one where it is not.
pub(super) fn one_of(what: &str, name: Option<&str>, known: &[&str]) -> Result<(), String> {
    match name.filter(|name| !known.contains(name)) {
        Some(name) => Err(format!("no {what} \"{name}\": {}", suggest(name, known))),
        None => Ok(()),
    }
}

/// The hub's registry. Where it can't be asked, nobody is known and nobody has consented.
fn registry(config: &Config) -> Option<Registry> {
    match asked(config, SystemClock.now()) {
        Ok(registry) => Some(registry),
        Err(error) => {
            fail(&error, exit::DONE);
            None
        }
    }
}

/// A file that can't even be read: one object as for any other, or a line, and what to do.
pub(super) fn refuse(fault: &Fault, lang: Lang, json: bool) -> u8 {
    if json {
        print_json(&serde_json::json!({"file": fault.place, "refused": fault, "messages": []}));
    } else {
        complain(&format!("musubi: {}: {}", fault.place, fault.reason));
        if let Some([en, ja]) = hint(&fault.code) {
            complain(&format!("  {}", lang.pick(en, ja)));
        }
    }
    exit::BAD_DATA
}

#[cfg(test)]
mod tests;
