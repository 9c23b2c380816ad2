//! What can be seen of an entry only with others, known ones and those of its batch.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::super::{Entry, Fact, Link, Period, RecordId, Registry, identity};
use super::{Refusal, Why, codes};

const UNKNOWN: Why =
    ("unknown-facility", "no facility has this code, in the registry or in what is entered with it");
const NOT_IN_FORCE: Why =
    ("facility-not-in-force", "the facility does not belong to the network when this begins");
const TWICE: Why =
    ("two-facilities", "two facilities have this code at the same time: end the earlier one first");
const NO_MEMBER: Why = ("no-member", "the network id belongs to no member when this begins");
const TWO_IDS: Why =
    ("two-network-ids", "the local id is linked to another network id at the same time: end that first");
const CYCLE: Why = ("merge-cycle", "the merges lead back to the id from which they start");
const UNFOUNDED: Why = ("unmerge-without-merge", "the two ids are not merged at that time");

/// All that is wrong with the new entries of a batch, seen with everything else.
pub(super) fn check(registry: &Registry, batch: &[Entry], new: &[(usize, RecordId)]) -> Vec<Refusal> {
    let entries: Vec<_> =
        new.iter().filter_map(|(index, id)| Some((*index, id, batch.get(*index)?))).collect();
    let mut all = registry.around(entries.iter().map(|(.., entry)| &entry.fact));
    entries.iter().for_each(|(_, id, entry)| all.put((*id).clone(), (*entry).clone()));
    let places = new.iter().map(|(index, id)| (id, *index)).collect();
    let mut check = Together { all, places, seen: HashSet::new(), refusals: Vec::new() };
    for (index, id, entry) in entries {
        // A new version of a record does not have to say again where it belongs.
        if registry.record(id).is_none() {
            check.facilities(index, &entry.fact);
            check.member(index, &entry.fact);
        }
        match &entry.fact {
            Fact::Facility(_) => check.only_one_facility(index, id, &entry.fact),
            Fact::Link(link) => check.only_one_network_id(index, link),
            Fact::Merge(_) | Fact::Unmerge(_) => check.merges(&entry.fact),
            _ => {}
        }
    }
    check.refusals
}

struct Together<'b> {
    /// The batch and what it has to do with.
    all: Registry,
    /// Where in the batch the new records stand.
    places: HashMap<&'b RecordId, usize>,
    /// Local ids whose merges were looked at.
    seen: HashSet<(String, String)>,
    refusals: Vec<Refusal>,
}

impl Together<'_> {
    fn refuse(&mut self, index: usize, why: Why, other: Option<usize>) {
        self.refusals.push(Refusal::new(index, why, other));
    }

    /// The facilities that a fact names are known, and in force when it begins; what a facility says of its own records
    /// is taken from one that left, too.
    fn facilities(&mut self, index: usize, fact: &Fact) {
        let begins = match fact {
            // What waits may be anybody's, also of one who is no member.
            Fact::Facility(_) | Fact::Hold(_) => return,
            Fact::Merge(_) | Fact::Unmerge(_) | Fact::Removal(_) => None,
            _ => Some(fact.period().from),
        };
        for code in codes(fact) {
            let periods = self.all.of_facility(code).filter_map(|(_, fact)| match fact {
                Fact::Facility(facility) => Some(facility.period),
                _ => None,
            });
            let periods: Vec<_> = periods.collect();
            if periods.is_empty() {
                return self.refuse(index, UNKNOWN, None);
            }
            if begins.is_some_and(|at| !periods.iter().any(|period| period.holds(at))) {
                return self.refuse(index, NOT_IN_FORCE, None);
            }
        }
    }

    /// A network id belongs to a member when the fact begins; for an emergency it is enough that it once did.
    fn member(&mut self, index: usize, fact: &Fact) {
        let Some(network_id) = fact.network_id().filter(|_| !matches!(fact, Fact::Member(_))) else { return };
        let at = fact.period().from;
        let counts = |period: Period| matches!(fact, Fact::Emergency(_)) || period.holds(at);
        let is_member = |fact: &Fact| matches!(fact, Fact::Member(member) if counts(member.period));
        if !self.all.of_network_id(&network_id.0).any(|(_, fact)| is_member(fact)) {
            self.refuse(index, NO_MEMBER, None);
        }
    }

    fn only_one_facility(&mut self, index: usize, id: &RecordId, fact: &Fact) {
        let Some(code) = fact.facility() else { return };
        let other = self.all.of_facility(code).find(|(other, known)| {
            *other != id && matches!(known, Fact::Facility(_)) && known.period().meets(&fact.period())
        });
        if let Some((other, _)) = other {
            let other = self.places.get(other).copied();
            self.refuse(index, TWICE, other);
        }
    }

    /// No other network id is linked to the local id at any time of the link; nor, when it begins, to a local id that is
    /// merged with it. A later merge may still bring two together: that is a fact of the facility, and the identity is
    /// ambiguous from then on.
    fn only_one_network_id(&mut self, index: usize, link: &Link) {
        let period = self.all.period_of(link);
        let person = self.all.one_person(&link.facility, &link.local_id.0, link.period.from);
        let other = person.iter().find_map(|id| {
            self.all.of_local_id(&link.facility, id).find_map(|(record, fact)| {
                let Fact::Link(other) = fact else { return None };
                let its = self.all.period_of(other);
                let together =
                    if *id == link.local_id.0 { its.meets(&period) } else { its.holds(period.from) };
                let contradicts = other.local_id.0 == *id && other.network_id != link.network_id && together;
                contradicts.then(|| self.places.get(record).copied())
            })
        });
        if let Some(other) = other {
            self.refuse(index, TWO_IDS, other);
        }
    }

    /// Looks at all merges that have to do with this one, once.
    fn merges(&mut self, fact: &Fact) {
        let Some(facility) = fact.facility() else { return };
        let Some(id) = identity::local_ids(fact).first().map(|id| id.0.clone()) else { return };
        let ids = self.all.ever_merged(facility, &id, &mut self.seen);
        let found = self.all.contradictions(facility, &ids);
        for (records, why) in [(found.cycles, CYCLE), (found.unfounded, UNFOUNDED)] {
            let indexes: BTreeSet<_> = records.iter().filter_map(|id| self.places.get(id).copied()).collect();
            for index in &indexes {
                let other = indexes.iter().copied().find(|other| other != index && why == CYCLE);
                self.refuse(*index, why, other);
            }
        }
    }
}

impl Registry {
    /// When a link counts: the removal of the facility's record ends it.
    fn period_of(&self, link: &Link) -> Period {
        let removed = self.of_local_id(&link.facility, &link.local_id.0).filter_map(|(_, fact)| match fact {
            Fact::Removal(removal) if removal.at >= link.period.from => Some(removal.at),
            _ => None,
        });
        let until = removed.chain(link.period.until).min();
        Period { from: link.period.from, until }
    }
}
