//! Words of the field for states and steps.

use super::super::view::View;
use crate::ops::search::State;

/// A state, for people.
pub(super) const fn state(view: &View, state: State) -> &'static str {
    let (en, ja) = match state {
        State::Accepted => ("accepted", "受理"),
        State::Filtered => ("not wanted", "対象外"),
        State::Routed => ("routed", "配信先決定"),
        State::Invalid => ("invalid", "不正"),
        State::Waiting => ("waiting", "配信待ち"),
        State::Delivered => ("delivered", "配信済"),
        State::Parked => ("parked", "保留"),
        State::Dead => ("dead", "不達"),
        State::Withdrawn => ("consent withdrawn", "同意撤回"),
        State::Discarded => ("discarded", "破棄"),
    };
    view.pick(en, ja)
}

/// How it looks, beside its word.
pub(super) const fn class(state: State) -> &'static str {
    match state {
        State::Invalid | State::Dead => "state bad",
        State::Parked | State::Withdrawn => "state held",
        State::Delivered => "state good",
        _ => "state",
    }
}
