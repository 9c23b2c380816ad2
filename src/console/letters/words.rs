//! Words for letters and what is done with them.

use super::super::view::View;
use crate::ops::letters::{Deed, State};
use crate::ops::overview::Whose;

/// What is done.
pub(super) const fn deed(view: &View, deed: Deed) -> &'static str {
    match deed {
        Deed::Retry => view.pick("send again", "再送"),
        Deed::Discard => view.pick("discard", "破棄"),
        Deed::Edit => view.pick("edit", "修正"),
    }
}

/// How work stands.
pub(super) const fn state(view: &View, state: State) -> &'static str {
    match state {
        State::Waiting => view.pick("waits", "待機中"),
        State::Running => view.pick("at work", "実行中"),
        State::Done => view.pick("done", "完了"),
        State::Stopped => view.pick("stopped", "停止"),
        State::Failed => view.pick("failed", "失敗"),
    }
}

/// Who has to do something about a dead letter.
pub(super) const fn whose(view: &View, whose: Option<Whose>) -> &'static str {
    match whose {
        Some(Whose::Ours) => view.pick("ours", "当方"),
        Some(Whose::Way) => view.pick("the way there", "経路（回線など）"),
        Some(Whose::Theirs) => view.pick("the subscriber's", "配信先"),
        None => view.pick("nobody's: consent was withdrawn", "なし（同意撤回）"),
    }
}
