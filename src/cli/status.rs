//! `musubi status`

use std::path::Path;

use clap::Args;

use super::{check, exit, fail, print, print_json, text};
use crate::clock::{Clock, SystemClock};
use crate::lang::Lang;
use crate::ops::status::{Attention, Concern, Overview, Process, State, overview};
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
    let seen = match runtime.block_on(overview(&config, SystemClock.now())) {
        Ok(seen) => seen,
        Err(error) => return fail(&error, exit::TRY_LATER),
    };
    if arguments.json {
        print_json(&seen);
    } else {
        print(&told(&seen, lang));
    }
    if seen.attention.is_empty() { exit::DONE } else { exit::TRY_LATER }
}

fn told(seen: &Overview, lang: Lang) -> String {
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
    if seen.attention.is_empty() {
        out.push_str(lang.pick("all is well\n", "異常はありません\n"));
        return out;
    }
    out.push_str(lang.pick("needs attention:\n", "確認が必要です:\n"));
    for Attention { what, subject, reason } in &seen.attention {
        let reason = reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
        out.push_str(&format!("  {subject}: {}{reason}\n", concern(*what, lang)));
    }
    out
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

const fn concern(what: Concern, lang: Lang) -> &'static str {
    match what {
        Concern::NothingRuns => lang.pick("nothing runs on this data folder", "稼働中のプロセスがありません"),
        Concern::Gone => lang.pick("ended without saying so", "異常終了しました"),
        Concern::Silent => lang.pick("says nothing any more", "応答がありません"),
        Concern::Away => lang.pick("RabbitMQ is away", "RabbitMQ に接続できません"),
        Concern::Blocked => lang.pick("RabbitMQ takes nothing", "RabbitMQ が受付を停止しています"),
        Concern::OutboxFull => lang.pick("the outbox is full", "送信待ちが上限に達しています"),
        Concern::FeedFailing => lang.pick("can't go on", "取込みが失敗しています"),
        Concern::SubscriberGone => lang.pick("wants no more", "配信先が受取りを終了しました"),
        Concern::Parked => lang.pick("events are parked", "保留中のイベントがあります"),
        Concern::Dead => lang.pick("events were given up", "不達のイベントがあります"),
        Concern::Unroutable => lang.pick("events met no queue", "宛先キューのないイベントがあります"),
        Concern::Unreachable => lang.pick("does not say what waits", "キューの状態を取得できません"),
        Concern::Unreadable => lang.pick("can't be read", "読めません"),
    }
}
