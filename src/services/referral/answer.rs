//! Answers: RRI^I12, and letters that relate to a letter (返書).

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::content::Content;
use super::letter::{Key, Letter};
use crate::envelope::Change;
use crate::services::inbox::Event;

/// What an answer says (RF1-1, HL7 table 0283).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    /// `A`, or a letter in reply.
    Accepted,
    /// `P`: it was seen, and is not decided yet.
    Pending,
    /// `R`
    Rejected,
    /// `E`
    Expired,
}

/// An answer, and who gave it.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) event: String,
    pub(super) facility: String,
    pub(super) at: Timestamp,
    pub(super) says: Says,
    /// Whether it is an answer in any case; a document may relate to something that is no letter.
    pub(super) is_reply: bool,
    /// Whether it takes the facility's answers back.
    pub(super) withdraws: bool,
    pub(super) content: Content,
}

impl Answer {
    pub(super) fn new(event: &Event, at: Timestamp, content: Content) -> Self {
        let says = match content.status.as_deref() {
            Some("P") => Says::Pending,
            Some("R") => Says::Rejected,
            Some("E") => Says::Expired,
            _ => Says::Accepted,
        };
        Self {
            event: event.id.clone(),
            facility: event.facility().to_owned(),
            at,
            says,
            is_reply: event.kind() == "referral-reply",
            withdraws: event.change == Change::Deleted,
            content,
        }
    }

    /// The letter that it answers: by the referral's number, by the message, or by the document that it relates to.
    /// `None` where that is none, or can't be told from another.
    pub(super) fn letter<'l>(&self, letters: &'l BTreeMap<Key, Letter>) -> Option<&'l Key> {
        let by_number = self.content.id.as_deref();
        let by_message = self.content.answers.as_deref();
        let related: Vec<_> = self.content.related().collect();
        // Nobody answers a letter of their own.
        let others = || letters.iter().filter(|(key, _)| key.facility != self.facility);
        let numbered = by_number.and_then(|id| self.one(others().filter(|(_, letter)| letter.is_named(id))));
        let answered = || {
            by_message.and_then(|id| {
                self.one(
                    others().filter(|(_, letter)| letter.is_message(id) && letter.is_for(&self.facility)),
                )
            })
        };
        let relating =
            || self.one(others().filter(|(_, letter)| related.iter().any(|id| letter.is_named(id))));
        numbered.or_else(answered).or_else(relating)
    }

    /// The only one; of several the only one that is for the facility that answers.
    fn one<'l>(&self, found: impl Iterator<Item = (&'l Key, &'l Letter)>) -> Option<&'l Key> {
        let found: Vec<_> = found.collect();
        let mut own = found.iter().filter(|(_, letter)| letter.is_for(&self.facility));
        match (found.as_slice(), own.next(), own.next()) {
            ([(key, _)], _, _) | (_, Some((key, _)), None) => Some(key),
            _ => None,
        }
    }
}
