//! The Bundle and what is in every one: the patient and the facility.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::element::{identifier, text};
use super::object::{Object, absent};
use super::{patient, system};
use crate::canonical::{CanonicalEvent, Practitioner};
use crate::envelope::{Change, Envelope};

/// A bundle under way.
pub(super) struct Bundle<'e> {
    envelope: &'e Envelope,
    /// Whether the record was withdrawn at its source.
    pub(super) is_deleted: bool,
    entries: Vec<Value>,
    subject: Option<Value>,
    /// The facility.
    pub(super) organisation: Value,
    /// Practitioners that are in it already, by id and name.
    practitioners: BTreeMap<[Option<String>; 3], Value>,
}

impl<'e> Bundle<'e> {
    /// A bundle with the event's facility and patient.
    pub(super) fn new(event: &CanonicalEvent<'_>, envelope: &'e Envelope) -> Self {
        let mut bundle = Self {
            envelope,
            is_deleted: event.change == Change::Deleted,
            entries: Vec::new(),
            subject: None,
            organisation: Value::Null,
            practitioners: BTreeMap::new(),
        };
        let patient = patient::resource(&bundle, event);
        let facility = Object::resource("Organization", "JP_Organization").put(
            "identifier",
            identifier(system::FACILITY, Some(bundle.facility())).into_iter().collect::<Vec<_>>(),
        );
        bundle.organisation = bundle.add("facility", facility);
        bundle.subject = patient.map(|patient| {
            let organisation = bundle.organisation.clone();
            bundle.add("patient", patient.put("managingOrganization", organisation))
        });
        bundle
    }

    /// 10-digit code of the facility.
    pub(super) fn facility(&self) -> &'e str {
        &self.envelope.facility
    }

    /// Whom it is about.
    pub(super) fn subject(&self) -> Value {
        self.subject.clone().unwrap_or_else(absent)
    }

    /// Adds a resource and gives the reference to it. `place` tells it from others of its type in the message.
    pub(super) fn add(&mut self, place: &str, resource: Object) -> Value {
        let resource = resource.value();
        let resource_type = resource["resourceType"].as_str().unwrap_or_default();
        let url = format!("urn:uuid:{}", uuid(&[&self.envelope.id, resource_type, place]));
        self.entries.push(json!({ "fullUrl": url, "resource": resource }));
        json!({ "reference": url })
    }

    /// The reference to a practitioner, who is added once.
    pub(super) fn practitioner(&mut self, person: Option<&Practitioner<'_>>) -> Option<Value> {
        let person = person?;
        let key = [&person.id, &person.family, &person.given].map(|part| part.as_deref().map(str::to_owned));
        if let Some(reference) = self.practitioners.get(&key) {
            return Some(reference.clone());
        }
        let id = identifier(&system::doctors(self.facility()), person.id.as_deref());
        let given: Vec<_> = text(person.given.as_deref()).into_iter().collect();
        let name = Object::new().put("family", text(person.family.as_deref())).put("given", given).some();
        if id.is_none() && name.is_none() {
            return None;
        }
        let resource = Object::resource("Practitioner", "JP_Practitioner");
        let resource = resource.put("identifier", id.into_iter().collect::<Vec<_>>());
        let resource = resource.put("name", name.into_iter().collect::<Vec<_>>());
        let reference = self.add(&person.at.to_string(), resource);
        self.practitioners.insert(key, reference.clone());
        Some(reference)
    }

    /// `Bundle`: the same for the same event.
    pub(super) fn finish(self) -> Value {
        Object::new()
            .put("resourceType", "Bundle")
            .put("id", self.envelope.id.as_str())
            .put("type", "collection")
            .put("timestamp", self.envelope.accepted_at.as_str())
            .put("entry", self.entries)
            .value()
    }
}

/// A UUID of version 8 (RFC 9562, 5.8): the beginning of a hash.
fn uuid(parts: &[&str]) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(part.as_bytes()).update(&[0]);
    }
    let mut bytes = [0; 16];
    hasher.finalize_xof().fill(&mut bytes);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut text = String::with_capacity(36);
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_the_same_for_the_same_parts_and_of_version_8() {
        let one = uuid(&["a", "b"]);
        assert_eq!(one, uuid(&["a", "b"]));
        assert_ne!(one, uuid(&["ab", ""]));
        assert_eq!(one.len(), 36);
        assert_eq!(one.as_bytes()[14], b'8', "{one}");
        assert!(matches!(one.as_bytes()[19], b'8' | b'9' | b'a' | b'b'), "{one}");
    }
}
