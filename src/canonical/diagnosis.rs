//! The `diagnosis` kind: all diagnoses of a patient at a facility.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Coded, Insurance, OrderDetails, PartialTime, Place, Practitioner, Text};

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
    /// When that was done.
    #[schemars(extend("x-hl7" = "PRB-2"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acted_at: Option<PartialTime>,
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
    /// Edition of ICD-10, where it was said: `2003`, `2013`.
    #[schemars(extend("x-hl7" = "PRB-10.7"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icd10_edition: Option<Text<'m>>,
    /// In which phase it was diagnosed (`JHSD0004`): `O` at a visit, `F` finally …
    #[schemars(extend("x-hl7" = "the triple of PRB-10 that is not I10"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<Coded<'m>>,
    /// When it was diagnosed.
    #[schemars(extend("x-hl7" = "PRB-7"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diagnosed_at: Option<PartialTime>,
    /// When the illness began.
    #[schemars(extend("x-hl7" = "PRB-16"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub onset_at: Option<PartialTime>,
    /// When it began, in words.
    #[schemars(extend("x-hl7" = "PRB-17; PRB-16 where it is no time"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub onset_text: Option<Text<'m>>,
    /// When it is expected to end.
    #[schemars(extend("x-hl7" = "PRB-8"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolution_expected_at: Option<PartialTime>,
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
    /// What the name is made of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parts: Option<DiseaseParts<'m>>,
    /// Teeth (歯式).
    #[schemars(extend("x-hl7" = "ZPD-2"))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub teeth: Vec<Coded<'m>>,
    /// Notes on it.
    #[schemars(extend("x-hl7" = "NTE-3"))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Text<'m>>,
    /// Who pays for its treatment.
    #[schemars(extend("x-hl7" = "ZI1"))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub insurances: Vec<Insurance<'m>>,
    /// Order control (HL7 table 0119).
    #[schemars(extend("x-hl7" = "ORC-1"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control: Option<Text<'m>>,
    /// Placer order number.
    #[schemars(extend("x-hl7" = "ORC-2"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<Text<'m>>,
    /// When it was entered.
    #[schemars(extend("x-hl7" = "ORC-9"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ordered_at: Option<PartialTime>,
    /// Who diagnosed it.
    #[schemars(extend("x-hl7" = "ORC-12"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ordered_by: Option<Practitioner<'m>>,
    /// The rest of the order's head.
    #[serde(flatten)]
    pub details: OrderDetails<'m>,
}

/// A disease's name taken apart into prefixes, disease and suffixes (ZPR), each by its 管理番号 and its 交換用コード.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct DiseaseParts<'m> {
    /// Where it stood: `ZPR[n]`.
    pub at: Place,
    /// Prefixes.
    #[schemars(extend("x-hl7" = "ZPR-1"))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub prefixes: Vec<Coded<'m>>,
    /// Disease.
    #[schemars(extend("x-hl7" = "ZPR-2"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disease: Option<Coded<'m>>,
    /// Suffixes.
    #[schemars(extend("x-hl7" = "ZPR-3"))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub suffixes: Vec<Coded<'m>>,
    /// Exchange codes of the prefixes.
    #[schemars(extend("x-hl7" = "ZPR-4"))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exchange_prefixes: Vec<Coded<'m>>,
    /// Exchange code of the disease.
    #[schemars(extend("x-hl7" = "ZPR-5"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exchange_disease: Option<Coded<'m>>,
    /// Exchange codes of the suffixes.
    #[schemars(extend("x-hl7" = "ZPR-6"))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exchange_suffixes: Vec<Coded<'m>>,
    /// Comment.
    #[schemars(extend("x-hl7" = "ZPR-7"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<Text<'m>>,
}
