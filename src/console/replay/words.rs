//! What is said of a replay, in two languages.

use jiff::Timestamp;
use maud::{Markup, html};

use super::super::html::table;
use super::super::view::View;
use crate::ops::denied;
use crate::ops::replay::{Counts, NotSent, Patient, Replay};

/// Rows of the counts: what, estimated, done.
pub(super) fn counted(view: &View, replay: &Replay) -> [(&'static str, String, String); 4] {
    let (estimate, done) = (&replay.estimate, &replay.done);
    let rest = |counts: &Counts| (counts.messages - counts.copies).to_string();
    [
        (view.pick("Messages", "メッセージ"), estimate.messages.to_string(), done.messages.to_string()),
        (view.pick("Copies to send", "送信"), estimate.copies.to_string(), done.copies.to_string()),
        (view.pick("Not sent", "送信しない"), rest(estimate), rest(done)),
        (view.pick("Bytes", "バイト"), estimate.bytes.to_string(), done.bytes.to_string()),
    ]
}

/// Why messages are not sent: of what was done, and before that of the estimate.
pub(super) fn reasons(view: &View, replay: &Replay) -> Markup {
    let counts = if replay.position > 0 { &replay.done } else { &replay.estimate };
    let row = |one: NotSent| {
        vec![
            one.reason.said(view.lang).to_owned(),
            denied::told(&one.detail, view.lang).into_owned(),
            one.messages.to_string(),
        ]
    };
    let rows: Vec<_> = counts.reasons().into_iter().map(row).collect();
    if rows.is_empty() {
        return html! { p { (view.pick("All are sent.", "すべて送信します。")) } };
    }
    table(&[view.pick("Reason", "理由"), view.pick("Detail", "詳細"), view.pick("Messages", "件数")], &rows)
}

/// What a replay is about, and who wanted it.
pub(super) fn about(
    view: &View,
    replay: &Replay,
    time: &impl Fn(Timestamp) -> String,
) -> Vec<(&'static str, String)> {
    let selection = &replay.selection;
    let mut about = vec![
        (view.pick("To", "配信先"), selection.to.clone()),
        (view.pick("Why", "理由"), replay.why.clone()),
        (view.pick("By", "実行者"), replay.who.clone()),
        (view.pick("Copies a second", "1 秒あたりの上限"), replay.rate.to_string()),
        (view.pick("Takes at least, seconds", "所要時間の目安（秒）"), replay.seconds().to_string()),
    ];
    let mut also = |what, value: Option<String>| about.extend(value.map(|value| (what, value)));
    also(view.pick("Accepted from", "受理日時（から）"), selection.from.map(time));
    also(view.pick("Accepted before", "受理日時（まで）"), selection.until.map(time));
    also(view.pick("Facility", "施設"), selection.facility.clone());
    also(view.pick("Feed", "フィード"), selection.feed.clone());
    also(view.pick("Kind", "種類"), selection.kind.clone());
    also(view.pick("Topic", "トピック"), selection.topic.clone());
    let one_patient = match &selection.patient {
        Some(Patient::Local { facility, .. }) => Some(format!("{} ({facility})", view.pick("one", "1 名"))),
        Some(Patient::Network(_)) => Some(view.pick("one", "1 名").to_owned()),
        None => None,
    };
    also(view.pick("Patient", "患者"), one_patient);
    also(view.pick("Ids", "ID"), (!selection.ids.is_empty()).then(|| selection.ids.join(" ")));
    also(view.pick("Last told by", "最後の操作"), replay.told_by.clone());
    also(view.pick("Started", "開始日時"), replay.started_at.map(time));
    also(view.pick("Ended", "終了日時"), replay.ended_at.map(time));
    about
}
