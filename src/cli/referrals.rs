//! `musubi referrals`: what became of referrals and their replies.

mod page;
mod table;

use std::path::Path;

use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::desk::{self, Shown};
use super::{check, complain};
use crate::config::Config;
use crate::lang::Lang;
use crate::ops::claims;
use crate::services::inbox::{Event, Unreadable};
use crate::services::referral::Desk;

/// Arguments of `referrals`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The subscriber whose folder is read
    #[arg(long, value_name = "NAME", default_value = "referral-desk")]
    subscriber: String,
    /// Days without an answer after which a referral is overdue
    #[arg(long, value_name = "N", default_value_t = 14)]
    overdue_after: u16,
    /// Read the files of the letters among the claims, and check them against their hashes
    #[arg(long)]
    check_files: bool,
    #[command(flatten)]
    desk: desk::Options,
}

struct Referrals<'a> {
    desk: Desk,
    config: &'a Config,
    arguments: &'a Arguments,
    lang: Lang,
    zone: TimeZone,
}

pub(super) fn main(folder: &Path, lang: Lang, arguments: &Arguments) -> u8 {
    let config = match check::load(folder, lang) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let zone = config.hub.timezone.clone();
    let referrals = Referrals { desk: Desk::default(), config: &config, arguments, lang, zone };
    desk::run(referrals, &config, &arguments.subscriber, &arguments.desk)
}

impl desk::Desk for Referrals<'_> {
    fn take(&mut self, event: &Event) -> Result<(), Unreadable> {
        self.desk.take(event)
    }

    fn show(&mut self, now: Timestamp) -> Shown {
        let checked = if self.arguments.check_files { self.check_files() } else { String::new() };
        let list = self.desk.list(now, self.arguments.overdue_after, &self.zone);
        let json = serde_json::to_value(&list).unwrap_or_default();
        let files = vec![
            ("index.html".to_owned(), page::page(&list, self.lang, &self.zone)),
            ("referrals.csv".to_owned(), table::csv(&list)),
            ("referrals.json".to_owned(), format!("{json:#}\n")),
        ];
        Shown { text: checked + &table::text(&list, self.lang), json, files }
    }
}

impl Referrals<'_> {
    /// Tells which files are missing or damaged, and how many are good: what was read whole has the hash that names it.
    fn check_files(&self) -> String {
        let mut good = 0;
        for hash in self.desk.files() {
            match claims::write(self.config, hash, std::io::sink()) {
                Ok(_) => good += 1,
                Err(error) => complain(&format!("musubi: {error}")),
            }
        }
        let word = self.lang.pick("files are those that were sent", "件のファイルは送信時と一致");
        format!("{good} {word}\n")
    }
}
