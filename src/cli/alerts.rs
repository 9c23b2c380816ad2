//! `musubi alerts`: what is wrong, what was, taking note of it, and trying whether somebody is told.

use std::path::Path;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::registry::account;
use super::{check, complain, exit, fail, own, print, print_json};
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::lang::Lang;
use crate::ops::alerts::{self, Alert, AlertError, Entry, Event, Severity};
use crate::ops::audit::Action;

/// Arguments of `alerts`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Option<Verb>,
    /// Print one JSON object
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Show what was opened, acknowledged and closed, the latest first
    History {
        /// Lines at most
        #[arg(long, default_value_t = 100)]
        most: usize,
    },
    /// Take note of an open alert: nobody is reminded of it any more
    Acknowledge {
        /// Number of the alert
        id: String,
        /// What is being done
        #[arg(long)]
        note: String,
        /// Who does it; the user of this machine where nothing is said
        #[arg(long)]
        who: Option<String>,
    },
    /// Tell a receiver, or all of them, that this is a test
    Test {
        /// Its name in [[alerts.to]]
        receiver: Option<String>,
    },
}

pub(super) fn main(folder: &Path, lang: Lang, arguments: Arguments) -> u8 {
    let config = match check::load(folder, lang) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let done = match arguments.verb {
        None => open(&config, lang, arguments.json),
        Some(Verb::History { most }) => history(&config, lang, arguments.json, most),
        Some(Verb::Acknowledge { id, note, who }) => acknowledge(&config, lang, &id, &note, who),
        Some(Verb::Test { receiver }) => return test(&config, lang, receiver.as_deref()),
    };
    match done {
        Ok(code) => code,
        Err(error @ (AlertError::Unknown(_) | AlertError::Note | AlertError::NoReceiver(_))) => {
            fail(&error, exit::USAGE)
        }
        Err(error @ AlertError::Files { .. }) => fail(&error, exit::TRY_LATER),
    }
}

fn open(config: &Config, lang: Lang, json: bool) -> Result<u8, AlertError> {
    let open = alerts::open(config)?;
    let code = if open.is_empty() { exit::DONE } else { exit::TRY_LATER };
    if json {
        print_json(&serde_json::json!({ "alerts": open }));
        return Ok(code);
    }
    if open.is_empty() {
        print(lang.pick("no alert is open\n", "発生中のアラートはありません\n"));
    }
    open.iter().for_each(|alert| print(&told(alert, lang, &config.hub.timezone)));
    Ok(code)
}

fn told(alert: &Alert, lang: Lang, zone: &TimeZone) -> String {
    let about = alert.alarm.about();
    let pick = |(en, ja): (&'static str, &'static str)| lang.pick(en, ja);
    let severity = match about.severity {
        Severity::Critical => lang.pick("critical", "緊急"),
        Severity::Warning => lang.pick("warning", "警告"),
        Severity::Notice => lang.pick("notice", "通知"),
    };
    let subject = if alert.subject.is_empty() { String::new() } else { format!(": {}", alert.subject) };
    let mut out = format!("{} {severity} {}{subject}\n", alert.id, pick(about.title));
    out.push_str(&format!("  {} {}", lang.pick("since", "発生"), moment(alert.since, zone)));
    for (name, value) in &alert.details {
        let value = value.parse().map_or_else(|_| value.clone(), |at| moment(at, zone));
        let (en, ja) = alerts::detail(name);
        out.push_str(&format!("; {}: {value}", lang.pick(en, ja)));
    }
    let todo = lang.pick("what to do", "対応");
    out.push_str(&format!("\n  {todo}: {}\n", pick(about.action)));
    if let Some(by) = &alert.acknowledged {
        let word = lang.pick("acknowledged", "確認済み");
        out.push_str(&format!("  {word}: {} {} {}\n", moment(by.at, zone), by.who, by.note));
    }
    out
}

fn history(config: &Config, lang: Lang, json: bool, most: usize) -> Result<u8, AlertError> {
    let entries = alerts::history(config, most)?;
    if json {
        print_json(&serde_json::json!({ "entries": entries }));
        return Ok(exit::DONE);
    }
    let zone = &config.hub.timezone;
    for Entry { at, event, alert } in &entries {
        let event = match event {
            Event::Opened => lang.pick("open", "発生"),
            Event::Reminded => lang.pick("reminded", "継続中"),
            Event::Acknowledged => lang.pick("acknowledged", "確認済み"),
            Event::Closed => lang.pick("closed", "復旧"),
            Event::Test => lang.pick("test", "試験"),
        };
        print(&format!(
            "{} {event} {} {} {}\n",
            moment(*at, zone),
            alert.id,
            alert.alarm.code(),
            alert.subject
        ));
    }
    Ok(exit::DONE)
}

fn acknowledge(
    config: &Config,
    lang: Lang,
    id: &str,
    note: &str,
    who: Option<String>,
) -> Result<u8, AlertError> {
    let who = match account(who.as_deref()) {
        Ok(who) => who,
        Err(code) => return Ok(code),
    };
    if let Err(error) = own::note(config, Action::Acknowledge, id) {
        return Ok(fail(&error, exit::TRY_LATER));
    }
    alerts::acknowledge(config, id, &who, note, SystemClock.now())?;
    print(lang.pick("noted\n", "確認済みにしました\n"));
    Ok(exit::DONE)
}

fn test(config: &Config, lang: Lang, receiver: Option<&str>) -> u8 {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error, exit::TRY_LATER),
    };
    let results = match runtime.block_on(alerts::test(config, receiver, SystemClock.now())) {
        Ok(results) => results,
        Err(error) => return fail(&error, exit::USAGE),
    };
    if results.is_empty() {
        complain(
            lang.pick(
                "hub.toml names no receiver in [[alerts.to]]",
                "hub.toml に [[alerts.to]] がありません",
            ),
        );
    }
    let mut code = exit::DONE;
    for (name, sent) in results {
        match sent {
            Ok(()) => print(&format!("{name}: {}\n", lang.pick("told", "送信しました"))),
            Err(error) => code = fail(&error, exit::UNAVAILABLE),
        }
    }
    code
}

fn moment(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}
