//! Tables and forms of the pages of letters.

use jiff::Timestamp;
use maud::{Markup, html};

use super::super::access::{Actor, Right};
use super::super::frame;
use super::super::html::{empty, segment};
use super::super::view::View;
use super::asked::{Asked, Letter};
use super::words;
use crate::ops::letters::look::{Later, Pile};
use crate::ops::letters::{Editable, RATE, RATE_MAX, Work};
use crate::ops::search::{Found, Row, State};

/// Which letters a page is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Messages that make no sense.
    Invalid,
    /// Copies that a subscriber could not be given.
    Dead,
}

impl Kind {
    pub(super) const fn title(self, view: &View) -> &'static str {
        match self {
            Self::Invalid => view.pick("Invalid messages", "不正メッセージ"),
            Self::Dead => view.pick("Dead letters", "不達メッセージ"),
        }
    }

    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Invalid => "/invalid",
            Self::Dead => "/dead",
        }
    }

    pub(super) const fn hint(self, view: &View) -> &'static str {
        match self {
            Self::Invalid => view.pick(
                "Messages that make no sense to the hub. Mend the configuration or the source, then send them again: the routing in force decides.",
                "ハブが解釈できないメッセージです。設定または送信元を直してから再送してください。再送時の設定で処理します。",
            ),
            Self::Dead => view.pick(
                "Copies that could not be delivered and were given up. Sent again, each is asked for its consent at delivery as always.",
                "配信できずに打ち切ったものです。再送しても、配信の直前に同意を確認します。",
            ),
        }
    }
}

/// An address of a page of letters that share what a pile does.
fn address(kind: Kind, page: &str, pile: &Pile, act: Option<&str>) -> String {
    let digest = &pile.digest;
    let withdrawn = (digest.state == State::Withdrawn).then_some("true");
    let fields = [
        ("subscriber", digest.subscriber.as_deref()),
        ("fault", digest.fault.as_deref()),
        ("feed", digest.feed.as_deref()),
        ("withdrawn", withdrawn),
        ("act", act),
    ];
    let said = fields.iter().filter_map(|(name, value)| Some(format!("{name}={}", segment((*value)?))));
    format!("{}{page}?{}", kind.path(), said.collect::<Vec<_>>().join("&"))
}

/// Letters by fault.
pub(super) fn piles(
    view: &View,
    kind: Kind,
    piles: &[Pile],
    may_act: bool,
    time: &dyn Fn(Timestamp) -> String,
) -> Markup {
    if piles.is_empty() {
        return empty(view.pick("There are none.", "ありません。"));
    }
    html! { div.wide { table {
        thead { tr {
            th { (view.pick("How many", "件数")) } th { (view.pick("Fault", "原因")) }
            @match kind {
                Kind::Invalid => th { (view.pick("Feed", "フィード")) },
                Kind::Dead => { th { (view.pick("To", "配信先")) } th { (view.pick("Whose fault", "原因の所在")) } }
            }
            th { (view.pick("First", "最初")) } th { (view.pick("Last", "最後")) }
            @if may_act { th { (view.pick("All of them", "すべて")) } }
        } }
        tbody { @for pile in piles { tr {
            td.number { (pile.digest.count) }
            td { a href=(address(kind, "", pile, None)) { (pile.digest.fault.as_deref().unwrap_or("-")) } }
            @match kind {
                Kind::Invalid => td { (pile.digest.feed.as_deref().unwrap_or("-")) },
                Kind::Dead => {
                    td { (pile.digest.subscriber.as_deref().unwrap_or("-")) }
                    td { (words::whose(view, pile.whose)) }
                }
            }
            td { (time(pile.digest.first)) } td { (time(pile.digest.last)) }
            @if may_act { td {
                a.button href=(address(kind, "/all", pile, None)) { (view.pick("Send again or discard…", "再送・破棄…")) }
            } }
        } } }
    } } }
}

/// The letters of a page, each to be chosen.
pub(super) fn letters(
    view: &View,
    kind: Kind,
    found: &Found,
    asked: &Asked,
    actor: &Actor,
    time: &dyn Fn(Timestamp) -> String,
) -> Markup {
    if found.rows.is_empty() {
        return empty(view.pick("There are none.", "ありません。"));
    }
    let may = May {
        act: actor.has(Right::Operate),
        edit: kind == Kind::Invalid && actor.has(Right::Operate) && actor.has(Right::Engineer),
    };
    let table = html! { div.wide { table {
        thead { tr {
            @if may.act { th { (view.pick("Choose", "選択")) } }
            th { (view.pick("Accepted", "受理")) } th { (view.pick("Message", "メッセージ")) }
            th { (view.pick("Feed", "フィード")) } th { (view.pick("Kind", "種類")) } th { (view.pick("Fault", "原因")) }
            @if may.edit { th { (view.pick("Mend", "修正")) } }
        } }
        tbody { @for row in &found.rows { (one(view, kind, row, asked, may, time)) } }
    } } };
    html! {
        @if may.act {
            (frame::form(view, kind.path(), &html! {
                input type="hidden" name="of" value="chosen";
                input type="hidden" name="subscriber" value=(asked.subscriber);
                (table)
                (reason(view))
                (deeds(view))
            }))
        } @else { (table) }
        @if let Some(next) = &found.next {
            form method="get" action=(kind.path()) {
                @for (name, value) in [("subscriber", &asked.subscriber), ("fault", &asked.fault), ("feed", &asked.feed)] {
                    input type="hidden" name=(name) value=(value);
                }
                @if asked.withdrawn { input type="hidden" name="withdrawn" value="true"; }
                button.more name="before" value=(next) { (view.pick("Older", "さらに前")) }
            }
        }
    }
}

/// What somebody may do with letters.
#[derive(Clone, Copy)]
struct May {
    act: bool,
    edit: bool,
}

fn one(
    view: &View,
    kind: Kind,
    row: &Row,
    asked: &Asked,
    may: May,
    time: &dyn Fn(Timestamp) -> String,
) -> Markup {
    let copy = row.copies.iter().find(|copy| copy.subscriber == asked.subscriber);
    let fault = match kind {
        Kind::Invalid => row.fault.as_deref(),
        Kind::Dead => copy.and_then(|copy| copy.code.as_deref()),
    };
    html! { tr {
        @if may.act { td {
            input type="checkbox" name="id" value=(row.id)
                aria-label={ (view.pick("Choose", "選択")) " " (short(&row.id)) };
        } }
        td { (time(row.at)) }
        td {
            a href={ "/messages/" (segment(&row.id)) } title=(row.id) { code { (short(&row.id)) } }
            @if kind == Kind::Dead && !asked.subscriber.is_empty() {
                " " a href={ "/dead/" (segment(&asked.subscriber)) "/" (segment(&row.id)) } { (view.pick("and since", "その後")) }
            }
        }
        td { (row.feed) } td { (row.kind) } td { (fault.unwrap_or("-")) }
        @if may.edit { td {
            // Of the form around: what it needs to act is not needed to look.
            button.quiet formaction={ "/invalid/" (segment(&row.id)) } formnovalidate
                aria-label={ (view.pick("Edit a copy of", "写しを修正:")) " " (short(&row.id)) } {
                (view.pick("Edit a copy", "写しを修正"))
            }
        } }
    } }
}

fn short(id: &str) -> String {
    id.chars().take(12).collect()
}

fn reason(view: &View) -> Markup {
    html! {
        label for="why" { (view.pick("Why (stands in the history)", "理由（履歴に残ります）")) }
        input id="why" name="why" required autocomplete="off";
    }
}

fn deeds(view: &View) -> Markup {
    html! { p {
        button name="act" value="retry" { (view.pick("Send again", "再送")) } " "
        button.danger name="act" value="discard" { (view.pick("Discard", "破棄")) }
    } }
}

/// What is asked before something is done with all letters of a fault.
pub(super) fn confirmation(view: &View, kind: Kind, asked: &Asked, count: u64) -> Markup {
    let fields = [
        ("subscriber", view.pick("To", "配信先"), &asked.subscriber),
        ("fault", view.pick("Fault", "原因"), &asked.fault),
        ("feed", view.pick("Feed", "フィード"), &asked.feed),
        ("facility", view.pick("Facility", "施設"), &asked.facility),
    ];
    html! {
        p { strong { (count) } " " (view.pick("messages are meant, as the history knows it.", "件が対象です（履歴による件数）。")) }
        dl.facts { @for (_, word, value) in fields.iter().filter(|(.., value)| !value.is_empty()) {
            dt { (word) } dd { (value) }
        } }
        (frame::form(view, kind.path(), &html! {
            @for (name, _, value) in &fields { input type="hidden" name=(name) value=(value); }
            (reason(view))
            label for="rate" { (view.pick("Sent again, a second, at most", "再送の上限（件/秒）")) }
            input id="rate" name="rate" type="number" min="1" max=(RATE_MAX) value=(RATE);
            (deeds(view))
        }))
        p { a href=(kind.path()) { (view.pick("Back, nothing is done", "戻る（何もしない）")) } }
    }
}

/// The form in which a copy is edited.
pub(super) fn editor(view: &View, id: &str, editable: &Editable) -> Markup {
    html! {
        p.hint { (view.pick(
            "The edited copy goes to the routers as a message of its own; the original is discarded for this reason. A segment a line; it is written back as",
            "修正した写しを別のメッセージとして処理し、元のメッセージはこの理由で破棄します。1 行が 1 セグメントです。文字コード:",
        )) " " (editable.charset) }
        (frame::form(view, "/invalid", &html! {
            input type="hidden" name="act" value="edit";
            input type="hidden" name="id" value=(id);
            label for="text" { (view.pick("Message", "メッセージ")) " " code { (short(id)) } }
            // A line end behind the tag is not part of the text.
            textarea.body id="text" name="text" rows="20" spellcheck="false" { "\n" (editable.text) }
            (reason(view))
            button { (view.pick("Send the copy, discard the original", "写しを送り、元を破棄")) }
        }))
        p { a href="/invalid" { (view.pick("Back, nothing is done", "戻る（何もしない）")) } }
    }
}

/// A dead letter.
pub(super) fn letter(view: &View, subscriber: &str, letter: &Letter, may_act: bool) -> Markup {
    let Letter { row, letter_fault, since } = letter;
    html! {
        dl.facts {
            dt { "ID" } dd { a href={ "/messages/" (segment(&row.id)) } { code { (row.id) } } }
            dt { (view.pick("To", "配信先")) } dd { (subscriber) }
            @if let Some(fault) = letter_fault {
                dt { (view.pick("Fault", "原因")) } dd { (fault.code) ": " (fault.reason) }
            }
            dt { (view.pick("Since then", "その後")) }
            dd { @match since {
                Later::Delivered { id } => {
                    (view.pick("a later version of the same record was delivered:", "同じ記録の新しい版が配信済みです:"))
                    " " a href={ "/messages/" (segment(id)) } { code { (short(id)) } }
                }
                Later::None => (view.pick("no later version was delivered", "新しい版は配信されていません")),
                Later::Unknown => (view.pick("not known: the message is not kept any more", "不明（保存期間切れ）")),
            } }
        }
        @if may_act { (frame::form(view, "/dead", &html! {
            input type="hidden" name="subscriber" value=(subscriber);
            input type="hidden" name="id" value=(row.id);
            (reason(view))
            (deeds(view))
        })) }
    }
}

/// Work on letters.
pub(super) fn works(view: &View, works: &[Work], may_act: bool) -> Markup {
    if works.is_empty() {
        return html! { p { (view.pick("Nothing.", "ありません。")) } };
    }
    html! { div.wide { table {
        thead { tr {
            th { (view.pick("What", "処理")) } th { (view.pick("Queue", "キュー")) } th { (view.pick("State", "状態")) }
            th { (view.pick("Dealt with", "処理済み")) } th { (view.pick("Looked at", "確認済み")) }
            th { (view.pick("Left: no bytes", "本文なし")) }
            th { (view.pick("By", "実行者")) } th { (view.pick("Why", "理由")) } th { (view.pick("Stop", "停止")) }
        } }
        tbody { @for work in works { tr {
            td { (words::deed(view, work.act)) } td { (work.selection.queue()) }
            td {
                (words::state(view, work.state))
                @if let Some(reason) = &work.reason { " (" (reason) ")" }
                @if let Some(copy) = &work.copy { " " a href={ "/messages/" (segment(copy)) } { code { (short(copy)) } } }
            }
            td.number { (work.done) } td.number { (work.looked) " / " (work.depth) } td.number { (work.skipped) }
            td { (work.who) } td { (work.why) }
            td { @if may_act && work.state.is_at_work() {
                (frame::form(view, &format!("/letters/{}/stop", work.id), &html! { button { (view.pick("Stop", "停止")) } }))
            } }
        } } }
    } } }
}
