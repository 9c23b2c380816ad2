//! The `diagnosis` kind: all diagnoses of a patient at a facility.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Coded, PartialTime, Place, Text};

/// The `diagnosis` kind.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Diagnosis<'m> {
    /// Whether this is the whole list as it stands (PPR-01). A consumer that counts new cases compares it with
    /// the list before by `problems[].instance`; counting every entry recounts every old case.
    pub snapshot: bool,
    /// The diagnoses.
    pub problems: Vec<Problem<'m>>,
}

/// One diagnosis (PRB with its ZPR).
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Problem<'m> {
    /// Where it stood: `PRB[n]`.
    pub at: Place,
    /// Action code (HL7 table 0287): `AD` add, `UP` update, `DE` delete, `UC` unchanged …
    #[schemars(extend("x-hl7" = "PRB-1"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<Text<'m>>,
    /// Disease, usually by 病名管理番号 (`MDCDX2`).
    #[schemars(extend("x-hl7" = "PRB-3"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disease: Option<Coded<'m>>,
    /// Instance id: the same diagnosis keeps it from snapshot to snapshot.
    #[schemars(extend("x-hl7" = "PRB-4.1"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<Text<'m>>,
    /// ICD-10 code without the dot, as SS-MIX2 sends it.
    #[schemars(extend("x-hl7" = "PRB-10 where component 3 is I10"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icd10: Option<Text<'m>>,
    /// When it was diagnosed.
    #[schemars(extend("x-hl7" = "PRB-7"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diagnosed_at: Option<PartialTime>,
    /// When the illness began.
    #[schemars(extend("x-hl7" = "PRB-16"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub onset_at: Option<PartialTime>,
    /// When it ended.
    #[schemars(extend("x-hl7" = "PRB-9"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<PartialTime>,
    /// Outcome (転帰).
    #[schemars(extend("x-hl7" = "PRB-14"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Coded<'m>>,
    /// Whether it is only suspected (疑い): JHSD0005 code 1.
    #[schemars(extend("x-hl7" = "PRB-13"))]
    pub suspected: bool,
    /// Security class (PRB-25): `V` very restricted.
    #[schemars(extend("x-hl7" = "PRB-25"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security: Option<Text<'m>>,
}
