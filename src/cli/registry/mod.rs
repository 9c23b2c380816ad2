//! `musubi registry`

mod change;
mod import;
mod show;
mod suggest;

use std::env;
use std::path::Path;

use clap::Subcommand;

use super::{check, complain, exit, fail, print};
use crate::config::Config;
use crate::lang::Lang;
use crate::ops::registry::{SubmitError, submit};
use crate::registry::Entry;

/// What can be done with the registry.
#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Enter what CSV files say: all of it, or nothing if a row is refused
    Import(import::Arguments),
    /// Show what is known about a person, a facility or a local id
    Show(show::Arguments),
    /// Show every version of that: when it was entered, by whom, why, from when until when
    History(show::Arguments),
    /// End a patient's consents now
    Withdraw(change::Withdraw),
    /// Link a facility's local id to a network id, once the card was shown there
    Link(change::Link),
    /// Suggest which patients of several facilities may be one person; links nobody
    Suggest(suggest::Arguments),
    /// Open a patient's record to a facility because of danger to life; audited
    Emergency(change::Emergency),
}

pub(super) fn main(folder: &Path, lang: Lang, verb: &Verb) -> u8 {
    let config = match check::load(folder, lang) {
        Ok(config) => config,
        Err(code) => return code,
    };
    match verb {
        Verb::Import(arguments) => import::main(&config, lang, arguments),
        Verb::Show(arguments) => show::show(&config, lang, arguments),
        Verb::History(arguments) => show::history(&config, lang, arguments),
        Verb::Withdraw(arguments) => change::withdraw(&config, lang, arguments),
        Verb::Link(arguments) => change::link(&config, lang, arguments),
        Verb::Suggest(arguments) => suggest::main(&config, lang, arguments),
        Verb::Emergency(arguments) => change::emergency(&config, lang, arguments),
    }
}

/// The account that enters something: the one that is named, else the one that is logged in.
pub(super) fn account(named: Option<&str>) -> Result<String, u8> {
    let logged_in = ["SUDO_USER", "LOGNAME", "USER"].into_iter().find_map(|name| env::var(name).ok());
    named.map(str::to_owned).or(logged_in).filter(|who| !who.trim().is_empty()).ok_or_else(|| {
        complain("musubi: nobody is logged in here: say with --who who enters this");
        exit::USAGE
    })
}

/// Enters what a person said on the command line.
pub(super) fn enter(config: &Config, lang: Lang, batch: Vec<Entry>) -> u8 {
    match submit(config, batch) {
        Ok(submitted) if submitted.new == 0 => {
            print(lang.pick("known already\n", "登録済みです\n"));
            exit::DONE
        }
        Ok(submitted) => {
            print(&match lang {
                Lang::En => format!("entered {}; revision {}\n", submitted.new, submitted.revision),
                Lang::Ja => format!("{} 件を登録しました（版 {}）\n", submitted.new, submitted.revision),
            });
            exit::DONE
        }
        Err(SubmitError::Refused(refusals)) => {
            for refusal in refusals {
                complain(&format!("musubi: {}: {}", refusal.code, refusal.reason));
            }
            exit::BAD_DATA
        }
        Err(error) => fail(&error, exit::TRY_LATER),
    }
}
