//! What an event changes in what is known of a patient.

use jiff::civil::Date;

use super::event::Data;
use super::evidence::{Calendar, Key, Keys};
use super::person::{Known, Local};
use super::table::Tables;
use super::{diagnosis, drug, lab};

/// An event about a patient, and what it takes to read it.
pub(super) struct News<'a> {
    pub(super) data: &'a Data,
    pub(super) facility: usize,
    /// The record that the event is a version of.
    pub(super) record: Key,
    /// Whether the event takes its record back.
    pub(super) is_deleted: bool,
    pub(super) calendar: &'a Calendar,
    pub(super) tables: &'a Tables,
    pub(super) keys: &'a Keys,
}

/// What was told beside the evidence.
#[derive(Default)]
pub(super) struct Told {
    /// Days of which there is evidence.
    pub(super) days: Vec<Date>,
    /// What stands for one of several diseases, and does not say for which.
    pub(super) undecided: Vec<Key>,
}

impl News<'_> {
    /// Takes results in: a later version of a record, and a correction of a result, take the place of what was known.
    pub(super) fn results(&self, local: &mut Local) -> Told {
        let (mut identities, mut told) = (Vec::new(), Told::default());
        for result in lab::read(self.data, self.facility, self.calendar, self.tables) {
            let identity = self.keys.of(&["test", &result.identity]);
            identities.push(identity);
            match result.finding {
                _ if self.is_deleted => local.replace(identity, self.record, Vec::new()),
                lab::Finding::Positive(evidence) => {
                    told.days.extend(evidence.iter().map(|one| one.date));
                    local.replace(identity, self.record, evidence);
                }
                lab::Finding::Withdrawn => local.replace(identity, self.record, Vec::new()),
                lab::Finding::Pending => {}
                lab::Finding::Undecided => told.undecided.push(identity),
            }
        }
        local.keep_of(self.record, if self.is_deleted { &[] } else { &identities });
        told
    }

    /// Takes drugs in.
    pub(super) fn drugs(&self, local: &mut Local) -> Told {
        let (mut identities, mut told) = (Vec::new(), Told::default());
        for drug in drug::read(self.data, self.facility, self.calendar, self.tables) {
            let identity = self.keys.of(&["drug", &drug.identity]);
            identities.push(identity);
            told.days.extend(drug.evidence.iter().map(|one| one.date));
            let evidence = if self.is_deleted { Vec::new() } else { drug.evidence };
            local.replace(identity, self.record, evidence);
        }
        local.keep_of(self.record, if self.is_deleted { &[] } else { &identities });
        told
    }

    /// Compares a list of diagnoses with the one before. What is on it for the first time counts if it is recent;
    /// what has gone is taken back, unless the illness had ended.
    pub(super) fn problems(&self, local: &mut Local) -> Told {
        let list = self.keys.of(&["diagnoses"]);
        let is_whole = self.data.snapshot;
        let before = std::mem::take(&mut local.problems);
        let (mut identities, mut told) = (Vec::new(), Told::default());
        let listed = diagnosis::read(self.data, self.facility, self.calendar, self.tables).into_iter();
        for one in listed.filter(|_| !(self.is_deleted && is_whole)) {
            let identity = self.keys.of(&["diagnosis", &one.identity]);
            identities.push(identity);
            if one.is_deleted || self.is_deleted {
                local.replace(identity, list, Vec::new());
                continue;
            }
            let known = before.iter().find(|known| known.identity == identity);
            let counts = known.map_or(one.is_recent, |known| known.counts);
            if one.is_undecided && counts {
                told.undecided.push(identity);
            }
            let evidence = if counts { one.evidence } else { Vec::new() };
            told.days.extend(evidence.iter().map(|one| one.date));
            local.replace(identity, list, evidence);
            local.problems.push(Known { identity, counts, has_ended: one.has_ended });
        }
        for known in before.into_iter().filter(|known| !identities.contains(&known.identity)) {
            if is_whole && (self.is_deleted || !known.has_ended) {
                local.replace(known.identity, list, Vec::new());
            } else {
                local.problems.push(known);
            }
        }
        told
    }
}
