//! Letters, and what is done with them, for people.

use serde_json::Value;

use crate::lang::Lang;
use crate::ops::letters::{Deed, Work};
use crate::ops::search::Row;

/// Letters by fault, the most frequent first.
pub(super) fn piles(piles: &[Value], lang: Lang) -> String {
    if piles.is_empty() {
        return lang.pick("there are none\n", "ありません\n").to_owned();
    }
    let line = |pile: &Value| {
        let word = |name: &str| pile.get(name).and_then(Value::as_str).unwrap_or("-").to_owned();
        let of = pile.get("subscriber").or_else(|| pile.get("feed")).and_then(Value::as_str).unwrap_or("-");
        let count = pile.get("count").and_then(Value::as_u64).unwrap_or_default();
        let whose = pile.get("whose").and_then(Value::as_str);
        let whose = whose.map(|whose| format!("  ({whose})")).unwrap_or_default();
        format!("{count:>8}  {of}  {}  {} - {}{whose}\n", word("fault"), word("first"), word("last"))
    };
    piles.iter().map(line).collect()
}

/// Dead letters of a subscriber.
pub(super) fn rows(rows: &[Row], subscriber: &str) -> String {
    let line = |row: &Row| {
        let copy = row.copies.iter().find(|copy| copy.subscriber == subscriber);
        let state = copy.map_or("-", |copy| copy.state.as_str());
        let code = copy.and_then(|copy| copy.code.as_deref()).unwrap_or("-");
        format!("{}  {}  {}  {}  {state}  {code}\n", row.id, row.at, row.feed, row.kind)
    };
    rows.iter().map(line).collect()
}

/// A dead letter.
pub(super) fn letter(letter: &Value, lang: Lang) -> String {
    let word = |path: &str| letter.pointer(path).and_then(Value::as_str);
    let mut text = format!("{}\n", word("/id").unwrap_or("-"));
    if let (Some(code), Some(reason)) = (word("/letter_fault/code"), word("/letter_fault/reason")) {
        text.push_str(&format!("  {code}: {reason}\n"));
    }
    let since = match word("/since/later") {
        Some("delivered") => {
            lang.pick("a later version of the same record was delivered: ", "新しい版が配信済みです: ")
                .to_owned()
                + word("/since/id").unwrap_or("-")
        }
        Some("none") => {
            lang.pick("no later version was delivered", "新しい版は配信されていません").to_owned()
        }
        _ => lang.pick("the message is not kept any more", "メッセージの保存期間は過ぎています").to_owned(),
    };
    text.push_str(&format!("  {since}\n"));
    text
}

/// What is asked before something is done.
pub(super) fn question(act: Deed, count: u64, lang: Lang) -> String {
    match (act, lang) {
        (Deed::Discard, Lang::En) => format!("{count} messages are discarded for good"),
        (Deed::Discard, Lang::Ja) => format!("{count} 件を破棄します（元に戻せません）"),
        (_, Lang::En) => format!("{count} messages are sent again"),
        (_, Lang::Ja) => format!("{count} 件を再送します"),
    }
}

/// How far work is.
pub(super) fn progress(work: &Work, lang: Lang) -> String {
    let Work { looked, depth, done, .. } = work;
    match lang {
        Lang::En => format!("{done} dealt with, {looked} of {depth} looked at"),
        Lang::Ja => format!("処理済み {done} 件、確認済み {looked} / {depth} 件"),
    }
}

/// What work came to.
pub(super) fn work(work: &Work, lang: Lang) -> String {
    let mut text = format!("{}: {}\n", work.state.as_str(), progress(work, lang));
    if work.skipped > 0 {
        text.push_str(&match lang {
            Lang::En => {
                format!("  {} have no bytes in the hub: they are mended at their source\n", work.skipped)
            }
            Lang::Ja => format!("  {} 件は本文がハブにありません。送信元で対処してください\n", work.skipped),
        });
    }
    if let Some(copy) = &work.copy {
        text.push_str(&format!("  {} {copy}\n", lang.pick("edited copy:", "修正した写し:")));
    }
    if let Some(reason) = &work.reason {
        text.push_str(&format!("  {reason}\n"));
    }
    text
}
