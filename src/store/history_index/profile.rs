//! Words that many messages share.

use rusqlite::types::Type;
use serde::{Deserialize, Serialize};

/// What has become of a message or of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Of a message: it waits for a decision, the first or another one.
    Accepted,
    /// Of a message: nobody wanted it, or it was history already.
    Filtered,
    /// Of a message: copies of it were made.
    Routed,
    /// Of a message: it makes no sense.
    Invalid,
    /// Of a copy: it waits for its subscriber.
    Waiting,
    /// Of a copy: the subscriber has it.
    Delivered,
    /// Of a copy: it is parked.
    Parked,
    /// Of a copy: it is a dead letter.
    Dead,
    /// Of a copy: its permission had ended.
    Withdrawn,
    /// Of either: an operator took it out for good.
    Discarded,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Accepted,
        Self::Filtered,
        Self::Routed,
        Self::Invalid,
        Self::Waiting,
        Self::Delivered,
        Self::Parked,
        Self::Dead,
        Self::Withdrawn,
        Self::Discarded,
    ];
    /// Those in which somebody has something to do, or to know.
    pub const TROUBLE: [Self; 4] = [Self::Invalid, Self::Parked, Self::Dead, Self::Withdrawn];

    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Filtered => "filtered",
            Self::Routed => "routed",
            Self::Invalid => "invalid",
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Parked => "parked",
            Self::Dead => "dead",
            Self::Withdrawn => "withdrawn",
            Self::Discarded => "discarded",
        }
    }

    /// The list of messages or copies in that state, with a fault or without; none where that is routine.
    pub(super) const fn list(self, has_fault: bool) -> Option<i64> {
        match (self, has_fault) {
            (Self::Filtered | Self::Routed | Self::Delivered, false) => None,
            (state, false) => Some(2 * state as i64),
            (state, true) => Some(2 * state as i64 + 1),
        }
    }

    /// The state of that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// What many messages, or many copies, have in common. Words that are not there are empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Profile {
    /// 10-digit code of the sending facility.
    pub facility: String,
    /// Feed.
    pub feed: String,
    /// Kind, or `invalid`.
    pub kind: String,
    /// What happened at the source.
    pub change: String,
    /// State of the message, or of the copy.
    pub state: State,
    /// Why a message makes no sense, or why a copy does not go through.
    pub fault: String,
    /// Subscriber of a copy; empty for a message.
    pub subscriber: String,
}

impl Profile {
    /// Of a message that nothing is known of yet.
    pub(super) const fn unknown() -> Self {
        Self {
            facility: String::new(),
            feed: String::new(),
            kind: String::new(),
            change: String::new(),
            state: State::Accepted,
            fault: String::new(),
            subscriber: String::new(),
        }
    }

    /// The list in which it stands, where it is not routine.
    pub(super) const fn list(&self) -> Option<i64> {
        self.state.list(!self.fault.is_empty())
    }

    /// Of a copy of such a message.
    pub(super) fn copy(&self, subscriber: &str, state: State, fault: Option<&str>) -> Self {
        Self {
            state,
            fault: fault.unwrap_or_default().to_owned(),
            subscriber: subscriber.to_owned(),
            ..self.clone()
        }
    }

    /// Reads the columns from that one on: facility, feed, kind, change, state, fault, subscriber.
    pub(super) fn read(row: &rusqlite::Row<'_>, from: usize) -> rusqlite::Result<Self> {
        let state: String = row.get(from + 4)?;
        let unknown = || rusqlite::Error::InvalidColumnType(from + 4, "state".to_owned(), Type::Text);
        let state = State::parse(&state).ok_or_else(unknown)?;
        Ok(Self {
            facility: row.get(from)?,
            feed: row.get(from + 1)?,
            kind: row.get(from + 2)?,
            change: row.get(from + 3)?,
            state,
            fault: row.get(from + 5)?,
            subscriber: row.get(from + 6)?,
        })
    }
}
