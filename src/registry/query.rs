//! What is known about a person or a facility.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Fact, Identity, RecordId, Registry};

/// What one can ask about.
#[derive(Clone, PartialEq, Eq)]
pub enum Subject {
    /// The person behind a network id.
    Person(String),
    /// A facility, by its code.
    Facility(String),
    /// Whom a facility's local id stands for.
    Local {
        /// Facility.
        facility: String,
        /// The patient's id there.
        local_id: String,
    },
}

impl Registry {
    /// What `NETWORK-ID`, `FACILITY` or `FACILITY/LOCAL-ID` means.
    pub fn subject(&self, text: &str) -> Subject {
        match text.split_once('/') {
            Some((facility, local_id)) => {
                Subject::Local { facility: facility.to_owned(), local_id: local_id.to_owned() }
            }
            None if self.of_facility(text).next().is_some() => Subject::Facility(text.to_owned()),
            None => Subject::Person(text.to_owned()),
        }
    }

    /// All records about a subject: of a facility its own and its contracts, of a person everything, of a local id
    /// also what the person is under the network id that it is linked to at that time.
    pub fn about(&self, subject: &Subject, at: Timestamp) -> Vec<(&RecordId, &Fact)> {
        match subject {
            Subject::Facility(code) => self.of_facility(code).collect(),
            Subject::Person(network_id) => self.person(network_id),
            Subject::Local { facility, local_id } => match self.identity(facility, local_id, at) {
                Identity::Linked { network_id, .. } => self.person(&network_id.0),
                Identity::Unlinked | Identity::Ambiguous => {
                    let ids = self.one_person(facility, local_id, at);
                    once(ids.iter().flat_map(|id| self.of_local_id(facility, id)))
                }
            },
        }
    }

    /// All records of the person behind a network id, with the merges and removals of the local ids that are or were
    /// linked to it.
    pub fn person(&self, network_id: &str) -> Vec<(&RecordId, &Fact)> {
        let local = self.of_network_id(network_id).filter_map(|(_, fact)| match fact {
            Fact::Link(link) => Some(self.of_local_id(&link.facility, &link.local_id.0)),
            _ => None,
        });
        let merged = local.flatten().filter(|(_, fact)| !matches!(fact, Fact::Link(_)));
        once(self.of_network_id(network_id).chain(merged))
    }
}

fn once<'r>(records: impl Iterator<Item = (&'r RecordId, &'r Fact)>) -> Vec<(&'r RecordId, &'r Fact)> {
    let mut seen = BTreeSet::new();
    records.filter(|(id, _)| seen.insert(*id)).collect()
}
