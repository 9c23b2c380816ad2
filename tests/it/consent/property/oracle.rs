//! A second reading of the registry's entries: as the rules are written, from the whole list, every time.

use std::collections::BTreeSet;

use jiff::Timestamp;
use musubi::registry::{ContractKind, Entry, Fact, Merge, Period, Purpose};
use serde_json::Value;

/// The entries so far, who sends, and when it is asked.
pub(super) struct Asked<'a> {
    pub(super) entries: &'a [Entry],
    pub(super) facility: &'a str,
    pub(super) at: Timestamp,
}

/// The fact with that end; none of a fact that has no end.
pub(super) fn ended(fact: &Fact, until: Timestamp) -> Option<Fact> {
    let mut value = serde_json::to_value(fact).unwrap();
    value.get("from")?;
    value["until"] = until.to_string().into();
    serde_json::from_value(value).ok()
}

/// All that is the same over the versions of a record.
fn record(fact: &Fact) -> Value {
    let mut value = serde_json::to_value(fact).unwrap();
    value.as_object_mut().unwrap().remove("until");
    value
}

impl Asked<'_> {
    /// The last version of every record, at the place of the first one.
    fn facts(&self) -> Vec<&Fact> {
        let mut facts: Vec<(Value, &Fact)> = Vec::new();
        for Entry { fact, .. } in self.entries {
            let record = record(fact);
            match facts.iter_mut().find(|(known, _)| *known == record) {
                Some(known) => known.1 = fact,
                None => facts.push((record, fact)),
            }
        }
        facts.into_iter().map(|(_, fact)| fact).collect()
    }

    fn holds(&self, period: Period) -> bool {
        period.from <= self.at && period.until.is_none_or(|until| self.at < until)
    }

    /// Whether the last word on two local ids is that they are one.
    fn joined(&self, facts: &[&Fact], one: &str, other: &str) -> bool {
        let of_pair = |merge: &Merge| {
            let pair = [merge.former.0.as_str(), merge.into.0.as_str()];
            merge.facility == self.facility
                && merge.at <= self.at
                && (pair == [one, other] || pair == [other, one])
        };
        let mut last: Option<(Timestamp, bool)> = None;
        for fact in facts {
            let (merge, joins) = match fact {
                Fact::Merge(merge) => (merge, true),
                Fact::Unmerge(merge) => (merge, false),
                _ => continue,
            };
            if of_pair(merge) && last.is_none_or(|(at, _)| at <= merge.at) {
                last = Some((merge.at, joins));
            }
        }
        last.is_some_and(|(_, joins)| joins)
    }

    /// The one network id that the local id is linked to.
    fn network_id(&self, facts: &[&Fact], local_id: &str) -> Option<String> {
        let mut ids = BTreeSet::from([local_id.to_owned()]);
        loop {
            let others =
                super::PATIENTS.iter().filter(|other| ids.iter().any(|id| self.joined(facts, id, other)));
            let more: BTreeSet<String> = others.map(|id| (*id).to_owned()).collect();
            if more.is_subset(&ids) {
                break;
            }
            ids.extend(more);
        }
        let removed = |id: &str, from: Timestamp| {
            facts.iter().any(|fact| {
                matches!(fact, Fact::Removal(removal) if removal.facility == self.facility
                    && removal.local_id.0 == id && removal.at >= from && removal.at <= self.at)
            })
        };
        let links = facts.iter().filter_map(|fact| match fact {
            Fact::Link(link)
                if link.facility == self.facility
                    && ids.contains(&link.local_id.0)
                    && self.holds(link.period)
                    && !removed(&link.local_id.0, link.period.from) =>
            {
                Some(link.network_id.0.clone())
            }
            _ => None,
        });
        let network_ids: BTreeSet<_> = links.collect();
        network_ids.first().filter(|_| network_ids.len() == 1).cloned()
    }

    /// member ∧ linked ∧ consent of the viewer for the purpose ∧ not withdrawn.
    pub(super) fn may_view(&self, patient: Option<&str>, viewer: &str, purpose: Purpose) -> bool {
        let facts = self.facts();
        let Some(who) = patient.and_then(|patient| self.network_id(&facts, patient)) else { return false };
        let member = facts
            .iter()
            .any(|fact| matches!(fact, Fact::Member(member) if member.network_id.0 == who && self.holds(member.period)));
        let consents = facts.iter().any(|fact| {
            matches!(fact, Fact::ViewConsent(consent) if consent.network_id.0 == who && consent.facility == viewer
                && consent.purpose == purpose && self.holds(consent.period))
        });
        member && consents
    }

    /// linked ∧ an emergency access of the viewer.
    pub(super) fn in_emergency(&self, patient: Option<&str>, viewer: &str) -> bool {
        let facts = self.facts();
        let Some(who) = patient.and_then(|patient| self.network_id(&facts, patient)) else { return false };
        facts.iter().any(|fact| {
            matches!(fact, Fact::Emergency(access) if access.network_id.0 == who && access.facility == viewer
                && self.holds(access.period))
        })
    }

    /// A contract of the kind is in force, or there never was one.
    pub(super) fn takes_part(&self, kind: ContractKind) -> bool {
        let facts = self.facts();
        let mut contracts = facts.iter().filter_map(|fact| match fact {
            Fact::Contract(contract) if contract.kind == kind && contract.facility == self.facility => {
                Some(contract)
            }
            _ => None,
        });
        let mut none = true;
        contracts.any(|contract| {
            none = false;
            self.holds(contract.period)
        }) || none
    }
}

/// Paths of all values, through lists; not the places of objects.
pub(super) fn paths(value: &Value) -> BTreeSet<String> {
    fn walk(value: &Value, path: &str, paths: &mut BTreeSet<String>) {
        match value {
            Value::Array(elements) => elements.iter().for_each(|element| walk(element, path, paths)),
            Value::Object(fields) => {
                fields.iter().filter(|(key, _)| *key != "at").for_each(|(key, child)| {
                    walk(child, &format!("{path}{}{key}", if path.is_empty() { "" } else { "." }), paths);
                })
            }
            Value::Null => {}
            _ => drop(paths.insert(path.into())),
        }
    }
    let mut found = BTreeSet::new();
    walk(value, "", &mut found);
    found
}
