//! `musubi parked`

use std::path::Path;

use clap::Args;

use super::{check, exit, fail, print, print_json};
use crate::lang::Lang;
use crate::ops::parked::{Selection, list};

/// Arguments of `parked`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Subscriber, as routes.toml names it; all where nobody is named
    subscriber: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn main(folder: &Path, lang: Lang, arguments: &Arguments) -> u8 {
    let config = match check::load(folder, lang) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let selection = Selection { subscriber: arguments.subscriber.clone(), facilities: None };
    let parked = match list(&config, &selection) {
        Ok(parked) => parked,
        Err(error) => return fail(&error, exit::TRY_LATER),
    };
    if arguments.json {
        return print_json(&parked);
    }
    if parked.is_empty() {
        print(lang.pick("nothing is parked\n", "保留はありません\n"));
    }
    for one in parked {
        let patient = one.patient.as_deref().unwrap_or("-");
        let code = one.code.as_deref().unwrap_or("-");
        let copies = match lang {
            Lang::En => format!("{} copies", one.copies),
            Lang::Ja => format!("{} 件", one.copies),
        };
        let (to, facility, since) = (&one.subscriber, &one.facility, one.since);
        print(&format!("{to}  {facility} {patient}  {copies}  {since}  {code}  {}\n", one.message));
    }
    exit::DONE
}
