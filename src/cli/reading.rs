//! `musubi reading`: the desk of a reading facility.

mod page;
mod table;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::desk::{self, Shown};
use super::{check, complain, exit, fail};
use crate::config::Config;
use crate::lang::Lang;
use crate::services::inbox::{Event, Unreadable};
use crate::services::reading::{Desk, Rules};

/// Arguments of `reading`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The subscriber whose folder is read; the default is `imaging`, else the one that gets topics `reading.…`
    #[arg(long, value_name = "NAME")]
    subscriber: Option<String>,
    /// What counts as remote reading, per facility (TOML); without it, all that is delivered
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    #[command(flatten)]
    desk: desk::Options,
}

struct Reading {
    desk: Desk,
    lang: Lang,
    zone: TimeZone,
}

pub(super) fn main(folder: &Path, lang: Lang, arguments: &Arguments) -> u8 {
    let config = match check::load(folder, lang) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let rules = match arguments.rules.as_deref().map(rules).transpose() {
        Ok(rules) => rules.unwrap_or_else(Rules::all),
        Err(code) => return code,
    };
    // Which folder it is does not matter where another one is named.
    let subscriber = match (&arguments.subscriber, &arguments.desk.from) {
        (Some(name), _) => name,
        (None, Some(_)) => "",
        (None, None) => match reader(&config) {
            Ok(name) => name,
            Err(why) => {
                complain(&format!("musubi: {why}"));
                return exit::USAGE;
            }
        },
    };
    let reading = Reading { desk: Desk::new(rules), lang, zone: config.hub.timezone.clone() };
    desk::run(reading, &config, subscriber, &arguments.desk)
}

/// The subscriber whose folder is read where there is one of that name.
const SUBSCRIBER: &str = "imaging";

/// Subscriber `imaging`, or the one with a folder to which a route of a topic `reading.…` leads; a network with several reading
/// facilities has a desk for each.
fn reader(config: &Config) -> Result<&str, String> {
    if config.folder_of(SUBSCRIBER).is_some() {
        return Ok(SUBSCRIBER);
    }
    let routes = config.routes.iter().filter(|route| route.topic.starts_with("reading."));
    let names: BTreeSet<&str> = routes.flat_map(|route| &route.to).map(String::as_str).collect();
    let desks: Vec<_> = names.into_iter().filter(|name| config.folder_of(name).is_some()).collect();
    match desks[..] {
        [one] => Ok(one),
        [] => {
            Err("no subscriber with a folder gets a topic reading.…: give --subscriber or --from".to_owned())
        }
        _ => Err(format!(
            "several subscribers get topics reading.…: give --subscriber, one of {}",
            desks.join(", ")
        )),
    }
}

fn rules(file: &Path) -> Result<Rules, u8> {
    let text = fs::read_to_string(file).map_err(|error| fail(&error, exit::BAD_CONFIG))?;
    Rules::read(&text).map_err(|error| fail(&error, exit::BAD_CONFIG))
}

impl desk::Desk for Reading {
    fn take(&mut self, event: &Event) -> Result<(), Unreadable> {
        self.desk.take(event)
    }

    fn show(&mut self, now: Timestamp) -> Shown {
        let list = self.desk.worklist(now, &self.zone);
        let json = serde_json::to_value(&list).unwrap_or_default();
        let requests = list.work.iter().map(|work| {
            let request = serde_json::to_value(&work.request).unwrap_or_default();
            (format!("requests/{}.json", work.request.id), format!("{request:#}\n"))
        });
        let files = [
            ("index.html".to_owned(), page::page(&list, self.lang, &self.zone)),
            ("worklist.csv".to_owned(), table::csv(&list)),
            ("worklist.json".to_owned(), format!("{json:#}\n")),
        ];
        let files = requests.chain(files).collect();
        Shown { text: table::text(&list, self.lang), json, files }
    }
}
