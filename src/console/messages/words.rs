//! Words of the field for states and steps.

use maud::Markup;

use super::super::html::Tone;
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

/// A state with its sign.
pub(super) fn badge(view: &View, state: State) -> Markup {
    super::super::html::state(tone(state), self::state(view, state))
}

/// How it looks, beside its word.
pub(super) const fn tone(state: State) -> Tone {
    match state {
        State::Invalid | State::Dead => Tone::Bad,
        State::Parked | State::Withdrawn => Tone::Warn,
        State::Delivered | State::Routed => Tone::Ok,
        State::Accepted | State::Waiting => Tone::Info,
        State::Filtered | State::Discarded => Tone::Idle,
    }
}
