//! `musubi explain`: why a subscriber gets a message or not.

mod sentences;

use std::path::{Path, PathBuf};

use clap::Args;
use jiff::Timestamp;

use super::inspect::{one_of, refuse};
use super::paint::Paint;
use super::{check, complain, exit, fail, print_as_is, print_json};
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::lang::Lang;
use crate::ops::explain::{ExplainError, Explained, Message, Question, explain};
use crate::ops::registry::asked;

const EXAMPLES: &str = "Examples:
  musubi explain sample/oul.hl7 --feed izumo-chuo --to surveillance
  musubi --lang ja explain fixtures/cases/oul_r22_flu_positive --to kita-record
  musubi explain 4b8945d4877b205b86353df91ecda0b0 --to store-near

Exit code 0: it gets the message; 1: it does not.";

/// Arguments of `explain`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// A file with one message, a content folder, or the id of a message in the hub's history
    message: String,
    /// The subscriber
    #[arg(long, value_name = "SUBSCRIBER")]
    to: String,
    /// Feed that the file would come from, where it does not lie in one
    #[arg(long, value_name = "FEED")]
    feed: Option<String>,
    /// SS-MIX2 data type of a file that does not say it by its name
    #[arg(long, value_name = "TYPE")]
    data_type: Option<String>,
    /// Of an id: the file that the message came in, where it lies in no folder of its feed any more
    #[arg(long, value_name = "PATH")]
    file: Option<PathBuf>,
    /// As of which moment (RFC 3339) bases are asked for; the default is now
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    /// Print one JSON object; it holds no value of the message
    #[arg(long)]
    json: bool,
}

pub(super) fn main(folder: &Path, lang: Lang, arguments: &Arguments) -> u8 {
    let config = match check::load(folder, lang) {
        Ok(config) => config,
        Err(code) => return code,
    };
    if let Err(told) = known(arguments, &config) {
        complain(&format!("musubi: {told}"));
        return exit::USAGE;
    }
    let at = arguments.at.unwrap_or_else(|| SystemClock.now());
    let registry = match asked(&config, SystemClock.now()) {
        Ok(registry) => registry,
        Err(error) => return fail(&error, exit::TRY_LATER),
    };
    let question = Question {
        subscriber: &arguments.to,
        feed: arguments.feed.as_deref(),
        data_type: arguments.data_type.as_deref(),
        at,
    };
    match explain(&config, registry, &message(arguments), &question) {
        Ok(explained) => show(&explained, &config, lang, arguments.json),
        Err(ExplainError::Unreadable(fault)) => refuse(&fault, lang, arguments.json),
        Err(error @ ExplainError::UnknownMessage(_)) => fail(&error, exit::BAD_DATA),
        Err(error @ ExplainError::History(_)) => fail(&error, exit::TRY_LATER),
    }
}

fn show(explained: &Explained, config: &Config, lang: Lang, json: bool) -> u8 {
    if json {
        print_json(explained);
    } else {
        print_as_is(&sentences::text(explained, config, lang, Paint::of_stdout()));
    }
    let refused = explained.now.as_ref().is_some_and(|now| now.refused.is_some());
    match explained.gets {
        true => exit::DONE,
        false if refused => exit::BAD_DATA,
        false => exit::DIFFERS,
    }
}

/// An id is what stands on a message's copies: 32 digits of hexadecimal. Everything else is a path.
fn message(arguments: &Arguments) -> Message {
    let text = &arguments.message;
    let is_id = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match is_id && !Path::new(text).exists() {
        true => Message::Id(text.to_ascii_lowercase(), arguments.file.clone()),
        false => Message::File(text.into()),
    }
}

fn known(arguments: &Arguments, config: &Config) -> Result<(), String> {
    let subscribers: Vec<_> = config.subscribers.iter().map(|one| one.name.as_str()).collect();
    let feeds: Vec<_> = config.feeds.iter().map(|feed| feed.settings.name.as_str()).collect();
    one_of("subscriber", Some(&arguments.to), &subscribers)?;
    one_of("feed", arguments.feed.as_deref(), &feeds)
}
