//! `musubi status`

use std::path::Path;

use clap::Args;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{ago, check, exit, fail, print, print_json, text};
use crate::clock::{Clock, SystemClock};
use crate::lang::Lang;
use crate::ops::overview::{Looker, Overview, Trouble, seconds_since};
use crate::ops::status::{Overview as Seen, Process, State};
use crate::pipeline::{BrokerStatus, ProcessStatus, Reach};

/// Arguments of `status`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn main(folder: &Path, lang: Lang, arguments: &Arguments) -> u8 {
    let config = match check::load(folder, lang) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error, exit::TRY_LATER),
    };
    let mut looker = Looker::default();
    let (seen, overview) = match runtime.block_on(looker.look_closely(&config, SystemClock.now())) {
        Ok(looked) => looked,
        Err(error) => return fail(&error, exit::TRY_LATER),
    };
    if arguments.json {
        match together(&seen, &overview) {
            Ok(all) => print_json(&all),
            Err(error) => return fail(&error, exit::SOFTWARE),
        };
    } else {
        print(&told(&seen, &overview, lang));
    }
    if is_well(&seen, &overview) { exit::DONE } else { exit::TRY_LATER }
}

/// Whether nothing needs somebody now. Messages that make no sense can wait for the day.
fn is_well(seen: &Seen, overview: &Overview) -> bool {
    seen.attention.is_empty() && !overview.has_alarm()
}

/// Both as one object. The processes are told with all that they wrote.
fn together(seen: &Seen, overview: &Overview) -> Result<Map<String, Value>, serde_json::Error> {
    let mut all = object(seen)?;
    for (key, value) in object(overview)? {
        all.entry(key).or_insert(value);
    }
    Ok(all)
}

fn object<T: Serialize>(value: &T) -> Result<Map<String, Value>, serde_json::Error> {
    serde_json::from_value(serde_json::to_value(value)?)
}

fn told(seen: &Seen, overview: &Overview, lang: Lang) -> String {
    let mut out = String::new();
    for process in &seen.processes {
        self::process(&mut out, process, lang);
    }
    if let Some(queues) = &seen.queues {
        let header = [lang.pick("queue", "キュー"), lang.pick("messages", "メッセージ")];
        let rows = queues.iter().map(|queue| (queue.queue.clone(), vec![queue.messages]));
        text::table(&mut out, &header, rows);
        out.push('\n');
    }
    out.push_str(match (is_well(seen, overview), overview.troubles.is_empty()) {
        (true, true) => lang.pick("all is well\n", "異常はありません\n"),
        (true, false) => {
            lang.pick("all is well but for:\n", "異常はありません。ただし次の点を確認してください:\n")
        }
        (false, _) => lang.pick("needs attention:\n", "確認が必要です:\n"),
    });
    overview.troubles.iter().for_each(|trouble| self::trouble(&mut out, trouble, overview, lang));
    out
}

/// Two lines: what is wrong with what, and what to do next.
fn trouble(out: &mut String, trouble: &Trouble, overview: &Overview, lang: Lang) {
    let severity = trouble.severity.word(lang);
    out.push_str(&format!("  {severity}  {}: {}", trouble.name, trouble.text(lang)));
    out.push_str(&format!(" ({})\n", details(trouble, overview, lang).join(lang.pick(", ", "、"))));
    out.push_str(&format!("      -> {}: {}\n", trouble.next(lang), trouble.verb()));
}

/// Whose it is, how many, since when, why.
pub(super) fn details(trouble: &Trouble, overview: &Overview, lang: Lang) -> Vec<String> {
    let count = trouble.count.map(|count| match lang {
        Lang::En => format!("{count} messages"),
        Lang::Ja => format!("{count} 件"),
    });
    let patients = trouble.patients.map(|patients| match lang {
        Lang::En => format!("{patients} patients"),
        Lang::Ja => format!("患者 {patients} 人"),
    });
    let since = trouble.since.as_deref().and_then(|since| seconds_since(since, overview.at));
    let since = since.map(|seconds| match lang {
        Lang::En => format!("for {}", ago::span(seconds, lang)),
        Lang::Ja => format!("{}前から", ago::span(seconds, lang)),
    });
    let whose = Some(trouble.whose.word(lang).to_owned());
    [whose, count, patients, since, trouble.reason.clone()].into_iter().flatten().collect()
}

fn process(out: &mut String, process: &Process, lang: Lang) {
    let word = |en, ja| lang.pick(en, ja);
    let state = match process.state {
        State::Running => word("running", "稼働中"),
        State::Silent => word("silent", "応答なし"),
        State::Gone => word("gone", "異常終了"),
    };
    let ProcessStatus { since, broker, outboxes, feeds, lanes, subscribers, .. } = &process.status;
    out.push_str(&format!("{} — {state}, {} {since}\n", process.title(), word("since", "開始")));
    out.push_str(&format!("  {}\n", self::broker(broker, lang)));
    for outbox in outboxes {
        out.push_str(&format!(
            "  {} {}: {} {}, {} / {} MB\n",
            word("outbox", "送信待ち"),
            outbox.feeds.join(" "),
            outbox.messages,
            word("messages", "件"),
            outbox.bytes / 1_000_000,
            outbox.bytes_max / 1_000_000
        ));
    }
    for feed in feeds {
        let failing = feed.failing.as_ref().map(|why| format!(" — {why}")).unwrap_or_default();
        out.push_str(&format!("  {}: {} {}{failing}\n", feed.feed, word("accepted", "受理"), feed.accepted));
    }
    if let Some(lanes) = lanes {
        let lanes: Vec<_> = lanes.iter().map(u16::to_string).collect();
        let lanes = if lanes.is_empty() { "-".to_owned() } else { lanes.join(" ") };
        out.push_str(&format!("  {}: {lanes}\n", word("lanes", "レーン")));
    }
    for one in subscribers {
        let (delivered, dead) = (word("delivered", "配信済"), word("dead", "不達"));
        out.push_str(&format!("  {}: {delivered} {}, {dead} {}\n", one.subscriber, one.delivered, one.dead));
    }
    out.push('\n');
}

fn broker(broker: &BrokerStatus, lang: Lang) -> String {
    let link = match broker.link {
        Reach::Idle => lang.pick("not used yet", "未接続"),
        Reach::Up => lang.pick("there", "接続中"),
        Reach::Blocked => lang.pick("takes nothing", "受付停止中"),
        Reach::Away => lang.pick("away", "切断"),
    };
    let reason = broker.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    format!("{}: {link}, {} {}{reason}", broker.kind, lang.pick("since", "以来"), broker.since)
}
