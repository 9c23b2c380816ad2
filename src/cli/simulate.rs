//! `musubi simulate`

use std::io::{self, IsTerminal};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::civil::Date;

use super::{exit, fail, print};
use crate::simulate::{Amount, StorageSettings, Summary, storage};

/// Arguments of `simulate`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Write an SS-MIX2 standardised storage of invented patients (架空); the same seed gives the same bytes
    Storage(StorageArguments),
}

#[derive(Debug, Args)]
struct StorageArguments {
    /// Root folder of the storage
    folder: PathBuf,
    /// Files to write
    #[arg(long, default_value_t = 1000, conflicts_with = "patients", value_name = "N")]
    files: u64,
    /// Write all files of so many patients instead
    #[arg(long, value_name = "N")]
    patients: Option<u64>,
    /// Seed
    #[arg(long, default_value_t = 1, value_name = "S")]
    seed: u64,
    /// Last day on which something is sent
    #[arg(long, default_value = "2026-11-20", value_name = "YYYY-MM-DD")]
    today: Date,
    /// Write the transaction storage that belongs to it too
    #[arg(long, value_name = "DIR")]
    transaction: Option<PathBuf>,
    /// Write superseded versions, deletions and delete messages too
    #[arg(long)]
    history: bool,
}

pub(super) fn main(arguments: &Arguments) -> u8 {
    let What::Storage(arguments) = &arguments.what;
    let amount = arguments.patients.map_or(Amount::Files(arguments.files), Amount::Patients);
    let settings = StorageSettings {
        transaction: arguments.transaction.clone(),
        history: arguments.history,
        ..StorageSettings::new(&arguments.folder, amount, arguments.seed, arguments.today)
    };
    let bar = progress_bar();
    let written = storage(&settings, |progress| {
        bar.set_length(progress.total);
        bar.set_position(progress.written);
    });
    bar.finish_and_clear();
    match written {
        Ok(Summary { files, bytes, patients, deletions, .. }) => {
            print(&format!(
                "{files} files ({bytes} bytes) of {patients} invented patients (架空), {deletions} delete messages\n"
            ));
            exit::DONE
        }
        Err(error) => fail(&error, exit::TRY_LATER),
    }
}

/// A bar on a terminal, nothing elsewhere.
fn progress_bar() -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {eta}");
    ProgressBar::no_length().with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
