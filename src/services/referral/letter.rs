//! A letter with its versions.

use jiff::Timestamp;
use serde::Serialize;

use super::content::{Content, Party};
use crate::envelope::Change;
use crate::services::inbox::Event;

/// Something that happened, when, and who did it: a facility's code, or a subscriber's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub who: String,
}

/// One version of a letter: REF^I12, I13 or I14, or a version of its document.
#[derive(Debug, Clone)]
pub(super) struct Version {
    /// Id of the event.
    pub(super) event: String,
    pub(super) at: Timestamp,
    /// Whether it takes the letter back.
    pub(super) cancels: bool,
    /// BLAKE3 of the bytes that were accepted.
    pub(super) hash: String,
    pub(super) content: Content,
}

impl Version {
    pub(super) fn new(event: &Event, at: Timestamp, content: Content) -> Self {
        let cancels = event.change == Change::Deleted;
        Self { event: event.id.clone(), at, cancels, hash: event.originhash.clone(), content }
    }
}

/// What is told apart: the facility that refers, and the number. A national number tells its facility itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) facility: String,
    pub(super) number: String,
}

impl Key {
    /// The key of a letter. The versions of a document share their set's id; one without any number is alone.
    pub(super) fn of(event: &Event, content: &Content) -> Self {
        let set = content.document.as_ref().and_then(|document| document.set_id.as_ref());
        let number = set.or(content.id.as_ref()).unwrap_or(&event.id).clone();
        Self { facility: event.facility().to_owned(), number }
    }
}

/// A letter: its versions in the order in which the hub accepted them.
#[derive(Debug, Clone, Default)]
pub(super) struct Letter {
    pub(super) versions: Vec<Version>,
}

impl Letter {
    /// What it says now. A cancellation may leave out what the letter said; the letter is what it was.
    pub(super) fn content(&self) -> Option<&Content> {
        let said = self.versions.iter().rev().find(|version| !version.cancels);
        said.or(self.versions.last()).map(|version| &version.content)
    }

    /// Since when it is cancelled. A version after that takes it up again.
    pub(super) fn cancelled_at(&self) -> Option<Timestamp> {
        self.versions.last().filter(|last| last.cancels).map(|last| last.at)
    }

    /// Whether the number, or the document's id, is one of this letter's.
    pub(super) fn is_named(&self, id: &str) -> bool {
        self.versions.iter().any(|version| {
            let document = version.content.document.as_ref();
            let ids = [
                version.content.id.as_ref(),
                document.and_then(|document| document.id.as_ref()),
                document.and_then(|document| document.set_id.as_ref()),
            ];
            ids.into_iter().flatten().any(|known| known == id)
        })
    }

    /// Whether that is the control id of one of its messages.
    pub(super) fn is_message(&self, control_id: &str) -> bool {
        self.versions.iter().any(|version| version.content.message.control_id.as_deref() == Some(control_id))
    }

    /// Whether it is addressed to that facility.
    pub(super) fn is_for(&self, facility: &str) -> bool {
        let parties = self.content().map_or(&[][..], |content| &content.to);
        parties.iter().any(|party: &Party| party.facility.as_deref() == Some(facility))
    }
}
