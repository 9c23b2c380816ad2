//! `musubi inspect`

use std::path::{Path, PathBuf};

use clap::Args;

use super::lang::Lang;
use super::{check, complain, exit, fail, print, print_json};
use crate::canonical::Finding;
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::envelope::Fault;
use crate::ops::inspect::{
    FileSource, Given, InspectedMessage, Inspection, RecipientDecision, inspect, read,
};
use crate::ops::registry::asked;
use crate::registry::Registry;

/// Arguments of `inspect`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// An HL7 v2 or SS-MIX2 file, or an archive of health check-ups
    file: PathBuf,
    /// SS-MIX2 data type of a file that does not say it by its name, such as OMP-01
    #[arg(long, value_name = "TYPE")]
    data_type: Option<String>,
    /// Feed that the file would come from, where it does not lie in one
    #[arg(long, value_name = "FEED")]
    feed: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn main(folder: &Path, lang: Lang, arguments: &Arguments) -> u8 {
    let config = match check::load_if_there(folder, lang) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let bytes = match read(&arguments.file) {
        Ok(bytes) => bytes,
        Err(fault) => return refuse(&fault, arguments.json),
    };
    let registry = config.as_ref().and_then(registry);
    let given = Given {
        registry: registry.as_ref(),
        data_type: arguments.data_type.as_deref(),
        feed: arguments.feed.as_deref(),
        ..Given::default()
    };
    let seen = inspect(&arguments.file, &bytes, given, config.as_ref());
    if arguments.json {
        print_json(&seen);
    } else {
        print(&text(&seen, lang));
    }
    if seen.refused.is_some() { exit::BAD_DATA } else { exit::DONE }
}

/// The hub's registry. Where it can't be asked, nobody is known and nobody has consented.
fn registry(config: &Config) -> Option<Registry> {
    match asked(config, SystemClock.now()) {
        Ok(registry) => Some(registry),
        Err(error) => {
            fail(&error, exit::DONE);
            None
        }
    }
}

/// A file that can't even be read: one object as for any other, or a line.
fn refuse(fault: &Fault, json: bool) -> u8 {
    if json {
        print_json(&serde_json::json!({"file": fault.place, "refused": fault, "messages": []}));
    } else {
        complain(&format!("musubi: {}: {}", fault.place, fault.reason));
    }
    exit::BAD_DATA
}

fn text(seen: &Inspection, lang: Lang) -> String {
    let word = |en, ja| lang.pick(en, ja);
    let mut out = String::new();
    line(
        &mut out,
        word("file", "ファイル"),
        &format!("{} ({} {})", seen.file, seen.bytes, word("bytes", "バイト")),
    );
    source(&mut out, &seen.source, lang);
    if let Some(fault) = &seen.refused {
        line(&mut out, word("refused", "受付不可"), &told(fault));
    }
    findings(&mut out, &seen.findings, lang);
    for (index, message) in seen.messages.iter().enumerate() {
        let at = format!(
            "{} — {} {}, {} {}",
            index + 1,
            word("byte", "位置"),
            message.offset,
            message.bytes,
            word("bytes", "バイト")
        );
        out.push('\n');
        line(&mut out, word("message", "メッセージ"), &at);
        self::message(&mut out, message, lang);
    }
    let left = seen.message_count - seen.messages.len();
    if left > 0 {
        out.push_str(&format!("\n{left} {}\n", word("more messages, not shown", "件は表示を省略")));
    }
    out
}

fn source(out: &mut String, source: &FileSource, lang: Lang) {
    let word = |en, ja| lang.pick(en, ja);
    if let Some(data_type) = &source.data_type {
        let known = source.data_type_name;
        let type_name = known.map_or(word("not in the specification", "仕様外"), |[en, ja]| word(en, ja));
        line(out, word("data type", "データ種別"), &format!("{data_type} {type_name}"));
    }
    if let Some(name) = &source.ssmix2 {
        let flag = match name.flag.as_str() {
            "1" => word("1 current", "1 有効"),
            "2" => word("2 superseded", "2 旧版"),
            _ => word("0 deleted", "0 削除"),
        };
        let text = format!("{} {}; {flag}", word("order", "オーダ番号"), name.order);
        line(out, word("record", "レコード"), &text);
    }
    if let (Some(feed), Some(facility)) = (&source.feed, &source.facility) {
        line(out, word("feed", "フィード"), &format!("{feed} ({facility})"));
    }
}

fn message(out: &mut String, message: &InspectedMessage, lang: Lang) {
    let word = |en, ja| lang.pick(en, ja);
    if let Some(charset) = &message.charset {
        let declared = charset.declared.join("~");
        let text = format!(
            "{} ({}); MSH-18 {declared:?}, MSH-20 {:?}",
            charset.used, charset.reason, charset.handling
        );
        line(out, word("charset", "文字コード"), &text);
    }
    if let Some(characters) = &message.encoding_characters {
        line(out, word("delimiters", "区切り文字"), characters);
    }
    heading(out, word("tree", "構造"), !message.tree.is_empty());
    for value in message.tree.iter().flat_map(|segment| &segment.values) {
        let shown = value.value.replace(['\r', '\n'], "⏎");
        out.push_str(&format!("  {:<16} {shown}\n", value.path));
    }
    if let Some(fault) = &message.refused {
        line(out, word("refused", "受付不可"), &told(fault));
    }
    if let (Some(event_type), Some(event)) = (&message.event_type, &message.event) {
        line(out, word("event", "イベント"), event_type);
        let pretty = serde_json::from_str::<serde_json::Value>(event.get()).map(|value| format!("{value:#}"));
        for row in pretty.unwrap_or_default().lines() {
            out.push_str(&format!("  {row}\n"));
        }
    }
    findings(out, &message.findings, lang);
    recipients(out, &message.recipients, lang);
}

fn findings(out: &mut String, findings: &[Finding], lang: Lang) {
    heading(out, lang.pick("findings", "所見"), !findings.is_empty());
    for Finding { code, place, text } in findings {
        out.push_str(&format!("  {place:<16} {code}: {text}\n"));
    }
}

fn recipients(out: &mut String, recipients: &[RecipientDecision], lang: Lang) {
    heading(out, lang.pick("recipients", "配信先"), !recipients.is_empty());
    for RecipientDecision { subscriber, route, receives, why, tables } in recipients {
        let answer = if *receives { lang.pick("yes", "する") } else { lang.pick("no", "しない") };
        out.push_str(&format!("  {subscriber:<16} {answer} — {} {route}\n", lang.pick("route", "経路")));
        for clause in why {
            out.push_str(&format!("    {clause}\n"));
        }
        for (table, version) in tables {
            out.push_str(&format!(
                "    {} {table} {} {version}\n",
                lang.pick("table", "表"),
                lang.pick("version", "版")
            ));
        }
    }
}

fn told(fault: &Fault) -> String {
    format!("{}: {} (at {})", fault.code, fault.reason, fault.place)
}

fn line(out: &mut String, title: &str, text: &str) {
    out.push_str(&format!("{title}: {text}\n"));
}

fn heading(out: &mut String, title: &str, shown: bool) {
    if shown {
        out.push_str(&format!("{title}:\n"));
    }
}
