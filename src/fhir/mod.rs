//! FHIR R4 by the profiles of JP Core: another body for the kinds that have one.
//!
//! An event becomes a Bundle of type `collection`, with the patient, the facility, and what the event is about. Every
//! resource names the profile that it is made for; where a profile requires what the message does not give, the
//! element says so by the extension `data-absent-reason`. What FHIR has no place for is not in the bundle: the
//! canonical event is the complete one.
//!
//! Profiles and the addresses of code systems are those of JP Core 1.2 (<https://jpfhir.jp/fhir/core/>), FHIR 4.0.1.

mod bundle;
mod condition;
mod document;
mod element;
mod encounter;
mod medication;
mod object;
mod observation;
mod order;
mod patient;
mod service_request;
mod specimen;
mod system;

use serde_json::Value;

use crate::canonical::{CanonicalEvent, Content, Kind};
use crate::envelope::Envelope;
use bundle::Bundle;

/// Whether events of that kind have a body in FHIR.
pub const fn offers(kind: Kind) -> bool {
    match kind {
        Kind::Patient
        | Kind::Encounter
        | Kind::Diagnosis
        | Kind::Prescription
        | Kind::LabOrder
        | Kind::LabResult
        | Kind::ImagingOrder
        | Kind::EndoscopyOrder
        | Kind::PhysiologyOrder
        | Kind::PhysiologyResult
        | Kind::Referral
        | Kind::ReferralReply
        | Kind::Document => true,
        Kind::Merge
        | Kind::Allergy
        | Kind::Injection
        | Kind::Administration
        | Kind::DietOrder
        | Kind::ImagingPerformed
        | Kind::EndoscopyPerformed
        | Kind::Report
        | Kind::Appointment
        | Kind::Checkup
        | Kind::Message => false,
    }
}

/// The event as a Bundle; none where its kind has no body in FHIR.
pub fn bundle(event: &CanonicalEvent<'_>, envelope: &Envelope) -> Option<Value> {
    let mut bundle = Bundle::new(event, envelope);
    match &event.content {
        // The patient is in every bundle.
        Content::Patient(_) => {}
        Content::Encounter(encounter) => encounter::add(&mut bundle, encounter),
        Content::Diagnosis(diagnosis) => condition::add(&mut bundle, diagnosis),
        Content::Prescription(prescription) => medication::add(&mut bundle, prescription),
        Content::LabOrder(orders) => order::add_tests(&mut bundle, orders),
        Content::LabResult(result) => observation::add_lab(&mut bundle, result),
        Content::ImagingOrder(order) => order::add_examinations(&mut bundle, order, "imaging"),
        Content::EndoscopyOrder(order) => order::add_examinations(&mut bundle, order, "endoscopy"),
        Content::PhysiologyOrder(order) => order::add_examinations(&mut bundle, order, "physiology"),
        Content::PhysiologyResult(result) => observation::add_physiology(&mut bundle, result),
        Content::Referral(referral) | Content::ReferralReply(referral) => {
            document::add_referral(&mut bundle, referral);
        }
        Content::Document(document) => document::add(&mut bundle, document),
        _ => return None,
    }
    Some(bundle.finish())
}
