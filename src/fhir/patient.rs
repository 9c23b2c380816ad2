//! `Patient` (JP_Patient).

use serde_json::Value;

use super::bundle::Bundle;
use super::element::{date, identifier, text};
use super::object::{Object, absent};
use super::system;
use crate::canonical::{Address, CanonicalEvent, Content, PatientUpdate, PersonName, Script, Sex};

/// Extension of JP_HumanName: in what script a name is written (ISO 21090).
const SCRIPT: &str = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation";

/// The event's patient; of an event of the kind `patient` with all that it says.
pub(super) fn resource(bundle: &Bundle<'_>, event: &CanonicalEvent<'_>) -> Option<Object> {
    let patient = event.patient.as_ref()?;
    let id = identifier(&system::patients(bundle.facility()), Some(&patient.id)).unwrap_or_else(absent);
    let resource = Object::resource("Patient", "JP_Patient")
        .put("identifier", vec![id])
        .put("name", patient.names.iter().filter_map(name).collect::<Vec<_>>())
        .put("gender", patient.sex.map(gender))
        .put("birthDate", date(patient.birth_date.as_ref()));
    Some(match &event.content {
        Content::Patient(update) => updated(resource, update, bundle.is_deleted),
        _ => resource,
    })
}

fn updated(resource: Object, update: &PatientUpdate<'_>, is_deleted: bool) -> Object {
    let telephones = update.telephones.iter().filter_map(|number| {
        let number = text(Some(number))?;
        Object::new().put("system", "phone").put("value", number).some()
    });
    resource
        .put("active", !is_deleted)
        .put("telecom", telephones.collect::<Vec<_>>())
        .put("address", update.addresses.iter().filter_map(address).collect::<Vec<_>>())
        .put("deceasedBoolean", update.deceased.map(Value::from))
}

fn name(name: &PersonName<'_>) -> Option<Value> {
    let script = name.script.map(|script| match script {
        Script::Ideographic => "IDE",
        Script::Phonetic => "SYL",
        Script::Alphabetic => "ABC",
    });
    let extension = script.and_then(|code| Object::new().put("url", SCRIPT).put("valueCode", code).some());
    let given: Vec<_> = text(name.given.as_deref()).into_iter().collect();
    let parts = Object::new().put("family", text(name.family.as_deref())).put("given", given).some()?;
    let said =
        [&name.family, &name.given].into_iter().flatten().map(AsRef::as_ref).collect::<Vec<&str>>().join(" ");
    let whole = Object::new()
        .put("extension", extension.into_iter().collect::<Vec<_>>())
        .put("text", text(Some(&said)))
        .put("family", parts.get("family").cloned())
        .put("given", parts.get("given").cloned());
    whole.some()
}

/// `administrative-gender`.
const fn gender(sex: Sex) -> &'static str {
    match sex {
        Sex::Male => "male",
        Sex::Female => "female",
        Sex::Other => "other",
        Sex::Unknown => "unknown",
    }
}

fn address(address: &Address<'_>) -> Option<Value> {
    let use_of = match address.use_code.as_deref() {
        Some("H") => Some("home"),
        Some("B" | "O") => Some("work"),
        Some("C") => Some("temp"),
        _ => None,
    };
    let parts = Object::new()
        .put("text", text(address.text.as_deref()))
        .put("postalCode", text(address.postal_code.as_deref()))
        .some()?;
    Object::new()
        .put("use", use_of)
        .put("text", parts.get("text").cloned())
        .put("postalCode", parts.get("postalCode").cloned())
        .some()
}
