//! `musubi check`, and loading the configuration for the other verbs: the very same code.

use std::io::Write;
use std::path::Path;

use anstyle::{AnsiColor, Style};
use clap::{Args, ValueEnum};
use serde::Serialize;

use super::{complain, exit, fail, print, print_json, text};
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, Fault, Part, Severity, describe};
use crate::lang::Lang;
use crate::ops::check::{Report, check};

/// Arguments of `check`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  musubi check\n  musubi check --skip environment --deny-warnings\n  \
                        musubi --lang ja --config /etc/musubi check --json")]
pub(super) struct Arguments {
    /// Leave out some of the parts
    #[arg(long, value_enum, value_delimiter = ',', value_name = "PART")]
    skip: Vec<PartArgument>,
    /// Fail on warnings too
    #[arg(long)]
    deny_warnings: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// A part of the check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PartArgument {
    /// The files can be read, and are TOML or tables
    Syntax,
    /// Every key is known, every value possible, every name leads somewhere
    Types,
    /// The network as a whole: what never happens, what nobody uses
    Topology,
    /// The machine: folders, secrets, ports, the broker
    Environment,
}

const PARTS: [(Part, &str, &str); 4] = [
    (Part::Syntax, "syntax", "構文"),
    (Part::Types, "types", "型"),
    (Part::Topology, "topology", "構成"),
    (Part::Environment, "environment", "環境"),
];

impl PartArgument {
    const fn part(self) -> Part {
        match self {
            Self::Syntax => Part::Syntax,
            Self::Types => Part::Types,
            Self::Topology => Part::Topology,
            Self::Environment => Part::Environment,
        }
    }
}

#[derive(Serialize)]
struct FaultLine<'f> {
    severity: Severity,
    part: Part,
    file: &'f str,
    line: usize,
    column: usize,
    key: &'f str,
    message: &'f str,
    #[serde(skip_serializing_if = "Option::is_none")]
    nearest: Option<&'f str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    allowed: &'f [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    about: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'f str>,
}

pub(super) fn main(folder: &Path, lang: Lang, arguments: &Arguments) -> u8 {
    let skip: Vec<_> = arguments.skip.iter().map(|part| part.part()).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let report = match runtime {
        Ok(runtime) => runtime.block_on(check(folder, &skip, SystemClock.now())),
        Err(error) => return fail(&error, exit::SOFTWARE),
    };
    let (errors, warnings) = (report.count(Severity::Error), report.count(Severity::Warning));
    // What is skipped is not told, but a configuration that can't be used is not good for that.
    let is_good = report.config.is_some() && errors == 0 && (warnings == 0 || !arguments.deny_warnings);
    let code = if is_good { exit::DONE } else { exit::BAD_CONFIG };
    if arguments.json {
        let faults: Vec<_> = report.faults.iter().map(|fault| line(fault, lang)).collect();
        print_json(&serde_json::json!({
            "ok": is_good, "errors": errors, "warnings": warnings, "skipped": report.skipped,
            "next": next(&report, folder, lang), "faults": faults,
        }));
        return code;
    }
    for fault in &report.faults {
        // Colours only where a terminal shows them. A reader that went away is no fault.
        drop(writeln!(anstream::stdout(), "{}\n", framed(fault, lang)));
    }
    print(&parts(&report, lang));
    print(&summary(report.config.as_ref(), &report.faults, lang));
    print(&format!("{}: {}\n", lang.pick("next", "次"), next(&report, folder, lang)));
    code
}

/// Loads the configuration; tells its faults on stderr and gives the exit code where it can't be used.
pub(super) fn load(folder: &Path, lang: Lang) -> Result<Config, u8> {
    load_copy(folder, folder, lang)
}

/// The same of a copy of that folder.
pub(super) fn load_copy(copy: &Path, folder: &Path, lang: Lang) -> Result<Config, u8> {
    let (config, faults) = Config::load_copy(copy, folder);
    for fault in &faults {
        complain(&format!("{fault}\n"));
    }
    config.ok_or_else(|| {
        complain(summary(None, &faults, lang).trim_end());
        exit::BAD_CONFIG
    })
}

/// Loads the configuration where the folder holds one.
pub(super) fn load_if_there(folder: &Path, lang: Lang) -> Result<Option<Config>, u8> {
    if folder.join("hub.toml").exists() { load(folder, lang).map(Some) } else { Ok(None) }
}

fn line(fault: &Fault, lang: Lang) -> FaultLine<'_> {
    FaultLine {
        severity: fault.severity,
        part: fault.part,
        file: &fault.file,
        line: fault.line,
        column: fault.column,
        key: &fault.key,
        message: message(fault, lang),
        nearest: fault.nearest.as_deref(),
        allowed: &fault.allowed,
        about: about(fault),
        help: help(fault, lang),
    }
}

fn message(fault: &Fault, lang: Lang) -> &str {
    match (lang, &fault.japanese) {
        (Lang::Ja, Some(japanese)) => japanese,
        _ => &fault.message,
    }
}

fn help(fault: &Fault, lang: Lang) -> Option<&str> {
    fault.help.as_ref().map(|help| lang.pick(&help.en, &help.ja))
}

/// What the key of a value that is refused says.
fn about(fault: &Fault) -> Option<String> {
    let is_refused = fault.part == Part::Types && fault.severity == Severity::Error;
    // Of a name that is unknown those that are known say more.
    (is_refused && fault.allowed.is_empty()).then(|| describe::about(&fault.file, &fault.key)).flatten()
}

/// A fault as a compiler shows it: place, what, the line, what is allowed, what to do.
fn framed(fault: &Fault, lang: Lang) -> String {
    let (word, colour) = match fault.severity {
        Severity::Error => (lang.pick("error", "誤り"), AnsiColor::Red),
        Severity::Warning => (lang.pick("warning", "警告"), AnsiColor::Yellow),
    };
    let (bold, style) = (Style::new().bold(), colour.on_default().bold());
    let mut text =
        format!("{bold}{}{bold:#}: {style}{word}{style:#}: {}", fault.place(), message(fault, lang));
    if !fault.key.is_empty() {
        text.push_str(&format!(" ({} {})", lang.pick("at", "キー"), fault.key));
    }
    let shown = fault.shown();
    if !shown.is_empty() {
        text.push_str(&format!("\n{shown}"));
    }
    // Where no name is near the message lists them itself.
    if fault.nearest.is_some() {
        let allowed = fault.allowed.join(", ");
        text.push_str(&format!("\n   = {}: {allowed}", lang.pick("allowed", "使えるもの")));
    }
    if let Some(about) = about(fault) {
        text.push_str(&format!("\n   = {}: {about}", lang.pick("here", "ここ")));
    }
    if let Some(help) = help(fault, lang) {
        text.push_str(&format!("\n   = {}: {help}", lang.pick("do", "対処")));
    }
    text
}

/// One line: what each part found.
fn parts(report: &Report, lang: Lang) -> String {
    let told = PARTS.map(|(part, en, ja)| {
        let found = match report.of(part) {
            None => lang.pick("skipped", "省略").to_owned(),
            Some(0) => lang.pick("good", "良").to_owned(),
            Some(found) => found.to_string(),
        };
        format!("{} {found}", lang.pick(en, ja))
    });
    format!("{}\n", told.join(", "))
}

fn summary(config: Option<&Config>, faults: &[Fault], lang: Lang) -> String {
    let errors = faults.iter().filter(|fault| fault.severity == Severity::Error).count();
    let warnings = faults.len() - errors;
    match (config, lang) {
        (Some(config), Lang::En) => format!(
            "configuration is good: {} feeds, {} subscribers, {} routes; {warnings} warnings\n",
            config.feeds.len(),
            config.subscribers.len(),
            config.routes.iter().count(),
        ),
        (Some(config), Lang::Ja) => format!(
            "設定に問題はありません: フィード {}、配信先 {}、経路 {}、警告 {warnings}\n",
            config.feeds.len(),
            config.subscribers.len(),
            config.routes.iter().count(),
        ),
        (None, Lang::En) => format!("configuration can't be used: {errors} errors, {warnings} warnings\n"),
        (None, Lang::Ja) => format!("設定は使用できません: 誤り {errors}、警告 {warnings}\n"),
    }
}

/// The command to type next.
fn next(report: &Report, folder: &Path, lang: Lang) -> String {
    let musubi = text::musubi(folder);
    let first = report.faults.iter().find(|fault| fault.severity == Severity::Error);
    let Some(config) = report.config.as_ref().filter(|_| first.is_none()) else {
        let place = first.map(Fault::place).unwrap_or_default();
        return match lang {
            Lang::En => format!("correct {place}, then: {musubi} check"),
            Lang::Ja => format!("{place} を直して: {musubi} check"),
        };
    };
    let of_feed = |fault: &&Fault| fault.part == Part::Environment && fault.file.starts_with("feeds/");
    let troubled = report.faults.iter().find(of_feed).map(|fault| fault.file.as_str());
    let troubled = troubled.and_then(|file| file.strip_prefix("feeds/")?.strip_suffix(".toml"));
    match (troubled, config.feeds.first()) {
        (Some(feed), _) => format!("{musubi} feed doctor {feed}"),
        (None, None) => format!("{musubi} init"),
        (None, Some(_)) if !config.route_tests.is_empty() => format!("{musubi} test"),
        (None, Some(feed)) => format!("{musubi} feed doctor {}", feed.settings.name),
    }
}
