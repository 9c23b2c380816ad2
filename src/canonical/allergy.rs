//! The `allergy` kind.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Coded, PartialTime, Place, Text};

/// The `allergy` kind (ADT-61).
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Allergy<'m> {
    /// When the event was recorded.
    #[schemars(extend("x-hl7" = "EVN-2"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recorded_at: Option<PartialTime>,
    /// The allergies.
    pub allergies: Vec<AllergyEntry<'m>>,
}

/// One allergy (IAM; AL1 where it comes with a message about something else).
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct AllergyEntry<'m> {
    /// Where it stood: `IAM[n]`.
    pub at: Place,
    /// Kind of substance (HL7 table 0127): `DA` drug, `FA` food …
    #[schemars(extend("x-hl7" = "IAM-2, AL1-2"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<Coded<'m>>,
    /// What the patient is allergic to.
    #[schemars(extend("x-hl7" = "IAM-3, AL1-3"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub substance: Option<Coded<'m>>,
    /// How severe it is (HL7 table 0128): `SV`, `MO`, `MI`, `U`.
    #[schemars(extend("x-hl7" = "IAM-4, AL1-4"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<Coded<'m>>,
    /// How the patient reacts.
    #[schemars(extend("x-hl7" = "IAM-5, AL1-5"))]
    pub reactions: Vec<Text<'m>>,
    /// Action (HL7 table 0206): `A` add, `D` delete, `U` update, `X` no change.
    #[schemars(extend("x-hl7" = "IAM-6"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<Coded<'m>>,
    /// Instance id.
    #[schemars(extend("x-hl7" = "IAM-7.1"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<Text<'m>>,
    /// When it began.
    #[schemars(extend("x-hl7" = "IAM-11, AL1-6"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub onset_at: Option<PartialTime>,
    /// When it began, in words.
    #[schemars(extend("x-hl7" = "IAM-12; IAM-11 or IAM-13 where it is no time"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub onset_text: Option<Text<'m>>,
    /// When it was reported.
    #[schemars(extend("x-hl7" = "IAM-13"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reported_at: Option<PartialTime>,
    /// Why this was added or changed.
    #[schemars(extend("x-hl7" = "IAM-8"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action_reason: Option<Text<'m>>,
    /// Whether it is certain (HL7 table 0438).
    #[schemars(extend("x-hl7" = "IAM-17"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Coded<'m>>,
}
