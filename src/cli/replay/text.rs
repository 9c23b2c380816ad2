//! What `musubi replay` says to people.

use super::super::text::table;
use crate::lang::Lang;
use crate::ops::replay::{Counts, Reason, Replay, State};

const fn state(state: State, lang: Lang) -> &'static str {
    match state {
        State::Planning => lang.pick("being counted", "集計中"),
        State::Planned => lang.pick("waits for its start", "開始待ち"),
        State::Running => lang.pick("running", "実行中"),
        State::Stopped => lang.pick("stopped", "停止"),
        State::Done => lang.pick("done", "完了"),
        State::Failed => lang.pick("failed", "失敗"),
    }
}

const fn reason(reason: Reason, lang: Lang) -> &'static str {
    match reason {
        Reason::Denied => lang.pick("not allowed now", "現在は提供できない"),
        Reason::NoRoute => lang.pick("no route takes it now", "該当する経路がない"),
        Reason::Invalid => lang.pick("makes no sense", "不正"),
        Reason::Superseded => lang.pick("was history already", "取込時に旧版"),
        Reason::Gone => lang.pick("no longer kept", "保存期間切れ・破損"),
    }
}

/// The list of all.
pub(super) fn list(replays: &[Replay], lang: Lang) -> String {
    if replays.is_empty() {
        return lang.pick("no replay yet\n", "リプレイはまだありません\n").to_owned();
    }
    let mut out = String::new();
    for replay in replays {
        let Replay { id, selection, done, estimate, who, why, .. } = replay;
        let (state, copies) = (state(replay.state, lang), lang.pick("copies", "件"));
        out.push_str(&format!(
            "{id}  {state}  → {}  {} / {} {copies}  {who}: {why}\n",
            selection.to, done.copies, estimate.copies
        ));
    }
    out
}

/// What a replay would do.
pub(super) fn estimate(replay: &Replay, lang: Lang) -> String {
    let mut out = format!("{} {} → {}\n", lang.pick("replay", "リプレイ"), replay.id, replay.selection.to);
    counts(&mut out, &replay.estimate, lang);
    let (seconds, rate) = (replay.seconds(), replay.rate);
    out.push_str(&match lang {
        Lang::En => format!("at {rate} copies a second it takes {seconds} s at least\n"),
        Lang::Ja => format!("毎秒 {rate} 件で {seconds} 秒以上かかります\n"),
    });
    out
}

/// How to start it later.
pub(super) fn later(replay: &Replay, lang: Lang) -> String {
    let what = lang.pick("nothing was sent; to start it", "送信していません。開始するには");
    format!("{what}: musubi replay start {}\n", replay.id)
}

/// One replay.
pub(super) fn one(replay: &Replay, lang: Lang) -> String {
    let Replay { id, selection, position, planned, .. } = replay;
    let mut out =
        format!("{} {id} → {}: {}", lang.pick("replay", "リプレイ"), selection.to, state(replay.state, lang));
    if let Some(reason) = &replay.reason {
        out.push_str(&format!(" ({reason})"));
    }
    out.push_str(&format!("\n{}: {position} / {planned}\n", lang.pick("gone through", "処理済み")));
    counts(&mut out, if *position > 0 { &replay.done } else { &replay.estimate }, lang);
    if matches!(replay.state, State::Stopped | State::Failed) {
        out.push_str(&format!("{}: musubi replay resume {id}\n", lang.pick("to go on", "再開するには")));
    }
    out
}

/// A line of progress.
pub(super) fn progress(replay: &Replay, lang: Lang) -> String {
    let Replay { position, planned, done, estimate, reason, .. } = replay;
    let waits = reason.as_ref().map(|reason| format!(" – {reason}")).unwrap_or_default();
    match (replay.state, lang) {
        (State::Planning, Lang::En) => format!("{} messages counted", estimate.messages),
        (State::Planning, Lang::Ja) => format!("{} 件を集計", estimate.messages),
        (_, Lang::En) => format!("{position} / {planned} messages, {} copies{waits}", done.copies),
        (_, Lang::Ja) => format!("{position} / {planned} 件、送信 {} 件{waits}", done.copies),
    }
}

fn counts(out: &mut String, counts: &Counts, lang: Lang) {
    let header = [lang.pick("messages", "メッセージ"), lang.pick("count", "件数")];
    let mut rows = vec![
        (lang.pick("meant", "対象").to_owned(), vec![counts.messages]),
        (lang.pick("copies", "送信").to_owned(), vec![counts.copies]),
    ];
    for one in counts.reasons() {
        let detail = if one.detail.is_empty() { String::new() } else { format!(": {}", one.detail) };
        rows.push((format!("{}{detail}", reason(one.reason, lang)), vec![one.messages]));
    }
    rows.push((lang.pick("bytes of the copies", "送信バイト数").to_owned(), vec![counts.bytes]));
    table(out, &header, rows.into_iter());
}
