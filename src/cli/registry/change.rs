//! `musubi registry withdraw`, `link` and `emergency`

use clap::Args;
use jiff::Timestamp;

use super::super::own::note;
use super::super::{complain, exit, fail};
use super::{Lang, account, enter};
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, suggest};
use crate::envelope::Identifying;
use crate::ops::audit::Action;
use crate::ops::registry::{entries, view};
use crate::registry::{EmergencyAccess, Fact, Link as LinkFact, Period, Purpose, when};

/// Who enters something, and why.
#[derive(Debug, Args)]
pub(super) struct Says {
    /// Why; it is kept
    #[arg(long, value_name = "TEXT")]
    why: String,
    /// Who enters it; the account that is logged in, if not given
    #[arg(long, value_name = "ACCOUNT")]
    who: Option<String>,
}

/// Arguments of `registry withdraw`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Withdraw {
    /// The patient's network id
    network_id: String,
    /// Only the consents for this facility
    #[arg(long, value_name = "CODE")]
    facility: Option<String>,
    /// Only the consents for this purpose
    #[arg(long, value_parser = purpose)]
    purpose: Option<Purpose>,
    #[command(flatten)]
    says: Says,
}

/// Arguments of `registry link`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Link {
    /// The facility that was shown the card
    facility: String,
    /// The patient's id there
    local_id: String,
    /// The network id on the card
    network_id: String,
    #[command(flatten)]
    says: Says,
}

/// Arguments of `registry emergency`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Emergency {
    /// The patient's network id
    network_id: String,
    /// The facility that sees the record
    #[arg(long, value_name = "CODE")]
    facility: String,
    /// Until when: a day (to its end) or an instant
    #[arg(long, value_name = "TIME")]
    until: String,
    #[command(flatten)]
    says: Says,
}

fn purpose(word: &str) -> Result<Purpose, String> {
    Purpose::ALL.into_iter().find(|purpose| purpose.as_str() == word).ok_or_else(|| {
        let known = Purpose::ALL.map(Purpose::as_str);
        suggest(word, &known)
    })
}

pub(super) fn withdraw(config: &Config, lang: Lang, arguments: &Withdraw) -> u8 {
    let now = SystemClock.now();
    let registry = match view(config) {
        Ok(registry) => registry,
        Err(error) => return fail(&error, exit::TRY_LATER),
    };
    let ends =
        registry.withdrawal(&arguments.network_id, arguments.facility.as_deref(), arguments.purpose, now);
    if ends.is_empty() {
        complain(lang.pick("musubi: no such consent is in force", "musubi: 該当する有効な同意はありません"));
        return exit::BAD_DATA;
    }
    say(config, lang, ends, &arguments.says, now)
}

pub(super) fn link(config: &Config, lang: Lang, arguments: &Link) -> u8 {
    let now = SystemClock.now();
    let link = LinkFact {
        facility: arguments.facility.clone(),
        local_id: Identifying(arguments.local_id.clone()),
        network_id: Identifying(arguments.network_id.clone()),
        period: Period::since(now),
    };
    say(config, lang, vec![Fact::Link(link)], &arguments.says, now)
}

pub(super) fn emergency(config: &Config, lang: Lang, arguments: &Emergency) -> u8 {
    let now = SystemClock.now();
    let Some(until) = when::end(&arguments.until, &config.hub.timezone) else {
        complain(&format!("musubi: --until is {}", when::RULE));
        return exit::USAGE;
    };
    let access = EmergencyAccess {
        network_id: Identifying(arguments.network_id.clone()),
        facility: arguments.facility.clone(),
        period: Period { from: now, until: Some(until) },
    };
    say(config, lang, vec![Fact::Emergency(access)], &arguments.says, now)
}

fn say(config: &Config, lang: Lang, facts: Vec<Fact>, says: &Says, now: Timestamp) -> u8 {
    match account(says.who.as_deref()) {
        Ok(who) => match note(config, Action::Register, "registry") {
            Ok(()) => enter(config, lang, entries(facts, &who, &says.why, now)),
            Err(error) => fail(&error, exit::TRY_LATER),
        },
        Err(code) => code,
    }
}
