//! `musubi trace`

use std::path::{Path, PathBuf};

use clap::Args;
use jiff::Timestamp;

use super::{check, complain, exit, fail, print, print_json};
use crate::config::Config;
use crate::envelope::Identifying;
use crate::lang::Lang;
use crate::ops::denied;
use crate::ops::search::{self, Query, SearchError, State};
use crate::ops::trace::{Act, CopyFate, Decision, Granted, Step, TraceError, Wanted, Way, What, trace};

/// Arguments of `trace`.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("wanted").required(true).multiple(true).args([
    "id", "any", "patient", "file", "control_id", "network_id", "order", "path", "facility", "feed", "subscriber", "kind",
    "state", "fault", "from", "until",
])))]
pub(super) struct Arguments {
    /// Id of a message, the same on all its copies
    #[arg(conflicts_with_all = ["patient", "file"])]
    id: Option<String>,
    /// Any id: a message's, its control id, an order number, or a patient's, in the network or at any facility
    #[arg(long, value_name = "ID", conflicts_with_all = ["id", "patient", "file"])]
    any: Option<String>,
    /// All messages about a patient, by the id at a facility: 3210100018/0000123
    #[arg(long, value_name = "FACILITY/LOCAL-ID")]
    patient: Option<String>,
    /// The messages of a file, by its bytes
    #[arg(long, value_name = "PATH", conflicts_with = "patient")]
    file: Option<PathBuf>,
    /// Message control id (MSH-10)
    #[arg(long, value_name = "ID")]
    control_id: Option<String>,
    /// The patient's id in the network
    #[arg(long, value_name = "ID")]
    network_id: Option<String>,
    /// Order number: the placer's, the filler's, or the storage's
    #[arg(long, value_name = "NUMBER")]
    order: Option<String>,
    /// Path of the file it came in, which may be gone
    #[arg(long, value_name = "PATH")]
    path: Option<String>,
    /// 10-digit code of the sending facility
    #[arg(long, value_name = "CODE")]
    facility: Option<String>,
    /// Feed
    #[arg(long, value_name = "NAME")]
    feed: Option<String>,
    /// Subscriber of a copy
    #[arg(long, value_name = "NAME")]
    subscriber: Option<String>,
    /// Kind
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// accepted, filtered, routed, invalid; of copies: waiting, delivered, parked, dead, withdrawn, discarded
    #[arg(long, value_name = "STATE", value_parser = state)]
    state: Option<State>,
    /// Why a message makes no sense, or a copy does not go through
    #[arg(long, value_name = "CODE")]
    fault: Option<String>,
    /// First seen then or later: 2026-11-23T09:00, in the hub's zone, or with an offset
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// First seen before then
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// At most so many, the newest
    #[arg(long, value_name = "COUNT", default_value_t = search::PAGE)]
    most: usize,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

fn state(word: &str) -> Result<State, String> {
    State::parse(word).ok_or_else(|| "no state".to_owned())
}

pub(super) fn main(folder: &Path, lang: Lang, arguments: &Arguments) -> u8 {
    let config = match check::load(folder, lang) {
        Ok(config) => config,
        Err(code) => return code,
    };
    if let Some(file) = &arguments.file {
        return match trace(&config, &Wanted::File(file.clone())) {
            Ok(ways) => show(&ways, arguments.json, lang),
            Err(error @ TraceError::File { .. }) => fail(&error, exit::BAD_DATA),
            Err(error) => fail(&error, exit::TRY_LATER),
        };
    }
    let query = match query(arguments, &config) {
        Ok(query) => query,
        Err(why) => {
            complain(&format!("musubi: {why}"));
            return exit::USAGE;
        }
    };
    match ways(&config, &query) {
        Ok(ways) => show(&ways, arguments.json, lang),
        Err(error) => fail(&error, exit::TRY_LATER),
    }
}

/// The ways of what a query finds, the oldest first.
fn ways(config: &Config, query: &Query) -> Result<Vec<Way>, SearchError> {
    let mut ways = Vec::new();
    for row in search::patiently(config, query)?.rows.into_iter().rev() {
        let found = search::message(config, &row.id)?;
        ways.extend(found.map(|(row, steps)| Way { id: row.id, steps }));
    }
    Ok(ways)
}

fn show(ways: &[Way], json: bool, lang: Lang) -> u8 {
    if json {
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

fn query(arguments: &Arguments, config: &Config) -> Result<Query, &'static str> {
    let patient = arguments.patient.as_deref().map(patient).transpose()?;
    let moment = |text: &Option<String>| text.as_deref().map(|text| time(text, config)).transpose();
    let identifying = |text: &Option<String>| text.clone().map(Identifying);
    Ok(Query {
        word: identifying(&arguments.any),
        id: arguments.id.clone(),
        control_id: arguments.control_id.clone(),
        patient,
        network_id: identifying(&arguments.network_id),
        order: arguments.order.clone(),
        file: identifying(&arguments.path),
        facility: arguments.facility.clone(),
        facilities: None,
        feed: arguments.feed.clone(),
        subscriber: arguments.subscriber.clone(),
        kind: arguments.kind.clone(),
        state: arguments.state,
        fault: arguments.fault.clone(),
        from: moment(&arguments.from)?,
        until: moment(&arguments.until)?,
        before: None,
        most: Some(arguments.most),
    })
}

fn patient(text: &str) -> Result<(String, Identifying), &'static str> {
    let wrong = "a patient is FACILITY/LOCAL-ID: a facility's code or feed, and the id there";
    let (facility, id) = text.split_once('/').ok_or(wrong)?;
    Ok((facility.to_owned(), Identifying(id.to_owned())))
}

fn time(text: &str, config: &Config) -> Result<Timestamp, &'static str> {
    search::moment(text, &config.hub.timezone)
        .ok_or("a time is written 2026-11-23T09:00 or 2026-11-23T09:00:00+09:00")
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
            What::Replayed(by) => act(&mut out, at, lang.pick("replayed", "再配信"), by),
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
        let clause = denied::told(&denial.clause, lang);
        out.push_str(&format!("    {no} {} ← {}: {clause}\n", denial.subscriber, denial.route));
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
    let Act { subscriber, who, why, other, granted } = act;
    let to = subscriber.as_ref().map(|subscriber| format!(" {subscriber}")).unwrap_or_default();
    let other = other.as_ref().map(|other| format!(" → {other}")).unwrap_or_default();
    let route = granted.as_ref().map(|granted| format!(" ← {}", granted.route)).unwrap_or_default();
    out.push_str(&format!("  {at}  {word}:{to}{route}{other} ({who}: {why})\n"));
}
