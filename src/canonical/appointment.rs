//! The `appointment` kind.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Coded, FacilityCode, PartialTime, Place, Practitioner, Text};

/// What happened to an appointment (HL7 table 0003).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AppointmentEvent {
    /// S12
    Booked,
    /// S13
    Rescheduled,
    /// S14 and other changes.
    #[default]
    Modified,
    /// S15
    Cancelled,
    /// S16
    Discontinued,
    /// S17
    Deleted,
    /// S26: the patient did not come.
    NoShow,
}

/// The `appointment` kind (SIU).
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct Appointment<'m> {
    /// What happened.
    #[schemars(extend("x-hl7" = "MSH-9.2"))]
    pub event: AppointmentEvent,
    /// Placer's appointment number.
    #[schemars(extend("x-hl7" = "SCH-1.1"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<Text<'m>>,
    /// Filler's appointment number.
    #[schemars(extend("x-hl7" = "SCH-2.1"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filler_number: Option<Text<'m>>,
    /// The facility that asked for it, where it is named.
    #[schemars(extend("x-hl7" = "SCH-1.2, SCH-1.3, else SCH-12.14"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub placer_facility: Option<FacilityCode<'m>>,
    /// The facility that keeps the schedule, where it is named.
    #[schemars(extend("x-hl7" = "SCH-2.2, SCH-2.3, else SCH-16.14"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filler_facility: Option<FacilityCode<'m>>,
    /// Why this event happened.
    #[schemars(extend("x-hl7" = "SCH-6"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_reason: Option<Coded<'m>>,
    /// Why the patient comes.
    #[schemars(extend("x-hl7" = "SCH-7"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Coded<'m>>,
    /// Beginning.
    #[schemars(extend("x-hl7" = "TQ1-7, else SCH-11.4"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<PartialTime>,
    /// End.
    #[schemars(extend("x-hl7" = "TQ1-8, else SCH-11.5"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<PartialTime>,
    /// Duration as sent, with its unit.
    #[schemars(extend("x-hl7" = "SCH-9, SCH-10, else SCH-9.2"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<Text<'m>>,
    /// Where it stands (HL7 table 0278).
    #[schemars(extend("x-hl7" = "SCH-25"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Coded<'m>>,
    /// Whom to ask at the placer.
    #[schemars(extend("x-hl7" = "SCH-12"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub placer_contact: Option<Practitioner<'m>>,
    /// Their mail address.
    #[schemars(extend("x-hl7" = "SCH-13.4"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub placer_mail: Option<Text<'m>>,
    /// Whom to ask at the filler.
    #[schemars(extend("x-hl7" = "SCH-16"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filler_contact: Option<Practitioner<'m>>,
    /// Their mail address.
    #[schemars(extend("x-hl7" = "SCH-17.4"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filler_mail: Option<Text<'m>>,
    /// Who entered it.
    #[schemars(extend("x-hl7" = "SCH-20"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entered_by: Option<Practitioner<'m>>,
    /// Remarks.
    #[schemars(extend("x-hl7" = "NTE-3"))]
    pub notes: Vec<Text<'m>>,
    /// What is booked.
    pub resources: Vec<Resource<'m>>,
}

/// What kind of thing is booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ResourceKind {
    /// AIS
    Service,
    /// AIG
    General,
    /// AIL
    Location,
    /// AIP
    Person,
}

/// A booked service, place, person or thing (AIS, AIG, AIL, AIP).
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Resource<'m> {
    /// Where it stood.
    pub at: Place,
    /// What kind of thing it is.
    pub kind: ResourceKind,
    /// The service or thing.
    #[schemars(extend("x-hl7" = "AIS-3, AIG-3, else AIG-4"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Coded<'m>>,
    /// The place: point of care.
    #[schemars(extend("x-hl7" = "AIL-3.1"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Text<'m>>,
    /// The facility of that place, or of that person: its code, where one stands there.
    #[schemars(extend("x-hl7" = "AIL-3.4; AIP-3.14"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facility: Option<Text<'m>>,
    /// The person.
    #[schemars(extend("x-hl7" = "AIP-3"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<Practitioner<'m>>,
    /// Beginning.
    #[schemars(extend("x-hl7" = "AIS-4, AIG-8, AIL-6, AIP-6"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<PartialTime>,
}
