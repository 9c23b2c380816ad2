//! `musubi audit`: who looked and who acted.

use std::path::Path;

use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::{check, complain, exit, fail, print, print_json};
use crate::config::Config;
use crate::lang::Lang;
use crate::ops::audit::{self, Act, Action, Audit, Format, Wanted};
use crate::registry::when;

/// `musubi audit …`
#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// List who looked at what and who did what
    List(ListArguments),
    /// Look whether every line is as it was written; names the first that is not
    Verify(VerifyArguments),
    /// Write the audit for another system
    Export(ExportArguments),
}

/// Which lines.
#[derive(Debug, Args)]
struct Range {
    /// From then on: a day or an instant
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Until before then
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Only of this user, or `token NAME`, or `local`
    #[arg(long, value_name = "NAME")]
    who: Option<String>,
    /// Only this, as it stands in the audit: view-body, retry …
    #[arg(long, value_name = "ACTION")]
    action: Option<String>,
}

/// Arguments of `audit list`.
#[derive(Debug, Args)]
pub(super) struct ListArguments {
    #[command(flatten)]
    range: Range,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// Arguments of `audit verify`.
#[derive(Debug, Args)]
pub(super) struct VerifyArguments {
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// Arguments of `audit export`.
#[derive(Debug, Args)]
pub(super) struct ExportArguments {
    /// Lines of JSON, syslog messages, or DICOM audit messages
    #[arg(long, value_enum, default_value = "ndjson")]
    format: Format,
    #[command(flatten)]
    range: Range,
}

pub(super) fn main(folder: &Path, lang: Lang, verb: &Verb) -> u8 {
    let config = match check::load(folder, lang) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let audit = Audit::of(&config);
    match verb {
        Verb::List(arguments) => list(&config, &audit, lang, arguments),
        Verb::Verify(arguments) => verify(&audit, lang, arguments),
        Verb::Export(arguments) => export(&config, &audit, arguments),
    }
}

fn wanted(config: &Config, range: &Range) -> Result<Wanted, u8> {
    let time = |name: &str, text: &Option<String>| -> Result<Option<Timestamp>, u8> {
        let Some(text) = text else { return Ok(None) };
        when::start(text, &config.hub.timezone).map(Some).ok_or_else(|| {
            complain(&format!("musubi: --{name} is {}", when::RULE));
            exit::USAGE
        })
    };
    let action = match &range.action {
        None => None,
        Some(word) => Some(Action::of(word).ok_or_else(|| {
            let known: Vec<_> = Action::ALL.iter().map(|action| action.as_str()).collect();
            complain(&format!("musubi: --action is one of {}", known.join(", ")));
            exit::USAGE
        })?),
    };
    let (from, until) = (time("from", &range.from)?, time("until", &range.until)?);
    Ok(Wanted { from, until, who: range.who.clone(), action })
}

fn list(config: &Config, audit: &Audit, lang: Lang, arguments: &ListArguments) -> u8 {
    let wanted = match wanted(config, &arguments.range) {
        Ok(wanted) => wanted,
        Err(code) => return code,
    };
    let mut acts = Vec::new();
    let read = audit.each(&wanted, |act| {
        if arguments.json {
            acts.push(act);
        } else {
            print(&line(config, lang, &act));
        }
        true
    });
    match read {
        Err(error) => fail(&error, exit::TRY_LATER),
        Ok(()) if arguments.json => print_json(&acts),
        Ok(()) => exit::DONE,
    }
}

fn line(config: &Config, lang: Lang, act: &Act) -> String {
    let at = act.at.to_zoned(config.hub.timezone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string();
    let (en, ja) = act.action.words();
    let done = if act.done { "" } else { lang.pick("  NOT DONE", "  不可") };
    format!("{at}  {} ({})  {}  {}{done}\n", act.who, act.from, lang.pick(en, ja), act.object)
}

fn verify(audit: &Audit, lang: Lang, arguments: &VerifyArguments) -> u8 {
    let found = match audit.verify() {
        Ok(found) => found,
        Err(error) => return fail(&error, exit::TRY_LATER),
    };
    let code = if found.is_ok() { exit::DONE } else { exit::BAD_DATA };
    if arguments.json {
        let printed = match &found {
            Ok(whole) => print_json(whole),
            Err(broken) => print_json(&serde_json::json!({ "broken": broken })),
        };
        return if printed == exit::DONE { code } else { printed };
    }
    match found {
        Ok(whole) => print(&match lang {
            Lang::En => {
                format!("{} lines, all as they were written; the last is {}\n", whole.lines, whole.head)
            }
            Lang::Ja => {
                format!("{} 行、すべて記録時のままです。最終行のハッシュ: {}\n", whole.lines, whole.head)
            }
        }),
        Err(broken) => {
            complain(&format!("musubi: {}:{}: {}", broken.file.display(), broken.line, broken.why));
        }
    }
    code
}

fn export(config: &Config, audit: &Audit, arguments: &ExportArguments) -> u8 {
    let wanted = match wanted(config, &arguments.range) {
        Ok(wanted) => wanted,
        Err(code) => return code,
    };
    let write = |line: &str| {
        print(line);
        true
    };
    match audit::export(audit, &wanted, arguments.format, &config.hub.network, write) {
        Ok(()) => exit::DONE,
        Err(error) => fail(&error, exit::TRY_LATER),
    }
}
