//! `musubi reading`: the desk of a reading facility.

mod page;
mod table;

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::desk::{self, Shown};
use super::{check, exit, fail};
use crate::lang::Lang;
use crate::services::inbox::{Event, Unreadable};
use crate::services::reading::{Desk, Rules};

/// Arguments of `reading`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The subscriber whose folder is read
    #[arg(long, value_name = "NAME", default_value = "imaging")]
    subscriber: String,
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
    let reading = Reading { desk: Desk::new(rules), lang, zone: config.hub.timezone.clone() };
    desk::run(reading, &config, &arguments.subscriber, &arguments.desk)
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
