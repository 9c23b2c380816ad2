//! `musubi hold` and `musubi release`

use std::path::Path;

use clap::Args;

use super::own::note;
use super::registry::{account, enter};
use super::{check, complain, exit, fail, print, print_json};
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::envelope::Identifying;
use crate::lang::Lang;
use crate::ops::audit::Action;
use crate::ops::holds::{self, Request};
use crate::ops::registry::{entries, view};
use crate::pipeline::Pseudonyms;

/// Arguments of `hold`.
#[derive(Debug, Args)]
pub(super) struct HoldArguments {
    /// Subscriber, as routes.toml names it; without one, what is held is listed
    subscriber: Option<String>,
    #[command(flatten)]
    rest: Rest,
    /// Print the list as JSON
    #[arg(long)]
    json: bool,
}

/// Arguments of `release`.
#[derive(Debug, Args)]
pub(super) struct ReleaseArguments {
    /// Subscriber
    subscriber: String,
    #[command(flatten)]
    rest: Rest,
}

#[derive(Debug, Args)]
struct Rest {
    /// Only the copies about this patient: the facility's own id, with --facility
    #[arg(long, value_name = "ID", requires = "facility")]
    patient: Option<String>,
    /// 10-digit code of the facility whose patient it is
    #[arg(long, value_name = "CODE", requires = "patient")]
    facility: Option<String>,
    /// Why; it is kept
    #[arg(long, value_name = "TEXT")]
    why: Option<String>,
    /// Who; the account that is logged in, if not given
    #[arg(long, value_name = "ACCOUNT")]
    who: Option<String>,
}

impl Rest {
    /// What is meant; nothing where nobody says why.
    fn request(&self, subscriber: &str, lang: Lang) -> Option<Request> {
        let Some(why) = self.why.clone().filter(|why| !why.trim().is_empty()) else {
            let why = lang.pick("say why: --why TEXT", "理由を指定してください: --why TEXT");
            complain(&format!("musubi: {why}"));
            return None;
        };
        let patient = self.facility.clone().zip(self.patient.clone().map(Identifying));
        Some(Request { subscriber: subscriber.to_owned(), patient, why })
    }
}

pub(super) fn hold(folder: &Path, lang: Lang, arguments: &HoldArguments) -> u8 {
    let config = match check::load(folder, lang) {
        Ok(config) => config,
        Err(code) => return code,
    };
    match &arguments.subscriber {
        Some(subscriber) => change(&config, lang, subscriber, &arguments.rest, true),
        None => list(&config, lang, arguments.json),
    }
}

pub(super) fn release(folder: &Path, lang: Lang, arguments: &ReleaseArguments) -> u8 {
    match check::load(folder, lang) {
        Ok(config) => change(&config, lang, &arguments.subscriber, &arguments.rest, false),
        Err(code) => code,
    }
}

fn change(config: &Config, lang: Lang, subscriber: &str, rest: &Rest, holds: bool) -> u8 {
    let Some(request) = rest.request(subscriber, lang) else { return exit::USAGE };
    let who = match account(rest.who.as_deref()) {
        Ok(who) => who,
        Err(code) => return code,
    };
    let registry = match view(config) {
        Ok(registry) => registry,
        Err(error) => return fail(&error, exit::TRY_LATER),
    };
    let now = SystemClock.now();
    let fact = match holds {
        true => holds::hold(config, &registry, &request, now),
        false => holds::release(&registry, &request, now),
    };
    let action = if holds { Action::Hold } else { Action::Release };
    let fact = match fact {
        Ok(fact) => fact,
        Err(error) => return fail(&error, exit::BAD_DATA),
    };
    match note(config, action, subscriber) {
        Ok(()) => enter(config, lang, entries([fact], &who, &request.why, now)),
        Err(error) => fail(&error, exit::TRY_LATER),
    }
}

fn list(config: &Config, lang: Lang, json: bool) -> u8 {
    let registry = match view(config) {
        Ok(registry) => registry,
        Err(error) => return fail(&error, exit::TRY_LATER),
    };
    let pseudonyms = match Pseudonyms::open(&config.hub.pseudonym_key) {
        Ok(pseudonyms) => pseudonyms,
        Err(error) => return fail(&error, exit::TRY_LATER),
    };
    let held = holds::list(&registry, &pseudonyms, SystemClock.now());
    if json {
        return print_json(&held);
    }
    if held.is_empty() {
        print(lang.pick("nothing is held\n", "停止中のものはありません\n"));
    }
    for one in held {
        let patient = one.facility.zip(one.patient);
        let patient = patient.map(|(facility, patient)| format!(" {facility} {patient}")).unwrap_or_default();
        print(&format!("{}{patient}  {}  {}: {}\n", one.subscriber, one.since, one.who, one.why));
    }
    exit::DONE
}
