//! The visit or stay within which something was ordered, done or found.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Coded, EncounterClass, Location, Place, Practitioner};

/// A visit or stay (PV1), as a message about something else names it. What happens to it is the `encounter` kind.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Visit<'m> {
    /// Where it stood.
    pub at: Place,
    /// Patient class.
    #[schemars(extend("x-hl7" = "PV1-2"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<EncounterClass>,
    /// Ward and bed, or department.
    #[schemars(extend("x-hl7" = "PV1-3"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location<'m>>,
    /// Hospital service.
    #[schemars(extend("x-hl7" = "PV1-10"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub department: Option<Coded<'m>>,
    /// Attending doctors.
    #[schemars(extend("x-hl7" = "PV1-7"))]
    pub attending: Vec<Practitioner<'m>>,
    /// Admitting doctor.
    #[schemars(extend("x-hl7" = "PV1-17"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admitted_by: Option<Practitioner<'m>>,
}
