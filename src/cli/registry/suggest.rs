//! `musubi registry suggest`

use std::path::PathBuf;

use clap::Args;

use super::super::{complain, exit, fail, print, print_json};
use super::Lang;
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::ops::registry::suggest::{LocalId, Pair, pairs, patients};
use crate::ops::registry::view;

/// Arguments of `registry suggest`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// A folder of delivered events that hold the patients' names, such as var/deliveries/SUBSCRIBER
    folder: PathBuf,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn main(config: &Config, lang: Lang, arguments: &Arguments) -> u8 {
    let patients = match patients(&arguments.folder) {
        Ok(patients) => patients,
        Err(error) => {
            complain(&format!("musubi: {} can't be read", arguments.folder.display()));
            return fail(&error, exit::TRY_LATER);
        }
    };
    let registry = match view(config) {
        Ok(registry) => registry,
        Err(error) => return fail(&error, exit::TRY_LATER),
    };
    let pairs = pairs(&patients, &registry, SystemClock.now());
    if arguments.json {
        return print_json(&pairs);
    }
    pairs.iter().for_each(|pair| print(&line(pair)));
    print(&match lang {
        Lang::En => {
            format!("{} suggestions among {} patients; ask for the card\n", pairs.len(), patients.len())
        }
        Lang::Ja => {
            format!("患者 {} 件中、候補 {} 件。カードで確認してください\n", patients.len(), pairs.len())
        }
    });
    exit::DONE
}

fn line(pair: &Pair) -> String {
    let spell = |id: &LocalId| format!("{}/{}", id.facility, id.local_id.0);
    let network_id = pair.network_id.as_ref().map(|id| format!(" ({})", id.0)).unwrap_or_default();
    let reasons: Vec<_> = pair.suggestion.reasons.iter().map(|reason| reason.as_str()).collect();
    let (one, other) = (spell(&pair.one), spell(&pair.other));
    format!("{:>3}  {one}{network_id}  {other}  {}\n", pair.suggestion.score, reasons.join(" "))
}
