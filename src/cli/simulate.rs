//! `musubi simulate`

mod region;
mod storage;

use std::io::{self, IsTerminal};

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};

use crate::lang::Lang;

/// Arguments of `simulate`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Write a whole region that runs: configuration, registry, and what invented facilities (架空) send from day to day
    Region(Box<region::RegionArguments>),
    /// Go on writing into a region, as its facilities' hours come
    Live(region::LiveArguments),
    /// Write an SS-MIX2 standardised storage of invented patients (架空); the same seed gives the same bytes
    Storage(storage::StorageArguments),
}

pub(super) fn main(lang: Lang, arguments: &Arguments) -> u8 {
    match &arguments.what {
        What::Region(arguments) => region::region(lang, arguments),
        What::Live(arguments) => region::live(lang, arguments),
        What::Storage(arguments) => storage::main(arguments),
    }
}

/// A bar, or with another template a line, on a terminal; nothing elsewhere.
fn progress_bar(template: &str) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template(template);
    ProgressBar::no_length().with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
