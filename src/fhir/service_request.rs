//! `ServiceRequest` (JP_ServiceRequest_Common).

use serde_json::{Value, json};

use super::bundle::Bundle;
use super::element::identifier;
use super::object::Object;
use super::system;
use crate::canonical::Priority;

/// A request with what all of them say: number, status, subject. `control` is of HL7 table 0119.
pub(super) fn request(bundle: &Bundle<'_>, number: Option<&str>, status: &str) -> Object {
    Object::resource("ServiceRequest", "JP_ServiceRequest_Common")
        .put("identifier", number_of_order(bundle.facility(), number))
        .put("status", if bundle.is_deleted { "entered-in-error" } else { status })
        .put("intent", "order")
        .put("subject", bundle.subject())
}

/// The placer's number of an order.
pub(super) fn number_of_order(facility: &str, number: Option<&str>) -> Vec<Value> {
    identifier(&system::local_ids(facility, "order"), number).into_iter().collect()
}

/// `request-status` of an order control code (HL7 table 0119).
pub(super) fn status(control: Option<&str>) -> &'static str {
    match control {
        Some("CA" | "OC" | "CR" | "DC" | "OD" | "DR") => "revoked",
        Some("HD" | "OH" | "HR") => "on-hold",
        _ => "active",
    }
}

/// `request-priority`.
pub(super) const fn priority(priority: Priority) -> &'static str {
    match priority {
        Priority::Stat => "stat",
        Priority::Asap => "asap",
        Priority::Routine => "routine",
    }
}

/// What sort of order it is, in words: JP Core names no codes for it.
pub(super) fn category(word: &str) -> Value {
    json!([{ "text": word }])
}
