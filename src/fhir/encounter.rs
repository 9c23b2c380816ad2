//! `Encounter` and `Location` (JP_Encounter, JP_Location).

use serde_json::{Value, json};

use super::bundle::Bundle;
use super::element::{concept, date_time, word};
use super::object::Object;
use crate::canonical::{Encounter, EncounterClass, EncounterEvent, Location};

pub(super) fn add(bundle: &mut Bundle<'_>, encounter: &Encounter<'_>) {
    let participants: Vec<_> = encounter
        .attending
        .iter()
        .filter_map(|person| {
            let individual = bundle.practitioner(Some(person))?;
            let attender = word("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "ATND");
            Some(json!({ "type": [attender], "individual": individual }))
        })
        .collect();
    let location = encounter.location.as_ref().and_then(|location| add_location(bundle, location));
    let facility = bundle.facility();
    let resource = Object::resource("Encounter", "JP_Encounter")
        .put("status", status(encounter.event, bundle.is_deleted))
        .require("class", encounter.class.and_then(class))
        .put("serviceType", concept(encounter.department.as_ref(), facility, None))
        .put("subject", bundle.subject())
        .put("participant", participants)
        .put("period", period(encounter))
        .put("location", location.map(|location| json!([{ "location": location }])))
        .put("serviceProvider", bundle.organisation.clone());
    bundle.add("encounter", resource);
}

/// `encounter-status`. What was planned or done and is taken back was cancelled.
const fn status(event: EncounterEvent, is_deleted: bool) -> &'static str {
    if is_deleted {
        return "cancelled";
    }
    match event {
        EncounterEvent::Visit => "arrived",
        EncounterEvent::AdmissionPlanned => "planned",
        EncounterEvent::Leave => "onleave",
        EncounterEvent::Discharge => "finished",
        EncounterEvent::Admission
        | EncounterEvent::LeaveReturn
        | EncounterEvent::TransferPlanned
        | EncounterEvent::Transfer
        | EncounterEvent::DischargePlanned
        | EncounterEvent::ClassChange
        | EncounterEvent::AttendingChange => "in-progress",
    }
}

/// `v3-ActCode`; other classes have no code there.
fn class(class: EncounterClass) -> Option<Value> {
    let code = match class {
        EncounterClass::Inpatient => "IMP",
        EncounterClass::Outpatient => "AMB",
        EncounterClass::Emergency => "EMER",
        EncounterClass::Other => return None,
    };
    Some(json!({ "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": code }))
}

/// What the message says of begin and end; what happened is one of them where no field says it.
fn period(encounter: &Encounter<'_>) -> Option<Value> {
    let occurred = |event| encounter.occurred_at.filter(|_| encounter.event == event);
    let begins = [EncounterEvent::Visit, EncounterEvent::Admission].into_iter().find_map(occurred);
    let start = encounter.admitted_at.or(begins);
    let end = encounter.discharged_at.or_else(|| occurred(EncounterEvent::Discharge));
    Object::new().put("start", date_time(start.as_ref())).put("end", date_time(end.as_ref())).some()
}

fn add_location(bundle: &mut Bundle<'_>, location: &Location<'_>) -> Option<Value> {
    let parts = [&location.point_of_care, &location.room, &location.bed];
    let name = parts.into_iter().flatten().map(AsRef::as_ref).collect::<Vec<&str>>().join(" ");
    let name = super::element::text(Some(&name))?;
    let resource = Object::resource("Location", "JP_Location").put("name", name);
    Some(bundle.add(&location.at.to_string(), resource))
}
