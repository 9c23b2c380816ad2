//! `musubi conform`

mod page;
mod table;

use std::fs;
use std::io::{self, IsTerminal};
use std::path::PathBuf;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::{exit, fail, print, print_json};
use crate::clock::{Clock, SystemClock};
use crate::lang::Lang;
use crate::ops::conform::{ConformError, Report, conform};

/// Arguments of `conform`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Root folder of a standardised storage
    storage: PathBuf,
    /// Code of the facility (医療機関コード), to be named in the report
    #[arg(long, value_name = "CODE")]
    facility: Option<String>,
    /// Print the report as JSON; like the page it holds no patient data
    #[arg(long)]
    json: bool,
    /// Write a page that can be sent to the vendor: one file, no script, no patient data
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Name the files of the examples, whose paths hold patient ids: for your own eyes
    #[arg(long, conflicts_with = "json")]
    examples: bool,
}

pub(super) fn main(lang: Lang, arguments: &Arguments) -> u8 {
    let bar = progress_bar();
    let facility = arguments.facility.as_deref();
    let report = conform(&arguments.storage, facility, SystemClock.now(), |progress| {
        bar.set_length(progress.total as u64);
        bar.set_position(progress.done as u64);
    });
    bar.finish_and_clear();
    let report = match report {
        Ok(report) => report,
        Err(error) => {
            let code = match &error {
                ConformError::Root { .. } => exit::TRY_LATER,
                ConformError::NoFile { .. } => exit::BAD_DATA,
                ConformError::BrokenOff => exit::SOFTWARE,
            };
            return fail(&error, code);
        }
    };
    show(&report, lang, arguments)
}

fn show(report: &Report, lang: Lang, arguments: &Arguments) -> u8 {
    let written = arguments.html.as_ref().map_or(Ok(()), |file| fs::write(file, page::page(report, lang)));
    if let Err(error) = written {
        return fail(&error, exit::TRY_LATER);
    }
    if arguments.json {
        return print_json(report);
    }
    print(&table::text(report, lang, arguments.examples));
    exit::DONE
}

/// A bar on a terminal, nothing elsewhere.
fn progress_bar() -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {eta}");
    ProgressBar::no_length().with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
