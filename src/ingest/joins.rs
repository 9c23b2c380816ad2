//! Patients of a facility who became one, and the lane that they share from then on.
//!
//! Every patient has a lane by hash. A message with a merge segment (MRG: ADT^A40 and its kin) says that the patients
//! it names are one: from it on all of them have the highest lane of theirs, and each of their messages says so for a
//! time ([`Join`]). Who is joined stays joined, also after an unmerge: that costs nothing, and loses no order.
//!
//! What is joined follows from the set of accepted messages alone, whatever order they are read in: a group is what
//! is connected, its lane is the maximum of its members'. So the ledger may hear of a join twice, or late.
//!
//! A join and its publication are one step for all sources of the facility: while one publishes a join, no other one
//! publishes by the lanes of before.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::hl7;
use crate::broker::{Delivery, Publication, topology};
use crate::envelope::{Envelope, Format, Identifying, Join, JoinRole, Lane};
use crate::store::{Joined, StoreError};
use crate::store::{Ledger, ledger::Entries};

/// How long messages of a person say that records were joined: longer than a copy waits at a subscriber before it is
/// given up.
const SAID_FOR: Duration = Duration::from_secs(30 * 24 * 3600);
/// Ids that an envelope carries have no more bytes than these in all.
const IDS_BYTES_MAX: usize = 4 << 10;

/// Patients who are one.
struct Person {
    patients: BTreeSet<String>,
    /// Until when their messages say so.
    until: Timestamp,
}

/// Who is one with whom.
#[derive(Default, Clone)]
struct Persons(HashMap<String, Arc<Person>>);

impl Persons {
    /// Makes patients one; whether they were not.
    fn join(&mut self, joined: &Joined) -> bool {
        let first = joined.patients.first().and_then(|patient| self.0.get(patient));
        let is_known = first
            .is_some_and(|person| joined.patients.iter().all(|patient| person.patients.contains(patient)));
        let mut patients: BTreeSet<String> = joined.patients.iter().cloned().collect();
        let mut until = Timestamp::from_nanosecond(joined.at.into())
            .and_then(|at| at.checked_add(SAID_FOR))
            .unwrap_or(Timestamp::MAX);
        for person in joined.patients.iter().filter_map(|patient| self.0.get(patient)) {
            patients.extend(person.patients.iter().cloned());
            until = until.max(person.until);
        }
        let person = Arc::new(Person { patients, until });
        for patient in &person.patients {
            self.0.insert(patient.clone(), person.clone());
        }
        !is_known
    }
}

impl Person {
    /// What a message of one of them says.
    fn said(&self, facility: &str, lanes: u16, role: JoinRole) -> Join {
        let own = self.patients.iter().map(|patient| Lane::of(facility, patient, lanes));
        let mut others: BTreeSet<Lane> = own.collect();
        let lane = others.pop_last().unwrap_or_default();
        let bytes: usize = self.patients.iter().map(String::len).sum();
        let named = self.patients.iter().filter(|_| bytes <= IDS_BYTES_MAX);
        let patients = named.cloned().map(Identifying).collect();
        Join { role, lane, others: others.into_iter().collect(), patients }
    }
}

/// Who is one with whom at a facility, for all of its sources.
pub(super) struct Joins {
    facility: String,
    lanes: u16,
    persons: RwLock<Persons>,
}

/// The turn to publish: joins that other sources publish wait for its end.
pub(super) struct Turn<'j>(Held<'j>);

enum Held<'j> {
    /// By one of many, none of whom publishes a join.
    Shared(RwLockReadGuard<'j, Persons>),
    /// By the one who publishes joins: who is one with whom then, and what is new of it.
    Alone(RwLockWriteGuard<'j, Persons>, Persons, Vec<Joined>),
}

impl Turn<'_> {
    /// The publication is confirmed. Gives what the ledger has to hear of.
    pub(super) fn done(self) -> Vec<Joined> {
        match self.0 {
            Held::Shared(persons) => {
                drop(persons);
                Vec::new()
            }
            Held::Alone(mut persons, then, joined) => {
                *persons = then;
                joined
            }
        }
    }
}

impl Joins {
    /// What the ledger knows of a feed.
    pub(super) fn open(facility: &str, lanes: u16, feed: &str, ledger: &Ledger) -> Result<Self, StoreError> {
        let mut persons = Persons::default();
        for joined in ledger.joined(feed)? {
            persons.join(&joined);
        }
        Ok(Self { facility: facility.to_owned(), lanes, persons: RwLock::new(persons) })
    }

    /// Puts messages into the lanes of their patients, in their order; to be called once they are about to be
    /// published, and the turn to be held until they are.
    pub(super) async fn place(&self, publications: &mut [Publication], now: Timestamp) -> Turn<'_> {
        if std::env::var("NOJOIN").is_ok() {
            return Turn(Held::Shared(self.persons.read().await));
        } // TEMP
        if !publications.iter().any(may_join) {
            let persons = self.persons.read().await;
            for publication in publications.iter_mut().filter(|_| !persons.0.is_empty()) {
                self.place_one(&persons, publication, JoinRole::Follows, now);
            }
            return Turn(Held::Shared(persons));
        }
        let persons = self.persons.write().await;
        let (mut then, mut news) = (persons.clone(), Vec::new());
        for publication in publications {
            let mut role = JoinRole::Follows;
            if let Some(joined) = joined(publication, now) {
                if then.join(&joined) {
                    role = JoinRole::Begins;
                }
                news.push(joined);
            }
            self.place_one(&then, publication, role, now);
        }
        Turn(Held::Alone(persons, then, news))
    }

    fn place_one(&self, persons: &Persons, publication: &mut Publication, role: JoinRole, now: Timestamp) {
        let Some(person) = persons.0.get(&publication.envelope.patient.0) else { return };
        let join = person.said(&self.facility, self.lanes, role);
        let ingest = topology::ingest();
        publication
            .to
            .iter_mut()
            .filter(|(queue, _)| *queue == ingest)
            .for_each(|(_, lane)| *lane = join.lane);
        publication.envelope.join = (now < person.until).then_some(join);
    }

    /// Notes what messages say that were accepted, and gives what the ledger has to hear of.
    pub(super) async fn note(&self, accepted: &[Delivery]) -> Vec<Joined> {
        let news: Vec<Joined> = accepted.iter().filter_map(|delivery| told(&delivery.envelope)).collect();
        if !news.is_empty() {
            let mut persons = self.persons.write().await;
            for joined in &news {
                persons.join(joined);
            }
        }
        news
    }
}

/// Entries of the ledger for what was joined.
pub(super) fn entries(feed: &str, joined: &[Joined]) -> Entries {
    let mut entries = Entries::default();
    joined.iter().for_each(|joined| entries.join(feed, joined));
    entries
}

/// Whether a message may say that patients became one. Cheap: almost none does.
fn may_join(publication: &Publication) -> bool {
    let Publication { envelope, body, .. } = publication;
    envelope.format == Format::Hl7v2 && envelope.fault.is_none() && hl7::has_merge(body)
}

/// The patients who became one by a message.
fn joined(publication: &Publication, now: Timestamp) -> Option<Joined> {
    if !may_join(publication) {
        return None;
    }
    let Publication { envelope, body, .. } = publication;
    let mut patients = BTreeSet::from_iter(hl7::merged(body));
    patients.insert(envelope.patient.0.clone());
    patients.remove("");
    let at = i64::try_from(now.as_nanosecond()).unwrap_or(i64::MAX);
    (patients.len() > 1).then(|| Joined { patients: patients.into_iter().collect(), at })
}

/// The same of a message that was accepted.
fn told(envelope: &Envelope) -> Option<Joined> {
    let join = envelope.join.as_ref().filter(|join| join.role == JoinRole::Begins)?;
    let at: Timestamp = envelope.accepted_at.parse().ok()?;
    let at = i64::try_from(at.as_nanosecond()).unwrap_or(i64::MAX);
    Some(Joined { patients: join.patients.iter().map(|patient| patient.0.clone()).collect(), at })
}
