//! What is kept of a patient: the evidence, and which diagnoses the last list held. No name, no id.

use jiff::civil::Date;

use super::age::AgeBand;
use super::count::Sex;
use super::disease::DiseaseId;
use super::evidence::{Evidence, Key};

/// How old somebody is, as far as it was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Age {
    #[default]
    Unknown,
    Born(Date),
    Band(AgeBand),
}

impl Age {
    /// A birth date, or the band of years that stands for it.
    pub(super) fn read(text: &str) -> Self {
        match text.parse() {
            Ok(date) => Self::Born(date),
            Err(_) => Self::Band(AgeBand::of_years(text)),
        }
    }

    pub(super) fn on(self, day: Date) -> AgeBand {
        match self {
            Self::Unknown => AgeBand::Unknown,
            Self::Born(birth) => AgeBand::on(birth, day),
            Self::Band(band) => band,
        }
    }
}

/// Evidence, what it is known by, and the record that told it last.
#[derive(Debug, Clone, Copy)]
pub(super) struct Item {
    pub(super) identity: Key,
    pub(super) record: Key,
    pub(super) evidence: Evidence,
}

/// A diagnosis that the last list held.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    pub(super) identity: Key,
    /// Whether it was new when it came first.
    pub(super) counts: bool,
    pub(super) has_ended: bool,
}

/// A patient as one facility knows them.
#[derive(Debug, Default)]
pub(super) struct Local {
    /// The person in the network, where the patient is linked.
    pub(super) network: Option<Key>,
    pub(super) age: Age,
    pub(super) sex: Sex,
    pub(super) items: Vec<Item>,
    pub(super) problems: Vec<Known>,
}

impl Local {
    /// Puts evidence in the place of what is known by that identity.
    pub(super) fn replace(&mut self, identity: Key, record: Key, evidence: Vec<Evidence>) {
        self.items.retain(|item| item.identity != identity);
        self.items.extend(evidence.into_iter().map(|evidence| Item { identity, record, evidence }));
    }

    /// Drops what that record told and does not tell any more.
    pub(super) fn keep_of(&mut self, record: Key, told: &[Key]) {
        self.items.retain(|item| item.record != record || told.contains(&item.identity));
    }

    /// The diseases that there is evidence of.
    pub(super) fn diseases(&self) -> impl Iterator<Item = DiseaseId> {
        self.items.iter().map(|item| item.evidence.disease)
    }

    pub(super) fn evidence(&self, disease: DiseaseId) -> impl Iterator<Item = Evidence> {
        self.items.iter().map(|item| item.evidence).filter(move |one| one.disease == disease)
    }
}
