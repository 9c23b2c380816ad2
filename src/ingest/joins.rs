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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;
    use crate::store::SledKv;

    const FACILITY: &str = "3210100018";
    const LANES: u16 = 8;

    fn ledger(folder: &tempfile::TempDir) -> Ledger {
        Ledger::new(Arc::new(SledKv::open(folder.path()).unwrap().0))
    }

    fn sent(patient: &str, more: &str) -> Publication {
        let text = format!(
            r#"{{"id":"1","facility":"{FACILITY}","patient":"{patient}","change":"created","key":"k","version":"1","origin":{{"feed":"f","file":"f","offset":0,"hash":"h"}},"accepted_at":"2026-11-22T00:00:00Z"}}"#
        );
        let body = format!("MSH|^~\\&|A|B|C|D|20261122||ADT^A40|1|P|2.5\rPID|1||{patient}^^^^PI\r{more}");
        let lane = Lane::of(FACILITY, patient, LANES);
        Publication {
            to: vec![(topology::ingest(), lane), (topology::accepted("f"), Lane(0))],
            envelope: serde_json::from_str(&text).unwrap(),
            body: Bytes::from(body),
        }
    }

    /// Two patients, the first in the lower lane.
    fn two() -> [String; 2] {
        let mut all: Vec<_> = (0..20).map(|patient| patient.to_string()).collect();
        all.sort_by_key(|patient| Lane::of(FACILITY, patient, LANES));
        [all.swap_remove(0), all.pop().unwrap()]
    }

    #[tokio::test]
    async fn a_join_lasts_and_is_told_for_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let (ledger, [low, high]) = (ledger(&folder), two());
        let joins = Joins::open(FACILITY, LANES, "f", &ledger).unwrap();
        let now: Timestamp = "2026-11-22T00:00:00Z".parse().unwrap();
        let lane = Lane::of(FACILITY, &high, LANES);
        let mut batch =
            [sent(&low, ""), sent(&low, &format!("MRG|{high}^^^^PI\r")), sent(&high, ""), sent("x", "")];
        drop(joins.place(&mut batch, now).await);
        let mut later = [sent(&low, "")];
        drop(joins.place(&mut later, now).await);
        assert_eq!(later[0].envelope.join, None, "a publication that failed joins nobody");
        let joined = joins.place(&mut batch, now).await.done();
        let roles = batch.each_ref().map(|one| one.envelope.join.as_ref().map(|join| join.role));
        assert_eq!(roles, [None, Some(JoinRole::Begins), Some(JoinRole::Follows), None]);
        assert_eq!(batch.each_ref().map(|one| one.to[0].1)[1..3], [lane, lane]);
        assert_eq!(batch[0].to[0].1, Lane::of(FACILITY, &low, LANES));
        assert_eq!(batch[1].to[1].1, Lane(0));
        let others = &batch[1].envelope.join.as_ref().unwrap().others;
        assert_eq!(others, &[Lane::of(FACILITY, &low, LANES)]);

        ledger.write(entries("f", &joined)).unwrap();
        let joins = Joins::open(FACILITY, LANES, "f", &ledger).unwrap();
        for (after, is_told) in [(29, true), (31, false)] {
            let now = now.checked_add(Duration::from_secs(after * 24 * 3600)).unwrap();
            let mut later = [sent(&low, "")];
            drop(joins.place(&mut later, now).await);
            assert_eq!((later[0].to[0].1, later[0].envelope.join.is_some()), (lane, is_told));
        }
        assert!(Joins::open(FACILITY, LANES, "other", &ledger).unwrap().persons.read().await.0.is_empty());
    }

    #[test]
    fn every_former_id_is_read() {
        let ids = |more: &str| hl7::merged(&sent("9", more).body);
        assert_eq!(ids("MRG|1^^^^PI~2^^^^XX|\"\"||3\r"), ["9", "1", "2"]);
        assert_eq!(ids("MRG||||3\r"), ["9", "3"]);
        assert_eq!(ids("MRG|1\rPID|2||8~7\rMRG|2\r"), ["9", "1", "8", "2"]);
        assert!(hl7::has_merge(b"MSH|x\nMRG|1") && !hl7::has_merge(b"MSH|MRG|1\rMRGX|1"));
    }

    #[test]
    fn too_many_ids_for_an_envelope_are_left_out_and_the_lanes_are_not() {
        let patients = (0..1_000).map(|number| format!("patient-{number}")).collect();
        let said = Person { patients, until: Timestamp::MAX }.said(FACILITY, LANES, JoinRole::Begins);
        assert!(said.patients.is_empty() && said.lane == Lane(7) && said.others.len() == 7);
    }

    proptest! {
        /// What is joined does not depend on the order in which it is heard, nor on how often.
        #[test]
        fn joins_commute(pairs in proptest::collection::vec((0_u8..12, 0_u8..12), 0..12), turn in any::<prop::sample::Index>()) {
            let joined = |(one, other): &(u8, u8)| Joined { patients: vec![one.to_string(), other.to_string()], at: 0 };
            let mut other_way = pairs.clone();
            if !pairs.is_empty() {
                other_way.rotate_left(turn.index(pairs.len()));
                other_way.push(other_way[0]);
            }
            let fold = |pairs: &[(u8, u8)]| {
                let mut persons = Persons::default();
                for pair in pairs {
                    persons.join(&joined(pair));
                }
                (0..12_u8).map(|patient| persons.0.get(&patient.to_string()).map(|person| person.said(FACILITY, LANES, JoinRole::Follows))).collect::<Vec<_>>()
            };
            prop_assert_eq!(fold(&pairs), fold(&other_way));
        }
    }
}
