//! What `musubi replay` says to people.

use super::super::text::table;
use crate::lang::Lang;
use crate::ops::denied;
use crate::ops::replay::{Counts, Replay, State};

/// The list of all.
pub(super) fn list(replays: &[Replay], lang: Lang) -> String {
    if replays.is_empty() {
        return lang.pick("no replay yet\n", "再配信はまだありません\n").to_owned();
    }
    let mut out = String::new();
    for replay in replays {
        let Replay { id, selection, done, estimate, who, why, .. } = replay;
        let (state, copies) = (replay.state.said(lang), lang.pick("copies", "件"));
        out.push_str(&format!(
            "{id}  {state}  → {}  {} / {} {copies}  {who}: {why}\n",
            selection.to, done.copies, estimate.copies
        ));
    }
    out
}

/// What a replay would do.
pub(super) fn estimate(replay: &Replay, lang: Lang) -> String {
    let mut out = format!("{} {} → {}\n", lang.pick("replay", "再配信"), replay.id, replay.selection.to);
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
        format!("{} {id} → {}: {}", lang.pick("replay", "再配信"), selection.to, replay.state.said(lang));
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
        let detail = if one.detail.is_empty() {
            String::new()
        } else {
            format!(": {}", denied::told(&one.detail, lang))
        };
        rows.push((format!("{}{detail}", one.reason.said(lang)), vec![one.messages]));
    }
    rows.push((lang.pick("bytes of the copies", "送信バイト数").to_owned(), vec![counts.bytes]));
    table(out, &header, rows.into_iter());
}
