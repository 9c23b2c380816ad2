//! The `encounter` kind: visits, stays, leaves, transfers and discharges.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Coded, PartialTime, Place, Practitioner, Text};

/// What happened (HL7 table 0003, SS-MIX2 data types ADT-12 to ADT-52).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EncounterEvent {
    /// ADT-12, A04: an outpatient came.
    Visit,
    /// ADT-21, A14, A05.
    AdmissionPlanned,
    /// ADT-22, A01.
    Admission,
    /// ADT-31, A21: left for some hours or days.
    Leave,
    /// ADT-32, A22: came back.
    LeaveReturn,
    /// ADT-41, A15.
    TransferPlanned,
    /// ADT-42, A02.
    Transfer,
    /// ADT-51, A16.
    DischargePlanned,
    /// ADT-52, A03.
    Discharge,
    /// A06, A07: outpatient to inpatient or back.
    ClassChange,
    /// ADT-01, A54: another doctor attends.
    AttendingChange,
}

/// Patient class (HL7 table 0004).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EncounterClass {
    /// `I`
    Inpatient,
    /// `O`
    Outpatient,
    /// `E`
    Emergency,
    /// Any other code of the table: `P`, `R`, `B`, `C`, `N`, `U`.
    Other,
}

/// Where the patient is (PL).
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Location<'m> {
    /// Where it stood.
    pub at: Place,
    /// Ward (inpatient) or department (outpatient).
    #[schemars(extend("x-hl7" = "PL.1"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub point_of_care: Option<Text<'m>>,
    /// Room.
    #[schemars(extend("x-hl7" = "PL.2"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<Text<'m>>,
    /// Bed.
    #[schemars(extend("x-hl7" = "PL.3"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bed: Option<Text<'m>>,
    /// Facility.
    #[schemars(extend("x-hl7" = "PL.4"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facility: Option<Text<'m>>,
    /// Kind of place (HL7 table 0305): `N` ward, `C` clinic …
    #[schemars(extend("x-hl7" = "PL.6"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location_type: Option<Text<'m>>,
}

/// The `encounter` kind. A cancellation has the change `deleted`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Encounter<'m> {
    /// What happened.
    #[schemars(extend("x-hl7" = "SS-MIX2 data type, else MSH-9.2"))]
    pub event: EncounterEvent,
    /// Patient class.
    #[schemars(extend("x-hl7" = "PV1-2"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<EncounterClass>,
    /// Where the patient is now.
    #[schemars(extend("x-hl7" = "PV1-3"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location<'m>>,
    /// Where the patient was before.
    #[schemars(extend("x-hl7" = "PV1-6"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prior_location: Option<Location<'m>>,
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
    /// Number of the visit.
    #[schemars(extend("x-hl7" = "PV1-19"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<Text<'m>>,
    /// How it ended (転帰): code of the discharge disposition.
    #[schemars(extend("x-hl7" = "PV1-36"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disposition: Option<Coded<'m>>,
    /// Where the patient is to go.
    #[schemars(extend("x-hl7" = "PV2-1"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub planned_location: Option<Location<'m>>,
    /// When the event was recorded.
    #[schemars(extend("x-hl7" = "EVN-2"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recorded_at: Option<PartialTime>,
    /// When the event was planned.
    #[schemars(extend("x-hl7" = "EVN-3"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub planned_at: Option<PartialTime>,
    /// When it happened.
    #[schemars(extend("x-hl7" = "EVN-6"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<PartialTime>,
    /// Admission, or start of the visit.
    #[schemars(extend("x-hl7" = "PV1-44"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admitted_at: Option<PartialTime>,
    /// Discharge.
    #[schemars(extend("x-hl7" = "PV1-45"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discharged_at: Option<PartialTime>,
    /// Expected admission or transfer.
    #[schemars(extend("x-hl7" = "PV2-8"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admission_expected_at: Option<PartialTime>,
    /// Expected discharge.
    #[schemars(extend("x-hl7" = "PV2-9"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discharge_expected_at: Option<PartialTime>,
    /// Expected return from leave.
    #[schemars(extend("x-hl7" = "PV2-47"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub return_expected_at: Option<PartialTime>,
}
