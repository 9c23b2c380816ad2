//! What the desk has been told, as it came.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::answer::Answer;
use super::content::{Content, Receipt};
use super::letter::{Key, Letter, Version};
use super::proof::Proof;
use crate::envelope::Change;
use crate::services::inbox::{Event, Unreadable};

/// The state of all referrals: a fold of events.
#[derive(Debug, Default)]
pub struct Desk {
    pub(super) letters: BTreeMap<Key, Letter>,
    pub(super) answers: Vec<Answer>,
    /// By the event whose copy was delivered.
    pub(super) receipts: BTreeMap<String, Vec<Receipt>>,
    /// What is known of the bytes, by event.
    pub(super) proofs: BTreeMap<String, Proof>,
}

impl Desk {
    /// Takes an event in. What is not about referrals is passed over.
    ///
    /// # Errors
    /// Where its data is not what its type promises.
    pub fn take(&mut self, event: &Event) -> Result<(), Unreadable> {
        if event.change == Change::Superseded {
            return Ok(());
        }
        if let Some(proof) = Proof::of_copy(event) {
            self.proofs.insert(event.id.clone(), proof);
            return Ok(());
        }
        if event.data.is_none() && event.claimhash.is_some() {
            // The original lies among the claims, under its own hash or not at all.
            let found = event.claimhash.as_deref().unwrap_or_default();
            self.proofs.insert(event.id.clone(), Proof::of(&event.originhash, found));
            return Ok(());
        }
        match event.kind() {
            "referral" => self.letter(event),
            "referral-reply" => self.answer(event),
            "document" => self.document(event),
            "receipt" => {
                let receipt: Receipt = event.read()?;
                self.receipts.entry(receipt.event.clone()).or_default().push(receipt);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// A letter; one that relates to another facility's is a reply to that (返書 by the same kind of document).
    fn letter(&mut self, event: &Event) -> Result<(), Unreadable> {
        let content: Content = event.read()?;
        let at = accepted_at(event)?;
        if content.related().next().is_some() {
            self.answers.push(Answer::new(event, at, Content { id: None, status: None, ..content.clone() }));
        }
        let key = Key::of(event, &content);
        self.letters.entry(key).or_default().versions.push(Version::new(event, at, content));
        Ok(())
    }

    fn answer(&mut self, event: &Event) -> Result<(), Unreadable> {
        let content = event.read()?;
        self.answers.push(Answer::new(event, accepted_at(event)?, content));
        Ok(())
    }

    /// Of other documents only those that relate to something can be replies.
    fn document(&mut self, event: &Event) -> Result<(), Unreadable> {
        let mut content: Content = event.read()?;
        if content.related().next().is_none() {
            return Ok(());
        }
        // Its own id is not the referral's, and its status that of a document.
        (content.id, content.status) = (None, None);
        self.answers.push(Answer::new(event, accepted_at(event)?, content));
        Ok(())
    }

    /// The hashes of the files that letters are made of: they lie among the claims.
    pub fn files(&self) -> BTreeSet<&str> {
        let contents = self.letters.values().filter_map(Letter::content);
        let documents = contents.filter_map(|content| content.document.as_ref());
        documents.flat_map(|document| &document.files).map(|file| file.hash.as_str()).collect()
    }
}

fn accepted_at(event: &Event) -> Result<Timestamp, Unreadable> {
    event.time.parse().map_err(|_| Unreadable::Fields(0))
}
