//! Whether a message can safely be sent again, recipient by recipient, and where that is done.

use maud::{Markup, html};

use super::super::access::{Actor, Right};
use super::super::html::segment;
use super::super::view::View;
use super::words;
use crate::ops::search::{CopyRow, Row, State};

/// A line for each recipient; nothing where there is none.
pub(super) fn again(view: &View, actor: &Actor, row: &Row, reads_its_queue: impl Fn(&str) -> bool) -> Markup {
    let may_act = actor.may(Right::Operate, Some(&row.facility));
    html! {
        @if row.state == State::Invalid || !row.copies.is_empty() {
            section id="again" {
                h2 { (view.pick("Can it be sent again?", "もう一度送ってよいか")) }
                @if row.state == State::Invalid {
                    p {
                        (view.pick(
                            "It reached nobody. Once its fault is mended it can be sent through the routes again; a copy can be edited.",
                            "どこにも届いていません。原因を直せば、もう一度ルートに通せます。写しを修正して送ることもできます。",
                        ))
                        " " a href={ "/invalid?feed=" (segment(&row.feed)) } { (view.pick("Invalid messages of this feed", "このフィードの不正メッセージ")) }
                    }
                }
                @if !row.copies.is_empty() {
                    div.wide { table {
                        thead { tr {
                            th { (view.pick("Recipient", "配信先")) } th { (view.pick("State", "状態")) }
                            th { (view.pick("Again?", "再送の可否")) } th { (view.pick("Where", "操作")) }
                        } }
                        tbody { @for copy in &row.copies { (line(view, row, copy, reads_its_queue(&copy.subscriber), may_act)) } }
                    } }
                }
            }
        }
    }
}

fn line(view: &View, row: &Row, copy: &CopyRow, reads_its_queue: bool, may_act: bool) -> Markup {
    let (id, to) = (segment(&row.id), segment(&copy.subscriber));
    let (en, ja) = advice(copy.state, reads_its_queue);
    let way = match copy.state {
        State::Waiting => Some((format!("/queues/to.{to}"), view.pick("Its queue", "キューを見る"))),
        State::Parked => {
            Some((format!("/parked?subscriber={to}"), view.pick("Parked patients", "保留中の患者")))
        }
        State::Dead => Some((format!("/dead/{to}/{id}"), view.pick("Look, and send again", "確認して再送"))),
        State::Delivered | State::Discarded => may_act.then(|| {
            (format!("/replay?to={to}&ids={id}"), view.pick("Plan a replay of it", "この1件の再配信を計画"))
        }),
        _ => None,
    };
    html! { tr {
        th scope="row" { (copy.subscriber) }
        td { (words::badge(view, copy.state)) }
        td.text { (view.pick(en, ja)) }
        td { @if let Some((path, word)) = way { a href=(path) { (word) } } }
    } }
}

/// What another attempt would do.
const fn advice(state: State, reads_its_queue: bool) -> (&'static str, &'static str) {
    match state {
        State::Waiting if reads_its_queue => (
            "It is in its queue, or was taken from there: the receiver reads it itself, and tells nobody when. An empty queue says that it was taken.",
            "キューにあるか、取り出し済みです。受信側が自分で読み、その時刻はハブに伝わりません。キューが空なら取り出し済みです。",
        ),
        State::Delivered => (
            "It arrived. Again is safe: same id, same place, marked as replay; a receiver that follows the rules takes it once.",
            "届いています。再配信しても安全です（同じIDと順番、再配信の印付き。規約に従う受信側は二重に取り込みません）。",
        ),
        State::Parked => (
            "Not yet: it is tried by itself, in its order. Sent by hand it would overtake.",
            "不要です。順番どおり自動で再試行されます。手で送ると追い越しになります。",
        ),
        State::Dead => (
            "Yes, after a look at why, and whether something newer arrived since.",
            "可能です。原因と、その後に新しい版が届いたかを確認してから再送してください。",
        ),
        State::Withdrawn => {
            ("No: the consent that it rested on has ended.", "できません。根拠となる同意が終了しています。")
        }
        State::Discarded => (
            "Somebody took it out, see below why. A replay decides again, as of now.",
            "破棄されています（理由は下の経路に記載）。再配信すると現在の条件で判定し直します。",
        ),
        _ => ("Not needed: it is on its way.", "不要です。配信待ちです。"),
    }
}
