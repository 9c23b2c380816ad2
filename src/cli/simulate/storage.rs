//! `musubi simulate storage`

use std::path::PathBuf;

use clap::Args;
use jiff::civil::Date;

use super::super::{exit, fail, print};
use super::progress_bar;
use crate::simulate::{Amount, StorageSettings, Summary, storage};

#[derive(Debug, Args)]
pub(super) struct StorageArguments {
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

pub(super) fn main(arguments: &StorageArguments) -> u8 {
    let amount = arguments.patients.map_or(Amount::Files(arguments.files), Amount::Patients);
    let settings = StorageSettings {
        transaction: arguments.transaction.clone(),
        history: arguments.history,
        ..StorageSettings::new(&arguments.folder, amount, arguments.seed, arguments.today)
    };
    let bar = progress_bar("{bar:40} {pos}/{len} {eta}");
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
