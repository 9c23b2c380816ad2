//! `Specimen` (JP_Specimen_Common).

use serde_json::{Value, json};

use super::bundle::Bundle;
use super::element::{concept, date_time, identifier};
use super::object::Object;
use super::system;
use crate::canonical::{PartialTime, Specimen};

/// Specimens of a message, by their number.
pub(super) struct Specimens(Vec<(Value, Option<PartialTime>)>);

impl Specimens {
    pub(super) fn add(bundle: &mut Bundle<'_>, specimens: &[Specimen<'_>]) -> Self {
        let add = |specimen: &Specimen<'_>| {
            let facility = bundle.facility();
            let id = identifier(&system::local_ids(facility, "specimen"), specimen.id.as_deref());
            let collected = date_time(specimen.collected_at.as_ref());
            let resource = Object::resource("Specimen", "JP_Specimen_Common")
                .put("identifier", id.into_iter().collect::<Vec<_>>())
                .put("type", concept(specimen.material.as_ref(), facility, None))
                .put("subject", bundle.subject())
                .put("collection", collected.map(|time| json!({ "collectedDateTime": time })));
            (bundle.add(&specimen.at.to_string(), resource), specimen.collected_at)
        };
        Self(specimens.iter().map(add).collect())
    }

    /// The reference to the specimen of that number, from 1, and when it was collected.
    pub(super) fn get(&self, number: Option<usize>) -> Option<(&Value, Option<&PartialTime>)> {
        let (reference, collected) = self.0.get(number?.checked_sub(1)?)?;
        Some((reference, collected.as_ref()))
    }
}
