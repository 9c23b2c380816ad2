//! What leaves a facility, and what one facility sets off at another.

use std::rc::Rc;

use jiff::civil::DateTime;

use crate::simulate::event::{Event, Patient};

/// Something that leaves a facility's system.
#[derive(Debug)]
pub(super) struct Outgoing {
    /// When it is written; for an event also the time in the file's name.
    pub(super) at: DateTime,
    pub(super) item: Item,
}

#[derive(Debug)]
pub(super) enum Item {
    /// A message of the storage, or of a system without one.
    Event(Event),
    /// An HL7 v2 message of the network's services: its segments, UTF-8.
    Letter(Letter),
    /// A document of the extension storage.
    Document(Document),
    /// An archive of health check-ups of these people.
    Checkups(Vec<u64>),
}

#[derive(Debug)]
pub(super) struct Letter {
    /// The patient, by the facility's id.
    pub(super) patient: String,
    pub(super) segments: Vec<String>,
}

#[derive(Debug)]
pub(super) struct Document {
    pub(super) paper: Paper,
    pub(super) patient: Rc<Patient>,
    pub(super) key: u64,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Paper {
    /// To the facility with that index.
    Referral(usize),
    Summary,
    Vitals,
}

impl Outgoing {
    /// Whose it is, by the facility's id; empty for an archive.
    pub(super) fn patient(&self) -> &str {
        match &self.item {
            Item::Event(event) => &event.patient.id,
            Item::Letter(letter) => &letter.patient,
            Item::Document(document) => &document.patient.id,
            Item::Checkups(_) => "",
        }
    }
}

/// What one facility sets off at another.
#[derive(Debug)]
pub(super) struct Post {
    /// The other facility.
    pub(super) to: usize,
    pub(super) what: Consequence,
}

#[derive(Debug)]
pub(super) enum Consequence {
    /// It sends something.
    Sends(Outgoing),
    /// Somebody comes there, as agreed.
    Visit { at: DateTime, person: u64 },
}
