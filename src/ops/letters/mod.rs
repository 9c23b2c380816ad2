//! Letters that came to rest: *invalid* messages, which make no sense to the hub, and *dead* ones, copies that a subscriber
//! could not be given. They are sent again, discarded with a reason, or an edited copy is sent instead.
//!
//! What lies in a queue is found through the history ([`look`]); what is done is done in the queue itself. A queue is first
//! in, first out: to take one out of the middle, those before it are published again to its end in the same step
//! (`pass`). So an act is *work* that goes through a queue once, in the background, at a pace, and that can be
//! stopped ([`Desk`]). A crash leaves each letter where it was or where it was to go, never neither.
//!
//! Every act is written into the history before it is done. Where a crash comes between the two, the letter is still in its
//! queue, and doing it again is what is right.

mod desk;
mod edit;
pub mod look;
mod pass;
mod work;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::broker::{BrokerError, QueueName, topology};
use crate::config::Config;
use crate::envelope::Envelope;
use crate::store::{ClaimError, DayLogError};

pub use desk::Desk;
pub use edit::{Editable, editable};

/// Letters a second that are sent again, where nothing is said.
pub const RATE: u32 = 50;
/// Most letters a second that may be asked for.
pub const RATE_MAX: u32 = 10_000;
/// Largest text of an edited copy, in bytes.
pub const EDITED_MAX: usize = 1 << 20;

/// Which letters. Everything that is given must hold; with nothing but the queue, all of it is meant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Selection {
    /// Whose dead letters; the invalid messages where nobody is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscriber: Option<String>,
    /// Ids of messages; any where none is given.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<String>,
    /// Code of the fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// Feed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feed: Option<String>,
    /// 10-digit code of the sending facility.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facility: Option<String>,
    /// Those whose letters may be touched; all where nothing is said.
    #[serde(skip)]
    pub facilities: Option<Vec<String>>,
}

impl Selection {
    /// The queue that they lie in.
    pub fn queue(&self) -> QueueName {
        self.subscriber.as_deref().map_or_else(topology::invalid, topology::dead)
    }

    /// Whether a letter of that queue is meant.
    fn means(&self, envelope: &Envelope) -> bool {
        let same = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|wanted| wanted == is);
        let code = envelope.fault.as_ref().map_or("", |fault| fault.code.as_str());
        let may = |codes: &Vec<String>| codes.contains(&envelope.facility);
        same(&self.fault, code)
            && same(&self.feed, &envelope.origin.feed)
            && same(&self.facility, &envelope.facility)
            && (self.ids.is_empty() || self.ids.contains(&envelope.id))
            && self.facilities.as_ref().is_none_or(may)
    }
}

/// What is to be done with letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Deed {
    /// Invalid messages go to the routers, dead letters to their subscriber, once more.
    Retry,
    /// They are taken out for good.
    Discard,
    /// An edited copy goes to the routers instead.
    Edit,
}

impl Deed {
    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Discard => "discard",
            Self::Edit => "edit",
        }
    }
}

/// What somebody wants to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// What.
    pub act: Deed,
    /// With which.
    #[serde(default)]
    pub selection: Selection,
    /// Why: it stands in the history of every message.
    pub why: String,
    /// Letters a second that are sent again; [`RATE`] where nothing is said.
    #[serde(default)]
    pub rate: Option<u32>,
    /// The text of the edited copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// How work on letters stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Other work is at the queue, or it has not begun yet.
    Waiting,
    /// It goes through the queue.
    Running,
    /// It went through the whole queue, or has found all that it was told to.
    Done,
    /// Somebody stopped it, or the process ended.
    Stopped,
    /// It can't go on.
    Failed,
}

impl State {
    /// Whether it goes on by itself.
    pub const fn is_at_work(self) -> bool {
        matches!(self, Self::Waiting | Self::Running)
    }

    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
        }
    }
}

/// Work on letters. It is known while its process runs; what it did stands in the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// Its name.
    pub id: String,
    /// What is done.
    pub act: Deed,
    /// With which.
    pub selection: Selection,
    /// Who wants it.
    pub who: String,
    /// Why.
    pub why: String,
    /// Letters a second that are sent again.
    pub rate: u32,
    /// How it stands.
    pub state: State,
    /// Letters in the queue when it began.
    pub depth: u64,
    /// Letters that it has looked at.
    pub looked: u64,
    /// Letters that it has dealt with.
    pub done: u64,
    /// Letters that were meant and that nothing can be done with: their bytes could not be read at their source.
    pub skipped: u64,
    /// What it waits for, or why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Of an edit: the id of the copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy: Option<String>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
}

/// Why nothing can be done with letters.
#[derive(Debug, thiserror::Error)]
pub enum LettersError {
    /// It can't be done so.
    #[error("{0}")]
    Bad(String),
    /// There is no such work, or no such letter.
    #[error("there is no {0}")]
    Unknown(String),
    /// It has ended.
    #[error("the work is {} already", .0.as_str())]
    Ended(State),
    /// Another process is at the letters of this data folder.
    #[error("another process is at the letters of this data folder")]
    Elsewhere,
    /// The folder for its lock.
    #[error("the letters can't be locked")]
    Lock(#[source] std::io::Error),
    /// What a message claims can't be read, or not be kept.
    #[error(transparent)]
    Claims(#[from] ClaimError),
    /// The history can't be written.
    #[error(transparent)]
    History(#[from] DayLogError),
    /// The history can't be searched.
    #[error(transparent)]
    Search(#[from] super::search::SearchError),
    /// The message store can't be read.
    #[error(transparent)]
    Unread(#[from] super::messages::Unread),
    /// The broker failed.
    #[error(transparent)]
    Broker(#[from] BrokerError),
}

impl LettersError {
    /// Whether it is worth trying again without anybody doing anything here.
    const fn passes(&self) -> bool {
        match self {
            Self::History(_) | Self::Elsewhere => true,
            Self::Broker(error) => error.passes(),
            _ => false,
        }
    }
}

/// What is wrong with a request, before anything is done.
fn checked(config: &Config, request: &Request) -> Result<(), LettersError> {
    let bad = |what: String| Err(LettersError::Bad(what));
    let Selection { subscriber, ids, .. } = &request.selection;
    if let Some(name) = subscriber
        && !config.subscribers.iter().any(|subscriber| subscriber.name == *name)
    {
        return bad(format!("there is no subscriber {name}"));
    }
    if request.why.trim().is_empty() {
        return bad("say why: it stands in the history of every message".to_owned());
    }
    if !(1..=RATE_MAX).contains(&request.rate.unwrap_or(RATE)) {
        return bad(format!("the rate is 1 to {RATE_MAX} letters a second"));
    }
    match (request.act, &request.text) {
        (Deed::Edit, Some(text)) if text.len() <= EDITED_MAX && ids.len() == 1 && subscriber.is_none() => {
            Ok(())
        }
        (Deed::Edit, _) => {
            bad(format!("an edit is of one invalid message, and its text of {EDITED_MAX} bytes at most"))
        }
        (_, Some(_)) => bad("only an edit has a text".to_owned()),
        (_, None) => Ok(()),
    }
}
