//! `musubi registry import`

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::super::{complain, exit, fail, print, print_json};
use super::Lang;
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::ops::registry::{self, SubmitError, Submitted};
use crate::registry::Refusal;
use crate::registry::csv::Import;

/// Arguments of `registry import`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// A CSV file (facilities.csv, members.csv, links.csv …), or a folder of them
    path: PathBuf,
    /// Only say what would come of it
    #[arg(long)]
    dry_run: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn main(config: &Config, lang: Lang, arguments: &Arguments) -> u8 {
    let mut import = match registry::read(config, &arguments.path, SystemClock.now()) {
        Ok(import) => import,
        Err(error) => {
            complain(&format!("musubi: {} can't be read", arguments.path.display()));
            return fail(&error, exit::TRY_LATER);
        }
    };
    if !import.faults.is_empty() {
        return refused(&import, &[], lang, arguments.json);
    }
    let entries = std::mem::take(&mut import.entries);
    let submitted = match arguments.dry_run {
        true => registry::view(config).and_then(|registry| {
            registry.check(&entries).map_err(SubmitError::Refused)?;
            let asked = entries.len();
            let new = registry.news(entries).len();
            Ok(Submitted { new, known: asked - new, revision: registry.revision() })
        }),
        false => registry::submit(config, entries),
    };
    match submitted {
        Ok(submitted) => taken(submitted, lang, arguments),
        Err(SubmitError::Refused(refusals)) => refused(&import, &refusals, lang, arguments.json),
        Err(error) => fail(&error, exit::TRY_LATER),
    }
}

fn taken(submitted: Submitted, lang: Lang, arguments: &Arguments) -> u8 {
    let Submitted { new, known, revision } = submitted;
    let dry_run = arguments.dry_run;
    if arguments.json {
        return print_json(&json!({"new": new, "known": known, "revision": revision, "dry_run": dry_run}));
    }
    print(&match (lang, dry_run) {
        (Lang::En, false) => format!("{new} entered, {known} known already; revision {revision}\n"),
        (Lang::En, true) => {
            format!("{new} would be entered, {known} are known already; nothing was changed\n")
        }
        (Lang::Ja, false) => format!("{new} 件を登録、{known} 件は登録済み（版 {revision}）\n"),
        (Lang::Ja, true) => format!("{new} 件が登録対象、{known} 件は登録済み。変更はしていません\n"),
    });
    exit::DONE
}

/// All faults and refusals, each with its row.
fn refused(import: &Import, refusals: &[Refusal], lang: Lang, as_json: bool) -> u8 {
    let place = |index: usize| import.places.get(index).map(ToString::to_string).unwrap_or_default();
    if as_json {
        let refusals = refusals.iter().map(|refusal| {
            let other = refusal.other.map(place);
            json!({"row": place(refusal.index), "code": refusal.code, "reason": refusal.reason, "other": other})
        });
        let refusals: Vec<_> = refusals.collect();
        print_json(&json!({"faults": import.faults, "refusals": refusals}));
        return exit::BAD_DATA;
    }
    for fault in &import.faults {
        complain(&fault.to_string());
    }
    for refusal in refusals {
        let other = refusal.other.map(|index| format!(" ({})", place(index))).unwrap_or_default();
        complain(&format!("{}: {}: {}{other}", place(refusal.index), refusal.code, refusal.reason));
    }
    let count = import.faults.len() + refusals.len();
    complain(&match lang {
        Lang::En => format!("{count} faults; nothing was entered"),
        Lang::Ja => format!("誤り {count} 件。何も登録していません"),
    });
    exit::BAD_DATA
}
