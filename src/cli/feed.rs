//! `musubi feed`: the feeds of this configuration, and what stands in their way.

use std::io::{self, IsTerminal};
use std::path::Path;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use clap::{Args, Subcommand};

use super::progress::spinner;
use super::{check, complain, exit, fail, names, print, print_json, text};
use crate::clock::SystemClock;
use crate::config::Config;
use crate::lang::Lang;
use crate::ops::doctor::{Line, Report, State, Words, examine};
use crate::ops::survey::Limits;

/// What can be done with feeds.
#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Look at all that a feed needs: paths, rights, mounts, disk, clock, speed, facility, copies, ports, certificates,
    /// broker. Changes nothing, and works while the hub runs
    #[command(after_help = "Exit code 0: nothing stands in the way; 1: there are faults.\n\n\
        Example:\n  musubi feed doctor izumo-chuo")]
    Doctor(DoctorArguments),
    /// List the feeds
    List(ListArguments),
}

/// Arguments of `feed doctor`.
#[derive(Debug, Args)]
pub(super) struct DoctorArguments {
    /// Feeds, as their files in feeds/ are named; all of them where none is given
    #[arg(value_name = "FEED")]
    feeds: Vec<String>,
    /// Seconds for each folder
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Arguments of `feed list`.
#[derive(Debug, Args)]
pub(super) struct ListArguments {
    /// Print a JSON list
    #[arg(long)]
    json: bool,
}

pub(super) fn main(folder: &Path, lang: Lang, verb: &Verb) -> u8 {
    let config = match check::load(folder, lang) {
        Ok(config) => config,
        Err(code) => return code,
    };
    match verb {
        Verb::Doctor(arguments) => doctor(&config, folder, lang, arguments),
        Verb::List(arguments) => list(&config, arguments),
    }
}

fn doctor(config: &Config, folder: &Path, lang: Lang, arguments: &DoctorArguments) -> u8 {
    let known: Vec<_> = config.feeds.iter().map(|feed| feed.settings.name.as_str()).collect();
    let feeds = match names::chosen("feed", &arguments.feeds, &known) {
        Ok(feeds) => feeds,
        Err(wrong) => {
            complain(&format!("musubi: {wrong}"));
            return exit::USAGE;
        }
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error, exit::TRY_LATER),
    };
    let limits =
        Limits { time: Duration::from_secs(arguments.seconds), files_of_data_type: 10, ..Limits::default() };
    let bar = spinner();
    let seen = |count: u64| {
        if count.is_multiple_of(256) {
            bar.set_message(count.to_string());
        }
    };
    let report = runtime.block_on(examine(config, &feeds, limits, &SystemClock, &seen));
    bar.finish_and_clear();
    if arguments.json {
        print_json(&report);
    } else {
        print(&told(&report, lang));
        print(&summary(&report, &feeds, folder, lang));
    }
    if report.count(State::Fault) == 0 { exit::DONE } else { exit::DIFFERS }
}

fn told(report: &Report, lang: Lang) -> String {
    let mut told = format!("{}\n", lang.pick("hub", "ハブ"));
    lines(&mut told, &report.hub, lang);
    for feed in &report.feeds {
        told.push_str(&format!("\n{} ({})\n", feed.feed, feed.facility));
        lines(&mut told, &feed.lines, lang);
    }
    told
}

/// The lines about one folder stand below its name.
fn lines(told: &mut String, lines: &[Line], lang: Lang) {
    let mut above = None;
    for line in lines {
        let about = (line.key, line.subject.as_str());
        if above != Some(about) {
            told.push_str("  ");
            told.push_str(&match about {
                ("", "") => lang.pick("in general", "全般").to_owned(),
                ("", subject) => subject.to_owned(),
                (key, subject) => format!("{key} {subject}"),
            });
            told.push('\n');
        }
        above = Some(about);
        told.push_str(&one(line, lang));
    }
}

fn one(line: &Line, lang: Lang) -> String {
    let (word, colour) = match line.state {
        State::Ok => (lang.pick("ok", "正常"), AnsiColor::Green),
        State::Warning => (lang.pick("warning", "警告"), AnsiColor::Yellow),
        State::Fault => (lang.pick("fault", "障害"), AnsiColor::Red),
        State::Unknown => (lang.pick("?", "不明"), AnsiColor::Cyan),
    };
    let gap = " ".repeat(8_usize.saturating_sub(text::cells(word)));
    let pick = |words: &Words| lang.pick(&words.en, &words.ja).to_owned();
    let mut told = format!("    {}{gap}{:<13}{}\n", coloured(word, colour), line.check, pick(&line.found));
    if let Some(todo) = &line.todo {
        told.push_str(&format!("    {:21}-> {}\n", "", pick(todo)));
    }
    told
}

/// Coloured on a terminal, unless NO_COLOR is set.
fn coloured(word: &str, colour: AnsiColor) -> String {
    let plain =
        !io::stdout().is_terminal() || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let style = if plain { Style::new() } else { Style::new().fg_color(Some(colour.into())) };
    format!("{style}{word}{style:#}")
}

fn summary(report: &Report, feeds: &[String], folder: &Path, lang: Lang) -> String {
    let (faults, warnings) = (report.count(State::Fault), report.count(State::Warning));
    let musubi = text::musubi(folder);
    let next = match (faults, feeds) {
        (0, _) => format!("{musubi} test; {musubi} run --drain"),
        (_, [feed]) => format!("{musubi} feed doctor {feed}"),
        (_, _) => format!("{musubi} feed doctor"),
    };
    match (lang, faults) {
        (Lang::En, 0) => format!("\nnothing stands in the way; {warnings} warnings\nnext: {next}\n"),
        (Lang::En, _) => {
            format!("\n{faults} faults, {warnings} warnings\nmend the faults, then again: {next}\n")
        }
        (Lang::Ja, 0) => format!("\n障害はありません。警告 {warnings}\n次: {next}\n"),
        (Lang::Ja, _) => format!("\n障害 {faults}、警告 {warnings}\n解消後に再確認: {next}\n"),
    }
}

fn list(config: &Config, arguments: &ListArguments) -> u8 {
    if arguments.json {
        let feeds: Vec<_> = config
            .feeds
            .iter()
            .map(|feed| {
                let settings = &feed.settings;
                serde_json::json!({
                    "feed": settings.name, "facility": settings.facility, "name": feed.title,
                    "sources": settings.sources.len(), "listeners": settings.listeners.len(),
                })
            })
            .collect();
        return print_json(&feeds);
    }
    let names = config.feeds.iter().map(|feed| feed.settings.name.len());
    let width = names.max().unwrap_or(0);
    for feed in &config.feeds {
        let settings = &feed.settings;
        print(&format!("{:<width$}  {}  {}\n", settings.name, settings.facility, feed.title));
    }
    exit::DONE
}
