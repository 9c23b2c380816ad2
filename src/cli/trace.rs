//! `musubi trace`

use std::path::{Path, PathBuf};

use clap::Args;

use super::{check, complain, exit, fail, print, print_json};
use crate::config::Config;
use crate::envelope::Identifying;
use crate::lang::Lang;
use crate::ops::trace::{Act, CopyFate, Decision, Granted, Step, TraceError, Wanted, Way, What, trace};

/// Arguments of `trace`.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("wanted").required(true).args(["id", "patient", "file"])))]
pub(super) struct Arguments {
    /// Id of a message, the same on all its copies
    id: Option<String>,
    /// All messages about a patient, by the id at a facility: 3210100018/0000123
    #[arg(long, value_name = "FACILITY/LOCAL-ID")]
    patient: Option<String>,
    /// The messages of a file, by its bytes
    #[arg(long, value_name = "PATH")]
    file: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn main(folder: &Path, lang: Lang, arguments: &Arguments) -> u8 {
    let config = match check::load(folder, lang) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let Some(wanted) = wanted(arguments, &config) else {
        complain("musubi: a patient is FACILITY/LOCAL-ID: a facility's code or feed, and the id there");
        return exit::USAGE;
    };
    let ways = match trace(&config, &wanted) {
        Ok(ways) => ways,
        Err(error @ TraceError::File { .. }) => return fail(&error, exit::BAD_DATA),
        Err(error) => return fail(&error, exit::TRY_LATER),
    };
    if arguments.json {
        print_json(&serde_json::json!({ "messages": ways }));
    } else {
        ways.iter().for_each(|way| print(&told(way, lang)));
    }
    if ways.is_empty() {
        complain(lang.pick("the history tells of no such message", "該当するメッセージは履歴にありません"));
        return exit::DIFFERS;
    }
    exit::DONE
}

fn wanted(arguments: &Arguments, config: &Config) -> Option<Wanted> {
    if let Some(id) = &arguments.id {
        return Some(Wanted::Message(id.clone()));
    }
    if let Some(path) = &arguments.file {
        return Some(Wanted::File(path.clone()));
    }
    let (facility, id) = arguments.patient.as_deref()?.split_once('/')?;
    let feed = config.feeds.iter().map(|feed| &feed.settings).find(|feed| feed.name == facility);
    let facility = feed.map_or(facility, |feed| &feed.facility);
    Some(Wanted::Patient(facility.to_owned(), Identifying(id.to_owned())))
}

fn told(way: &Way, lang: Lang) -> String {
    let mut out = format!("{} {}\n", lang.pick("message", "メッセージ"), way.id);
    for Step { at, what, .. } in &way.steps {
        match what {
            What::Decided(decision) => decided(&mut out, &at.to_string(), decision, lang),
            What::Filtered(decision) => history(&mut out, at, decision, lang),
            What::Delivered(copy) => fate(&mut out, at, lang.pick("delivered", "配信済"), copy),
            What::Parked(copy) => fate(&mut out, at, lang.pick("parked", "保留"), copy),
            What::Dead(copy) => fate(&mut out, at, lang.pick("dead", "不達"), copy),
            What::Withdrawn(copy) => fate(&mut out, at, lang.pick("withdrawn", "同意撤回"), copy),
            What::Retried(by) => act(&mut out, at, lang.pick("sent again", "再送"), by),
            What::Discarded(by) => act(&mut out, at, lang.pick("discarded", "破棄"), by),
            What::Edited(by) => act(&mut out, at, lang.pick("edited", "修正"), by),
            What::Replayed(by) => act(&mut out, at, lang.pick("replayed", "リプレイ"), by),
        }
    }
    out.push('\n');
    out
}

fn decided(out: &mut String, at: &str, decision: &Decision, lang: Lang) {
    let Decision { feed, facility, hash, accepted_at, kind, change, fault, .. } = decision;
    let word = |en, ja| lang.pick(en, ja);
    out.push_str(&format!("  {accepted_at}  {} {feed} ({facility}), {hash}\n", word("accepted:", "受理:")));
    let fault = fault.as_ref().map(|code| format!(" ({code})")).unwrap_or_default();
    out.push_str(&format!("  {at}  {} {kind}.{change}{fault}\n", word("decided:", "判定:")));
    for recipient in &decision.recipients {
        out.push_str(&format!("    {}\n", granted(recipient, lang)));
    }
    for denial in &decision.denials {
        let no = word("no ", "否");
        out.push_str(&format!("    {no} {} ← {}: {}\n", denial.subscriber, denial.route, denial.clause));
    }
    if decision.recipients.is_empty() && decision.denials.is_empty() {
        out.push_str(word("    no route takes it\n", "    該当するルートはありません\n"));
    }
}

/// History that nobody asked for.
fn history(out: &mut String, at: &dyn std::fmt::Display, decision: &Decision, lang: Lang) {
    let Decision { feed, facility, hash, accepted_at, .. } = decision;
    let accepted = lang.pick("accepted:", "受理:");
    out.push_str(&format!("  {accepted_at}  {accepted} {feed} ({facility}), {hash}\n"));
    let why =
        lang.pick("filtered: history that no route asks for", "対象外: 過去の版で、求めるルートがありません");
    out.push_str(&format!("  {at}  {why}\n"));
}

fn granted(recipient: &Granted, lang: Lang) -> String {
    let Granted { subscriber, route, topic, basis, purpose, grounds, disclosure, withheld, tables, .. } =
        recipient;
    let word = |en, ja| lang.pick(en, ja);
    let purpose = purpose.as_ref().map(|purpose| format!("/{purpose}")).unwrap_or_default();
    let mut text = format!("{} {subscriber} ← {route}: {topic}, {basis}{purpose}", word("yes", "可"));
    let mut also = |name: &str, what: String| {
        if !what.is_empty() {
            text.push_str(&format!(", {name} {what}"));
        }
    };
    also(word("grounds", "根拠"), grounds.join(" "));
    also(word("disclosure", "開示範囲"), disclosure.clone().unwrap_or_default());
    also(word("withheld", "非開示"), withheld.join(" "));
    let tables: Vec<_> = tables.iter().map(|(table, version)| format!("{table} {version}")).collect();
    also(word("tables", "表"), tables.join(" "));
    text
}

fn fate(out: &mut String, at: &dyn std::fmt::Display, word: &str, copy: &CopyFate) {
    let code = copy.code.as_ref().map(|code| format!(" ({code})")).unwrap_or_default();
    out.push_str(&format!("  {at}  {word}: {} ← {}{code}\n", copy.subscriber, copy.route));
}

fn act(out: &mut String, at: &dyn std::fmt::Display, word: &str, act: &Act) {
    let Act { subscriber, who, why, other } = act;
    let to = subscriber.as_ref().map(|subscriber| format!(" {subscriber}")).unwrap_or_default();
    let other = other.as_ref().map(|other| format!(" → {other}")).unwrap_or_default();
    out.push_str(&format!("  {at}  {word}:{to}{other} ({who}: {why})\n"));
}
